"""Challenges for passkeys: made without being kept, valid for minutes, and taken once.

A challenge carries its own end, and a keyed hash that shows that it is ours and what it is for. So
whoever asks for a million of them fills no memory. Only those that a genuine passkey has answered
are remembered, until they would have ended anyway.
"""

import secrets
import struct
import time
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import Final

LASTS_S: Final = 300.0

_BODY: Final = struct.Struct(">d16s")
_MAC_BYTES: Final = 32


class Challenges:
    """What a device signs, to show that it answers now, and to us."""

    def __init__(self, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        """Make a key that lives as long as this process."""
        self._key, self._elapsed = secrets.token_bytes(32), elapsed
        self._lock = Lock()
        self._taken: dict[bytes, float] = {}

    def make(self, what_for: str) -> bytes:
        """Make a challenge that is for this and nothing else."""
        body = _BODY.pack(self._elapsed() + LASTS_S, secrets.token_bytes(16))
        return body + self._mac(body, what_for)

    def is_open(self, challenge: bytes, what_for: str) -> bool:
        """Tell whether a challenge is ours, for this, and can still be taken."""
        body, mac = challenge[: _BODY.size], challenge[_BODY.size :]
        if not secrets.compare_digest(mac, self._mac(body, what_for)):
            return False
        ends, _ = _BODY.unpack(body)
        return bool(self._elapsed() < ends) and challenge not in self._taken

    def take(self, challenge: bytes) -> bool:
        """Use up an open challenge that was answered. Tells whether nobody has before."""
        now = self._elapsed()
        with self._lock:
            self._taken = {each: ends for each, ends in self._taken.items() if ends > now}
            if challenge in self._taken:
                return False
            self._taken[challenge] = now + LASTS_S
            return True

    def _mac(self, body: bytes, what_for: str) -> bytes:
        return blake2b(body + what_for.encode(), key=self._key, digest_size=_MAC_BYTES).digest()
