"""The key that receipts are signed with: made once, on first use, readable by its owner only."""

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hubbub.terms.errors import HubbubError


class SigningKeyUnusable(HubbubError):
    """What lies where the signing key belongs is no such key. Put the right file back."""


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """Load the key from `folder`, or make it. Of two processes that make it at once, one wins."""
    path = folder / "receipts.pem"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyUnusable(f"{path.name} does not hold an Ed25519 key")
    return key


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with tempfile.NamedTemporaryFile(dir=path.parent) as draft:  # 0600 from the start
        draft.write(pem)
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)  # whole or not at all, and never over another's
        except FileExistsError:
            return
