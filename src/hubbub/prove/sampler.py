"""Whether the noise follows its law, drawn here and now from the operating system's randomness.

Chi-square tests of the draws: of their values in bins as likely as each other, of their lowest
bits, and of neighbours, which may not tell of each other. What is expected comes from the law's
definition by other means than the sampler's.
"""

import os
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import special

from hubbub.crowd.declaration import Declaration
from hubbub.crowd.laws import DiscreteLaplace, Noise
from hubbub.crowd.noise import Entropy, Integers, draw, table
from hubbub.prove.check import Case, Check, Verdict, failed, verdict
from hubbub.run.products import EVERY_DECLARATION

DRAWS: Final = 1_000_000
ALARM: Final = 1e-6
"""How often noise that is right fails a check by luck."""
DISTANCE_MAX: Final = Fraction(1, 1 << 100)
"""How far, at most, a sampler may say that it is from its law (in total variation)."""

_BINS: Final = 256
_CELLS: Final = 16  # a side of the square of neighbours, and the values of the lowest four bits
_REACH: Final = 40  # deviations: nothing is drawn beyond

type Likely = npt.NDArray[np.float64]


def check_sampler(case: Case, noise: Noise) -> Verdict:
    """Draw, and hold the draws against the law."""
    count = case.many(DRAWS)
    distance = table(noise).total_variation
    if distance > DISTANCE_MAX:
        return failed(f"the sampler is up to {float(distance):.1g} from its law")
    odds = likelihoods(noise, count, entropy=os.urandom)
    alarm = ALARM / len(odds)
    faults = [f"{what}: p = {p:.1g}" for what, p in odds.items() if p < alarm]
    told = (
        f"{count} draws, deviation {noise.deviation:.1f} of the grid: "
        f"{', '.join(f'{what} p = {p:.2g}' for what, p in odds.items())} (right noise fails once "
        f"in {1 / ALARM:,.0f}); total variation under 2^{int(np.ceil(np.log2(float(distance))))}"
    )
    return verdict(faults, told)


def likelihoods(noise: Noise, count: int, *, entropy: Entropy) -> dict[str, float]:
    """Give the chance that draws which follow the law look as unlikely as these, by each test."""
    drawn = draw(noise, count, entropy=entropy)
    values = np.arange(-int(_REACH * noise.deviation), int(_REACH * noise.deviation) + 1)
    shares = _shares(noise, values)
    bins, cells = (_cuts(shares, parts) for parts in (_BINS, _CELLS))
    place = np.clip(drawn - values[0], 0, len(values) - 1)
    outside = int((drawn != place + values[0]).sum())
    neighbours = cells[place[: count // 2 * 2]].reshape(-1, 2)
    of_pair = np.bincount(cells, weights=shares)
    return {
        "values": 0.0 if outside else _chance(bins[place], np.bincount(bins, weights=shares)),
        "lowest bits": _chance(drawn % _CELLS, np.bincount(values % _CELLS, weights=shares)),
        "neighbours": _chance(
            neighbours[:, 0] * len(of_pair) + neighbours[:, 1], np.outer(of_pair, of_pair).ravel()
        ),
    }


def _shares(noise: Noise, values: Integers) -> Likely:
    """Give the share of each value by the law's definition."""
    if isinstance(noise, DiscreteLaplace):
        weights = np.exp(-np.abs(values) / noise.scale)
    else:
        weights = np.exp(-(values**2) / (2 * float(noise.sigma) ** 2))
    return np.asarray(weights / weights.sum())


def _cuts(shares: Likely, parts: int) -> Integers:
    """Give neighbouring values one number, so that every number is about as likely as others."""
    numbers = np.minimum((np.cumsum(shares) - shares / 2) * parts, parts - 1).astype(np.int64)
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def _chance(seen: Integers, shares: Likely) -> float:
    """Give the chance of so much difference or more: Pearson's chi-square."""
    expected = shares * len(seen)
    counted = np.bincount(seen, minlength=len(shares))
    distance = ((counted - expected) ** 2 / expected).sum()
    return float(special.chdtrc(len(shares) - 1, distance))


def _sampler_of(declared: Declaration[Any]) -> Check:
    return Check(
        id="noise",
        of=declared.name,
        sentence="Noise follows the law that is claimed for it.",
        run=lambda case: check_sampler(case, declared.noise),
    )


SAMPLERS: Final = tuple(map(_sampler_of, EVERY_DECLARATION))
