"""Every row enters exactly one block, on clocks that people read."""

from datetime import datetime
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowd.morning import DAY, NOON, WINDOWS, ZONE, engine
from hubbub.crowd.blocks import (
    QUARTER_US,
    Days,
    Windows,
    calendar,
    day_name,
    day_number,
    window,
)
from hubbub.terms.time import SECOND, Instant, instant

ROWS = ibis.table({"at": "int64", "key": "int32"}, name="rows")
TICK_US = WINDOWS.phase_s * SECOND


@given(at=st.integers(0, 4_000_000_000), key=st.integers(0, 1000))
def test_a_row_is_in_the_one_window_that_ends_next(at: int, key: int) -> None:
    rows = pa.table({"at": pa.array([at * SECOND]), "key": pa.array([key], pa.int32())})
    asked = ROWS.select(window=window(WINDOWS, ROWS.at, ROWS.key))
    found = engine(asked, {"rows": rows})["window"][0].as_py()
    end = WINDOWS.end(found, key % WINDOWS.groups)
    assert at * SECOND < end <= at * SECOND + 300 * SECOND


@given(since=st.integers(0, 10**10), ticks=st.integers(0, 5), on=st.integers(0, TICK_US - 1))
def test_each_block_ends_once_however_often_one_looks(since: int, ticks: int, on: int) -> None:
    middle = Instant(since + on)
    until = Instant(middle + ticks * TICK_US)
    first = WINDOWS.blocks_ended(Instant(since), middle, zone=ZONE)
    then = WINDOWS.blocks_ended(middle, until, zone=ZONE)
    assert first + then == WINDOWS.blocks_ended(Instant(since), until, zone=ZONE)
    for block in first + then:
        assert since < WINDOWS.end(block.window, block.group) <= until
    assert len(then) >= ticks


def test_ten_groups_say_something_new_each_thirty_seconds() -> None:
    live = Windows(length_s=300, groups=10)
    ended = live.blocks_ended(NOON, Instant(NOON + 300 * SECOND), zone=ZONE)
    assert [block.group for block in ended] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert [live.end(block.window, block.group) - NOON for block in ended] == [
        tick * 30 * SECOND for tick in range(1, 11)
    ]


def test_groups_end_whole_seconds_apart_or_there_are_no_windows() -> None:
    with pytest.raises(AssertionError, match=r"^groups end whole seconds apart$"):
        Windows(length_s=300, groups=7)
    assert Windows(length_s=301, groups=7).phase_s == 43


def test_a_window_across_midnight_is_paid_on_both_days() -> None:
    midnight = Instant(NOON + 12 * 3600 * SECOND)
    until = Instant(midnight + 300 * SECOND)
    blocks = WINDOWS.blocks_ended(Instant(midnight - 300 * SECOND), until, zone=ZONE)
    assert [block.days for block in blocks] == [(DAY,), (DAY,), (DAY, DAY + 1), (DAY + 1,)]
    assert len({block.name for block in blocks}) == len(blocks)
    for block in blocks:
        assert WINDOWS.end_of(block.name) == WINDOWS.end(block.window, block.group)
        assert WINDOWS.group_of(block.name) == block.group


def test_a_week_begins_on_monday() -> None:
    week = Days(days=7).block(DAY, ZONE)
    assert [day_name(day) for day in (week.days[0], week.days[-1])] == ["2025-11-24", "2025-11-30"]
    assert {Days(days=7).block(day, ZONE) for day in week.days} == {week}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Helsinki", "2025-11-25", 24),
        ("Europe/Helsinki", "2025-03-30", 23),
        ("Europe/Helsinki", "2025-10-26", 25),
        ("America/Santiago", "2025-09-07", 23),  # midnight itself does not exist
        ("Asia/Kathmandu", "2025-11-25", 24),
        ("Australia/Lord_Howe", "2025-10-05", 23.5),
    ],
)
def test_a_day_is_what_the_clocks_say(zone: str, day: str, hours: float) -> None:
    """A day that is split at the wrong hour would be two privacy units."""
    there = ZoneInfo(zone)
    number = day_number(
        instant(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=there)), there
    )
    assert day_name(number) == day
    quarters = calendar((number,), there)
    assert len(quarters) == hours * 4
    for quarter in quarters["quarter"].to_pylist():
        first, last = Instant(quarter * QUARTER_US), Instant((quarter + 1) * QUARTER_US - 1)
        assert day_number(first, there) == day_number(last, there) == number
    weekday = datetime.fromisoformat(day).weekday()
    assert set(quarters["weekday"].to_pylist()) == {weekday}
    assert quarters["hour"].to_pylist() == sorted(quarters["hour"].to_pylist())


def test_days_follow_each_other_without_a_gap() -> None:
    quarters = calendar(tuple(range(DAY - 400, DAY)), ZONE)["quarter"].to_pylist()
    assert quarters == list(range(quarters[0], quarters[-1] + 1))
