"""House and homeserver as they are started: people come in, choose, are told, and leave."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubbub.outlet.recognising import COOKIE
from hubbub.run.home import Home
from hubbub.run.messenger.child import answers
from hubbub.run.messenger.database import waits_there
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.presence import HOMESERVER, is_installed
from messenger.homeserver import NO_HOMESERVER, ROOT
from run.ports import free_port

pytestmark = pytest.mark.skipif(not is_installed(HOMESERVER), reason=NO_HOMESERVER)

OURS = {"sec-fetch-site": "same-origin"}
REGISTER = "/_matrix/client/v3/register"
WISH = {"category": "user.location.precise", "purpose": "public.traffic", "recipient": "own"}


class Person:
    """Somebody with a page that is open at the house, and signed in at the homeserver."""

    def __init__(self, house: "House", account: dict[str, Any]) -> None:
        self.house, self.account = house, account["user_id"]
        self._key = {"Authorization": f"Bearer {account['access_token']}"}
        self.cookie: dict[str, str] = {}
        self._since, self._told = "", list[str]()

    def there(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(method, f"{self.house.homeserver}{path}", headers=self._key, **options)

    def here(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(
            method, f"{self.house.url}{path}", headers={**self.cookie, **OURS}, **options
        )

    def token(self) -> str:
        """Ask the homeserver to prove to the house who this is."""
        audience = httpx.get(f"{self.house.url}/v1/messenger").json()["audience"]
        path = "/_synapse/client/hubbub/session"
        answer = self.there("POST", path, json={"audience": audience})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def join(self) -> None:
        joined = self.here("POST", "/v1/me/session/messenger", json={"token": self.token()})
        assert joined.status_code == 201, joined.text
        self.cookie = {"cookie": f"{COOKIE}={joined.cookies[COOKIE]}"}

    def told(self) -> list[str]:
        """Read what the house has told them in the chat."""
        since = {"since": self._since} if self._since else {}  # without it, an answer is kept
        answer = self.there("GET", "/_matrix/client/v3/sync", params=since).json()
        self._since = answer["next_batch"]
        self._told += [
            event["content"]["body"]
            for room in answer.get("rooms", {}).get("join", {}).values()
            for event in room["timeline"]["events"]
            if event["type"] == "m.room.message" and event["sender"] == "@hubbub:localhost"
        ]
        return self._told

    def switches(self) -> list[str]:
        """Read the switches as all of their devices show them."""
        path = f"/_matrix/client/v3/user/{self.account}/account_data/io.hubbub.deal"
        answer = self.there("GET", path)
        return list(answer.json()["cells"]) if answer.status_code == 200 else ["not told yet"]


class House:
    """A house with a messenger and its module."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        port, there = free_port(), free_port()
        self.url, self.homeserver = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{there}"
        ports = ("--port", str(port), "--messenger-port", str(there))
        with (folder / "told.txt").open("wb") as told:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "hubbub", "up", "--home", str(self.home.folder), *ports),
                stderr=told,
                env=with_module(folder),
            )

    def homeservers(self) -> list[int]:
        """Find the processes of the homeserver of this house."""
        config = str(MessengerFiles(self.home.folder).config).encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"hubbub.run.messenger.homeserver" in command and config in command:
                found.append(int(folder.name))
        return found

    def is_well(self) -> bool:
        return answers(self.homeserver)

    def sign_up(self, name: str, invitation: str) -> Person:
        wanted = {"username": name, "password": "a long password"}
        begun = httpx.post(f"{self.homeserver}{REGISTER}", json=wanted).json()
        for stage in ({"type": "m.login.registration_token", "token": invitation}, DUMMY):
            shown = {**stage, "session": begun["session"]}
            answer = httpx.post(f"{self.homeserver}{REGISTER}", json={**wanted, "auth": shown})
        assert answer.status_code == 200, answer.text
        return Person(self, answer.json())


DUMMY = {"type": "m.login.dummy"}


def with_module(folder: Path) -> dict[str, str]:
    """Give an environment in which the module is installed, as far as Python can tell."""
    installed = folder / "installed" / "hubbub_synapse-0.1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Name: hubbub-synapse\nVersion: 0.1.0\n")
    source = ROOT / "packages/hubbub-synapse/src"
    path = (str(source), str(installed.parent), os.environ.get("PYTHONPATH", ""))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def until(true: Callable[[], object], *, for_s: float = 30.0) -> bool:
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.2)
    return False


def state(house: House) -> str:
    try:
        return str(httpx.get(f"{house.url}/v1/messenger").json()["state"])
    except (httpx.HTTPError, ValueError):
        return "none"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("together")
    running = House(folder)
    assert until(lambda: state(running) == "up", for_s=150), (folder / "told.txt").read_text()
    yield running
    running.process.kill()
    running.process.wait()


@pytest.fixture(scope="module")
def ann(house: House) -> Person:
    """Sign up the first person, who needs no invitation."""
    let_in = httpx.post(f"{house.url}/v1/messenger/sign-ups")
    assert let_in.status_code == 201, let_in.text
    return house.sign_up("ann", let_in.json()["token"])


def test_the_first_person_comes_in_and_the_next_is_invited(house: House, ann: Person) -> None:
    assert httpx.post(f"{house.url}/v1/messenger/sign-ups").status_code == 403
    invited = httpx.post(
        f"{house.url}/v1/messenger/invites",
        headers={"Authorization": f"Bearer {ann.token()}"},
        json={},
    )
    assert invited.status_code == 201, invited.text
    bob = house.sign_up("bob", invited.json()["token"])
    assert bob.account == "@bob:localhost"
    assert answers(house.homeserver)


def test_what_somebody_switches_on_shows_on_their_devices_and_is_told_in_the_chat(
    ann: Person,
) -> None:
    ann.join()
    assert until(lambda: ann.switches() == [])
    changed = ann.here("PUT", "/v1/me/deal/cell", json={**WISH, "on": True})
    assert changed.status_code == 200, changed.text
    assert until(lambda: ann.switches() == ["user.location.precise public.traffic own"])
    assert until(ann.told)
    (words,) = ann.told()
    assert words.startswith("Your deal has changed.\nOn: ")
    assert "/me" in words


def test_who_leaves_with_their_account_is_gone_from_house_and_homeserver(
    house: House, ann: Person
) -> None:
    ann.join()
    left = ann.here("POST", "/v1/me/erasure", json={"sure": True, "messenger": True})
    assert left.status_code == 202, left.text
    claim = {"Authorization": f"Bearer {left.json()['secret']}"}

    def done() -> bool:
        return bool(httpx.get(f"{house.url}/v1/erasure", headers=claim).json()["state"] == "done")

    assert until(done, for_s=60)
    assert ann.there("GET", "/_matrix/client/v3/account/whoami").status_code == 401
    assert not waits_there(MessengerFiles(house.home.folder), ann.account)
    deal = house.home.deal.read_bytes() + house.home.deal.with_suffix(".sqlite-wal").read_bytes()
    assert ann.account.encode() not in deal


def test_a_homeserver_that_was_killed_is_started_again(house: House) -> None:
    (before,) = house.homeservers()
    os.kill(before, signal.SIGKILL)
    assert until(lambda: house.homeservers() not in ([], [before]) and house.is_well(), for_s=90)


def test_no_homeserver_outlives_a_house_that_was_killed(house: House) -> None:
    assert len(house.homeservers()) == 1
    house.process.kill()
    assert until(lambda: not house.homeservers()), "an orphan"
