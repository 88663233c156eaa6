"""How places of each category are used in the simulated city: made up, and no estimate."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hubbub.terms.places import PlaceCategory

HOURS: Final = 168
"""Hours of a week, from Monday 0:00 on."""

_EVEN: Final = (1.0,) * 7
_LATE_WEEK: Final = (0.9, 0.9, 1, 1.05, 1.4, 1.3, 0.8)
_OFFICES: Final = (1, 1, 1, 1, 0.9, 0.15, 0.1)


class Kind(NamedTuple):
    """How places of a category are used: hours of the day, for peaks as (hour, width, height)."""

    stay_min: float
    spread: float
    size: float
    share: float  # of all places, in towns that are made up
    weekday: tuple[tuple[float, float, float], ...]
    weekend: tuple[tuple[float, float, float], ...]
    days: tuple[float, ...]
    hours: tuple[tuple[int, int], tuple[int, int]]

    def week(self) -> npt.NDArray[np.float64]:
        """Give the 168 hours; what is open beyond midnight belongs to the day before."""
        week = np.zeros(HOURS)
        for day in range(7):
            peaks = self.weekend if day > 4 else self.weekday
            for hour in range(*self.hours[day > 4]):
                from_peaks = ((hour + 0.5 - at, wide, high) for at, wide, high in peaks)
                wish = sum(
                    high * np.exp(-((off / wide) ** 2) / 2) for off, wide, high in from_peaks
                )
                week[(24 * day + hour) % HOURS] += self.days[day] * (wish + 0.02)
        return week


KINDS: Final[Mapping[PlaceCategory, Kind]] = MappingProxyType({
    PlaceCategory.RESTAURANT: Kind(
        50, 0.45, 1.3, 0.15, ((12, 1, 1.2), (18, 1.6, 1)), ((13, 1.8, 0.7), (19, 2, 1)),
        _LATE_WEEK, ((11, 22), (11, 22))),
    PlaceCategory.FAST_FOOD: Kind(
        22, 0.5, 1.4, 0.04, ((12, 1, 1.2), (17, 2, 0.8)), ((14, 2.5, 1), (21, 2.5, 0.7)),
        (0.9, 0.9, 0.9, 1, 1.3, 1.4, 1), ((10, 23), (11, 26))),
    PlaceCategory.CAFE: Kind(
        28, 0.6, 1, 0.08, ((9, 1.5, 1), (14, 2.2, 0.9)), ((12, 2.5, 1),),
        (1, 1, 1, 1, 1.1, 1.2, 0.9), ((7, 18), (9, 18))),
    PlaceCategory.BAR: Kind(
        100, 0.5, 0.9, 0.07, ((21.5, 2.2, 1),), ((22.5, 2.4, 1.6),),
        (0.4, 0.5, 0.7, 1, 2, 2.2, 0.6), ((16, 24), (16, 27))),
    PlaceCategory.GROCERIES: Kind(
        18, 0.6, 3, 0.1, ((11, 2.5, 0.35), (17, 1.7, 1)), ((14, 3, 1),),
        (1, 1, 1, 1.1, 1.3, 1.1, 0.8), ((8, 21), (10, 20))),
    PlaceCategory.SHOP: Kind(
        20, 0.7, 0.8, 0.3, ((12, 2, 0.6), (16, 2, 1)), ((14.5, 2.2, 1.3),),
        (0.9, 0.9, 1, 1, 1.2, 1.5, 0.7), ((10, 19), (10, 18))),
    PlaceCategory.SERVICE: Kind(
        40, 0.6, 0.5, 0.1, ((11, 2, 1), (15.5, 2, 1)), ((13, 2, 0.6),),
        (1, 1, 1, 1, 1.2, 0.8, 0.2), ((9, 18), (10, 16))),
    PlaceCategory.PHARMACY: Kind(
        10, 0.5, 1, 0.02, ((11, 2, 0.7), (16.5, 2, 1)), ((13, 2.5, 0.7),),
        (1.1, 1, 1, 1, 1.1, 0.8, 0.5), ((8, 20), (10, 18))),
    PlaceCategory.HEALTH: Kind(
        45, 0.5, 0.6, 0.03, ((10, 1.8, 1), (14, 1.8, 0.9)), ((11, 2, 0.2),),
        (1.2, 1.1, 1, 1, 0.9, 0.1, 0.05), ((8, 18), (9, 14))),
    PlaceCategory.CULTURE: Kind(
        95, 0.4, 1.1, 0.02, ((13, 2.5, 0.6), (18.5, 1.3, 1)), ((14, 2.5, 1.1), (18.5, 1.5, 1)),
        (0.3, 0.8, 0.9, 1, 1.2, 1.6, 1.3), ((10, 22), (10, 22))),
    PlaceCategory.SPORT: Kind(
        65, 0.35, 0.8, 0.04, ((7, 1, 0.6), (18, 1.6, 1)), ((12, 2.5, 1),),
        (1.2, 1.2, 1.1, 1, 0.8, 0.7, 0.8), ((6, 22), (8, 20))),
    PlaceCategory.PARK: Kind(
        35, 0.6, 0.8, 0.01, ((12, 2, 0.6), (17, 2.5, 1)), ((14, 3, 1.4),),
        (0.8, 0.8, 0.9, 0.9, 1, 1.4, 1.3), ((6, 22), (6, 22))),
    PlaceCategory.HOTEL: Kind(
        25, 0.6, 0.3, 0.01, ((9, 1.5, 0.7), (16, 2.5, 1)), ((10, 1.5, 0.8), (16, 2.5, 1)),
        _EVEN, ((0, 24), (0, 24))),
    PlaceCategory.WORSHIP: Kind(
        60, 0.3, 0.6, 0.005, ((12, 2, 0.4), (18, 1, 0.5)), ((10.5, 0.8, 2),),
        (0.3, 0.3, 0.4, 0.3, 0.4, 0.5, 3), ((9, 20), (9, 18))),
    PlaceCategory.EDUCATION: Kind(
        75, 0.4, 0.3, 0.005, ((10, 2, 1), (14, 2, 0.8)), ((12, 2, 0.1),),
        _OFFICES, ((8, 20), (10, 16))),
    PlaceCategory.PUBLIC: Kind(
        40, 0.6, 0.6, 0.01, ((11, 2, 1), (15, 2, 0.9)), ((13, 2, 0.6),),
        (1, 1, 1, 1, 0.9, 0.5, 0.2), ((9, 18), (10, 16))),
    PlaceCategory.TRANSPORT: Kind(
        9, 0.5, 0.6, 0.005, ((8, 1.2, 1), (17, 1.5, 1)), ((14, 3, 0.7),),
        (1, 1, 1, 1, 1.1, 0.9, 0.8), ((5, 24), (6, 24))),
    PlaceCategory.OFFICE: Kind(
        50, 0.5, 0.08, 0.005, ((10, 1.5, 1), (14, 1.5, 1)), ((12, 2, 0.05),),
        _OFFICES, ((8, 17), (10, 15))),
})  # fmt: skip
