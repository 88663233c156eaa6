"""The receipt: what one person agreed to, when and how; immutable, signed, and theirs to keep.

The fields are those of ISO/IEC TS 27560 in the words of the W3C Data Privacy Vocabulary (JSON-LD),
as its guide on TS 27560 lays them out. A receipt never changes: another choice is another receipt.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from hubbub.deal.notice import Notice, NoticeHash
from hubbub.deal.proof import Proof, check, sign
from hubbub.terms.people import Personal
from hubbub.terms.purposes import PURPOSES, Category, Cell, RecipientKey
from hubbub.terms.time import Instant, iso

CONTEXT: Final = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "hubbub": "urn:hubbub:",
    "pd": "https://w3id.org/dpv/pd#",
}


class AgreedUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing agreed to, in DPV's words beside ours."""

    key: str = msgspec.field(name="hubbub:purpose")
    recipient: RecipientKey = msgspec.field(name="dpv:hasRecipient")
    purpose: str = msgspec.field(name="dpv:hasPurpose")
    categories: tuple[str, ...] = msgspec.field(name="dpv:hasPersonalData")
    legal_basis: str = msgspec.field(name="dpv:hasLegalBasis")
    retention: str = msgspec.field(name="dpv:hasDuration")  # ISO 8601
    category: Category | UnsetType = msgspec.field(name="hubbub:category", default=UNSET)
    under: NoticeHash | UnsetType = msgspec.field(name="hubbub:agreedUnder", default=UNSET)
    type: Literal["dpv:Process"] = msgspec.field(name="@type", default="dpv:Process")

    @property
    def cell(self) -> Cell:
        """Tell which switch this is. Receipts of before there were categories are of locations."""
        category = Category.LOCATION if self.category is UNSET else self.category
        return Cell(category, PURPOSES[self.key], self.recipient)


class Choice(Personal, frozen=True, kw_only=True):
    """One change of mind: what is granted from now on, and what this change closed."""

    identifier: str
    person: str  # the handle by which the person's receipts name them
    granted: tuple[Cell, ...]
    closed: tuple[Cell, ...]
    method: str
    at: Instant
    replaces: str | None = None
    kept: tuple["AgreedUse", ...] = ()  # what stays agreed to, as it was


class Controller(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the data."""

    name: str = msgspec.field(name="dpv:hasName")
    contact: str = msgspec.field(name="dpv:hasContact")
    type: Literal["dpv:DataController"] = msgspec.field(name="@type", default="dpv:DataController")


class NoticeTold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which notice was in force, by version and by content."""

    version: int = msgspec.field(name="dct:hasVersion")
    sha256: str = msgspec.field(name="hubbub:sha256")
    language: str = msgspec.field(name="dct:language")
    type: Literal["dpv:ConsentNotice"] = msgspec.field(name="@type", default="dpv:ConsentNotice")


class Receipt(Personal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person holds in their hand: it reads as JSON-LD, and prints as nothing."""

    context: dict[str, str] = msgspec.field(name="@context")
    identifier: str = msgspec.field(name="dct:identifier")
    replaces: str | None = msgspec.field(name="dct:replaces")
    given_at: str = msgspec.field(name="dpv:isIndicatedAtTime")
    person: str = msgspec.field(name="dpv:hasDataSubject")
    controller: Controller = msgspec.field(name="dpv:hasDataController")
    jurisdiction: str = msgspec.field(name="dpv:hasJurisdiction")
    notice: NoticeTold = msgspec.field(name="dpv:hasNotice")
    status: Literal["dpv:ConsentGiven", "dpv:ConsentWithdrawn"] = msgspec.field(
        name="dpv:hasConsentStatus"
    )
    method: str = msgspec.field(name="dpv:hasIndicationMethod")
    withdrawal: str = msgspec.field(name="dpv:hasWithdrawalMethod")
    agreed: tuple[AgreedUse, ...] = msgspec.field(name="dpv:hasProcess")
    closed: tuple[str, ...] = msgspec.field(name="hubbub:closed")
    proof: Proof | None = msgspec.field(name="hubbub:proof", default=None)
    type: Literal["dpv:ConsentReceipt"] = msgspec.field(name="@type", default="dpv:ConsentReceipt")
    conforms_to: str = msgspec.field(
        name="dct:conformsTo", default="https://w3id.org/dpv/schema/dpv-27560#receipt"
    )

    def cells(self) -> tuple[Cell, ...]:
        """Tell what was granted."""
        return tuple(use.cell for use in self.agreed)

    def carried(self) -> tuple[AgreedUse, ...]:
        """Give what was agreed to as it goes on to the next receipt: under the notice it was."""
        return tuple(
            replace(
                use,
                category=use.cell.category,
                under=self.notice.sha256 if use.under is UNSET else use.under,
            )
            for use in self.agreed
        )

    def document(self) -> bytes:
        """Write the receipt as the person gets it."""
        return msgspec.json.encode(self, order="deterministic")


def make_receipt(notice: Notice, choice: Choice, key: Ed25519PrivateKey) -> Receipt:
    """Write down `choice` as made under `notice`, and sign it with `key`.

    What is kept stays under the notice that it was agreed under: no later one widens it.
    """
    kept = {use.cell: use for use in choice.kept}
    unsigned = Receipt(
        context=dict(CONTEXT),
        identifier=choice.identifier,
        replaces=choice.replaces,
        given_at=iso(choice.at),
        person=choice.person,
        controller=Controller(name=notice.operator.name, contact=notice.operator.contact),
        jurisdiction=notice.region.region,
        notice=NoticeTold(version=notice.version, sha256=notice.sha256, language=notice.language),
        status="dpv:ConsentGiven" if choice.granted else "dpv:ConsentWithdrawn",
        method=choice.method,
        withdrawal=notice.rights.withdrawal,
        agreed=tuple(kept.get(cell) or _agreed(notice, cell) for cell in choice.granted),
        closed=tuple(cell.words for cell in choice.closed),
    )
    return replace(unsigned, proof=sign(unsigned.document(), key))


def on_since(receipts: Iterable[Receipt]) -> dict[Cell, str]:
    """Tell which cells are on by a person's `receipts`, oldest first, and since when each is."""
    on: dict[Cell, str] = {}
    for receipt in receipts:
        on = {cell: on.get(cell, receipt.given_at) for cell in receipt.cells()}
    return on


def read_receipt(document: bytes) -> Receipt:
    """Read a receipt strictly, as it was handed out. It still has to be verified."""
    return msgspec.json.decode(document, type=Receipt)


def verify(receipt: Receipt, public_key: bytes) -> None:
    """Make sure that the holder of `public_key` signed this very receipt, or raise `Forged`."""
    check(replace(receipt, proof=None).document(), receipt.proof, public_key)


def _agreed(notice: Notice, cell: Cell) -> AgreedUse:
    use, category = notice.use(cell.purpose), notice.category(cell.category)
    return AgreedUse(
        key=cell.purpose.key,
        recipient=cell.recipient,
        purpose=use.dpv_purpose,
        category=cell.category,
        categories=(category.dpv,),
        legal_basis=notice.basis(use).dpv,
        retention=f"P{category.retention_days}D",
        under=notice.sha256,
    )
