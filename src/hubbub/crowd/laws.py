"""The two laws of noise, in whole numbers on the grid, and what hiding behind them costs.

Sensitivity is the most that one privacy unit adds: in the sum of all cells (L1) for Laplace, in the
root of the sum of their squares (L2) for Gauss.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import erfc, exp, expm1, log, sqrt
from statistics import NormalDist
from typing import Final

G: Final = 1024
"""The grid: one person's whole voice is G, so that every share of it is a whole number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscreteLaplace:
    """P(x) ~ exp(-|x| / scale) on the integers (Ghosh, Roughgarden & Sundararajan 2009)."""

    scale: int

    @property
    def spread(self) -> Fraction:
        """Give the width on the grid: the scale."""
        return Fraction(self.scale)

    @property
    def deviation(self) -> float:
        """Give it on the grid: the variance is 2 q / (1 - q)^2, q = exp(-1 / scale)."""
        return sqrt(2 * exp(-1 / self.scale)) / -expm1(-1 / self.scale)

    def delta(self, epsilon: float, *, sensitivity: int) -> float:
        """Give nought from epsilon = sensitivity / scale on: within it, hiding never fails."""
        return 0.0 if Fraction(epsilon) * self.scale >= sensitivity else 1.0

    def margin(self, luck: float, *, draws: int) -> float:
        """Give what the sum of one or two draws exceeds by `luck` alone.

        One draw of scale 1 exceeds x with exp(-x) / 2. The density of the sum of two is
        (1 + |x|) exp(-|x|) / 4, so it exceeds x with (2 + x) exp(-x) / 4.
        """
        assert draws in (1, 2), "a count is the sum of one counter or of two"
        x = log(1 / (2 * luck))
        if draws == 1:
            return self.scale * x
        for _ in range(60):  # pragma: no mutate - it contracts by 1 / (2 + x), and is long at rest
            x = log((2 + x) / (4 * luck))
        return self.scale * x


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscreteGaussian:
    """P(x) ~ exp(-x^2 / (2 sigma^2)) on the integers (Canonne, Kamath & Steinke 2020)."""

    sigma: Fraction

    @property
    def spread(self) -> Fraction:
        """Give the width on the grid: sigma."""
        return self.sigma

    @property
    def deviation(self) -> float:
        """Give the standard deviation: on a grid this wide it is sigma (CKS 2020, fact 19)."""
        return float(self.sigma)

    def delta(self, epsilon: float, *, sensitivity: int) -> float:
        """Give delta at `epsilon` (Balle & Wang 2018, theorem 8).

        The sum over integers (CKS 2020, theorem 7) differs from this integral by less than one
        part in a million, for the sigma of hundreds that the grid makes of it: a test sums it.
        """
        width = float(self.sigma) / sensitivity
        gain = _normal_above(epsilon * width - 1 / (2 * width))
        return gain - exp(epsilon) * _normal_above(epsilon * width + 1 / (2 * width))

    def margin(self, luck: float, *, draws: int) -> float:
        """Give what the sum of one or two draws exceeds by `luck` alone."""
        return -NormalDist().inv_cdf(luck) * sqrt(draws) * float(self.sigma)


type Noise = DiscreteLaplace | DiscreteGaussian


def _normal_above(x: float) -> float:
    return erfc(x / sqrt(2)) / 2
