"""Who may read, for everybody to see; and what a partner's client may fetch of the releases."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

import msgspec

from hubbub.terms.buckets import Rate
from hubbub.terms.errors import BadInput
from hubbub.terms.people import Personal
from hubbub.terms.purposes import RecipientKey

type Kind = Literal["own", "group", "partner"]
"""The service itself; another product of the operator's own group; somebody else."""


class RecipientCard(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient, as everybody may know it."""

    key: RecipientKey
    name: str
    kind: Kind
    since: str | None = None  # the own service was always there
    revoked_at: str | None = None  # from then on nothing is read for it, ever


class Scope(NamedTuple):
    """What a client may fetch: one product, for the purpose that it is made for."""

    product: str
    purpose: str


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's program: it gets what gate 2 released, in bulk, and nothing about a person."""

    number: int
    recipient: RecipientKey
    scopes: tuple[Scope, ...]
    requests_a_minute: int
    since: str
    revoked_at: str | None = None

    @property
    def rate(self) -> Rate:
        """Give how often it may ask: a minute's worth at once."""
        return Rate(a_second=self.requests_a_minute / 60, burst=self.requests_a_minute)

    def purpose_for(self, product: str) -> str | None:
        """Tell for which purpose it may fetch `product`. None: it may not."""
        return next((scope.purpose for scope in self.scopes if scope.product == product), None)


class ClientToken(Personal, frozen=True):
    """The secret by which a client shows that it is itself. It is shown once, and kept nowhere."""

    secret: str


class RecipientKnown(BadInput):
    """A recipient of this key is, or was, registered: a key never means another one."""


class UnknownRecipient(BadInput):
    """Nobody is registered under this key, or not any more."""


class UnknownClient(BadInput):
    """There is no client of this number."""


class Registry(Protocol):
    """Where recipients and their clients are registered, for whoever only looks."""

    def cards(self) -> list[RecipientCard]:
        """List everybody who is or ever was registered to read."""
        ...

    def client(self, token: ClientToken) -> Client | None:
        """Tell whose `token` this is, as of now. None: nobody's, or revoked."""
        ...


def scopes_of(wanted: Iterable[str], purpose_of: dict[str, str]) -> tuple[Scope, ...]:
    """Read scopes written as `product:purpose`, by what each product is made for."""
    scopes = []
    for text in wanted:
        product, _, purpose = text.partition(":")
        if purpose_of.get(product) != purpose:
            there = ", ".join(f"{each}:{purpose_of[each]}" for each in purpose_of)
            raise BadInput(f"{text!r} is no scope; there are {there}")
        scopes.append(Scope(product, purpose))
    if not scopes:
        raise BadInput("a client wants at least one scope")
    return tuple(scopes)
