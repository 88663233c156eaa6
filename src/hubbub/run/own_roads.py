"""Which roads a person's trips helped: worked out from their own rows when they ask, never kept."""

from functools import cached_property
from threading import Lock
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from hubbub.crowd.blocks import Days, day_number
from hubbub.crowd.declaration import Declaration
from hubbub.deal.own import Own, derive_own
from hubbub.outlet.sources import Busy
from hubbub.products.traffic.declarations import Roads
from hubbub.products.traffic.own import OwnWeek, own_week, passes_of
from hubbub.record.engine import Engine
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.roads.city import City
from hubbub.record.roads.matcher import ValhallaMatcher
from hubbub.terms.purposes import OWN, LiveTraffic, cell_bit
from hubbub.terms.time import SECOND, Instant

_BEFORE_US: Final = 3600 * SECOND
"""A trip that is under way when the week begins is followed from its start."""


_PATIENCE_S: Final = 2.0


class OwnRoads:
    """Follows one person's rows of this week, one person at a time."""

    def __init__(
        self, city: City, roads: Roads, shelf: LedgerShelf, *, declared: Declaration[LiveTraffic]
    ) -> None:
        self._city, self._roads, self._shelf = city, roads, shelf
        self._declared = declared
        self._engine = Engine(threads=1)
        self._lock = Lock()

    def week(self, theirs: Own[pa.Table], *, now: Instant) -> Own[OwnWeek]:
        """Tell what their stamped pings of the week of `now` were good for, or raise `Busy`."""
        if not self._lock.acquire(timeout=_PATIENCE_S):
            raise Busy
        try:
            return derive_own(theirs, lambda pings: self._week(pings, now))
        finally:
            self._lock.release()

    def _week(self, pings: pa.Table, now: Instant) -> OwnWeek:
        week = Days(days=7).block(day_number(now, self._city.zone), self._city.zone)
        bit = cell_bit(LiveTraffic, OWN)
        agreed = pc.not_equal(pc.bit_wise_and(pings["may"], bit), 0)
        lately = pc.greater_equal(pings["at"], week.since - _BEFORE_US)
        passes = passes_of(pings.filter(pc.and_(agreed, lately)), self._matcher, now=now)
        return own_week(
            passes,
            self._declared,
            week=week,
            roads=self._roads,
            released=self._shelf.blocks(self._declared.name, released_since=week.since),
            engine=self._engine.run,
        )

    @cached_property
    def _matcher(self) -> ValhallaMatcher:
        return self._city.matcher()
