"""Synapse's own tables in a file, as Synapse makes them: for what is beside them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg2
from synapse.storage.database import LoggingDatabaseConnection
from synapse.storage.engines import PostgresEngine, Sqlite3Engine
from synapse.storage.prepare_database import prepare_database


def make_tables(path: Path) -> None:
    """Make every table of this version of Synapse."""
    engine = Sqlite3Engine({"args": {"database": str(path)}})
    with closing(sqlite3.connect(path)) as raw:
        prepare_database(
            LoggingDatabaseConnection(
                conn=raw, engine=engine, default_txn_name="tests", server_name="localhost"
            ),
            engine,
            config=None,
        )


def make_postgres_tables(address: str) -> None:
    """Make every table of this version of Synapse in the PostgreSQL database at `address`."""
    engine = PostgresEngine({"args": {}})
    with closing(psycopg2.connect(address)) as raw:
        prepare_database(
            LoggingDatabaseConnection(
                conn=raw, engine=engine, default_txn_name="tests", server_name="localhost"
            ),
            engine,
            config=None,
        )
        raw.commit()


class Database(Protocol):
    """Where statements are run, with question marks for what is put into them."""

    def execute(self, statement: str, values: Sequence[Any], /) -> Any:
        """Run a statement."""
        ...


class Homeserver:
    """As much of a homeserver as writes what people send into its database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._place = 0

    def person(self, name: str, *, agent: str | None = None, deactivated: bool = False) -> str:
        """Let somebody have an account, and a device that says `agent` of itself."""
        who = f"@{name}:localhost"
        self._insert("users", name=who, deactivated=int(deactivated))
        self._insert(
            "devices",
            user_id=who,
            device_id=f"D{name}",
            user_agent=agent,
            last_seen=1,
            hidden=False,
        )
        return who

    def join(self, who: str, room: str) -> None:
        """Let somebody be in a room."""
        self._insert(
            "current_state_events",
            event_id=f"$join-{who}-{room}",
            room_id=room,
            type="m.room.member",
            state_key=who,
            membership="join",
        )

    def send(
        self,
        who: str,
        room: str,
        *,
        at_ms: int,
        type: str = "m.room.message",  # noqa: A002 - Matrix's own word
        file: bool = False,
        relation: str | None = None,
        outlier: bool = False,
        rejected: str | None = None,
    ) -> int:
        """Let somebody send something. Gives its place in the stream."""
        self._place += 1
        event = f"$event-{self._place}"
        self._insert(
            "events",
            stream_ordering=self._place,
            topological_ordering=self._place,
            event_id=event,
            type=type,
            room_id=room,
            sender=who,
            origin_server_ts=at_ms,
            contains_url=file,
            outlier=outlier,
            rejection_reason=rejected,
            processed=True,
            depth=1,
        )
        self._insert(
            "event_json",
            event_id=event,
            room_id=room,
            internal_metadata="{}",
            json='{"content": {"body": "what nobody may read"}}',
        )
        if relation is not None:
            self._insert(
                "event_relations", event_id=event, relates_to_id="$first", relation_type=relation
            )
        return self._place

    def _insert(self, table: str, **values: str | int | None) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        self.database.execute(statement, [*values.values()])
