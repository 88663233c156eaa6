"""What one person's own trips were, for that person: on which roads, and what of it counted.

Nothing here is asked of anybody else's rows: the same fixes give the same passes, and the bound
says by itself which of them count in which window.
"""

from collections import Counter
from collections.abc import Callable, Container, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from hubbub.crowd.blocks import CALENDAR, Block, calendar
from hubbub.crowd.declaration import Declaration
from hubbub.products.traffic.declarations import Roads, windows_of
from hubbub.products.traffic.live import ACCURACY_DM_MAX, HEARD, Whose, passes_table
from hubbub.products.traffic.matching import Fix, Matcher
from hubbub.products.traffic.trips import Phone
from hubbub.terms.catalogue import PASSES
from hubbub.terms.people import Personal
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import Instant

type Engine = Callable[[ir.Table, Mapping[str, pa.Table]], pa.Table]

_WHOSE: Final = itemgetter(0, 1, 2)


class OwnRoad(NamedTuple):
    """A road of which windows were released that a person's passes counted in."""

    segment: SegmentNumber
    passes: int
    windows: int


class OwnWeek(Personal, frozen=True, kw_only=True):
    """What a person's own trips of a week were, and which roads they helped: most windows first."""

    passes: int
    roads: int
    helped: tuple[OwnRoad, ...]


def passes_of(pings: pa.Table, matcher: Matcher, *, now: Instant) -> pa.Table:
    """Follow one person's stamped `pings` of the past, and give the passes that they make."""
    exact = pings.filter(pc.less_equal(pings["accuracy_dm"], ACCURACY_DM_MAX))
    columns = (exact.column(name).to_pylist() for name in HEARD[:-1])
    found = []
    for whose, rows in groupby(sorted(zip(*columns, strict=True)), _WHOSE):
        phone = Phone()
        for _, _, _, *fix in rows:
            phone.hear(Fix(*fix))
        found += [(Whose(*whose), passed) for passed in phone.advance(matcher, now)]
    return passes_table(found)


def own_week(
    passes: pa.Table,
    declared: Declaration[LiveTraffic],
    *,
    week: Block,
    roads: Roads,
    released: Container[str],
    engine: Engine,
) -> OwnWeek:
    """Tell which of the `released` windows of a week one person's own `passes` counted in.

    What counts is what the declaration's own bound lets count.
    """
    at = passes["at"]
    inside = passes.filter(pc.and_(pc.greater_equal(at, week.since), pc.less(at, week.until)))
    relations = {
        PASSES.get_name(): inside,
        declared.keys.get_name(): roads.keys_of(declared).table,
        CALENDAR.get_name(): calendar(week.days, week.zone),
    }
    counted = engine(declared.weighed(declared.question), relations).select(["key", "window"])
    windows = windows_of(declared)
    helped = Counter(
        SegmentNumber(key)
        for key, window in zip(*(column.to_pylist() for column in counted), strict=True)
        if windows.block(window, key % windows.groups, zone=week.zone).name in released
    )
    driven = Counter(inside["segment"].to_pylist())
    return OwnWeek(
        passes=inside.num_rows,
        roads=len(driven),
        helped=tuple(
            OwnRoad(segment, driven[segment], times) for segment, times in helped.most_common()
        ),
    )
