"""A house to try things in: a small city, all processes, a port of its own, and gone afterwards.

Its clock runs fast, so that windows end in seconds. Whatever its processes write is kept.
"""

import gzip
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from msgspec.structs import asdict

from hubbub.record.roads.city import City
from hubbub.run.children import python
from hubbub.run.city import DEMO_EXTRACT, add_city
from hubbub.run.clock import Replay, ReplayClock, SystemClock
from hubbub.run.home import Home
from hubbub.run.settings import FILE
from hubbub.terms.errors import HubbubError
from hubbub.terms.time import SECOND, Instant

NOON: Final = Instant(1_795_514_400 * SECOND)
SPEED: Final = 60.0
HOST: Final = "127.0.0.1"

_LASTS_US: Final = 12 * 3600 * SECOND
_SETTINGS: Final = '[server]\nopen_enrolment = true\n[traffic]\nlive_promise = "passage"\n'
_UP_WITHIN_S: Final = 60.0
_ANSWERS_WITHIN_S: Final = 20.0


class HouseDoesNotStart(HubbubError):
    """The house that something was to be tried in does not come up."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the house answered: everything that a stranger would see of it."""

    status: int
    head: bytes
    body: bytes

    @property
    def all(self) -> bytes:
        """Give every byte of it."""
        return self.head + b"\n" + self.body


class DrillHouse:
    """A house that runs, and what one may ask of it."""

    def __init__(self, home: Home, city: City, clock: ReplayClock) -> None:
        """Start all of its processes."""
        self.home, self.city, self.clock, self._port = home, city, clock, _free_port()
        self._log = home.folder.with_name("written.log")
        command = python("hubbub", "up", "--home", str(home.folder), "--port", str(self._port))
        with self._log.open("wb") as log:
            self._running = subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        token: str | None = None,
        kind: str = "application/json",
    ) -> Reply:
        """Ask, and take all of the answer."""
        headers = {"content-type": kind} if body is not None else {}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(HOST, self._port, timeout=_ANSWERS_WITHIN_S)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Reply(status=answer.status, head=bytes(answer.headers), body=content)

    def wait_until_well(self) -> None:
        """Wait until all of it works, or raise `HouseDoesNotStart`."""
        until = time.monotonic() + _UP_WITHIN_S
        while not self._is_well():
            if self._running.poll() is not None or time.monotonic() > until:
                told = self.written()[-500:].decode(errors="replace")
                raise HouseDoesNotStart(f"the house to try it in does not come up: {told}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it, as its operator would."""
        self._running.send_signal(signal.SIGTERM)
        self._running.wait(_UP_WITHIN_S)

    def written(self) -> bytes:
        """Give all that its processes have written so far."""
        return self._log.read_bytes()

    def _is_well(self) -> bool:
        try:
            health = msgspec.json.decode(self.ask("GET", "/healthz").body, type=_Health)
        except (OSError, http.client.HTTPException, msgspec.DecodeError):
            return False
        return health.status == "ok"


class _Health(msgspec.Struct):
    status: str


@contextmanager
def drill_house() -> Iterator[DrillHouse]:
    """Build a city, open the house, and take it all away again."""
    with TemporaryDirectory(prefix="hubbub-drill-") as folder:
        home = Home(Path(folder) / "house")
        home.folder.mkdir()
        city = add_city(home, DEMO_EXTRACT, lambda *_: None, name="Helsinki")
        replay = Replay(
            begin=NOON, end=NOON + _LASTS_US, speed=SPEED, started_wall=SystemClock().now()
        )
        played = "".join(f"{name} = {value}\n" for name, value in asdict(replay).items())
        (home.folder / FILE).write_text(f"{_SETTINGS}[replay]\n{played}")
        house = DrillHouse(home, city, ReplayClock(replay))
        try:
            house.wait_until_well()
            yield house
        finally:
            house.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
