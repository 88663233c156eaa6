"""The ledger's file: written under one lock, on disk before a write ends, and only where it lives.

Whoever spends from two copies of one ledger spends the same people's day twice. So a file that is
not the one, in the place, that the rows' store remembers is refused. An operator may let it live
here all the same: `adopt` closes all days up to one, and what another copy has spent of those, or
still spends, is not spent again.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Self

from hubbub.record.chain import START, head_of, holds, make_tables
from hubbub.record.ledger_tables import TABLES, VERSION, Adopted, append, version_of
from hubbub.record.ledger_witness import LedgerLost, Place, Remembered, Witness
from hubbub.terms.time import Instant


class LedgerFile:
    """An open ledger: one writer at a time, any number of readers."""

    def __init__(self, path: Path, *, witness: Path) -> None:
        """Open the file at `path`, or make one. Whether it is the right one is not known yet."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock, self._witness = Lock(), Witness(witness)
        self.sqlite = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=30
        )
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self.sqlite.execute(f"PRAGMA {pragma}")
            self._place = Place.of(path)
        except BaseException:
            self.close()
            raise

    @classmethod
    def at_home(cls, path: Path, *, witness: Path) -> Self:
        """Open the ledger that the rows' store remembers, or start one if it remembers none."""
        remembered = Witness(witness).recall()
        if remembered is not None and remembered.head != START and not path.exists():
            raise LedgerLost(
                f"{path.name} is missing, and {remembered.head.seq} entries were made in it"
            )
        ledger = cls(path, witness=witness)
        try:
            with ledger.writing():
                ledger._require(remembered)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @contextmanager
    def writing(self) -> Generator[None]:
        """Hold the one write lock; on disk when it ends well, without a trace when it does not."""
        with self.lock:
            self.sqlite.execute("BEGIN IMMEDIATE")
            try:
                if not version_of(self.sqlite):
                    make_tables(self.sqlite, TABLES, version=VERSION)
                yield
                head = head_of(self.sqlite)
                self.sqlite.execute("COMMIT")
            except BaseException:
                self.sqlite.execute("ROLLBACK")
                raise
            self._witness.remember(Remembered(head=head, place=self._place))

    def close(self) -> None:
        """Let go of the files."""
        self.sqlite.close()
        self._witness.close()

    def _require(self, remembered: Remembered | None) -> None:
        """Refuse a ledger that is not the one, in the place, that is remembered."""
        last = head_of(self.sqlite)
        known = START if remembered is None else remembered.head
        if last == known == START:
            return  # nothing was spent anywhere
        if remembered is None:
            raise LedgerLost(
                f"the people's rows know of no ledger, and {last.seq} entries were made in this one"
            )
        if not holds(self.sqlite, known):
            raise LedgerLost(
                f"the ledger has not the entry {known.seq} that the people's rows remember: "
                "it is an older copy, or another one"
            )
        if remembered.place != self._place:
            raise LedgerLost(f"the ledger {self._place.unlike(remembered.place)}")


def adopt(path: Path, *, witness: Path, at: Instant, through: str) -> None:
    """Let the ledger at `path`, whosever it was, live here: days up to `through` are closed."""
    with closing(LedgerFile(path, witness=witness)) as ledger, ledger.writing():
        append(ledger.sqlite, Adopted(at=at, through=through))
