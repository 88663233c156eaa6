"""What is shared, what for, and with whom: the three axes of a deal, and the bits of a row's stamp.

Each purpose is a class: type checkers tell them apart. A row's stamp `may` is a bit mask over
(purpose x recipient), for the row's own category.
"""

from enum import StrEnum
from typing import ClassVar, Final, NamedTuple, NewType, final

import msgspec


class Category(StrEnum):
    """What kind of data a row is, by the key of the taxonomy."""

    ACCOUNT = "user.account"
    PHONE_NUMBER = "user.contact.phone_number"
    TRANSACTIONS = "user.behavior.purchase_history"
    SERVICE_USE = "user.telemetry"
    INTERACTIONS = "user.social"
    DEVICE = "user.device"
    IP_ADDRESS = "user.device.ip_address"
    LOCATION = "user.location.precise"

    @property
    def number(self) -> int:
        """Give the place of this category in `Stamps`."""
        return _NUMBERS[self]


_NUMBERS: Final = {category: number for number, category in enumerate(Category)}


class Purpose:
    """Something a person can agree to. Never instantiated: it is used as a type."""

    key: ClassVar[str]
    index: ClassVar[int]


@final
class Traffic(Purpose):
    """Typical speeds on roads, from the history of many."""

    key = "public.traffic"
    index = 0


@final
class LiveTraffic(Purpose):
    """Speeds and jams as they are now. Its own opt-in: it costs more privacy."""

    key = "public.traffic.live"
    index = 1


@final
class Places(Purpose):
    """How busy a place is, by hour and now."""

    key = "public.places"
    index = 2


@final
class Usage(Purpose):
    """Understand how services are used."""

    key = "analytics.reporting"
    index = 3


@final
class Improvement(Purpose):
    """Improve services."""

    key = "functional.service.improve"
    index = 4


@final
class Suggestions(Purpose):
    """Suggest to a person what others like them found good."""

    key = "personalize.content.profiling"
    index = 5


@final
class Personalisation(Purpose):
    """Fit features and content to a person."""

    key = "personalize.system"
    index = 6


@final
class Offers(Purpose):
    """Show relevant offers and ads, across products."""

    key = "marketing.advertising"
    index = 7


PURPOSES: Final[dict[str, type[Purpose]]] = {
    purpose.key: purpose
    for purpose in (
        Traffic,
        LiveTraffic,
        Places,
        Usage,
        Improvement,
        Suggestions,
        Personalisation,
        Offers,
    )
}
"""Every purpose by its key. An index, once given, never means another purpose."""

RecipientKey = NewType("RecipientKey", str)
"""Who reads, by name: `own`, or as the operator registered them."""


class Recipient(msgspec.Struct, frozen=True):
    """Who may read: the own service, or a product or partner that the operator registered."""

    key: RecipientKey
    slot: int  # its place in a stamp; once given, it never means another recipient


OWN: Final = Recipient(RecipientKey("own"), slot=0)
"""The operator's own service."""

RECIPIENTS_MAX: Final = 7
"""Recipients that a stamp has room for: 8 purposes of 8 bits each fill 63, but for the last."""
_BITS_A_PURPOSE: Final = 8


class Cell(NamedTuple):
    """What one may agree to, or not, on its own: what is shared, what for, and with whom."""

    category: Category
    purpose: type[Purpose]
    recipient: RecipientKey = OWN.key

    @property
    def words(self) -> str:
        """Write the cell as receipts and commands have it."""
        return f"{self.category} {self.purpose.key} {self.recipient}"


def cell_bit(purpose: type[Purpose], recipient: Recipient) -> int:
    """Give the bit that stands for (`purpose`, `recipient`) in a row's stamp."""
    assert 0 <= recipient.slot < RECIPIENTS_MAX, "a stamp has no room for more recipients"
    return 1 << (purpose.index * _BITS_A_PURPOSE + recipient.slot)
