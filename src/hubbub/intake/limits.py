"""How much the door takes: of one request, of one device, and of everybody when the disk lags."""

import msgspec

from hubbub.terms.buckets import Rate


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

    def rate(self) -> Rate:
        """Give how many rows a device may send."""
        return Rate(a_second=self.rows_a_second, burst=self.rows_burst)
