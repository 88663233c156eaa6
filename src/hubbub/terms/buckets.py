"""Buckets of tokens: how much each may take in the long run, and how much at once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple


class Rate(NamedTuple):
    """So much a second in the long run, and so much at once after a pause."""

    a_second: float
    burst: float


class Buckets[Key: Hashable]:
    """One bucket for each who takes: what is taken comes back with time."""

    def __init__(self, *, elapsed: Callable[[], float], keys_max: int) -> None:
        """Remember up to `keys_max` that took, those of late."""
        self._elapsed, self._keys_max = elapsed, keys_max
        self._levels: OrderedDict[Key, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: Key, taken: float, rate: Rate) -> float:
        """Take so much and give 0, or take nothing and tell how long to wait for it."""
        now = self._elapsed()
        level, since = self._levels.pop(key, (rate.burst, now))
        level = min(rate.burst, level + (now - since) * rate.a_second)
        wait = max(0.0, (taken - level) / rate.a_second)
        self._levels[key] = (level if wait else level - taken, now)
        if len(self._levels) > self._keys_max:
            self._levels.popitem(last=False)
        return wait
