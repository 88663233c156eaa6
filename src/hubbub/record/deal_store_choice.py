"""What a choice comes to: of what the notice offers, what no signal says no to."""

import sqlalchemy as sa

from hubbub.deal.desk import ChoiceRefused, Wish
from hubbub.deal.signals import Signals
from hubbub.deal.stamp import Stamps, cells_of, stamps
from hubbub.deal.wish import cells_wished
from hubbub.record.deal_store_conflicts import keep_conflict
from hubbub.record.deal_store_notices import notice_in_force
from hubbub.record.deal_store_registry import live_recipients
from hubbub.record.deal_store_standing import Standing
from hubbub.terms.time import Instant


def chosen(
    connection: sa.Connection,
    standing: Standing,
    wish: Wish,
    *,
    signals: Signals,
    at: Instant,
) -> Stamps:
    """Give what somebody agrees to by `wish`, and keep what `signals` say no to of it."""
    known = live_recipients(connection)
    granted = cells_of(standing.stamps, known)
    cells = cells_wished(wish, notice_in_force(connection), granted=granted, age=standing.age)
    if strangers := {cell.recipient for cell in cells} - {each.key for each in known}:
        raise ChoiceRefused(f"{', '.join(sorted(strangers))}: not registered here, or revoked")
    wished = stamps(cells, known)
    for against in signals.against(wished):
        keep_conflict(connection, standing.subject, against, at=at)
    return signals.narrow(wished)
