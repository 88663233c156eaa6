"""The house as its operator starts it: real processes, a real port, real kills."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubbub.record.engine import Engine, Files
from hubbub.record.events import EventStore
from hubbub.run.city import DEMO_EXTRACT
from hubbub.run.settings import FILE
from hubbub.terms.catalogue import PINGS
from run.ports import free_port

HUBBUB = (sys.executable, "-m", "hubbub")


class House:
    """A house that runs."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            (*HUBBUB, "up", "--home", str(home), "--port", str(port)), stderr=subprocess.DEVNULL
        )
        self.wait_until_well()

    def wait_until_well(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/healthz").json()["status"] == "ok":
                    return
            except (httpx.HTTPError, ValueError):
                pass
            time.sleep(0.1)
        raise AssertionError("the house does not come up")

    def child(self, module: str) -> int:
        """Find the process that runs `module`."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if module.encode() in command and str(self.home).encode() in command:
                return int(folder.name)
        raise AssertionError(f"{module} does not run")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def settings() -> str:
    """Let anybody enrol, and no two houses ask for one port."""
    return f"[server]\nopen_enrolment = true\n[messenger]\nport = {free_port()}\n"


def hubbub(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*HUBBUB, *arguments), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house")
    (home / FILE).write_text(settings())
    added = hubbub("city", "add", str(DEMO_EXTRACT), "--home", str(home), "--json")
    assert added.returncode == 0, added.stderr
    running = House(home, free_port())
    yield running
    running.stop()


def enrol(house: House, device: str) -> dict[str, str]:
    body = {"device": device, "purposes": ["public.traffic", "public.traffic.live"]}
    answer = httpx.post(f"{house.url}/v1/deal/enrolments", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def ping(seconds_ago: float = 0.0) -> dict[str, Any]:
    return {"at": round(time.time() - seconds_ago, 3), "lat": 60.17, "lon": 24.94}


def stored_rows(house: House, at: float) -> int:
    """Count the rows in the store that were taken at one moment."""
    store = EventStore(house.home / "events")
    rows = PINGS.filter(PINGS.at == round(at * 1e6))
    files = Files(store.paths(store.listing()))
    counted = Engine().run(rows.aggregate(n=rows.count()), {"pings": [files]})
    return int(counted["n"][0].as_py())


def until(count: int, house: House, at: float) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if stored_rows(house, at) == count:
            return True
        time.sleep(0.2)
    return False


def test_the_page_and_the_documents_of_the_api_are_served(house: House) -> None:
    assert "hubbub" in httpx.get(f"{house.url}/").text
    assert httpx.get(f"{house.url}/openapi.json").json()["openapi"].startswith("3.")
    assert "hubbub_intake_rows" in httpx.get(f"{house.url}/metrics").text


def test_a_row_counts_once_and_a_bad_row_is_told(house: House) -> None:
    token, good = enrol(house, "ann"), ping()
    body = [good, {**good, "lat": 200}]
    first = httpx.post(f"{house.url}/v1/intake", json=body, headers=token).json()
    again = httpx.post(f"{house.url}/v1/intake", json=[good], headers=token).json()
    assert (first["accepted"], first["rejected"][0]["field"]) == (1, "lat")
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    assert until(1, house, good["at"])


@pytest.mark.parametrize("module", ["hubbub.run.web", "hubbub.run.keeper"])
def test_what_was_acknowledged_survives_a_kill(house: House, module: str) -> None:
    token, row = enrol(house, f"bob of {module}"), ping()
    answer = httpx.post(f"{house.url}/v1/intake", json=[row], headers=token)
    os.kill(house.child(module), signal.SIGKILL)
    assert answer.json()["accepted"] == 1
    assert until(1, house, row["at"])
    house.wait_until_well()
    again = httpx.post(f"{house.url}/v1/intake", json=[row], headers=token).json()
    assert again["duplicates"] == 1


def test_a_withdrawal_by_the_operator_holds_at_the_next_row(house: House) -> None:
    token = enrol(house, "cleo")
    assert httpx.post(f"{house.url}/v1/intake", json=[ping()], headers=token).status_code == 200
    taken_back = hubbub("deal", "withdraw", "--device", "cleo", "--home", str(house.home))
    assert taken_back.returncode == 0, taken_back.stderr
    assert httpx.post(f"{house.url}/v1/intake", json=[ping()], headers=token).status_code == 403


def test_a_stranger_is_refused_and_counted(house: House) -> None:
    stranger = {"Authorization": "Bearer nobody"}
    assert httpx.post(f"{house.url}/v1/intake", json=[ping()], headers=stranger).status_code == 401
    deadline = time.monotonic() + 10
    refused: dict[str, dict[str, int]] = {}
    while time.monotonic() < deadline and not refused:
        status = hubbub("deal", "status", "--json", "--home", str(house.home))
        refused = json.loads(status.stdout)["refused"]
    assert any("unknown-token" in reasons for reasons in refused.values())


def test_one_house_at_a_time_lives_in_a_data_folder(house: House) -> None:
    second = hubbub("up", "--home", str(house.home), "--port", str(free_port()))
    assert second.returncode == 1
    assert "another hubbub is running" in second.stderr


def test_a_port_in_use_is_told(house: House, tmp_path: Path) -> None:
    second = hubbub("up", "--home", str(tmp_path), "--port", house.url.rpartition(":")[2])
    assert second.returncode == 1
    assert "in use" in second.stderr


def test_a_house_with_the_ledger_of_another_version_does_not_start(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        ledger.execute("PRAGMA user_version=1")
    started = hubbub("up", "--home", str(tmp_path), "--port", str(free_port()))
    assert started.returncode == 3
    assert "the ledger is of version 1" in started.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("deal", "enrol", "--device", "x", "--purposes", "ads"), 2, "no purpose"),
        (("deal", "withdraw", "--device", "nobody"), 3, "no device"),
        (("intake", "missing.ndjson"), 2, "no such file"),
        (("city", "add", "missing.osm.pbf"), 2, "missing.osm.pbf"),
        (("intake",), 2, "Usage"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_a_wrong_call_ends_with_its_code_and_says_why(
    tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    home = () if arguments[0] == "nonsense" else ("--home", str(tmp_path))
    called = hubbub(*arguments, *home)
    assert called.returncode == code, called.stderr
    assert told in called.stderr
    assert "Traceback" not in called.stderr


def test_the_house_stops_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(settings())
    lonely = subprocess.Popen(
        (*HUBBUB, "up", "--home", str(tmp_path), "--port", str(free_port())),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert lonely.stderr is not None
    with lonely.stderr as told:
        assert any("hubbub is up" in line for line in told)
        lonely.send_signal(signal.SIGINT)
        assert lonely.wait(30) == 0
