"""A house, a homeserver with hubbub's module, and people who write: for the messenger's benches.

All of it is real: the web process of a house, Synapse, and HTTP on loopback.
"""

import os
import secrets
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import msgspec

from hubbub.deal.desk import SignedIn
from hubbub.record.use_store import UseStore
from hubbub.run.children import python
from hubbub.run.clock import SystemClock
from hubbub.run.home import Home
from hubbub.run.house import open_deals
from hubbub.run.messenger.admin import Admin
from hubbub.run.messenger.child import answers, command
from hubbub.run.messenger.config import write_config
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.presence import address_of
from hubbub.run.settings import Messenger, Server, Settings
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category, Cell, Usage
from hubbub.terms.time import Instant
from hubbub.terms.use import UseTable

CLIENT: Final = "/_matrix/client/v3"
PACKAGE: Final = Path(__file__).parents[1] / "packages" / "hubbub-synapse" / "src"
EVERYTHING: Final = frozenset(
    Cell(category, Usage)
    for category in (Category.SERVICE_USE, Category.DEVICE, Category.INTERACTIONS)
)

_PATIENCE_S: Final = 600.0
_WRITTEN: Final = """
    SELECT sender, event_id FROM events WHERE type IN ('m.room.message', 'm.room.encrypted')
"""
_OFTEN: Final = {"per_second": 1_000_000, "burst_count": 1_000_000}
_QUICK: Final[dict[str, object]] = {
    "bcrypt_rounds": 4,
    "rc_message": _OFTEN,
    "rc_registration": _OFTEN,
    "rc_registration_token_validity": _OFTEN,
    "rc_login": {"address": _OFTEN, "account": _OFTEN, "failed_attempts": _OFTEN},
    "rc_joins": {"local": _OFTEN, "remote": _OFTEN},
    "rc_invites": {"per_room": _OFTEN, "per_user": _OFTEN, "per_issuer": _OFTEN},
    "rc_room_creation": _OFTEN,
}


@dataclass
class Writer:
    """Somebody who writes, and remembers what was acknowledged."""

    account: str
    token: str
    acknowledged: list[str] = field(default_factory=list)


class World:
    """A house and a homeserver on free ports, in one folder."""

    def __init__(self, folder: Path, *, period_s: int = 1, module: bool = True) -> None:
        self.home = Home(folder)
        self.settings = Settings(
            server=Server(port=_free_port()), messenger=Messenger(port=_free_port())
        )
        (folder / "hubbub.toml").write_text(_toml(self.settings))
        self.files = MessengerFiles(folder)
        self.files.make()
        self.url = address_of(self.settings).local
        self.house_url = f"http://127.0.0.1:{self.settings.server.port}"
        self._modules = [self._module(period_s)] if module else []
        self.deals = open_deals(self.home, self.settings, SystemClock())
        self.use = UseStore(self.home.use, erased=self.deals.erasures.subjects)
        self.subjects: dict[str, Subject] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.start("house")
        self.start("homeserver")
        self._invited = Admin(self.files, self.url).invite(uses=1000, lasts_s=86_400)

    def start(self, which: str) -> None:
        """Start the house or the homeserver, and wait until it answers."""
        if which == "house":
            in_force = msgspec.json.encode(self.settings.messenger).decode()
            port = str(self.settings.server.port)
            where = (str(self.home.folder), "127.0.0.1", port, in_force)
            started, url = python("hubbub.run.web", *where), self.house_url
        else:
            extra = {**_QUICK, "modules": self._modules}
            write_config(self.files, self.settings, house=self.house_url, module=False, extra=extra)
            started, url = command(self.files), self.url
        path = os.pathsep.join([str(PACKAGE), os.environ.get("PYTHONPATH", "")])
        with (self.home.folder / f"{which}.txt").open("ab") as told:
            self._running[which] = subprocess.Popen(  # noqa: S603 - our own command
                started,
                stdin=subprocess.PIPE,
                stderr=told,
                stdout=told,
                env={**os.environ, "PYTHONPATH": path},
            )
        deadline = time.monotonic() + _PATIENCE_S
        while not (answers(url) or _is_open(url)):
            if self._running[which].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.home.folder / f"{which}.txt").read_text()[-2000:])
            time.sleep(0.05)

    def kill(self, *which: str) -> None:
        """Kill at once whatever is named, as a power cut would."""
        for each in which:
            self._running[each].kill()
        for each in which:
            self._running[each].wait()

    def close(self) -> None:
        """End both."""
        for running in self._running.values():
            running.terminate()
        for running in self._running.values():
            running.wait(60)
        self.deals.close()

    def writer(self, name: str, *, agrees: bool = True) -> Writer:
        """Let somebody sign up, and agree to all that is counted."""
        wanted: dict[str, Any] = {"username": name, "password": secrets.token_hex(8)}
        path = f"{CLIENT}/register"
        session = self.ask("POST", path, body=wanted).json()["session"]
        shown = {"session": session, "token": self._invited}
        by_token = {"type": "m.login.registration_token", **shown}
        self.ask("POST", path, body={**wanted, "auth": by_token})
        nothing = {"type": "m.login.dummy", **shown}
        there = self.ask("POST", path, body={**wanted, "auth": nothing}).json()
        account = there["user_id"]
        if agrees:
            subject = self.deals.messenger.meet(account, "bench")
            self.deals.choose(SignedIn(subject), EVERYTHING, "bench")
            self.subjects[account] = subject
        return Writer(account, there["access_token"])

    def room(self, *people: Writer, **told: str) -> str:
        """Make a room with some people in it."""
        first, *others = people
        wanted = {"preset": "private_chat", "invite": [each.account for each in others], **told}
        made = self.ask("POST", f"{CLIENT}/createRoom", body=wanted, token=first.token)
        room: str = made.json()["room_id"]
        for each in others:
            self.ask("POST", f"{CLIENT}/join/{room}", body={}, token=each.token)
        return room

    def ask(
        self, method: str, path: str, *, body: object = None, token: str = ""
    ) -> httpx.Response:
        """Ask the homeserver."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.url + path, headers=headers, json=body, timeout=60)

    def times(self, table: UseTable = "service_use") -> dict[int, int]:
        """Add up what came to hubbub, by person."""
        found: dict[int, int] = {}
        for row in self.use.read(table, since=Instant(0), until=Instant(2**62)).to_pylist():
            found[row["subject"]] = found.get(row["subject"], 0) + row["times"]
        return found

    def written(self) -> dict[str, set[str]]:
        """List what people wrote, as the homeserver has it in its database."""
        found: dict[str, set[str]] = {}
        with closing(self.database()) as database:
            for sender, event in database.execute(_WRITTEN):
                found.setdefault(sender, set()).add(event)
        return found

    def waiting(self) -> int:
        """Count what waits in the outbox."""
        with closing(self.database()) as database:
            (rows,) = database.execute("SELECT count(*) FROM hubbub_outbox").fetchone()
        return int(rows)

    def database(self) -> sqlite3.Connection:
        """Open the homeserver's database for reading."""
        return sqlite3.connect(f"file:{self.files.database}?mode=ro", uri=True)

    def files_of_hubbub(self) -> list[Path]:
        """List every file of the house that is not the homeserver's own."""
        folder = self.home.folder
        files = [path for path in folder.rglob("*") if path.is_file()]
        return [path for path in files if path.relative_to(folder).parts[0] != "messenger"]

    def _module(self, period_s: int) -> dict[str, object]:
        self.files.shared_secret()
        config = {
            "hubbub": self.house_url,
            "secret_file": str(self.files.module_secret),
            "period_s": period_s,
        }
        return {"module": "hubbub_synapse.HubbubModule", "config": config}


@contextmanager
def world(*, period_s: int = 1, module: bool = True) -> Iterator[World]:
    """Make a world, and take it away again."""
    with TemporaryDirectory(prefix="hubbub-messenger-") as folder:
        made = World(Path(folder), period_s=period_s, module=module)
        try:
            yield made
        finally:
            made.close()


class Writing(threading.Thread):
    """Writes until it is told to stop; what is not acknowledged it sends again, as apps do."""

    def __init__(self, there: World, who: Writer, room: str) -> None:
        super().__init__(daemon=True)
        self._there, self._who, self._room = there, who, room
        self.stop = threading.Event()

    def run(self) -> None:
        """Write, one after the other."""
        number = 0
        while not self.stop.is_set():
            number += 1
            event = self._write(number)
            if event is not None:
                self._who.acknowledged.append(event)
            self.stop.wait(0.02)

    def _write(self, number: int) -> str | None:
        path = f"{CLIENT}/rooms/{self._room}/send/m.room.message/{self._who.account}-{number}"
        said = {"msgtype": "m.text", "body": f"{number}"}
        while not self.stop.is_set():
            try:
                answer = self._there.ask("PUT", path, body=said, token=self._who.token)
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status_code == 200:
                event: str = answer.json()["event_id"]
                return event
            time.sleep(0.1)
        return None


def _toml(settings: Settings) -> str:
    house, homeserver = settings.server.port, settings.messenger.port
    return f"[server]\nport = {house}\n[messenger]\nport = {homeserver}\n"


def _is_open(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code in {200, 503}
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
