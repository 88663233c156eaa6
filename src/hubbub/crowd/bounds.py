"""Bound what one privacy unit adds, in whole numbers, as one expression for every engine.

Rules, in the order they are applied:

1. A row counts if its key is public, its time is in the block's calendar, and its value lies within
   -G..G. Any other row - unknown, missing, out of range - drops silently: an error would tell.
2. All rows of one person in one cell are one contribution: c rows, of mean value d.
3. A contribution has a weight w, and w is bounded over all contributions of its unit:

     OneNorm   w = (C c G) // sum(c)                      so  sum(w)   <= C G
     TwoNorm   w = min(c G, (c G C K) // r)               so  sum(w^2) <= (C G)^2
               r = ceil(K sqrt(sum(c^2))) + 1
     DayPlan   w = G // ceil(sqrt(windows_max keys_max))  so  sum(w^2) <= G^2
               for the first `windows_max` windows in which the unit has its turn, at most
               `keys_max` keys in each; nought for all others

4. Two counters share it: up = w (G + d) / 2 G to the nearest whole, down = w - up. Both are >= 0
   and up + down = w, so neither norm of (up, down) exceeds w.

The plan's choice only looks back: whether a contribution of a window counts depends on that window
and on earlier ones, and rows that come late can only use the plan up sooner. Rows that were counted
may not be forgotten before the day is over: the gate asks for the name of what remembers them. A
person's turn in a window is one group of keys, (subject + window) % groups, so that the roads share
people fairly.

Every join is on equality of integers; every division is of whole numbers >= 0 below 2^52, where the
engines' floor(a / b) is exact.
"""

from dataclasses import dataclass
from enum import Enum
from math import isqrt
from typing import ClassVar, Final, assert_never

import ibis
from ibis.expr import types as ir

from hubbub.crowd.blocks import BLOCK, CALENDAR, QUARTER_US, Blocks, window
from hubbub.crowd.laws import G

K: Final = 1024
"""Fineness of the root in the L2 bound."""

CONTRIBUTIONS: Final = {"subject": "int64", "at": "int64", "key": "int32", "d_q": "int32"}
"""What a question makes of people's rows: whose, when, which key, and the value on the grid."""

_PRIME: Final = (1 << 31) - 1
_ROWS_MAX: Final = 1 << 10  # of one person in one cell: more weigh no more


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
    """A fixed weight for at most `windows_max` windows of a day and `keys_max` keys in each."""

    windows_max: int = 12
    keys_max: int = 3

    whole_max: ClassVar[int] = 1

    @property
    def weight(self) -> int:
        """Give the weight of each contribution."""
        contributions_max = self.windows_max * self.keys_max
        return G // (isqrt(contributions_max - 1) + 1)


type Bound = OneNorm | TwoNorm | DayPlan


def d_q(
    value: ir.IntegerValue, *, prior: ir.IntegerValue, reach: ir.IntegerValue
) -> ir.IntegerValue:
    """Put `value` on the grid: (value - prior) / reach, clipped to -1..1, times G. reach > 0."""
    above = ibis.least(ibis.greatest(value - prior + reach, 0), 2 * reach)
    return ((above.cast("int64") * G) // reach - G).cast("int32")


def weighed(
    contributions: ir.Table, keys: ir.Table, *, unit: Unit, bound: Bound, blocks: Blocks
) -> ir.Table:
    """Give each contribution its two counters, for every block that the rows reach."""
    cells = _cells(contributions, keys, blocks)
    match bound:
        case OneNorm(whole_max=whole_max):
            sums = cells.group_by(unit.value).agg(of_unit=cells.c.sum().cast("int64"))
            joined = cells.join(sums, unit.value)
            return _two_counters(joined, weight=(joined.c * (whole_max * G)) // joined.of_unit)
        case TwoNorm(whole_max=whole_max):
            root = ((cells.c * cells.c).sum().cast("float64").sqrt() * K).ceil().cast("int64") + 1
            sums = cells.group_by(unit.value).agg(of_unit=root)
            joined = cells.join(sums, unit.value)
            share = (joined.c * (G * whole_max * K)) // joined.of_unit
            return _two_counters(joined, weight=ibis.least(joined.c * G, share))
        case DayPlan():
            return _two_counters(_planned(cells, bound, blocks), weight=ibis.literal(bound.weight))
    assert_never(bound)


def sums(contributions: ir.Table, *, blocks: Blocks) -> ir.Table:
    """Sum the counters of the block that is asked about, by key."""
    block = BLOCK.select("window", "group")
    grouped = contributions.mutate(group=(contributions.key % blocks.groups).cast("int64"))
    of_block = grouped.join(block, ["window", "group"])
    return of_block.group_by("key").agg(
        up=of_block.up.sum().cast("int64"), down=of_block.down.sum().cast("int64")
    )


def worst(contributions: ir.Table, *, unit: Unit, bound: Bound) -> ir.Table:
    """Find the most that any unit adds: one row, NULL if there is nobody."""
    up, down = contributions.up, contributions.down
    norm = (up + down).sum() if isinstance(bound, OneNorm) else (up * up + down * down).sum()
    units = contributions.group_by(unit.value).agg(
        norm=norm.cast("int64"), least=ibis.least(up, down).min()
    )
    return units.agg(norm=units.norm.max(), least=units.least.min())


def limit(bound: Bound) -> int:
    """Give what `worst` may not exceed."""
    whole = bound.whole_max * G
    return whole if isinstance(bound, OneNorm) else whole * whole


def _cells(contributions: ir.Table, keys: ir.Table, blocks: Blocks) -> ir.Table:
    rows = contributions.filter(
        contributions.subject >= 0, contributions.at >= 0, contributions.d_q.between(-G, G)
    )
    rows = rows.join(keys.select("key"), "key")
    rows = rows.mutate(quarter=rows.at // QUARTER_US, window=window(blocks, rows.at, rows.key))
    rows = rows.join(CALENDAR.select("quarter", "day"), "quarter")
    count, above = rows.count(), (rows.d_q.cast("int64") + G).sum().cast("int64")
    cells = rows.group_by("subject", "day", "window", "key").agg(count=count, above=above)
    return cells.mutate(
        c=ibis.least(cells["count"], _ROWS_MAX).cast("int64"),
        mean=_nearest(cells.above, cells["count"]),
    )


def _planned(cells: ir.Table, plan: DayPlan, blocks: Blocks) -> ir.Table:
    turn = (cells.subject % blocks.groups + cells.window) % blocks.groups
    told = cells.filter(turn == cells.key % blocks.groups)
    mixed = (told.key.cast("int64") * 48271 + told.subject % _PRIME) % _PRIME
    told = told.mutate(
        window_rank=ibis.dense_rank().over(group_by=["subject", "day"], order_by="window"),
        key_rank=ibis.row_number().over(
            group_by=["subject", "day", "window"], order_by=[mixed, told.key]
        ),
    )
    return told.filter(told.window_rank < plan.windows_max, told.key_rank < plan.keys_max)


def _two_counters(cells: ir.Table, *, weight: ir.IntegerValue) -> ir.Table:
    cells = cells.mutate(w=weight.cast("int64"))
    cells = cells.mutate(up=_nearest(cells.w * cells.mean, ibis.literal(2 * G)))
    return cells.mutate(down=cells.w - cells.up)


def _nearest(above: ir.IntegerValue, below: ir.IntegerValue) -> ir.IntegerValue:
    """Divide whole numbers, above >= 0 and below > 0, to the nearest whole."""
    return ((2 * above + below) // (2 * below)).cast("int64")
