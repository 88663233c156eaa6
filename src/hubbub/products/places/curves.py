"""The typical week of each place, from noisy counts: the curve of its kind, its hours, itself.

All of it looks at released integers, the known law of their noise and what is public, so it costs
nothing. In the order in which it is done:

1. Weeks are added up hour by hour. Days that were a public holiday are left out, and an hour that
   the clocks showed twice, or left out, counts for as long as it lasted.
2. A kind's curve is what its places have in common, arrivals an hour for each that is open: made
   smooth as a Gaussian process around what is usual for the kind.
3. A place is expected to have its size times its kind's curve while it is open. Its size is told
   by its total, its hours, and the sizes of its kind, each by how sure it is.
4. How it differs is a Gaussian process whose covariance is learnt (`deviation`); the best linear
   prediction of it (BLUP: Henderson 1975; kriging) moves the expected towards what was told.
5. What is left unknown is drawn from its law, the same draws each time. Each draw is turned into
   people who are there, hour by hour, by how long they stay, and into per cent of its own peak: the
   mean of the draws is shown, and the band that nine in ten lie within.

Counts below nought stay until 5: cut off earlier, each would be too high.
"""

from functools import cache
from hashlib import shake_256
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.special import ndtri

from hubbub.crowd.laws import G, Noise
from hubbub.products.places.busyness import WEEK_HOURS
from hubbub.products.places.declarations import BY_CATEGORY, HOURS, TOTALS
from hubbub.products.places.deviation import (
    Counted,
    around_the_week,
    covariance,
    learnt_variances,
    shapes,
)

type Numbers = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.int64]
type Mask = npt.NDArray[np.bool_]

DRAWS: Final = 128
BAND: Final = 0.9
"""So much of what may be lies within the band."""

_CURVE_STRAYS: Final = 0.8, 0.4, 0.05
"""Variances of a kind's curve around what is usual: within two hours, within six, hour by hour."""
_SIZE_SHAPE: Final = 0.02
"""What a size by hours is unsure by as its curve is: the variance of its logarithm."""
_SIZE_MIN: Final = 0.05
"""Of the mean size of its kind: no place is taken for quite empty, whatever it shows."""
_CURVE_MIN: Final = 0.02
_FAINT: Final = 0.01
_ENDLESS: Final = 1e12


class Ground(NamedTuple):
    """What is public of the places, in one order: nobody is in it."""

    category: Whole  # (places,) a number
    is_open: Numbers  # (places, 168) the part of each hour that it is usually open
    usual: Numbers  # (categories, 168) what is usual for a kind, in any unit


class Told(NamedTuple):
    """What was released of some weeks, added up: in whole visits."""

    by_hour: Numbers  # (places, 168)
    lasted: Numbers  # (places, 168) hours that a cell was counted through
    draws: Numbers  # (places, 168) draws of noise that are in it
    totals: Numbers  # (places,)
    weeks: Numbers  # (places,) how many weeks they are of, one at least
    draws_of_totals: Numbers  # (places,)
    by_category: Numbers  # (categories, 168)
    lasted_all: Numbers  # (168,) the same of categories
    draws_all: Numbers  # (168,)
    filled: Numbers  # (categories, hours) how one arrival fills its hour, and those after it


class Curves(NamedTuple):
    """The typical week of each place, in the order of its ground."""

    percent: Numbers  # (places, 168) of its own peak
    low: Numbers
    high: Numbers
    told: Numbers  # (places,) 0..1: how much of the deviation its own visits tell
    arrivals: Numbers  # (places, 168) expected in an hour


def estimate(ground: Ground, told: Told) -> Curves:
    """Estimate the typical week of each place."""
    kinds = [
        _kind(ground, told, category, places=np.flatnonzero(ground.category == category))
        for category in range(len(ground.usual))
    ]
    expected = np.zeros_like(told.by_hour)
    for kind in kinds:
        expected[kind.places] = kind.expected
    counted = _counted(told, expected)
    heard = told.totals >= _heard_from(told.draws_of_totals)
    variances = learnt_variances(
        [_of(counted, kind.places[heard[kind.places]]) for kind in kinds],
        [shapes(kind.curve) for kind in kinds],
    )
    weeks = np.zeros((4, *expected.shape))
    own = np.zeros(len(expected))
    for kind, filled in zip(kinds, told.filled, strict=True):
        spread = covariance(variances, shapes(kind.curve)) + kind.unsure
        unheard = dict[bytes, Numbers]()
        for place in kind.places:
            is_open = ground.is_open[place]
            if heard[place]:
                own[place], weeks[:, place] = _week(
                    _of(counted, place), spread, filled, is_open=is_open
                )
                continue
            pattern = is_open.tobytes()
            if pattern not in unheard:
                _, unheard[pattern] = _week(
                    _unheard(expected[place]), spread, filled, is_open=is_open
                )
            weeks[:3, place] = unheard[pattern][:3]
            weeks[3, place] = expected[place]
    return Curves(weeks[0], weeks[1], weeks[2], own, weeks[3])


class _Kind(NamedTuple):
    """The places of a category, and what they have in common."""

    places: Whole
    curve: Numbers  # (168,) arrivals an hour for each of mean size that is open
    unsure: Numbers  # (168, 168) covariance of the curve's logarithm
    expected: Numbers  # (places, 168) arrivals an hour


def _kind(ground: Ground, told: Told, category: int, *, places: Whole) -> _Kind:
    is_open, usual = ground.is_open[places], ground.usual[category]
    sizes = _first_sizes(told, places)
    weights = sizes / np.maximum(is_open.sum(axis=1), 1e-12)
    curve, unsure = _curve(told, category, usual=usual, open_weight=weights @ is_open)
    share = curve * is_open
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    sizes = _sizes(told, places, sizes, share=share)
    return _Kind(places, curve, unsure, sizes[:, None] * share)


def _curve(
    told: Told, category: int, *, usual: Numbers, open_weight: Numbers
) -> tuple[Numbers, Numbers]:
    """Smooth what was counted of a kind around what is usual, and tell how unsure it then is."""
    share = usual * open_weight
    unsure, curve = np.zeros((WEEK_HOURS, WEEK_HOURS)), np.zeros(WEEK_HOURS)
    hours = np.flatnonzero(share > share.max(initial=0) * _FAINT)
    if not hours.size:
        return curve, unsure
    share /= share.sum()
    m, within = share[hours], np.ix_(hours, hours)
    lasted, draws = told.lasted_all[hours], told.draws_all[hours]
    y, noise = _rates(told.by_category[category, hours], lasted, draws, noise=BY_CATEGORY.noise)
    total = max(float(y.sum()), 1.0)
    form = np.outer(m, m) * _CURVE_SPREAD[within]
    for _ in range(2):
        solved = cho_solve(
            _factor(total, form, noise, chance=m / _some(lasted)), np.column_stack([y, m])
        )
        total = max(float(m @ solved[:, 0] / (m @ solved[:, 1])), 1.0)
    spread = total**2 * form
    root = _factor(total, form, noise, chance=m / _some(lasted))
    left = cho_solve(root, np.column_stack([spread, y - total * m]))
    found = np.maximum(total * m + spread @ left[:, -1], _CURVE_MIN * total * m)
    unsure[within] = (spread - spread @ left[:, :-1]) / np.outer(found, found)
    curve[hours] = found / open_weight[hours]
    return curve, unsure


def _factor(
    total: float, form: Numbers, noise: Numbers, *, chance: Numbers
) -> tuple[Numbers, bool]:
    """Factor the variance of what was counted of a kind: of its curve, of noise, of chance."""
    alone = np.minimum(noise + total * chance, _ENDLESS)
    root, is_lower = cho_factor(total**2 * form + np.diag(alone), lower=True)
    return root, is_lower


def _first_sizes(told: Told, places: Whole) -> Numbers:
    """Give sizes a week by totals alone: moved towards the mean of the kind, as noise demands."""
    if not places.size:
        return np.zeros(0)
    weeks = told.weeks[places]
    a_week = told.totals[places] / weeks
    mean = max(float(a_week.mean()), 1.0)
    noise = _noise_of_totals(told, places) + mean / weeks
    varied = max(float(a_week.var() - noise.mean()), _SIZE_MIN * mean**2)
    sizes = mean + (a_week - mean) * varied / (varied + noise)
    return np.asarray(np.maximum(sizes, _SIZE_MIN * mean))


def _sizes(told: Told, places: Whole, sizes: Numbers, *, share: Numbers) -> Numbers:
    """Give sizes by totals and hours together, each weighed by how sure it is."""
    if not places.size:
        return sizes
    weeks, mean = told.weeks[places], float(sizes.mean())
    varied = max(float(sizes.var()), _SIZE_MIN * mean**2)
    lasted, draws = told.lasted[places], told.draws[places]
    y, noise = _rates(told.by_hour[places], lasted, draws, noise=HOURS.noise)
    for _ in range(2):
        per_hour = share / np.minimum(noise + sizes[:, None] * share / _some(lasted), _ENDLESS)
        sure = np.maximum((per_hour * share).sum(axis=1), 1e-12)
        told_by = (
            (told.totals[places] / weeks, _noise_of_totals(told, places) + sizes / weeks),
            ((per_hour * y).sum(axis=1) / sure, 1 / sure + _SIZE_SHAPE * sizes**2),
            (np.full_like(sizes, mean), np.full_like(sizes, varied)),
        )
        each, v = (np.stack(column) for column in zip(*told_by, strict=True))
        sizes = np.maximum((each / v).sum(axis=0) / (1 / v).sum(axis=0), _SIZE_MIN * mean)
    return sizes


def _noise_of_totals(told: Told, places: Whole) -> Numbers:
    variance = (TOTALS.noise.deviation / G) ** 2 * told.draws_of_totals[places]
    return np.asarray(variance / told.weeks[places] ** 2)


def _week(
    counted: Counted, spread: Numbers, filled: Numbers, *, is_open: Numbers
) -> tuple[float, Numbers]:
    """Give one place's week: how much its own visits tell, and per cent, band and arrivals."""
    week = np.zeros((4, WEEK_HOURS))
    hours = np.flatnonzero(counted.expected)
    if not hours.size:
        return 0.0, week
    expected, prior = counted.expected[hours], spread[np.ix_(hours, hours)]
    weighed = expected[:, None] * prior
    root = cholesky(weighed * expected + np.diag(counted.variance[hours]), lower=True)
    left = counted.told[hours] - expected
    solved = solve_triangular(root, np.column_stack([weighed, left]), lower=True)
    moved = solved[:, :-1].T @ solved[:, -1]
    unsure = prior - solved[:, :-1].T @ solved[:, :-1]
    slack = 1e-9 * np.trace(prior) * np.eye(len(hours))
    drawn = _draws()[:, : len(hours)] @ cholesky(unsure + slack, lower=True).T
    arrivals = np.zeros((DRAWS, WEEK_HOURS))
    arrivals[:, hours] = np.maximum(expected * (1 + moved + drawn), 0)
    week[:3] = _in_percent(arrivals, filled, is_open)
    week[3, hours] = np.maximum(expected * (1 + moved), 0)
    return 1 - float(np.trace(unsure) / np.trace(prior)), week


def _in_percent(arrivals: Numbers, filled: Numbers, is_open: Numbers) -> Numbers:
    """Turn draws of arrivals into people who are there, in per cent of the peak: mean and band."""
    there = np.zeros_like(arrivals)
    for later, part in enumerate(filled):
        there += part * np.roll(arrivals, later, axis=1)
    there *= is_open
    there *= 100 / np.maximum(there.max(axis=1, keepdims=True), 1e-12)
    there.sort(axis=0)
    beyond = round(DRAWS * (1 - BAND) / 2)
    return np.stack([there.mean(axis=0), there[beyond], there[-1 - beyond]])


def _counted(told: Told, expected: Numbers) -> Counted:
    rates, noise = _rates(told.by_hour, told.lasted, told.draws, noise=HOURS.noise)
    return Counted(rates, expected, np.minimum(noise + expected / _some(told.lasted), _ENDLESS))


def _rates(
    counts: Numbers, lasted: Numbers, draws: Numbers, *, noise: Noise
) -> tuple[Numbers, Numbers]:
    """Give counts an hour, and the variance of their noise: endless where nothing was told."""
    variance = (noise.deviation / G) ** 2 * draws / _some(lasted) ** 2
    return counts / _some(lasted), np.where(lasted > 0, variance, _ENDLESS)


def _some(lasted: Numbers) -> Numbers:
    return np.maximum(lasted, 1e-6)


def _of(counted: Counted, places: Whole | int) -> Counted:
    return Counted(*(each[places] for each in counted))


def _unheard(expected: Numbers) -> Counted:
    """Say nothing of a place but what is expected."""
    size = max(float(expected.sum()), 1e-12)
    return Counted(np.zeros(WEEK_HOURS), expected / size, np.full(WEEK_HOURS, _ENDLESS))


def _heard_from(draws: Numbers) -> Numbers:
    """Give the visits from which on a sum shows the floor's people, its noise allowed for."""
    margin = TOTALS.noise.margin(TOTALS.floor.luck, draws=1) / G
    return TOTALS.floor.people + margin * np.sqrt(draws)


@cache
def _draws() -> Numbers:
    """Give numbers that look normal, the same ones each time: nothing is drawn here."""
    octets = np.frombuffer(shake_256(b"weeks").digest(4 * DRAWS * WEEK_HOURS), dtype=np.uint32)
    drawn: Numbers = ndtri((octets.reshape(DRAWS, WEEK_HOURS) + 0.5) / 2**32)
    return drawn


_CURVE_SPREAD: Final[Numbers] = np.tensordot(
    _CURVE_STRAYS,
    np.stack([around_the_week(1.5), around_the_week(6), np.eye(WEEK_HOURS)]),
    axes=1,
)
