"""Where somebody stands before a change: who they are here, and what they agreed to."""

from typing import assert_never

import sqlalchemy as sa

from hubbub.deal.desk import AgeBand, DeviceName, SignedIn, Token, UnknownDevice, Who
from hubbub.deal.receipt import Receipt, read_receipt
from hubbub.deal.stamp import NOTHING, Stamps
from hubbub.record.deal_store_badges import token_digest
from hubbub.record.deal_store_pauses import paused_since, resumed_at
from hubbub.record.deal_store_tables import DEVICE, MAY, RECEIPT
from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.time import Instant


class Standing(Personal, frozen=True, kw_only=True):
    """Where a device stands."""

    subject: Subject
    person: str
    name: str
    age: AgeBand
    number: ReceiptNumber = ReceiptNumber(0)  # of the receipt in force
    stamps: Stamps = NOTHING
    since: Instant = Instant(0)
    paused: bool = False
    before: Receipt | None = None  # the receipt in force


def standing_of(connection: sa.Connection, who: Who) -> Standing:
    """Look up where `who` stands. Raises `UnknownDevice`."""
    row = connection.execute(
        sa.select(
            DEVICE.c.subject,
            DEVICE.c.person,
            DEVICE.c.name,
            DEVICE.c.age_band,
            RECEIPT.c.number,
            RECEIPT.c.since,
            RECEIPT.c.document,
            *(RECEIPT.c[may] for may in MAY.values()),
        )
        .join(RECEIPT, RECEIPT.c.number == DEVICE.c.receipt)
        .where(_is(who))
    ).one_or_none()
    if row is None:
        raise UnknownDevice("no device of this name or token has a deal here")
    return Standing(
        subject=row.subject,
        person=row.person,
        name=row.name,
        age=AgeBand(row.age_band),
        number=ReceiptNumber(row.number),
        stamps=tuple(getattr(row, may) for may in MAY.values()),
        since=max(row.since, resumed_at(connection, row.subject)),
        paused=paused_since(connection, row.subject) is not None,
        before=read_receipt(row.document),
    )


def _is(who: Who) -> sa.ColumnElement[bool]:
    match who:
        case Token(secret=secret):
            return DEVICE.c.token == token_digest(secret)
        case DeviceName(name=name):
            return DEVICE.c.name == name
        case SignedIn(subject=subject):
            return DEVICE.c.subject == subject
    assert_never(who)
