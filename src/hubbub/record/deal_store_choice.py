"""What a choice comes to: of what the notice offers, what no signal says no to."""

import sqlalchemy as sa

from hubbub.deal.desk import ChoiceRefused, Wish
from hubbub.deal.signals import Signals
from hubbub.deal.stamp import Stamps, stamps
from hubbub.deal.wish import cells_wished
from hubbub.record.deal_store_conflicts import keep_conflict
from hubbub.record.deal_store_notices import notice_in_force
from hubbub.record.deal_store_registry import live_recipients
from hubbub.terms.people import Subject
from hubbub.terms.time import Instant


def chosen(
    connection: sa.Connection,
    subject: Subject,
    wish: Wish,
    *,
    signals: Signals,
    at: Instant,
) -> Stamps:
    """Give what `subject` agrees to by `wish`, and keep what `signals` say no to of it."""
    cells, known = cells_wished(wish, notice_in_force(connection)), live_recipients(connection)
    if strangers := {cell.recipient for cell in cells} - {each.key for each in known}:
        raise ChoiceRefused(f"{', '.join(sorted(strangers))}: not registered here, or revoked")
    wished = stamps(cells, known)
    for against in signals.against(wished):
        keep_conflict(connection, subject, against, at=at)
    return signals.narrow(wished)
