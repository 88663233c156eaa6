"""Time is one integer: microseconds since 1970, UTC. The clock is always handed in."""

from datetime import UTC, date, datetime, timedelta
from typing import NewType, Protocol
from zoneinfo import ZoneInfo

Instant = NewType("Instant", int)
"""A moment, in microseconds since 1970-01-01T00:00Z."""

SECOND = 1_000_000
"""Microseconds in a second."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time. Real in production, faster in a replay, held still in a test."""

    def now(self) -> Instant:
        """Tell the present instant."""
        ...


def instant(moment: datetime) -> Instant:
    """Turn a zoned `moment` into an instant."""
    assert moment.tzinfo is not None, "a moment without a zone is no instant"
    return Instant((moment - _EPOCH) // timedelta(microseconds=1))


def moment(at: Instant, zone: ZoneInfo) -> datetime:
    """Show `at` on the clocks of `zone`."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def local_day(at: Instant, zone: ZoneInfo) -> date:
    """Tell on which local calendar day `at` falls."""
    return moment(at, zone).date()


def iso(at: Instant) -> str:
    """Write `at` in ISO 8601, UTC, to the second."""
    return moment(at, ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(text: str) -> Instant:
    """Read an instant as `iso` writes it."""
    return instant(datetime.fromisoformat(text))
