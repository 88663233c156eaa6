"""Signals that a browser or an app sends for its person: they only ever narrow what a deal allows.

Global Privacy Control (`Sec-GPC: 1`) is heard as "no ads, and nobody but the own service". A TC
string of IAB Europe's framework closes each purpose whose TCF purposes were not all agreed to, and
what is precise of a place unless its special feature 1 was opted into.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final

from hubbub.deal.stamp import NOTHING, Stamps
from hubbub.deal.tcf import TcString, read_tc_string
from hubbub.terms.people import Personal
from hubbub.terms.purposes import (
    OWN,
    PURPOSES,
    RECIPIENTS_MAX,
    Category,
    Cell,
    Improvement,
    Offers,
    Personalisation,
    Purpose,
    Recipient,
    RecipientKey,
    Suggestions,
    Usage,
    cell_bit,
)
from hubbub.terms.time import Instant

TCF_PURPOSES: Final[dict[type[Purpose], frozenset[int]]] = {
    Offers: frozenset({2, 3, 4, 7}),
    Suggestions: frozenset({5, 6, 11}),
    Personalisation: frozenset({5, 6, 11}),
    Usage: frozenset({8, 9}),
    Improvement: frozenset({10}),
}
"""What a TC string has to agree to, all of it, for a purpose to stay open."""

PRECISE_LOCATION: Final = 1
"""The special feature of TCF without which nothing precise of a place is read."""


class Signal(StrEnum):
    """Which kind of signal."""

    GPC = "gpc"
    TCF = "tcf"


type Against = tuple[Signal, Stamps]
"""A signal, and what it says no to."""


class Signals(Personal, frozen=True, kw_only=True):
    """What was sent along with a request: for each signal, the cells that it closes."""

    closes: tuple[Against, ...] = ()

    def narrow(self, granted: Stamps) -> Stamps:
        """Give what is left of `granted`: never more than that."""
        for _, closed in self.closes:
            granted = tuple(may & ~shut for may, shut in zip(granted, closed, strict=True))
        return granted

    def against(self, granted: Stamps) -> tuple[Against, ...]:
        """Tell which of what was `granted` each signal says no to, if it does to anything."""
        said_no = [
            (signal, tuple(may & shut for may, shut in zip(granted, closed, strict=True)))
            for signal, closed in self.closes
        ]
        return tuple((signal, cells) for signal, cells in said_no if cells != NOTHING)


NO_SIGNALS: Final = Signals()


class Conflict(Personal, frozen=True, kw_only=True):
    """A signal said no to what its person had said yes to. It was heeded."""

    signal: Signal
    cells: tuple[Cell, ...]
    first_at: Instant
    last_at: Instant
    times: int


def read_signals(*, gpc: Iterable[str] = (), tc_strings: Iterable[str] = ()) -> Signals:
    """Read every value that was sent as `Sec-GPC` and as TC string. Raises `NotTcf`.

    A `Sec-GPC` of any value but 0 counts: who sends one means something by it.
    """
    is_on = any(value.strip() != "0" for value in gpc)
    closes = [(Signal.GPC, _CLOSED_BY_GPC)] if is_on else []
    closes += [(Signal.TCF, _closed_by(text)) for text in tc_strings]
    return Signals(closes=tuple(closes))


@lru_cache(maxsize=1000)  # a phone sends the same one with every request
def _closed_by(tc_string: str) -> Stamps:
    return closed_by_tcf(read_tc_string(tc_string))


def closed_by_tcf(told: TcString) -> Stamps:
    """Give the cells that a TC string closes: whatever TCF speaks of and was not agreed to."""
    refused = [use for use, wanted in TCF_PURPOSES.items() if not wanted <= told.purposes]
    closed = _mask(refused, _EVERYBODY)
    is_precise = PRECISE_LOCATION in told.special_features
    return tuple(
        _mask(PURPOSES.values(), _EVERYBODY)
        if category is Category.LOCATION and not is_precise
        else closed
        for category in Category
    )


def _mask(purposes: Iterable[type[Purpose]], recipients: Iterable[Recipient]) -> int:
    named = tuple(recipients)
    bits = (cell_bit(purpose, recipient) for purpose in purposes for recipient in named)
    return sum(bits)


# Whoever has a slot, or will have one: a signal closes cells that are not registered yet, too.
_EVERYBODY: Final = tuple(Recipient(RecipientKey(""), slot) for slot in range(RECIPIENTS_MAX))
_OTHERS: Final = tuple(each for each in _EVERYBODY if each.slot != OWN.slot)
_CLOSED_BY_GPC: Final[Stamps] = (
    _mask([Offers], _EVERYBODY) | _mask(set(PURPOSES.values()) - {Offers}, _OTHERS),
) * len(Category)
