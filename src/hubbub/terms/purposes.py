"""What rows may be read for, and by whom. Each purpose is a class: type checkers tell them apart.

A row's stamp `may` is a bit mask over the cells (purpose x recipient) of the row's category.
"""

from enum import StrEnum
from typing import ClassVar, Final, final


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


PURPOSES: Final[dict[str, type[Purpose]]] = {p.key: p for p in (Traffic, LiveTraffic, Places)}
"""Every purpose by its key. An index, once given, never means another purpose."""


class Recipient(StrEnum):
    """Who may read. The operator's own service, for now; partners come with the whole deal."""

    OWN = "own"


RECIPIENTS: Final[tuple[Recipient, ...]] = (Recipient.OWN,)
RECIPIENTS_MAX: Final = 8
"""Recipients that a mask has room for: 7 purposes x 8 recipients in 63 bits of a signed integer."""


class Category(StrEnum):
    """What kind of data a row is, in the words of the taxonomy."""

    LOCATION = "user.location.precise"


def cell_bit(purpose: type[Purpose], recipient: Recipient) -> int:
    """Give the bit that stands for (`purpose`, `recipient`) in a row's stamp."""
    bit = purpose.index * RECIPIENTS_MAX + RECIPIENTS.index(recipient)
    assert bit < 63, "a stamp is a signed 64-bit integer"
    return 1 << bit
