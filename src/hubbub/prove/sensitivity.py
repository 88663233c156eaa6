"""By how much one privacy unit moves what is published, whatever its rows are: on the real SQL.

Everything goes through both gates as it always does, but each draw of noise is the same, so that
the difference of two releases is exact: one of all rows, one without those of a unit in each world.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.crowd.blocks import Block, Days, Windows
from hubbub.crowd.bounds import Unit
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.laws import DiscreteLaplace
from hubbub.crowd.noise import Integers
from hubbub.deal.gate import Permitted, derive
from hubbub.products.places.declarations import BY_CATEGORY, HOURS, LIVE, STAYS, TOTALS
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL, windows_of
from hubbub.prove.chance import Dice
from hubbub.prove.check import Case, Check, Verdict, failed, held
from hubbub.prove.worlds import (
    MISSING,
    NOON_DAY,
    SUBJECTS_EACH,
    ZONE,
    Passes,
    Stage,
    counters,
    keys_of,
    still,
)
from hubbub.terms.time import SECOND, Instant, instant

type Mask = npt.NDArray[np.bool_]

VISITS_MAX: Final = 500
"""Rows of the busiest person in a day."""
HEARD: Final = 0.9
"""The worst unit moves at least this share of what one may: bounded, and heard."""

_HERSELF: Final = 9
_KINDS: Final = 6
_TIMES_MS: Final = np.array([9_000, 60_000, 10**9, 0, -5, MISSING])
_DISTANCES_DM: Final = np.array([250, 249, 0, -1000, 2**31 - 1, MISSING])
_DAY_US: Final = 86_400 * SECOND
_EPOCH: Final = date(1970, 1, 1)
_AUTUMN_SUNDAY: Final = 20_751  # 25 October 2026: 25 hours long
_WINDOWS_AROUND_MIDNIGHT: Final = 13


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Where and when the rows of one product's check fall, and the blocks that they enter."""

    declared: Declaration[Any]
    roads_each: int
    blocks: list[tuple[Block, int]]  # each with the instant at which it is over, in that order
    since: int
    until: int


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Rows of one person in each world, and which of them are one privacy unit's."""

    passes: Passes
    unit: Mask
    arrived: Integers  # the number of the first block that is published with it

    def by(self, number: int, until: int) -> Mask:
        """Tell which rows are there when a block is published."""
        return (self.passes.at < until) & (self.arrived <= number)


def check_sensitivity(case: Case, stretch_of: Callable[[], Stretch], *, worlds: int) -> Verdict:
    """Publish with and without one unit in each world, and measure what it moved."""
    stretch, dice, worlds = stretch_of(), Dice(), case.many(worlds)
    declared, stage = stretch.declared, _stage(stretch, worlds)
    thrown, moved = histories(dice, stretch, worlds=worlds), np.zeros(worlds)
    rows = stage.permitted(thrown.passes.table(declared.purpose))
    summed = isinstance(declared.noise, DiscreteLaplace)
    nobody = _published(stage, derive(rows, lambda table: table.slice(0, 0)), stretch.blocks[0][0])
    for number, (block, until) in enumerate(stretch.blocks):
        there = thrown.by(number, until)
        masks = (there, there & ~thrown.unit)
        with_unit, without = (
            _published(stage, derive(rows, partial(_only, mask)), block) if mask.any() else nobody
            for mask in masks
        )
        for one, other in zip(with_unit, without, strict=True):
            apart = np.abs(one - other).reshape(worlds, -1)
            moved += apart.sum(axis=1) if summed else (apart**2).sum(axis=1)
    share = (moved if summed else np.sqrt(moved)) / declared.sensitivity
    told = (
        f"the worst of {worlds} units moves {100 * share.max():.1f} % of what one may, "
        f"over {len(stretch.blocks)} blocks (dice {dice.seed})"
    )
    if share.max() > 1:
        return failed(f"{told}: {int((share > 1).sum())} of them move more")
    if share.max() < HEARD:
        return failed(f"{told}: people are not heard")
    return _check_nobody(stage, stretch, thrown, told=told)


def _check_nobody(stage: Stage, stretch: Stretch, thrown: Histories, *, told: str) -> Verdict:
    """Publish the middle blocks again with rows that are of nobody, nowhere, or at no time."""
    good, purpose = thrown.passes, stretch.declared.purpose
    alone = good.table(purpose)
    bad = [
        replace(good, subject=np.full(len(good.subject), MISSING)),
        replace(good, subject=np.full(len(good.subject), -1)),
        replace(good, at=np.full(len(good.at), MISSING)),
        replace(good, segment=np.full(len(good.segment), MISSING)),
        replace(good, segment=good.segment + 10**6),
        replace(good, time_ms=np.full(len(good.at), MISSING)),
        replace(good, distance_dm=np.zeros(len(good.at), np.int64)),
    ]
    middle = len(stretch.blocks) // 2
    for block, _ in stretch.blocks[middle : middle + 2]:
        right, *others = [
            _published(stage, stage.permitted(pa.concat_tables(tables)), block)
            for tables in ([alone], *([alone, rows.table(purpose)] for rows in bad))
        ]
        for found in others:
            if any((one != other).any() for one, other in zip(right, found, strict=True)):
                return failed(f"{told}; but rows of nobody are counted")
    return held(f"{told}; rows of nobody move nothing")


def histories(dice: Dice, stretch: Stretch, *, worlds: int) -> Histories:
    """Throw rows of one person for each world, from the dullest day to the worst.

    Of six worlds, one has a single row, one 500 in one place, one 500 in every place by turns, and
    three have any rows, bad ones among them.
    """
    kind = np.arange(worlds) % _KINDS
    many = np.array([1, VISITS_MAX, VISITS_MAX, VISITS_MAX, 36, 8])[kind]
    world = np.repeat(np.arange(worlds), many)
    count, length = len(world), stretch.until - stretch.since
    place, moment = (dice.whole(below, worlds) for below in (stretch.roads_each, length))
    nth = np.arange(count) - np.repeat(np.cumsum(many) - many, many)
    steady = kind[world] == 2
    anywhere = np.where(steady, nth, dice.whole(stretch.roads_each, count)) % stretch.roads_each
    ever = np.where(steady, nth * length // VISITS_MAX, dice.whole(length, count))
    there = (kind[world] == 1) | ((kind[world] >= 3) & (dice.whole(4, count) == 0))
    bad = (kind[world] >= 3) & (dice.whole(4, count) == 0)
    passes = Passes(
        subject=world * SUBJECTS_EACH + _HERSELF,
        at=stretch.since + np.where(there, moment[world], ever),
        segment=world * stretch.roads_each + np.where(there, place[world], anywhere),
        distance_dm=np.where(bad, _DISTANCES_DM[dice.whole(len(_DISTANCES_DM), count)], 1000),
        time_ms=np.where(bad, _TIMES_MS[dice.whole(len(_TIMES_MS), count)], 1),
        receipt=np.arange(count),
    )
    late = (world // _KINDS % 2) * dice.whole(2 * len(stretch.blocks), count)
    own = world * stretch.roads_each + place[world], stretch.since + moment[world]
    return Histories(passes=passes, unit=_unit(stretch.declared, passes, own), arrived=late)


def _unit(declared: Declaration[Any], passes: Passes, own: tuple[Integers, Integers]) -> Mask:
    """Tell which rows are of the same unit as a row of the same person at `own` place and time."""
    segment, at = own
    if declared.unit is Unit.PERSON_DAY:
        same: Mask = _day(passes.at) == _day(at)
    else:
        windows = _window(declared, passes.at, passes.segment) == _window(declared, at, segment)
        same = (passes.segment == segment) & windows
    return same


def _day(at: Integers) -> Integers:
    """Tell the local day by the clocks themselves: what the gate takes for a day is on trial."""
    first = int(at.min()) // _DAY_US - 1
    days = range(first, int(at.max()) // _DAY_US + 3)
    midnights = (datetime.combine(_EPOCH + timedelta(day), time(), ZONE) for day in days)
    return np.searchsorted([instant(midnight) for midnight in midnights], at, side="right")


def _window(declared: Declaration[Any], at: Integers, segment: Integers) -> Integers:
    blocks = windows_of(declared)
    phase: Integers = segment % blocks.groups * blocks.phase_s * SECOND
    return (at - phase) // (blocks.length_s * SECOND)


def _stage(stretch: Stretch, worlds: int) -> Stage:
    keys = keys_of(stretch.declared, np.arange(worlds * stretch.roads_each))
    return Stage(declared=stretch.declared, keys=keys)


def _only(mask: Mask, rows: pa.Table) -> pa.Table:
    """Keep some of the rows; each has its number as its receipt."""
    return rows.filter(pa.array(mask[rows["receipt"].to_numpy()]))


def _published(stage: Stage, rows: Permitted[pa.Table, Any], block: Block) -> list[Integers]:
    return counters(stage.publish(rows, block, entropy=still))


def live_passage() -> Stretch:
    """Rows of two windows."""
    return _around(LIVE_PASSAGE, Instant(NOON_DAY * _DAY_US), windows=2)


def planned(declared: Declaration[Any]) -> Stretch:
    """Rows of more windows than a day may have, around the midnight of other clocks."""
    return _around(declared, Instant(NOON_DAY * _DAY_US), windows=_WINDOWS_AROUND_MIDNIGHT)


def weekly(declared: Declaration[Any]) -> Stretch:
    """Rows of a weekend whose Sunday has 25 hours."""
    assert isinstance(declared.blocks, Days), "a week is of days"
    block = declared.blocks.block(_AUTUMN_SUNDAY, ZONE)
    return Stretch(
        declared=declared,
        roads_each=4,
        blocks=[(block, block.until)],
        since=Block(days=(_AUTUMN_SUNDAY - 1,), zone=ZONE).since,
        until=block.until,
    )


def _around(declared: Declaration[Any], at: Instant, *, windows: int) -> Stretch:
    blocks = declared.blocks
    assert isinstance(blocks, Windows), "rows around a moment enter windows"
    length_us = blocks.length_s * SECOND
    since, until = (at + sign * windows // 2 * length_us for sign in (-1, 1))
    ended = blocks.blocks_ended(Instant(since), Instant(until + length_us), zone=ZONE)
    return Stretch(
        declared=declared,
        roads_each=3 * blocks.groups,
        blocks=[(block, blocks.end(block.window, block.group)) for block in ended],
        since=since,
        until=until,
    )


STRETCHES: Final[dict[str, tuple[Callable[[], Stretch], int]]] = {
    LIVE_PASSAGE.name: (live_passage, 240),
    LIVE_DAY.name: (partial(planned, LIVE_DAY), 120),
    TYPICAL.name: (partial(weekly, TYPICAL), 600),
    HOURS.name: (partial(weekly, HOURS), 120),
    TOTALS.name: (partial(weekly, TOTALS), 240),
    BY_CATEGORY.name: (partial(weekly, BY_CATEGORY), 120),
    STAYS.name: (partial(weekly, STAYS), 240),
    LIVE.name: (partial(planned, LIVE), 120),
}
"""The stretch of each product, and how many worlds it is thrown for."""


def _sensitivity_of(name: str) -> Check:
    stretch_of, worlds = STRETCHES[name]
    return Check(
        id="sensitivity",
        of=name,
        sentence="One privacy unit moves what is published by no more than was declared.",
        run=lambda case: check_sensitivity(case, stretch_of, worlds=worlds),
    )


SENSITIVITIES: Final = tuple(map(_sensitivity_of, STRETCHES))
