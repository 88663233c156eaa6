"""What the other rooms need of the deal: who may send, and where a choice is made or changed."""

from enum import StrEnum
from typing import Protocol

import msgspec

from hubbub.deal.notice import Notice
from hubbub.deal.notice_changes import Changes
from hubbub.deal.receipt import Receipt
from hubbub.deal.signals import NO_SIGNALS, Against, Conflict, Signals
from hubbub.deal.stamp import Stamps
from hubbub.terms.errors import BadInput, Refused
from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.purposes import Category, Cell, Purpose
from hubbub.terms.time import Instant


class DeviceTaken(Refused):
    """A device of this name has a deal already. Renew it with its token, or choose another name."""


class UnknownDevice(Refused):
    """No device of this name or token has a deal here."""


class ChoiceRefused(BadInput):
    """The choice cannot be written down: nothing was chosen, or the notice does not offer it."""


class Badge(Personal, frozen=True, kw_only=True):
    """What the door needs to know of a device."""

    subject: Subject
    receipt: ReceiptNumber
    stamps: Stamps
    since: Instant  # a row collected before this came under no deal
    paused: bool = False

    def stamp(self, category: Category) -> int:
        """Give the stamp of a row of this `category`. At 0 the row is not taken."""
        return 0 if self.paused else self.stamps[category.number]


class LiveReceipt(Personal, frozen=True, kw_only=True):
    """A receipt that rows name, and what of it holds now."""

    subject: Subject
    stamps: Stamps  # what it granted, without what has been closed since
    paused: bool

    def stamp(self, category: Category) -> int:
        """Give the stamp of a row of this `category`. At 0 the row is not taken."""
        return 0 if self.paused else self.stamps[category.number]


class Token(Personal, frozen=True):
    """The secret by which a device shows that it is itself."""

    secret: str


class DeviceName(Personal, frozen=True):
    """A device as its operator calls it. Whoever says it has proved nothing."""

    name: str


class SignedIn(Personal, frozen=True):
    """Somebody who has shown who they are: whoever makes this has looked."""

    subject: Subject


type Who = Token | DeviceName | SignedIn

type Wish = frozenset[Cell | type[Purpose]]
"""What somebody says yes to. A purpose alone stands for its cell with the own service, where the
notice has one such cell; when it is taken back, for all of its cells."""


class AgeBand(StrEnum):
    """As much of a person's age as is asked for. What a minor is, the law of the region says."""

    ADULT = "adult"
    MINOR = "minor"


class Enrolment(Personal, frozen=True, kw_only=True):
    """What a device gets once: its token, and the receipt of what was agreed."""

    device: str
    token: Token
    receipt: Receipt
    badge: Badge


class DealStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The deal in numbers, with nobody in them."""

    notice_version: int
    notice_sha256: str
    devices: int
    withdrawn: int
    paused: int
    devices_by_purpose: dict[str, int]
    receipts: int
    refused: dict[str, dict[str, int]]  # by UTC day, then by reason: rows


class Deals(Protocol):
    """What the door asks, once a request."""

    def badge(self, token: str) -> Badge | None:
        """Tell whose `token` this is, as of now. None: nobody's."""
        ...

    def count_refused(self, reason: str, rows: int) -> None:
        """Count `rows` that were not stored, by `reason`."""
        ...

    def keep_conflict(self, subject: Subject, against: Against, times: int) -> None:
        """Keep that a signal was against rows that came so many times."""
        ...


class DealDesk(Protocol):
    """Where a choice is made, changed, taken back and shown."""

    def notice(self) -> Notice:
        """Give the notice in force."""
        ...

    def notice_document(self, name: str) -> bytes | None:
        """Give the notice of this version or hash as it was published, if there ever was one."""
        ...

    def changes(self, who: Who) -> Changes:
        """Tell what the notice says otherwise than it did when `who` agreed."""
        ...

    def enrol(
        self,
        device: str,
        wish: Wish,
        method: str,
        *,
        age: AgeBand = AgeBand.ADULT,
        signals: Signals = NO_SIGNALS,
    ) -> Enrolment:
        """Make a deal with a device of a new name."""
        ...

    def renew(
        self,
        who: Who,
        wish: Wish,
        method: str,
        *,
        age: AgeBand | None = None,
        signals: Signals = NO_SIGNALS,
    ) -> Enrolment:
        """Make another deal with a device that is known. Its old token ends at once."""
        ...

    def choose(
        self, who: Who, wish: Wish, method: str, *, signals: Signals = NO_SIGNALS
    ) -> Receipt:
        """Say yes to `wish` beside all that was said yes to before. The token stays."""
        ...

    def withdraw(self, who: Who, wish: Wish | None, method: str) -> Receipt:
        """Take back `wish`, or everything; what is left is on a new receipt."""
        ...

    def pause(self, who: Who, method: str) -> Instant:
        """Read nothing and take nothing from now on, and delete nothing. Tells since when it is."""
        ...

    def resume(self, who: Who, method: str) -> None:
        """Let a deal that is paused go on."""
        ...

    def paused_since(self, who: Who) -> Instant | None:
        """Tell since when a deal is paused. None: it is not."""
        ...

    def granted(self, who: Who) -> tuple[Cell, ...]:
        """Tell which cells are on."""
        ...

    def conflicts(self, who: Who) -> list[Conflict]:
        """Tell what signals said no to of what a device had said yes to, the latest first."""
        ...

    def badge_of(self, who: Who) -> Badge:
        """Give the badge of a device that is known."""
        ...

    def receipts(self, who: Who) -> list[Receipt]:
        """Give all receipts of a device, oldest first."""
        ...

    def public_key(self) -> bytes:
        """Give the key that every receipt verifies with."""
        ...

    def status(self) -> DealStatus:
        """Count, without naming."""
        ...
