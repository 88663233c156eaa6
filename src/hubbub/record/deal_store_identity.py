"""Sessions and passkeys as they rest: of a session its hash, of a passkey its public half."""

import secrets
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from hubbub.deal.desk import AgeBand, Token, UnknownDevice
from hubbub.deal.identity import (
    SESSION_US,
    Account,
    Means,
    NewPasskey,
    Passkey,
    Secret,
    Session,
    TooManyPasskeys,
)
from hubbub.record.deal_store_badges import token_digest
from hubbub.record.deal_store_tables import DEVICE, ERASURE, NOTICE_SEEN, PASSKEY, SESSION
from hubbub.terms.people import Subject
from hubbub.terms.time import Clock, Instant

PASSKEYS_MAX: Final = 20


class IdentityStore:
    """Who is signed in, and with what one may, in the deal's own file."""

    def __init__(self, database: sa.Engine, reading: sa.Engine, clock: Clock) -> None:
        """Keep time by `clock`, which is the real one."""
        self._database, self._reading, self._clock = database, reading, clock

    def now(self) -> Instant:
        """Tell the real time."""
        return self._clock.now()

    def subject_of(self, token: Token) -> Subject | None:
        """Tell whose `token` this is. None: nobody's, or somebody's who is being erased."""
        asked = sa.select(DEVICE.c.subject).where(
            DEVICE.c.token == token_digest(token.secret), ~_leaves(DEVICE.c.subject)
        )
        with self._reading.connect() as connection:
            subject = connection.scalars(asked).one_or_none()
        return None if subject is None else Subject(subject)

    def sign_in(self, subject: Subject, by: Means) -> tuple[Secret, Session]:
        """Begin a session of somebody who has just shown who they are, and sweep out old ones."""
        now = self._clock.now()
        secret = Secret(f"ses_{secrets.token_urlsafe(32)}")
        row = {"digest": token_digest(secret.secret), "subject": subject, "by": by, "shown_at": now}
        with self._database.begin() as connection:
            if connection.scalar(sa.select(_leaves(sa.literal(subject)))):
                raise UnknownDevice("whoever is being erased does not sign in any more")
            connection.execute(sa.delete(SESSION).where(~_lives(now)))
            connection.execute(sa.insert(SESSION).values(row))
        return secret, Session(subject=subject, by=by, shown_at=now)

    def session(self, secret: Secret) -> Session | None:
        """Give the session of this secret, unless it has ended."""
        asked = sa.select(SESSION).where(
            SESSION.c.digest == token_digest(secret.secret),
            _lives(self._clock.now()),
            ~_leaves(SESSION.c.subject),
        )
        with self._reading.connect() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        return Session(subject=row.subject, by=row.by, shown_at=row.shown_at)

    def sign_out(self, secret: Secret) -> None:
        """End one session."""
        with self._database.begin() as connection:
            connection.execute(
                sa.delete(SESSION).where(SESSION.c.digest == token_digest(secret.secret))
            )

    def sign_out_everywhere(self, subject: Subject) -> None:
        """End all sessions of a person."""
        with self._database.begin() as connection:
            end_sessions(connection, subject)

    def sessions(self, subject: Subject) -> int:
        """Count the sessions of a person that have not ended."""
        theirs = sa.select(sa.func.count()).where(
            SESSION.c.subject == subject, _lives(self._clock.now())
        )
        with self._reading.connect() as connection:
            return connection.scalar(theirs) or 0

    def account(self, subject: Subject) -> Account:
        """Tell what a person's account is called."""
        columns = (DEVICE.c.name, DEVICE.c.person, DEVICE.c.age_band)
        asked = sa.select(*columns).where(DEVICE.c.subject == subject)
        with self._reading.connect() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            raise UnknownDevice("no such person has a deal here")
        return Account(
            device=row.name,
            webauthn_handle=UUID(row.person).bytes,
            age=AgeBand(row.age_band),
        )

    def notice_seen(self, subject: Subject) -> int:
        """Tell the newest version of the notice whose changes a person has dismissed, or 0."""
        seen = sa.select(NOTICE_SEEN.c.version).where(NOTICE_SEEN.c.subject == subject)
        with self._reading.connect() as connection:
            return connection.scalar(seen) or 0

    def dismiss_notice(self, subject: Subject, version: int) -> None:
        """Remember that a person has seen the changes up to `version`. It agrees to nothing."""
        seen = insert(NOTICE_SEEN).values(subject=subject, version=version)
        newest = sa.func.max(NOTICE_SEEN.c.version, seen.excluded.version)
        with self._database.begin() as connection:
            connection.execute(
                seen.on_conflict_do_update(index_elements=["subject"], set_={"version": newest})
            )

    def passkeys(self, subject: Subject) -> list[Passkey]:
        """List a person's passkeys, in the order in which they were added."""
        theirs = sa.select(PASSKEY).where(PASSKEY.c.subject == subject).order_by(PASSKEY.c.number)
        with self._reading.connect() as connection:
            return [_passkey(row) for row in connection.execute(theirs)]

    def passkey(self, credential: bytes) -> Passkey | None:
        """Find a passkey by what its device calls it."""
        asked = sa.select(PASSKEY).where(PASSKEY.c.credential == credential)
        with self._reading.connect() as connection:
            row = connection.execute(asked).one_or_none()
        return None if row is None else _passkey(row)

    def add_passkey(self, subject: Subject, new: NewPasskey) -> Passkey:
        """Write down a passkey that was verified."""
        added = sa.insert(PASSKEY).values(
            subject=subject,
            name=new.name,
            credential=new.credential,
            public_key=new.public_key,
            uses=new.uses,
            added_at=self._clock.now(),
        )
        theirs = sa.select(sa.func.count()).where(PASSKEY.c.subject == subject)
        with self._database.begin() as connection:
            if (connection.scalar(theirs) or 0) >= PASSKEYS_MAX:
                raise TooManyPasskeys(f"a person has at most {PASSKEYS_MAX} passkeys")
            return _passkey(connection.execute(added.returning(PASSKEY)).one())

    def note_use(self, passkey: Passkey, *, uses: int) -> None:
        """Remember that a passkey was used, and how often its device says it was."""
        with self._database.begin() as connection:
            connection.execute(
                sa.update(PASSKEY)
                .where(PASSKEY.c.number == passkey.number)
                .values(uses=uses, used_at=self._clock.now())
            )

    def remove_passkey(self, subject: Subject, number: int) -> bool:
        """Forget a passkey of this person. Tells whether there was one."""
        theirs = sa.delete(PASSKEY).where(PASSKEY.c.subject == subject, PASSKEY.c.number == number)
        with self._database.begin() as connection:
            return connection.execute(theirs).rowcount == 1


def end_sessions(connection: sa.Connection, subject: Subject) -> None:
    """End all sessions of a person, in the transaction of `connection`."""
    connection.execute(sa.delete(SESSION).where(SESSION.c.subject == subject))


def _leaves(subject: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    return sa.exists().where(ERASURE.c.subject == subject)


def _lives(now: Instant) -> sa.ColumnElement[bool]:
    return SESSION.c.shown_at > now - SESSION_US


def _passkey(row: sa.Row[tuple[object, ...]]) -> Passkey:
    return Passkey(
        number=row.number,
        subject=Subject(row.subject),
        name=row.name,
        credential=row.credential,
        public_key=row.public_key,
        uses=row.uses,
        added_at=Instant(row.added_at),
        used_at=None if row.used_at is None else Instant(row.used_at),
    )
