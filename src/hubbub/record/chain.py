"""A chain of entries in a file: each hashed with all before it, appended, and never changed."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from hashlib import sha256
from typing import Any, ClassVar, Final, Protocol

import msgspec

_APPEND_ONLY: Final = """
CREATE TRIGGER entry_is_next BEFORE INSERT ON entry
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entry)
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER entry_does_not_change BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
"""What keeps the table `entry`, with columns `seq` and `hash`, a chain."""


class Head(msgspec.Struct, frozen=True):
    """The last entry of a chain."""

    seq: int
    hash: str


START: Final = Head(seq=0, hash="0" * 64)
"""The head of a chain without entries."""


class Entry(Protocol):
    """What is chained: a dataclass that says of which kind it is."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    kind: ClassVar[str]


def make_tables(chain: sqlite3.Connection, tables: str, *, version: int) -> None:
    """Make `tables`, `entry` among them, in the transaction that is open."""
    statement = ""
    for line in (tables + _APPEND_ONLY).splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):  # all at once would end the transaction
            chain.execute(statement)
            statement = ""
    chain.execute(f"PRAGMA user_version={version}")


def chained(entry: Entry, head: Head) -> Head:
    """Chain `entry` to `head`: the hash covers all that came before."""
    line = json.dumps([head.hash, head.seq + 1, entry.kind, asdict(entry)], separators=(",", ":"))
    return Head(seq=head.seq + 1, hash=sha256(line.encode()).hexdigest())


def head_of(chain: sqlite3.Connection) -> Head:
    """Give the last entry's head."""
    row = chain.execute("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1").fetchone()
    return START if row is None else Head(seq=row[0], hash=row[1])


def head_at(chain: sqlite3.Connection, seq: int) -> Head | None:
    """Give what the head was when entry `seq` was the last one."""
    found = chain.execute("SELECT hash FROM entry WHERE seq = ?", (seq,)).fetchone()
    return None if found is None else Head(seq=seq, hash=found[0])


def holds(chain: sqlite3.Connection, head: Head) -> bool:
    """Tell whether `head` was ever the last entry."""
    return head in (START, head_at(chain, head.seq))


def faults_of_chain(log: Iterable[tuple[Head, Entry]]) -> Iterator[str]:
    """Find the first entry that is not what was chained."""
    head = START
    for claimed, entry in log:
        head = chained(entry, head)
        if claimed != head:
            yield f"entry {claimed.seq} is not what was chained"
            return  # all later ones would follow


def faults_of_file(chain: sqlite3.Connection) -> Iterator[str]:
    """Find what is damaged in the file itself."""
    for (found,) in chain.execute("PRAGMA integrity_check"):
        if found != "ok":
            yield f"the file is damaged: {found}"
