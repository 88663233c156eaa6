"""What people wrote moves to PostgreSQL, is backed up from there, and put back."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hubbub.run.backup import back_up, restore
from hubbub.run.home import Home
from hubbub.run.messenger.config import write_config
from hubbub.run.messenger.database import connected, waits_there
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.move import move
from hubbub.run.settings import Messenger, Settings
from hubbub.terms.errors import BadInput
from hubbub_synapse.statements import MAKE_TABLES
from messenger.homeserver import Account, Homeserver, running_homeserver
from messenger.postgres import NO_POSTGRES, Postgres, find_postgres, running_postgres

ROW = ("@ann:localhost", 7, 0, 3_600_000, "use", "message", 1, "", 0, 12)
SYNC = "/_matrix/client/v3/rooms/{}/messages?dir=b"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    programs = find_postgres()
    if programs is None:
        pytest.skip(NO_POSTGRES)
    with running_postgres(programs) as running:
        yield running


def say(there: Homeserver, who: Account, words: str) -> str:
    """Make a room, and write in it."""
    room = there.ask("POST", "/_matrix/client/v3/createRoom", as_=who, body={}).json()["room_id"]
    path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/1"
    there.ask("PUT", path, as_=who, body={"msgtype": "m.text", "body": words})
    return str(room)


def words_in(there: Homeserver, who: Account, room: str) -> list[str]:
    events = there.ask("GET", SYNC.format(room), as_=who).json()["chunk"]
    return [event["content"]["body"] for event in events if event["type"] == "m.room.message"]


def outbox(files: MessengerFiles) -> list[Any]:
    there = connected(files)
    assert there is not None
    engine = sa.create_engine(there.url())
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM hubbub_outbox").all()
    engine.dispose()
    return [tuple(row) for row in rows]


def until_at_rest(files: MessengerFiles) -> None:
    """Wait until Synapse has done what it does to a new database in the background."""
    deadline = time.monotonic() + 60
    with closing(sqlite3.connect(files.database)) as file:
        while file.execute("SELECT count(*) FROM background_updates").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.timeout(600)
def test_what_people_wrote_moves_is_backed_up_and_put_back(
    postgres: Postgres, tmp_path: Path
) -> None:
    with running_homeserver(tmp_path / "house") as before:
        ann = before.sign_up("ann")
        room = say(before, ann, "from before")
        until_at_rest(before.files)
    files = before.files
    with closing(sqlite3.connect(files.database)) as file:
        for statement in MAKE_TABLES:
            file.execute(statement)
        file.execute(f"INSERT INTO hubbub_outbox VALUES ({','.join('?' * len(ROW))})", ROW)
        file.commit()

    database = postgres.database("first")
    move(files, Settings(messenger=Messenger(database=database)))
    assert outbox(files) == [ROW]
    assert waits_there(files, "@ann:localhost")
    assert not waits_there(files, "@bob:localhost")

    with running_homeserver(tmp_path / "house", database=database) as there:
        assert words_in(there, ann, room) == ["from before"]
        assert there.sign_up("bob").user_id == "@bob:localhost"
    back_up(there.home, tmp_path / "backup")
    with pytest.raises(BadInput, match="not empty"):  # the house's own is still there
        restore(Home(tmp_path / "refused"), tmp_path / "backup")
    postgres.drop("first")
    postgres.database("first")
    restore(Home(tmp_path / "again"), tmp_path / "backup")
    assert outbox(MessengerFiles(tmp_path / "again")) == [ROW]


def test_a_database_that_is_not_empty_is_not_written_into(
    postgres: Postgres, tmp_path: Path
) -> None:
    files = MessengerFiles(tmp_path)
    write_config(files, Settings(), house="http://127.0.0.1:9")
    files.database.touch()
    database = postgres.database("used")
    there = sa.create_engine(f"postgresql+psycopg2://{database.removeprefix('postgres://')}")
    with there.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE somebodys (x int)")
    there.dispose()
    with pytest.raises(BadInput, match="not empty"):
        move(files, Settings(messenger=Messenger(database=database)))


def test_a_move_says_where_to(tmp_path: Path) -> None:
    files = MessengerFiles(tmp_path)
    with pytest.raises(BadInput, match="no homeserver's SQLite database"):
        move(files, Settings())
    write_config(files, Settings(), house="http://127.0.0.1:9")
    files.database.touch()
    with pytest.raises(BadInput, match="say where to"):
        move(files, Settings())
