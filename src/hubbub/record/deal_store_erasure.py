"""Who asked to be erased: what is to be searched for, then forgotten, then certified."""

from typing import Final
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.certificate import ErasureProgress, about
from hubbub.deal.identity import Secret
from hubbub.deal.receipt import read_receipt
from hubbub.record.deal_store_badges import token_digest
from hubbub.record.deal_store_tables import (
    CLAIM,
    CONFLICT,
    DEVICE,
    ERASURE,
    MESSENGER_ACCOUNT,
    NOTICE_SEEN,
    PASSKEY,
    PAUSE,
    RECEIPT,
    SESSION,
)
from hubbub.record.traces import Traces
from hubbub.terms.people import Personal, Subject
from hubbub.terms.time import Instant

_THEIRS: Final = (
    NOTICE_SEEN,
    MESSENGER_ACCOUNT,
    PAUSE,
    SESSION,
    PASSKEY,
    CONFLICT,
    RECEIPT,
    DEVICE,
)
"""Each table that rows about people are in, those first that point to others."""


class Erasure(Personal, frozen=True, kw_only=True):
    """Somebody asked to be erased."""

    subject: Subject
    about: str
    requested_at: Instant


class Erasures:
    """What was asked to be erased, in the deal's own file."""

    def __init__(self, database: sa.Engine, reading: sa.Engine) -> None:
        self._database, self._reading = database, reading

    def request(self, subject: Subject, *, at: Instant, claim: Secret | None = None) -> Erasure:
        """Write down that `subject` asked, once. It outlives any kill from here on.

        Whoever shows `claim` is told how it goes, and given the certificate.
        """
        with self._database.begin() as connection:
            person = connection.scalars(
                sa.select(DEVICE.c.person).where(DEVICE.c.subject == subject)
            ).one()
            asked = insert(ERASURE).values(subject=subject, about=about(person), requested_at=at)
            connection.execute(asked.on_conflict_do_nothing())
            if claim is not None:
                claimed = {"digest": token_digest(claim.secret), "subject": subject}
                connection.execute(sa.insert(CLAIM).values(claimed))
            row = connection.execute(sa.select(ERASURE).where(ERASURE.c.subject == subject)).one()
        return _erasure(row)

    def pending(self) -> list[Erasure]:
        """List those that are not done, oldest first."""
        waiting = sa.select(ERASURE).where(ERASURE.c.certificate.is_(None))
        with self._reading.connect() as connection:
            rows = connection.execute(waiting.order_by(ERASURE.c.requested_at))
            return [_erasure(row) for row in rows]

    def subjects(self) -> NDArray[np.int64]:
        """List everybody who asked, so that no row of theirs comes to rest any more."""
        with self._reading.connect() as connection:
            return np.array(connection.scalars(sa.select(ERASURE.c.subject)).all(), np.int64)

    def traces(self, subject: Subject) -> Traces:
        """Tell what to search for, as far as it was not forgotten yet."""
        device = sa.select(DEVICE).where(DEVICE.c.subject == subject)
        given = sa.select(RECEIPT.c.document).where(RECEIPT.c.subject == subject)
        shown = sa.select(SESSION.c.digest).where(SESSION.c.subject == subject)
        joined = sa.select(MESSENGER_ACCOUNT.c.account)
        keys = sa.select(PASSKEY.c.credential, PASSKEY.c.public_key)
        with self._reading.connect() as connection:
            row = connection.execute(device).one_or_none()
            documents = connection.scalars(given).all()
            sessions = connection.scalars(shown).all()
            passkeys = connection.execute(keys.where(PASSKEY.c.subject == subject)).all()
            account = connection.scalars(
                joined.where(MESSENGER_ACCOUNT.c.subject == subject)
            ).one_or_none()
            longer = (
                row
                and connection.scalars(
                    sa.select(DEVICE.c.name).where(
                        DEVICE.c.subject != subject, sa.func.instr(DEVICE.c.name, row.name) > 0
                    )
                ).all()
            )
        if row is None:
            return Traces(subject=subject)
        return Traces(
            subject=subject,
            person=UUID(row.person),
            receipts=tuple(UUID(read_receipt(each).identifier) for each in documents),
            token=row.token,
            sessions=tuple(sessions),
            passkeys=tuple(part for passkey in passkeys for part in passkey),
            name=row.name,
            longer_names=tuple(longer or ()),
            account=account or "",
        )

    def note(self, subject: Subject, *, rows: int) -> None:
        """Remember how many rows and receipts there were, before the first of them goes."""
        receipts = sa.select(sa.func.count()).where(RECEIPT.c.subject == subject)
        noted = sa.update(ERASURE).where(ERASURE.c.subject == subject, ERASURE.c.rows.is_(None))
        with self._database.begin() as connection:
            counted = receipts.scalar_subquery()
            connection.execute(noted.values(rows=rows, receipts=counted))

    def found(self, subject: Subject) -> tuple[int, int]:
        """Tell how many rows and receipts there were."""
        noted = sa.select(ERASURE.c.rows, ERASURE.c.receipts).where(ERASURE.c.subject == subject)
        with self._reading.connect() as connection:
            rows, receipts = connection.execute(noted).one()
        return rows, receipts

    def forget(self, subject: Subject) -> None:
        """Delete the device, its receipts and passkeys, and leave no byte of them in the file.

        The dead list keeps the numbers of the receipts: what is in somebody's memory stays closed.
        """
        with self._database.begin() as connection:
            for table in _THEIRS:
                connection.execute(sa.delete(table).where(table.c.subject == subject))
        with self._database.connect() as connection:  # outside of any transaction
            raw = connection.connection.driver_connection
            assert raw is not None, "a connection that is open has its driver's"
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def finish(self, subject: Subject, certificate: bytes) -> None:
        """Keep the certificate: the erasure is done."""
        with self._database.begin() as connection:
            connection.execute(
                sa.update(ERASURE)
                .where(ERASURE.c.subject == subject)
                .values(certificate=certificate)
            )

    def certificate(self, subject: Subject) -> bytes | None:
        """Give the certificate, if the erasure is done."""
        kept = sa.select(ERASURE.c.certificate).where(ERASURE.c.subject == subject)
        with self._reading.connect() as connection:
            return connection.scalars(kept).one_or_none()

    def progress(self, claim: Secret) -> ErasureProgress | None:
        """Tell how far the erasure is that was asked for with this `claim`."""
        asked = sa.select(ERASURE.c.requested_at, ERASURE.c.certificate).join(CLAIM)
        with self._reading.connect() as connection:
            row = connection.execute(
                asked.where(CLAIM.c.digest == token_digest(claim.secret))
            ).one_or_none()
        if row is None:
            return None
        return ErasureProgress(requested_at=Instant(row.requested_at), certificate=row.certificate)


def _erasure(row: sa.Row[tuple[object, ...]]) -> Erasure:
    return Erasure(
        subject=Subject(row.subject),
        about=row.about,
        requested_at=Instant(row.requested_at),
    )
