"""Whether nothing is drawn that is not paid: each rule of gate 2 on a ledger of its own.

A ledger is made in a folder of its own, spent from, copied, set back and lost, and every time it is
seen what the gate then does. Noise is the operating system's; the people are made up.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from hubbub.crowd.book import BlockTaken, BudgetSpent, Cap, standard_caps
from hubbub.crowd.gate import Released, release, spend
from hubbub.crowd.noise import Entropy
from hubbub.crowd.question import Question
from hubbub.crowd.summing import BoundBroken
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, windows_of
from hubbub.prove.check import Case, Check, Verdict, verdict
from hubbub.prove.worlds import NOON, ZONE, Passes, Stage, keys_of
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.ledger_witness import LedgerLost
from hubbub.run.products import EVERY_DECLARATION
from hubbub.terms.errors import HubbubError
from hubbub.terms.time import SECOND

_ROADS: Final = 400
_AMPLE: Final = Cap(epsilon=6.1, delta=1e-8)


@dataclass(frozen=True, kw_only=True)
class Till:
    """A ledger in a folder of its own, and one product's stage."""

    folder: Path
    stage: Stage

    @property
    def path(self) -> Path:
        """Tell where the ledger is."""
        return self.folder / "ledger.sqlite"

    def open(self, *, share: float = 1.0) -> Ledger:
        """Open the ledger; its caps are some share of what products declare."""
        caps = standard_caps(EVERY_DECLARATION, everything=_AMPLE)
        cut = {name: replace(cap, epsilon=cap.epsilon * share) for name, cap in caps.items()}
        return Ledger(self.path, witness=self.folder / "rows" / "head", caps=cut)

    def question(self, window: int) -> Question[Any]:
        """Ask about a window, in which one person made one pass."""
        blocks = windows_of(self.stage.declared)
        first = NOON // (blocks.length_s * SECOND)
        one = np.array([0])
        rows = Passes(subject=one, at=one + NOON, segment=one).table(self.stage.declared.purpose)
        block = blocks.block(first + window, 0, zone=ZONE)
        return self.stage.question(self.stage.permitted(rows), block)

    def publish(
        self, book: Ledger, question: Question[Any], *, entropy: Entropy = os.urandom
    ) -> Released[pa.Table]:
        """Pay from a book, and release."""
        payment = spend(book, question, at=NOON)
        return release(question, payment, engine=self.stage.engine.run, entropy=entropy)


def check_payment(case: Case) -> Verdict:
    """Try each rule on a new ledger."""
    del case
    faults = [
        f"{declared.name}: {told}"
        for declared in (LIVE_PASSAGE, LIVE_DAY)
        for rule, told in RULES.items()
        if not _keeps(rule, Stage(declared=declared, keys=keys_of(declared, np.arange(_ROADS))))
    ]
    return verdict(faults, f"{len(RULES)} rules of paying kept by a ledger on this disk")


def _keeps(rule: Callable[[Till], bool], stage: Stage) -> bool:
    with TemporaryDirectory(prefix="hubbub-till-") as folder:
        return rule(Till(folder=Path(folder), stage=stage))


def pays_first(till: Till) -> bool:
    """Look at the disk when randomness is asked for, and when the answer is there."""
    book, question, spent = till.open(), till.question(0), list[float]()

    def watched(count: int) -> bytes:
        shelf = LedgerShelf(till.path)
        spent.extend(row.spent_epsilon for row in shelf.accounts())
        assert not shelf.newest(1), "nothing is put out yet"
        shelf.close()
        return os.urandom(count)

    released = till.publish(book, question, entropy=watched)
    shelf = LedgerShelf(till.path)
    kept = all(map(shelf.known, released.sources))
    shelf.close()
    book.close()
    return bool(spent) and min(spent) > 0 and kept


def repeats(till: Till) -> bool:
    """Ask twice: the same bytes, without a draw, and without another debit."""
    book, question, draws = till.open(), till.question(0), list[int]()

    def counted(count: int) -> bytes:
        draws.append(count)
        return os.urandom(count)

    first, again = (till.publish(book, question, entropy=counted) for _ in range(2))
    book.close()
    return first.sources == again.sources and first.value == again.value and len(draws) == 1


def noises_everything(till: Till) -> bool:
    """Look at the roads that nobody drove: each has noise of its own in each counter."""
    book = till.open()
    table = till.publish(book, till.question(0)).value
    book.close()
    up, down = table["up"].to_numpy()[1:], table["down"].to_numpy()[1:]
    several = len(up) > 10 and min(len(np.unique(each)) for each in (up, down)) > len(up) // 2
    return several and bool((up != down).any())


def refuses_overdraft(till: Till) -> bool:
    """Ask for more than the cap, and for a block that was asked about in another way."""
    book = till.open(share=0.5)
    poor = _refused(BudgetSpent, lambda: till.publish(book, till.question(0)))
    book.close()
    shutil.rmtree(till.folder / "rows")
    till.path.unlink()
    book = till.open()
    till.publish(book, till.question(0))
    other = replace(till.question(0), keys=keys_of(till.stage.declared, np.arange(_ROADS // 2)))
    taken = _refused(BlockTaken, lambda: till.publish(book, other))
    book.close()
    return poor and taken


def stops_at_a_broken_bound(till: Till) -> bool:
    """Let an engine find somebody who adds too much: nothing is released, and the debit stays."""
    book, question = till.open(), till.question(0)
    payment = spend(book, question, at=NOON)

    def finds_too_much(query: ir.Table, relations: Mapping[str, pa.Table]) -> pa.Table:
        found = till.stage.engine.run(query, relations)
        norm = pc.if_else(pc.is_null(found["key"]), 10**12, None)
        return found.set_column(found.column_names.index("norm"), "norm", norm)

    stopped = _refused(
        BoundBroken,
        lambda: release(question, payment, engine=finds_too_much, entropy=os.urandom),
    )
    shelf = LedgerShelf(till.path)
    nothing_out, debited = not shelf.newest(1), bool(shelf.accounts())
    shelf.close()
    book.close()
    return stopped and nothing_out and debited


def refuses_an_old_ledger(till: Till) -> bool:
    """Copy the ledger with all that is beside it, set it back, and lose it: it spends no more."""
    till.open().close()
    older = till.path.read_bytes()
    book = till.open()
    till.publish(book, till.question(0))
    book.close()
    copied = replace(till, folder=till.folder / "copy")
    shutil.copytree(till.folder, copied.folder, ignore=lambda *_: ["copy"])
    copy = _refused(LedgerLost, lambda: copied.open().close())
    till.path.write_bytes(older)
    old = _refused(LedgerLost, lambda: till.open().close())
    till.path.unlink()
    return copy and old and _refused(LedgerLost, lambda: till.open().close())


def _refused(kind: type[HubbubError], attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except kind:
        return True
    return False


RULES: Final[Mapping[Callable[[Till], bool], str]] = {
    pays_first: "noise is drawn, or an answer given, before it is on the disk",
    repeats: "the same question does not get the same bytes, free",
    noises_everything: "roads that nobody drove have no noise of their own",
    refuses_overdraft: "a spent budget, or a block that is taken, is spent again",
    stops_at_a_broken_bound: "a broken bound is released",
    refuses_an_old_ledger: "a ledger that is copied, old or lost spends",
}
"""Each rule, and what it means if it is broken."""

PAYMENT: Final = Check(
    id="payment",
    sentence="All is paid for, on disk, before it is drawn; what is spent, broken or lost refuses.",
    run=check_payment,
)
