"""What is public of a table's cells, so that what is true can be told from noise.

A table is laid out as rows and slots: places and hours of the week, roads and parts of the day.
Without a `matrix`, every cell is a row of one slot.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Final


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
