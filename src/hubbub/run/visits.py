"""Visits, day by day: found in pings under gate 1, put down with their place, and held."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import CALENDAR, Block, calendar, day_number
from hubbub.deal.gate import Permitted, derive
from hubbub.products.places.attribution import Ground, attributed, ground_of, relations
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.usual import Floats
from hubbub.products.places.visits import visits_in
from hubbub.record.record import Record
from hubbub.record.visits_shelf import Stretch
from hubbub.terms.places import Place
from hubbub.terms.purposes import Places
from hubbub.terms.time import Instant

MADE_OF: Final = "rules 1"
"""Names the rules that visits are found by: others find those of a day anew."""

_PINGS_AT_ONCE: Final = 2_000_000  # what an engine has memory for
_EPOCH: Final = date(1970, 1, 1)


class Visits:
    """Makes the visits of local days from the pings of these days."""

    def __init__(
        self, record: Record, places: Sequence[Place], numbers: PlaceNumbers, *, zone: ZoneInfo
    ) -> None:
        """Look for visits to `places`, and tell them by their `numbers`."""
        self._record, self._zone = record, zone
        self._places = tuple(places)
        self._numbers = tuple(numbers.number(place.id) for place in places)
        self._ground = lru_cache(maxsize=2)(self._ground_of)

    def make(self, day: Block, expected: Floats | None = None) -> None:
        """Hold the visits of a local day that is closed, unless they are held.

        `expected`: how many arrive in each hour of a week at each place, by its number, as releases
        of the weeks before tell.
        """
        stretch = Stretch(day.since, day.until)
        if self._record.visits.made_of(stretch) != MADE_OF:
            found = self._found(day, until=day.until, expected=expected)
            self._record.visits.hold(found, stretch, made_of=MADE_OF)

    def of(self, day: Block, expected: Floats | None = None) -> Permitted[pa.Table, Places]:
        """Read the visits of a day that were made, as gate 1 reads them now.

        Where they have gone meanwhile, as after eight days, they are found anew, and not held.
        """
        rows = self._record.visits.read(Places, since=day.since, until=day.until)
        held = self._record.collect(rows)
        if self._record.visits.made_of(Stretch(day.since, day.until)) == MADE_OF:
            return held
        return self._found(day, until=day.until, expected=expected)

    def so_far(self, now: Instant, expected: Floats | None = None) -> Permitted[pa.Table, Places]:
        """Find the visits of the day of `now` so far. They are not held."""
        today = Block(days=(day_number(now, self._zone),), zone=self._zone)
        return self._found(today, until=now, expected=expected)

    def _found(
        self, day: Block, *, until: Instant, expected: Floats | None
    ) -> Permitted[pa.Table, Places]:
        (number,) = day.days
        weekday = (number + 3) % 7  # day 0, the first of 1970, was a Thursday
        if expected is not None:
            expected = expected[list(self._numbers)]
        public = relations(
            self._ground(number - weekday),
            expected,
            hours=range(24 * weekday, 24 * weekday + 24),
        )
        clock = {CALENDAR.get_name(): calendar(day.days, day.zone)}
        engine = self._record.engine({**public, **clock})
        parts = 1 + self._pings(day.since, until) // _PINGS_AT_ONCE

        def found(pings: ir.Table) -> pa.Table:
            """Look for the visits of some people after the other: nobody needs another's pings."""
            of_some = (pings.filter(pings.subject % parts == part) for part in range(parts))
            return pa.concat_tables([engine(attributed(visits_in(some))) for some in of_some])

        pings = self._record.read(Places, since=day.since, until=until, late=False)
        return derive(pings, found)

    def _pings(self, since: Instant, until: Instant) -> int:
        """Count the pings that rest of [since, until), and some around it."""
        files = self._record.files()
        return sum(file.rows for file in files if file.last >= since and file.first < until)

    def _ground_of(self, monday: int) -> Ground:
        first = _EPOCH + timedelta(days=monday)
        return ground_of(self._places, self._numbers, zone=self._zone, monday=first)
