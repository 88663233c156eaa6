"""The messenger as the outlet asks it: who may come in, who somebody is, whether it is well."""

import secrets
from threading import Lock
from typing import Final

from hubbub.deal.messenger import (
    Invitation,
    InvitedOnly,
    SignUp,
    TooManyInvitations,
)
from hubbub.deal.messenger_proof import LIFE_US, BadProof, prove
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_messenger import MessengerStore
from hubbub.run.clock import SystemClock
from hubbub.run.messenger.admin import Admin
from hubbub.run.messenger.child import answers
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.postman import Postman
from hubbub.run.messenger.presence import address_of
from hubbub.run.settings import Settings
from hubbub.terms.time import SECOND, Instant

OPEN_LASTS_S: Final = 600
"""An invitation that anybody gets is for somebody who signs up now."""
INVITATIONS_A_DAY_MAX: Final = 20
_DAY_US: Final = 86_400 * SECOND
_LET_IN_A_MINUTE_MAX: Final = 30
_DAY_S: Final = 86_400


class MessengerDesk:
    """The messenger of one house, asked from its web process."""

    def __init__(
        self, files: MessengerFiles, settings: Settings, *, deals: DealStore, origin: str
    ) -> None:
        """Speak for the house at `origin`: tokens for another are no good here."""
        self._settings, self._origin = settings, origin
        self._address = address_of(settings)
        self._admin = Admin(files, self._address.local)
        self._accounts = deals.messenger
        self._postman = Postman(self._admin, deals, origin=origin)
        self._secret = files.shared_secret()
        self._clock = SystemClock()
        self._began = self._clock.now()
        self._lock = Lock()
        self._shown: dict[str, Instant] = {}
        self._invited: dict[str, list[Instant]] = {}
        self._somebody_is_here = False

    def open(self) -> None:
        """Begin to tell people what changes."""
        self._postman.start()

    @property
    def url(self) -> str:
        """Give the address at which people's browsers and apps reach the homeserver."""
        return self._address.url

    @property
    def server_name(self) -> str:
        """Give what stands behind the colon in everybody's name."""
        return self._address.server_name

    @property
    def accounts(self) -> MessengerStore:
        """Give the list of which account is whose."""
        return self._accounts

    def is_up(self) -> bool:
        """Tell whether the homeserver answers."""
        return answers(self._address.local)

    def sign_up(self) -> SignUp:
        """Tell who signs up: the first person of a house on their own computer just does."""
        if self._settings.messenger.open_sign_up:
            return "open"
        if self._settings.server.origin.startswith("https:"):
            return "invited"
        self._somebody_is_here = self._somebody_is_here or self._admin.is_anybody_here()
        return "invited" if self._somebody_is_here else "open"

    def let_in(self) -> Invitation:
        """Invite whoever asks, for a few minutes. Raises `InvitedOnly`."""
        if self.sign_up() != "open":
            raise InvitedOnly("nobody signs up here without an invitation: ask somebody who has")
        self._count("anybody", at_most=_LET_IN_A_MINUTE_MAX, within_us=60 * SECOND)
        return self._invitation(uses=1, lasts_s=OPEN_LASTS_S)

    def invite(self, by: str, *, uses: int, days: int) -> Invitation:
        """Invite somebody in the name of an account. Raises `TooManyInvitations`."""
        self._count(by, at_most=INVITATIONS_A_DAY_MAX, within_us=_DAY_US)
        return self._invitation(uses=uses, lasts_s=days * _DAY_S)

    def proved(self, token: str) -> str:
        """Tell whose account a token of the homeserver proves, once. Raises `BadProof`."""
        now = self._clock.now()
        proof = prove(token, secret=self._secret, audience=self._origin, now=now)
        # What was shown before this process began is forgotten: a token from then counts as shown.
        is_ours = proof.person.partition(":")[2] == self.server_name
        if not is_ours or proof.until - LIFE_US + SECOND < self._began:
            raise BadProof
        with self._lock:
            self._shown = {each: until for each, until in self._shown.items() if until > now}
            if proof.nonce in self._shown:
                raise BadProof
            self._shown[proof.nonce] = proof.until
        return proof.person

    def is_module(self, secret: str) -> bool:
        """Tell, in constant time, whether hubbub's module in the homeserver asks."""
        return secrets.compare_digest(secret.encode(), self._secret.encode())

    def at_the_homeserver(self, at: Instant) -> Instant:
        """Tell on the machine's clock when it was `at` on the house's, which may play a day."""
        replay = self._settings.replay
        if replay is None:
            return at
        return Instant(replay.started_wall + round((at - replay.begin) / replay.speed))

    def _invitation(self, *, uses: int, lasts_s: int) -> Invitation:
        expires_at = Instant(self._clock.now() + lasts_s * SECOND)
        token = self._admin.invite(uses=uses, lasts_s=lasts_s)
        return Invitation(token=token, uses=uses, expires_at=expires_at)

    def _count(self, by: str, *, at_most: int, within_us: int) -> None:
        now = self._clock.now()
        with self._lock:
            lately = [at for at in self._invited.get(by, []) if at > now - within_us]
            if len(lately) >= at_most:
                raise TooManyInvitations("that was enough for a while: invite more of them later")
            self._invited[by] = [*lately, now]
