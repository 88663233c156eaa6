"""The numbers of a city's places: what releases count by, the same whatever becomes of the map.

A place gets a number when it is first heard of, and keeps it. One that is gone keeps its own as
well, so that what was released of past weeks adds up over every rebuild.
"""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from typing import Self

import msgspec

from hubbub.terms.places import PlaceId
from hubbub.terms.time import Instant


class PlaceNumbers(msgspec.Struct, frozen=True, dict=True):
    """Ids of places, each at its number, and since when it has had it. It only grows."""

    ids: tuple[PlaceId, ...] = ()
    since: tuple[Instant, ...] = ()

    def with_new(self, ids: Iterable[PlaceId], *, at: Instant) -> Self:
        """Give the next numbers to those that have none. The first list holds since ever."""
        new = sorted({*ids} - {*self.ids})
        since = max(at, *self.since[-1:]) if self.ids else Instant(0)
        return type(self)((*self.ids, *new), (*self.since, *[since] * len(new)))

    def number(self, place: PlaceId) -> int:
        """Give a place's number; -1: it has none."""
        return self._numbers.get(place, -1)

    def known_at(self, at: Instant) -> int:
        """Count the numbers that were given before `at`: all that are below it."""
        return bisect_left(self.since, at)

    @cached_property
    def _numbers(self) -> dict[PlaceId, int]:
        return {place: number for number, place in enumerate(self.ids)}
