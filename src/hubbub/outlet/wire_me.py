"""What the outlet tells one person of themselves, as it goes over the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hubbub.deal.identity import Means


class SessionCard(msgspec.Struct, frozen=True):
    """Who is signed in, how, and for how long. Times are of the real clock, also in a replay."""

    device: str
    by: Means
    since: str
    ends_at: str | None  # null: the token itself was shown, and nothing ends
    fresh_until: str | None  # what wants somebody who signed in lately is done until then
    sessions: int
    passkeys: int
    passkeys_here: bool  # whether this very page was opened at `passkeys_origin`
    passkeys_origin: str


class PasskeyCard(msgspec.Struct, frozen=True):
    """One passkey, without its key."""

    id: int
    name: str
    added_at: str
    used_at: str | None


class AddPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that a browser has just made, under a name that helps to know it again."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    credential: msgspec.Raw  # as `PublicKeyCredential.toJSON()` writes it


class ShowPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that a browser shows."""

    credential: msgspec.Raw  # as `PublicKeyCredential.toJSON()` writes it
