"""The certificate of an erasure: signed, checked without us, and about nobody that one can tell."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from hubbub.deal.certificate import (
    ErasureCertificate,
    about,
    certify,
    read_certificate,
    verify_certificate,
)
from hubbub.deal.documents import NotADocument, read_document, verify_document
from hubbub.deal.proof import Forged

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (0, 1))
PUBLIC = KEY.public_key().public_bytes_raw()
UNSIGNED = ErasureCertificate(
    about=about("urn:uuid:ann"),
    operator="a city",
    requested_at="2026-11-24T10:00:00Z",
    erased_at="2026-11-24T10:00:05Z",
    rows_erased=8,
    receipts_erased=2,
    searched_for=("rows", "name"),
    files_searched=81,
    bytes_searched=123_456,
    files_rewritten=3,
    others_rows_sha256="ab" * 32,
)
CERTIFICATE = certify(UNSIGNED, KEY)
FIELDS = sorted({*UNSIGNED.__struct_fields__} - {"proof", "type"})


def test_a_certificate_verifies_away_from_home() -> None:
    document = CERTIFICATE.document()
    for certificate in (read_certificate(document), read_document(document)):
        assert certificate == CERTIFICATE
        verify_document(certificate, PUBLIC)
    assert replace(CERTIFICATE, proof=None) == UNSIGNED


@pytest.mark.parametrize("field", FIELDS)
def test_a_certificate_that_was_touched_anywhere_is_refused(field: str) -> None:
    value = getattr(CERTIFICATE, field)
    more = value + (1 if isinstance(value, int) else value[:1])
    touched = replace(CERTIFICATE, **{field: more})
    with pytest.raises(Forged, match="not as it was signed"):
        verify_certificate(touched, PUBLIC)


def test_a_certificate_of_another_operator_is_refused() -> None:
    for forged in (certify(UNSIGNED, OTHER), UNSIGNED):
        with pytest.raises(Forged, match="this operator's key"):
            verify_document(forged, PUBLIC)


def test_a_certificate_is_signed_and_that_changes_nothing_in_it() -> None:
    signed = certify(UNSIGNED, KEY)
    assert (signed, signed.about) == (CERTIFICATE, about("urn:uuid:ann"))
    verify_certificate(signed, PUBLIC)


def test_who_has_the_handle_can_tell_whom_a_certificate_is_about() -> None:
    assert CERTIFICATE.about == sha256(b"urn:uuid:ann").hexdigest()
    assert b"ann" not in CERTIFICATE.document()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "Input data was truncated"),
        (b"{}", "missing required field `@type`"),
        (b'{"@type": "somebody else\'s"}', "Invalid enum value"),
        (b'{"@type": "hubbub:ErasureCertificate"}', "missing required field `about`"),
    ],
)
def test_what_is_no_document_of_ours_is_told_why(document: bytes, why: str) -> None:
    with pytest.raises(NotADocument, match=rf"no receipt and no certificate of hubbub's: .*{why}"):
        read_document(document)
