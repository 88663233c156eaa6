"""A homeserver's PostgreSQL database as a file of a backup, and SQLite's rows moved into one."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from hubbub.run.children import python
from hubbub.run.messenger.config import write_config
from hubbub.run.messenger.database import Connected, connected
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.settings import Settings
from hubbub.terms.errors import BadInput, HubbubError

_DUMP: Final = "postgres.dump"
_PORT: Final = "synapse._scripts.synapse_port_db"


class ToolFailed(HubbubError):
    """A tool of PostgreSQL's, or of Synapse's, could not do its work."""

    def __init__(self, tool: str, said: bytes) -> None:
        *_, last = (b"it says nothing", *said.strip().splitlines())
        super().__init__(f"{tool} failed: {last.decode(errors='replace')}")


def dump(files: MessengerFiles, copy: MessengerFiles) -> None:
    """Write the homeserver's PostgreSQL database into `copy`, as of one moment, if that is it."""
    there = connected(files)
    if there is None or there.is_sqlite:
        return
    file = copy.folder / _DUMP
    _run("pg_dump", "--format=custom", "--no-owner", f"--file={file}", *_named(there))
    file.chmod(0o600)


def load(files: MessengerFiles) -> None:
    """Put such a file back into the database that the config names, which must be empty."""
    file, there = files.folder / _DUMP, connected(files)
    if not file.exists():
        return
    assert there is not None, "a backup has the config beside the database"
    _require_empty(there)
    _run("pg_restore", "--no-owner", "--exit-on-error", *_named(there), str(file))
    file.unlink()


def move(files: MessengerFiles, settings: Settings) -> None:
    """Copy everything out of SQLite into the PostgreSQL database of `settings`, by Synapse's tool.

    That copies the tables that both have: so ours are made first.
    """
    if not files.database.exists():
        raise BadInput("there is no homeserver's SQLite database here to move")
    write_config(files, settings, house="http://127.0.0.1:8000")
    there = connected(files)
    assert there is not None, "it was written just now"
    if there.is_sqlite:
        raise BadInput("--database: say where to, as postgres://USER@HOST/NAME")
    _require_empty(there)
    _make_our_tables(files, there)
    arguments = ("--sqlite-database", str(files.database), "--postgres-config", str(files.config))
    _run(*python(_PORT, *arguments))  # where work in the background waits, it says so
    files.database.rename(files.database.with_suffix(".db.moved"))


def _make_our_tables(files: MessengerFiles, there: Connected) -> None:
    """Make the module's tables as SQLite has them: their statements are the same for both."""
    here = Connected(name="sqlite3", args={"database": str(files.database)})
    engine, other = sa.create_engine(here.url()), sa.create_engine(there.url())
    ours = "SELECT sql FROM sqlite_master WHERE tbl_name LIKE 'hubbub%' AND sql IS NOT NULL"
    try:
        with engine.connect() as connection, other.begin() as made:
            for statement in connection.exec_driver_sql(ours).scalars():
                made.exec_driver_sql(statement)
    finally:
        engine.dispose()
        other.dispose()


def _require_empty(there: Connected) -> None:
    engine = sa.create_engine(there.url())
    try:
        if sa.inspect(engine).get_table_names():
            raise BadInput("the PostgreSQL database is not empty: make a new one")
    except sa.exc.OperationalError:
        raise BadInput("the PostgreSQL database cannot be reached: does it exist?") from None
    finally:
        engine.dispose()


def _named(there: Connected) -> tuple[str, ...]:
    options = {"user": "--username", "host": "--host", "port": "--port", "dbname": "--dbname"}
    named = {options[name]: value for name, value in there.args.items() if name in options}
    return tuple(f"{option}={value}" for option, value in named.items())


def _run(tool: str, *arguments: str) -> None:
    found = shutil.which(tool)
    if found is None:
        raise BadInput(f"{tool} is missing: install PostgreSQL's client tools")
    ran = subprocess.run(  # noqa: S603 - a tool that we name
        (found, *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if ran.returncode:
        raise ToolFailed(Path(tool).name, ran.stdout)
