"""A device that makes passkeys and shows them, as WebAuthn says, with every step open to a lie."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://hubbub.test"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def b64(raw: bytes) -> str:
    """Write bytes as WebAuthn does."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Read them."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One device with one key. What it says of itself can be changed before it says it."""

    origin: str = ORIGIN
    site: str = "hubbub.test"
    flags: int = PRESENT | VERIFIED
    uses: int = 0
    handle: bytes = b""
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any], *, challenge: str | None = None) -> dict[str, Any]:
        """Answer creation options with a new passkey."""
        self.handle = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: _32(numbers.x), -3: _32(numbers.y)}
        attested = bytes(16) + len(self.credential).to_bytes(2) + self.credential
        seen = self._seen(ATTESTED) + attested + cbor2.dumps(public)
        made = {"fmt": "none", "attStmt": {}, "authData": seen}
        client = self._client("webauthn.create", challenge or options["challenge"])
        return self._answer(
            {"clientDataJSON": b64(client), "attestationObject": b64(cbor2.dumps(made))}
        )

    def show(self, options: dict[str, Any], *, challenge: str | None = None) -> dict[str, Any]:
        """Answer request options with the passkey."""
        self.uses += 1
        client = self._client("webauthn.get", challenge or options["challenge"])
        seen = self._seen(0)
        signature = self.key.sign(seen + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(seen),
                "signature": b64(signature),
                "userHandle": b64(self.handle),
            }
        )

    def _seen(self, more: int) -> bytes:
        site = sha256(self.site.encode()).digest()
        return site + bytes([self.flags | more]) + self.uses.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = b64(self.credential)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def _32(number: int) -> bytes:
    return number.to_bytes(32)
