"""Counts at the door: in memory first, as a flood must not wait for a disk."""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable

_FLUSH_AFTER_S = 0.25


class Tally[Key: Hashable]:
    """Counts, and hands the sums over a moment later."""

    def __init__(self, hand_over: Callable[[Key, int], None]) -> None:
        """Give each sum to `hand_over`, which may wait for a disk."""
        self._hand_over = hand_over
        self._waiting: Counter[Key] = Counter()
        self._flushing: asyncio.Task[None] | None = None

    def count(self, key: Key, times: int) -> None:
        """Count `key` so many times more."""
        if times == 0:
            return
        self._waiting[key] += times
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_later())

    async def flush(self) -> None:
        """Hand over what waits, now."""
        while self._waiting:
            counted, self._waiting = self._waiting, Counter()
            for key, times in counted.items():
                await asyncio.to_thread(self._hand_over, key, times)

    async def _flush_later(self) -> None:
        await asyncio.sleep(_FLUSH_AFTER_S)
        await self.flush()
