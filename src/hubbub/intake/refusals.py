"""What was refused, counted by reason: in memory first, as a flood must not wait for a disk."""

import asyncio
from collections import Counter

from hubbub.deal.desk import Deals

_FLUSH_AFTER_S = 0.25


class Refusals:
    """Counts refused rows and hands the sums to the deal a moment later."""

    def __init__(self, deals: Deals) -> None:
        """Hand the counts to `deals`."""
        self._deals = deals
        self._waiting: Counter[str] = Counter()
        self._flushing: asyncio.Task[None] | None = None
        self.totals: Counter[str] = Counter()

    def count(self, reason: str, rows: int) -> None:
        """Count `rows` that are not stored because of `reason`."""
        if rows == 0:
            return
        self._waiting[reason] += rows
        self.totals[reason] += rows
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_later())

    async def flush(self) -> None:
        """Hand over what waits, now."""
        while self._waiting:
            counted, self._waiting = self._waiting, Counter()
            for reason, rows in counted.items():
                await asyncio.to_thread(self._deals.count_refused, reason, rows)

    async def _flush_later(self) -> None:
        await asyncio.sleep(_FLUSH_AFTER_S)
        await self.flush()
