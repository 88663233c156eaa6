"""The operator's signature over a document that a person takes home: Ed25519, RFC 8032."""

from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hubbub.terms.errors import Refused


class Forged(Refused):
    """The document is not as it was signed, or was not signed with this key."""


class Proof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operator's signature over everything else in the document."""

    public_key: str = msgspec.field(name="hubbub:publicKey")  # 32 bytes, hexadecimal
    signature: str = msgspec.field(name="hubbub:signature")  # 64 bytes, hexadecimal
    type: Literal["Ed25519"] = msgspec.field(name="@type", default="Ed25519")


def sign(unsigned: bytes, key: Ed25519PrivateKey) -> Proof:
    """Sign the document `unsigned`, as it is without its proof."""
    return Proof(
        public_key=key.public_key().public_bytes_raw().hex(), signature=key.sign(unsigned).hex()
    )


def check(unsigned: bytes, proof: Proof | None, public_key: bytes) -> None:
    """Make sure that the holder of `public_key` signed this very document."""
    if proof is None or proof.public_key != public_key.hex():
        raise Forged("the document is not signed with this operator's key")
    try:
        signature = bytes.fromhex(proof.signature)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, unsigned)
    except (InvalidSignature, ValueError):
        raise Forged("the document is not as it was signed") from None
