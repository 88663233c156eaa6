"""On PostgreSQL the module can count as a role that the database keeps from reading a message."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

pytest.importorskip("synapse", reason="matrix-synapse is not installed")

import psycopg2

from hubbub_synapse import outbox
from hubbub_synapse.counting import Counting
from hubbub_synapse.grants import About, Known
from hubbub_synapse.postgres import role_of
from messenger.postgres import NO_POSTGRES, find_postgres, running_postgres
from messenger.synapse_tables import Homeserver, make_postgres_tables
from messenger.test_counting import HOUR_MS, NOON_MS, OWN, grant

ROLE = "hubbub_counter"


class Transaction:
    """A cursor that takes question marks, as Synapse's does."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> None:
        self._cursor.execute(statement.replace("?", "%s"), tuple(values))

    def fetchall(self) -> list[Any]:
        return list(self._cursor.fetchall())


@pytest.fixture(scope="module")
def there() -> Iterator[Any]:
    """Give a connection to a database with Synapse's tables, and the role."""
    programs = find_postgres()
    if programs is None:
        pytest.skip(NO_POSTGRES)
    with running_postgres(programs) as server:
        address = server.database("counting")
        make_postgres_tables(address)
        with closing(psycopg2.connect(address)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("CREATE ROLE synapse")
                for statement in role_of(ROLE, synapse="synapse"):
                    cursor.execute(statement)
            connection.commit()
            yield connection


@pytest.fixture
def connection(there: Any) -> Iterator[Any]:
    yield there
    there.rollback()


def test_the_role_counts_shares_and_forgets(connection: Any) -> None:
    with connection.cursor() as cursor:
        transaction = Transaction(cursor)
        homeserver = Homeserver(transaction)
        ann, bob = (homeserver.person(name, agent="Android") for name in ("ann", "bob"))
        for who in (ann, bob):
            homeserver.join(who, "!a")
            last = homeserver.send(who, "!a", at_ms=NOON_MS)
        agreed = {"use": OWN, "device": OWN, "contacts": OWN}
        of = {who: grant(n, **agreed) for n, who in enumerate((ann, bob), 1)}
        by = Counting(known=Known("1", of), rooms_key=b"k" * 32, period_ms=HOUR_MS, now_ms=NOON_MS)
        outbox.prepare(transaction, newest=0)
        with outbox.guarded(transaction, role=ROLE, is_sqlite=False):
            assert outbox.tail(transaction, by, upto=last)
            outbox.close(transaction, until_ms=NOON_MS + HOUR_MS)
            rows = outbox.over(transaction)
            assert {row.about for row in rows} == {*About}
            assert {row.other_receipt for row in rows if row.about == About.CONTACTS} == {1, 2}
            outbox.forget_uncovered(transaction, Known("2", {ann: of[ann]}))
            outbox.take_out(transaction, outbox.over(transaction))
            outbox.forget(transaction, ann)
            assert outbox.over(transaction) == []


@pytest.mark.parametrize(
    "wanted",
    [
        "SELECT json FROM event_json",
        "SELECT content FROM events",
        "SELECT * FROM events",
        "SELECT displayname FROM profiles",
        "SELECT name, password_hash FROM users",
        "DELETE FROM events",
        "UPDATE events SET type = 'x'",
    ],
)
def test_the_role_cannot_read_a_message_nor_change_anything(connection: Any, wanted: str) -> None:
    with connection.cursor() as cursor:
        transaction = Transaction(cursor)
        with outbox.guarded(transaction, role=ROLE, is_sqlite=False):
            transaction.execute("SELECT event_id FROM events")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                transaction.execute(wanted)


@pytest.mark.parametrize("name", ["", "x; DROP TABLE events", "Role", "a-b"])
def test_a_role_of_a_strange_name_is_not_made(name: str) -> None:
    with pytest.raises(ValueError, match="a plain name"):
        list(role_of(name, synapse="synapse"))
