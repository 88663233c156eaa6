"""The audit of the deal: a sample of rows, as they are read and as their history says they may be.

What is read is told by gate 1 itself, by stamps and dead lists; the history by the documents of
people's receipts alone. The two have no code in common, and agree on every row.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import structlog
from msgspec.structs import asdict, replace
from numpy.typing import NDArray

from hubbub.deal.history import History
from hubbub.record.deal_store import DealStore
from hubbub.record.record import Record
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.settings import read_settings
from hubbub.run.status import Audited, read_note, write_note
from hubbub.terms.catalogue import CATEGORIES
from hubbub.terms.people import Subject
from hubbub.terms.purposes import PURPOSES, Cell, Recipient, cell_bit
from hubbub.terms.time import SECOND, Clock, Instant

log = structlog.get_logger()

type Entropy = Callable[[int], bytes]
"""Gives so many random bytes."""

SHARE: Final = 0.01
EVERY_US: Final = 24 * 3600 * SECOND
_ROWS_A_STEP: Final = 500_000  # of which it takes a sample
_LOOKS: Final = 3
_CATEGORY: Final = CATEGORIES["pings"]


class Audit:
    """One audit, some files at a time."""

    def __init__(
        self, deals: DealStore, record: Record, *, at: Instant, share: float, entropy: Entropy
    ) -> None:
        """Take each row into the sample with a chance of `share`, which nobody can foresee."""
        self._deals, self._record, self._share, self._entropy = deals, record, share, entropy
        self._looked_at: set[str] = set()
        self.found = Audited(at=at)

    def go_on(self) -> bool:
        """Audit some more. Tells whether that was the last of it."""
        rows, chosen = 0, []
        for file in self._record.files():
            if file.path not in self._looked_at and rows < _ROWS_A_STEP:
                chosen.append(file)
                rows += file.rows
        self._looked_at.update(file.path for file in chosen)
        try:
            held = self._record.stamps(chosen)
        except FileNotFoundError:  # replaced meanwhile: what replaces it is looked at
            return False
        drawn = np.frombuffer(self._entropy(4 * held.num_rows), np.uint32) < self._share * 2.0**32
        self._look(held.filter(pa.array(drawn)))
        return rows < _ROWS_A_STEP

    def _look(self, sample: pa.Table) -> None:
        """Compare both verdicts on every row, and count.

        Somebody may change their mind, or be erased, between the two: what differs is looked at
        again, and has to differ each time.
        """
        counted, odd = self._compare(sample := self._of_the_present(sample))
        for _ in range(_LOOKS - 1):
            if not odd:
                break
            sample = self._of_the_present(sample.take(pa.array(sorted(odd))))
            again, odd = self._compare(sample)
            counted |= {kind: again[kind] for kind in ("disagreements", "nobodys")}
        so_far = asdict(self.found)
        self.found = replace(
            self.found, **{kind: so_far[kind] + count for kind, count in counted.items()}
        )

    def _of_the_present(self, sample: pa.Table) -> pa.Table:
        """Leave out who is being erased: their history may be gone before their rows."""
        erased = np.isin(sample["subject"].to_numpy(), self._deals.erasures.subjects())
        return sample.filter(pa.array(~erased))

    def _compare(self, sample: pa.Table) -> tuple[dict[str, int], set[int]]:
        """Count verdicts by what they are, and give the places where the two differ."""
        subjects = list(map(Subject, sample["subject"].to_pylist()))
        histories = self._deals.histories.of([*{*subjects}])
        told_by = [histories.get(subject) for subject in subjects]
        collected = list(map(Instant, sample["at"].to_pylist()))
        may = sample["may"].to_numpy()
        counted = Counter(rows=len(subjects), nobodys=told_by.count(None))
        odd = {place for place, history in enumerate(told_by) if history is None}
        for cell, recipient in self._cells(may, histories.values()):
            read = np.zeros(len(subjects), bool)
            read[self._record.judge(sample, cell.purpose, recipient)] = True
            stamped = (may & cell_bit(cell.purpose, recipient)) != 0
            for place, history in enumerate(told_by):
                if history is None:
                    continue
                told = history.may_read(cell, collected=collected[place])
                kind = _kind(told, is_read=read[place], is_stamped=stamped[place])
                counted.update(("verdicts", kind) if kind else ("verdicts",))
                if kind == "disagreements":
                    odd.add(place)
        return counted, odd

    def _cells(
        self, may: NDArray[np.int64], histories: Iterable[History]
    ) -> Iterator[tuple[Cell, Recipient]]:
        """List the cells that a stamp or a history knows of: of all others both say no."""
        bits = int(np.bitwise_or.reduce(may, initial=0))
        opened = frozenset[Cell]().union(*(history.cells() for history in histories))
        for recipient in self._deals.histories.recipients():
            for purpose in PURPOSES.values():
                cell = Cell(_CATEGORY, purpose, recipient.key)
                if cell in opened or bits & cell_bit(purpose, recipient):
                    yield cell, recipient


def _kind(told: bool | None, *, is_read: bool, is_stamped: bool) -> str:  # noqa: FBT001 - a verdict
    if told is None:
        return "undecided"
    if told == is_read:
        return "readable" if is_read else ""
    # Agreed to, and not stamped: a signal that came with the row said no.
    return "narrowed" if told and not is_stamped else "disagreements"


class Auditor:
    """Audits once a day, some files at a time, between two rounds of the keeper."""

    def __init__(
        self, home: Home, deals: DealStore, record: Record, *, clock: Clock, share: float = SHARE
    ) -> None:
        self._home, self._deals, self._record = home, deals, record
        self._clock, self._share = clock, share
        self._audit: Audit | None = None
        self._last = read_note(home.audited, Audited)

    @property
    def trouble(self) -> str:
        """Say in words for the operator what the last audit found, if it was something."""
        return "" if self._last is None else self._last.trouble

    def step(self) -> None:
        """Begin an audit if one is due, or go on with it."""
        now, last = self._clock.now(), self._last
        if self._audit is not None:
            if self._audit.go_on():
                self._end(self._audit.found)
        elif last is None or not last.at <= now < last.at + EVERY_US:
            self._audit = Audit(
                self._deals, self._record, at=now, share=self._share, entropy=os.urandom
            )

    def _end(self, found: Audited) -> None:
        self._audit, self._last = None, found
        write_note(self._home.audited, found)
        tell = log.error if found.trouble else log.info
        tell("the deal was audited", **asdict(found))


def audit(home: Home, *, share: float) -> Audited:
    """Audit now, beside a running house or without one."""
    settings = read_settings(home.folder)
    clock = house_clock(settings)
    deals = open_deals(home, settings, clock)
    try:
        record = open_record(home, deals)
        audited = Audit(deals, record, at=clock.now(), share=share, entropy=os.urandom)
        while not audited.go_on():
            pass
        record.close()
    finally:
        deals.close()
    return audited.found
