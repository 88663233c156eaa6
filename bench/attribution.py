"""How often a visit is told to the right place, in the dense centre of a real city.

    python -m bench.attribution [EXTRACT] [--people 300] [--seeds 201 202 203 204 205]

A simulated week on the real places of an extract: Helsinki's centre, unless another is given. The
visits are those that `bench.visits` finds in pings; of them, those that were true are scored:

- nearest: the nearest place, whatever is known of it;
- usual: what hubbub tells before anything was released;
- released: what hubbub tells with the numbers of four weeks before, in which --sharing others
  shared: totals of places, with the noise of a release at epsilon 0.2 and two visits a person-day;
- oracle: what could be told if each place's true arrivals by the hour were known. No way of telling
  from one visit's position, hour and length can be right more often.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import ibis
import numpy as np
import pyarrow as pa

from bench.traffic import tell
from bench.visits import MONDAY, ZONE, right_pairs, week_from
from hubbub.crowd.blocks import CALENDAR
from hubbub.products.places.attribution import (
    Ground,
    attributed,
    ground_of,
    relations,
    usually_expected,
)
from hubbub.products.places.usual import Floats
from hubbub.products.places.visits import VISIT_US_MIN, visits_in
from hubbub.record.engine import Engine
from hubbub.record.roads.places import read_places
from hubbub.run.city import DEMO_EXTRACT
from hubbub.run.simulated.city import City, Integers, city_of, metres_of, on_the_map
from hubbub.run.simulated.dice import Dice, dice_of
from hubbub.run.simulated.phones import told_of
from hubbub.run.simulated.week import VISIT, Legs, residents_of, week_of
from hubbub.terms.catalogue import PINGS
from hubbub.terms.time import SECOND

WEEK_OF: Final = date(2026, 11, 2)
WEEKS: Final = 4
A_DAY: Final = 2
"""Visits of a person-day that count."""
TOTALS_EPSILON: Final = 0.2
_OFF_M: Final = 11.5  # of a visit's mean position: as measured in what phones tell
_CLOCK: Final = {CALENDAR.get_name(): week_from(MONDAY)}
_FOUND: Final = ibis.table(
    {
        **dict.fromkeys(("subject", "at", "until"), "int64"),
        **dict.fromkeys(("lat_e6", "lon_e6"), "int32"),
    },
    name="found",
)


@dataclass(frozen=True, kw_only=True)
class Right:
    """How often the place was right, of the visits that were found and true."""

    visits: int
    near: float  # how many places there are within 50 m, on average
    nearest: float
    usual: float
    released: float
    oracle: float


def main() -> None:
    """Score each seed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("extract", type=Path, nargs="?", default=DEMO_EXTRACT)
    asked.add_argument("--people", type=int, default=300)
    asked.add_argument("--sharing", type=int, default=2000)
    asked.add_argument("--seeds", type=int, nargs="+", default=[201, 202, 203, 204, 205])
    options = asked.parse_args()
    places = sorted(read_places(options.extract), key=lambda place: place.id)
    ground = ground_of(places, range(len(places)), zone=ZONE, monday=WEEK_OF)
    table = on_the_map(places, zone=ZONE, monday=WEEK_OF)
    tell("| seed | visits | places within 50 m | nearest | usual | released | oracle |")
    tell("|---|---|---|---|---|---|---|")
    for seed in options.seeds:
        city = city_of(table, seed=seed + 1000)
        right = score(city, ground, people=options.people, sharing=options.sharing, seed=seed)
        shares = (right.nearest, right.usual, right.released, right.oracle)
        told = " | ".join(f"{share:.3f}" for share in shares)
        tell(f"| {seed} | {right.visits:,} | {right.near:.0f} | {told} |")


def score(city: City, ground: Ground, *, people: int, sharing: int, seed: int) -> Right:
    """Let people live a week, find their visits in what their phones tell, and attribute them."""
    engine = Engine(threads=2, memory_mb=4096)
    legs = week_of(city, residents_of(city, people=people, seed=seed), seed=seed)
    told = told_of(legs, city, monday=MONDAY, seed=seed)
    found = engine.run(visits_in(PINGS), {"pings": told.pings, **_CLOCK}).combine_chunks()
    of_found, of_true = right_pairs(found, told.truth)
    found, truth = found.take(of_found), told.truth["place"].to_numpy()[of_true]
    point = _points(city, found)
    apart = np.linalg.norm(point[:, None] - city.point, axis=2)

    def right(expected: Floats | None) -> float:
        return float((_told(engine, found, relations(ground, expected)) == truth).mean())

    return Right(
        visits=len(truth),
        near=float((apart < 50).sum(axis=1).mean()),
        nearest=float((apart.argmin(axis=1) == truth).mean()),
        usual=right(None),
        released=right(_released(engine, city, ground, sharing=sharing, seed=seed)),
        oracle=right(city.by_hour),
    )


def _told(engine: Engine, found: pa.Table, public: Mapping[str, pa.Table]) -> Integers:
    """Tell the place of each visit, in the order that they are in."""
    order = np.lexsort((found["at"].to_numpy(), found["subject"].to_numpy()))
    columns = found.select(_FOUND.columns)
    told = engine.run(attributed(_FOUND), {"found": columns, **_CLOCK, **public})
    told = told.sort_by([("subject", "ascending"), ("at", "ascending")])
    places = np.empty(len(order), np.int64)
    places[order] = told["place"].to_numpy()
    return places


def _released(engine: Engine, city: City, ground: Ground, *, sharing: int, seed: int) -> Floats:
    """Learn from releases, week by week, how much each place is visited."""
    dice = dice_of(seed + 7)
    others = residents_of(city, people=sharing, seed=seed + 5000)
    usual = usually_expected(ground)
    totals, expected = np.zeros(len(ground.places)), usual
    for week in range(1, WEEKS + 1):
        visits = _visited(city, week_of(city, others, seed=seed + 5000 * week), dice)
        counted = _counted(visits, dice)
        told = _told(engine, visits, relations(ground, expected))[counted]
        totals += np.bincount(told[told >= 0], minlength=len(totals))
        totals += dice.laplace(0, A_DAY / TOTALS_EPSILON, len(totals))
        noise = 2 * (A_DAY / TOTALS_EPSILON) ** 2 / week
        expected = usual * _shrunk(totals / week, usual.sum(axis=1), noise)[:, None]
    return expected


def _visited(city: City, legs: Legs, dice: Dice) -> pa.Table:
    """Give a week's visits as they would be found: a little off."""
    these = (legs.what == VISIT) & ((legs.until - legs.since) * SECOND >= VISIT_US_MIN)
    point = city.point[legs.place[these]]
    lat_e6, lon_e6 = city.degrees_e6(point + dice.normal(0, _OFF_M, point.shape))
    columns = {
        "subject": legs.person[these],
        "at": MONDAY + (legs.since[these] * SECOND).astype(np.int64),
        "until": MONDAY + (legs.until[these] * SECOND).astype(np.int64),
        "lat_e6": lat_e6.astype(np.int32),
        "lon_e6": lon_e6.astype(np.int32),
    }
    in_week = columns["until"] < MONDAY + 7 * 86_400 * SECOND
    return pa.table({name: column[in_week] for name, column in columns.items()})


def _counted(visits: pa.Table, dice: Dice) -> Integers:
    """Choose the visits of each person-day that count."""
    order = dice.permutation(len(visits))
    day = (visits["at"].to_numpy() - MONDAY) // (86_400 * SECOND)
    person_day = (visits["subject"].to_numpy() * 7 + day)[order]
    alike = np.argsort(person_day, kind="stable")
    first = np.flatnonzero(np.diff(person_day[alike], prepend=-1))
    nth = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
    chosen: Integers = order[alike[nth < A_DAY]]
    return chosen


def _shrunk(totals: Floats, usual: Floats, noise: float) -> Floats:
    """Tell how often each place is visited, for its kind: sizes are lognormal, noise is known."""
    usual = np.maximum(usual, 0.01)  # some are shut all week
    mean = usual * max(totals.sum(), 1.0) / usual.sum()
    spread = max(float(((totals - mean) ** 2 - noise - mean).mean()), 1e-9)
    sigma = min(np.sqrt(np.log1p(spread / (mean**2).mean())), 1.3)
    size = np.exp(np.linspace(-4, 4, 161)) * mean[:, None]
    prior = -((np.log(size / mean[:, None]) / sigma + sigma / 2) ** 2) / 2
    likely = -((totals[:, None] - size) ** 2) / (2 * (noise + size)) - np.log(noise + size) / 2
    weight = np.exp(prior + likely - (prior + likely).max(axis=1, keepdims=True))
    shrunk: Floats = (weight * size).sum(axis=1) / weight.sum(axis=1) / mean
    return shrunk


def _points(city: City, found: pa.Table) -> Floats:
    """Put found visits on the city's plane."""
    north, east = metres_of(city.origin_e6[0])
    lat, lon = (found[name].to_numpy().astype(np.int64) for name in ("lat_e6", "lon_e6"))
    return np.column_stack([(lon - city.origin_e6[1]) * east, (lat - city.origin_e6[0]) * north])


if __name__ == "__main__":
    main()
