"""How exact the typical week of places is, against what is so in a simulated city.

    python -m bench.busyness [--seeds 101 102 103 104 105] [--pictures docs/img]

People of a simulated town share for some weeks. Each visit falls where and when the town's own
rates have it, so what is true is known exactly; that visits are found in pings, and found at the
right place, is no part of this (`bench.visits`). Visits are weighed as the declaration bounds them,
and noised by the gate's own sampler. The error of a place is the mean distance of its curve from
the truth, over the hours in which it is open, in points of its peak; a band is right in an hour if
the truth lies in it.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from bench.busyness_pictures import Example, Line, draw_errors, draw_weeks
from bench.traffic import tell
from hubbub.crowd.laws import DiscreteLaplace, G, Noise
from hubbub.crowd.noise import Entropy, draw
from hubbub.products.places.busyness import WEEK_HOURS
from hubbub.products.places.curves import Curves, Ground, Told, estimate
from hubbub.products.places.declarations import (
    BY_CATEGORY,
    CATEGORIES,
    HOURS,
    STAY_EDGES_MIN,
    STAYS,
    TOTALS,
    VISITS_A_DAY,
)
from hubbub.products.places.stays import filled_hours, lognormal_shares, stay_shares
from hubbub.products.places.typical import usual_weeks
from hubbub.products.places.usual import USUAL
from hubbub.run.simulated.city import City, city_of, town
from hubbub.run.simulated.kinds import KINDS
from hubbub.run.simulated.week import VISITS_A_WEEK

type Numbers = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.int64]
type Dice = np.random.Generator

_ENDLESS: Final = 10**9
_SOME: Final = (30, 300)
PLACES: Final = 1500
PEOPLE: Final = 100_000
WEEKS: Final = 8
SHARE: Final = 0.05
SEEDS: Final = (101, 102, 103, 104, 105)
BUCKETS: Final = ((1, 10), (10, 30), (30, 100), (100, 300), (300, _ENDLESS))
"""Shared visits a week."""
GOALS: Final = {(1, 10): 13.0, (10, 30): 13.0, (30, 100): 9.0, (100, 300): 7.0}
EXAMPLES: Final = 12
EPSILONS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
SHARES: Final = (0.01, 0.02, 0.05, 0.1, 0.2)

_STAY_MIN: Final = (3, 300)
_FINE: Final = 400


class Score(NamedTuple):
    """How far off the places of a bucket are."""

    places: int
    error: float  # the median of the places' errors
    covered: float  # of all hours
    band: float  # its mean width


@dataclass(frozen=True, kw_only=True)
class Town:
    """A simulated town, and what is true of it."""

    ground: Ground
    visits: Numbers  # (places, 168) that are to be expected in a week, of everybody
    percent: Numbers  # who is there, of the peak
    people: int

    @property
    def shared(self) -> Numbers:
        """Give the visits that everybody makes to each place in a week."""
        return np.asarray(self.visits.sum(axis=1))


class Weeks(NamedTuple):
    """Sums of some weeks before the noise, on the grid."""

    by_hour: Whole
    stays: Whole
    weeks: int


def town_of(seed: int, *, places: int = PLACES, people: int = PEOPLE) -> Town:
    """Simulate a town."""
    city = city_of(town(places, seed=seed), seed=seed + 1000)
    visits = city.by_hour * people * VISITS_A_WEEK
    is_open = (visits > 0).astype(float)
    return Town(
        ground=Ground(city.kind, is_open, usual_weeks()),
        visits=visits,
        percent=_there(city, visits, is_open),
        people=people,
    )


def shared_weeks(of: Town, *, share: float, weeks: int, dice: Dice) -> Weeks:
    """Let a share of the people share for some weeks, weighed as is declared."""
    by_hour = np.zeros(of.visits.size, np.int64)
    stays = np.zeros((len(CATEGORIES), len(STAY_EDGES_MIN) + 1), np.int64)
    sharing = round(of.people * share)
    rates = (of.visits * share).ravel()
    for _ in range(weeks):
        cell = np.repeat(np.arange(rates.size), dice.poisson(rates))
        day = dice.integers(0, sharing, len(cell)) * 7 + cell % WEEK_HOURS // 24
        size = np.bincount(day, minlength=sharing * 7)[day]
        weight = np.minimum(G, VISITS_A_DAY * G // size)
        by_hour += np.bincount(cell, weights=weight, minlength=rates.size).astype(np.int64)
        category = of.ground.category[cell // WEEK_HOURS]
        stay = np.searchsorted(STAY_EDGES_MIN, _stays(category, dice), side="right")
        np.add.at(stays, (category, stay), G // size)
    return Weeks(by_hour.reshape(-1, WEEK_HOURS), stays, weeks)


def told_of(of: Town, exact: Weeks, *, entropy: Entropy, epsilon: float = 1.0) -> Told:
    """Draw the noise of each week's four tables, at so many times what they cost."""
    category, places = of.ground.category, len(of.visits)
    by_category = np.zeros((len(CATEGORIES), WEEK_HOURS), np.int64)
    np.add.at(by_category, category, exact.by_hour)
    tables = {
        HOURS: exact.by_hour,
        TOTALS: exact.by_hour.sum(axis=1),
        BY_CATEGORY: by_category,
        STAYS: exact.stays,
    }
    by_hour, totals, by_category_told, stays = (
        _noised(table, declared.noise, exact.weeks, epsilon=epsilon, entropy=entropy)
        for declared, table in tables.items()
    )
    usual = np.stack([lognormal_shares(USUAL[c].stay_min, USUAL[c].spread) for c in CATEGORIES])
    whole = np.full((places, WEEK_HOURS), float(exact.weeks))
    return Told(
        by_hour=by_hour,
        lasted=whole,
        draws=whole / epsilon**2,
        totals=totals,
        weeks=whole[:, 0],
        draws_of_totals=whole[:, 0] / epsilon**2,
        by_category=by_category_told,
        lasted_all=np.full(WEEK_HOURS, float(exact.weeks)),
        draws_all=np.full(WEEK_HOURS, exact.weeks / epsilon**2),
        filled=filled_hours(stay_shares(stays, draws=exact.weeks / epsilon**2, usual=usual)),
    )


def score(of: Town, curves: Curves, *, share: float) -> Iterator[tuple[tuple[int, int], Score]]:
    """Score the places of each bucket."""
    is_open = of.ground.is_open > 0
    low, high = np.floor(curves.low), np.ceil(curves.high)
    hours = is_open.sum(axis=1)
    off = (np.abs(np.rint(curves.percent) - of.percent) * is_open).sum(axis=1) / hours
    inside = (((low <= of.percent) & (of.percent <= high)) * is_open).sum(axis=1)
    wide = ((high - low) * is_open).sum(axis=1)
    for bucket in BUCKETS:
        its = (of.shared * share >= bucket[0]) & (of.shared * share < bucket[1])
        if its.any():
            every = hours[its].sum()
            yield (
                bucket,
                Score(
                    int(its.sum()),
                    float(np.median(off[its])),
                    float(inside[its].sum() / every),
                    float(wide[its].sum() / every),
                ),
            )


def _there(city: City, visits: Numbers, is_open: Numbers) -> Numbers:
    """Tell who is there, hour by hour, in per cent of each place's peak."""
    kinds = [KINDS[category] for category in CATEGORIES]
    filled = np.stack([_filled(kind.stay_min, kind.spread) for kind in kinds])[city.kind]
    there = sum(filled[:, [n]] * np.roll(visits, n, axis=1) for n in range(filled.shape[1]))
    there = np.asarray(there) * is_open
    return np.asarray(100 * there / there.max(axis=1, keepdims=True))


def _filled(stay_min: float, spread: float) -> Numbers:
    """Tell for how much of an hour one arrival fills its own, and those after it."""
    middles = (np.arange(_FINE) + 0.5) / _FINE
    stays = np.clip(stay_min * np.exp(spread * ndtri(middles)), *_STAY_MIN) / 60
    leaves = middles[:, None] + stays
    hours = range(_STAY_MIN[1] // 60 + 1)
    parts = [np.minimum(leaves, n + 1) - np.maximum(middles[:, None], n) for n in hours]
    return np.array([np.clip(part, 0, None).mean() for part in parts])


def _stays(category: Whole, dice: Dice) -> Numbers:
    kinds = [KINDS[each] for each in CATEGORIES]
    median, spread = (np.array([kind[n] for kind in kinds])[category] for n in (0, 1))
    return np.asarray(np.clip(median * dice.lognormal(0, spread), *_STAY_MIN))


def _noised(exact: Whole, noise: Noise, weeks: int, *, epsilon: float, entropy: Entropy) -> Numbers:
    assert isinstance(noise, DiscreteLaplace), "busy places are noised by Laplace's law"
    law = DiscreteLaplace(scale=ceil(noise.scale / epsilon))
    drawn = sum(draw(law, exact.size, entropy=entropy) for _ in range(weeks))
    return np.asarray((exact + np.reshape(drawn, exact.shape)) / G)


def main() -> None:
    """Score the typical week of all seeds, and draw what was found if asked to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, nargs="+", default=[*SEEDS])
    asked.add_argument("--pictures", type=Path)
    options = asked.parse_args()
    towns = {seed: town_of(seed) for seed in options.seeds}
    for weeks in (WEEKS, 1):
        tell(f"{SHARE:.0%} of {PEOPLE:,} people share for {weeks} weeks; {PLACES} places a town")
        tell("| shared visits a week | places | error | worst seed | covered | band | goal |")
        for bucket, scores in _by_bucket(towns, weeks=weeks).items():
            tell(_line(bucket, scores))
    seed, of = next(iter(towns.items()))
    by_epsilon = {e: _median_error(of, seed, share=SHARE, epsilon=e) for e in EPSILONS}
    by_share = {share: _median_error(of, seed, share=share) for share in SHARES}
    tell("error at epsilon: " + ", ".join(f"{e:g}: {error:.1f}" for e, error in by_epsilon.items()))
    tell("error by share: " + ", ".join(f"{s:.0%}: {error:.1f}" for s, error in by_share.items()))
    if options.pictures:
        found = _by_bucket(towns, weeks=WEEKS)
        lines = (
            Line("shared visits a week", {_named(b): mean_of(s).error for b, s in found.items()}),
            Line("epsilon of a day", {f"{e:g}": error for e, error in by_epsilon.items()}),
            Line("part of the people who share", {f"{s:.0%}": e for s, e in by_share.items()}),
        )
        draw_errors(lines, options.pictures)
        draw_weeks(_examples(of, seed), options.pictures)


def mean_of(scores: Sequence[Score]) -> Score:
    """Average the scores of seeds."""
    return Score(*np.mean(np.array(scores), axis=0).tolist())


def _by_bucket(towns: Mapping[int, Town], *, weeks: int) -> dict[tuple[int, int], list[Score]]:
    found = defaultdict[tuple[int, int], list[Score]](list)
    for seed, of in towns.items():
        for bucket, scored in score(of, estimated(of, seed, weeks=weeks), share=SHARE):
            found[bucket].append(scored)
    return dict(sorted(found.items()))


def estimated(
    of: Town, seed: int, *, share: float = SHARE, weeks: int = WEEKS, epsilon: float = 1.0
) -> Curves:
    """Estimate a town's typical week from what some of its people share for some weeks."""
    dice = np.random.default_rng(seed)
    exact = shared_weeks(of, share=share, weeks=weeks, dice=dice)
    return estimate(of.ground, told_of(of, exact, entropy=dice.bytes, epsilon=epsilon))


def _median_error(of: Town, seed: int, *, share: float, epsilon: float = 1.0) -> float:
    """Give the median error of places with 30 to 300 shared visits, were the share the usual."""
    curves, is_open = estimated(of, seed, share=share, epsilon=epsilon), of.ground.is_open > 0
    off = (np.abs(curves.percent - of.percent) * is_open).sum(axis=1) / is_open.sum(axis=1)
    visits = of.shared * SHARE
    return float(np.median(off[(visits >= _SOME[0]) & (visits < _SOME[1])]))


def _examples(of: Town, seed: int) -> list[Example]:
    """Take places by their visits, one after the other: not by how well they came out."""
    curves = estimated(of, seed)
    order = np.argsort(of.shared)[::-1]
    ranks = np.linspace(0, len(order) // 2, EXAMPLES).astype(int)
    return [
        Example(
            f"{CATEGORIES[of.ground.category[place]]}, {of.shared[place] * SHARE:.0f} a week",
            of.percent[place],
            curves.percent[place],
            curves.low[place],
            curves.high[place],
        )
        for place in order[ranks]
    ]


def _line(bucket: tuple[int, int], scores: Sequence[Score]) -> str:
    mean, goal = mean_of(scores), GOALS.get(bucket)
    return (
        f"| {_named(bucket)} | {mean.places:.0f} | {mean.error:.1f} "
        f"| {max(each.error for each in scores):.1f} | {mean.covered:.3f} | {mean.band:.0f} "
        f"| {'' if goal is None else f'{goal:g}'} |"
    )


def _named(bucket: tuple[int, int]) -> str:
    low, high = bucket
    return f"{low} to {high}" if high < _ENDLESS else f"{low} on"


if __name__ == "__main__":
    main()
