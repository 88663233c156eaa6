"""How much the door takes: of one request, of one device, and of everybody when the disk lags."""

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from hubbub.terms.people import Subject


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The door's limits; the operator may change each."""

    body_bytes_max: int = 4 << 20  # as sent
    inflated_bytes_max: int = 16 << 20  # after gunzip
    rows_max: int = 10_000  # a request
    body_s_max: float = 30.0  # from the first byte of a body to its last
    rows_a_second: float = 100.0  # of one device, in the long run
    rows_burst: int = 200_000  # of one device: two days offline, at a row a second
    backlog_s_max: float = 30.0  # age of the oldest row that is not in the store
    future_s_max: int = 120  # a phone's clock may be ahead
    past_s_max: int = 7 * 86_400  # a phone may have been offline
    deal_slack_s: int = 120  # a row may seem older than its deal by a clock's error


class RateLimit:
    """A bucket of tokens for each device: a row takes one, and they come back with time."""

    def __init__(
        self, limits: Limits, *, elapsed: Callable[[], float] = time.monotonic, devices_max: int
    ) -> None:
        """Remember up to `devices_max` devices, those seen last."""
        self._rate, self._burst = limits.rows_a_second, float(limits.rows_burst)
        self._elapsed, self._devices_max = elapsed, devices_max
        self._buckets: OrderedDict[Subject, tuple[float, float]] = OrderedDict()

    def wait_s(self, subject: Subject, rows: int) -> float:
        """Take `rows` tokens and give 0, or take none and tell how long to wait for them."""
        now = self._elapsed()
        level, since = self._buckets.pop(subject, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        wait = max(0.0, (rows - level) / self._rate)
        self._buckets[subject] = (level if wait else level - rows, now)
        if len(self._buckets) > self._devices_max:
            self._buckets.popitem(last=False)
        return wait
