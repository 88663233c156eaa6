"""A block is what is noised once: some local days, or one short window of one group of keys.

Every row enters exactly one block of a product, because its time and key alone say which.
Windows of different groups of keys end at different times, so that something new is known often.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import ClassVar, Final, assert_never
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.terms.time import SECOND, Instant, instant, local_day, moment

QUARTER_US: Final = 900 * SECOND
"""A quarter of an hour: clocks everywhere are set by whole quarters, so no day splits one."""

CALENDAR: Final[ir.Table] = ibis.table(
    {"quarter": "int64", "day": "int32", "hour": "int32", "weekday": "int32"}, name="calendar"
)
"""What the clocks show in each quarter since 1970: local day since 1970, hour, weekday (0 Monday).

A question joins it on `PASSES.at // QUARTER_US`. It holds the quarters of the block's days only.
"""

BLOCK: Final[ir.Table] = ibis.table(
    {"window": "int64", "group": "int64", "since": "int64", "until": "int64"}, name="block"
)
"""One row: the window and the group of keys that are asked about, and its days' two ends."""

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Local `days` whose rows it may hold; of them, one `window` of one `group` of keys."""

    days: tuple[int, ...]
    zone: ZoneInfo
    window: int = 0
    group: int = 0

    @property
    def name(self) -> str:
        """Name the block within its product. Two blocks of a name would share rows."""
        return f"{day_name(self.days[0])} window {self.window} group {self.group}"

    @property
    def since(self) -> Instant:
        """Tell when its first local day begins."""
        return Instant(_first_quarter(self.days[0], self.zone) * QUARTER_US)

    @property
    def until(self) -> Instant:
        """Tell when its last local day is over."""
        return Instant(_first_quarter(self.days[-1] + 1, self.zone) * QUARTER_US)

    def relations(self) -> dict[str, pa.Table]:
        """Give what the question is joined with: the quarters of its days, and its one row."""
        return {
            CALENDAR.get_name(): calendar(self.days, self.zone),
            BLOCK.get_name(): pa.table(
                {
                    "window": [self.window],
                    "group": [self.group],
                    "since": [self.since],
                    "until": [self.until],
                }
            ),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """Blocks of whole local days: seven make a week."""

    days: int = 7

    groups: ClassVar[int] = 1

    def block(self, day: int, zone: ZoneInfo) -> Block:
        """Give the block that `day` lies in. Blocks of seven days start on Mondays."""
        first = day - (day + 3) % self.days  # day 0, the first of 1970, was a Thursday
        return Block(days=tuple(range(first, first + self.days)), zone=zone)


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """Blocks of `length_s`, in `groups` of keys (key % groups) that end one after the other."""

    length_s: int = 300
    groups: int = 10

    def __post_init__(self) -> None:
        """Take whole seconds between the groups only."""
        assert self.length_s % self.groups == 0, "groups end whole seconds apart"

    @property
    def phase_s(self) -> int:
        """Give the seconds between the ends of two groups' windows."""
        return self.length_s // self.groups

    def end(self, window: int, group: int) -> Instant:
        """Tell when a window of `group` ends."""
        return Instant(((window + 1) * self.length_s + group * self.phase_s) * SECOND)

    def end_of(self, name: str) -> Instant:
        """Tell when the block of this name ended."""
        return self.end(*_place(name))

    def group_of(self, name: str) -> int:
        """Tell which group of keys the block of this name is of."""
        return _place(name)[1]

    def block(self, window: int, group: int, *, zone: ZoneInfo) -> Block:
        """Give the block of one window of one group."""
        until = Instant(self.end(window, group) - 1)
        since = Instant(until - self.length_s * SECOND + 1)
        days = range(day_number(since, zone), day_number(until, zone) + 1)
        return Block(days=tuple(days), zone=zone, window=window, group=group)

    def blocks_ended(self, since: Instant, until: Instant, *, zone: ZoneInfo) -> list[Block]:
        """List the blocks that ended after `since` and not after `until`, the oldest first."""
        phase_us = self.phase_s * SECOND
        ticks = range(since // phase_us + 1, until // phase_us + 1)
        places = (divmod(tick - self.groups, self.groups) for tick in ticks)
        return [self.block(window, group, zone=zone) for window, group in places]


type Blocks = Days | Windows


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """How later readers may take blocks together: the newest so many, added up key by key.

    What they make is made of released numbers, so it costs nothing.
    """

    blocks: int


ALONE: Final = Newest(blocks=1)
"""Each block is read by itself."""


@lru_cache(maxsize=64)
def calendar(days: tuple[int, ...], zone: ZoneInfo) -> pa.Table:
    """List the quarters of some local `days`, and what the clocks of `zone` show in each."""
    starts = [(day, _first_quarter(day, zone), _first_quarter(day + 1, zone)) for day in days]
    quarters = [(quarter, day) for day, since, until in starts for quarter in range(since, until)]
    shown = [moment(Instant(quarter * QUARTER_US), zone) for quarter, _ in quarters]
    return pa.table(
        {
            "quarter": pa.array([quarter for quarter, _ in quarters], pa.int64()),
            "day": pa.array([day for _, day in quarters], pa.int32()),
            "hour": pa.array([clock.hour for clock in shown], pa.int32()),
            "weekday": pa.array([clock.weekday() for clock in shown], pa.int32()),
        }
    )


def window(blocks: Blocks, at: ir.IntegerValue, key: ir.IntegerValue) -> ir.IntegerValue:
    """Tell in which window of its key's group a row is; blocks of days have one window only."""
    match blocks:
        case Days():
            return ibis.literal(0, "int64")
        case Windows(length_s=length_s, groups=groups):
            shift_us = (key % groups) * (blocks.phase_s * SECOND)
            return ((at - shift_us) // (length_s * SECOND)).cast("int64")
    assert_never(blocks)


def day_number(at: Instant, zone: ZoneInfo) -> int:
    """Tell the local day of `at`: days since 1970 on the clocks of `zone`."""
    return (local_day(at, zone) - _EPOCH).days


def day_name(day: int) -> str:
    """Write a local day as people do: 2026-11-25."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def _place(name: str) -> tuple[int, int]:
    """Read the window and the group in a block's name."""
    *_, window, _, group = name.split()
    return int(window), int(group)


def _first_quarter(day: int, zone: ZoneInfo) -> int:
    """Give the quarter that a local day begins with."""
    first = datetime.combine(_EPOCH + timedelta(days=day), time(), tzinfo=zone)
    return instant(first) // QUARTER_US
