"""A small morning of passes, declarations to ask about it, and an engine: for gate 2's tests."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple, assert_never
from zoneinfo import ZoneInfo

import duckdb
import ibis
import pyarrow as pa
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.crowd.blocks import Block, Days, Windows
from hubbub.crowd.book import Bill, Stored
from hubbub.crowd.bounds import DayPlan, OneNorm, SumPlan, TwoNorm, Unit, bin_of
from hubbub.crowd.days import KeptDay
from hubbub.crowd.declaration import Declaration, Floor
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G
from hubbub.crowd.measure import Count, Events, Histogram, Measure, Presence, TwoCounters
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted, collect, permit
from hubbub.terms.catalogue import PASSES, PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, LiveTraffic, cell_bit
from hubbub.terms.time import SECOND, Instant

ZONE = ZoneInfo("Europe/Helsinki")
WINDOWS = Windows(length_s=300, groups=2)
NOON = Instant(1_764_064_800 * SECOND)
"""12:00 in Helsinki on Tuesday 25 November 2025: a window of group 0 begins."""
DAY = 20_417

KEYS = ibis.table({"key": "int32"}, name="keys")
ROADS = PublicKeys(pa.table({"key": pa.array(range(6), pa.int32())}))
QUESTION = PASSES.select("subject", "at", key="segment", d_q="distance_dm")
"""A test's pass says its value on the grid itself, as its distance."""

SAME: dict[str, Any] = {
    "purpose": LiveTraffic,
    "question": QUESTION,
    "keys": KEYS,
    "key_word": "road",
    "measure": TwoCounters(value="speed", prior="the limit", reach="half of it"),
    "floor": Floor(people=3, luck=0.01),
}


def measured(measure: Measure) -> dict[str, Any]:
    """Give a measure, and a question that yields what it wants, and sometimes what it does not."""
    match measure:
        case TwoCounters():
            return {"measure": measure, "question": QUESTION}
        case Histogram(edges=edges):
            around = (-G // 2, *edges, G // 2)  # the outer bins are none of the measure's
            shifted = (bin_of(QUESTION.d_q, edges=around) - 1).cast("int32")
            return {"measure": measure, "question": QUESTION.mutate(bin=shifted).drop("d_q")}
        case Presence() | Events() | Count():
            return {"measure": measure, "question": QUESTION.drop("d_q")}
    assert_never(measure)


PASSAGE = Declaration(
    name="live",
    unit=Unit.PASSAGE,
    bound=OneNorm(),
    noise=DiscreteLaplace(scale=G),
    epsilon=1,
    delta=0,
    blocks=WINDOWS,
    **SAME,
)
PLAN = Declaration(
    name="live by day",
    unit=Unit.PERSON_DAY,
    bound=DayPlan(windows_max=2, keys_max=2),
    noise=DiscreteGaussian(sigma=Fraction(1488, 1000) * G),
    epsilon=4,
    delta=1e-9,
    blocks=WINDOWS,
    **SAME,
)
WEEK = Declaration(
    name="typical",
    unit=Unit.PERSON_DAY,
    bound=TwoNorm(),
    noise=DiscreteGaussian(sigma=Fraction(5496, 1000) * G),
    epsilon=1,
    delta=1e-9,
    blocks=Days(days=7),
    **SAME,
)
VISITS = Declaration(
    name="visits",
    unit=Unit.PERSON_DAY,
    bound=OneNorm(),
    noise=DiscreteLaplace(scale=G),
    epsilon=1,
    delta=0,
    blocks=Days(days=7),
    **SAME,
)
PEOPLE = Declaration(
    name="people",
    unit=Unit.PERSON_DAY,
    bound=OneNorm(whole_max=2),
    noise=DiscreteLaplace(scale=2 * G),
    epsilon=1,
    delta=0,
    blocks=Days(days=7),
    **(SAME | measured(Presence(counted="people"))),
)
ARRIVALS = Declaration(
    name="arrivals",
    unit=Unit.PERSON_DAY,
    bound=OneNorm(whole_max=2),
    noise=DiscreteLaplace(scale=2 * G),
    epsilon=1,
    delta=0,
    blocks=Days(days=7),
    **(SAME | measured(Events(counted="arrivals"))),
)
TIMES = Declaration(
    name="times",
    unit=Unit.PERSON_DAY,
    bound=TwoNorm(whole_max=3),
    noise=DiscreteGaussian(sigma=Fraction(3 * 5496, 1000) * G),
    epsilon=1,
    delta=1e-9,
    blocks=Days(days=7),
    **(SAME | measured(Count(counted="passes", rows_per_key_max=2))),
)
SPREAD = Declaration(
    name="spread by day",
    unit=Unit.PERSON_DAY,
    bound=DayPlan(windows_max=2, keys_max=3),
    noise=DiscreteGaussian(sigma=Fraction(1488, 1000) * G),
    epsilon=4,
    delta=1e-9,
    blocks=WINDOWS,
    **(SAME | measured(Histogram(value="distance", edges=(0,)))),
)
COMERS = Declaration(
    name="comers by day",
    unit=Unit.PERSON_DAY,
    bound=SumPlan(windows_max=2, keys_max=2),
    noise=DiscreteLaplace(scale=G),
    epsilon=1,
    delta=0,
    blocks=WINDOWS,
    **(SAME | measured(Presence(counted="comers"))),
)
DECLARATIONS = (PASSAGE, PLAN, WEEK, VISITS, PEOPLE, ARRIVALS, TIMES, SPREAD, COMERS)


class Pass(NamedTuple):
    """One row, as bad as it can be."""

    subject: int | None
    at: int | None
    segment: int | None
    distance_dm: int | None


def arrow(passes: Sequence[Pass]) -> pa.Table:
    """Lay passes down, each under a deal for live traffic."""
    kinds = {name: getattr(pa, kind)() for name, kind in (PASSES_SCHEMA | STAMP).items()}
    may = cell_bit(LiveTraffic, OWN)
    rows = [{**row._asdict(), "time_ms": 1, "receipt": 1, "may": may} for row in passes]
    return pa.Table.from_pylist(rows, pa.schema([*kinds.items()]))


def permitted(rows: pa.Table) -> Permitted[pa.Table, LiveTraffic]:
    """Permit rows for live traffic, through gate 1."""
    resting = ibis.table(PASSES_SCHEMA | STAMP, name="resting")
    dead = ibis.table({"receipt": "int64"}, name="dead")
    nobody = pa.table({"receipt": pa.array([], pa.int64())})
    may_be_read = permit(resting, LiveTraffic, OWN, category=Category.LOCATION, dead=dead)
    return collect(may_be_read, lambda asked: engine(asked, {"resting": rows, "dead": nobody}))


def ask(
    passes: Sequence[Pass],
    block: Block,
    declaration: Declaration[LiveTraffic] = PASSAGE,
    *,
    keys: PublicKeys = ROADS,
    memory: str = "the test's",
) -> Question[LiveTraffic]:
    """Ask `declaration`'s question about one block of `passes`."""
    rows = {"passes": permitted(arrow(passes))}
    return Question(declaration=declaration, rows=rows, keys=keys, block=block, memory=memory)


@lru_cache(maxsize=256)
def sql(expression: ops.Node) -> str:
    """Write an expression in DuckDB's SQL, once."""
    return str(ibis.to_sql(expression.to_expr(), dialect="duckdb"))


ENGINE = duckdb.connect(config={"threads": 1})


def engine(expression: ir.Table, relations: Mapping[str, pa.Table]) -> pa.Table:
    """Run `expression` on DuckDB."""
    with ENGINE.cursor() as session:
        for leaf in expression.op().find(ops.UnboundTable):
            session.register(leaf.name, relations[leaf.name])
        return session.execute(sql(expression.op())).to_arrow_table()


def seeded(seed: int) -> Callable[[int], bytes]:
    """Give randomness that is the same each time: for tests only."""
    return Random(seed).randbytes


class MemoryBook:
    """A book that remembers until the test ends, and the order of what happened."""

    def __init__(self) -> None:
        self.bills: dict[str, Bill] = {}
        self.kept: dict[str, Stored] = {}
        self.happened: list[str] = []

    def debit(self, bill: Bill, *, at: Instant) -> None:
        """Debit without a limit."""
        assert at
        self.happened.append("debit")
        self.bills[bill.release] = bill

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        """Keep the first output."""
        self.happened.append("store")
        bill = self.bills[release]
        stored = Stored(
            release=release,
            product=bill.product,
            block=bill.block,
            promise=bill.promise,
            digest=sha256(output).hexdigest(),
            output=output,
            released_at=at,
            seq=len(self.kept) + 1,
        )
        return self.kept.setdefault(release, stored)

    def stored(self, release: str) -> Stored | None:
        """Give what was kept."""
        return self.kept.get(release)


class MemoryDays:
    """A shelf of closed days that remembers until the test ends."""

    def __init__(self) -> None:
        self.days: dict[tuple[str, int, int], KeptDay] = {}

    def kept(self, product: str, edition: int, day: int) -> KeptDay | None:
        """Give what is kept."""
        return self.days.get((product, edition, day))

    def keep(self, day: KeptDay) -> None:
        """Keep it."""
        self.days[day.product, day.edition, day.day] = day
