"""What places share, of whom, and how it is hidden: four tables of a week, one of now.

A visit is counted once, in the hour it begins, and with its day's others it weighs two whole ones
at most: who goes out four times has half a voice at each place. Nobody's visits are picked, so that
no place or hour comes first. The week's four tables cost epsilon 1 of a day together.

Where a place is a key, it is by its number (`numbers`), so a release means the same for ever. A
hour is one of 168 on the clocks there: where they are put back, it is counted twice as long, and
where they are put forward, one is counted in no row. Readers know which weeks those were.
"""

from functools import cached_property, partial
from typing import Any, Final

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import CALENDAR, QUARTER_US, Days, Newest, Windows
from hubbub.crowd.bounds import OneNorm, SumPlan, Unit, bin_of
from hubbub.crowd.declaration import Declaration, Floor
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G
from hubbub.crowd.measure import Events, Histogram, Presence
from hubbub.products.places.busyness import WEEK_HOURS
from hubbub.terms.catalogue import VISITS
from hubbub.terms.places import PlaceCategory
from hubbub.terms.purposes import Places
from hubbub.terms.time import SECOND

type Whole = npt.NDArray[np.int32]

WEEKS_MAX: Final = 8
"""So many weeks are read together, the newest."""
VISITS_A_DAY: Final = 2
WINDOW_S: Final = 600

CATEGORIES: Final = tuple(PlaceCategory)
"""The category of each number. A number, once given, never means another one: add at the end."""
STAY_EDGES_MIN: Final = (8, 12, 17, 24, 33, 46, 64, 90, 126)
"""Stays are counted in ten bins, each two fifths longer than the one before it."""

PLACES_MAX: Final = 1 << 23
"""Numbers beyond have no keys of 32 bits."""

_MINUTE_US: Final = 60 * SECOND

PLACE_HOURS: Final[ir.Table] = ibis.table({"key": "int32"}, name="place_hours")
"""Each place in each hour of the week."""
PLACES: Final[ir.Table] = ibis.table({"key": "int32"}, name="places")
CATEGORY_HOURS: Final[ir.Table] = ibis.table({"key": "int32"}, name="category_hours")
CATEGORY_KEYS: Final[ir.Table] = ibis.table({"key": "int32"}, name="categories")
LIVE_KEYS: Final[ir.Table] = ibis.table({"key": "int32"}, name="spots")
"""Places, and then areas: a visit counts for its place if that is large, or else for its area."""
KNOWN: Final[ir.Table] = ibis.table(
    {"place": "int32", "category": "int32", "spot": "int32"}, name="known_places"
)
"""What is public of each place: its category, and for what it counts live."""


class CountedPlaces:
    """What is public of the places that are counted, in the order of their numbers."""

    def __init__(
        self,
        categories: npt.ArrayLike,
        spots: npt.ArrayLike | None = None,
        *,
        spot_count: int | None = None,
    ) -> None:
        """Take the category of each place, and the spot that it counts for live: itself, or one."""
        self.count = len(np.asarray(categories))
        self._spots = self.count if spot_count is None else spot_count
        place = _numbers(self.count)
        known = {"place": place, "category": categories, "spot": place if spots is None else spots}
        self._known = {
            KNOWN.get_name(): pa.table(
                {name: np.asarray(column, np.int32) for name, column in known.items()}
            )
        }

    def keys_of(self, declaration: Declaration[Any]) -> PublicKeys:
        """Give the public keys that a declaration of places is about."""
        return self._keys[declaration.keys.get_name()]

    @cached_property
    def _keys(self) -> dict[str, PublicKeys]:
        counts = {
            PLACE_HOURS: self.count * WEEK_HOURS,
            PLACES: self.count,
            CATEGORY_HOURS: len(CATEGORIES) * WEEK_HOURS,
            CATEGORY_KEYS: len(CATEGORIES),
            LIVE_KEYS: self._spots,
        }
        return {
            keys.get_name(): PublicKeys(pa.table({"key": _numbers(count)}), beside=self._known)
            for keys, count in counts.items()
        }


def _timed() -> ir.Table:
    timed = VISITS.mutate(quarter=VISITS.at // QUARTER_US).join(CALENDAR, "quarter")
    return timed.mutate(week_hour=timed.weekday * 24 + timed.hour)


def _by_place_hour() -> ir.Table:
    timed = _timed()
    timed = timed.filter(timed.place.between(0, PLACES_MAX))
    key = timed.place * WEEK_HOURS + timed.week_hour
    return timed.select("subject", "at", key=key.cast("int32"))


def _by_category_hour() -> ir.Table:
    timed = _timed().join(KNOWN, "place")
    key = timed.category * WEEK_HOURS + timed.week_hour
    return timed.select("subject", "at", key=key.cast("int32"))


def _by_stay() -> ir.Table:
    visits = VISITS.join(KNOWN, "place")
    stay_min = (visits.until - visits.at) // _MINUTE_US
    return visits.select(
        "subject", "at", key="category", bin=bin_of(stay_min, edges=STAY_EDGES_MIN)
    )


def _by_spot() -> ir.Table:
    return VISITS.join(KNOWN, "place").select("subject", "at", key="spot")


_ARRIVALS: Final = Events(counted="visits")
_FLOOR: Final = Floor(people=10, luck=0.01)

_weekly = partial(
    Declaration,
    purpose=Places,
    unit=Unit.PERSON_DAY,
    delta=0,
    blocks=Days(days=7),
    floor=_FLOOR,
    combination=Newest(blocks=WEEKS_MAX),
)

HOURS: Final = _weekly(
    name="places.hours",
    question=_by_place_hour(),
    keys=PLACE_HOURS,
    key_word="place",
    measure=_ARRIVALS,
    bound=OneNorm(whole_max=VISITS_A_DAY),
    noise=DiscreteLaplace(scale=4 * G),
    epsilon=0.5,
)
"""Arrivals at each place in each hour of a week."""

TOTALS: Final = _weekly(
    name="places.totals",
    question=VISITS.select("subject", "at", key="place"),
    keys=PLACES,
    key_word="place",
    measure=_ARRIVALS,
    bound=OneNorm(whole_max=VISITS_A_DAY),
    noise=DiscreteLaplace(scale=10 * G),
    epsilon=0.2,
)
"""Arrivals at each place in a week."""

BY_CATEGORY: Final = _weekly(
    name="places.categories",
    question=_by_category_hour(),
    keys=CATEGORY_HOURS,
    key_word="kind of place",
    measure=_ARRIVALS,
    bound=OneNorm(whole_max=VISITS_A_DAY),
    noise=DiscreteLaplace(scale=10 * G),
    epsilon=0.2,
)
"""Arrivals at all places of a category in each hour of a week."""

STAYS: Final = _weekly(
    name="places.stays",
    question=_by_stay(),
    keys=CATEGORY_KEYS,
    key_word="kind of place",
    measure=Histogram(value="length of stays", edges=STAY_EDGES_MIN),
    bound=OneNorm(),
    noise=DiscreteLaplace(scale=10 * G),
    epsilon=0.1,
)
"""How long people stay at places of a category: all stays of a day weigh one whole."""

LIVE: Final = Declaration(
    name="places.live",
    purpose=Places,
    question=_by_spot(),
    keys=LIVE_KEYS,
    key_word="spot",
    unit=Unit.PERSON_DAY,
    measure=Presence(counted="people who arrive"),
    bound=SumPlan(windows_max=VISITS_A_DAY, keys_max=1),
    noise=DiscreteLaplace(scale=G),
    epsilon=1,
    delta=0,
    blocks=Windows(length_s=WINDOW_S, groups=1),
    floor=_FLOOR,
    combination=Newest(blocks=6),
)
"""People who arrive within ten minutes: of each, two arrivals a day."""

WEEKLY: Final = (HOURS, TOTALS, BY_CATEGORY, STAYS)


def _numbers(count: int) -> Whole:
    return np.arange(count, dtype=np.int32)
