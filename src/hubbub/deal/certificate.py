"""The certificate of an erasure: what was searched for, where, and is gone. It names nobody.

Who was erased keeps the handle on her receipts; the house keeps its hash. So she can show that a
certificate is about her, and nobody else can tell whom it is about.
"""

from hashlib import sha256
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from hubbub.deal.proof import Proof, check, sign
from hubbub.terms.time import Instant


class ErasureCertificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an erased person takes home."""

    about: str  # SHA-256 of the handle by which the person's receipts name them
    operator: str
    requested_at: str
    erased_at: str
    rows_erased: int
    receipts_erased: int
    searched_for: tuple[str, ...]  # kinds of traces
    files_searched: int
    bytes_searched: int
    files_rewritten: int
    others_rows_sha256: str  # of everybody else's rows in those files: the same before and after
    proof: Proof | None = None
    type: Literal["hubbub:ErasureCertificate"] = msgspec.field(
        name="@type", default="hubbub:ErasureCertificate"
    )

    def document(self) -> bytes:
        """Write the certificate as the person gets it."""
        return msgspec.json.encode(self)


class ErasureProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an erasure is. It names nobody."""

    requested_at: Instant
    certificate: bytes | None  # when it is done


def about(person: str) -> str:
    """Name a person, by the handle on their receipts, so that nobody else can tell who it is."""
    return sha256(person.encode()).hexdigest()


def certify(unsigned: ErasureCertificate, key: Ed25519PrivateKey) -> ErasureCertificate:
    """Sign a certificate with the key that receipts are signed with."""
    return replace(unsigned, proof=sign(unsigned.document(), key))


def read_certificate(document: bytes) -> ErasureCertificate:
    """Read a certificate strictly, as it was handed out. It still has to be verified."""
    return msgspec.json.decode(document, type=ErasureCertificate)


def verify_certificate(certificate: ErasureCertificate, public_key: bytes) -> None:
    """Make sure that the holder of `public_key` signed this very one, or raise `Forged`."""
    check(replace(certificate, proof=None).document(), certificate.proof, public_key)
