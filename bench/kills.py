"""Kills who spends and releases, at random moments, and looks at what the world was told.

    python -m bench.kills [COUNT]

Two processes at a time release what four products and a plan of the day may and may not spend
together, through the real gate, ledger and noise; each tells what it released, and is killed within
milliseconds. Then: nothing was seen in two ways, nothing that is not stored, nothing unpaid, and
no account is overdrawn. Ends with 1 if not.
"""

import json
import mmap
import os
import secrets
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import Days, Windows
from hubbub.crowd.book import Bill, Book, Cap, Stored, standard_caps
from hubbub.crowd.bounds import OneNorm
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import recall, release, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, G
from hubbub.crowd.measure import Presence
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted, collect, permit
from hubbub.products.traffic.declarations import LIVE_DAY
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_check import verify
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.terms.catalogue import PASSES, PASSES_SCHEMA, STAMP
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import OWN, Category, LiveTraffic
from hubbub.terms.time import SECOND, Instant

FIRST_DAY: Final = 20_417
AT: Final = Instant(1_764_064_800 * SECOND)
UTC: Final = ZoneInfo("UTC")
_FAULT: Final = "fault:"
PAYERS: Final = 2
ALIVE_RELEASES: Final = 5
"""Payers live for a random time, below what so many releases take this machine ..."""
WAITED_FOR: Final = 0.95
"""... most of them from their first debit on, so that few are killed while they open the ledger."""
DAYS_OPEN: Final = 2
KILLS_A_DAY: Final = 30
"""So that accounts are not all spent, a day is closed and another one begun after so many."""

PLAN: Final = replace(
    LIVE_DAY,
    name="plan",
    question=PASSES.select("subject", "at", key=PASSES.segment),
    measure=Presence(counted="voices"),
)
PRODUCTS: Final = [
    replace(
        PLAN,
        name=f"product {number}",
        edition=edition,
        bound=OneNorm(),
        noise=DiscreteLaplace(scale=G),
        epsilon=1,
        delta=0,
        blocks=Days(days=1),
    )
    for number in range(4)
    for edition in (1, 2)
]
"""Epsilon 1 each; a day can be asked about in one edition only."""
CAPS: Final = standard_caps((*PRODUCTS, PLAN), everything=Cap(epsilon=6.1, delta=1e-8))
"""With the plan's 4, two of the four products fit into a day."""
MEMORIES: Final = ("one", "another")
"""Two plans of a day: one only fits into it."""
WINDOWS: Final = 5
KEYS: Final = PublicKeys(pa.table({"key": pa.array(range(0, 80, Windows().groups), pa.int32())}))
STEPS: Final = ("opening", "debit", "draw", "store", "telling")


type Mark = Callable[[str], None]
"""Shows the parent what a payer is about."""


@dataclass
class Found:
    """What the world was told, and what is wrong with it."""

    kills: int = 0
    told: dict[str, str] = field(default_factory=dict)  # by release
    killed_in: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Watched:
    """A ledger that shows in shared memory what its payer is about."""

    def __init__(self, ledger: Ledger, mark: Mark) -> None:
        self._ledger, self._mark = ledger, mark

    def debit(self, bill: Bill, *, at: Instant) -> None:
        """Debit."""
        self._mark("debit")
        self._ledger.debit(bill, at=at)
        self._mark("draw")

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        """Store."""
        self._mark("store")
        stored = self._ledger.store(release, output, at=at)
        self._mark("telling")
        return stored

    def stored(self, release: str) -> Stored | None:
        """Give what is stored."""
        return self._ledger.stored(release)


def main() -> None:
    """Kill COUNT payers, and tell what was found as JSON."""
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        found = kill(Path(folder), count)
        report = verify(Path(folder) / "ledger.sqlite")
        took_s = time.monotonic() - began
    found.faults += report.faults
    told = {
        "kills": found.kills,
        "seconds": round(took_s, 1),
        "killed_in": dict(found.killed_in),
        "entries": report.entries,
        "released": report.releases,
        "seen": len(found.told),
        "faults": found.faults,
    }
    print(json.dumps(told, indent=2))
    sys.exit(1 if found.faults else 0)


def kill(home: Path, count: int) -> Found:
    """Start payers and kill them, `count` in all, looking at what they told each time."""
    chance, found, steps = secrets.SystemRandom(), Found(), mmap.mmap(-1, PAYERS)
    alive_s = ALIVE_RELEASES * _warm(home / "warm")
    _open(home).close()
    with closing(LedgerShelf(home / "ledger.sqlite")) as shelf:
        while found.kills < count:
            first_day = FIRST_DAY + found.kills // KILLS_A_DAY
            steps[:] = bytes(PAYERS)
            payers = [_fork(home, first_day, partial(_mark, steps, n)) for n in range(PAYERS)]
            waited_for = chance.random() < WAITED_FOR
            while waited_for and not any(steps[:]):
                time.sleep(0.001)
            time.sleep(chance.uniform(0, alive_s))
            for payer, _ in payers:
                os.kill(payer, signal.SIGKILL)
            for payer, world in payers:
                os.waitpid(payer, 0)
                _look(world, shelf, found)
            found.kills += PAYERS
            found.killed_in.update(STEPS[step] for step in steps[:])
    return found


def _mark(steps: mmap.mmap, number: int, step: str) -> None:
    steps[number] = STEPS.index(step)


def _look(world: int, shelf: LedgerShelf, found: Found) -> None:
    """Compare what a payer told with what others told, and with what is stored."""
    with os.fdopen(world, "rb") as told:
        lines = told.read().decode().splitlines()
    for line in lines:
        of, _, values = line.partition(" ")
        if of == _FAULT:
            found.faults.append(values)
        elif found.told.setdefault(of, values) != values:
            found.faults.append(f"{of} was seen in two ways")
        elif (stored := shelf.stored(of)) is None:
            found.faults.append(f"{of} was seen, and is not stored")
        elif _written(recall(shelf, stored.release).value) != values:
            found.faults.append(f"{of} was seen, and other bytes are stored")


def _fork(home: Path, first_day: int, mark: Mark) -> tuple[int, int]:
    """Start a payer; give its number, and where to read what it tells."""
    world, mouth = os.pipe()
    payer = os.fork()
    if payer == 0:
        try:
            _pay(Watched(_open(home), mark), first_day, mouth)
        except BaseException as error:  # noqa: BLE001 - a payer tells all, and ends here
            mark("telling")
            os.write(mouth, f"{_FAULT} {error!r}\n".encode())
        os._exit(1)
    os.close(mouth)
    return payer, world


def _pay(book: Watched, first_day: int, mouth: int) -> None:
    """Release for as long as there is somebody to kill it, and tell the world each time."""
    chance, killer = secrets.SystemRandom(), os.getppid()
    while os.getppid() == killer:
        question = _question(chance, first_day + chance.randrange(DAYS_OPEN))
        try:
            told = _released(question, book)
        except Refused:
            continue
        os.write(mouth, f"{told}\n".encode())


def _released(question: Question[LiveTraffic], book: Book) -> str:
    """Pay, draw and store, and write down what came of it."""
    payment = spend(book, question, at=AT)
    released = release(question, payment, engine=_engine, entropy=os.urandom)
    return f"{payment.release} {_written(released.value)}"


def _question(chance: secrets.SystemRandom, day: int) -> Question[LiveTraffic]:
    """Choose a product's day, or a window of a plan. Not all of them can be paid."""
    if chance.random() < 0.5:
        return _asked_of_day(chance.choice(PRODUCTS), day)
    return _asked_of_window(chance.choice(MEMORIES), day, chance.randrange(WINDOWS))


def _asked_of_day(declared: Declaration[LiveTraffic], day: int) -> Question[LiveTraffic]:
    block = Days(days=1).block(day, UTC)
    return Question(declaration=declared, rows=_rows(), keys=KEYS, block=block)


def _asked_of_window(memory: str, day: int, window: int) -> Question[LiveTraffic]:
    return Question(
        declaration=PLAN,
        rows=_rows(),
        keys=KEYS,
        block=Windows().block(day * 288 + window, 0, zone=UTC),
        memory=memory,
    )


@cache
def _rows() -> dict[str, Permitted[pa.Table, LiveTraffic]]:
    schema = PASSES_SCHEMA | STAMP
    leaf, dead = ibis.table(schema, name="held"), ibis.table({"receipt": "int64"}, name="dead")
    none = pa.table({name: pa.array([], kind) for name, kind in schema.items()})
    permitted = permit(leaf, LiveTraffic, OWN, category=Category.LOCATION, dead=dead)
    return {"passes": collect(permitted, lambda _: none)}


def _engine(_expression: ir.Table, _relations: object) -> pa.Table:
    """Answer as if one person had been on every road: it is the ledger that is tried here."""
    roads = KEYS.table["key"].to_pylist()
    return pa.table(
        {
            "key": pa.array([*roads, None], pa.int32()),
            "count": pa.array([G // len(roads) for _ in roads] + [None]),
            "norm": pa.array([None for _ in roads] + [G]),
            "least": pa.array([None for _ in roads] + [0]),
        }
    )


def _open(home: Path) -> Ledger:
    return Ledger(home / "ledger.sqlite", witness=home / "events" / "_ledger.head", caps=CAPS)


def _written(table: pa.Table) -> str:
    return json.dumps([column.to_pylist() for column in table.columns], separators=(",", ":"))


def _warm(home: Path) -> float:
    """Work out once what every payer needs: tables, costs, queries. Tells how long a release takes.

    What can be paid and what cannot is told here too, where nobody is killed.
    """
    took_s, refused = [], 0
    questions = [_asked_of_window(memory, FIRST_DAY, 0) for memory in MEMORIES]
    for day in (FIRST_DAY, FIRST_DAY + 1):
        questions += [_asked_of_day(declared, day) for declared in PRODUCTS]
    with closing(_open(home)) as book:
        for question in questions:
            began = time.perf_counter()
            try:
                _released(question, book)
                took_s.append(time.perf_counter() - began)
            except Refused:
                refused += 1
    paid = len(took_s)
    assert (paid, refused) == (1 + 2 + 4, 1 + 6 + 4), "a plan, and what fits into a day beside it"
    return min(took_s)


if __name__ == "__main__":
    main()
