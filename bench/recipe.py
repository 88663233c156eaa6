"""The usual recipe, off the shelf: what a library of differential privacy does for a mean by key.

1. Of each privacy unit keep `cells_max` cells at random: what one unit reaches is bounded (L0).
2. Of each kept cell count one row, its value clipped to -1..1: what it adds is bounded (L-inf).
3. Half of epsilon goes to the counts and half to the sums: Laplace noise of scale 2 cells_max /
   epsilon on every one (Dwork & Roth 2014, theorems 3.6 and 3.16).
4. A mean is sum by count, shown where the noisy count clears the threshold.

Values are centred, and keys are public, as with us, so that what differs is the mechanism alone.
Floats will do: nothing of this is ever published.
"""

from dataclasses import dataclass
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from bench.traffic import Floats, Integers


@dataclass(frozen=True)
class Told:
    """What people tell: one place for each cell of each unit, with the mean of its values."""

    unit: Integers
    cell: Integers
    value: Floats


class Answer(NamedTuple):
    """Noisy counts and sums of all cells, and the scale of the noise in both."""

    counts: Floats
    sums: Floats
    scale: float

    @property
    def deviation(self) -> float:
        """Give the standard deviation of a count: a Laplace law's is its scale by root 2."""
        return self.scale * sqrt(2)

    def is_shown(self, people: int, *, luck: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell which counts show so many people, noise allowed for."""
        return self.counts >= people + self.scale * log(1 / (2 * luck))

    def means(self) -> Floats:
        """Divide sums by counts, and cut what noise alone can have made."""
        return np.clip(self.sums / np.maximum(self.counts, 1.0), -1.0, 1.0)


def told(unit: Integers, cell: Integers, value: Floats) -> Told:
    """Make one of all rows of a unit in a cell."""
    pairs, place = np.unique(np.stack([unit, cell]), axis=1, return_inverse=True)
    means = np.bincount(place, weights=value) / np.bincount(place)
    return Told(pairs[0], pairs[1], np.clip(means, -1.0, 1.0))


def answer(
    rows: Told, cells: int, *, cells_max: int, epsilon: float, dice: np.random.Generator
) -> Answer:
    """Answer with counts and sums of all `cells`."""
    order = np.lexsort([dice.random(len(rows.unit)), rows.unit])
    unit = rows.unit[order]
    rank = np.arange(len(unit)) - np.searchsorted(unit, unit)
    kept = order[rank < cells_max]
    counts = np.bincount(rows.cell[kept], minlength=cells).astype(float)
    sums = np.bincount(rows.cell[kept], weights=rows.value[kept], minlength=cells)
    scale = 2 * cells_max / epsilon
    noise = dice.laplace(0, scale, (2, cells))
    return Answer(counts + noise[0], sums + noise[1], scale)
