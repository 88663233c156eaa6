"""What is public of a table's cells, so that what is true can be told from noise.

A table is laid out as rows and slots: places and hours of the week, roads and parts of the day.
Without a `matrix`, every cell is a row of one slot.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

type Numbers = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Denoiser:
    """Names public columns of a release's keys. It has no part in the release's identity.

    `matrix` names what tells a cell's row, and what tells its slot: every row has every slot. Rows
    alike in all `categories` are expected alike. `scales` are lengths of stretches of slots, each a
    multiple of the one before: the hours of a day, then of a week.
    """

    matrix: tuple[str, str] | None = None
    categories: tuple[str, ...] = ()
    scales: tuple[int, ...] = ()

    def lacks(self, columns: Collection[str]) -> list[str]:
        """List what is missing for it to be used with keys of these `columns`."""
        absent = [name for name in (*(self.matrix or ()), *self.categories) if name not in columns]
        nested = all(
            longer > shorter and longer % shorter == 0
            for shorter, longer in pairwise((1, *self.scales))
        )
        return [
            *([f"public keys with the denoiser's columns {absent}"] if absent else []),
            *(["scales that are multiples of one another, the shortest first"] * (not nested)),
            *(["a matrix whose slots have scales"] if self.scales and not self.matrix else []),
        ]


AS_DRAWN: Final = Denoiser()
"""Nothing is known of the cells: the table stays as it was drawn."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Layout:
    """Where each key lies: keys by row, then by slot, and the category of each row."""

    keys: Whole  # places in the table of keys: rows x slots
    category: Whole
    scales: tuple[int, ...]

    def spread(self, cells: Numbers) -> Numbers:
        """Give each counter's cells, in key order, as rows and slots."""
        return cells[:, self.keys]

    def gather(self, rows: Numbers) -> Numbers:
        """Give each counter's rows and slots as cells in key order."""
        cells = np.empty((len(rows), self.keys.size))
        cells[:, self.keys.ravel()] = rows.reshape(len(rows), -1)
        return cells


def layout(denoiser: Denoiser, keys: pa.Table) -> Layout:
    """Lay the public `keys` out as the denoiser says."""
    rows, slots = _numbered(keys, denoiser.matrix)
    width = int(slots.max(initial=0)) + 1
    order = np.lexsort((slots, rows)).reshape(-1, width)
    assert (slots[order] == np.arange(width)).all(), "every row has every slot once"
    assert (rows[order] == rows[order[:, :1]]).all(), "every row has every slot once"
    category = _alike([keys[name].to_numpy() for name in denoiser.categories], len(keys))
    assert (category[order] == category[order[:, :1]]).all(), "a row is of one category"
    uneven = [length for length in denoiser.scales if width % length]
    assert not uneven or not order.size, "stretches fill all slots"
    return Layout(keys=order, category=category[order[:, 0]], scales=denoiser.scales)


def _numbered(keys: pa.Table, matrix: tuple[str, str] | None) -> tuple[Whole, Whole]:
    if matrix is None:
        return np.arange(len(keys)), _alike([], len(keys))
    row, slot = (_alike([keys[name].to_numpy()], len(keys)) for name in matrix)
    return row, slot


def _alike(columns: list[Whole], size: int) -> Whole:
    """Give the same number to what is alike in all columns."""
    alike = np.zeros(size, dtype=np.int64)
    for column in columns:
        _, numbers = np.unique(column, return_inverse=True)
        _, alike = np.unique(alike * (numbers.max(initial=0) + 1) + numbers, return_inverse=True)
    return alike
