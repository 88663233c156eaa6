"""The log of reads: who reads people's rows, and what for, is chained before they are handed out.

Several processes write it, each its own hours. If it cannot be written, nothing is read.
"""

import secrets
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from hubbub.deal.reads import HOUR, Read, Reader, What
from hubbub.record.chain import START, head_of, holds, make_tables
from hubbub.record.ledger_witness import LedgerLost, Place, Remembered, Witness
from hubbub.record.reads_tables import TABLES, VERSION, Begun, Counted, Lost, append, version_of
from hubbub.terms.errors import Refused
from hubbub.terms.time import Clock, Instant

_SALT_BYTES: Final = 16
_PATIENCE_S: Final = 30


class NotLogged(Refused):
    """The log of reads cannot be written, so nothing is read. Look at the disk."""


@dataclass(slots=True)
class _Hour:
    """What one reader has read in an hour that is not over."""

    hour: int
    begun: int
    last_at: int
    times: int
    since: int
    until: int
    dead: str
    dead_lists: int

    def add(self, read: Read, *, at: Instant) -> None:
        since, until = _to_the_hour(read)
        self.since, self.until = min(self.since, since), max(self.until, until)
        self.last_at, self.times = at, self.times + 1
        self.dead_lists += self.dead != read.dead
        self.dead = read.dead


class ReadsLog:
    """Writes the log of reads of one process. The file is made with the first read."""

    def __init__(self, path: Path, *, witness: Path, clock: Clock) -> None:
        """Write to the file at `path`; the file `witness`, beside the rows, remembers its head."""
        self._path, self._witness, self._clock = path, witness, clock
        self._hours: dict[tuple[What, Reader], _Hour] = {}
        self._lock = Lock()

    def note(self, read: Read) -> None:
        """Count `read` in its hour; the first of an hour is on disk before this returns."""
        now = self._clock.now()
        key = (read.what, read.reader)
        with self._lock:
            known = self._hours.get(key)
            if known is not None and known.hour == now // HOUR:
                known.add(read, at=now)
                return
            over = [each for each in self._hours if self._hours[each].hour != now // HOUR]
            with self._appending() as log:
                self._count(log, over, at=now)
                self._hours[key] = _begin(log, read, at=now)

    def close(self) -> None:
        """Chain what is counted so far; what is read later begins anew."""
        with self._lock:
            if self._hours:
                with self._appending() as log:
                    self._count(log, [*self._hours], at=self._clock.now())

    def _count(
        self, log: sqlite3.Connection, over: list[tuple[What, Reader]], *, at: Instant
    ) -> None:
        for key in over:
            hour = self._hours[key]
            counted = Counted(
                at=at,
                salt=_salt(),
                begun=hour.begun,
                last_at=hour.last_at,
                times=hour.times,
                since=hour.since,
                until=hour.until,
                dead=hour.dead,
                dead_lists=hour.dead_lists,
            )
            append(log, counted)
            del self._hours[key]

    @contextmanager
    def _appending(self) -> Generator[sqlite3.Connection]:
        """Append in one go: on disk when it ends well, without a trace when it does not."""
        try:
            with closing(_opened(self._path)) as log, closing(Witness(self._witness)) as witness:
                log.execute("BEGIN IMMEDIATE")
                if not version_of(log):
                    make_tables(log, TABLES, version=VERSION)
                self._tell_what_is_lost(log, witness)
                yield log
                head = head_of(log)
                log.execute("COMMIT")
                witness.remember(Remembered(head=head, place=Place.of(self._path)))
        except (OSError, sqlite3.Error) as error:
            raise NotLogged(f"{self._path.name}: {error}; so nothing is read") from None

    def _tell_what_is_lost(self, log: sqlite3.Connection, witness: Witness) -> None:
        try:
            remembered = witness.recall()
        except LedgerLost:
            raise NotLogged(f"{self._witness.name} cannot be read: put it back") from None
        known = START if remembered is None else remembered.head
        if not holds(log, known):
            at = self._clock.now()
            append(log, Lost(at=at, salt=_salt(), lost_seq=known.seq, lost_hash=known.hash))


def _begin(log: sqlite3.Connection, read: Read, *, at: Instant) -> _Hour:
    of, purpose, recipient = read.reader
    since, until = _to_the_hour(read)
    begun = Begun(
        at=at,
        salt=_salt(),
        what=read.what,
        of=of,
        purpose=purpose,
        recipient=recipient,
        since=since,
        until=until,
        dead=read.dead,
    )
    return _Hour(
        hour=at // HOUR,
        begun=append(log, begun).seq,
        last_at=at,
        times=1,
        since=since,
        until=until,
        dead=read.dead,
        dead_lists=1,
    )


def _to_the_hour(read: Read) -> tuple[int, int]:
    """Widen the span to whole hours: the moment of a row is somebody's."""
    return read.since // HOUR * HOUR, -(-read.until // HOUR) * HOUR


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            log.execute(f"PRAGMA {pragma}")
    except BaseException:
        log.close()
        raise
    return log


def _salt() -> str:
    return secrets.token_hex(_SALT_BYTES)
