"""The stamp of a row: which cells (purpose x recipient) its receipt granted, as one integer."""

from collections.abc import Iterable

from hubbub.terms.purposes import PURPOSES, RECIPIENTS, Purpose, Recipient, cell_bit

type Cell = tuple[type[Purpose], Recipient]
"""What one may agree to, or not, on its own: a purpose, and who reads for it."""

CELLS: tuple[Cell, ...] = tuple(
    (purpose, recipient) for purpose in PURPOSES.values() for recipient in RECIPIENTS
)


def stamp(cells: Iterable[Cell]) -> int:
    """Write the granted `cells` as the mask `may` that a row carries."""
    may = 0
    for purpose, recipient in cells:
        may |= cell_bit(purpose, recipient)
    return may


def cells_of(may: int) -> tuple[Cell, ...]:
    """Read the mask `may` back. A bit that stands for no known cell grants nothing."""
    return tuple(cell for cell in CELLS if may & cell_bit(*cell))
