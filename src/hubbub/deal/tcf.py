"""Reads TC strings of IAB Europe's Transparency and Consent Framework, versions 2.2 and 2.3.

Bit by bit as in IAB Tech Lab, "Transparency and Consent String with Global Vendor & CMP List
Formats", version 2.3, "TC String Format". A string that is not whole, or says what the format does
not know, is refused with the rule that it breaks: nothing is read from half of one.
"""

from enum import IntEnum
from typing import Final

from hubbub.terms.errors import BadInput
from hubbub.terms.people import Personal
from hubbub.terms.time import SECOND, Instant

CHARACTERS_MAX: Final = 8_192
"""More do not fit a header; every vendor that there is fits in a tenth of it."""

_VERSION: Final = 2
_POLICY_MIN: Final = 4  # of TCF 2.2; before it, people were told other things
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIX_BITS: Final = {letter: f"{value:06b}" for value, letter in enumerate(_ALPHABET)}
_LETTERS: Final = 26
_VENDOR_MAX: Final = (1 << 16) - 1
_UNDEFINED: Final = 3
_DECISECOND: Final = SECOND // 10


class NotTcf(BadInput):
    """What was given as a TC string is none. The rule that it breaks is told, never the string."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"not a TC string of TCF 2.2 or 2.3: {rule}")
        self.rule = rule


class Restriction(Personal, frozen=True, kw_only=True):
    """What a publisher asks of some vendors about one purpose."""

    purpose: int
    kind: int  # 0: not at all, 1: by consent only, 2: by legitimate interest only
    vendors: tuple[range, ...]


class PublisherTc(Personal, frozen=True, kw_only=True):
    """What a person told the publisher itself, of TCF's purposes and of its own."""

    purposes: frozenset[int]
    purposes_legitimate_interest: frozenset[int]
    custom: frozenset[int]
    custom_legitimate_interest: frozenset[int]


class TcString(Personal, frozen=True, kw_only=True):
    """What a person told a consent dialogue of TCF. All numbers are TCF's own."""

    created: Instant
    updated: Instant
    cmp: int
    cmp_version: int
    screen: int
    language: str
    vendor_list: int
    policy: int
    service_specific: bool
    own_texts: bool
    special_features: frozenset[int]
    purposes: frozenset[int]  # agreed to
    purposes_legitimate_interest: frozenset[int]  # told, and not objected to
    purpose_one_told: bool
    country: str
    vendors: frozenset[int]
    vendors_legitimate_interest: frozenset[int]
    restrictions: tuple[Restriction, ...]
    disclosed: frozenset[int] | None  # vendors that were shown; before TCF 2.3 it is not told
    publisher: PublisherTc | None


def read_tc_string(text: str) -> TcString:
    """Read a TC string strictly, or raise `NotTcf`."""
    if len(text) > CHARACTERS_MAX:
        raise NotTcf(f"it has at most {CHARACTERS_MAX} characters")
    core, *segments = (_Bits(part) for part in text.split("."))
    more: dict[int, _Bits] = {}
    for segment in segments:
        kind = segment.number(3)
        if kind not in {*_Segment} or kind in more:
            raise NotTcf("behind the core: disclosed vendors and publisher TC, once each")
        more[kind] = segment
    disclosed, publisher = more.get(_Segment.DISCLOSED), more.get(_Segment.PUBLISHER)
    read = _core(
        core,
        disclosed=None if disclosed is None else disclosed.vendors(),
        publisher=None if publisher is None else _publisher(publisher),
    )
    for each in (core, *segments):
        each.require_end()
    return read


class _Segment(IntEnum):
    DISCLOSED = 1
    PUBLISHER = 3


class _Bits:
    """One segment, read from its first bit on."""

    def __init__(self, text: str) -> None:
        try:
            self._bits = "".join([_SIX_BITS[letter] for letter in text])
        except KeyError:
            raise NotTcf("segments of base64url, with dots between them") from None
        self._at = 0

    def number(self, bits: int) -> int:
        return int(self._take(bits), 2)

    def flag(self) -> bool:
        return self._take(1) == "1"

    def moment(self) -> Instant:
        return Instant(self.number(36) * _DECISECOND)

    def letters(self) -> str:
        both = self.number(6), self.number(6)
        if max(both) >= _LETTERS:
            raise NotTcf("a language and a country are two letters each")
        return "".join(_ALPHABET[each] for each in both)

    def numbers(self, bits: int) -> frozenset[int]:
        """Read a field of flags: the numbers, from 1, of those that are set."""
        found = enumerate(self._take(bits), 1)
        return frozenset(number for number, bit in found if bit == "1")

    def vendors(self) -> frozenset[int]:
        vendor_max = self.number(16)
        if not self.flag():
            return self.numbers(vendor_max)
        found = 0  # one bit a vendor: many ranges over each other take no longer than one
        for vendors in self.ranges(vendor_max):
            found |= (1 << vendors.stop) - (1 << vendors.start)
        return frozenset(number for number, bit in enumerate(f"{found:b}"[::-1]) if bit == "1")

    def ranges(self, vendor_max: int) -> tuple[range, ...]:
        return tuple(self._range(vendor_max) for _ in range(self.number(12)))

    def _range(self, vendor_max: int) -> range:
        is_range, first = self.flag(), self.number(16)
        last = self.number(16) if is_range else first
        if not 1 <= first <= last <= vendor_max:
            raise NotTcf("vendors are ranges from 1 up, within the highest that is named")
        return range(first, last + 1)

    def require_end(self) -> None:
        if "1" in self._bits[self._at :]:
            raise NotTcf("nothing but zeros fills up a segment")

    def _take(self, bits: int) -> str:
        taken = self._bits[self._at : self._at + bits]
        if len(taken) < bits:
            raise NotTcf("it is whole")
        self._at += bits
        return taken


def _core(
    bits: _Bits, *, disclosed: frozenset[int] | None, publisher: PublisherTc | None
) -> TcString:
    if bits.number(6) != _VERSION:
        raise NotTcf("its version is 2")
    read = TcString(  # in the order of the bits, which is that of evaluation
        created=bits.moment(),
        updated=bits.moment(),
        cmp=bits.number(12),
        cmp_version=bits.number(12),
        screen=bits.number(6),
        language=bits.letters(),
        vendor_list=bits.number(12),
        policy=bits.number(6),
        service_specific=bits.flag(),
        own_texts=bits.flag(),
        special_features=bits.numbers(12),
        purposes=bits.numbers(24),
        purposes_legitimate_interest=bits.numbers(24),
        purpose_one_told=not bits.flag(),
        country=bits.letters(),
        vendors=bits.vendors(),
        vendors_legitimate_interest=bits.vendors(),
        restrictions=tuple(_restriction(bits) for _ in range(bits.number(12))),
        disclosed=disclosed,
        publisher=publisher,
    )
    if read.policy < _POLICY_MIN:
        raise NotTcf(f"its policy version is {_POLICY_MIN} or later")
    return read


def _restriction(bits: _Bits) -> Restriction:
    purpose, kind = bits.number(6), bits.number(2)
    if kind == _UNDEFINED:
        raise NotTcf("a restriction is of kind 0, 1 or 2")
    return Restriction(purpose=purpose, kind=kind, vendors=bits.ranges(_VENDOR_MAX))


def _publisher(bits: _Bits) -> PublisherTc:
    purposes, by_interest, custom = bits.numbers(24), bits.numbers(24), bits.number(6)
    return PublisherTc(
        purposes=purposes,
        purposes_legitimate_interest=by_interest,
        custom=bits.numbers(custom),
        custom_legitimate_interest=bits.numbers(custom),
    )
