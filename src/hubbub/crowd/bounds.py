"""Bound what one privacy unit adds, in whole numbers, as one expression for every engine.

Rules, in the order they are applied:

1. A row counts if its key is public, its time is in the block's calendar, its value lies within
   -G..G and its bin is one of the measure's. Any other row - unknown, missing, out of range - drops
   silently: an error would tell.
2. All rows of one person in one cell are one contribution: c rows, at most as many as the measure
   takes, of mean value d. Of events, each row is one.
3. A contribution has a weight w, and w is bounded over all contributions of its unit:

     OneNorm   w = min(c G, (c G C) // sum(c))            so  sum(w)   <= C G
     TwoNorm   w = min(c G, (c G C K) // r)               so  sum(w^2) <= (C G)^2
               r = ceil(K sqrt(sum(c^2))) + 1
     DayPlan   w = G // ceil(sqrt(windows_max keys_max))  so  sum(w^2) <= G^2
     SumPlan   w = G // (windows_max keys_max)            so  sum(w)   <= G
               each for the first `windows_max` windows in which the unit has its turn, at most
               `keys_max` cells in each; nought for all others

4. A lone counter is w. Two counters share it: up = w (G + d) / 2 G to the nearest whole, and
   down = w - up. Both are >= 0 and up + down = w, so neither norm of (up, down) exceeds w.

The plan's choice only looks back: whether a contribution of a window counts depends on that window
and on earlier ones, and rows that come late can only use the plan up sooner. Rows that were counted
may not be forgotten before the day is over: the gate asks for the name of what remembers them. A
person's turn in a window is one group of keys, (subject + window) % groups, and which of its cells
come first is her own order, so that the roads share people fairly.

Where each contribution of a unit is c = 1 and has no value, as for presence and events, all weigh
the same, which follows from how many there are. Such a unit is a list of its keys: one grouping
instead of two and a join, at half the cost.

Every join is on equality of integers; every division is of whole numbers >= 0 below 2^52, where the
engines' floor(a / b) is exact.
"""

from dataclasses import dataclass
from enum import Enum
from functools import reduce
from math import isqrt
from operator import add
from typing import ClassVar, Final, assert_never

import ibis
from ibis.expr import datatypes as dt
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.crowd.blocks import BLOCK, CALENDAR, QUARTER_US, Blocks, Days, window
from hubbub.crowd.laws import G
from hubbub.crowd.measure import Count, Events, Histogram, Measure, Presence, TwoCounters

K: Final = 1024
"""Fineness of the root in the L2 bound."""

_PRIME: Final = (1 << 31) - 1
_STEP: Final = 48271  # Park, Miller & Stockmeyer 1993


class Unit(Enum):
    """Whose presence is hidden: each is named by the columns that make it."""

    PERSON_DAY = ("subject", "day")
    PASSAGE = ("subject", "key", "window")


@dataclass(frozen=True, kw_only=True, slots=True)
class OneNorm:
    """All that a unit adds sums to at most `whole_max` whole contributions."""

    whole_max: int = 1

    weight: ClassVar[int] = G


@dataclass(frozen=True, kw_only=True, slots=True)
class TwoNorm:
    """The squares of what a unit adds sum to at most `whole_max` squared."""

    whole_max: int = 1

    weight: ClassVar[int] = G


@dataclass(frozen=True, kw_only=True, slots=True)
class DayPlan:
    """A fixed weight for at most `windows_max` windows of a day and `keys_max` cells in each."""

    windows_max: int = 12
    keys_max: int = 3

    whole_max: ClassVar[int] = 1

    @property
    def weight(self) -> int:
        """Give the weight of each contribution."""
        contributions_max = self.windows_max * self.keys_max
        return G // (isqrt(contributions_max - 1) + 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SumPlan(DayPlan):
    """A plan of the day that bounds the sum: for few windows it takes less noise."""

    windows_max: int = 2
    keys_max: int = 1

    @property
    def weight(self) -> int:
        """Give the weight of each contribution."""
        return G // (self.windows_max * self.keys_max)


type Bound = OneNorm | TwoNorm | DayPlan


def d_q(
    value: ir.IntegerValue, *, prior: ir.IntegerValue, reach: ir.IntegerValue
) -> ir.IntegerValue:
    """Put `value` on the grid: (value - prior) / reach, clipped to -1..1, times G. reach > 0."""
    above = ibis.least(ibis.greatest(value - prior + reach, 0), 2 * reach)
    return ((above.cast("int64") * G) // reach - G).cast("int32")


def bin_of(value: ir.IntegerValue, *, edges: tuple[int, ...]) -> ir.IntegerValue:
    """Tell in which bin `value` is: how many of the rising `edges` are not above it."""
    return sum((value >= edge).cast("int32") for edge in edges).cast("int32")


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def array_distinct(listed: dt.Array[dt.int32]) -> dt.Array[dt.int32]:
    """Take each key of a list once. Both engines have it by this name; Ibis' own minds NULLs."""


def weighed(
    contributions: ir.Table,
    keys: ir.Table | int,
    *,
    unit: Unit,
    measure: Measure,
    bound: Bound,
    blocks: Blocks,
    one_day: bool = False,
) -> ir.Table:
    """Give each contribution its counters, for every block that the rows reach.

    `keys` are the public ones: a table of them, or a number if they are all that are below it.
    """
    rows = _rows(contributions, keys, measure=measure, blocks=None if one_day else blocks)
    if isinstance(bound, DayPlan):
        planned = _planned(_cells(rows, measure), bound, measure=measure, blocks=blocks)
        return _counted(planned, ibis.literal(bound.weight), measure=measure)
    if isinstance(measure, Presence | Events) and unit is Unit.PERSON_DAY:
        return _alike(rows, measure, bound)
    cells = _cells(rows, measure)
    added = _total(cells.c if isinstance(bound, OneNorm) else cells.c * cells.c)
    units = cells.group_by(_of(unit, cells)).agg(size=_size(added, bound))
    joined = cells.join(units, _of(unit, cells))
    return _counted(joined, _share(joined.c, joined["size"], bound), measure=measure)


def sums(contributions: ir.Table, *, measure: Measure, blocks: Blocks) -> ir.Table:
    """Sum the counters of the block that is asked about, by cell."""
    of_block = contributions
    if not isinstance(blocks, Days):  # a block of days holds all rows of its days
        group = (contributions.key % blocks.groups).cast("int64")
        block = BLOCK.select("window", "group")
        of_block = contributions.mutate(group=group).join(block, ["window", "group"])
    return of_block.group_by(measure.cell).agg(
        **{name: _total(of_block[name]) for name in measure.counters}
    )


def worst(contributions: ir.Table, *, unit: Unit, measure: Measure, bound: Bound) -> ir.Table:
    """Find the most that any unit adds: one row, NULL if there is nobody."""
    counters = [contributions[name] for name in measure.counters]
    added = counters if is_summed(bound) else [each * each for each in counters]
    units = contributions.group_by(_of(unit, contributions)).agg(
        norm=_total(reduce(add, added)),
        least=reduce(ibis.least, counters).min(),
    )
    return units.agg(norm=units.norm.max(), least=units.least.min())


def limit(bound: Bound) -> int:
    """Give what `worst` may not exceed."""
    whole = bound.whole_max * G
    return whole if is_summed(bound) else whole * whole


def is_summed(bound: Bound) -> bool:
    """Tell whether the sum of what a unit adds is bounded, and not the sum of its squares."""
    return isinstance(bound, OneNorm | SumPlan)


def _of(unit: Unit, rows: ir.Table) -> list[str]:
    """Name the columns that tell units apart: in a block of one day, the day does not."""
    return [name for name in unit.value if name in rows.columns]


def _rows(
    contributions: ir.Table, keys: ir.Table | int, *, measure: Measure, blocks: Blocks | None
) -> ir.Table:
    """Keep the rows that count, and tell the day and window of each, if there are several."""
    rows = contributions.filter(contributions.subject >= 0, contributions.at >= 0)
    rows = _within(rows, measure)
    if isinstance(keys, int):
        rows = rows.filter(rows.key.between(0, keys - 1))
    else:
        rows = rows.join(keys.select("key"), "key")
    if blocks is None:  # one day: its two ends tell what lies in it
        since, until = (BLOCK[end].max().as_scalar() for end in ("since", "until"))
        return rows.filter(rows.at >= since, rows.at < until)
    rows = rows.mutate(quarter=rows.at // QUARTER_US, window=window(blocks, rows.at, rows.key))
    return rows.join(CALENDAR.select("quarter", "day"), "quarter")


def _cells(rows: ir.Table, measure: Measure) -> ir.Table:
    cell = (*_apart(rows), *measure.cell)
    cells = rows.group_by(cell).agg(rows=rows.count(), **_summed(rows, measure))
    return cells.mutate(c=ibis.least(cells["rows"], measure.rows_per_key_max).cast("int64"))


def _alike(rows: ir.Table, measure: Presence | Events, bound: OneNorm | TwoNorm) -> ir.Table:
    """Weigh contributions of one row and no value: how many a unit has tells what each weighs."""
    units = rows.group_by(_apart(rows)).agg(listed=rows.key.collect())
    if isinstance(measure, Presence):
        units = units.mutate(listed=array_distinct(units.listed))
    one = ibis.literal(1, "int64")
    weight = _share(one, _size(units.listed.length(), bound), bound)
    return units.select(*_apart(rows), key=units.listed.unnest(), count=weight)


def _apart(rows: ir.Table) -> list[str]:
    """Name the columns that keep people, days and windows apart."""
    return [name for name in ("subject", "day", "window") if name in rows.columns]


def _size(added: ir.IntegerValue, bound: OneNorm | TwoNorm) -> ir.IntegerValue:
    """Tell how long a unit is: `added` is sum(c), or sum(c^2) for the L2 bound."""
    if isinstance(bound, OneNorm):
        return added
    return (added.cast("float64").sqrt() * K).ceil().cast("int64") + 1


def _share(c: ir.IntegerValue, size: ir.IntegerValue, bound: OneNorm | TwoNorm) -> ir.IntegerValue:
    """Weigh a contribution of c rows by how long its unit is."""
    fineness = 1 if isinstance(bound, OneNorm) else K
    return ibis.least(c * G, (c * (G * bound.whole_max * fineness)) // size)


def _within(rows: ir.Table, measure: Measure) -> ir.Table:
    match measure:
        case TwoCounters():
            return rows.filter(rows.d_q.between(-G, G))
        case Histogram(bins=bins):
            return rows.filter(rows.bin.between(0, bins - 1))
        case Presence() | Events() | Count():
            return rows
    assert_never(measure)


def _summed(rows: ir.Table, measure: Measure) -> dict[str, ir.IntegerValue]:
    if isinstance(measure, TwoCounters):
        return {"above": _total(rows.d_q.cast("int64") + G)}
    return {}


def _planned(cells: ir.Table, plan: DayPlan, *, measure: Measure, blocks: Blocks) -> ir.Table:
    turn = (cells.subject % blocks.groups + cells.window) % blocks.groups
    told = cells.filter(turn == cells.key % blocks.groups)
    place = told.key.cast("int64")
    if isinstance(measure, Histogram):
        place = place * measure.bins + told.bin
    # Two steps of Lehmer's generator from the person's number give a factor. Times a cell's number
    # it puts cells in an order of her own, so that no road comes first for everybody.
    factor = (told.subject % _PRIME + 1) * _STEP % _PRIME * _STEP % _PRIME
    mixed = (place % _PRIME + 1) * factor % _PRIME
    told = told.mutate(
        window_rank=ibis.dense_rank().over(group_by=["subject", "day"], order_by="window"),
        cell_rank=ibis.row_number().over(
            group_by=["subject", "day", "window"], order_by=[mixed, place]
        ),
    )
    return told.filter(told.window_rank < plan.windows_max, told.cell_rank < plan.keys_max)


def _counted(cells: ir.Table, weight: ir.IntegerValue, *, measure: Measure) -> ir.Table:
    cells = cells.mutate(w=weight.cast("int64"))
    if not isinstance(measure, TwoCounters):
        return cells.mutate(count=cells.w)
    mean = _nearest(cells.above, cells["rows"])
    cells = cells.mutate(up=_nearest(cells.w * mean, ibis.literal(2 * G)))
    return cells.mutate(down=cells.w - cells.up)


def _total(whole: ir.IntegerValue) -> ir.IntegerValue:
    """Sum whole numbers into 64 bits. DuckDB sums into 128, which are slower and not everywhere."""
    return ops.Cast(whole.sum(), dt.int64).to_expr()  # `cast` would leave it out: Ibis sees no need


def _nearest(above: ir.IntegerValue, below: ir.IntegerValue) -> ir.IntegerValue:
    """Divide whole numbers, above >= 0 and below > 0, to the nearest whole."""
    return ((2 * above + below) // (2 * below)).cast("int64")
