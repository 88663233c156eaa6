"""The notice: what people are told before they agree, every field of GDPR article 13 a field.

A notice is never edited. Another text is another version, and no version widens anybody's deal:
what it adds is off until the person is asked.
"""

from hashlib import sha256

import msgspec
from msgspec.structs import replace

from hubbub.terms.purposes import PURPOSES, Category, Cell, Purpose, RecipientKey

type NoticeHash = str
"""The SHA-256 of a notice's canonical JSON, in hexadecimal."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a notice: plain words with the fields that a machine reads."""


class Operator(Part, frozen=True):
    """Who answers for the data: art. 13(1)(a) and (b)."""

    name: str
    contact: str
    protection_officer: str | None = None


class Use(Part, frozen=True):
    """One thing a person may agree to: art. 13(1)(c) and (2)(a)."""

    purpose: str  # its key
    title: str
    words: str  # what happens, in plain words
    categories: tuple[Category, ...]
    recipients: tuple[RecipientKey, ...]
    legal_basis: str  # as in DPV
    dpv_purpose: str
    retention_days: int
    published: str  # what everybody gets to see of it


class Rights(Part, frozen=True):
    """What a person may demand, and where: art. 13(2)(b), (c) and (d)."""

    access: str
    rectification: str
    erasure: str
    restriction: str
    objection: str
    portability: str
    withdrawal: str
    complaint: str


class Notice(Part, frozen=True):
    """What was told, whole."""

    version: int
    language: str
    region: str
    title: str
    operator: Operator
    uses: tuple[Use, ...]
    recipients: dict[RecipientKey, str]  # art. 13(1)(e): who each of them is
    transfers: str  # art. 13(1)(f): to third countries
    rights: Rights
    obligation: str  # art. 13(2)(e): must one give the data, and what if not
    automated_decisions: str  # art. 13(2)(f)
    source: str  # where the data come from
    limits: str  # what the promise does not cover

    def canonical(self) -> bytes:
        """Write the notice as the one JSON text that its hash is of."""
        return msgspec.json.encode(self, order="deterministic")

    @property
    def sha256(self) -> NoticeHash:
        """Name the notice by its content."""
        return sha256(self.canonical()).hexdigest()

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

    def published(self, version: int, operator: Operator) -> "Notice":
        """Give the same text as `version`, in the name of `operator`."""
        return replace(self, version=version, operator=operator)


def read_notice(text: bytes) -> Notice:
    """Read a notice strictly: a missing field, or one nobody knows, is an error that names it."""
    return msgspec.json.decode(text, type=Notice)
