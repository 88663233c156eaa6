"""Many small worlds in one run of the real gates, and the stage on which they are laid out.

Each world has roads and people of its own: world n has `roads_each` segments from n x `roads_each`
on, and ten subjects from 10 n on. What happens in one cannot be seen in another, unless a gate is
broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import operations as ops

from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.book import Bill, Stored
from hubbub.crowd.days import DayDiffers, DayShelf, DaySums, KeptDay, close_day
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import release, release_days, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.noise import Entropy, Integers
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted, collect, derive, permit
from hubbub.products.places.busyness import WEEK_HOURS
from hubbub.products.places.declarations import CATEGORY_HOURS, KNOWN, PLACE_HOURS
from hubbub.products.traffic.declarations import ROAD_SLOTS, TYPICAL_SLOTS
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP, VISITS, VISITS_SCHEMA
from hubbub.terms.purposes import OWN, Category, Purpose, cell_bit
from hubbub.terms.time import SECOND, Instant

ZONE: Final = ZoneInfo("Europe/Helsinki")
"""Two hours east of Greenwich in winter: a day on these clocks is no day of the engine's."""
NOON: Final = Instant(1_795_514_400 * SECOND)
"""12:00 there on Tuesday 24 November 2026."""
NOON_DAY: Final = 20_781
_SLOTS: Final = {
    ROAD_SLOTS.get_name(): (TYPICAL_SLOTS, 2),
    PLACE_HOURS.get_name(): (WEEK_HOURS, 36),
    CATEGORY_HOURS.get_name(): (WEEK_HOURS, 36),
}
"""Into how many parts of the week some keys are cut, and in which of them noon is."""
SUBJECTS_EACH: Final = 10
MISSING: Final = -(1 << 62)
"""Stands for a value that is missing in a row."""
FAST_MS: Final = 1
"""So fast over a road that its value is the highest there is, and all of a voice goes to `up`."""

BEFORE: Final = "before a withdrawal"
NOW: Final = "as of now"
"""Names of dead lists that rows are read under."""

_LENGTH_DM: Final = 1000
_DRIVEN_DM_MIN: Final = 250
_KNOWN: Final = {"half_cms": 200, "length_dm": _LENGTH_DM}  # of every road
_SCHEMA: Final = {name: getattr(pa, kind)() for name, kind in (PASSES_SCHEMA | STAMP).items()}
_VISIT_SCHEMA: Final = pa.schema([*(VISITS_SCHEMA | STAMP).items()])
_HELD: Final = ibis.table(PASSES_SCHEMA | STAMP, name="held")
_DEAD: Final = ibis.table({"receipt": "int64"}, name="dead")


@dataclass(frozen=True, kw_only=True)
class Passes:
    """Made-up rows: a column a field, each under a deal for the purpose that is asked for."""

    subject: Integers
    at: Integers
    segment: Integers
    distance_dm: Integers | int = _LENGTH_DM
    time_ms: Integers | int = FAST_MS
    receipt: Integers | int = 1
    may: Integers | int | None = None

    def table(self, purpose: type[Purpose]) -> pa.Table:
        """Lay them down."""
        may = cell_bit(purpose, OWN) if self.may is None else self.may
        given = {**vars(self), "may": may}
        columns = []
        for name, kind in _SCHEMA.items():
            whole = np.broadcast_to(np.asarray(given[name], np.int64), len(self.subject))
            columns.append(pa.array(whole, pa.int64(), mask=whole == MISSING).cast(kind))
        return pa.table(columns, schema=pa.schema([*_SCHEMA.items()]))


@dataclass(kw_only=True)
class Stage:
    """One declaration of a product, public keys for made-up worlds, and the gates on the way."""

    declared: Declaration[Any]
    keys: PublicKeys
    engine: Engine = field(default_factory=lambda: Engine(threads=1))

    def permitted(self, rows: pa.Table, *, dead: Sequence[int] = ()) -> Permitted[pa.Table, Any]:
        """Bring rows through gate 1; the receipts in `dead` were taken back."""
        buried = pa.table({"receipt": pa.array(dead, pa.int64())})
        asked = permit(_HELD, self.declared.purpose, OWN, category=Category.LOCATION, dead=_DEAD)
        return collect(asked, lambda query: self.engine.run(query, {"held": rows, "dead": buried}))

    def publish(
        self,
        rows: Permitted[pa.Table, Any],
        block: Block,
        *,
        entropy: Entropy,
        before: Permitted[pa.Table, Any] | None = None,
    ) -> dict[str, Integers]:
        """Bring one block of what was permitted through gate 2: its columns, in key order.

        Days are closed first: of what was permitted `before` somebody withdrew, then of `rows`.
        """
        question = self.question(rows, block)
        payment = spend(_Paper(), question, at=block.until)
        if isinstance(self.declared.blocks, Days):
            shelf = _ShelfOfDays()
            if before is not None:
                self.closed(self.question(before, block), shelf, dead=BEFORE)
            days = self.closed(question, shelf, dead=NOW)
            released = release_days(question, payment, days, dead=NOW, entropy=entropy)
        else:
            released = release(question, payment, engine=self.engine.run, entropy=entropy)
        table = released.value
        keys = self.keys.of_group(block.group, self.declared.blocks.groups)
        assert np.array_equal(np.unique(table["key"]), keys), "not every public key is answered"
        return {name: table[name].to_numpy() for name in table.column_names}

    def is_stale_refused(self, rows: Permitted[pa.Table, Any], block: Block) -> bool:
        """Tell whether days that were closed before a withdrawal are refused after it."""
        question = self.question(rows, block)
        days = self.closed(question, _ShelfOfDays(), dead=BEFORE)
        payment = spend(_Paper(), question, at=block.until)
        try:
            release_days(question, payment, days, dead=NOW, entropy=still)
        except DayDiffers:
            return True
        return False

    def closed(self, question: Question[Any], shelf: DayShelf, *, dead: str) -> list[DaySums[Any]]:
        """Close every day of the question's block, as read under a dead list."""
        run = self.engine.run
        return [
            close_day(question, day, dead=dead, shelf=shelf, engine=run)
            for day in question.block.days
        ]

    def question(self, rows: Permitted[pa.Table, Any], block: Block) -> Question[Any]:
        """Ask about one block of what was permitted."""
        asks_visits = VISITS.op() in self.declared.question.op().find(ops.UnboundTable)
        return Question(
            declaration=self.declared,
            rows={"visits": derive(rows, visits_of)} if asks_visits else {"passes": rows},
            keys=self.keys,
            block=block,
            memory="of this check",
        )


def still(count: int) -> bytes:
    """Give bytes that make every draw the same: what is left of a difference is exact."""
    return b"\x40" * count


def visits_of(passes: pa.Table) -> pa.Table:
    """Let a pass of a road stand for a visit of a place, and one that counts not for one nowhere.

    Each road is a place then, alone of its category and in its area.
    """
    counts = pc.and_(
        pc.greater_equal(passes["distance_dm"], _DRIVEN_DM_MIN), pc.greater(passes["time_ms"], 0)
    )
    stay_us = pc.multiply(passes["time_ms"].cast(pa.int64()), 1000)
    columns = {
        "until": pc.add(passes["at"], stay_us),
        "place": pc.if_else(pc.fill_null(counts, False), passes["segment"], -1),
    }
    told = [columns[n] if n in columns else passes[n] for n in _VISIT_SCHEMA.names]
    return pa.table(told, schema=_VISIT_SCHEMA)


def keys_of(declared: Declaration[Any], segments: Integers, *, at_noon: bool = False) -> PublicKeys:
    """Make public keys for some segments, in all parts of the week that there are, or at noon."""
    slots, noon = _SLOTS.get(declared.keys.get_name(), (1, 0))
    parts = np.array([noon] if at_noon else range(slots))
    segment, slot = np.repeat(segments, len(parts)), np.tile(parts, len(segments))
    columns = {"key": segment * slots + slot, "segment": segment, "slot": slot}
    same = {name: _KNOWN.get(name, 1) for name in declared.keys.columns if name not in columns}
    columns |= {name: np.full(len(segment), value) for name, value in same.items()}
    places = dict.fromkeys(KNOWN.columns, segments)
    return PublicKeys(
        _whole({name: columns[name] for name in declared.keys.columns}),
        beside={KNOWN.get_name(): _whole(places)},
    )


def counters(columns: dict[str, Integers]) -> list[Integers]:
    """List the counters of what was released."""
    return [values for name, values in columns.items() if name not in {"key", "bin"}]


def _whole(columns: Mapping[str, Integers]) -> pa.Table:
    return pa.table({name: pa.array(column, pa.int32()) for name, column in columns.items()})


class _ShelfOfDays:
    """A shelf for closed days. It is forgotten with the check."""

    def __init__(self) -> None:
        self._kept: dict[int, KeptDay] = {}

    def kept(self, product: str, edition: int, day: int) -> KeptDay | None:
        del product, edition
        return self._kept.get(day)

    def keep(self, day: KeptDay) -> None:
        self._kept[day.day] = day


class _Paper:
    """A book without a cap, for made-up people only. It is forgotten with the check."""

    def __init__(self) -> None:
        self._bills: dict[str, Bill] = {}
        self._kept: dict[str, Stored] = {}

    def debit(self, bill: Bill, *, at: Instant) -> None:
        del at
        self._bills[bill.release] = bill

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        bill = self._bills[release]
        stored = Stored(
            release=release,
            product=bill.product,
            block=bill.block,
            promise=bill.promise,
            digest=sha256(output).hexdigest(),
            output=output,
            released_at=at,
            seq=len(self._kept) + 1,
        )
        return self._kept.setdefault(release, stored)

    def stored(self, release: str) -> Stored | None:
        return self._kept.get(release)
