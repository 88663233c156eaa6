"""The demo as a newcomer runs it, cut down to a quarter of an hour of its morning."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hubbub.run.city import DEMO_EXTRACT, DEMO_MORNINGS
from run.ports import free_port

HUBBUB = (sys.executable, "-m", "hubbub")
BEGIN_S, END_S = 29_100, 29_940
"""08:05 to 08:19."""


def cut(morning: Path, into: Path) -> Path:
    """Keep a quarter of an hour of a recorded morning."""
    table = pq.read_table(morning)
    inside = pc.and_(pc.greater_equal(table["t"], BEGIN_S), pc.less(table["t"], END_S))
    pq.write_table(table.filter(inside), into)
    return into


class Demo:
    """A demo that runs."""

    def __init__(self, home: Path, files: dict[str, Path]) -> None:
        self.home, self._files = home, files
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        options = [part for name, file in self._files.items() for part in (f"--{name}", str(file))]
        where = ("--home", str(self.home), "--port", str(self.port), "--speed", "40")
        where += ("--messenger-port", str(free_port()))
        where += ("--residents", "0")  # their week has tests of its own
        self.process = subprocess.Popen(
            (*HUBBUB, "demo", *where, *options), stderr=subprocess.DEVNULL
        )
        assert until(self.is_up, 240), "the demo does not come up"

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def live(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/v1/traffic/live.json").json()
        return answer

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.3)
    return False


def hubbub(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*HUBBUB, *arguments), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    extract = shutil.copy(DEMO_EXTRACT, folder / "centre.osm.pbf")
    files = {
        "city": extract,
        "history": cut(DEMO_MORNINGS[0], folder / "earlier.parquet"),
        "pings": cut(DEMO_MORNINGS[1], folder / "today.parquet"),
    }
    running = Demo(folder / "home", files)
    yield running
    running.stop()


@pytest.mark.timeout(300)
def test_recorded_phones_become_live_traffic_through_the_real_door(demo: Demo) -> None:
    assert until(lambda: sum(demo.live()["live"]) >= 10, 90)
    about = httpx.get(f"{demo.url}/v1/about").json()
    assert about["clock"]["replay"]
    assert any(promise["weaker"] for promise in about["promises"])
    flow = httpx.get(f"{demo.url}/v1/traffic/flow").json()["results"]
    measured = [road for road in flow if road["currentFlow"]["source"] == "live"]
    assert all(road["currentFlow"]["confidence"] > 0.7 for road in measured)
    assert len(measured) >= 10


def clock_of(demo: Demo) -> str:
    """Tell what time it is in the house."""
    told: str = httpx.get(f"{demo.url}/v1/about").json()["clock"]["now"]
    return told


@pytest.mark.timeout(120)
def test_what_was_published_can_be_exported_and_scored(demo: Demo, tmp_path: Path) -> None:
    out = tmp_path / "published.parquet"
    exported = hubbub("export", "traffic", "--home", str(demo.home), "--out", str(out), "--json")
    assert exported.returncode == 0, exported.stderr
    assert json.loads(exported.stdout)["day"] == "2026-11-24"
    rows = pq.read_table(out)
    assert set(rows.column_names) >= {"way_id", "forward", "from_frac", "to_frac"}
    assert rows.filter(pc.field("confidence") > 0.7).num_rows > 10
    assert pc.min(rows["window_start"]).as_py() >= BEGIN_S - 1500
    assert set(rows["window_s"].to_pylist()) == {300}
    assert b"weaker" in rows.schema.metadata[b"promise"]


@pytest.mark.timeout(60)
def test_everything_published_was_paid_for(demo: Demo) -> None:
    verified = hubbub("ledger", "verify", "--home", str(demo.home), "--json")
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["ledger"]["releases"] > 10


@pytest.mark.timeout(180)
def test_another_start_begins_the_morning_anew(demo: Demo) -> None:
    ended = clock_of(demo)
    demo.stop()
    before = demo.home / "history" / "made-of"
    kept = before.stat().st_mtime_ns
    demo.start()
    assert "2026-11-24T06:00" < clock_of(demo) < ended
    assert before.stat().st_mtime_ns == kept, "the history is made once"


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    refused = hubbub("demo", "--home", str(tmp_path))
    assert refused.returncode == 2
    assert "holds no demo" in refused.stderr
    assert (tmp_path / "mine.txt").read_text() == "keep me"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--city", "x.osm.pbf"), "go together"),
        (("--start", "late"), "HH:MM"),
        (("--start", "23:00"), "recording is of"),
        (("--speed", "0"), "Invalid value"),
    ],
)
def test_a_demo_that_cannot_run_says_why(
    tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    refused = hubbub("demo", "--home", str(tmp_path), *options)
    assert refused.returncode == 2, refused.stderr
    assert told in refused.stderr
