"""What can really be told from a release of each product: thousands of worlds, one real release.

In the second half of the worlds somebody does the worst that one privacy unit can do: drives as
fast as counts, wherever she counts, many times. The attacker knows where, and everything else.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.crowd.blocks import Block, Days, Windows
from hubbub.crowd.bounds import DayPlan
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.noise import Entropy, Integers
from hubbub.deal.gate import derive
from hubbub.products.places.declarations import BY_CATEGORY, HOURS, LIVE, STAYS, TOTALS
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL, windows_of
from hubbub.prove.attack import LUCK, certain
from hubbub.prove.check import Case, Check, Verdict, failed, held
from hubbub.prove.worlds import (
    NOON,
    NOON_DAY,
    SUBJECTS_EACH,
    ZONE,
    Passes,
    Stage,
    counters,
    keys_of,
)
from hubbub.terms.time import SECOND, Instant

USEFUL: Final = 0.4
"""An audit that is certain of less than this share of the claim could not find much broken."""

_TIMES: Final = 20
_HERSELF: Final = 9


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Worlds as one product's audit has them, and where somebody is in those that she is in."""

    declared: Declaration[Any]
    worlds: int  # without her, and as many with her
    roads_each: int
    roads: Integers  # of a world, that are public
    blocks: list[Block]  # the first also when nobody is there
    empty: Block
    hers: slice  # of the roads that a block is about
    visits: tuple[Integers, Integers]  # road and instant of each of her rows


def check_audit(case: Case, scene_of: Callable[[int], Scene], *, worlds: int) -> Verdict:
    """Release all worlds, attack, and compare what is certain with what is claimed."""
    scene = scene_of(case.many(worlds))
    declared = scene.declared
    seen = certain(published(scene, os.urandom), delta=declared.delta)
    told = (
        f"certain of epsilon {seen.epsilon:.2f} of the claimed {declared.epsilon:g}, "
        f"by {seen.by} of 2 x {scene.worlds} worlds"
    )
    if seen.epsilon > declared.epsilon:
        return failed(f"{told}: more than was claimed (by luck at most once in {1 / LUCK:.0f})")
    if seen.epsilon < USEFUL * declared.epsilon:
        return failed(f"{told}: too little to have found a broken gate")
    return held(told)


def published(scene: Scene, entropy: Entropy) -> dict[str, Integers]:
    """Release all worlds, and give what an attacker may look at: a number a world."""
    everywhere = np.arange(2 * scene.worlds)
    keys = (everywhere[:, None] * scene.roads_each + scene.roads).ravel()
    stage = Stage(declared=scene.declared, keys=keys_of(scene.declared, keys, at_noon=True))
    rows = stage.permitted(_rows(scene).table(scene.declared.purpose))
    first, last, everything = [np.zeros(len(everywhere), np.int64) for _ in range(3)]
    beside = first
    for number, block in enumerate((*scene.blocks, scene.empty)):
        there = derive(rows, partial(_before, until=_end(scene.declared, block)))
        columns = counters(stage.publish(there, block, entropy=entropy))
        cells = [column.reshape(len(everywhere), -1) for column in columns]
        hers = [cell[:, scene.hers].sum(axis=1) for cell in cells]
        if block is scene.empty:
            beside = beside - hers[0]
            continue
        if number == 0:
            beside = hers[0]
        first, last = first + hers[0], last + hers[-1]
        everything = everything + sum(cell.sum(axis=1) for cell in cells)
    return {
        "her counter": first,
        "the difference of her counters": first - last,
        "all counters": everything,
        "her counter less that of an empty block": beside,
    }


def _end(declared: Declaration[Any], block: Block) -> Instant:
    if isinstance(declared.blocks, Windows):
        return declared.blocks.end(block.window, block.group)
    return block.until


def _before(rows: pa.Table, *, until: Instant) -> pa.Table:
    """Keep the rows that are there when a block is over."""
    return rows.filter(pc.less(rows["at"], until))


def _rows(scene: Scene) -> Passes:
    """Put somebody else on the last road of every world, and her into the second half."""
    everywhere = np.arange(2 * scene.worlds)
    road, at = scene.visits
    hers = np.arange(scene.worlds, 2 * scene.worlds)
    return Passes(
        subject=np.concatenate(
            [everywhere * SUBJECTS_EACH, np.repeat(hers * SUBJECTS_EACH + _HERSELF, len(at))]
        ),
        at=np.concatenate([np.full(len(everywhere), at[0]), np.tile(at, len(hers))]),
        segment=np.concatenate(
            [
                everywhere * scene.roads_each + scene.roads[-1],
                (hers[:, None] * scene.roads_each + road).ravel(),
            ]
        ),
    )


def live_passage(worlds: int) -> Scene:
    """Somebody passes along one road many times in one window."""
    blocks = windows_of(LIVE_PASSAGE)
    window = NOON // (blocks.length_s * SECOND)
    return Scene(
        declared=LIVE_PASSAGE,
        worlds=worlds,
        roads_each=2 * blocks.groups,
        roads=np.array([0, blocks.groups]),
        blocks=[blocks.block(window, 0, zone=ZONE)],
        empty=blocks.block(window + 50, 0, zone=ZONE),
        hers=slice(0, 1),
        visits=(np.zeros(_TIMES, np.int64), NOON + np.arange(_TIMES) * SECOND),
    )


def planned(declared: Declaration[Any], worlds: int) -> Scene:
    """Somebody is heard in all windows, and at all keys in each, that the plan of a day allows."""
    blocks, plan = declared.blocks, declared.bound
    assert isinstance(blocks, Windows), "a plan is of windows"
    assert isinstance(plan, DayPlan), "a day of it has a plan"
    first = NOON // (blocks.length_s * SECOND)
    places = [
        (window, (window + _HERSELF) % blocks.groups)  # her turn: bounds, rule 4
        for window in range(first, first + plan.windows_max)
    ]
    roads = [group + blocks.groups * n for _, group in places for n in range(plan.keys_max)]
    at = [blocks.end(*place) - SECOND for place in places for _ in range(plan.keys_max)]
    return Scene(
        declared=declared,
        worlds=worlds,
        roads_each=blocks.groups * plan.keys_max,
        roads=np.arange(blocks.groups * plan.keys_max),
        blocks=[blocks.block(*place, zone=ZONE) for place in places],
        empty=blocks.block(first + 50, places[0][1], zone=ZONE),
        hers=slice(None),
        visits=(np.array(roads), np.array(at)),
    )


def weekly(declared: Declaration[Any], worlds: int) -> Scene:
    """Somebody is at the same key all noon, and at no other."""
    blocks = declared.blocks
    assert isinstance(blocks, Days), "a week is of days"
    return Scene(
        declared=declared,
        worlds=worlds,
        roads_each=2,
        roads=np.arange(2),
        blocks=[blocks.block(NOON_DAY, ZONE)],
        empty=blocks.block(NOON_DAY + blocks.days, ZONE),
        hers=slice(0, 1),
        visits=(np.zeros(_TIMES, np.int64), NOON + np.arange(_TIMES) * SECOND),
    )


SCENES: Final[dict[str, tuple[Callable[[int], Scene], int]]] = {
    LIVE_PASSAGE.name: (live_passage, 40_000),
    LIVE_DAY.name: (partial(planned, LIVE_DAY), 8_000),
    TYPICAL.name: (partial(weekly, TYPICAL), 70_000),
    HOURS.name: (partial(weekly, HOURS), 70_000),
    TOTALS.name: (partial(weekly, TOTALS), 70_000),
    BY_CATEGORY.name: (partial(weekly, BY_CATEGORY), 70_000),
    STAYS.name: (partial(weekly, STAYS), 140_000),
    LIVE.name: (partial(planned, LIVE), 40_000),
}
"""The scene of each product, and in how many worlds it is played."""


def _audit_of(name: str) -> Check:
    scene_of, worlds = SCENES[name]
    return Check(
        id="audit",
        of=name,
        sentence="What is published tells of one privacy unit no more than its epsilon.",
        run=lambda case: check_audit(case, scene_of, worlds=worlds),
    )


AUDITS: Final = tuple(map(_audit_of, SCENES))
