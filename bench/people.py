"""A store of so many people's pings, as days of them rest: for benches of what reads and rewrites.

A person drives on some days, a ping every five seconds; who drives every day is among them. Each
has one receipt, and its number is theirs.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.traffic import MAY
from hubbub.deal.reads import Read
from hubbub.record.events import DAY, EventStore
from hubbub.terms.pings import PING, Pings
from hubbub.terms.time import SECOND, Instant

ROWS_A_PERSON: Final = 10
ROWS_A_DRIVE: Final = 5.6
"""On average: a geometric number."""
FIRST_DAY: Final = 20_780
DAYS: Final = 7
BEGIN: Final = Instant(FIRST_DAY * DAY)
END: Final = Instant((FIRST_DAY + DAYS) * DAY)
ALWAYS: Final = 1
"""Who drives every day."""
_SEED: Final = 7


class Unlogged:
    """What the log of reads would take is not measured here."""

    def note(self, read: Read) -> None:
        """Let it go."""

    def close(self) -> None:
        """End."""


def fill(folder: Path, rows: int, *, days: int = DAYS, sort_last: bool = True) -> EventStore:
    """Put about so many rows to rest in `folder`, sorted by person.

    Without `sort_last` those of the last day lie as they came.
    """
    dice, store = np.random.default_rng(_SEED), EventStore(folder)
    people = rows // ROWS_A_PERSON
    drives = round(rows / ROWS_A_DRIVE / days)
    for day in range(days):
        drivers = np.union1d(dice.choice(people, drives, replace=False) + 1, [ALWAYS])
        store.commit(_driven(drivers, FIRST_DAY + day, dice), journal="bench", number=day)
        if sort_last or day < days - 1:
            store.compact(FIRST_DAY + day)
    store.sweep()
    store.trim_log()
    return store


def dead_of(people: int, *, share: float) -> NDArray[np.int64]:
    """Choose whose receipt is dead."""
    chosen = np.random.default_rng(_SEED).choice(people, round(people * share), replace=False)
    return np.sort(chosen) + 1


def _driven(drivers: NDArray[np.int64], day: int, dice: np.random.Generator) -> Pings:
    each = dice.geometric(1 / ROWS_A_DRIVE, len(drivers))
    rows = np.zeros(int(each.sum()), PING)
    step = np.arange(len(rows)) - np.repeat(np.cumsum(each) - each, each)
    rows["subject"] = rows["receipt"] = np.repeat(drivers, each)
    rows["may"] = MAY
    begin = dice.integers(5 * 3600, 23 * 3600, len(drivers))
    rows["at"] = day * DAY + (np.repeat(begin, each) + step * 5) * SECOND
    for column, least, reach in (("lat_e6", 60_160_000, 40_000), ("lon_e6", 24_900_000, 80_000)):
        rows[column] = np.repeat(dice.integers(least, least + reach, len(drivers)), each)
        rows[column] += step * 40
    rows["speed_cms"] = dice.integers(0, 2_000, len(rows))
    rows["accuracy_dm"] = dice.integers(30, 200, len(rows))
    rows["course_deg"] = dice.integers(0, 360, len(rows))
    return rows
