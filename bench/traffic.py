"""Measures live traffic: recorded mornings go through both gates, and what comes out is scored.

    python -m bench.traffic FOLDER [--shares 0.05 0.1 0.3] [--plans passage person-day]

FOLDER holds an extract, `sumo2valhalla.json.gz`, and two mornings with their truth. The first is
history and scored by itself, the second is scored with that history.
"as shown" is every road all the time, as it was shown and when; "live" is only what was
shown as live. "ungated" is the same way without noise: what gate 2 costs.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import ibis
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bench.epsilon import STILL, at_epsilon, quiet
from bench.score import Score, read_samples, score
from hubbub.crowd.blocks import Days, day_number
from hubbub.crowd.book import Bill, Book, Cap, Stored, standard_caps
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import Released, release, spend
from hubbub.crowd.noise import Entropy
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted, collect, permit
from hubbub.products.traffic.declarations import (
    LIVE_DAY,
    LIVE_PASSAGE,
    TYPICAL,
    Roads,
    windows_of,
)
from hubbub.products.traffic.flow import LiveFlow
from hubbub.products.traffic.live import LiveMatching
from hubbub.products.traffic.picture import LivePicture
from hubbub.record.engine import Engine
from hubbub.record.ledger import Ledger
from hubbub.record.roads.city import build_city
from hubbub.terms.catalogue import PASSES_SCHEMA, PINGS_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Purpose, Traffic, cell_bit
from hubbub.terms.time import SECOND, Instant, instant

TICK_S: Final = 30
WINDOW_S: Final = 300
GROUPS: Final = 10
GATHERED_S: Final = 30
"""A window is asked about so long after its end."""
AFTER_S: Final = 900
FIRST_DAY: Final = date(2026, 11, 24)
DAYS: Final = ("day1", "day2_incident")
MAY: Final = cell_bit(LiveTraffic, OWN) | cell_bit(Traffic, OWN)
UNGATED: Final = replace(at_epsilon(LIVE_PASSAGE, 10), name="bench.ungated")
"""The least of noise that can be declared: it is taken out again."""


@dataclass
class Bottomless(Book):
    """A book for what is never published: it counts nothing."""

    kept: dict[str, Stored] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)

    def stored(self, release: str) -> Stored | None:
        """Give what was released."""
        return self.kept.get(release)

    def debit(self, bill: Bill, *, at: Instant) -> None:  # noqa: ARG002
        """Remember the bill."""
        self.bills[bill.release] = bill

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        """Keep the output."""
        bill = self.bills[release]
        digest = sha256(output).hexdigest()
        self.kept[release] = Stored(
            release=release,
            product=bill.product,
            block=bill.block,
            promise=bill.promise,
            digest=digest,
            output=output,
            released_at=at,
            seq=len(self.kept),
        )
        return self.kept[release]


PLANS: Final = {"passage": LIVE_PASSAGE, "ungated": UNGATED, "person-day": LIVE_DAY}

type Floats = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.int64]

tell = partial(print, flush=True)


class Window(NamedTuple):
    """One window of one group of roads, as it was released."""

    number: int
    group: int
    end: Instant
    released: Released[pa.Table]


class Shown(NamedTuple):
    """What was shown from `at_s` of the day on, when a window of `group` had just come."""

    at_s: int
    group: int
    kph: Floats
    live: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Morning:
    """One recorded morning, matched: all passes with their stamps, and each person's rank."""

    midnight: Instant
    passes: pa.Table
    begin_s: int
    end_s: int
    rank: Floats


class Bench:
    """One city: its roads, its mornings and their truth."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        (extract,) = folder.glob("*.osm.pbf")
        self.folder, self.name = folder, folder.name
        self._city = build_city(
            extract, scratch / self.name, name=self.name, progress=lambda _what, _done: None
        )
        self.zone, self.roads = self._city.zone, Roads(self._city.segments)
        pieces = pl.DataFrame(self._city.pieces)
        self.samples = read_samples(folder / "sumo2valhalla.json.gz", pieces)
        self._pieces = pieces.select("segment", "way_id", "forward", "from_frac", "to_frac").unique(
            maintain_order=True
        )
        self.engine = Engine()
        self.mornings = [self._match(name, number) for number, name in enumerate(DAYS)]

    def run(self, declaration: Declaration[LiveTraffic], share: float, *, book: Book) -> None:
        """Publish both mornings under one plan, and print how near they came."""
        picture = LivePicture(declaration, self.roads, zone=self.zone)
        for name, morning in zip(DAYS, self.mornings, strict=True):
            began = time.process_time()
            windows = self.windows(morning, share, declaration, book=book)
            if declaration is UNGATED:
                windows = self.quiet_windows(morning, share, declaration)
            shown = list(show(windows, picture, midnight=morning.midnight))
            cpu_s = time.process_time() - began
            truth = pl.read_parquet(self.folder / name / "truth_5min.parquet")
            for kind in ("as shown", "live", "by window"):
                scored = score(self.rows(shown, only=kind), truth, self.samples)
                tell(f"{declaration.name:16} {_line(name, share, kind, scored)}")
            tell(f"  {len(shown)} windows, {1000 * cpu_s / len(shown):.0f} cpu-ms each")
            if declaration is LIVE_DAY:
                picture.add_week(self.week([morning], share, book=book))

    def _match(self, name: str, number: int) -> Morning:
        """Read a morning through gate 1 and follow its phones, 30 s at a time."""
        day = FIRST_DAY + timedelta(days=number)
        midnight = instant(datetime.combine(day, datetime.min.time(), self.zone))
        pings, rank, seconds = _pings(self.folder / name / "pings.parquet", midnight)
        matching = LiveMatching(self._city.matcher())
        found: list[pa.Table] = []
        cut = np.searchsorted(seconds, np.arange(seconds[0], seconds[-1] + AFTER_S, TICK_S))
        cpu_s = 0.0
        for begin, end in zip(cut, [*cut[1:], len(seconds)], strict=True):
            rows = self._permitted(pings[begin:end], "pings", PINGS_SCHEMA, purpose=LiveTraffic)
            now_s = int(seconds[0]) + (len(found) + 1) * TICK_S
            began = time.process_time()
            found.append(matching.feed(rows, Instant(midnight + now_s * SECOND)).rows)
            cpu_s += time.process_time() - began
        passes = pa.concat_tables(found).sort_by("at")
        tell(f"{self.name} {name}: {len(pings)} pings, {len(passes)} passes")
        tell(f"  {len(pings) / cpu_s:,.0f} pings matched a CPU-second")
        return Morning(midnight, passes, int(seconds[0]), int(seconds[-1]), rank)

    def _permitted[For: Purpose](
        self, rows: pa.Table, name: str, schema: dict[str, str], *, purpose: type[For]
    ) -> Permitted[pa.Table, For]:
        leaf = ibis.table(schema | STAMP, name=name)
        dead = ibis.table({"receipt": "int64"}, name="dead")
        relations = {name: rows, "dead": pa.table({"receipt": pa.array([], pa.int64())})}
        asked = permit(leaf, purpose, OWN, category=Category.LOCATION, dead=dead)
        return collect(asked, partial(self.engine.run, relations=relations))

    def windows(
        self,
        morning: Morning,
        share: float,
        declaration: Declaration[LiveTraffic],
        *,
        book: Book,
        entropy: Entropy = os.urandom,
    ) -> Iterator[Window]:
        """Ask for each window once it is over."""
        passes = of_share(morning, share)
        at = passes["at"].to_numpy()
        since = Instant(morning.midnight + morning.begin_s * SECOND)
        until = Instant(morning.midnight + (morning.end_s + AFTER_S) * SECOND)
        blocks = windows_of(declaration)
        for block in blocks.blocks_ended(since, until, zone=self.zone):
            end = blocks.end(block.window, block.group)
            first = Instant(end - blocks.length_s * SECOND)
            if declaration is LIVE_DAY:  # its plan looks back to the day's first row
                first = morning.midnight
            rows = passes.slice(*_between(at, first, end))
            question = Question(
                declaration=declaration,
                rows={"passes": self._permitted(rows, "held", PASSES_SCHEMA, purpose=LiveTraffic)},
                keys=self.roads.keys,
                block=block,
                memory="the recording",
            )
            payment = spend(book, question, at=Instant(end + GATHERED_S * SECOND))
            released = release(question, payment, engine=self.engine.run, entropy=entropy)
            yield Window(block.window, block.group, end, released)

    def quiet_windows(
        self, morning: Morning, share: float, declaration: Declaration[LiveTraffic]
    ) -> Iterator[Window]:
        """Ask for each window once it is over, without noise."""
        asked = self.windows(morning, share, declaration, book=Bottomless(), entropy=STILL)
        return (each._replace(released=quiet(each.released, declaration)) for each in asked)

    def week(
        self,
        mornings: Sequence[Morning],
        share: float,
        *,
        book: Book,
        entropy: Entropy = os.urandom,
    ) -> Released[pa.Table]:
        """Release the usual speeds of the mornings' week, as if nothing else was in it."""
        assert isinstance(TYPICAL.blocks, Days), "usual speeds are released in weeks"
        midnight = mornings[0].midnight
        block = TYPICAL.blocks.block(day_number(midnight, self.zone), self.zone)
        passes = pa.concat_tables([of_share(morning, share) for morning in mornings])
        question = Question(
            declaration=TYPICAL,
            rows={
                "passes": self._permitted(passes, "held", PASSES_SCHEMA, purpose=Traffic),
            },
            keys=self.roads.slot_keys,
            block=block,
        )
        payment = spend(book, question, at=midnight)
        return release(question, payment, engine=self.engine.run, entropy=entropy)

    def rows(self, shown: Sequence[Shown], *, only: str) -> pl.DataFrame:
        """Give rows as the scorer reads them.

        "as shown" and "live": what the map showed, from the moment that it did. "by window": what
        was known of a window once it was over, for that window, as `hubbub export` writes it.
        """
        pieces = self._pieces
        segment = pieces["segment"].to_numpy()
        frames = []
        for each in shown:
            begin_s, length_s = each.at_s, TICK_S
            wanted = np.ones(len(segment), dtype=bool)
            if only == "live":
                wanted = each.live[segment]
            if only == "by window":
                begin_s, length_s = each.at_s - GATHERED_S - WINDOW_S, WINDOW_S
                wanted = segment % GROUPS == each.group
            frames.append(
                pieces.filter(wanted).with_columns(
                    kph=each.kph[segment[wanted]],
                    window_start=pl.lit(begin_s),
                    window_s=pl.lit(length_s),
                )
            )
        return pl.concat(frames)


def show(windows: Iterable[Window], picture: LivePicture, *, midnight: Instant) -> Iterator[Shown]:
    """Put windows into the picture as they come, and look at it each time."""
    for each in windows:
        picture.add(each.released, end=each.end)
        now = Instant(each.end + GATHERED_S * SECOND)
        flow = picture.at(now)
        if flow is not None:
            yield seen(flow.value, at_s=(now - midnight) // SECOND, group=each.group)


def seen(flow: LiveFlow, *, at_s: int, group: int = 0) -> Shown:
    """Look at a picture: how fast each road is, and whether that is live."""
    live = np.array([road.source == "live" for road in flow.roads])
    return Shown(at_s, group, np.array([road.speed_kmh for road in flow.roads]), live)


def _pings(path: Path, midnight: Instant) -> tuple[pa.Table, Floats, Integers]:
    """Read a morning as rows that came in under a deal: rows, each person's rank, seconds."""
    frame = pl.read_parquet(path).sort("t", maintain_order=True)
    devices = frame.group_by("device", maintain_order=True).agg(pl.col("share_rank").first())
    frame = frame.join(devices.with_row_index("subject").select("subject", "device"), on="device")
    frame = frame.sort("t", maintain_order=True)
    rows = frame.select(
        pl.col("subject").cast(pl.Int64),
        at=midnight + pl.col("t").cast(pl.Int64) * SECOND,
        lat_e6=(pl.col("lat") * 1e6).round().cast(pl.Int32),
        lon_e6=(pl.col("lon") * 1e6).round().cast(pl.Int32),
        accuracy_dm=(pl.col("acc") * 10).round().cast(pl.Int16),
        speed_cms=(pl.col("speed") * 100).round().cast(pl.Int16),
        course_deg=pl.col("course").round().cast(pl.Int16),
        source=pl.lit(0, pl.Int16),
        receipt=pl.col("subject").cast(pl.Int64) + 1,
        may=pl.lit(MAY, pl.Int64),
    )
    return rows.to_arrow(), devices["share_rank"].to_numpy(), frame["t"].to_numpy()


def of_share(morning: Morning, share: float) -> pa.Table:
    """Give the passes of as many people as share."""
    subjects = morning.passes["subject"].to_numpy()
    return morning.passes.filter(pa.array(morning.rank[subjects] < share))


def _between(at: Integers, first: Instant, end: Instant) -> tuple[int, int]:
    """Give offset and length of the rows of [first, end)."""
    begin, until = np.searchsorted(at, [first, end]).tolist()
    return begin, until - begin


def _line(name: str, share: float, kind: str, scored: Score) -> str:
    told, found = scored.jam_precision or 0.0, scored.jam_recall or 0.0
    return (
        f"{name:14} {share:4.0%} {kind:10} cover {scored.coverage:.2f}/"
        f"{scored.coverage_of_vehicles:.2f} wRMSE {scored.weighted_rmse_kmh:5.2f} km/h bias "
        f"{scored.bias_kmh:+5.2f} jams {told:.2f}/{found:.2f} ({scored.jam_recall_of_all or 0:.2f})"
    )


def main() -> None:
    """Run the plans over the mornings of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.05, 0.1, 0.3])
    parser.add_argument("--plans", nargs="+", default=["passage", "ungated", "person-day"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(asked.folder, Path(scratch))
        for plan, share in product(asked.plans, asked.shares):
            where = Path(scratch) / f"{plan} {share}"
            where.mkdir()
            bench.run(PLANS[plan], share, book=_book(plan, where))


def _book(plan: str, folder: Path) -> Book:
    if plan == "ungated":
        return Bottomless()
    caps = standard_caps((PLANS[plan], TYPICAL), everything=Cap(epsilon=6.1, delta=1e-8))
    return Ledger(folder / "ledger.sqlite", witness=folder / "ledger-head", caps=caps)


if __name__ == "__main__":
    main()
