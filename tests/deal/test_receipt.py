"""The receipt: what was agreed, signed, and checked without us."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from deal.notices import NOTICE, REGIONS, everything_told
from hubbub.deal.documents import read_document, verify_document
from hubbub.deal.proof import Forged
from hubbub.deal.receipt import (
    CONTEXT,
    Choice,
    Receipt,
    make_receipt,
    on_since,
    read_receipt,
    verify,
)
from hubbub.terms.purposes import Category, Cell, LiveTraffic, Offers, RecipientKey, Traffic
from hubbub.terms.time import Instant

CELLS = tuple(sorted(everything_told().cells(), key=lambda cell: cell.words))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
ANN = Choice(
    identifier="urn:uuid:1",
    person="urn:uuid:ann",
    granted=(Cell(Category.LOCATION, Traffic),),
    closed=(Cell(Category.LOCATION, LiveTraffic),),
    method="page",
    at=Instant(1_764_000_000_000_000),
    replaces="urn:uuid:0",
)
RECEIPT = make_receipt(NOTICE, ANN, KEY)
FIELDS = sorted(set(msgspec.json.decode(RECEIPT.document())) - {"@type", "hubbub:proof"})


def test_a_receipt_holds_what_was_agreed_when_how_and_under_which_notice() -> None:
    assert RECEIPT.cells() == ANN.granted
    assert RECEIPT.closed == ("user.location.precise public.traffic.live own",)
    assert (RECEIPT.given_at, RECEIPT.method) == ("2025-11-24T16:00:00Z", "page")
    assert (RECEIPT.identifier, RECEIPT.replaces) == ("urn:uuid:1", "urn:uuid:0")
    assert (RECEIPT.notice.version, RECEIPT.notice.sha256) == (1, NOTICE.sha256)
    assert RECEIPT.status == "dpv:ConsentGiven"


def test_a_receipt_verifies_away_from_home() -> None:
    verify(read_receipt(RECEIPT.document()), PUBLIC)
    verify_document(read_document(RECEIPT.document()), PUBLIC)
    with pytest.raises(Forged):
        verify_document(replace(RECEIPT, method="telepathy"), PUBLIC)


def test_the_same_choice_makes_the_same_receipt_however_its_words_are_ordered() -> None:
    assert make_receipt(NOTICE, ANN, KEY) == RECEIPT
    turned = replace(RECEIPT, context=dict(reversed(RECEIPT.context.items())))
    assert turned.document() == RECEIPT.document()


def test_what_is_carried_on_stays_under_the_notice_that_it_was_agreed_under() -> None:
    (use,) = RECEIPT.agreed
    before = replace(use, category=UNSET, under=UNSET)  # as it was written once
    (carried,) = replace(RECEIPT, agreed=(before,)).carried()
    assert (carried.category, carried.under) == (Category.LOCATION, NOTICE.sha256)
    (carried,) = replace(RECEIPT, agreed=(replace(use, under="another"),)).carried()
    assert carried == replace(use, under="another")


@given(granted=st.lists(st.sampled_from(CELLS), unique=True))
def test_a_receipt_grants_what_was_chosen_and_nothing_else(granted: list[Cell]) -> None:
    choice = replace(ANN, granted=tuple(granted), closed=())
    receipt = read_receipt(make_receipt(everything_told(), choice, KEY).document())
    verify(receipt, PUBLIC)
    assert receipt.cells() == tuple(granted)
    assert (receipt.status == "dpv:ConsentWithdrawn") == (not granted)


@pytest.mark.parametrize("field", FIELDS)
def test_a_receipt_that_was_touched_anywhere_is_refused(field: str) -> None:
    document = msgspec.json.decode(RECEIPT.document())
    other = make_receipt(
        replace(NOTICE, version=2, operator=replace(NOTICE.operator, name="another")),
        replace(ANN, identifier="b", person="b", granted=(), method="b", at=Instant(0)),
        KEY,
    )
    changed = {**msgspec.json.decode(other.document()), "@context": {}, "hubbub:closed": []}
    changed |= {"dct:replaces": None, "dpv:hasJurisdiction": "UK", "dct:conformsTo": "b"}
    changed |= {"dpv:hasWithdrawalMethod": "none", "dpv:hasConsentStatus": "dpv:ConsentWithdrawn"}
    assert document[field] != changed[field]
    forged = read_receipt(msgspec.json.encode({**document, field: changed[field]}))
    with pytest.raises(Forged, match="not as it was signed"):
        verify(forged, PUBLIC)


def test_a_receipt_of_another_operator_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
    with pytest.raises(Forged, match="this operator's key"):
        verify(make_receipt(NOTICE, ANN, other), PUBLIC)


def test_a_receipt_without_a_signature_is_refused() -> None:
    with pytest.raises(Forged, match="this operator's key"):
        verify(replace(RECEIPT, proof=None), PUBLIC)


@pytest.mark.parametrize("signature", ["", "00", "no hexadecimal", "00" * 64])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    assert RECEIPT.proof is not None
    forged = replace(RECEIPT, proof=replace(RECEIPT.proof, signature=signature))
    with pytest.raises(Forged, match="not as it was signed"):
        verify(forged, PUBLIC)


def test_a_document_with_more_in_it_is_not_a_receipt() -> None:
    document = {**msgspec.json.decode(RECEIPT.document()), "hubbub:also": "everything"}
    with pytest.raises(msgspec.ValidationError, match="also"):
        read_receipt(msgspec.json.encode(document))


def test_a_receipt_reads_as_linked_data() -> None:
    document = msgspec.json.decode(RECEIPT.document())
    prefixes = {name.partition(":")[0] for name in document if not name.startswith("@")}
    assert prefixes <= set(CONTEXT)
    assert document["@type"] == "dpv:ConsentReceipt"


def test_a_receipt_does_not_change_and_does_not_print() -> None:
    with pytest.raises(AttributeError):
        RECEIPT.method = "telepathy"
    assert repr(RECEIPT) == "<Receipt>"
    assert repr(ANN) == "<Choice>"
    assert isinstance(RECEIPT, Receipt)


def test_a_cell_is_on_since_it_was_last_switched_on() -> None:
    usual, live = (Cell(Category.LOCATION, purpose) for purpose in (Traffic, LiveTraffic))
    history = [(usual,), (usual, live), (live,), (usual, live)]
    receipts = [
        make_receipt(NOTICE, replace(ANN, granted=cells, at=Instant(hour * 3_600_000_000)), KEY)
        for hour, cells in enumerate(history)
    ]
    assert on_since(receipts) == {usual: "1970-01-01T03:00:00Z", live: "1970-01-01T01:00:00Z"}
    assert on_since(receipts[:1]) == {usual: "1970-01-01T00:00:00Z"}
    assert on_since([*receipts, make_receipt(NOTICE, replace(ANN, granted=()), KEY)]) == {}


def test_each_cell_on_a_receipt_says_what_for_whom_and_on_which_terms() -> None:
    notice = everything_told("UK")
    cell = Cell(Category.DEVICE, Offers, RecipientKey("ads-partner"))
    (use,) = make_receipt(notice, replace(ANN, granted=(cell,)), KEY).agreed
    assert (use.category, use.key, use.recipient) == (
        "user.device",
        "marketing.advertising",
        "ads-partner",
    )
    assert (use.categories, use.purpose) == (("pd:DeviceBased",), "dpv:PersonalisedAdvertising")
    assert (use.retention, use.legal_basis) == ("P180D", REGIONS["UK"].legal_bases["consent"].dpv)
    assert use.under == notice.sha256


def test_what_stays_on_stays_under_the_terms_that_it_was_agreed_under() -> None:
    longer = replace(NOTICE.categories[0], retention_days=365)
    later = replace(NOTICE, version=2, categories=(longer,))
    both = (Cell(Category.LOCATION, Traffic), Cell(Category.LOCATION, LiveTraffic))
    choice = replace(ANN, granted=both, closed=(), kept=RECEIPT.carried())
    kept, new = make_receipt(later, choice, KEY).agreed
    assert (kept.retention, kept.under) == ("P90D", NOTICE.sha256)
    assert (new.retention, new.under) == ("P365D", later.sha256)
