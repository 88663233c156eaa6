"""The notice: what people are told before they agree, every field of GDPR article 13 a field.

An operator writes a `NoticeText`; under the law of one region it is published as a `Notice`. A
notice is never edited. Another text is another version, and no version widens anybody's deal: what
it adds is off until the person is asked.
"""

from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import PURPOSES, Category, Cell, Purpose, RecipientKey

type NoticeHash = str
"""The SHA-256 of a notice's canonical JSON, in hexadecimal."""

type Words = Annotated[str, Meta(min_length=1)]
type BasisKey = Literal["consent"]
"""On what a use rests. What a person may switch on and off rests on nothing but consent."""


_KEYS = ("purpose", "category", "recipient")


class RegionUnknown(BadInput):
    """The law of that region is not among those that this hubbub brings: write it into the file."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(f"no such region: there are {', '.join(known)}")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a notice: plain words with the fields that a machine reads."""


class Operator(Part, frozen=True):
    """Who answers for the data: art. 13(1)(a) and (b)."""

    name: Words
    contact: Words
    protection_officer: Words | None = None
    representative: Words | None = None


class Basis(Part, frozen=True):
    """What makes a use lawful, as DPV and as people say it: art. 13(1)(c)."""

    dpv: Words
    words: Words


class Authority(Part, frozen=True):
    """Where to complain: art. 13(2)(d)."""

    name: Words
    contact: Words


class Region(Part, frozen=True):
    """What differs from one law to another."""

    region: Words  # its key
    name: Words
    law: Words
    legal_bases: dict[BasisKey, Basis]
    authority: Authority
    adult_from_years: Annotated[int, Meta(ge=13, le=21)]  # who is younger is a minor here
    special: tuple[Category, ...]  # each of these is agreed to by itself alone


class ToldCategory(Part, frozen=True):
    """What one kind of data is, who looks after it, and for how long: art. 13(2)(a)."""

    category: Category
    title: Words
    words: Words
    source: Words  # where the data come from
    owner: Words  # who answers for it within the house
    retention_days: Annotated[int, Meta(ge=1, le=3660)]
    dpv: Words


class Use(Part, frozen=True):
    """What data may be used for: art. 13(1)(c). Each category and recipient is its own switch."""

    purpose: str  # its key
    title: Words
    words: Words  # what happens, in plain words
    published: Words  # what everybody gets to see of it
    categories: Annotated[tuple[Category, ...], Meta(min_length=1)]
    recipients: Annotated[tuple[RecipientKey, ...], Meta(min_length=1)]
    legal_basis: BasisKey
    dpv_purpose: Words
    fit_for_minors: bool


class Transfer(Part, frozen=True):
    """To which other countries data go, and what protects them there: art. 13(1)(f)."""

    countries: Annotated[tuple[Words, ...], Meta(min_length=1)]
    safeguard: Words


class ToldRecipient(Part, frozen=True):
    """Who reads: art. 13(1)(e)."""

    recipient: Annotated[RecipientKey, Meta(pattern="^[a-z][a-z0-9-]{0,39}$")]  # its key
    name: Words
    kind: Literal["own", "group", "partner"]
    contact: Words
    transfer: Transfer | None


class Rights(Part, frozen=True):
    """What a person may demand, and how: art. 13(2)(b) and (c)."""

    access: Words
    rectification: Words
    erasure: Words
    restriction: Words
    objection: Words
    portability: Words
    withdrawal: Words


class Told(Part, frozen=True):
    """What an operator tells, wherever it is told."""

    language: Words
    title: Words
    operator: Operator
    categories: tuple[ToldCategory, ...]
    uses: tuple[Use, ...]
    recipients: tuple[ToldRecipient, ...]
    rights: Rights
    obligation: Words  # art. 13(2)(e): must one give the data, and what if not
    condition_of_service: bool  # of the same
    automated_decisions: Words  # art. 13(2)(f)
    legitimate_interests: Words  # art. 13(1)(d)
    limits: Words  # what the promise does not cover


class NoticeText(Told, frozen=True):
    """A notice as an operator writes it: of no version yet, under the law of any region."""

    region: Region | None = None  # of one's own, where hubbub brings none


class Addition(Part, frozen=True):
    """What is told as well where there is more than one thing to tell of."""

    title: Words  # of all of it
    categories: tuple[ToldCategory, ...]  # beside the others
    uses: tuple[Use, ...]  # the same
    rights: Rights  # as they are for all of it
    limits: Words  # the same

    def to(self, text: NoticeText) -> NoticeText:
        """Give `text` with this in it."""
        return replace(
            text,
            title=self.title,
            categories=text.categories + self.categories,
            uses=text.uses + self.uses,
            rights=self.rights,
            limits=self.limits,
        )


class Notice(Told, frozen=True):
    """What was told, whole."""

    version: int
    region: Region

    def canonical(self) -> bytes:
        """Write the notice as the one JSON text that its hash is of."""
        return msgspec.json.encode(self)

    @property
    def sha256(self) -> NoticeHash:
        """Name the notice by its content."""
        return hash_of(self.canonical())

    def purposes(self) -> frozenset[type[Purpose]]:
        """Tell what may be agreed to under this notice."""
        return frozenset(PURPOSES[use.purpose] for use in self.uses)

    def cells(self) -> frozenset[Cell]:
        """Tell what each switch under this notice is for."""
        return frozenset(
            Cell(category, PURPOSES[use.purpose], recipient)
            for use in self.uses
            for category in use.categories
            for recipient in use.recipients
        )

    def use(self, purpose: type[Purpose]) -> Use:
        """Tell what is said about `purpose`."""
        return next(use for use in self.uses if use.purpose == purpose.key)

    def category(self, category: Category) -> ToldCategory:
        """Tell what is said about `category`."""
        return next(told for told in self.categories if told.category == category)

    def recipient(self, key: RecipientKey) -> ToldRecipient:
        """Tell what is said about the recipient `key`."""
        return next(told for told in self.recipients if told.recipient == key)

    def basis(self, use: Use) -> Basis:
        """Tell on what a `use` rests, by the law of this region."""
        return self.region.legal_bases[use.legal_basis]

    def is_special(self, category: Category) -> bool:
        """Tell whether `category` is agreed to by itself alone here."""
        return category in self.region.special


class Draft(Part, frozen=True):
    """A notice that is ready to be published, but for its version."""

    text: NoticeText
    region: Region

    def published(self, version: int) -> Notice:
        """Give it as the `version`."""
        told = {name: getattr(self.text, name) for name in Told.__struct_fields__}
        return Notice(**told | {"version": version, "region": self.region})


def label(part: object, number: int) -> str:
    """Name a part of a notice's list by its key, or by its number."""
    keys = (part.get(name) for name in _KEYS) if isinstance(part, dict) else ()
    return next((key for key in keys if isinstance(key, str)), str(number))


def hash_of(document: bytes) -> NoticeHash:
    """Name a notice by the bytes that it was published as."""
    return sha256(document).hexdigest()


def read_notice(document: bytes) -> Notice:
    """Read a notice as it was published: a missing field, or one nobody knows, is an error."""
    return msgspec.json.decode(document, type=Notice)


def read_notice_text(text: bytes) -> NoticeText:
    """Read a notice as it is written, strictly. `notice_check` tells all that is wrong with it."""
    return msgspec.json.decode(text, type=NoticeText)


def read_addition(text: bytes) -> Addition:
    """Read what is told as well."""
    return msgspec.json.decode(text, type=Addition)


def read_regions(text: bytes) -> dict[str, Region]:
    """Read the regions that hubbub brings, by their keys."""
    regions = msgspec.json.decode(text, type=tuple[Region, ...])
    return {region.region: region for region in regions}


def draft(text: NoticeText, key: str, regions: dict[str, Region]) -> Draft:
    """Put `text` under the law of its own region, or of the one called `key`."""
    if text.region is None and key not in regions:
        raise RegionUnknown(sorted(regions))
    return Draft(text=text, region=text.region or regions[key])
