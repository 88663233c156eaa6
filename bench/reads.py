"""What gate 1 adds to a read: the same question with the gate and without, side by side.

    python -m bench.reads [--rows 10000000]

As many pings as are asked for, a tenth as many people, a hundredth of them with a dead receipt, in
the files of a real record; passes of a day in its memory. Without the gate the same question is
asked of the same rows, and reads neither receipt nor stamp. Both in turn, several rounds; told is
the median of the rounds' ratios in CPU-seconds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr import types as ir

from bench.people import (
    ALWAYS,
    BEGIN,
    DAYS,
    END,
    FIRST_DAY,
    ROWS_A_PERSON,
    Unlogged,
    dead_of,
    fill,
)
from bench.traffic import MAY, tell
from hubbub.crowd.blocks import Block
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.question import Question
from hubbub.crowd.summing import exact_sums
from hubbub.deal.gate import Permitted, bind, collect, derive, permit
from hubbub.products.traffic.declarations import TYPICAL, TYPICAL_SLOTS
from hubbub.record.engine import Engine, Files
from hubbub.record.events import DAY
from hubbub.record.record import Record
from hubbub.terms.catalogue import PASSES_SCHEMA, PINGS, PINGS_SCHEMA, STAMP
from hubbub.terms.people import Subject
from hubbub.terms.purposes import OWN, Category, Traffic
from hubbub.terms.time import SECOND, Instant

ROWS: Final = 10_000_000
ROUNDS: Final = 5
DEAD_SHARE: Final = 0.01
ROADS: Final = 5_000
HOUR: Final = 3600 * SECOND
MEDIAN_GOAL, WORST_GOAL = 1.132, 2.0
ONE_DAY: Final = Block(days=(FIRST_DAY,), zone=ZoneInfo("UTC"))
UNTIL: Final = Instant((FIRST_DAY + 1) * DAY)

type Ask = Callable[[ir.Table], ir.Table]


class Pair(NamedTuple):
    """One question, asked in two ways."""

    name: str
    gated: Callable[[], object]
    bare: Callable[[], object]
    is_ours: bool = True  # else it is there to show the worst


def main() -> None:
    """Ask every question with and without the gate."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        pairs = _pairs(Path(folder), rows)
        took: dict[str, list[tuple[float, float]]] = {pair.name: [] for pair in pairs}
        for number in range(ROUNDS + 1):
            for pair in pairs:
                both = _cpu_s(pair.bare), _cpu_s(pair.gated)
                if number:  # the first round warms up
                    took[pair.name].append(both)
    ratios = {}
    for pair in pairs:
        bare_s, gated_s = (median(each) for each in zip(*took[pair.name], strict=True))
        ratios[pair.name] = median(gated / bare for bare, gated in took[pair.name])
        tell(
            f"{pair.name}: {bare_s:.3f} CPU-s without, {gated_s:.3f} with: {ratios[pair.name]:.3f}"
        )
    ours = [ratios[pair.name] for pair in pairs if pair.is_ours]
    tell(f"ours: median {median(ours):.3f} (goal {MEDIAN_GOAL}), worst {max(ours):.3f} (goal 2)")


def _pairs(folder: Path, rows: int) -> list[Pair]:
    store, engine = fill(folder / "events", rows), Engine(memory_mb=4096)
    dead = pa.table({"receipt": dead_of(rows // ROWS_A_PERSON, share=DEAD_SHARE)})
    record = Record(
        store, folder / "journal", dead=lambda *_: dead, reads=Unlogged(), engine=engine
    )

    def of_pings(name: str, ask: Ask, until: Instant, *, is_ours: bool = True) -> Pair:
        inside = PINGS.filter((PINGS["at"] >= BEGIN) & (PINGS["at"] < until))
        held = [Files(store.paths(store.files(since=BEGIN, until=until)))]

        def gated() -> object:
            permitted = record.read(Traffic, since=BEGIN, until=until)
            return record.collect(bind(ask(PINGS), {"pings": permitted}))

        return Pair(name, gated, lambda: engine.run(ask(inside), {"pings": held}), is_ours)

    def matched() -> object:
        return record.collect(record.read(Traffic, since=BEGIN, until=UNTIL))

    whose = PINGS_SCHEMA
    day = PINGS.filter((PINGS["at"] >= BEGIN) & (PINGS["at"] < UNTIL)).select(*whose)
    of_day = [Files(store.paths(store.files(since=BEGIN, until=UNTIL)))]
    theirs = [Files(store.paths(store.files_of(Subject(ALWAYS))))]
    own = PINGS.filter(PINGS.subject == ALWAYS).order_by("at")
    return [
        Pair("a day of pings, to be matched", matched, lambda: engine.run(day, {"pings": of_day})),
        _sums(record, engine, rows // DAYS),
        of_pings("people by place and hour, a week", _busy, END),
        of_pings("people by day, a week", _active, END),
        of_pings("speeds by place, a week", _speeds, END),
        Pair(
            "somebody's own rows",
            lambda: record.own(Subject(ALWAYS)),
            lambda: engine.run(own, {"pings": theirs}),
        ),
        of_pings("rows by hour (nobody asks that)", _hours, END, is_ours=False),
    ]


def _busy(rows: ir.Table) -> ir.Table:
    hour = rows["at"] // HOUR
    cells = rows.group_by(lat=rows.lat_e6 // 1000, lon=rows.lon_e6 // 1000, hour=hour)
    return cells.agg(people=rows.subject.nunique())


def _active(rows: ir.Table) -> ir.Table:
    return rows.group_by(day=rows["at"] // DAY).agg(people=rows.subject.nunique())


def _speeds(rows: ir.Table) -> ir.Table:
    cells = rows.group_by(lat=rows.lat_e6 // 1000, lon=rows.lon_e6 // 1000)
    return cells.agg(rows=rows.count(), speed=rows.speed_cms.sum())


def _hours(rows: ir.Table) -> ir.Table:
    return rows.group_by(hour=rows["at"] // HOUR).agg(rows=rows.count())


def _sums(record: Record, engine: Engine, rows: int) -> Pair:
    """Close a day of usual speeds: read its passes through the gate, and sum them by gate 2."""
    passes = _passes(rows)
    leaf = ibis.table(PASSES_SCHEMA | STAMP, name="resting")
    dead = ibis.table({"receipt": "int64"}, name="dead")
    asked = permit(leaf, Traffic, OWN, category=Category.LOCATION, dead=dead)
    held: Permitted[pa.Table, Traffic] = collect(asked, lambda _: passes)
    record.hold(held, since=Instant(0))
    bare = derive(held, lambda table: table.select([*PASSES_SCHEMA]))

    def sums(read: Permitted[pa.Table, Traffic]) -> object:
        question = Question(declaration=TYPICAL, rows={"passes": read}, keys=_keys(), block=ONE_DAY)
        return exact_sums(question, ONE_DAY, engine=engine.run)

    def gated() -> object:
        return sums(record.collect(record.read_passes(Traffic, since=BEGIN, until=UNTIL)))

    return Pair("a day of passes, summed for usual speeds", gated, partial(sums, bare))


def _keys() -> PublicKeys:
    keys = np.arange(ROADS * TYPICAL_SLOTS, dtype=np.int32)
    segment, slot = np.divmod(keys, TYPICAL_SLOTS)
    columns = {"key": keys, "segment": segment, "slot": slot, "road_class": segment % 8}
    fixed = {"half_cms": np.full_like(keys, 347), "length_dm": np.full_like(keys, 1000)}
    return PublicKeys(pa.table(columns | fixed))


def _passes(rows: int) -> pa.Table:
    dice = np.random.default_rng(7)
    subject = np.sort(dice.integers(1, rows // 5, rows))
    columns = {
        "subject": subject,
        "at": BEGIN + dice.integers(0, DAY, rows),
        "segment": dice.integers(0, ROADS, rows).astype(np.int32),
        "distance_dm": np.full(rows, 1000, np.int32),
        "time_ms": dice.integers(5_000, 60_000, rows).astype(np.int32),
        "receipt": subject,
        "may": np.full(rows, MAY),
    }
    return pa.table({name: columns[name] for name in PASSES_SCHEMA | STAMP})


def _cpu_s(task: Callable[[], object]) -> float:
    began = time.process_time()
    task()
    return time.process_time() - began


if __name__ == "__main__":
    main()
