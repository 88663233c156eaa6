"""What a gated week costs: ten million rows through gate 2, beside the same sums without it.

    python -m bench.week [--rows 10000000] [--rivals PYTHON]

A week of visits: 5,000 places by the 168 hours of a week, as rows rest in the record, by day and
person. It is asked how many visits there were, and how many people, of whom each counts once in a
cell. Everything is timed in CPU-seconds, in rounds that alternate, and told as the median of the
rounds' ratios to the bare sums, which bound nothing, prove nothing, draw nothing and owe nothing.
`--rivals` names a Python in which PipelineDP and OpenDP with Polars are installed: they then count
the people in the same rows, once.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.places import PEOPLE, VISITS
from bench.traffic import MAY, tell
from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.book import Cap, standard_caps
from hubbub.crowd.days import close_day
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import release, release_days, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted, collect, permit
from hubbub.record.closed_days import ClosedDays
from hubbub.record.engine import Engine
from hubbub.record.ledger import Ledger
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, Traffic
from hubbub.terms.time import SECOND, Instant

ROWS: Final = 10_000_000
PLACES: Final = 5_000
HOURS: Final = 168
CELLS: Final = PLACES * HOURS
ROWS_A_DAY: Final = 5.6
"""Of one person, on average: a geometric number."""
ROUNDS: Final = 5
MONDAY: Final = 20_780
WEEK: Final = Days().block(MONDAY, ZoneInfo("UTC"))
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
DEAD: Final = "nobody"
COUNTED: Final = {"visits": VISITS, "people": PEOPLE}
BUSY: Final = np.array([1, 1, 1, 1, 1, 2, 4, 7, 9, 8, 8, 9, 10, 9, 8, 8, 9, 10, 9, 7, 5, 4, 3, 2])
"""How busy the hours of a day are."""
AT: Final = Instant((MONDAY + 7) * DAY)

type Rows = Permitted[pa.Table, Traffic]


@dataclass(frozen=True)
class Bench:
    """A week of visits, whole and by day, and who sums it."""

    keys: PublicKeys
    week: Rows
    days: Sequence[Rows]
    engine: Engine
    declared: Declaration[Traffic] = VISITS

    def bare(self, _: Path) -> pa.Table:
        """Sum the cells, and do nothing else."""
        rows = ibis.table(PASSES_SCHEMA | STAMP, name="rows")
        return self.engine.run(
            rows.group_by("segment").agg(count=rows.count()), {"rows": self.week.rows}
        )

    def asked(self, rows: Rows) -> Question[Traffic]:
        """Ask about the week."""
        return Question(
            declaration=self.declared, rows={"passes": rows}, keys=self.keys, block=WEEK
        )

    def at_once(self, folder: Path) -> None:
        """Release the week by one query over all of its rows."""
        question = self.asked(self.week)
        with closing(_ledger(folder)) as ledger:
            payment = spend(ledger, question, at=AT)
            release(question, payment, engine=self.engine.run, entropy=os.urandom)

    def close_days(self, folder: Path) -> None:
        """Close all days of the week, each from its own rows."""
        for day, rows in zip(WEEK.days, self.days, strict=True):
            close_day(
                self.asked(rows),
                day,
                dead=DEAD,
                shelf=ClosedDays(folder),
                engine=self.engine.run,
            )

    def from_days(self, folder: Path) -> None:
        """Release the week from what is on the shelf of closed days."""
        question, shelf = self.asked(self.week), ClosedDays(folder)
        days = [
            close_day(question, day, dead=DEAD, shelf=shelf, engine=self.engine.run)
            for day in WEEK.days
        ]
        with closing(_ledger(folder)) as ledger:
            payment = spend(ledger, question, at=AT)
            release_days(question, payment, days, dead=DEAD, entropy=os.urandom)


def main() -> None:
    """Time the bare sums and the gate in turn, and then whoever else is there."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rivals", type=Path)
    asked = parser.parse_args()
    rows = _visits(asked.rows)
    took = _rounds(_bench(rows))
    bare_s = took["bare sums"]
    for counted in COUNTED:
        parts = (took[f"{counted}, {part}"] for part in ("days closed", "from closed days"))
        took[f"{counted}, a week by days"] = [sum(pair) for pair in zip(*parts, strict=True)]
    tell(f"{len(rows):,} rows, {CELLS:,} cells; the medians of {ROUNDS} rounds, in CPU-seconds")
    for name, times in took.items():
        ratio = median(one / bare for one, bare in zip(times, bare_s, strict=True))
        tell(f"{name}: {median(times):.2f}, {ratio:.2f} times the bare sums")
    if asked.rivals:
        _ask_rivals(asked.rivals, rows, ours_s=median(took["people, a week by days"]))


def _rounds(bench: Bench) -> dict[str, list[float]]:
    """Time each task once a round, after a round to warm up."""
    tasks: dict[str, Callable[[Path], object]] = {"bare sums": bench.bare}
    for counted, declared in COUNTED.items():
        of_these = replace(bench, declared=declared)
        tasks |= {
            f"{counted}, one query": of_these.at_once,
            f"{counted}, days closed": of_these.close_days,
            f"{counted}, from closed days": of_these.from_days,
        }
    took: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS + 1):
        with tempfile.TemporaryDirectory() as scratch:
            for name, task in tasks.items():
                counted, _, how = name.partition(", ")
                folder = Path(scratch) / counted / ("at once" if how == "one query" else "by days")
                folder.mkdir(parents=True, exist_ok=True)
                began = time.process_time()
                task(folder)
                if number:
                    took[name].append(time.process_time() - began)
    return took


def _ask_rivals(python: Path, rows: pa.Table, *, ours_s: float) -> None:
    """Let others answer the same question, each in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "week.parquet"
        unit = rows["subject"].to_numpy() * 7 + rows["at"].to_numpy() // DAY % 7
        pq.write_table(pa.table({"unit": unit, "segment": rows["segment"]}), file)
        rival = Path(__file__).with_name("rivals.py")
        for name in ("pipelinedp", "opendp-polars"):
            arguments = [str(python), str(rival), name, str(file), str(CELLS)]
            answer = subprocess.run(  # noqa: S603 - the Python that was named
                arguments, capture_output=True, text=True, check=True
            )
            took_s = float(answer.stdout.split()[-1])
            tell(f"{name}: {took_s:.1f}, {took_s / ours_s:.0f} times a gated week")


def _bench(rows: pa.Table) -> Bench:
    cell = np.arange(CELLS)
    known = {"place": cell // HOURS, "hour": cell % HOURS, "kind": np.zeros_like(cell)}
    keys = PublicKeys(pa.table({"key": cell.astype(np.int32), **known}))
    midnights = [Block(days=(day,), zone=WEEK.zone).since for day in (*WEEK.days, MONDAY + 7)]
    bounds = np.searchsorted(rows["at"].to_numpy() // DAY, [at // DAY for at in midnights])
    days = [rows.slice(begin, end - begin) for begin, end in pairwise(bounds.tolist())]
    return Bench(keys=keys, week=_permitted(rows), days=[*map(_permitted, days)], engine=Engine())


def _permitted(rows: pa.Table) -> Rows:
    leaf = ibis.table(PASSES_SCHEMA | STAMP, name="resting")
    dead = ibis.table({"receipt": "int64"}, name="dead")
    return collect(
        permit(leaf, Traffic, OWN, category=Category.LOCATION, dead=dead), lambda _: rows
    )


def _ledger(folder: Path) -> Ledger:
    caps = standard_caps((*COUNTED.values(),), everything=Cap(epsilon=4, delta=1e-8))
    return Ledger(folder / "ledger.sqlite", witness=folder / "ledger.head", caps=caps)


def _visits(count: int) -> pa.Table:
    """Make about so many rows of a week, in the order of days and people, as they rest."""
    dice = np.random.default_rng(7)
    people = count // 25
    units = np.sort(dice.choice(7 * people, round(count / ROWS_A_DAY), replace=False))
    unit = np.repeat(units, dice.geometric(1 / ROWS_A_DAY, len(units)))
    day, subject = np.divmod(unit, people)
    popular = 1 / np.arange(1, PLACES + 1) ** 0.9
    place = dice.choice(PLACES, len(unit), p=popular / popular.sum())
    hour = dice.choice(24, len(unit), p=BUSY / BUSY.sum())
    at = ((MONDAY + day) * 24 + hour) * HOUR
    return pa.table(
        {
            "subject": subject,
            "at": at + dice.integers(0, HOUR, len(unit)),
            "segment": (place * HOURS + day * 24 + hour).astype(np.int32),
            "distance_dm": np.zeros(len(unit), np.int32),
            "time_ms": np.ones(len(unit), np.int32),
            "receipt": subject,
            "may": np.full(len(unit), MAY),
        }
    )


if __name__ == "__main__":
    main()
