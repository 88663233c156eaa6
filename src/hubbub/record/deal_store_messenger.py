"""Which account of the messenger is whose, as it rests, and what everybody there agreed to."""

import secrets
from collections.abc import Callable, Iterator
from typing import Final

import sqlalchemy as sa

from hubbub.deal.messenger import AccountTaken, MessengerAccount, MessengerGrant
from hubbub.deal.receipt import Receipt, read_receipt
from hubbub.deal.stamp import NOTHING, Stamps, cells_of
from hubbub.record.deal_store_pauses import paused_subjects, resumed
from hubbub.record.deal_store_registry import live_recipients
from hubbub.record.deal_store_tables import (
    DEVICE,
    ERASURE,
    MAY,
    MESSENGER_ACCOUNT,
    NOTICE,
    RECEIPT,
)
from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.purposes import Category
from hubbub.terms.time import Clock, Instant

KNOWN_THERE: Final = (Category.SERVICE_USE, Category.DEVICE, Category.INTERACTIONS)
"""What a homeserver can tell of somebody."""

type Meet = Callable[[sa.Connection, str, str], Subject]
"""Writes down somebody of this name who has agreed to nothing yet, met in this way."""


class Untold(Personal, frozen=True, kw_only=True):
    """Somebody whose deal, or the notice, has changed since they were last told in the chat."""

    subject: Subject
    account: str
    receipt: int  # the newest, by its number
    before: Receipt  # what they were told of
    after: Receipt
    is_notice_new: bool


class MessengerStore:
    """The accounts of the messenger, in the deal's own file."""

    def __init__(
        self, database: sa.Engine, reading: sa.Engine, clock: Clock, *, meet: Meet
    ) -> None:
        self._database, self._reading, self._clock, self._meet = database, reading, clock, meet

    def of(self, subject: Subject) -> MessengerAccount | None:
        """Give the account of `subject`, if they have joined one."""
        asked = sa.select(MESSENGER_ACCOUNT).where(MESSENGER_ACCOUNT.c.subject == subject)
        with self._reading.connect() as connection:
            row = connection.execute(asked).one_or_none()
        return None if row is None else _account(row)

    def links(self) -> list[tuple[str, Subject]]:
        """List which account is whose, but for those who are being erased."""
        asked = sa.select(MESSENGER_ACCOUNT.c.account, MESSENGER_ACCOUNT.c.subject)
        with self._reading.connect() as connection:
            rows = connection.execute(asked.where(~_is_erased())).all()
        return [(row.account, Subject(row.subject)) for row in rows]

    def meet(self, account: str, method: str) -> Subject:
        """Tell whose `account` this is. At first it is a person's who has agreed to nothing yet."""
        with self._database.begin() as connection:
            known = self._holder(connection, account)
            if known is not None:
                return known
            subject = self._meet(connection, f"messenger {secrets.token_hex(4)}", method)
            self._write_down(connection, account, subject)
            return subject

    def join(self, account: str, subject: Subject) -> MessengerAccount:
        """Put an account to a person who is known here. Raises `AccountTaken`."""
        with self._database.begin() as connection:
            holder = self._holder(connection, account)
            theirs = sa.select(MESSENGER_ACCOUNT).where(MESSENGER_ACCOUNT.c.subject == subject)
            row = connection.execute(theirs).one_or_none()
            if (holder, row) == (None, None):
                return self._write_down(connection, account, subject)
            if holder != subject or row is None:
                raise AccountTaken("a person has one account of the messenger, and it one person")
            return _account(row)

    def part(self, subject: Subject) -> None:
        """Let an account be nobody's here again: nothing of it is shared from now on."""
        with self._database.begin() as connection:
            connection.execute(
                sa.delete(MESSENGER_ACCOUNT).where(MESSENGER_ACCOUNT.c.subject == subject)
            )

    def leave(self, subject: Subject) -> None:
        """Have the account of `subject` closed for good, at the homeserver too."""
        self._mark(subject, leaves=True)

    def grants(self) -> tuple[MessengerGrant, ...]:
        """List what everybody agreed to who has joined, and is not being erased."""
        with self._reading.connect() as connection:
            return tuple(_grants(connection))

    def leaving(self) -> list[MessengerAccount]:
        """List the accounts that are still to be closed at the homeserver."""
        asked = sa.select(MESSENGER_ACCOUNT).where(
            MESSENGER_ACCOUNT.c.leaves, ~MESSENGER_ACCOUNT.c.left
        )
        with self._reading.connect() as connection:
            return [_account(row) for row in connection.execute(asked)]

    def is_leaving(self, subject: Subject) -> bool:
        """Tell whether the account of `subject` is still to be closed at the homeserver."""
        return any(each.subject == subject for each in self.leaving())

    def left(self, subject: Subject) -> None:
        """Remember that an account was closed at the homeserver."""
        self._mark(subject, left=True)

    def untold(self) -> list[Untold]:
        """List who is to be told that their deal, or the notice, has changed."""
        newest = sa.select(sa.func.max(NOTICE.c.version)).scalar_subquery()
        then, now, there = RECEIPT.alias("then"), RECEIPT.alias("now"), MESSENGER_ACCOUNT.c
        asked = (
            sa.select(
                there.subject,
                there.account,
                now.c.number,
                then.c.document.label("before"),
                now.c.document.label("after"),
                (newest > there.told_notice).label("is_notice_new"),
            )
            .join(DEVICE, DEVICE.c.subject == there.subject)
            .join(then, then.c.number == there.told_receipt)
            .join(now, now.c.number == DEVICE.c.receipt)
            .where(
                sa.or_(now.c.number > there.told_receipt, newest > there.told_notice),
                ~there.leaves,
                ~_is_erased(),
            )
        )
        with self._reading.connect() as connection:
            return [
                Untold(
                    subject=Subject(row.subject),
                    account=row.account,
                    receipt=row.number,
                    before=read_receipt(row.before),
                    after=read_receipt(row.after),
                    is_notice_new=row.is_notice_new,
                )
                for row in connection.execute(asked)
            ]

    def told(self, told: Untold, *, notice: int) -> None:
        """Remember what somebody was told: of their deal, and up to which version of the notice."""
        self._mark(told.subject, told_receipt=told.receipt, told_notice=notice)

    def _mark(self, subject: Subject, **said: int | bool) -> None:
        changed = sa.update(MESSENGER_ACCOUNT).where(MESSENGER_ACCOUNT.c.subject == subject)
        with self._database.begin() as connection:
            connection.execute(changed.values(said))

    def _holder(self, connection: sa.Connection, account: str) -> Subject | None:
        held = sa.select(MESSENGER_ACCOUNT.c.subject).where(MESSENGER_ACCOUNT.c.account == account)
        subject = connection.scalars(held).one_or_none()
        return None if subject is None else Subject(subject)

    def _write_down(
        self, connection: sa.Connection, account: str, subject: Subject
    ) -> MessengerAccount:
        receipt = sa.select(DEVICE.c.receipt).where(DEVICE.c.subject == subject)
        row = {
            "subject": subject,
            "account": account,
            "joined_at": self._clock.now(),
            "told_receipt": connection.scalars(receipt).one(),
            "told_notice": connection.scalar(sa.select(sa.func.max(NOTICE.c.version))),
            "leaves": False,
            "left": False,
        }
        added = sa.insert(MESSENGER_ACCOUNT).returning(MESSENGER_ACCOUNT)
        return _account(connection.execute(added, row).one())


def _grants(connection: sa.Connection) -> Iterator[MessengerGrant]:
    known = live_recipients(connection)
    paused = {*connection.scalars(paused_subjects())}
    resumed_at = {row.subject: row.at for row in connection.execute(resumed())}
    theirs = (
        sa.select(MESSENGER_ACCOUNT.c.account, RECEIPT)
        .join(DEVICE, DEVICE.c.subject == MESSENGER_ACCOUNT.c.subject)
        .join(RECEIPT, RECEIPT.c.number == DEVICE.c.receipt)
        .where(~_is_erased())
        .order_by(MESSENGER_ACCOUNT.c.subject)
    )
    for row in connection.execute(theirs):
        granted: Stamps = tuple(getattr(row, may) for may in MAY.values())
        may = NOTHING if row.subject in paused else granted
        receipt = read_receipt(row.document)
        yield MessengerGrant(
            account=row.account,
            receipt=ReceiptNumber(row.number),
            since=Instant(max(row.since, resumed_at.get(row.subject, 0))),
            may={each.value: may[each.number] for each in KNOWN_THERE},
            cells=tuple(cell.words for cell in cells_of(granted, known)),
            paused=row.subject in paused,
            notice=receipt.notice.version,
            changed_at=receipt.given_at,
        )


def _is_erased() -> sa.ColumnElement[bool]:
    return sa.exists().where(ERASURE.c.subject == MESSENGER_ACCOUNT.c.subject)


def _account(row: sa.Row[tuple[object, ...]]) -> MessengerAccount:
    return MessengerAccount(
        subject=Subject(row.subject), account=row.account, joined_at=Instant(row.joined_at)
    )
