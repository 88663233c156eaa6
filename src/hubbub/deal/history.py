"""The auditor's view of a deal: what was open when, as the receipts' own documents tell it.

It knows no stamps and no dead lists. That is its use: a mistake that the read path makes with them
is not made here, and what both say of a row is the same or one of them is wrong.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from hubbub.deal.receipt import Receipt
from hubbub.terms.purposes import Cell, RecipientKey
from hubbub.terms.time import SECOND, Instant, instant_of

SLACK_US: Final = 121 * SECOND
"""How far a phone's clock may be off at the door, and the second that a document's time ends on.

So near to a change of the deal either verdict on a row can be right.
"""


class Pause(NamedTuple):
    """A time in which a deal was paused; without an end, it still is."""

    since: Instant
    until: Instant | None


class History:
    """What one person agreed to, and since when without a break."""

    def __init__(
        self,
        receipts: Iterable[Receipt],
        *,
        pauses: Sequence[Pause] = (),
        revoked: frozenset[RecipientKey] = frozenset(),
    ) -> None:
        """Read the `receipts` of one person, oldest first. For who is `revoked` nothing is read."""
        self._is_paused = any(pause.until is None for pause in pauses)
        self._ended = [(each.since, each.until) for each in pauses if each.until is not None]
        self._open: dict[Cell, Instant] = {}
        for receipt in receipts:
            granted, at = receipt.cells(), instant_of(receipt.given_at)
            kept = {
                cell: since
                for cell, since in self._open.items()
                if cell.words not in receipt.closed and cell in granted
            }
            self._open = {cell: kept.get(cell, at) for cell in granted}
        self._open = {
            cell: since for cell, since in self._open.items() if cell.recipient not in revoked
        }

    def cells(self) -> frozenset[Cell]:
        """Tell what is open."""
        return frozenset(self._open)

    def may_read(self, cell: Cell, *, collected: Instant) -> bool | None:
        """Tell whether a row may be read now: open when it was collected, and never closed since.

        None: it was collected so near to a change that either is right.
        """
        since = self._open.get(cell)
        if since is None or self._is_paused or collected < since - SLACK_US:
            return False
        near = collected < since + SLACK_US
        for began, ended in self._ended:
            if began + SLACK_US <= collected < ended - SLACK_US:
                return False
            near |= began - SLACK_US <= collected < ended + SLACK_US
        return None if near else True
