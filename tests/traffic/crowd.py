"""People who passed along roads, and a question about them that is paid from a bottomless book."""

import random
from collections.abc import Iterable
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa

from hubbub.crowd.blocks import Block
from hubbub.crowd.book import Bill, Stored
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import Released, release, spend
from hubbub.crowd.question import Question
from hubbub.deal.gate import collect, permit
from hubbub.products.traffic.declarations import Roads
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, Purpose
from hubbub.terms.roads import RoadSegment, SegmentNumber
from hubbub.terms.time import SECOND, Instant

ZONE: Final = ZoneInfo("Europe/Helsinki")
LENGTH_M: Final = 100.0
LIMIT_KMH: Final = 30.0


class Bottomless:
    """A book that counts nothing: for tests of products, not of promises."""

    def __init__(self) -> None:
        self._bills: dict[str, Bill] = {}

    def stored(self, release: str) -> Stored | None:
        del release
        return None

    def debit(self, bill: Bill, *, at: Instant) -> None:
        del at
        self._bills[bill.release] = bill

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        bill = self._bills[release]
        return Stored(
            release=release,
            product=bill.product,
            block=bill.block,
            promise=bill.promise,
            digest=sha256(output).hexdigest(),
            output=output,
            released_at=at,
            seq=0,
        )


def value(kmh: float) -> float:
    """Give the value of a speed as traffic declares it, on these roads."""
    return (kmh / (kmh + LIMIT_KMH / 4) - 2360 / 4096) * 4


def roads(count: int) -> Roads:
    """Give roads of 100 m where one may drive 30 km/h."""
    return Roads(
        [
            RoadSegment(
                number=SegmentNumber(n),
                way_id=n,
                forward=True,
                from_frac=0,
                to_frac=1,
                length_m=LENGTH_M,
                limit_kmh=LIMIT_KMH,
                road_class=4,
                name="",
                openlr="",
                shape_e6=(0, 0, 0, 1),
            )
            for n in range(count)
        ]
    )


def passes(drives: Iterable[tuple[int, Instant, int, float, float]]) -> pa.Table:
    """Give (subject, at, segment, metres, km/h) as rows of passes."""
    rows = [
        (subject, at, segment, round(metres * 10), round(metres / kmh * 3600), 1, -1)
        for subject, at, segment, metres, kmh in drives
    ]
    schema = pa.schema(
        [(name, getattr(pa, kind)()) for name, kind in (PASSES_SCHEMA | STAMP).items()]
    )
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([pa.array(column) for column in columns], schema=schema)


def ask[For: Purpose](
    declaration: Declaration[For], rows: pa.Table, block: Block, *, public: Roads, seed: int = 1
) -> Released[pa.Table]:
    """Release one block of a declaration about `rows`, with noise from a seed."""
    engine, book = Engine(threads=1), Bottomless()
    asked = permit(
        ibis.table(PASSES_SCHEMA | STAMP, name="held"),
        declaration.purpose,
        OWN,
        category=Category.LOCATION,
        dead=ibis.table({"receipt": "int64"}, name="dead"),
    )
    keys = public.keys if declaration.keys.get_name() == "roads" else public.slot_keys
    question = Question(
        declaration=declaration,
        rows={"passes": collect(asked, lambda _: rows)},
        keys=keys,
        block=block,
    )
    at = Instant(block.days[0] * 86_400 * SECOND)
    payment = spend(book, question, at=at)
    entropy = random.Random(seed).randbytes
    return release(question, payment, engine=engine.run, entropy=entropy)
