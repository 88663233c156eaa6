"""What of a receipt holds now: for rows that name the receipt they came under, and nobody."""

from collections import defaultdict
from collections.abc import Collection
from itertools import batched
from typing import Final

import sqlalchemy as sa

from hubbub.deal.desk import LiveReceipt
from hubbub.record.deal_store_pauses import paused_receipts
from hubbub.record.deal_store_tables import DEAD, ERASURE, MAY, RECEIPT
from hubbub.terms.people import ReceiptNumber, Subject

_AT_ONCE: Final = 500


def live_receipts(
    connection: sa.Connection, numbers: Collection[ReceiptNumber]
) -> dict[ReceiptNumber, LiveReceipt]:
    """Look receipts up. Those of nobody, and of who is being erased, are left out."""
    leaves = sa.exists().where(ERASURE.c.subject == RECEIPT.c.subject)
    is_paused = RECEIPT.c.number.in_(paused_receipts()).label("is_paused")
    found: dict[ReceiptNumber, LiveReceipt] = {}
    for some in batched(numbers, _AT_ONCE, strict=False):
        closed: defaultdict[tuple[int, str], int] = defaultdict(int)
        for dead in connection.execute(sa.select(DEAD).where(DEAD.c.receipt.in_(some))):
            closed[dead.receipt, dead.category] |= dead.cell
        granted = sa.select(RECEIPT, is_paused).where(RECEIPT.c.number.in_(some), ~leaves)
        for row in connection.execute(granted):
            found[ReceiptNumber(row.number)] = LiveReceipt(
                subject=Subject(row.subject),
                stamps=tuple(
                    getattr(row, may) & ~closed[row.number, category.value]
                    for category, may in MAY.items()
                ),
                paused=bool(row.is_paused),
            )
    return found
