"""The stamps of a receipt: for each category, the cells that it granted, as one integer.

A row carries the stamp of its own category, `may`: what was granted for another is nothing to it.
"""

from collections.abc import Iterable

from hubbub.terms.purposes import PURPOSES, Category, Cell, Recipient, cell_bit

type Stamps = tuple[int, ...]
"""The mask `may` of every category, in the order of `Category`."""

NOTHING: Stamps = (0,) * len(Category)
"""The stamps of who agreed to nothing, or took everything back."""


def stamps(cells: Iterable[Cell], recipients: Iterable[Recipient]) -> Stamps:
    """Write the granted `cells` as stamps. Each of their recipients is among the `recipients`."""
    known = {recipient.key: recipient for recipient in recipients}
    may = [*NOTHING]
    for cell in cells:
        may[cell.category.number] |= cell_bit(cell.purpose, known[cell.recipient])
    return tuple(may)


def only(category: Category, may: int) -> Stamps:
    """Write the stamps of who agreed to `may` for one category, and to nothing for the others."""
    return tuple(may if each is category else 0 for each in Category)


def cells_of(granted: Stamps, recipients: Iterable[Recipient]) -> tuple[Cell, ...]:
    """Read stamps back. A bit that stands for no known cell grants nothing."""
    known = tuple(recipients)
    return tuple(
        Cell(category, purpose, recipient.key)
        for category, may in zip(Category, granted, strict=True)
        for purpose in PURPOSES.values()
        for recipient in known
        if may & cell_bit(purpose, recipient)
    )
