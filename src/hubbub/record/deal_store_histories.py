"""What an audit holds rows against: people's agreements, by the documents of their receipts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import batched
from typing import Final

import pyarrow as pa
import sqlalchemy as sa

from hubbub.deal.desk import LiveReceipt
from hubbub.deal.history import History, Pause
from hubbub.deal.receipt import Receipt, read_receipt
from hubbub.record.deal_store_dead import dead_bits
from hubbub.record.deal_store_live import live_receipts
from hubbub.record.deal_store_recipients import recipients
from hubbub.record.deal_store_tables import PAUSE, RECEIPT, RECIPIENT, RECIPIENT_CARD
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.purposes import Category, Recipient, RecipientKey
from hubbub.terms.time import Instant

_AT_ONCE: Final = 500
_REVOKED: Final = (
    sa.select(RECIPIENT.c.key).join(RECIPIENT_CARD).where(RECIPIENT_CARD.c.revoked_at.is_not(None))
)


class Histories:
    """The deal's past, in its own file. It is read only."""

    def __init__(self, reading: sa.Engine) -> None:
        self._reading = reading

    def dead_bits(self, category: Category) -> pa.Table:
        """List the receipts on which anything of `category` was closed: `receipt` and `bits`."""
        with self._reading.connect() as connection:
            rows = connection.execute(dead_bits(category)).all()
        columns = zip(*rows, strict=True) if rows else ((), ())
        return pa.table([pa.array(each, pa.int64()) for each in columns], ["receipt", "bits"])

    def recipients(self) -> tuple[Recipient, ...]:
        """Give everybody who ever was registered to read, by slot."""
        with self._reading.connect() as connection:
            return recipients(connection)

    def live(self, receipts: Collection[ReceiptNumber]) -> dict[ReceiptNumber, LiveReceipt]:
        """Tell whose `receipts` are, and what of them holds now. Those of nobody are left out."""
        with self._reading.connect() as connection:
            return live_receipts(connection, receipts)

    def of(self, subjects: Sequence[Subject]) -> dict[Subject, History]:
        """Read the history of each of `subjects` that has one."""
        receipts: defaultdict[Subject, list[Receipt]] = defaultdict(list)
        pauses: defaultdict[Subject, list[Pause]] = defaultdict(list)
        with self._reading.connect() as connection:
            revoked = frozenset(RecipientKey(key) for key in connection.scalars(_REVOKED))
            for some in batched(subjects, _AT_ONCE, strict=False):
                given = sa.select(RECEIPT.c.subject, RECEIPT.c.document)
                given = given.where(RECEIPT.c.subject.in_(some)).order_by(RECEIPT.c.number)
                for subject, document in connection.execute(given):
                    receipts[subject].append(read_receipt(document))
                steps = sa.select(PAUSE).where(PAUSE.c.subject.in_(some)).order_by(PAUSE.c.step)
                for step in connection.execute(steps):
                    if step.paused:
                        pauses[step.subject].append(Pause(since=Instant(step.at), until=None))
                    else:
                        paused = pauses[step.subject].pop()
                        pauses[step.subject].append(paused._replace(until=Instant(step.at)))
        return {
            subject: History(given, pauses=pauses[subject], revoked=revoked)
            for subject, given in receipts.items()
        }
