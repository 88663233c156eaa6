"""How busy places are now, against what is usual: told only where it is hardly chance.

What is released are the people who arrive within ten minutes, at a large place or in an area of
small ones, with noise. Against the arrivals that the typical week expects, the last half hour tells
the ratio r of now to the usual: before anything is seen its logarithm is normal, and the counts are
normal around r times the expected, with the variance of chance, of noise and of what is expected.
A level is shown if it has 17 parts in 20 of what may be; else there is none, and a reason.

Only the first two arrivals of somebody's day are counted, so in the evening fewer are than came.
How many were out twice before is not known of anybody; it is expected as if everybody who shares
went out twice a day, by chance (Poisson 1837), at the hours at which the typical week has it.
"""

from collections.abc import Mapping, Sequence
from itertools import compress
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from hubbub.products.places.busyness import WEEK_HOURS, CityLive, LiveBusyness, LiveLevel
from hubbub.products.places.curves import Curves
from hubbub.products.places.declarations import LIVE, VISITS_A_DAY, WINDOW_S
from hubbub.products.places.typical import PublicPlaces
from hubbub.terms.places import PlaceId
from hubbub.terms.time import SECOND, Instant, moment

type Numbers = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.int64]

OLDEST_US: Final = 20 * 60 * SECOND
"""What ended longer ago says nothing about now."""
WINDOWS_READ: Final = 3
SURE: Final = 0.85
"""At four in five, one in ten of those that are shown would be wrong."""
QUIETER_BELOW: Final = 0.8
BUSIER_ABOVE: Final = 1.25
ALONE_FROM: Final = 24.0
"""Arrivals expected in a place's busiest hour, from which on it is a spot by itself."""
TOO_FEW: Final = 6.0
"""Arrivals expected in the half hour: of fewer, nothing can be told."""

OUT_A_DAY: Final = 2.0
"""Visits that somebody makes on a day, on average, when they share."""

_AREA_E6: Final = 4_500  # of latitude: half a kilometre
_WINDOW_US: Final = WINDOW_S * SECOND
_HOUR_WINDOWS: Final = 3600 // WINDOW_S
_RATIO_STRAYS: Final = 0.4
_COUNTED_STRAYS: Final = 0.15
_RATIOS: Final = np.exp(np.linspace(-2.0, 2.0, 201))
_LEVELS: Final[tuple[LiveLevel, ...]] = ("quieter", "usual", "busier")


class Spots(NamedTuple):
    """What is counted live: places by their numbers, and then areas."""

    of_number: Whole  # the spot of each place number; -1: it does not count yet
    total: int
    expected: Numbers  # (spots, 168) arrivals in an hour


class Window(NamedTuple):
    """What was released of ten minutes: people who arrived at each spot."""

    end: Instant
    people: Numbers


def spots_of(public: PublicPlaces, curves: Curves, *, known: int) -> Spots:
    """Make large places spots by themselves, and small ones those of their area.

    Only places whose number is below `known` count; others are nowhere (-1) until tomorrow.
    """
    counts = public.number < known
    cells = [
        (place.lat_e6 // _AREA_E6, round(place.lon_e6 * _cosine(place.lat_e6)) // _AREA_E6)
        for place in public.places
    ]
    area = {
        cell: known + nth for nth, cell in enumerate(sorted({*compress(cells, counts.tolist())}))
    }
    alone = curves.arrivals.max(axis=1, initial=0) >= ALONE_FROM
    shared = np.array([area.get(cell, -1) for cell in cells], dtype=np.int64)
    spot = np.where(counts, np.where(alone, public.number, shared), -1)
    of_number = np.full(len(public.numbers.ids), -1)
    of_number[public.number] = spot
    expected = np.zeros((known + len(area), WEEK_HOURS))
    np.add.at(expected, spot[counts], curves.arrivals[counts])
    return Spots(of_number, known + len(area), expected)


def counted_share(arrivals: Numbers) -> Numbers:
    """Give the share of each hour's arrivals that count live, to those that count in a week's sums.

    Of a Poisson number of a day's visits, one counts live if none or one was before it; in a week
    it weighs 1, or 2 / n of n.
    """
    days = arrivals.reshape(7, 24)
    before = np.cumsum(days, axis=1) - days / 2
    before *= OUT_A_DAY / np.maximum(days.sum(axis=1, keepdims=True), 1e-9)
    others = np.arange(30)
    weight = np.minimum(1, VISITS_A_DAY / (others + 1)) @ _poisson(OUT_A_DAY, others)
    return np.asarray((np.exp(-before) * (1 + before)).ravel() / weight)


def city_live(
    public: PublicPlaces,
    spots: Spots,
    windows: Sequence[Window],
    *,
    now: Instant,
) -> CityLive:
    """Tell how busy each place is now, from the newest windows."""
    newest = max((window.end for window in windows), default=Instant(0))
    windows = [each for each in windows if newest - each.end < WINDOWS_READ * _WINDOW_US]
    hours = [_week_hour(Instant(window.end - 1), public) for window in windows]
    told = np.sum([np.zeros(spots.total), *(window.people for window in windows)], axis=0)
    counted = counted_share(spots.expected.sum(axis=0))
    expected = (spots.expected * counted)[:, hours].sum(axis=1) / _HOUR_WINDOWS
    levels = [
        level_of(float(y), float(m), windows=len(windows))
        for y, m in zip(told, expected, strict=True)
    ]
    here = _week_hour(now, public)
    found: dict[PlaceId, LiveBusyness] = {}
    for nth, place in enumerate(public.places):
        number = int(public.number[nth])
        spot = int(spots.of_number[number])
        of: Literal["place", "area"] = "place" if spot == number else "area"
        if now - newest > OLDEST_US:
            found[place.id] = _none("nothing was released in the last 20 minutes", of=of)
        elif spot < 0:
            found[place.id] = _none("it is counted from tomorrow on", of=of)
        elif public.ground.is_open[nth, here] == 0:
            found[place.id] = _none("it is usually closed now", of=of)
        else:
            level, reason = levels[spot]
            found[place.id] = LiveBusyness(level=level, reason=reason, of=of)
    return CityLive(at=newest, places=MappingProxyType(found))


def posterior(told: float, expected: float, *, windows: int) -> Mapping[LiveLevel, float]:
    """Tell how likely each level is, of `told` arrivals where so many are `expected`."""
    mean = _RATIOS * expected
    variance = mean + windows * _NOISE + (mean * _COUNTED_STRAYS) ** 2
    likely = -0.5 * (max(told, 0.0) - mean) ** 2 / variance - 0.5 * np.log(variance)
    likely -= 0.5 * (np.log(_RATIOS) / _RATIO_STRAYS) ** 2
    weight = np.exp(likely - likely.max())
    weight /= weight.sum()
    quieter = float(weight[_RATIOS < QUIETER_BELOW].sum())
    busier = float(weight[_RATIOS > BUSIER_ABOVE].sum())
    return {"quieter": quieter, "usual": 1 - quieter - busier, "busier": busier}


def level_of(told: float, expected: float, *, windows: int) -> tuple[LiveLevel, str]:
    """Give the level that is hardly chance, or none and why."""
    if expected < TOO_FEW:
        return "none", "too few people who share come here at this hour"
    likely = posterior(told, expected, windows=windows)
    best = max(_LEVELS, key=lambda level: likely[level])
    return (best, "") if likely[best] >= SURE else ("none", "it cannot be told from chance")


def _poisson(mean: float, counts: Whole) -> Numbers:
    return np.asarray(poisson.pmf(counts, mean))


def _none(reason: str, *, of: Literal["place", "area"]) -> LiveBusyness:
    return LiveBusyness(level="none", reason=reason, of=of)


def _week_hour(at: Instant, public: PublicPlaces) -> int:
    shown = moment(at, public.zone)
    return shown.weekday() * 24 + shown.hour


def _cosine(lat_e6: int) -> float:
    return float(np.cos(np.radians(round(lat_e6 / 1e6))))


_NOISE: Final = (LIVE.noise.deviation / LIVE.cell_max) ** 2
"""The variance of the noise in a window's count of people."""
