"""How well, and how fast, visits are found in what phones tell of a simulated week.

    python -m bench.visits [--people 300] [--seeds 101 102 103 104 105]

A visit that truly lasted 5 minutes or more is found, and one that was found is true, if the time
that both cover is at least half of the time that either covers. What is found while somebody was
at home or at work, for most of it, is counted by itself, and false.
"""

import argparse
import time
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from bench.traffic import tell
from hubbub.crowd.blocks import CALENDAR, calendar, day_number
from hubbub.products.places.visits import VISIT_US_MIN, visits_in
from hubbub.record.engine import Engine
from hubbub.run.simulated.city import City, Integers, city_of, town
from hubbub.run.simulated.phones import Told, told_of
from hubbub.run.simulated.week import DESK, HOME, WAITING, Legs, residents_of, week_of
from hubbub.terms.catalogue import PINGS
from hubbub.terms.time import SECOND, Instant

MONDAY: Final = Instant(1_793_570_400 * SECOND)  # 2 November 2026 in Helsinki
ZONE: Final = ZoneInfo("Europe/Helsinki")
PLACES: Final = 3000
_FOUND: Final = visits_in(PINGS)


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Spans of people's time, in microseconds."""

    person: Integers
    since: Integers
    until: Integers


@dataclass(frozen=True, kw_only=True)
class Found:
    """How well visits were found."""

    true: int
    found: int
    recall: float
    precision: float
    home_or_work: int
    waiting: int
    off_m: float  # from the place, at the median


def main() -> None:
    """Find the visits of a week for each seed, and say how well that went."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, default=300)
    asked.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103, 104, 105])
    options = asked.parse_args()
    tell(
        "| seed | pings | made in | visits | found | recall | precision | false: waiting "
        "| at home or work | off | pings a CPU-s |"
    )
    for seed in options.seeds:
        began = time.process_time()
        city, legs, told = simulated(people=options.people, seed=seed)
        made_s = time.process_time() - began
        visits, speed = _timed(told.pings)
        scored = score(visits, told.truth, legs, city=city)
        tell(
            f"| {seed} | {len(told.pings):,} | {made_s:.1f} CPU-s | {scored.true:,} "
            f"| {scored.found:,} | {scored.recall:.3f} | {scored.precision:.3f} | {scored.waiting} "
            f"| {scored.home_or_work} | {scored.off_m:.0f} m | {speed:,.0f} |"
        )


def simulated(*, people: int, seed: int) -> tuple[City, Legs, Told]:
    """Simulate a week of a town."""
    city = city_of(town(PLACES, seed=seed), seed=seed + 1000)
    residents = residents_of(city, people=people, seed=seed + 2000)
    legs = week_of(city, residents, seed=seed + 2000)
    return city, legs, told_of(legs, city, monday=MONDAY, seed=seed + 3000)


def week_from(monday: Instant) -> pa.Table:
    """Give the calendar of a week."""
    first = day_number(monday, ZONE)
    return calendar(tuple(range(first, first + 7)), ZONE)


def score(visits: pa.Table, truth: pa.Table, legs: Legs, *, city: City) -> Found:
    """Compare what was found with what was so."""
    found, true = _spans(visits), _spans(truth)
    of_found, of_true = right_pairs(visits, truth)
    long = true.until - true.since >= VISIT_US_MIN
    is_found, is_true = np.zeros(len(long), bool), np.zeros(len(found.since), bool)
    is_found[of_true] = True
    is_true[of_found] = True
    places = city.degrees_e6(city.point[truth["place"].to_numpy()[of_true]])
    told = (visits[name].to_numpy()[of_found] for name in ("lat_e6", "lon_e6"))
    north, east = (there - here for there, here in zip(told, places, strict=True))
    east = east * np.cos(np.radians(city.origin_e6[0] / 1e6))
    return Found(
        true=int(long.sum()),
        found=len(is_true),
        recall=float(is_found[long].mean()),
        precision=float(is_true.mean()),
        home_or_work=_spent(found, legs, (HOME, DESK)),
        waiting=_spent(found, legs, (WAITING,)),
        off_m=float(np.median(np.hypot(north, east))) * 0.11132,
    )


def right_pairs(visits: pa.Table, truth: pa.Table) -> tuple[Integers, Integers]:
    """Find which visits that were found are true, and which of the true ones they are."""
    found, true = _spans(visits), _spans(truth)
    of_found, of_true, shared = _overlaps(found, true)
    covered = np.maximum(found.until[of_found], true.until[of_true])
    covered -= np.minimum(found.since[of_found], true.since[of_true])
    right = 2 * shared >= covered
    return of_found[right], of_true[right]


def _spent(found: Spans, legs: Legs, what: tuple[int, ...]) -> int:
    """Count what was found in time that was mostly spent so."""
    these = np.isin(legs.what, what)
    spans = Spans(
        person=legs.person[these],
        since=MONDAY + (legs.since[these] * SECOND).astype(np.int64),
        until=MONDAY + (legs.until[these] * SECOND).astype(np.int64),
    )
    of_found, _, shared = _overlaps(found, spans)
    spent = np.bincount(of_found, weights=shared, minlength=len(found.since))
    return int((2 * spent > found.until - found.since).sum())


def _overlaps(some: Spans, others: Spans) -> tuple[Integers, Integers, Integers]:
    """Find which spans share time, and how much. A person's `others` do not overlap."""
    week = np.int64(1) << 44  # longer than any: people's times do not mix
    order = np.lexsort((others.since, others.person))
    base, there = some.person * week - MONDAY, (others.person * week - MONDAY)[order]
    first = np.searchsorted(there + others.until[order], base + some.since, side="right")
    count = np.searchsorted(there + others.since[order], base + some.until, side="left") - first
    count = np.maximum(count, 0)
    left = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(left)) - np.repeat(np.cumsum(count) - count, count)
    right = order[first[left] + nth]
    until = np.minimum(some.until[left], others.until[right])
    return left, right, until - np.maximum(some.since[left], others.since[right])


def _spans(visits: pa.Table) -> Spans:
    columns = (visits[name].to_numpy() for name in ("subject", "at", "until"))
    return Spans(**dict(zip(("person", "since", "until"), columns, strict=True)))


def _timed(pings: pa.Table) -> tuple[pa.Table, float]:
    """Find visits as the record's engine does; the best of three runs says how fast that is."""
    engine = Engine(threads=2, memory_mb=4096)
    seconds, visits = [], None
    for _ in range(3):
        began = time.process_time()
        visits = engine.run(_FOUND, {"pings": pings, CALENDAR.get_name(): week_from(MONDAY)})
        seconds.append(time.process_time() - began)
    return visits, len(pings) / min(seconds)


if __name__ == "__main__":
    main()
