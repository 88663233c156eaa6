"""How the homeserver proves who somebody is: a token for one minute, one audience and one use.

Our module in the homeserver seals it with a key that it shares with the house. A house never sees
what opens somebody's messages.
"""

import base64
import binascii
import hmac
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from hubbub.terms.errors import Refused
from hubbub.terms.people import Personal
from hubbub.terms.time import SECOND, Instant

LIFE_US: Final = 60 * SECOND
"""For how long a token is good, at most."""


class BadProof(Refused):
    """That token proves nothing here: it is another's, for another house, or too old."""

    def __init__(self) -> None:
        super().__init__("the homeserver's token does not hold; get another one")


class ProvedPerson(Personal, frozen=True, kw_only=True):
    """Whom a token is about. Whoever takes it sees to it that each `nonce` counts once."""

    person: str  # as the homeserver calls them: @ann:example.org
    nonce: str
    until: Instant


class _Said(Personal, frozen=True, forbid_unknown_fields=True):
    version: Literal[1] = msgspec.field(name="v")
    person: Annotated[str, Meta(pattern=r"^@[^:\s]+:\S+$", max_length=255)] = msgspec.field(
        name="sub"
    )
    audience: str = msgspec.field(name="aud")
    expires_s: Annotated[int, Meta(ge=0, le=1 << 40)] = msgspec.field(name="exp")
    nonce: Annotated[str, Meta(min_length=16, max_length=64)] = msgspec.field(name="jti")


_SAID: Final = msgspec.json.Decoder(_Said)


def session_key(secret: str) -> bytes:
    """Derive the key of these tokens from the secret that house and homeserver share (RFC 2104)."""
    return hmac.digest(secret.encode(), b"hubbub session", "sha256")


def prove(token: str, *, secret: str, audience: str, now: Instant) -> ProvedPerson:
    """Read a token, if it is genuine, for this `audience`, and good at `now`: else `BadProof`."""
    payload, _, mac = token.partition(".")
    try:
        sealed = hmac.digest(session_key(secret), payload.encode(), "sha256")
        genuine = hmac.compare_digest(sealed, _bytes(mac))
        if not genuine:
            raise BadProof
        said = _SAID.decode(_bytes(payload))
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise BadProof from None
    until = Instant(said.expires_s * SECOND)
    if said.audience != audience or not now < until <= now + LIFE_US + SECOND:
        raise BadProof
    return ProvedPerson(person=said.person, nonce=said.nonce, until=until)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
