"""The newest picture of traffic, made of what the ledger says was released."""

from collections.abc import Iterator
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

from hubbub.crowd.book import Stored
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import Released, recall
from hubbub.products.traffic.declarations import TYPICAL, Roads, windows_of
from hubbub.products.traffic.flow import LiveFlow
from hubbub.products.traffic.picture import LivePicture
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.time import SECOND, Clock, Instant

_PAST_US: Final = 8 * 86_400 * SECOND
"""The usual is learnt from so much of the past."""
_ANEW_US: Final = 15 * SECOND
"""A picture this old is made anew, since what is in it fades."""


class ReleasedWindows:
    """Puts a plan's released windows into a picture, in the order in which they were released."""

    def __init__(
        self,
        shelf: LedgerShelf,
        declaration: Declaration[LiveTraffic],
        roads: Roads,
        *,
        zone: ZoneInfo,
    ) -> None:
        self._shelf, self._name = shelf, declaration.name
        self._blocks = windows_of(declaration)
        self.picture = LivePicture(declaration, roads, zone=zone)
        self._seq = self._week_seq = 0

    def take(self, *, since: Instant) -> Iterator[tuple[Stored, Instant]]:
        """Add what was released and not taken yet, and give each with the end of its window."""
        for week in self._shelf.latest(TYPICAL.name, since=self._week_seq):
            self.picture.add_week(recall(self._shelf, week.release))
            self._week_seq = week.seq
        for stored in self._shelf.latest(self._name, since=self._seq, released_since=since):
            end = self._blocks.end_of(stored.block)
            self.picture.add(recall(self._shelf, stored.release), end=end)
            self._seq = stored.seq
            yield stored, end


class LiveView:
    """Traffic now, for whoever asks: the same answer until there is a newer one."""

    def __init__(self, windows: ReleasedWindows, *, shelf: LedgerShelf, clock: Clock) -> None:
        self._windows, self._shelf, self._clock = windows, shelf, clock
        self._lock = Lock()
        self._made: Released[LiveFlow] | None = None
        self._made_at = Instant(0)
        self._newest: Instant | None = None

    def now(self) -> Released[LiveFlow] | None:
        """Give the picture of now. None: nothing was released yet."""
        with self._lock:
            now = self._clock.now()
            if self._take(now) or now - self._made_at >= _ANEW_US:
                self._made, self._made_at = self._windows.picture.at(now), now
            return self._made

    def age_s(self) -> float | None:
        """Tell how old the newest released window is."""
        self.now()
        return None if self._newest is None else (self._clock.now() - self._newest) / SECOND

    def _take(self, now: Instant) -> bool:
        if not self._shelf.changed():
            return False
        ends = [end for _, end in self._windows.take(since=Instant(now - _PAST_US))]
        self._newest = max(ends, default=self._newest or Instant(0)) or None
        return bool(ends)
