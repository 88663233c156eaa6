"""How a service was used, as counts: what kinds there are, and one count on its way to the record.

How often something was done in a stretch of time, such as an hour; never what.
"""

from enum import IntEnum
from typing import Final, Literal, get_args

from hubbub.terms.people import Personal, ReceiptNumber, Subject
from hubbub.terms.time import Instant

type UseTable = Literal["service_use", "device_use", "interactions"]
"""The tables of the catalogue that counts rest in, each of a category of its own."""


USE_TABLES: Final[tuple[UseTable, ...]] = get_args(UseTable.__value__)


class UseKind(IntEnum):
    """What was done. A number, once given, never means anything else."""

    MESSAGES = 0
    PICTURES = 1  # and other files
    CALLS = 2


class DeviceKind(IntEnum):
    """What it was done with."""

    PHONE = 0
    TABLET = 1
    COMPUTER = 2
    OTHER = 3


class Named(Personal, frozen=True, kw_only=True):
    """With whom something was done, and under which deal of theirs."""

    subject: Subject
    receipt: ReceiptNumber
    may: int


class Counted(Personal, frozen=True, kw_only=True):
    """How often somebody did something in [at, until)."""

    id: bytes  # made of what it is about: the same count has it again
    table: UseTable
    subject: Subject
    receipt: ReceiptNumber
    may: int
    at: Instant
    until: Instant
    kind: int
    times: int
    room: int = 0  # a pseudonym that is this person's only; 0: not about a room
    other: Named | None = None
