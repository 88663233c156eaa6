"""The log of reads on disk: what is chained of each hour, and how it is read back.

An entry covers an hour of one reader's reads. Live traffic reads several times a second: an entry
a read would be gigabytes a year, an entry an hour is some megabytes. What a read adds to its hour
is a count, the span of time, and the last dead list; that it happens at all is chained before it.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import ClassVar, Final

from hubbub.deal.reads import Stretch
from hubbub.record.chain import Entry, Head, chained, head_of
from hubbub.terms.errors import Refused
from hubbub.terms.time import Instant

VERSION: Final = 1

TABLES: Final = """
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('begun', 'counted', 'lost')),
  at INTEGER NOT NULL, salt TEXT NOT NULL,
  what TEXT, of TEXT, purpose TEXT, recipient TEXT,
  begun INTEGER REFERENCES entry, last_at INTEGER, times INTEGER,
  since INTEGER, until INTEGER, dead TEXT, dead_lists INTEGER,
  lost_seq INTEGER, lost_hash TEXT, hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX counted_once ON entry (begun) WHERE kind = 'counted';
CREATE INDEX begun_at ON entry (at) WHERE kind = 'begun';
"""

_OF_ONE_KIND: Final = (
    "what", "of", "purpose", "recipient", "begun", "last_at", "times", "since", "until", "dead",
    "dead_lists", "lost_seq", "lost_hash",
)  # fmt: skip


class ReadsLogVersion(Refused):
    """The log of reads was written by another version of hubbub. Use that version with it."""


# Each entry is salted: its head is public, and tells nothing by guessing what is in it.


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """Within this hour, somebody reads: written before the first row is handed out."""

    at: int
    salt: str
    what: str
    of: str
    purpose: str
    recipient: str
    since: int  # of the first read, to the hour
    until: int
    dead: str  # of the first read

    kind: ClassVar[str] = "begun"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """How often and of what time was read in that hour, when it is over."""

    at: int
    salt: str
    begun: int  # the entry that this counts
    last_at: int
    times: int
    since: int  # of all reads together, to the hour
    until: int
    dead: str  # of the last read
    dead_lists: int  # how many there were, one after the other

    kind: ClassVar[str] = "counted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """The log went on without an entry that the rows' store remembers: it was lost, or set back."""

    at: int
    salt: str
    lost_seq: int
    lost_hash: str

    kind: ClassVar[str] = "lost"


_KINDS: Final[dict[str, type[Begun | Counted | Lost]]] = {
    kind.kind: kind for kind in (Begun, Counted, Lost)
}

_STRETCHES: Final = """
SELECT first.what, first.of, first.purpose, first.recipient, first.at,
  coalesce(last.last_at, first.at), coalesce(last.times, 1), last.seq IS NOT NULL,
  coalesce(last.since, first.since), coalesce(last.until, first.until)
FROM entry AS first LEFT JOIN entry AS last ON last.begun = first.seq AND last.kind = 'counted'
WHERE first.kind = 'begun' AND first.at >= ? ORDER BY first.seq
"""


def version_of(log: sqlite3.Connection) -> int:
    """Give the version of the tables, 0 where there are none yet, or refuse another one."""
    version: int = log.execute("PRAGMA user_version").fetchone()[0]
    if version not in {0, VERSION}:
        raise ReadsLogVersion(f"the log of reads is of version {version}, not {VERSION}")
    return version


def append(log: sqlite3.Connection, entry: Entry) -> Head:
    """Append `entry` to the chain, in the transaction that is open."""
    head = chained(entry, head_of(log))
    row = dict.fromkeys(_OF_ONE_KIND) | asdict(entry)
    row |= {"seq": head.seq, "kind": entry.kind, "hash": head.hash}
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    log.execute(f"INSERT INTO entry ({names}) VALUES ({values})", row)  # noqa: S608 - ours
    return head


def entries(log: sqlite3.Connection) -> Iterator[tuple[Head, Begun | Counted | Lost]]:
    """Go through the chain: each entry, and the head that it claims to make."""
    asked = log.execute("SELECT * FROM entry ORDER BY seq")
    names = [column for column, *_ in asked.description]
    for values in asked:
        row = dict(zip(names, values, strict=True))
        kind = _KINDS[row["kind"]]
        told = {field.name: row[field.name] for field in fields(kind)}
        yield Head(seq=row["seq"], hash=row["hash"]), kind(**told)


def stretches(log: sqlite3.Connection, *, since: Instant) -> Iterator[Stretch]:
    """Go through the hours of reading that began from `since` on."""
    for of_what, of, purpose, recipient, *times in log.execute(_STRETCHES, (since,)):
        begun_at, last_at, count, is_counted, first, last = times
        yield Stretch(
            what=of_what,
            reader=(of, purpose, recipient),
            begun_at=Instant(begun_at),
            last_at=Instant(last_at),
            times=count,
            is_counted=bool(is_counted),
            since=Instant(first),
            until=Instant(last),
        )
