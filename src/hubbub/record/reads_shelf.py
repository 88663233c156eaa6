"""The log of reads as others read it: its head, its hours, and whether it is sound."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hubbub.deal.reads import Stretch
from hubbub.record.chain import (
    START,
    Head,
    faults_of_chain,
    faults_of_file,
    head_at,
    head_of,
    holds,
)
from hubbub.record.ledger_witness import LedgerLost, Witness
from hubbub.record.reads_tables import (
    Begun,
    Counted,
    Lost,
    entries,
    stretches,
    version_of,
)
from hubbub.terms.time import Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadsReport:
    """What was found in a log of reads. It is sound if there is no fault."""

    entries: int
    reads: int
    uncounted: int  # hours whose count goes on, or went with a kill: they were read in
    head: str
    faults: tuple[str, ...]


class ReadsShelf:
    """Reads the log that other processes write. Before there is one, nothing was read."""

    def __init__(self, path: Path, *, witness: Path) -> None:
        """Read the file at `path`, whose head the file `witness` remembers."""
        self._path, self._witness = path, witness

    def head(self) -> Head:
        """Give the last entry's place and hash."""
        log = self._opened()
        if log is None:
            return START
        with closing(log):
            return head_of(log)

    def head_at(self, seq: int) -> Head | None:
        """Give what the head was when entry `seq` was the last one, if there is such an entry."""
        log = self._opened()
        if log is None:
            return None
        with closing(log):
            return head_at(log, seq)

    def stretches(self, *, since: Instant) -> list[Stretch]:
        """List the hours of reading that began from `since` on, oldest first."""
        log = self._opened()
        if log is None:
            return []
        with closing(log):
            return list(stretches(log, since=since))

    def verify(self) -> ReadsReport | None:
        """Check the log from its first entry. None: there is none, and none is remembered."""
        log = self._opened()
        if log is None:
            lost = tuple(self._faults_of_witness(None))
            if not lost:
                return None
            return ReadsReport(entries=0, reads=0, uncounted=0, head=START.hash, faults=lost)
        with closing(log):
            log.execute("BEGIN")  # one state of it, whatever is written meanwhile
            chain = list(entries(log))
            begun = sum(isinstance(entry, Begun) for _, entry in chain)
            counts = [entry.times for _, entry in chain if isinstance(entry, Counted)]
            faults = (
                *faults_of_file(log),
                *faults_of_chain(chain),
                *_faults_of_counts(chain),
                *self._faults_of_witness(log),
            )
            return ReadsReport(
                entries=len(chain),
                reads=sum(counts) + begun - len(counts),
                uncounted=begun - len(counts),
                head=head_of(log).hash,
                faults=faults,
            )

    def _faults_of_witness(self, log: sqlite3.Connection | None) -> Iterator[str]:
        try:
            remembered = Witness(self._witness).recall()
        except LedgerLost:
            yield f"{self._witness.name} cannot be read"
            return
        known = START if remembered is None else remembered.head
        if log is None and known != START:
            yield f"{self._path.name} is missing, and {known.seq} entries were made in it"
        elif log is not None and not holds(log, known):
            yield f"entry {known.seq}, which the people's rows remember, is not in it"

    def _opened(self) -> sqlite3.Connection | None:
        """Open the log, unless there is none, or it is so young that it has no tables."""
        if not self._path.exists():
            return None
        uri = f"{self._path.as_uri()}?mode=ro"
        log = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)
        try:
            version = version_of(log)
        except BaseException:
            log.close()
            raise
        if version:
            return log
        log.close()
        return None


def _faults_of_counts(chain: list[tuple[Head, Begun | Counted | Lost]]) -> Iterator[str]:
    begun: set[int] = set()
    for head, entry in chain:
        match entry:
            case Begun():
                begun.add(head.seq)
            case Counted(begun=of) if of not in begun:
                yield f"entry {head.seq} counts what did not begin"
            case Lost(lost_seq=seq):
                yield f"entry {seq} and what was around it was lost before entry {head.seq}"
            case _:
                pass
