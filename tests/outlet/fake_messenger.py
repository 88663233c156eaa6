"""A messenger without a homeserver, for the outlet's tests: it proves by the real tokens."""

import base64
import hmac
import json
import secrets
from collections.abc import Callable

from hubbub.deal.messenger import (
    Invitation,
    InvitedOnly,
    MessengerSilent,
    SignUp,
    TooManyInvitations,
)
from hubbub.deal.messenger_proof import BadProof, prove, session_key
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_messenger import MessengerStore
from hubbub.terms.time import SECOND, Clock, Instant

SECRET = "the-secret-of-house-and-homeserver"


class FakeMessenger:
    """What the shell would hand to the outlet."""

    url = "http://127.0.0.1:8008"
    server_name = "localhost"

    def __init__(self, deals: Callable[[], DealStore], clock: Clock, *, origin: str) -> None:
        """Open the deals when they are asked for, and not before."""
        self._deals, self._clock, self._origin = deals, clock, origin
        self._shown: set[str] = set()
        self.open: SignUp = "open"
        self.silent = False
        self.enough = False

    @property
    def accounts(self) -> MessengerStore:
        return self._deals().messenger

    def is_up(self) -> bool:
        return not self.silent

    def sign_up(self) -> SignUp:
        return self.open

    def let_in(self) -> Invitation:
        if self.open != "open":
            raise InvitedOnly("ask somebody")
        return self._invitation(1, 600)

    def invite(self, by: str, *, uses: int, days: int) -> Invitation:
        assert by
        if self.enough:
            raise TooManyInvitations("enough")
        return self._invitation(uses, days * 86_400)

    def proved(self, token: str) -> str:
        proof = prove(token, secret=SECRET, audience=self._origin, now=self._clock.now())
        if proof.nonce in self._shown:
            raise BadProof
        self._shown.add(proof.nonce)
        return proof.person

    def is_module(self, secret: str) -> bool:
        return secret == SECRET

    def at_the_homeserver(self, at: Instant) -> Instant:
        return at

    def token(self, account: str, *, audience: str | None = None, lasts_s: int = 50) -> str:
        """Make a token as the module in the homeserver does."""
        until_s = self._clock.now() // SECOND + lasts_s
        origin = audience or self._origin
        return sealed(account, secret=SECRET, audience=origin, until_s=until_s)

    def _invitation(self, uses: int, lasts_s: int) -> Invitation:
        if self.silent:
            raise MessengerSilent("ConnectionRefusedError")
        expires_at = Instant(self._clock.now() + lasts_s * SECOND)
        return Invitation(token="an-invitation", uses=uses, expires_at=expires_at)


def sealed(account: str, *, secret: str, audience: str, until_s: int) -> str:
    """Seal a token as the module in the homeserver does."""
    nonce = secrets.token_urlsafe(16)
    said = {"v": 1, "sub": account, "aud": audience, "exp": until_s, "jti": nonce}
    payload = _written(json.dumps(said).encode())
    mac = hmac.digest(session_key(secret), payload.encode(), "sha256")
    return f"{payload}.{_written(mac)}"


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
