"""A PostgreSQL of a test's own: made, run without fsync, and ended with it."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from run.ports import free_port

NO_POSTGRES = "no PostgreSQL: install Debian's `postgresql`"
DATABASE = "CREATE DATABASE {} TEMPLATE template0 ENCODING UTF8 LC_COLLATE 'C' LC_CTYPE 'C'"


def find_postgres() -> Path | None:
    """Find the folder of PostgreSQL's programs."""
    places = [Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt")]
    named = [shutil.which("initdb")]
    named += [str(found) for place in places for found in sorted(place.glob("*/bin/initdb"))]
    return next((Path(found).resolve().parent for found in named if found), None)


class Postgres:
    """A server that runs, and makes databases."""

    def __init__(self, programs: Path, port: int) -> None:
        self._programs, self.port = programs, port

    def database(self, name: str) -> str:
        """Make a database as Synapse wants it, and give its address."""
        self._say(DATABASE.format(name))
        return f"postgres://hub@127.0.0.1:{self.port}/{name}"

    def drop(self, name: str) -> None:
        """Delete a database."""
        self._say(f"DROP DATABASE {name}")

    def _say(self, statement: str) -> None:
        called = (self._programs / "psql", "--host=127.0.0.1", f"--port={self.port}", "--user=hub")
        options = ("--dbname=postgres", f"--command={statement}")
        subprocess.run((*called, *options), check=True, capture_output=True)


@contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """Run a server on a free port, for as long as is needed."""
    # The super-user may not run it.
    who = "nobody" if os.geteuid() == 0 else None
    port = free_port()
    with TemporaryDirectory() as folder:
        if who is not None:
            os.chown(folder, pwd.getpwnam(who).pw_uid, -1)
        rows = f"{folder}/rows"
        init = (programs / "initdb", "--pgdata", rows, "--username=hub", "--auth=trust", "-N")
        subprocess.run(init, check=True, capture_output=True, user=who)
        settings = ("fsync=off", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}")
        options = [f"-c{each}" for each in settings]
        with subprocess.Popen(
            (programs / "postgres", "-D", rows, "-p", str(port), *options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=who,
        ) as running:
            try:
                ready = (programs / "pg_isready", "-t30", "-h127.0.0.1", f"-p{port}")
                while subprocess.run(ready, capture_output=True, check=False).returncode:
                    assert running.poll() is None, "PostgreSQL does not come up"
                yield Postgres(programs, port)
            finally:
                running.send_signal(2)  # without waiting for whoever is connected
                running.wait(30)
