"""The deal as it rests: who agreed to what, told under which notice, and what was taken back.

Several processes use one database at once. What one of them commits holds for all at their next
question: nothing is remembered without asking SQLite first whether it is still so.
"""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import sqlalchemy as sa
from msgspec.structs import replace

from hubbub.deal.certificate import ErasureCertificate, certify
from hubbub.deal.desk import (
    AgeBand,
    Badge,
    ChoiceRefused,
    DealStatus,
    Enrolment,
    Who,
    Wish,
)
from hubbub.deal.identity import Secret
from hubbub.deal.notice import Draft, Notice
from hubbub.deal.notice_changes import Changes
from hubbub.deal.receipt import Choice, Receipt, make_receipt, read_receipt
from hubbub.deal.signals import NO_SIGNALS, Against, Conflict, Signals
from hubbub.deal.stamp import NOTHING, Stamps, cells_of, stamps
from hubbub.deal.wish import cells_left
from hubbub.record.deal_store_badges import Badges, token_digest
from hubbub.record.deal_store_choice import chosen
from hubbub.record.deal_store_conflicts import conflicts_of, keep_conflict
from hubbub.record.deal_store_dead import bury, closed_cells
from hubbub.record.deal_store_dead_lists import DeadLists
from hubbub.record.deal_store_devices import add_device, new_token
from hubbub.record.deal_store_erasure import Erasure, Erasures
from hubbub.record.deal_store_histories import Histories
from hubbub.record.deal_store_identity import IdentityStore, end_sessions
from hubbub.record.deal_store_keys import signing_key
from hubbub.record.deal_store_messenger import MessengerStore
from hubbub.record.deal_store_notices import (
    changes_since,
    days_kept,
    document_of,
    notice_in_force,
    publish,
)
from hubbub.record.deal_store_pauses import (
    pause,
    paused_since,
    resume,
)
from hubbub.record.deal_store_recipients import recipients
from hubbub.record.deal_store_registry import RegistryStore, live_recipients
from hubbub.record.deal_store_standing import Standing, standing_of
from hubbub.record.deal_store_status import count_refused, status_of
from hubbub.record.deal_store_tables import (
    DEVICE,
    MAY,
    RECEIPT,
    bring_up_to_date,
    open_database,
)
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.purposes import OWN, Category, Cell, Purpose, Recipient
from hubbub.terms.time import Clock, Instant

# Built once: an enrolment spends more on building statements than on running them.
_ADD_RECEIPT = sa.insert(RECEIPT).returning(RECEIPT.c.number)
_PUT_IN_FORCE = (
    sa.update(DEVICE)
    .where(DEVICE.c.subject == sa.bindparam("whose"))
    .values(receipt=sa.bindparam("number"))
)


class DealStore:
    """The deal of one hubbub, in one SQLite file."""

    def __init__(self, path: Path, clock: Clock, *, told: Draft | None = None) -> None:
        """Open the deal at `path`, made on first use; what is `told` anew is published."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self.clock = clock
        self._key = signing_key(path.parent / "keys")
        self._database = open_database(path, durable=True)
        self._reading = self._database.execution_options(only_reads=True)
        self._counting = open_database(path, durable=False)
        with self._database.begin() as connection:
            bring_up_to_date(connection)
            publish(connection, told, at=clock.now())
        self._badges, self._dead_lists = Badges(path), DeadLists(path)
        self.erasures = Erasures(self._database, self._reading)
        self.histories = Histories(self._reading)
        self.registry = RegistryStore(self._database, self._reading, clock)
        self.messenger = MessengerStore(self._database, self._reading, clock, meet=self._meet)

    def close(self) -> None:
        """Let go of the file."""
        self._badges.close()
        self._dead_lists.close()
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
            standing = standing_of(connection, who)
        return Badge(
            subject=standing.subject,
            receipt=standing.number,
            stamps=standing.stamps,
            since=standing.since,
            paused=standing.paused,
        )

    def dead(
        self, category: Category, purpose: type[Purpose], recipient: Recipient = OWN
    ) -> pa.Table:
        """List the receipts on which this cell was closed, or that are paused, as of now."""
        return self._dead_lists.of(category, purpose, recipient)

    def closed(self, subject: Subject) -> dict[tuple[int, Cell], Instant]:
        """Tell when which cell was closed on which receipt of `subject`."""
        with self._reading.connect() as connection:
            return closed_cells(connection, subject, recipients(connection))

    def notice(self) -> Notice:
        """Give the notice in force."""
        with self._reading.connect() as connection:
            return notice_in_force(connection)

    def notice_document(self, name: str) -> bytes | None:
        """Give the notice of this version or hash as it was published, if there ever was one."""
        with self._reading.connect() as connection:
            return document_of(connection, name)

    def changes(self, who: Who) -> Changes:
        """Tell what the notice says otherwise than it did when `who` agreed."""
        with self._reading.connect() as connection:
            return changes_since(connection, standing_of(connection, who))

    def keep_days(self, category: Category) -> int:
        """Tell for how long rows of `category` are kept: as the notice says that says least."""
        with self._reading.connect() as connection:
            return days_kept(connection, category)

    def public_key(self) -> bytes:
        """Give the key that every receipt verifies with."""
        return self._key.public_key().public_bytes_raw()

    def enrol(
        self,
        device: str,
        wish: Wish,
        method: str,
        *,
        age: AgeBand = AgeBand.ADULT,
        signals: Signals = NO_SIGNALS,
    ) -> Enrolment:
        """Make a deal with a device of a new name. Raises `DeviceTaken` where it is not."""
        with self._database.begin() as connection:
            standing, token = add_device(connection, device, age)
            badge, receipt = self._agree(connection, standing, wish, method=method, signals=signals)
        return Enrolment(device=device, token=token, receipt=receipt, badge=badge)

    def renew(
        self,
        who: Who,
        wish: Wish,
        method: str,
        *,
        age: AgeBand | None = None,
        signals: Signals = NO_SIGNALS,
    ) -> Enrolment:
        """Make another deal with a device that is known. Its old token and sessions end at once.

        The person stays the same: what was shared stays shared for the purposes that are chosen
        again, and ends for the others.
        """
        token = new_token()
        with self._database.begin() as connection:
            standing = standing_of(connection, who)
            standing = replace(standing, age=age or standing.age)
            connection.execute(
                sa.update(DEVICE)
                .where(DEVICE.c.subject == standing.subject)
                .values(token=token_digest(token.secret), age_band=standing.age.value)
            )
            end_sessions(connection, standing.subject)
            badge, receipt = self._agree(connection, standing, wish, method=method, signals=signals)
        return Enrolment(device=standing.name, token=token, receipt=receipt, badge=badge)

    def choose(
        self, who: Who, wish: Wish, method: str, *, signals: Signals = NO_SIGNALS
    ) -> Receipt:
        """Say yes to `wish` beside all that was said yes to before. The token stays.

        Saying yes to what is on already changes nothing, and gives the receipt in force.
        """
        with self._database.begin() as connection:
            standing = standing_of(connection, who)
            wished = self._chosen(connection, standing, wish, signals=signals)
            granted = _each(standing.stamps, wished, lambda on, new: on | new)
            return self._changed(connection, standing, granted, method=method)

    def withdraw(self, who: Who, wish: Wish | None, method: str) -> Receipt:
        """Take back `wish`, or everything; what is left is on a new receipt.

        Taking back what was not given changes nothing, and gives the receipt in force.
        """
        with self._database.begin() as connection:
            standing = standing_of(connection, who)
            known = recipients(connection)
            left = cells_left(wish, cells_of(standing.stamps, known))
            return self._changed(connection, standing, stamps(left, known), method=method)

    def pause(self, who: Who, method: str) -> Instant:
        """Read nothing and take nothing from now on, and delete nothing. Tells since when it is."""
        with self._database.begin() as connection:
            subject = standing_of(connection, who).subject
            return pause(connection, subject, method, at=self.clock.now())

    def resume(self, who: Who, method: str) -> None:
        """Let a deal that is paused go on."""
        with self._database.begin() as connection:
            subject = standing_of(connection, who).subject
            resume(connection, subject, method, at=self.clock.now())

    def paused_since(self, who: Who) -> Instant | None:
        """Tell since when a deal is paused. None: it is not."""
        with self._reading.connect() as connection:
            return paused_since(connection, standing_of(connection, who).subject)

    def granted(self, who: Who) -> tuple[Cell, ...]:
        """Tell which cells are on."""
        with self._reading.connect() as connection:
            return cells_of(standing_of(connection, who).stamps, live_recipients(connection))

    def conflicts(self, who: Who) -> list[Conflict]:
        """Tell what signals said no to of what a device had said yes to, the latest first."""
        with self._reading.connect() as connection:
            return conflicts_of(connection, standing_of(connection, who).subject)

    def keep_conflict(self, subject: Subject, against: Against, times: int) -> None:
        """Keep that a signal was against rows that came so many times."""
        with self._counting.begin() as connection:
            keep_conflict(connection, subject, against, at=self.clock.now(), times=times)

    def erase(self, who: Who, method: str, *, claim: Secret | None = None) -> Erasure:
        """Take everything back, and ask for every byte about a device to be erased.

        The certificate is for whoever shows `claim`, since nobody is left who could sign in.
        """
        self.withdraw(who, None, method)
        subject = self.badge_of(who).subject
        return self.erasures.request(subject, at=self.clock.now(), claim=claim)

    def certify(self, unsigned: ErasureCertificate) -> ErasureCertificate:
        """Sign the certificate of an erasure."""
        return certify(unsigned, self._key)

    def receipts(self, who: Who) -> list[Receipt]:
        """Give all receipts of a device, oldest first."""
        with self._reading.connect() as connection:
            standing = standing_of(connection, who)
            documents = connection.scalars(
                sa.select(RECEIPT.c.document)
                .where(RECEIPT.c.subject == standing.subject)
                .order_by(RECEIPT.c.number)
            )
            return [read_receipt(document) for document in documents]

    def count_refused(self, reason: str, rows: int) -> None:
        """Count `rows` that were not stored, by `reason`. A power cut may lose the last counts."""
        with self._counting.begin() as connection:
            count_refused(connection, reason, rows, at=self.clock.now())

    def status(self) -> DealStatus:
        """Count, without naming."""
        with self._reading.connect() as connection:
            return status_of(connection)

    def _meet(self, connection: sa.Connection, name: str, method: str) -> Subject:
        """Write down somebody who has agreed to nothing yet, and may at any time."""
        standing, _ = add_device(connection, name, AgeBand.ADULT)
        badge, _ = self._write_down(connection, standing, NOTHING, method=method)
        return badge.subject

    def _chosen(
        self, connection: sa.Connection, standing: Standing, wish: Wish, *, signals: Signals
    ) -> Stamps:
        at = self.clock.now()
        return chosen(connection, standing, wish, signals=signals, at=at)

    def _agree(
        self,
        connection: sa.Connection,
        standing: Standing,
        wish: Wish,
        *,
        method: str,
        signals: Signals,
    ) -> tuple[Badge, Receipt]:
        """Make the receipt of a choice that stands for itself."""
        granted = self._chosen(connection, standing, wish, signals=signals)
        if granted == NOTHING:
            raise ChoiceRefused("your browser or app sends a signal that says no to all of this")
        return self._write_down(connection, standing, granted, method=method)

    def _changed(
        self, connection: sa.Connection, standing: Standing, granted: Stamps, *, method: str
    ) -> Receipt:
        """Give the receipt of a change to `granted`: if that is none, the one in force."""
        if granted == standing.stamps:
            assert standing.before is not None, "a device that is known has a receipt"
            return standing.before
        return self._write_down(connection, standing, granted, method=method)[1]

    def _write_down(
        self, connection: sa.Connection, standing: Standing, granted: Stamps, *, method: str
    ) -> tuple[Badge, Receipt]:
        """Make the receipt of a change to `granted`, and put what it closes on the dead list."""
        now, known = self.clock.now(), recipients(connection)
        opened = _each(granted, standing.stamps, lambda new, on: new & ~on)
        closed = cells_of(_each(standing.stamps, granted, lambda on, new: on & ~new), known)
        receipt = make_receipt(
            notice_in_force(connection),
            Choice(
                identifier=f"urn:uuid:{uuid4()}",
                person=standing.person,
                granted=cells_of(granted, known),
                closed=closed,
                method=method,
                at=now,
                replaces=standing.before.identifier if standing.before else None,
                kept=standing.before.carried() if standing.before else (),
            ),
            self._key,
        )
        # What was open stays so, since when it was. One newly opened cell moves the whole badge on:
        # a row from before it came under no deal for that cell.
        since = now if any(opened) else standing.since
        row = {
            "subject": standing.subject,
            **dict(zip(MAY.values(), granted, strict=True)),
            "since": since,
            "document": receipt.document(),
        }
        number = connection.scalars(_ADD_RECEIPT, row).one()
        for cell in closed:
            bury(connection, standing.subject, cell, known=known, at=now)
        connection.execute(_PUT_IN_FORCE, {"whose": standing.subject, "number": number})
        badge = Badge(
            subject=standing.subject,
            receipt=ReceiptNumber(number),
            stamps=granted,
            since=Instant(since),
            paused=standing.paused,
        )
        return badge, receipt


def _each(one: Stamps, other: Stamps, operation: Callable[[int, int], int]) -> Stamps:
    return tuple(map(operation, one, other))
