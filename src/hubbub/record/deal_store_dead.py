"""The dead list as it rests: the receipts on which a cell was closed. It only grows."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.stamp import cells_of, only, stamps
from hubbub.record.deal_store_tables import DEAD, MAY, RECEIPT
from hubbub.terms.people import Subject
from hubbub.terms.purposes import PURPOSES, Category, Cell, Recipient, cell_bit
from hubbub.terms.time import Instant


def dead_bits(category: Category) -> sa.Select[tuple[int, int]]:
    """Select every receipt on which something of `category` was closed, with the bits of it all."""
    bits = sa.func.sum(DEAD.c.cell)  # each is there once
    of_category = sa.select(DEAD.c.receipt, bits).where(DEAD.c.category == category.value)
    return of_category.group_by(DEAD.c.receipt)


def bury(
    connection: sa.Connection,
    subject: Subject,
    cell: Cell,
    *,
    known: Iterable[Recipient],
    at: Instant,
) -> None:
    """Close a cell on every receipt of `subject` that granted it, however old."""
    bit = stamps([cell], known)[cell.category.number]
    _add(connection, _granted(cell.category, bit, at=at).where(RECEIPT.c.subject == subject))


def bury_recipient(connection: sa.Connection, recipient: Recipient, *, at: Instant) -> None:
    """Close every cell of `recipient` on every receipt, whosever it is."""
    bits = [cell_bit(purpose, recipient) for purpose in PURPOSES.values()]
    theirs = [RECEIPT.c[may].bitwise_and(sum(bits)) for may in MAY.values()]
    # Most people choose alike: one look at all receipts tells which few cells anybody granted.
    granted = connection.execute(sa.select(*theirs).distinct()).all()
    for category, found in zip(Category, zip(*granted, strict=True), strict=False):
        for bit in bits:
            if any(may & bit for may in found):
                _add(connection, _granted(category, bit, at=at))


def closed_cells(
    connection: sa.Connection, subject: Subject, known: Iterable[Recipient]
) -> dict[tuple[int, Cell], Instant]:
    """Tell when which cell was closed on which receipt of `subject`."""
    everybody = tuple(known)
    theirs = sa.select(DEAD).join(RECEIPT, RECEIPT.c.number == DEAD.c.receipt)
    closed: dict[tuple[int, Cell], Instant] = {}
    for row in connection.execute(theirs.where(RECEIPT.c.subject == subject)):
        for cell in cells_of(only(Category(row.category), row.cell), everybody):
            closed[row.receipt, cell] = Instant(row.closed_at)
    return closed


def _granted(category: Category, bit: int, *, at: Instant) -> sa.Select[tuple[str, int, int, int]]:
    """Select the entries of the dead list that close a cell on whatever receipt granted it."""
    columns = sa.literal(category.value), sa.literal(bit), RECEIPT.c.number, sa.literal(at)
    return sa.select(*columns).where(RECEIPT.c[MAY[category]].bitwise_and(bit) != 0)


def _add(connection: sa.Connection, granted: sa.Select[tuple[str, int, int, int]]) -> None:
    connection.execute(
        insert(DEAD)
        .from_select(["category", "cell", "receipt", "closed_at"], granted)
        .on_conflict_do_nothing()  # closed before, when another deal had this cell
    )
