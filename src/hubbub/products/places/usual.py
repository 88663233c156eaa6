"""What is usual for a category, where nobody tells better: hours, stays, how many come.

Rough figures that anybody may know, from no data about people. What is made of them says so.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from hubbub.products.places.hours import Hours, Readable, read_hours, site_of, spans
from hubbub.terms.places import Place, PlaceCategory
from hubbub.terms.time import Instant, instant

HOURS: Final = 168
"""Hours of a typical week, from Monday 0:00 on."""

type Floats = npt.NDArray[np.float64]


class Usual(NamedTuple):
    """A category's usual week, in hours of opening, and its usual stay."""

    weekday: tuple[int, int]
    saturday: tuple[int, int]  # beyond 24: after midnight
    sunday: tuple[int, int]
    stay_min: float  # at the median
    spread: float  # of its logarithm
    drawn: float  # how many come to one, where one comes to a shop


USUAL: Final[Mapping[PlaceCategory, Usual]] = MappingProxyType({
    PlaceCategory.RESTAURANT: Usual((11, 22), (12, 23), (12, 21), 60, 0.5, 1.3),
    PlaceCategory.FAST_FOOD: Usual((10, 22), (11, 24), (11, 22), 20, 0.6, 1.5),
    PlaceCategory.CAFE: Usual((8, 18), (9, 18), (10, 17), 35, 0.6, 1.2),
    PlaceCategory.BAR: Usual((15, 25), (14, 27), (14, 25), 90, 0.6, 1),
    PlaceCategory.GROCERIES: Usual((8, 21), (8, 21), (10, 20), 18, 0.6, 3),
    PlaceCategory.SHOP: Usual((10, 19), (10, 18), (12, 17), 18, 0.7, 1),
    PlaceCategory.SERVICE: Usual((9, 18), (10, 16), (0, 0), 35, 0.7, 0.6),
    PlaceCategory.PHARMACY: Usual((8, 20), (9, 18), (12, 18), 9, 0.6, 1.5),
    PlaceCategory.HEALTH: Usual((8, 17), (0, 0), (0, 0), 45, 0.6, 0.7),
    PlaceCategory.CULTURE: Usual((10, 21), (10, 21), (10, 20), 90, 0.6, 1),
    PlaceCategory.SPORT: Usual((7, 22), (9, 20), (9, 20), 70, 0.5, 1),
    PlaceCategory.PARK: Usual((6, 22), (6, 22), (6, 22), 35, 0.8, 1),
    PlaceCategory.HOTEL: Usual((0, 24), (0, 24), (0, 24), 40, 1.0, 0.5),
    PlaceCategory.WORSHIP: Usual((9, 19), (9, 19), (9, 19), 50, 0.6, 0.4),
    PlaceCategory.EDUCATION: Usual((8, 18), (0, 0), (0, 0), 90, 0.7, 0.5),
    PlaceCategory.PUBLIC: Usual((9, 17), (10, 15), (0, 0), 35, 0.7, 0.7),
    PlaceCategory.TRANSPORT: Usual((5, 24), (5, 24), (5, 24), 10, 0.6, 1),
    PlaceCategory.OFFICE: Usual((8, 17), (0, 0), (0, 0), 60, 0.7, 0.15),
})  # fmt: skip


def usual_shares(category: PlaceCategory) -> Floats:
    """Tell which hours of a week places of a category are usually open in: 1 open, 0 closed."""
    usual = USUAL[category]
    shares = np.zeros(HOURS)
    for day, (opens, closes) in enumerate([*[usual.weekday] * 5, usual.saturday, usual.sunday]):
        shares[np.arange(24 * day + opens, 24 * day + closes) % HOURS] = 1
    return shares


def usual_arrivals(category: PlaceCategory) -> Floats:
    """Tell how the arrivals of a week are usually spread over its hours: shares of all.

    All that it knows is when places are open, and that few come in the last hour.
    """
    shares = usual_shares(category)
    arrivals = shares * np.where(np.roll(shares, -1) > 0, 1, 0.3)
    spread: Floats = arrivals / arrivals.sum()
    return spread


def told_shares(hours: Hours, monday: date, zone: ZoneInfo) -> Floats | None:
    """Tell how much of each hour of the week of `monday` a place is open, by its own hours.

    None where they are not told, cannot be read, or leave a part of that week unsure. An hour that
    the clocks leave out is closed; one that they show twice is one.
    """
    if not isinstance(hours, Readable):
        return None
    noon = instant(datetime.combine(monday - timedelta(days=1), time(12), zone))
    begins = np.array([instant(each) for each in _hours_of(monday, zone)], np.int64)
    lasts = np.diff(begins)
    covered = np.zeros(HOURS)
    for span in spans(hours, noon, Instant(int(begins[-1]))):
        if span.openness == "unsure" and span.until > begins[0]:
            return None
        if span.openness == "open":
            part = np.minimum(begins[1:], span.until) - np.maximum(begins[:-1], span.since)
            covered += np.maximum(part, 0)
    return np.divide(covered, lasts, out=np.zeros(HOURS), where=lasts > 0)


def _hours_of(monday: date, zone: ZoneInfo) -> Iterator[datetime]:
    """List when the hours of a week begin, and when the last one ends, on the clocks of `zone`."""
    for hour in range(HOURS + 1):
        yield datetime.combine(monday + timedelta(days=hour // 24), time(hour % 24), zone)


def open_shares(place: Place, zone: ZoneInfo, monday: date) -> tuple[Floats, bool]:
    """Tell how much of each hour a place is open, and whether it tells so itself."""
    told = told_shares(read_hours(place.hours_told, site_of(place, zone)), monday, zone)
    return (usual_shares(place.category), False) if told is None else (told, True)
