"""Whether uncovered rows have any say: each product's answer, with them and as if they never were.

A history is of a few people, each with some receipts that grant one thing or another to the house
or to a partner, some of which were taken back. Rows of one person, even of one day, come under
several of them. The draws of noise are all the same, so that two answers are alike only if what
went into them was.
"""

from typing import Any, Final, assert_never

import numpy as np

from hubbub.crowd.blocks import Block, Blocks, Days, Windows
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.noise import Integers
from hubbub.prove.chance import Dice
from hubbub.prove.check import Case, Check, Verdict, failed, held
from hubbub.prove.sensitivity import Mask
from hubbub.prove.worlds import (
    MISSING,
    NOON,
    NOON_DAY,
    SUBJECTS_EACH,
    ZONE,
    Passes,
    Stage,
    counters,
    keys_of,
    still,
)
from hubbub.run.products import EVERY_DECLARATION
from hubbub.terms.purposes import OWN, PURPOSES, Purpose, Recipient, RecipientKey, cell_bit
from hubbub.terms.time import SECOND

HISTORIES: Final = 200

_ROWS_EACH: Final = 30
_RECEIPTS_EACH: Final = 3
_ROADS_EACH: Final = 10
_PARTNER: Final = Recipient(RecipientKey("a partner"), slot=1)
_CELLS: Final = tuple(
    cell_bit(purpose, recipient) for purpose in PURPOSES.values() for recipient in (OWN, _PARTNER)
)


def check_covering(case: Case, declared: Declaration[Any]) -> Verdict:
    """Answer about histories, and about what is left of them without uncovered rows."""
    dice, worlds = Dice(), case.many(HISTORIES)
    stage = Stage(declared=declared, keys=keys_of(declared, np.arange(worlds * _ROADS_EACH)))
    receipts = worlds * SUBJECTS_EACH * _RECEIPTS_EACH
    history = _thrown(dice, worlds=worlds, receipts=receipts)
    dead = np.flatnonzero(dice.whole(3, receipts) == 0)
    covered = _covered(history, dead, declared.purpose)
    rows = history.table(declared.purpose)
    before = stage.permitted(rows, dead=dead[::2].tolist())
    permitted = stage.permitted(rows, dead=dead.tolist())
    rest, nobody = (stage.permitted(rows.filter(m)) for m in (covered, np.zeros(len(rows), bool)))
    apart, heard = np.zeros(worlds, np.bool_), np.zeros(worlds, np.bool_)
    for block in blocks_of(declared.blocks):
        answers = (
            stage.publish(permitted, block, entropy=still, before=before),
            *(stage.publish(each, block, entropy=still) for each in (rest, nobody)),
        )
        for one, other, none in zip(*map(counters, answers), strict=True):
            apart |= (one != other).reshape(worlds, -1).any(axis=1)
            heard |= (one != none).reshape(worlds, -1).any(axis=1)
        if isinstance(declared.blocks, Days) and not stage.is_stale_refused(permitted, block):
            return failed("days that were closed before a withdrawal are released after it")
    told = (
        f"{worlds} histories of {len(covered)} rows, {int(covered.sum())} of them covered, "
        f"{int(heard.sum())} heard (dice {dice.seed})"
    )
    if apart.any():
        return failed(f"{told}: {int(apart.sum())} answers tell of uncovered rows")
    return held(told) if heard.any() else failed(f"{told}: no covered row is heard")


def _thrown(dice: Dice, *, worlds: int, receipts: int) -> Passes:
    """Throw histories of up to three people each: whose, when, where, under which receipt."""
    world = np.repeat(np.arange(worlds), _ROWS_EACH)
    person = world * SUBJECTS_EACH + dice.whole(3, len(world))
    receipt = person * _RECEIPTS_EACH + dice.whole(_RECEIPTS_EACH, len(world))
    grants = dice.whole(1 << len(_CELLS), receipts)
    may = sum(((grants >> n) & 1) * bit for n, bit in enumerate(_CELLS))
    return Passes(
        subject=person,
        at=NOON + dice.whole(300, len(world)) * SECOND,
        segment=world * _ROADS_EACH + dice.whole(_ROADS_EACH, len(world)),
        time_ms=1 + dice.whole(60_000, len(world)),
        receipt=np.where(dice.whole(8, len(world)) == 0, MISSING, receipt),
        may=np.asarray(may)[receipt],
    )


def _covered(history: Passes, dead: Integers, purpose: type[Purpose]) -> Mask:
    """Tell which rows may be read, by the words of the deal."""
    bit = cell_bit(purpose, OWN)
    live = (history.receipt != MISSING) & ~np.isin(history.receipt, dead)
    may: Mask = live & (np.asarray(history.may) // bit % 2 == 1)
    return may


def blocks_of(blocks: Blocks) -> list[Block]:
    """List the blocks that noon is in; of windows, those of some groups of roads."""
    match blocks:
        case Days():
            return [blocks.block(NOON_DAY, ZONE)]
        case Windows(length_s=length_s, groups=groups):
            first = NOON // (length_s * SECOND)
            return [blocks.block(first, group, zone=ZONE) for group in range(0, groups, 3)]
    assert_never(blocks)


def _covering_of(declared: Declaration[Any]) -> Check:
    return Check(
        id="deal",
        of=declared.name,
        sentence="An answer is what it would be if rows that no deal covers had never been.",
        run=lambda case: check_covering(case, declared),
    )


COVERINGS: Final = tuple(map(_covering_of, EVERY_DECLARATION))
