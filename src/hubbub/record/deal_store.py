"""The deal as it rests: who agreed to what, told under which notice, and what was taken back.

Several processes use one database at once. What one of them commits holds for all at their next
question: nothing is remembered without asking SQLite first whether it is still so.
"""

import re
import secrets
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Final, assert_never
from uuid import uuid4

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.certificate import ErasureCertificate, certify
from hubbub.deal.desk import (
    Badge,
    ChoiceRefused,
    DealStatus,
    DeviceName,
    DeviceTaken,
    Enrolment,
    SignedIn,
    Token,
    UnknownDevice,
    Who,
)
from hubbub.deal.notice import Notice, Operator, read_notice
from hubbub.deal.receipt import Choice, Receipt, make_receipt, read_receipt
from hubbub.deal.stamp import Cell, cells_of, stamp
from hubbub.record.deal_store_badges import Badges, token_digest
from hubbub.record.deal_store_erasure import Erasure, Erasures
from hubbub.record.deal_store_identity import IdentityStore, end_sessions
from hubbub.record.deal_store_keys import signing_key
from hubbub.record.deal_store_tables import (
    DEAD,
    DEVICE,
    NOTICE,
    RECEIPT,
    REFUSED,
    bring_up_to_date,
    open_database,
)
from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.purposes import RECIPIENTS, Purpose, Recipient, cell_bit
from hubbub.terms.time import Clock, Instant, iso

NAME_CHARACTERS_MAX: Final = 100
_REASON = re.compile(r"[a-z][a-z-]{0,39}")

# Built once: an enrolment spends more on building statements than on running them.
_ADD_DEVICE = (
    insert(DEVICE)
    .on_conflict_do_nothing(index_elements=["name"])
    .returning(DEVICE.c.subject, DEVICE.c.person)
)
_ADD_RECEIPT = sa.insert(RECEIPT).returning(RECEIPT.c.number)
_PUT_IN_FORCE = (
    sa.update(DEVICE)
    .where(DEVICE.c.subject == sa.bindparam("whose"))
    .values(receipt=sa.bindparam("number"))
)
_NEWEST_NOTICE = sa.select(NOTICE.c.document).order_by(NOTICE.c.version.desc()).limit(1)


class _Standing(Personal, frozen=True, kw_only=True):
    """Where a device stands before a change."""

    subject: Subject
    person: str
    name: str
    number: ReceiptNumber = ReceiptNumber(0)  # of the receipt in force
    may: int = 0
    since: Instant = Instant(0)
    before: Receipt | None = None  # the receipt in force


class DealStore:
    """The deal of one hubbub, in one SQLite file."""

    def __init__(self, path: Path, clock: Clock, *, operator: Operator | None = None) -> None:
        """Open the deal at `path`, made on first use; what `operator` says anew is published."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._clock = clock
        self._key = signing_key(path.parent / "keys")
        self._database = open_database(path, durable=True)
        self._reading = self._database.execution_options(only_reads=True)
        self._counting = open_database(path, durable=False)
        with self._database.begin() as connection:
            bring_up_to_date(connection)
            _publish(connection, operator, at=clock.now())
        self._badges = Badges(path)
        self.erasures = Erasures(self._database, self._reading)

    def close(self) -> None:
        """Let go of the file."""
        self._badges.close()
        self._counting.dispose()
        self._database.dispose()

    def identities(self, clock: Clock) -> IdentityStore:
        """Give the sessions and passkeys of the same people; `clock` is the real one."""
        return IdentityStore(self._database, self._reading, clock)

    def badge(self, token: str) -> Badge | None:
        """Tell whose `token` this is, as of now. None: nobody's."""
        return self._badges.find(token)

    def badge_of(self, who: Who) -> Badge:
        """Give the badge of a device that is known."""
        with self._reading.connect() as connection:
            standing = _standing(connection, who)
        return Badge(
            subject=standing.subject,
            receipt=standing.number,
            may=standing.may,
            since=standing.since,
        )

    def dead(self, purpose: type[Purpose], recipient: Recipient) -> pa.Table:
        """List the receipts on which the cell (`purpose`, `recipient`) was closed, as of now."""
        closed = sa.select(DEAD.c.receipt).where(DEAD.c.cell == cell_bit(purpose, recipient))
        with self._reading.connect() as connection:
            receipts = connection.scalars(closed).all()
        return pa.table({"receipt": pa.array(receipts, pa.int64())})

    def notice(self) -> Notice:
        """Give the notice in force."""
        with self._reading.connect() as connection:
            return _notice_in_force(connection)

    def public_key(self) -> bytes:
        """Give the key that every receipt verifies with."""
        return self._key.public_key().public_bytes_raw()

    def enrol(self, device: str, purposes: frozenset[type[Purpose]], method: str) -> Enrolment:
        """Make a deal with a device of a new name.

        A name that is taken is refused: a name proves nothing, and a new token would end the token
        of whoever has the name. Who holds that token, or the operator, renews.
        """
        if not device.isprintable() or not 0 < len(device.strip()) <= NAME_CHARACTERS_MAX:
            raise ChoiceRefused(f"a device's name has 1 to {NAME_CHARACTERS_MAX} characters")
        token = _new_token()
        newcomer = {
            "name": device,
            "person": f"urn:uuid:{uuid4()}",
            "token": token_digest(token.secret),
        }
        with self._database.begin() as connection:
            row = connection.execute(_ADD_DEVICE, newcomer).one_or_none()
            if row is None:
                raise DeviceTaken("a device of this name has a deal already: renew it")
            standing = _Standing(subject=row.subject, person=row.person, name=device)
            may = _chosen(purposes, _notice_in_force(connection))
            badge, receipt = self._write_down(connection, standing, may=may, method=method)
        return Enrolment(device=device, token=token, receipt=receipt, badge=badge)

    def renew(self, who: Who, purposes: frozenset[type[Purpose]], method: str) -> Enrolment:
        """Make another deal with a device that is known. Its old token and sessions end at once.

        The person stays the same: what was shared stays shared for the purposes that are chosen
        again, and ends for the others.
        """
        token = _new_token()
        with self._database.begin() as connection:
            standing = _standing(connection, who)
            connection.execute(
                sa.update(DEVICE)
                .where(DEVICE.c.subject == standing.subject)
                .values(token=token_digest(token.secret))
            )
            end_sessions(connection, standing.subject)
            may = _chosen(purposes, _notice_in_force(connection))
            badge, receipt = self._write_down(connection, standing, may=may, method=method)
        return Enrolment(device=standing.name, token=token, receipt=receipt, badge=badge)

    def withdraw(self, who: Who, purposes: frozenset[type[Purpose]] | None, method: str) -> Receipt:
        """Take back `purposes`, or everything; what is left is on a new receipt.

        Taking back what was not given changes nothing, and gives the receipt in force.
        """
        with self._database.begin() as connection:
            standing = _standing(connection, who)
            left = 0 if purposes is None else standing.may & ~stamp(_cells(purposes))
            if left == standing.may:
                assert standing.before is not None, "a device that is known has a receipt"
                return standing.before
            _, receipt = self._write_down(connection, standing, may=left, method=method)
        return receipt

    def erase(self, who: Who, method: str) -> Erasure:
        """Take everything back, and ask for every byte about a device to be erased."""
        self.withdraw(who, None, method)
        return self.erasures.request(self.badge_of(who).subject, at=self._clock.now())

    def certify(self, unsigned: ErasureCertificate) -> ErasureCertificate:
        """Sign the certificate of an erasure."""
        return certify(unsigned, self._key)

    def receipts(self, who: Who) -> list[Receipt]:
        """Give all receipts of a device, oldest first."""
        with self._reading.connect() as connection:
            standing = _standing(connection, who)
            documents = connection.scalars(
                sa.select(RECEIPT.c.document)
                .where(RECEIPT.c.subject == standing.subject)
                .order_by(RECEIPT.c.number)
            )
            return [read_receipt(document) for document in documents]

    def count_refused(self, reason: str, rows: int) -> None:
        """Count `rows` that were not stored, by `reason`. A power cut may lose the last counts."""
        assert _REASON.fullmatch(reason), "a reason is a word of ours, never one of a sender's"
        counted = insert(REFUSED).values(day=iso(self._clock.now())[:10], reason=reason, rows=rows)
        with self._counting.begin() as connection:
            connection.execute(
                counted.on_conflict_do_update(
                    index_elements=["day", "reason"],
                    set_={"rows": REFUSED.c.rows + counted.excluded.rows},
                )
            )

    def status(self) -> DealStatus:
        """Count, without naming."""
        in_force = sa.select(RECEIPT.c.may).join(DEVICE, DEVICE.c.receipt == RECEIPT.c.number)
        refused: dict[str, dict[str, int]] = {}
        with self._reading.connect() as connection:
            notice = _notice_in_force(connection)
            masks = connection.scalars(in_force).all()
            receipts = connection.scalar(sa.select(sa.func.count()).select_from(RECEIPT))
            for day, reason, rows in connection.execute(sa.select(REFUSED).order_by(*REFUSED.c)):
                refused.setdefault(day, {})[reason] = rows
        return DealStatus(
            notice_version=notice.version,
            notice_sha256=notice.sha256,
            devices=len(masks),
            withdrawn=masks.count(0),
            devices_by_purpose={
                purpose.key: sum(1 for may in masks if may & stamp(_cells({purpose})))
                for purpose in sorted(notice.purposes(), key=lambda purpose: purpose.index)
            },
            receipts=receipts or 0,
            refused=refused,
        )

    def _write_down(
        self, connection: sa.Connection, standing: _Standing, *, may: int, method: str
    ) -> tuple[Badge, Receipt]:
        """Make the receipt of a change to `may`, and put what it closes on the dead list."""
        now = self._clock.now()
        opened, closed = may & ~standing.may, standing.may & ~may
        receipt = make_receipt(
            _notice_in_force(connection),
            Choice(
                identifier=f"urn:uuid:{uuid4()}",
                person=standing.person,
                granted=cells_of(may),
                closed=cells_of(closed),
                method=method,
                at=now,
                replaces=standing.before.identifier if standing.before else None,
            ),
            self._key,
        )
        # What was open stays so, since when it was. One newly opened cell moves the whole badge on:
        # a row from before it came under no deal for that cell.
        since = now if opened else standing.since
        row = {
            "subject": standing.subject,
            "may": may,
            "since": since,
            "document": receipt.document(),
        }
        number = connection.scalars(_ADD_RECEIPT, row).one()
        for cell in cells_of(closed):
            _bury(connection, standing.subject, cell_bit(*cell), at=now)
        connection.execute(_PUT_IN_FORCE, {"whose": standing.subject, "number": number})
        badge = Badge(
            subject=standing.subject, receipt=ReceiptNumber(number), may=may, since=Instant(since)
        )
        return badge, receipt


def _bury(connection: sa.Connection, subject: Subject, bit: int, *, at: Instant) -> None:
    """Close a cell on every receipt of `subject` that granted it, however old."""
    granted = sa.select(sa.literal(bit), RECEIPT.c.number, sa.literal(at)).where(
        RECEIPT.c.subject == subject, RECEIPT.c.may.bitwise_and(bit) != 0
    )
    connection.execute(
        insert(DEAD)
        .from_select(["cell", "receipt", "closed_at"], granted)
        .on_conflict_do_nothing()  # closed before, when another deal had this cell
    )


def _standing(connection: sa.Connection, who: Who) -> _Standing:
    row = connection.execute(
        sa.select(
            DEVICE.c.subject,
            DEVICE.c.person,
            DEVICE.c.name,
            RECEIPT.c.number,
            RECEIPT.c.may,
            RECEIPT.c.since,
            RECEIPT.c.document,
        )
        .join(RECEIPT, RECEIPT.c.number == DEVICE.c.receipt)
        .where(_is(who))
    ).one_or_none()
    if row is None:
        raise UnknownDevice("no device of this name or token has a deal here")
    return _Standing(
        subject=row.subject,
        person=row.person,
        name=row.name,
        number=ReceiptNumber(row.number),
        may=row.may,
        since=row.since,
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


def _cells(purposes: Iterable[type[Purpose]]) -> Iterable[Cell]:
    return ((purpose, recipient) for purpose in purposes for recipient in RECIPIENTS)


def _chosen(purposes: frozenset[type[Purpose]], notice: Notice) -> int:
    if not purposes:
        raise ChoiceRefused("nothing was chosen: name at least one purpose")
    if unknown := purposes - notice.purposes():
        keys = ", ".join(sorted(purpose.key for purpose in unknown))
        raise ChoiceRefused(f"{keys}: not offered by the notice in force")
    return stamp(_cells(purposes))


def _new_token() -> Token:
    return Token(f"hub_{secrets.token_urlsafe(24)}")


def _notice_in_force(connection: sa.Connection) -> Notice:
    return read_notice(connection.scalars(_NEWEST_NOTICE).one())


def _publish(connection: sa.Connection, operator: Operator | None, *, at: Instant) -> None:
    """Put the notice that this program ships in force, unless it is: as a new version, if changed.

    Nobody's deal changes by it: receipts stay under the notice that their people were told.
    """
    text = read_notice(resources.files("hubbub.deal").joinpath("notice.json").read_bytes())
    in_force = connection.scalars(_NEWEST_NOTICE).one_or_none()
    before = in_force and read_notice(in_force)
    version = before.version if before else 0
    operator = operator or (before.operator if before else text.operator)
    if before and before == text.published(version, operator):
        return
    notice = text.published(version + 1, operator)
    connection.execute(
        sa.insert(NOTICE).values(
            version=notice.version,
            sha256=notice.sha256,
            published_at=at,
            document=notice.canonical(),
        )
    )
