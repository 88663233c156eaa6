"""Dice for histories, from a seed that is told: what failed once can be thrown again."""

import secrets
from hashlib import shake_256
from typing import Final

import numpy as np

from hubbub.crowd.noise import Integers

_WORD_BYTES: Final = 8


class Dice:
    """Throws of a seed. They choose histories, never noise: that is the operating system's."""

    def __init__(self, seed: str | None = None) -> None:
        """Start from a `seed`, or from a fresh one."""
        self.seed = seed or secrets.token_hex(8)
        self._thrown = 0

    def whole(self, below: int, count: int) -> Integers:
        """Throw `count` whole numbers of [0, below)."""
        self._thrown += 1
        stream = shake_256(f"{self.seed} {self._thrown}".encode()).digest(_WORD_BYTES * count)
        words = np.frombuffer(stream, dtype=np.uint64)
        return (words % np.uint64(below)).astype(np.int64)
