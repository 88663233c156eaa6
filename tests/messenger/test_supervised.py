"""`hubbub up` runs the homeserver: well, again when it fell, and never longer than itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hubbub.run.messenger.child import answers
from hubbub.run.messenger.presence import HOMESERVER, is_installed
from messenger.homeserver import NO_HOMESERVER
from run.ports import free_port

pytestmark = pytest.mark.skipif(not is_installed(HOMESERVER), reason=NO_HOMESERVER)


class House:
    """A house with a messenger, as its operator starts it."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        ports = ("--port", str(free_port()), "--messenger-port", str(self.port))
        with (home / "told.txt").open("wb") as told:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "hubbub", "up", "--home", str(home), *ports), stderr=told
            )

    def is_well(self) -> bool:
        return answers(f"http://127.0.0.1:{self.port}")

    def homeservers(self) -> list[int]:
        """Find the processes of the homeserver of this house."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"hubbub.run.messenger.homeserver" in command and any(
                str(self.home).encode() in word for word in command
            ):
                found.append(int(folder.name))
        return found


def until(true: Callable[[], object], *, for_s: float = 90.0) -> bool:
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("house"))
    assert until(running.is_well), (running.home / "told.txt").read_text()
    yield running
    running.process.kill()
    running.process.wait()


def test_a_homeserver_that_was_killed_is_started_again(house: House) -> None:
    (before,) = house.homeservers()
    os.kill(before, signal.SIGKILL)
    assert until(lambda: house.homeservers() not in ([], [before]) and house.is_well())


def test_no_homeserver_outlives_a_house_that_was_killed(house: House) -> None:
    assert until(house.is_well)
    assert len(house.homeservers()) == 1
    house.process.kill()
    assert until(lambda: not house.homeservers(), for_s=20), "an orphan"


def test_a_port_in_use_is_told_with_its_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = ("--port", str(free_port()), "--messenger-port", str(other.getsockname()[1]))
        started = subprocess.run(
            (sys.executable, "-m", "hubbub", "up", "--home", str(tmp_path), *taken),
            capture_output=True,
            text=True,
            check=False,
        )
    assert started.returncode == 1
    assert "choose another --messenger-port" in started.stderr


def test_a_database_that_cannot_be_meant_is_told(tmp_path: Path) -> None:
    wanted = ("--database", "postgres://hubbub:a-password@localhost/hubbub")
    started = subprocess.run(
        (sys.executable, "-m", "hubbub", "up", "--home", str(tmp_path), *wanted),
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 2
    assert "database" in started.stderr
    assert "a-password" not in started.stderr
