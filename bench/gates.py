"""What each gate costs: the same question with and without it, as a ratio.

python -m bench.gates
"""

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa

from bench.traffic import MAY, Bottomless, tell
from hubbub.crowd.gate import release, spend
from hubbub.crowd.question import Question
from hubbub.deal.gate import collect, permit
from hubbub.products.traffic.declarations import LIVE_PASSAGE, Roads, windows_of
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, LiveTraffic
from hubbub.terms.roads import RoadSegment, SegmentNumber
from hubbub.terms.time import SECOND

ROWS: Final = 1_000_000
PEOPLE: Final = 100_000
ROADS: Final = 20_000
WINDOW: Final = 6_000_000
RUNS: Final = 5
RELATIONS: Final = PASSES_SCHEMA | STAMP


def main() -> None:
    """Ask a million passes, with and without each gate."""
    engine = Engine()
    held, dead = _passes(), pa.table({"receipt": np.arange(0, PEOPLE, 1000)})
    relations = {"held": held, "dead": dead, "passes": held}
    leaf, closed = ibis.table(RELATIONS, name="held"), ibis.table({"receipt": "int64"}, name="dead")

    def by_road(rows: ibis.Table) -> ibis.Table:
        return rows.group_by("segment").agg(
            distance_dm=rows.distance_dm.sum(), time_ms=rows.time_ms.sum()
        )

    run = partial(engine.run, relations=relations)
    permitted = permit(leaf, LiveTraffic, OWN, category=Category.LOCATION, dead=closed)
    plain_s = _seconds(lambda: run(by_road(leaf)))
    gated_s = _seconds(lambda: run(by_road(permitted.rows)))
    tell(
        f"gate 1: {plain_s:.3f} CPU-s without, {gated_s:.3f} CPU-s with: {gated_s / plain_s:.1f} x"
    )

    roads = Roads([_road(number) for number in range(ROADS)])
    block = windows_of(LIVE_PASSAGE).block(WINDOW, 0, zone=ZoneInfo("UTC"))
    asked = LIVE_PASSAGE.question
    summed = asked.group_by("key").agg(people=asked.subject.nunique(), d_q=asked.d_q.sum())
    public = {"roads": roads.keys.table, "passes": held.select([*PASSES_SCHEMA])}
    question = Question(
        declaration=LIVE_PASSAGE,
        rows={"passes": collect(permitted, run)},
        keys=roads.keys,
        block=block,
    )

    def publish() -> None:
        book = Bottomless()
        payment = spend(book, question, at=windows_of(LIVE_PASSAGE).end(WINDOW, 0))
        release(question, payment, engine=engine.run, entropy=os.urandom)

    plain_s = _seconds(lambda: engine.run(summed, public))
    gated_s = _seconds(publish)
    tell(
        f"gate 2: {plain_s:.3f} CPU-s without, {gated_s:.3f} CPU-s with: {gated_s / plain_s:.1f} x"
    )


def _seconds(task: Callable[[], object]) -> float:
    """Give the CPU-seconds of a task: the least of several runs, after one to warm up."""
    task()
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        task()
        times.append(time.process_time() - began)
    return min(times)


def _passes() -> pa.Table:
    """Give a million passes in one window."""
    dice = np.random.default_rng(7)
    subject = dice.integers(0, PEOPLE, ROWS)
    end = windows_of(LIVE_PASSAGE).end(WINDOW, 0)
    columns = {
        "subject": subject,
        "at": end - dice.integers(1, 300 * SECOND, ROWS),
        "segment": dice.integers(0, ROADS, ROWS).astype(np.int32),
        "distance_dm": np.full(ROWS, 1000, dtype=np.int32),
        "time_ms": dice.integers(5_000, 60_000, ROWS).astype(np.int32),
        "receipt": subject,
        "may": np.full(ROWS, MAY),
    }
    return pa.table({name: columns[name] for name in RELATIONS})


def _road(number: int) -> RoadSegment:
    return RoadSegment(
        number=SegmentNumber(number),
        way_id=number,
        forward=True,
        from_frac=0.0,
        to_frac=1.0,
        length_m=100.0,
        limit_kmh=30.0,
        road_class=4,
        name="",
        openlr="",
        shape_e6=(0, 0, 0, 1),
    )


if __name__ == "__main__":
    main()
