"""What is told of the messenger, and asked of it, as it goes over the wire."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from hubbub.deal.messenger import Invitation, MessengerAccount, SignUp
from hubbub.terms.time import iso


class MessengerCard(msgspec.Struct, frozen=True):
    """Whether people can write to each other here, and where."""

    state: Literal["up", "starting", "none"]
    why: str  # in plain words, when it is not up
    homeserver: str | None = None
    server_name: str | None = None
    audience: str = ""  # what a token of the homeserver has to be for
    sign_up: SignUp = "invited"


class HomeserverCard(msgspec.Struct, frozen=True):
    """Where the homeserver is."""

    base_url: str


class WellKnown(msgspec.Struct, frozen=True):
    """What Matrix apps look for: Client-Server API, "Server discovery"."""

    homeserver: HomeserverCard = msgspec.field(name="m.homeserver")


class Invite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let somebody in, so often and so long."""

    uses: Annotated[int, Meta(ge=1, le=50)] = 1
    days: Annotated[int, Meta(ge=1, le=30)] = 7


class InvitationCard(msgspec.Struct, frozen=True):
    """What lets somebody sign up."""

    link: str
    token: str
    uses: int
    expires_at: str

    @classmethod
    def of(cls, invitation: Invitation, *, link: str) -> Self:
        """Tell of an invitation."""
        return cls(
            link=link,
            token=invitation.token,
            uses=invitation.uses,
            expires_at=iso(invitation.expires_at),
        )


class ShowAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token by which the homeserver proves whose account it is."""

    token: Annotated[str, Meta(max_length=2_000)]


class AccountCard(msgspec.Struct, frozen=True):
    """The account that is put to a person."""

    account: str
    joined_at: str

    @classmethod
    def of(cls, joined: MessengerAccount) -> Self:
        """Tell of an account."""
        return cls(account=joined.account, joined_at=iso(joined.joined_at))


class DealThere(msgspec.Struct, frozen=True):
    """The switches, as they show on all of somebody's devices."""

    cells: tuple[str, ...]
    paused: bool
    notice: int
    changed_at: str


class GrantCard(msgspec.Struct, frozen=True):
    """What somebody agreed to, for the module in the homeserver."""

    person: str
    receipt: int
    since_ms: int
    may: Mapping[str, int]
    deal: DealThere


class GrantsCard(msgspec.Struct, frozen=True):
    """What everybody agreed to there; `null` where nothing has changed."""

    version: str
    grants: tuple[GrantCard, ...] | None
