"""The tables of the ledger, and the triggers that let nobody take anything back."""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import ClassVar, Final

from hubbub.crowd.book import Account, Mechanism
from hubbub.record.chain import Head, chained, head_of
from hubbub.terms.errors import Refused

VERSION: Final = 2

NANO: Final = 10**9
"""Accounts are kept in whole billionths of epsilon."""

_OF_ONE_KIND: Final = (
    "release", "scope", "unit", "period", "debit", "law", "width", "digest", "through",
)  # fmt: skip

TABLES: Final = """
CREATE TABLE account (
  scope TEXT NOT NULL, unit TEXT NOT NULL, period TEXT NOT NULL,
  cap_nano INTEGER NOT NULL, delta REAL NOT NULL,
  spent_nano INTEGER NOT NULL DEFAULT 0 CHECK (spent_nano BETWEEN 0 AND cap_nano),
  PRIMARY KEY (scope, unit, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE release (
  release TEXT PRIMARY KEY, product TEXT NOT NULL, block TEXT NOT NULL,
  specification TEXT NOT NULL, promise TEXT NOT NULL, debit TEXT NOT NULL,
  paid_at INTEGER NOT NULL, seq INTEGER, released_at INTEGER, digest TEXT, output BLOB,
  UNIQUE (product, block)
) STRICT;
CREATE INDEX release_by_seq ON release (product, seq);
CREATE INDEX release_by_digest ON release (digest);
CREATE INDEX release_by_debit ON release (debit);

CREATE TABLE entry (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('debit', 'output', 'adopted')),
  at INTEGER NOT NULL, release TEXT REFERENCES release,
  scope TEXT, unit TEXT, period TEXT, debit TEXT, law TEXT, width TEXT,
  digest TEXT, through TEXT, hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX debited_once ON entry (scope, unit, period, debit) WHERE kind = 'debit';
CREATE UNIQUE INDEX put_out_once ON entry (release) WHERE kind = 'output';
CREATE INDEX adopted ON entry (through) WHERE kind = 'adopted';

CREATE TRIGGER account_starts_empty BEFORE INSERT ON account WHEN NEW.spent_nano <> 0
BEGIN SELECT RAISE(ABORT, 'an account starts empty'); END;
CREATE TRIGGER no_refund BEFORE UPDATE ON account
WHEN NEW.spent_nano < OLD.spent_nano OR NEW.cap_nano <> OLD.cap_nano OR NEW.delta <> OLD.delta
  OR NEW.scope <> OLD.scope OR NEW.unit <> OLD.unit OR NEW.period <> OLD.period
BEGIN SELECT RAISE(ABORT, 'no refunds'); END;
CREATE TRIGGER account_stays BEFORE DELETE ON account
BEGIN SELECT RAISE(ABORT, 'append only'); END;

CREATE TRIGGER closed_stays_closed BEFORE INSERT ON entry WHEN NEW.kind = 'debit'
  AND substr(NEW.period, 1, 10) <= (SELECT max(through) FROM entry WHERE kind = 'adopted')
BEGIN SELECT RAISE(ABORT, 'the day is closed'); END;

CREATE TRIGGER release_starts_without_output BEFORE INSERT ON release WHEN NEW.output IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'paid before put out'); END;
CREATE TRIGGER output_does_not_change BEFORE UPDATE ON release
WHEN OLD.output IS NOT NULL OR NEW.output IS NULL OR NEW.digest IS NULL OR NEW.seq IS NULL
  OR NEW.release <> OLD.release OR NEW.product <> OLD.product OR NEW.block <> OLD.block
  OR NEW.specification <> OLD.specification OR NEW.promise <> OLD.promise
  OR NEW.debit <> OLD.debit OR NEW.paid_at <> OLD.paid_at
BEGIN SELECT RAISE(ABORT, 'an output does not change'); END;
CREATE TRIGGER release_stays BEFORE DELETE ON release
BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""


class LedgerVersion(Refused):
    """The ledger was written by another version of hubbub. Use that version with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Debited:
    """One account was debited for one mechanism."""

    at: int
    release: str
    scope: str
    unit: str
    period: str
    debit: str
    law: str
    width: str

    kind: ClassVar[str] = "debit"

    @property
    def account(self) -> Account:
        """Give the account that was debited."""
        return Account(self.scope, self.unit, self.period)

    @property
    def mechanism(self) -> Mechanism:
        """Give what it was debited for."""
        return Mechanism(self.law, Fraction(self.width))


@dataclass(frozen=True, kw_only=True, slots=True)
class PutOut:
    """The output of one release was stored."""

    at: int
    release: str
    digest: str

    kind: ClassVar[str] = "output"


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopted:
    """The ledger was let live in another place: days up to `through` are closed."""

    at: int
    through: str

    kind: ClassVar[str] = "adopted"


type Entry = Debited | PutOut | Adopted


def version_of(ledger: sqlite3.Connection) -> int:
    """Give the version of the tables, 0 where there are none yet, or refuse another one."""
    version: int = ledger.execute("PRAGMA user_version").fetchone()[0]
    if version not in {0, VERSION}:
        raise LedgerVersion(
            f"the ledger is of version {version}, this hubbub's is {VERSION}: "
            "use the hubbub that wrote it"
        )
    return version


def append(ledger: sqlite3.Connection, entry: Entry) -> int:
    """Append `entry` to the chain."""
    head = chained(entry, head_of(ledger))
    ledger.execute(
        "INSERT INTO entry VALUES (:seq, :kind, :at, :release, :scope, :unit, :period, :debit,"
        " :law, :width, :digest, :through, :hash)",
        dict.fromkeys(_OF_ONE_KIND)
        | asdict(entry)
        | {"seq": head.seq, "kind": entry.kind, "hash": head.hash},
    )
    return head.seq


def entries(ledger: sqlite3.Connection) -> Iterator[tuple[Head, Entry]]:
    """Go through the chain: each entry, and the head that it claims to make."""
    for seq, kind, at, release, *debited, digest, through, claimed in ledger.execute(
        "SELECT * FROM entry ORDER BY seq"
    ):
        head = Head(seq=seq, hash=claimed)
        match kind:
            case Debited.kind:
                scope, unit, period, debit, law, width = debited
                yield (
                    head,
                    Debited(
                        at=at,
                        release=release,
                        scope=scope,
                        unit=unit,
                        period=period,
                        debit=debit,
                        law=law,
                        width=width,
                    ),
                )
            case PutOut.kind:
                yield head, PutOut(at=at, release=release, digest=digest)
            case _:
                yield head, Adopted(at=at, through=through)


def closed_through(ledger: sqlite3.Connection) -> str:
    """Give the last day that an adoption closed; nothing where there was none."""
    (day,) = ledger.execute(
        "SELECT coalesce(max(through), '') FROM entry WHERE kind = 'adopted'"
    ).fetchone()
    return str(day)
