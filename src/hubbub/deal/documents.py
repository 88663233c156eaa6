"""What people take home, checked without asking anybody: receipts and certificates of erasure."""

import msgspec

from hubbub.deal.certificate import ErasureCertificate, read_certificate, verify_certificate
from hubbub.deal.receipt import Receipt, read_receipt, verify
from hubbub.terms.errors import BadInput


class NotADocument(BadInput):
    """The file is neither a receipt nor a certificate of hubbub's."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this is no receipt and no certificate of hubbub's: {why}")


class _Kind(msgspec.Struct):
    type: str = msgspec.field(name="@type")


def read_document(document: bytes) -> Receipt | ErasureCertificate:
    """Read a document strictly, by what it says that it is. It still has to be verified."""
    try:
        kind = msgspec.json.decode(document, type=_Kind).type
        if kind == "hubbub:ErasureCertificate":
            return read_certificate(document)
        return read_receipt(document)
    except msgspec.MsgspecError as error:
        raise NotADocument(str(error)) from None


def verify_document(document: Receipt | ErasureCertificate, public_key: bytes) -> None:
    """Make sure that the holder of `public_key` signed this very document, or raise `Forged`."""
    if isinstance(document, Receipt):
        verify(document, public_key)
    else:
        verify_certificate(document, public_key)
