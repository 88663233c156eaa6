"""Whether an answer tells of rows that no deal covers, whatever their people did before and after.

Many people live at random lives in one house, minors among them: they agree to all kinds of data,
purposes and recipients, choose anew, take back and share. Every answer of every product, and every
read for any purpose and recipient, is compared with what it were had the uncovered rows never been
sent. What is covered is told by the words of the deal alone.
"""

from itertools import product
from typing import Any, Final

import numpy as np

from hubbub.crowd.declaration import Declaration
from hubbub.prove.chance import Dice
from hubbub.prove.check import Case, Check, Verdict, verdict
from hubbub.prove.covering import blocks_of
from hubbub.prove.histories import Life, thrown
from hubbub.prove.playing import APART, ROADS_EACH, PlayedHouse, Row, pass_rows, played_house
from hubbub.prove.worlds import Stage, counters, keys_of, still
from hubbub.run.products import EVERY_DECLARATION
from hubbub.terms.purposes import PURPOSES, Category, Cell, LiveTraffic

PEOPLE: Final = 120
HOURS: Final = 12

_OFTEN: Final = 5  # of 75 cells, twelve are about the rows


def check_living(case: Case) -> Verdict:
    """Let people live, and look at every answer and every read."""
    dice, people = Dice(), case.many(PEOPLE)
    with played_house() as house:
        lives = thrown(
            dice, _often_of_rows(house), people=people, hours=HOURS, barred=house.barred()
        )
        house.play(lives)
        faults = faults_of(house, lives)
    rows = sum(len(life.shared()) for life in lives)
    return verdict(
        [f"{fault} (dice {dice.seed})" for fault in faults],
        f"{people} lives of {HOURS} deeds, {rows} rows, {len(house.taken)} of them taken: "
        f"every answer and every read is of covered rows alone (dice {dice.seed})",
    )


def faults_of(house: PlayedHouse, lives: list[Life]) -> list[str]:
    """Tell what is read that nobody agreed to, and what is not read although somebody did."""
    faults = _differing("taken", house.taken, _owed(house, lives), spared=_late(lives))
    for purpose, recipient in product(PURPOSES.values(), house.recipients):
        cell = Cell(Category.LOCATION, purpose, recipient.key)
        covered = covered_rows(house, lives, cell)
        faults += _differing(f"read for {cell.words}", house.read(purpose, recipient), covered)
    return [
        *faults,
        *(told for each in EVERY_DECLARATION for told in _answered(house, lives, each)),
    ]


def _differing(
    what: str, found: set[Row], right: set[Row], *, spared: frozenset[Row] = frozenset()
) -> list[str]:
    """Tell by how many rows too many or too few are found."""
    sides = {"too many": found - right, "too few": right - found - spared}
    return [f"{len(rows)} rows {side} are {what}" for side, rows in sides.items() if rows]


def covered_rows(house: PlayedHouse, lives: list[Life], cell: Cell) -> set[Row]:
    """List the rows of the house that may be read for `cell`, by the words of the deal."""
    return {row for row in house.taken if lives[row[0]].covers(row[1], cell)}


def _often_of_rows(house: PlayedHouse) -> list[Cell]:
    """List what is offered, and what is about the rows that are sent so often that half is."""
    return [*house.offered(), *house.offered_of_rows() * _OFTEN]


def _owed(house: PlayedHouse, lives: list[Life]) -> set[Row]:
    """List the rows that are covered by something as they arrive."""
    return {
        (person, hour)
        for person, life in enumerate(lives)
        for hour in life.shared()
        if any(life.until(hour).covers(hour, cell) for cell in house.offered_of_rows())
    }


def _late(lives: list[Life]) -> frozenset[Row]:
    """List the rows that were not sent at once: of these the door may take fewer."""
    return frozenset(
        (person, hour)
        for person, life in enumerate(lives)
        for hour in life.shared()
        if life.is_late(hour)
    )


def _answered(house: PlayedHouse, lives: list[Life], declared: Declaration[Any]) -> list[str]:
    """Compare a product's answers with those about covered rows alone."""
    keys = keys_of(declared, np.arange(len(lives) * ROADS_EACH) * APART)
    stage, block = Stage(declared=declared, keys=keys), blocks_of(declared.blocks)[0]
    rows = sorted(covered_rows(house, lives, Cell(Category.LOCATION, declared.purpose)))
    if declared.purpose is LiveTraffic:  # looked at once, as it came: not in a pause
        rows = [
            (person, hour)
            for person, hour in rows
            if not lives[person].is_paused(house.came_round(hour))
        ]
    alone = pass_rows(rows, [house.subject(person) for person, _ in rows])
    asked, rest = house.passes(declared), stage.permitted(alone.table(declared.purpose))
    answers = (stage.publish(each, block, entropy=still) for each in (asked, rest))
    if any((one != other).any() for one, other in zip(*map(counters, answers), strict=True)):
        return [f"{declared.name}: an answer tells of uncovered rows"]
    return []


LIVING: Final = Check(
    id="lives",
    sentence="Whatever people choose and share in whatever order, only covered rows are heard.",
    run=check_living,
)
