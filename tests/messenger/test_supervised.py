"""What `hubbub up` says before it starts a homeserver that could not run."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hubbub.run.messenger.presence import HOMESERVER, is_installed
from messenger.homeserver import NO_HOMESERVER
from run.ports import free_port

pytestmark = pytest.mark.skipif(not is_installed(HOMESERVER), reason=NO_HOMESERVER)


def up(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "hubbub", "up", "--home", str(home), *options),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_port_in_use_is_told_with_its_option(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        started = up(tmp_path, "--port", str(free_port()), "--messenger-port", taken)
    assert started.returncode == 1
    assert "choose another --messenger-port" in started.stderr


def test_a_database_that_cannot_be_meant_is_told(tmp_path: Path) -> None:
    started = up(tmp_path, "--database", "postgres://hubbub:a-password@localhost/hubbub")
    assert started.returncode == 2
    assert "database" in started.stderr
    assert "a-password" not in started.stderr
