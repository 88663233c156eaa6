"""Counts of how services are used, at rest: one SQLite file, in which what is deleted is gone.

They are few, an hour and a person at most some, so they need no engine's files; and a count that
comes twice is known by its id.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from numpy.typing import NDArray

from hubbub.record.deal_store_tables import open_database
from hubbub.record.events import Doomed
from hubbub.terms.catalogue import INTERACTIONS_SCHEMA, OTHER, OTHER_STAMP, STAMP, USE_SCHEMA
from hubbub.terms.people import Subject
from hubbub.terms.time import Instant
from hubbub.terms.use import USE_TABLES, Counted, UseTable

USE_FILE: Final = "use.sqlite"

_AT_ONCE: Final = 500
_BLANK: Final[dict[str, None]] = dict.fromkeys((OTHER, *OTHER_STAMP))

COUNTED: Final = sa.Table(
    "counted",
    sa.MetaData(),
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("table", sa.String, nullable=False),
    sa.Column("subject", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("room", sa.BigInteger, nullable=False),
    sa.Column("receipt", sa.BigInteger, nullable=False),
    sa.Column("may", sa.BigInteger, nullable=False),
    sa.Column(OTHER, sa.BigInteger, index=True),
    sa.Column("other_receipt", sa.BigInteger),
    sa.Column("other_may", sa.BigInteger),
    sa.Index("of_table", "table", "at"),
    sqlite_with_rowid=False,
)


def columns_of(table: UseTable) -> dict[str, str]:
    """Give the columns of a table as it rests, stamps included."""
    if table == "interactions":
        return INTERACTIONS_SCHEMA | STAMP | OTHER_STAMP
    return USE_SCHEMA | STAMP


def table_called(name: str) -> UseTable:
    """Give the table of this name: there is one."""
    return next(table for table in USE_TABLES if table == name)


def kept(table: UseTable) -> pa.Schema:
    """Give the schema of a table as it rests."""
    return pa.schema([*columns_of(table).items()])


class UseStore:
    """The counts. Several processes use the file at once, each only for as long as it must."""

    def __init__(self, path: Path, *, erased: Callable[[], NDArray[Any]]) -> None:
        """Use the file at `path`, made with the first count. Nobody `erased` has a row in it."""
        self._path, self._erased = path, erased

    def add(self, rows: Sequence[Counted]) -> int:
        """Add those that are not here yet, durably. Gives how many those were."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        new = {row.id: row for row in rows}
        with self._opened() as database, database.begin() as connection:
            COUNTED.metadata.create_all(connection)
            for some in batched([*new], _AT_ONCE, strict=False):
                there = sa.select(COUNTED.c.id).where(COUNTED.c.id.in_(some))
                for known in connection.scalars(there).all():
                    del new[known]
            # Asked for while the file is ours: who is erased after this finds these rows.
            gone = {*self._erased().tolist()}
            added = [_written(row, gone) for row in new.values() if row.subject not in gone]
            if added:
                connection.execute(sa.insert(COUNTED), added)
        return len(new)

    def read(self, table: UseTable, *, since: Instant, until: Instant) -> pa.Table:
        """Give the rows that began in [since, until), with their stamps."""
        return self._rows(table, COUNTED.c.at >= since, COUNTED.c.at < until)

    def of(self, subject: Subject, table: UseTable) -> pa.Table:
        """Give the rows of one person."""
        return self._rows(table, COUNTED.c.subject == subject)

    def ids(self, subject: Subject) -> tuple[bytes, ...]:
        """Give what the rows of one person are known by: to search for it."""
        theirs = sa.select(COUNTED.c.id).where(COUNTED.c.subject == subject)
        return tuple(row.id for row in self._found(theirs))

    def tells_of(self, subject: Subject) -> bool:
        """Tell whether a row is about `subject`, or names them."""
        about = sa.or_(COUNTED.c.subject == subject, COUNTED.c[OTHER] == subject)
        return bool(self._found(sa.select(COUNTED.c.id).where(about).limit(1)))

    def erase(self, subject: Subject) -> None:
        """Delete the rows of `subject`, take them out of everybody else's, and leave no byte."""
        if not self._path.exists():
            return
        naming = sa.update(COUNTED).where(COUNTED.c[OTHER] == subject)
        with self._opened() as database:
            with database.begin() as connection:
                connection.execute(sa.delete(COUNTED).where(COUNTED.c.subject == subject))
                connection.execute(naming.values(_BLANK))
            _leave_no_byte(database)

    def take_out(self, table: UseTable, doomed: Doomed) -> int:
        """Delete the rows of `table` that are `doomed`. Gives how many there were."""
        of_table = COUNTED.c.table == table
        found = self._found(sa.select(COUNTED.c.receipt, COUNTED.c.may).where(of_table).distinct())
        stamps = pa.table(
            [pa.array([stamp[place] for stamp in found], pa.int64()) for place in range(2)],
            [*STAMP],
        )
        gone = stamps.filter(doomed(stamps)).to_pylist()
        if not gone:
            return 0
        taken = 0
        with self._opened() as database:
            with database.begin() as connection:
                for stamp in gone:
                    theirs = (COUNTED.c[name] == value for name, value in stamp.items())
                    deleted = connection.execute(sa.delete(COUNTED).where(of_table, *theirs))
                    taken += deleted.rowcount
            _leave_no_byte(database)
        return taken

    def forget_before(self, table: UseTable, since: Instant) -> int:
        """Delete the rows of `table` that began before `since`. Gives how many there were."""
        if not self._path.exists():
            return 0
        old = sa.delete(COUNTED).where(COUNTED.c.table == table, COUNTED.c.at < since)
        with self._opened() as database, database.begin() as connection:
            return connection.execute(old).rowcount

    def _rows(self, table: UseTable, *where: sa.ColumnElement[bool]) -> pa.Table:
        schema = kept(table)
        asked = sa.select(*(COUNTED.c[name] for name in schema.names))
        rows = self._found(asked.where(COUNTED.c.table == table, *where))
        columns = [[row[place] for row in rows] for place in range(len(schema))]
        return pa.table([*map(pa.array, columns, schema.types)], schema=schema)

    def _found(self, asked: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        if not self._path.exists():
            return ()
        with self._opened() as database:
            reading = database.execution_options(only_reads=True)
            with reading.connect() as connection:
                return connection.execute(asked).all()

    @contextmanager
    def _opened(self) -> Iterator[sa.Engine]:
        database = open_database(self._path, durable=True)
        try:
            yield database
        finally:
            database.dispose()


def has_rows_of(path: Path, subject: Subject) -> bool:
    """Tell whether a row in the file at `path` is about `subject`, or names them."""
    return UseStore(path, erased=_nobody).tells_of(subject)


def _nobody() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


def _leave_no_byte(database: sa.Engine) -> None:
    """Empty the log of what was changed: until then it holds the rows as they were."""
    with database.connect() as connection:  # outside of any transaction
        raw = connection.connection.driver_connection
        assert raw is not None, "a connection that is open has its driver's"
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _written(row: Counted, gone: set[int]) -> dict[str, Any]:
    other = None if row.other is None or row.other.subject in gone else row.other
    return {
        "id": row.id,
        "table": row.table,
        "subject": row.subject,
        "at": row.at,
        "until": row.until,
        "kind": row.kind,
        "times": row.times,
        "room": row.room,
        "receipt": row.receipt,
        "may": row.may,
        OTHER: None if other is None else other.subject,
        "other_receipt": None if other is None else other.receipt,
        "other_may": None if other is None else other.may,
    }
