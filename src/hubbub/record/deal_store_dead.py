"""The dead list as it rests: the receipts on which a cell was closed. It only grows."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.stamp import stamps
from hubbub.record.deal_store_tables import DEAD, MAY, RECEIPT
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category, Cell, Purpose, Recipient, cell_bit
from hubbub.terms.time import Instant


def dead_receipts(
    category: Category, purpose: type[Purpose], recipient: Recipient
) -> sa.Select[tuple[int]]:
    """Select the receipts on which this cell was closed."""
    return sa.select(DEAD.c.receipt).where(
        DEAD.c.category == category.value, DEAD.c.cell == cell_bit(purpose, recipient)
    )


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
    granted = sa.select(
        sa.literal(cell.category.value), sa.literal(bit), RECEIPT.c.number, sa.literal(at)
    ).where(RECEIPT.c.subject == subject, RECEIPT.c[MAY[cell.category]].bitwise_and(bit) != 0)
    connection.execute(
        insert(DEAD)
        .from_select(["category", "cell", "receipt", "closed_at"], granted)
        .on_conflict_do_nothing()  # closed before, when another deal had this cell
    )
