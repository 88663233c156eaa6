"""The ledger on disk: what was spent of people's privacy, and the bytes released for it.

Rules: a debit is on disk before its noise is drawn. Nothing is refunded, changed or deleted. Every
entry is chained to the one before it by its hash. A release has one output, for ever. A ledger that
is missing, or older than the store of people's rows remembers, spends nothing.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction
from hashlib import sha256
from math import ceil
from pathlib import Path
from threading import Lock

from hubbub.crowd.book import Account, Bill, BlockTaken, BudgetSpent, Cap, Caps, Mechanism, Stored
from hubbub.crowd.cost import epsilon
from hubbub.record.ledger_shelf import STORED, stored_of
from hubbub.record.ledger_tables import VERSION, Debited, PutOut, append, head_of, statements
from hubbub.record.ledger_witness import START, Head, LedgerLost, Witness
from hubbub.terms.errors import Refused
from hubbub.terms.time import Instant, iso

NANO = 10**9
"""Accounts are kept in whole billionths of epsilon."""


class ScopeWithoutCap(Refused):
    """No cap was set for what this release spends from, so it has nothing to spend."""


class NeverPaid(Refused):
    """An output is stored for what was paid only."""


class Ledger:
    """The book that gate 2 pays from: one writer at a time, any number of readers."""

    def __init__(self, path: Path, *, witness: Path, caps: Caps) -> None:
        """Open the ledger at `path`, or start one if `witness` remembers none."""
        self._caps, self._lock, self._witness = caps, Lock(), Witness(witness)
        remembered = self._witness.head()
        if remembered != START and not path.exists():
            raise LedgerLost(
                f"{path.name} is missing, and {remembered.seq} entries were made in it"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._sqlite = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=30
        )
        try:
            self._begin(remembered)
        except BaseException:
            self.close()
            raise

    def debit(self, bill: Bill, *, at: Instant) -> None:
        """Debit every account of `bill` once, on disk before this returns, or raise BudgetSpent."""
        with self._writing():
            if self._is_paid(bill):
                return
            self._sqlite.execute(
                "INSERT INTO release (release, product, block, specification, promise, debit,"
                " paid_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    bill.release,
                    bill.product,
                    bill.block,
                    bill.specification,
                    bill.promise,
                    bill.debit,
                    at,
                ),
            )
            for account in bill.accounts:
                self._debit_account(account, bill, at=at)

    def store(self, release: str, output: bytes, *, at: Instant) -> Stored:
        """Keep the first `output` of a release that was paid, and give back what is kept."""
        digest = sha256(output).hexdigest()
        with self._writing():
            kept = self._stored(release)
            if kept is not None:
                return kept
            if not self._sqlite.execute(
                "SELECT 1 FROM release WHERE release = ?", (release,)
            ).fetchone():
                raise NeverPaid(f"release {release} was never paid")
            seq = append(self._sqlite, PutOut(at=at, release=release, digest=digest))
            self._sqlite.execute(
                "UPDATE release SET output = ?, digest = ?, released_at = ?, seq = ? "
                "WHERE release = ?",
                (output, digest, at, seq, release),
            )
            kept = self._stored(release)
        assert kept is not None, "it was stored a line ago"
        return kept

    def stored(self, release: str) -> Stored | None:
        """Give what was released as `release`, if anything was."""
        with self._lock:
            return self._stored(release)

    def close(self) -> None:
        """Let go of the files."""
        self._sqlite.close()
        self._witness.close()

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Hold the one write lock; on disk when it ends well, without a trace when it does not."""
        with self._lock:
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield
                head = head_of(self._sqlite)
                self._sqlite.execute("COMMIT")
            except BaseException:
                self._sqlite.execute("ROLLBACK")
                raise
            self._witness.remember(head)

    def _begin(self, remembered: Head) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._sqlite.execute(f"PRAGMA {pragma}")
        with self._writing():
            if self._sqlite.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                for statement in statements():
                    self._sqlite.execute(statement)
            self._require(remembered)

    def _require(self, remembered: Head) -> None:
        """Refuse a ledger that lacks the entry that the store of people's rows remembers."""
        row = self._sqlite.execute(
            "SELECT hash FROM entry WHERE seq = ?", (remembered.seq,)
        ).fetchone()
        if remembered != START and (row is None or row[0] != remembered.hash):
            raise LedgerLost(
                f"the ledger has not the entry {remembered.seq} that the rows' store remembers: "
                "it is an older copy, or another one"
            )

    def _is_paid(self, bill: Bill) -> bool:
        taken = self._sqlite.execute(
            "SELECT release FROM release WHERE product = ? AND block = ?",
            (bill.product, bill.block),
        ).fetchone()
        if taken is not None and taken[0] != bill.release:
            raise BlockTaken(product=bill.product, block=bill.block, release=taken[0])
        return taken is not None

    def _debit_account(self, account: Account, bill: Bill, *, at: Instant) -> None:
        place = (account.scope, account.unit, account.period)
        spent_on = self._sqlite.execute(
            "SELECT debit, law, width, at, release FROM entry WHERE kind = 'debit' "
            "AND scope = ? AND unit = ? AND period = ? ORDER BY seq",
            place,
        ).fetchall()
        if any(debit == bill.debit for debit, *_ in spent_on):
            return  # a plan's later releases were paid by its first
        cap = self._cap(account)
        before = [Mechanism(law, Fraction(width)) for _, law, width, *_ in spent_on]
        needs = epsilon([*before, bill.mechanism], delta=cap.delta)
        if needs > cap.epsilon:
            raise BudgetSpent(
                account=account,
                cap=cap,
                needs=needs,
                spent_on=[self._told(at=at, release=release) for *_, at, release in spent_on],
            )
        append(
            self._sqlite,
            Debited(
                at=at,
                release=bill.release,
                scope=account.scope,
                unit=account.unit,
                period=account.period,
                debit=bill.debit,
                law=bill.mechanism.law,
                width=str(bill.mechanism.width),
            ),
        )
        self._sqlite.execute(
            "UPDATE account SET spent_nano = max(spent_nano, min(cap_nano, ?)) "
            "WHERE scope = ? AND unit = ? AND period = ?",
            (ceil(needs * NANO), *place),
        )

    def _cap(self, account: Account) -> Cap:
        """Give the cap that an account was opened with; open it with today's if it is new."""
        place = (account.scope, account.unit, account.period)
        row = self._sqlite.execute(
            "SELECT cap_nano, delta FROM account WHERE scope = ? AND unit = ? AND period = ?", place
        ).fetchone()
        if row is not None:
            return Cap(epsilon=row[0] / NANO, delta=row[1])
        if account.scope not in self._caps:
            raise ScopeWithoutCap(f"{account.scope} has no cap, so nothing is spent from it")
        cap = self._caps[account.scope]
        self._sqlite.execute(
            "INSERT INTO account (scope, unit, period, cap_nano, delta) VALUES (?, ?, ?, ?, ?)",
            (*place, round(cap.epsilon * NANO), cap.delta),
        )
        return cap

    def _told(self, *, at: int, release: str) -> str:
        product, block = self._sqlite.execute(
            "SELECT product, block FROM release WHERE release = ?", (release,)
        ).fetchone()
        return f"{product}, {block}, at {iso(Instant(at))}: release {release}"

    def _stored(self, release: str) -> Stored | None:
        row = self._sqlite.execute(STORED + "release = ?", (release,)).fetchone()
        return None if row is None else stored_of(row)
