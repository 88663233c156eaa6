"""How places differ from their kind: learnt from what was released of all of them, by moments.

A place's arrivals are  a = n m (1 + d): its size times its kind's curve, times one and a deviation
whose covariance over the hours of a week is a sum of known shapes:

    hours alone           each hour differs by itself
    hours together        neighbours differ alike, within an hour and a half, and within five
    hours of all days     the same hours differ alike on every day
    days                  a whole day differs, with the night after it
    earlier or later      the curve is moved: d is its logarithm's slope, all week or by weekend

Noise is drawn for each cell by itself, so between two different hours the product of what is left,
(y - a)(y' - a'), is  a a' C(h, h')  on average, whatever the noise; where the hours are one, the
noise and the chance of arriving come on top, and are known. Weighed least squares over all places
and pairs of hours, with no shape below nought (Lawson & Hanson 1974), tell how much of each there
is. Of few visits little is learnt: then it is what is expected before anything was seen.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

from hubbub.products.places.busyness import WEEK_HOURS

type Numbers = npt.NDArray[np.float64]

NIGHT_ENDS: Final = 4
"""A day's night belongs to it until then."""
EXPECTED: Final = np.array([0.03, 0.03, 0.02, 0.02, 0.02, 0.3, 0.1])
"""The variance of each shape before anything is seen; it is as uncertain as it is large."""

_ALREADY: Final = 0.2
"""A deviation's variance, about: however large a place is, it is one of many that tell of it."""
_ON_TOP: Final = 1.0
"""Standard errors of a variance that are added to it, so that bands are rather too wide."""
_SLOPE_MAX: Final = 1.0
_FAINT: Final = 0.02


class Counted(NamedTuple):
    """Arrivals of some places by hour, what is expected of each, and the variance of the rest."""

    told: Numbers  # (places, 168)
    expected: Numbers  # nought where it is closed
    variance: Numbers  # of the noise and of chance; endless where nothing was told


def shapes(curve: Numbers) -> Numbers:
    """List the shapes of covariance that deviations from `curve` may have."""
    faint = np.log(np.maximum(curve, curve.max() * _FAINT + 1e-12))
    slope = np.clip((np.roll(faint, -1) - np.roll(faint, 1)) / 2, -_SLOPE_MAX, _SLOPE_MAX)
    moved = np.outer(slope, slope)
    return np.stack([*_STANDING, moved, moved * _ALIKE_WEEKEND])


def learnt_variances(counted: list[Counted], of_kind: list[Numbers]) -> Numbers:
    """Learn how much of each shape there is, from the places of each kind and its shapes."""
    pairs, products = np.diag(EXPECTED**-2.0), 1 / EXPECTED
    for (told, expected, variance), known in zip(counted, of_kind, strict=True):
        weight = expected / (variance + _ALREADY * expected**2)
        left = weight * (told - expected)
        found = left.T @ left
        found[np.diag_indices(WEEK_HOURS)] -= (weight**2 * variance).sum(axis=0)
        share = weight * expected
        flat = known.reshape(len(known), -1)
        pairs += (flat * (share.T @ share).ravel()) @ flat.T
        products += flat @ found.ravel()
    root = cholesky(pairs, lower=True)
    variances, _ = nnls(root.T, solve_triangular(root, products, lower=True))
    unsure = np.sqrt(np.diag(np.linalg.inv(pairs)))
    return np.asarray(variances + _ON_TOP * unsure)


def covariance(variances: Numbers, known: Numbers) -> Numbers:
    """Add the shapes up."""
    return np.tensordot(variances, known, axes=1)


def around_the_week(reach_hours: float) -> Numbers:
    """Tell how alike hours are that lie so far apart, on the circle of the week."""
    return np.asarray(np.exp(-0.5 * (_APART / reach_hours) ** 2))


_HOURS: Final = np.arange(WEEK_HOURS)
_BETWEEN: Final = np.abs(_HOURS[:, None] - _HOURS)
_APART: Final = np.minimum(_BETWEEN, WEEK_HOURS - _BETWEEN)
_CLOCK_APART: Final = np.minimum(_BETWEEN % 24, 24 - _BETWEEN % 24)
_DAY: Final = (_HOURS - NIGHT_ENDS) % WEEK_HOURS // 24
_ALIKE_WEEKEND: Final = (_DAY[:, None] >= 5) == (_DAY >= 5)
_STANDING: Final = (
    np.eye(WEEK_HOURS),
    around_the_week(1.5),
    around_the_week(5),
    np.exp(-0.5 * (_CLOCK_APART / 2) ** 2),
    (_DAY[:, None] == _DAY).astype(float),
)
