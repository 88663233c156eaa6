"""The registry at rest: who may read, by name, and their clients, whose tokens are kept as hashes.

What is registered is never deleted: a key and a slot never mean another recipient.
"""

import re
import secrets
from typing import Final

import sqlalchemy as sa

from hubbub.deal.recipients import (
    Client,
    ClientToken,
    Kind,
    RecipientCard,
    RecipientKnown,
    Scope,
    UnknownClient,
    UnknownRecipient,
)
from hubbub.record.deal_store_badges import token_digest
from hubbub.record.deal_store_dead import bury_recipient
from hubbub.record.deal_store_recipients import recipients, register
from hubbub.record.deal_store_tables import CLIENT, RECIPIENT, RECIPIENT_CARD, SCOPE
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import OWN, Recipient, RecipientKey
from hubbub.terms.time import Clock, Instant, iso

_KEY: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_NAME_CHARACTERS_MAX: Final = 200


class RegistryStore:
    """Recipients and clients, in the deal's own file."""

    def __init__(self, database: sa.Engine, reading: sa.Engine, clock: Clock) -> None:
        self._database, self._reading, self._clock = database, reading, clock

    def add(self, key: str, *, name: str, kind: Kind) -> Recipient:
        """Register a recipient. People may agree to it as soon as a notice offers it."""
        if not _KEY.fullmatch(key):
            raise BadInput("a key is up to 40 of a-z, 0-9 and -, and begins with a letter")
        if not name.isprintable() or not 0 < len(name.strip()) <= _NAME_CHARACTERS_MAX:
            raise BadInput(f"a name has 1 to {_NAME_CHARACTERS_MAX} characters")
        with self._database.begin() as connection:
            if any(each.key == key for each in recipients(connection)):
                raise RecipientKnown(f"{key} is, or was, registered: choose another key")
            registered = register(connection, RecipientKey(key))
            card = {"slot": registered.slot, "name": name, "kind": kind}
            connection.execute(sa.insert(RECIPIENT_CARD).values(**card, added_at=self._clock.now()))
        return registered

    def recipients(self) -> tuple[Recipient, ...]:
        """Give everybody who ever was registered to read, by slot."""
        with self._reading.connect() as connection:
            return recipients(connection)

    def cards(self) -> list[RecipientCard]:
        """List everybody who is or ever was registered to read, by slot."""
        every = sa.select(RECIPIENT.c.key, RECIPIENT_CARD).join(RECIPIENT_CARD)
        with self._reading.connect() as connection:
            rows = connection.execute(every.order_by(RECIPIENT.c.slot)).all()
        return [
            RecipientCard(
                key=RecipientKey(row.key),
                name=row.name,
                kind=row.kind,
                since=iso(Instant(row.added_at)) if row.added_at else None,
                revoked_at=None if row.revoked_at is None else iso(Instant(row.revoked_at)),
            )
            for row in rows
        ]

    def revoke(self, key: str) -> None:
        """Let nothing be read for a recipient any more: closes its cells on every receipt."""
        now = self._clock.now()
        with self._database.begin() as connection:
            revoked = _live(connection, key)
            bury_recipient(connection, revoked, at=now)
            connection.execute(
                sa.update(RECIPIENT_CARD)
                .where(RECIPIENT_CARD.c.slot == revoked.slot)
                .values(revoked_at=now)
            )

    def add_client(
        self, key: str, scopes: tuple[Scope, ...], *, requests_a_minute: int
    ) -> tuple[Client, ClientToken]:
        """Register a client of a recipient's. Its token is shown this once."""
        token = ClientToken(f"hubp_{secrets.token_urlsafe(24)}")
        client = {"requests_a_minute": requests_a_minute, "added_at": self._clock.now()}
        with self._database.begin() as connection:
            slot = _live(connection, key).slot
            number = connection.scalars(
                sa.insert(CLIENT)
                .values(slot=slot, token=token_digest(token.secret), **client)
                .returning(CLIENT.c.number)
            ).one()
            for scope in scopes:
                row = {"client": number, "product": scope.product, "purpose": scope.purpose}
                connection.execute(sa.insert(SCOPE).values(row))
            (added,) = _clients(connection, CLIENT.c.number == number)
        return added, token

    def clients(self) -> list[Client]:
        """List every client that there is or was."""
        with self._reading.connect() as connection:
            return _clients(connection, sa.true())

    def client(self, token: ClientToken) -> Client | None:
        """Tell whose `token` this is, as of now. None: nobody's, or revoked."""
        is_it = CLIENT.c.token == token_digest(token.secret)
        with self._reading.connect() as connection:
            found = _clients(connection, is_it)
        return next((client for client in found if client.revoked_at is None), None)

    def revoke_client(self, number: int) -> None:
        """End a client: its token is nobody's from here on."""
        ended = sa.update(CLIENT).where(CLIENT.c.number == number, CLIENT.c.revoked_at.is_(None))
        with self._database.begin() as connection:
            if not connection.execute(ended.values(revoked_at=self._clock.now())).rowcount:
                raise UnknownClient(f"no client of number {number} is at work")


def live_recipients(connection: sa.Connection) -> tuple[Recipient, ...]:
    """Give those for whom something may be read: all who were registered and not revoked."""
    revoked = set(
        connection.scalars(
            sa.select(RECIPIENT_CARD.c.slot).where(RECIPIENT_CARD.c.revoked_at.is_not(None))
        )
    )
    return tuple(each for each in recipients(connection) if each.slot not in revoked)


def _live(connection: sa.Connection, key: str) -> Recipient:
    for each in live_recipients(connection):
        if each.key == key and each != OWN:
            return each
    raise UnknownRecipient(f"{key}: no group product and no partner of this key is registered")


def _clients(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Client]:
    scopes: dict[int, list[Scope]] = {}
    for row in connection.execute(sa.select(SCOPE).order_by(*SCOPE.c)):
        scopes.setdefault(row.client, []).append(Scope(row.product, row.purpose))
    ended = sa.func.coalesce(CLIENT.c.revoked_at, RECIPIENT_CARD.c.revoked_at).label("ended_at")
    found = (
        sa.select(CLIENT, RECIPIENT.c.key, ended)
        .join(RECIPIENT, RECIPIENT.c.slot == CLIENT.c.slot)
        .join(RECIPIENT_CARD, RECIPIENT_CARD.c.slot == CLIENT.c.slot)
        .where(where)
        .order_by(CLIENT.c.number)
    )
    return [
        Client(
            number=row.number,
            recipient=RecipientKey(row.key),
            scopes=tuple(scopes.get(row.number, ())),
            requests_a_minute=row.requests_a_minute,
            since=iso(Instant(row.added_at)),
            revoked_at=None if row.ended_at is None else iso(Instant(row.ended_at)),
        )
        for row in connection.execute(found)
    ]
