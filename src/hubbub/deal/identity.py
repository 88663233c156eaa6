"""Who somebody is, as far as they have shown it: sessions, passkeys, and how lately it was shown.

And which notice they have looked at, so that nobody is asked twice.

Times here are of the real clock: a house that replays a recorded day does not replay its visitors.
"""

from typing import Final, Literal, Protocol

from hubbub.deal.desk import AgeBand, Token
from hubbub.terms.errors import Refused
from hubbub.terms.people import Personal, Subject
from hubbub.terms.time import SECOND, Instant

SESSION_US: Final = 12 * 3600 * SECOND
"""A session ends so long after its person showed who they are, used or not."""
FRESH_US: Final = 300 * SECOND
"""Taking everything away, or all of it back, wants that to have been so lately."""

type Means = Literal["token", "passkey", "messenger"]


class Account(Personal, frozen=True, kw_only=True):
    """What a person's account is called by themselves, and by the devices with its passkeys."""

    device: str
    webauthn_handle: bytes
    age: AgeBand


class Session(Personal, frozen=True, kw_only=True):
    """Somebody showed who they are, and a browser remembers it."""

    subject: Subject
    by: Means
    shown_at: Instant

    @property
    def ends_at(self) -> Instant:
        """Tell when it ends by itself."""
        return Instant(self.shown_at + SESSION_US)

    @property
    def fresh_until(self) -> Instant:
        """Tell until when it is fresh."""
        return Instant(self.shown_at + FRESH_US)


class Secret(Personal, frozen=True):
    """What a browser shows for its session, told this once."""

    secret: str


class Passkey(Personal, frozen=True, kw_only=True):
    """A key pair that a person's device made for this house alone: the public half."""

    number: int
    subject: Subject
    name: str
    credential: bytes
    public_key: bytes
    uses: int  # as the device counts; 0 for ever where it does not
    added_at: Instant
    used_at: Instant | None


class NewPasskey(Personal, frozen=True, kw_only=True):
    """A passkey that was verified, and is not written down yet."""

    name: str
    credential: bytes
    public_key: bytes
    uses: int


class TooManyPasskeys(Refused):
    """A person has a few passkeys. Remove one first."""


class Identities(Protocol):
    """What the outlet needs, to tell who asks."""

    def now(self) -> Instant:
        """Tell the real time."""
        ...

    def subject_of(self, token: Token) -> Subject | None:
        """Tell whose `token` this is. None: nobody's, or somebody's who is being erased."""
        ...

    def sign_in(self, subject: Subject, by: Means) -> tuple[Secret, Session]:
        """Begin a session of somebody who has just shown who they are."""
        ...

    def session(self, secret: Secret) -> Session | None:
        """Give the session of this secret, unless it has ended."""
        ...

    def sign_out(self, secret: Secret) -> None:
        """End one session."""
        ...

    def sign_out_everywhere(self, subject: Subject) -> None:
        """End all sessions of a person."""
        ...

    def sessions(self, subject: Subject) -> int:
        """Count the sessions of a person that have not ended."""
        ...

    def account(self, subject: Subject) -> Account:
        """Tell what a person's account is called."""
        ...

    def notice_seen(self, subject: Subject) -> int:
        """Tell the newest version of the notice whose changes a person has dismissed, or 0."""
        ...

    def dismiss_notice(self, subject: Subject, version: int) -> None:
        """Remember that a person has seen the changes up to `version`. It agrees to nothing."""
        ...

    def passkeys(self, subject: Subject) -> list[Passkey]:
        """List a person's passkeys, in the order in which they were added."""
        ...

    def passkey(self, credential: bytes) -> Passkey | None:
        """Find a passkey by what its device calls it."""
        ...

    def add_passkey(self, subject: Subject, new: NewPasskey) -> Passkey:
        """Write down a passkey that was verified."""
        ...

    def note_use(self, passkey: Passkey, *, uses: int) -> None:
        """Remember that a passkey was used, and how often its device says it was."""
        ...

    def remove_passkey(self, subject: Subject, number: int) -> bool:
        """Forget a passkey of this person. Tells whether there was one."""
        ...
