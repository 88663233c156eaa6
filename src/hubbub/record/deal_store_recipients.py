"""Who may read: each registered recipient has a slot in the stamps, and keeps it for ever."""

import sqlalchemy as sa

from hubbub.record.deal_store_tables import RECIPIENT
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import RECIPIENTS_MAX, Recipient, RecipientKey

_ALL = sa.select(RECIPIENT).order_by(RECIPIENT.c.slot)


class NoSlotLeft(BadInput):
    """As many recipients as a stamp has room for were registered. A slot is never given again."""

    def __init__(self) -> None:
        super().__init__(f"{RECIPIENTS_MAX} recipients were registered: there is room for no more")


def recipients(connection: sa.Connection) -> tuple[Recipient, ...]:
    """Give everybody who ever was registered, by slot; the own service is the first."""
    rows = connection.execute(_ALL)
    return tuple(Recipient(RecipientKey(row.key), row.slot) for row in rows)


def register(connection: sa.Connection, key: RecipientKey) -> Recipient:
    """Give the recipient called `key` its slot, or the one it has."""
    known = recipients(connection)
    if there := next((each for each in known if each.key == key), None):
        return there
    if len(known) == RECIPIENTS_MAX:
        raise NoSlotLeft
    registered = Recipient(key, slot=len(known))
    connection.execute(sa.insert(RECIPIENT).values(slot=registered.slot, key=registered.key))
    return registered
