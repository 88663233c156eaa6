"""The typical week of a city's places, made of released weeks and of what is public.

A local day that was a public holiday is no ordinary one: its hours are left out of the sums, so
that it does not bend the week. Where every week had a holiday on that day, what is usual stands for
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from statistics import median
from types import MappingProxyType
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.crowd.blocks import Block, calendar, day_name
from hubbub.crowd.laws import G
from hubbub.products.places.busyness import WEEK_HOURS, CityBusyness, Evidence, PlaceBusyness
from hubbub.products.places.curves import Curves, Ground, Told, estimate
from hubbub.products.places.declarations import BY_CATEGORY, CATEGORIES, HOURS, STAYS, TOTALS
from hubbub.products.places.hours import Site, public_holidays
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.stays import (
    filled_hours,
    lognormal_shares,
    middle_half_min,
    stay_shares,
)
from hubbub.products.places.usual import USUAL, open_shares, usual_arrivals
from hubbub.terms.places import Place

type Numbers = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.int64]

OWN_FROM: Final = 0.5
BLEND_FROM: Final = 0.1
"""Of how a place differs from its kind, so much is told by its own visits."""
BEST_MAX: Final = 3
BEST_HOURS: Final = 2

_AT_ODD_HOURS: Final = 0.2
_QUARTERS: Final = 4
_AHEAD: Final = 10
_EPOCH: Final = date(1970, 1, 1)
NO_MONDAY: Final = _EPOCH
"""Stands for the plain week before there is a released one to look near."""


class WeekTables(NamedTuple):
    """What was released of one week."""

    block: Block
    hours: pa.Table
    totals: pa.Table
    categories: pa.Table
    stays: pa.Table


@dataclass(frozen=True, kw_only=True)
class PublicPlaces:
    """The places of a city as they are today, each with its number; `monday` is of a plain week."""

    places: Sequence[Place]
    numbers: PlaceNumbers
    zone: ZoneInfo
    monday: date

    @cached_property
    def number(self) -> Whole:
        """Give the number of each place."""
        return np.array([self.numbers.number(place.id) for place in self.places], dtype=np.int64)

    @cached_property
    def category(self) -> Whole:
        """Give the number of each place's category."""
        return np.array([CATEGORIES.index(place.category) for place in self.places], dtype=np.int64)

    @cached_property
    def ground(self) -> Ground:
        """Give what is public of them, as the estimate wants it."""
        is_open = np.stack([shares for shares, _ in self._open]) if self.places else _no_rows()
        return Ground(self.category, is_open, usual_weeks())

    @cached_property
    def tells_hours(self) -> tuple[bool, ...]:
        """Tell which places tell their own opening hours."""
        return tuple(told for _, told in self._open)

    @cached_property
    def _open(self) -> list[tuple[Numbers, bool]]:
        return [open_shares(place, self.zone, self.monday) for place in self.places]

    def holidays(self, block: Block) -> frozenset[date]:
        """Tell which days of a week are public holidays there, as far as that is known."""
        if not self.places:
            return frozenset()
        lat, lon = (median(p.lat_e6 for p in self.places), median(p.lon_e6 for p in self.places))
        first = _date(block.days[0])
        found = public_holidays(Site(lat / 1e6, lon / 1e6, self.zone), first, days=len(block.days))
        return found or frozenset()


def usual_weeks() -> Numbers:
    """Tell what is usual for each category: some come in every hour, for some place may be open."""
    usual = np.stack([usual_arrivals(category) for category in CATEGORIES])
    return np.asarray(np.maximum(usual, _AT_ODD_HOURS * usual.max(axis=1, keepdims=True)))


def plain_monday(near: PublicPlaces, block: Block) -> date:
    """Find a Monday, near a week, whose own week has no holiday and no change of the clocks."""
    first = _date(block.days[0])
    for weeks in range(_AHEAD):
        days = tuple(day + 7 * weeks for day in block.days)
        week = Block(days=days, zone=block.zone)
        if not near.holidays(week) and (_lasted(week) == 1).all():
            return first + timedelta(weeks=weeks)
    return first


def typical_week(public: PublicPlaces, weeks: Sequence[WeekTables]) -> tuple[Curves, Numbers]:
    """Estimate the typical week of each place, and each category's shares of stays."""
    usual = np.stack([lognormal_shares(USUAL[c].stay_min, USUAL[c].spread) for c in CATEGORIES])
    counted = sum(_counts(week.stays).reshape(len(CATEGORIES), -1) for week in weeks)
    stays = stay_shares(np.asarray(counted), draws=len(weeks), usual=usual)
    return estimate(public.ground, _told(public, weeks, filled=filled_hours(stays))), stays


def city_busyness(
    public: PublicPlaces, weeks: Sequence[WeekTables], *, curves: Curves, stays: Numbers
) -> CityBusyness:
    """Tell how busy each place of a city is in an ordinary week, as estimated."""
    halves = [middle_half_min(shares) for shares in stays]
    totals, of = _totals(public, weeks)
    told = totals / of
    found = {
        place.id: _busyness(
            public, curves, nth, weeks=len(weeks), stay_min=halves[kind], visits=float(told[nth])
        )
        for nth, (place, kind) in enumerate(zip(public.places, public.category, strict=True))
    }
    return CityBusyness(
        at=max(week.block.until for week in weeks),
        weeks=len(weeks),
        places=MappingProxyType(found),
    )


def arrivals_by_number(public: PublicPlaces, curves: Curves) -> Numbers:
    """Give the arrivals that are expected in each hour, a row for each number that was given."""
    rows = np.zeros((len(public.numbers.ids), WEEK_HOURS))
    rows[public.number] = curves.arrivals
    return rows


def categories_by_number(public: PublicPlaces) -> Whole:
    """Give the category of each number that was given; -1: its place is gone."""
    category = np.full(len(public.numbers.ids), -1)
    category[public.number] = public.category
    return category


def _busyness(
    public: PublicPlaces,
    curves: Curves,
    nth: int,
    *,
    weeks: int,
    stay_min: tuple[int, int],
    visits: float,
) -> PlaceBusyness:
    evidence = _evidence(float(curves.told[nth]))
    is_open = public.ground.is_open[nth]
    low, high = np.floor(curves.low[nth]), np.ceil(curves.high[nth])
    percent = np.clip(np.rint(curves.percent[nth]), low, high)
    return PlaceBusyness(
        place=public.places[nth].id,
        percent=_octets(percent),
        low=_octets(low),
        high=_octets(high),
        closed=tuple((is_open == 0).tolist()),
        hours="own" if public.tells_hours[nth] else "category",
        evidence=evidence,
        weeks=weeks,
        stay_min=stay_min,
        best=() if evidence == "category" else best_times(high, is_open),
        shared_visits_week=visits,
    )


def _evidence(told: float) -> Evidence:
    if told >= OWN_FROM:
        return "own"
    return "blend" if told >= BLEND_FROM else "category"


def best_times(high: Numbers, is_open: Numbers) -> tuple[tuple[int, int, int], ...]:
    """List when it is surely quiet while it is open: two hours of a day each, the best first.

    It goes by the upper end of the band: where little is known, nothing is called quiet.
    """
    found = []
    for weekday in range(7):
        day = slice(24 * weekday, 24 * weekday + 24)
        there, busy = is_open[day] == 1, high[day]
        starts = [h for h in range(25 - BEST_HOURS) if there[h : h + BEST_HOURS].all()]
        if starts:
            best = min(starts, key=lambda h: busy[h : h + BEST_HOURS].sum())
            found.append((float(busy[best : best + BEST_HOURS].sum()), weekday, best))
    return tuple((weekday, h, h + BEST_HOURS) for _, weekday, h in sorted(found)[:BEST_MAX])


def _told(public: PublicPlaces, weeks: Sequence[WeekTables], *, filled: Numbers) -> Told:
    """Add the ordinary hours of all weeks up, for each place from when it had a number."""
    count = len(public.places)
    by_hour, lasted, draws = (np.zeros((count, WEEK_HOURS)) for _ in range(3))
    by_category = np.zeros((len(CATEGORIES), WEEK_HOURS))
    lasted_all, draws_all = np.zeros(WEEK_HOURS), np.zeros(WEEK_HOURS)
    for week in weeks:
        hours = _lasted(week.block) * _ordinary(public, week.block)
        counted = hours > 0
        table = _counts(week.hours).reshape(-1, WEEK_HOURS)
        known = np.flatnonzero(public.number < len(table))
        by_hour[known] += table[public.number[known]] * counted
        lasted[known] += hours
        draws[known] += counted
        by_category += _counts(week.categories).reshape(-1, WEEK_HOURS) * counted
        lasted_all += hours
        draws_all += counted
    assert (public.number >= 0).all(), "every place has a number"
    totals, of = _totals(public, weeks)
    return Told(
        by_hour=by_hour,
        lasted=lasted,
        draws=draws,
        totals=totals,
        weeks=of,
        draws_of_totals=of,
        by_category=by_category,
        lasted_all=lasted_all,
        draws_all=draws_all,
        filled=filled,
    )


def _totals(public: PublicPlaces, weeks: Sequence[WeekTables]) -> tuple[Numbers, Numbers]:
    """Add up the visits to each place, noise and all, and tell of how many weeks they are.

    Weeks with a holiday are left out, if there are others.
    """
    added, of = np.zeros(len(public.places)), np.zeros(len(public.places))
    for week in [week for week in weeks if not public.holidays(week.block)] or weeks:
        table = _counts(week.totals)
        known = np.flatnonzero(public.number < len(table))
        added[known] += table[public.number[known]]
        of[known] += 1
    return added, np.maximum(of, 1)


def _ordinary(public: PublicPlaces, block: Block) -> Numbers:
    """Tell which hours of a week are of days that are no holidays."""
    holidays = {day_name((day - _EPOCH).days) for day in public.holidays(block)}
    return np.repeat([float(day_name(day) not in holidays) for day in block.days], 24)


def _lasted(block: Block) -> Numbers:
    """Tell how long each hour of a week was shown by the clocks, in hours."""
    shown = calendar(block.days, block.zone)
    hour = shown["weekday"].to_numpy() * 24 + shown["hour"].to_numpy()
    return np.bincount(hour, minlength=WEEK_HOURS) / _QUARTERS


def _counts(table: pa.Table) -> Numbers:
    counts: Numbers = table["count"].to_numpy() / G
    return counts


def _octets(percent: Numbers) -> bytes:
    return np.clip(percent, 0, 100).astype(np.uint8).tobytes()


def _no_rows() -> Numbers:
    return np.zeros((0, WEEK_HOURS))


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


WEEK_PRODUCTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        HOURS.name: "hours",
        TOTALS.name: "totals",
        BY_CATEGORY.name: "categories",
        STAYS.name: "stays",
    }
)
"""Which field of `WeekTables` each product's release is."""
