"""What the other rooms need of the messenger: which account is whose, and who may come in."""

from collections.abc import Mapping
from typing import Literal, Protocol

from hubbub.terms.errors import Refused
from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.time import Instant

type SignUp = Literal["open", "invited"]
"""Who signs up: anybody, or whoever was invited."""


class AccountTaken(Refused):
    """An account of the messenger is one person's, and a person has one account there."""


class InvitedOnly(Refused):
    """Whoever wants to sign up here needs an invitation."""


class TooManyInvitations(Refused):
    """Somebody has made as many invitations today as one person may."""


class MessengerAccount(Personal, frozen=True, kw_only=True):
    """Whose account it is, by the name that the homeserver calls it: @ann:example.org."""

    subject: Subject
    account: str
    joined_at: Instant


class MessengerGrant(Personal, frozen=True, kw_only=True):
    """What somebody agreed to, as the module in the homeserver needs to know it."""

    account: str
    receipt: ReceiptNumber
    since: Instant  # what was done before came under no deal
    may: Mapping[str, int]  # the stamp of each category that the messenger knows something of
    cells: tuple[str, ...]  # what is on, in words
    paused: bool
    notice: int
    changed_at: str


class Invitation(Personal, frozen=True, kw_only=True):
    """What lets somebody sign up, so often and so long."""

    token: str
    uses: int
    expires_at: Instant


class MessengerAccounts(Protocol):
    """Which account of the messenger is whose."""

    def of(self, subject: Subject) -> MessengerAccount | None:
        """Give the account of `subject`, if they have joined one."""
        ...

    def meet(self, account: str, method: str) -> Subject:
        """Tell whose `account` this is. At first it is a person's who has agreed to nothing yet."""
        ...

    def join(self, account: str, subject: Subject) -> MessengerAccount:
        """Put an account to a person who is known here. Raises `AccountTaken`."""
        ...

    def part(self, subject: Subject) -> None:
        """Let an account be nobody's here again: nothing of it is shared from now on."""
        ...

    def leave(self, subject: Subject) -> None:
        """Have the account of `subject` closed for good, at the homeserver too."""
        ...

    def grants(self) -> tuple[MessengerGrant, ...]:
        """List what everybody agreed to who has joined, and is not being erased."""
        ...


class Messenger(Protocol):
    """The messenger of this house, as far as the outlet may ask it."""

    @property
    def url(self) -> str:
        """Give the address at which people's browsers and apps reach the homeserver."""
        ...

    @property
    def server_name(self) -> str:
        """Give what stands behind the colon in everybody's name."""
        ...

    @property
    def accounts(self) -> MessengerAccounts:
        """Give the list of which account is whose."""
        ...

    def is_up(self) -> bool:
        """Tell whether the homeserver answers."""
        ...

    def sign_up(self) -> SignUp:
        """Tell who signs up: the first person of a house on their own computer just does."""
        ...

    def let_in(self) -> Invitation:
        """Invite whoever asks, for a few minutes. Raises `InvitedOnly`."""
        ...

    def invite(self, by: str, *, uses: int, days: int) -> Invitation:
        """Invite somebody in the name of an account. Raises `TooManyInvitations`."""
        ...

    def proved(self, token: str) -> str:
        """Tell whose account a token of the homeserver proves, once. Raises `BadProof`."""
        ...

    def is_module(self, secret: str) -> bool:
        """Tell, in constant time, whether hubbub's module in the homeserver asks."""
        ...

    def at_the_homeserver(self, at: Instant) -> Instant:
        """Tell on the machine's clock, which the homeserver goes by, when it was `at` here."""
        ...


class MessengerSilent(Refused):
    """The homeserver does not answer, or not as it should. It is started again by itself."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the messenger does not answer: {why}; try again in a moment")
