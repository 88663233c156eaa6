"""One person's own trips: the passes that the crowd's pipeline makes of them, and what counted."""

from collections.abc import Container
from datetime import datetime
from functools import partial
from itertools import groupby

import pyarrow as pa
import pytest

from hubbub.crowd.blocks import CALENDAR, Days, calendar, day_number
from hubbub.crowd.bounds import DayPlan
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, windows_of
from hubbub.products.traffic.live import LiveMatching
from hubbub.products.traffic.own import OwnWeek, own_week, passes_of
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import PASSES
from hubbub.terms.time import SECOND, Instant, instant
from traffic.crowd import ZONE, passes, roads
from traffic.street import NOON, Street, drive, stand
from traffic.test_live import permitted

ROADS = roads(40)
MONDAY = instant(datetime(2026, 11, 23, 8, tzinfo=ZONE))
WEEK = Days(days=7).block(day_number(MONDAY, ZONE), ZONE)
ENGINE = Engine(threads=1)


class Every(Container[str]):
    """Says of every block that it was released."""

    def __contains__(self, _name: object) -> bool:
        return True


def week_of(rows: pa.Table, declared: object = LIVE_PASSAGE, **options: object) -> OwnWeek:
    """Tell what passes of the week were good for."""
    asked = partial(own_week, rows, declared, week=WEEK, roads=ROADS, engine=ENGINE.run)
    return asked(**{"released": Every(), **options})


def test_own_passes_are_those_that_the_crowds_pipeline_makes() -> None:
    fixes = [
        *drive(speed_mps=10, metres=2000),
        *stand(at_m=2000, begin_s=205, for_s=900),
        *drive(speed_mps=14, from_m=2000, metres=-1800, begin_s=1105),
    ]
    live, found = LiveMatching(Street()), list[pa.Table]()
    for at, group in groupby(fixes, lambda fix: fix.at):
        found.append(live.feed(permitted((7, fix, 70) for fix in group), at).rows)
    end = Instant(fixes[-1].at + 3600 * SECOND)
    found.append(live.feed(permitted([]), end).rows)
    together = permitted((7, fix, 70) for fix in reversed(fixes)).rows
    own = passes_of(together, Street(), now=end)
    assert own.equals(pa.concat_tables(found).combine_chunks())
    assert own.num_rows > 20


def test_another_deal_is_another_trip_and_a_fix_that_is_far_off_is_none() -> None:
    fixes = drive(speed_mps=10, metres=2000)
    rows = permitted((7, fix, 70 + (fix.at > NOON + 100 * SECOND)) for fix in fixes).rows
    halves = passes_of(rows, Street(), now=Instant(NOON + 7200 * SECOND))
    assert set(halves["receipt"].to_pylist()) == {70, 71}
    whole = permitted((7, fix, 70) for fix in fixes).rows
    far = whole.set_column(
        whole.schema.get_field_index("accuracy_dm"),
        "accuracy_dm",
        pa.array([1001] * whole.num_rows, pa.int16()),
    )
    assert passes_of(far, Street(), now=Instant(NOON + 7200 * SECOND)).num_rows == 0


def test_a_road_is_helped_in_released_windows_only() -> None:
    rows = passes((1, Instant(MONDAY + n * 300 * SECOND), 3, 100, 20) for n in range(4))
    windows = windows_of(LIVE_PASSAGE)
    first = (MONDAY - 3 * windows.phase_s * SECOND) // (windows.length_s * SECOND)
    names = {windows.block(first + n, 3, zone=ZONE).name for n in (0, 2)}
    assert week_of(rows).helped == ((3, 4, 4),)
    assert week_of(rows, released=names).helped == ((3, 4, 2),)
    nothing = week_of(rows, released=())
    assert (nothing.passes, nothing.roads, nothing.helped) == (4, 1, ())


def test_who_drove_little_of_a_road_did_not_help_it() -> None:
    little = week_of(passes([(1, MONDAY, 3, 24, 20)]))
    assert (little.passes, little.helped) == (1, ())


def test_last_week_is_over() -> None:
    rows = passes((1, Instant(WEEK.since + us), 3, 100, 20) for us in (-1, 0))
    assert week_of(rows).passes == 1


@pytest.mark.parametrize("subject", [1, 4, 97])
def test_nobody_helps_more_than_the_plan_of_a_day_lets_count(subject: int) -> None:
    rows = passes(
        (subject, Instant(MONDAY + n * 30 * SECOND), n % 40, 100, 20) for n in range(1500)
    )
    week = week_of(rows, LIVE_DAY)
    counted = sum(windows for _, _, windows in week.helped)
    plan = LIVE_DAY.bound
    assert isinstance(plan, DayPlan)
    assert 0 < counted <= plan.windows_max * plan.keys_max
    assert week.roads == 40


def test_what_counts_is_what_the_gate_sums() -> None:
    rows = passes((5, Instant(MONDAY + n * 30 * SECOND), n % 40, 100, 20) for n in range(1500))
    relations = {
        PASSES.get_name(): rows,
        LIVE_DAY.keys.get_name(): ROADS.keys.table,
        CALENDAR.get_name(): calendar(WEEK.days, ZONE),
    }
    gate = ENGINE.run(LIVE_DAY.weighed(LIVE_DAY.question), relations)
    helped = {segment: windows for segment, _, windows in week_of(rows, LIVE_DAY).helped}
    keys = gate["key"].to_pylist()
    assert helped == {key: keys.count(key) for key in keys}
