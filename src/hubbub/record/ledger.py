"""The ledger on disk: what was spent of people's privacy, and the bytes released for it.

Rules: a debit is on disk before its noise is drawn. Nothing is refunded, changed or deleted. Every
entry is chained to the one before it by its hash. A release has one output, for ever. A ledger that
is missing, older than the store of people's rows remembers, or a copy, spends nothing.
"""

from fractions import Fraction
from hashlib import sha256
from math import ceil
from pathlib import Path

from hubbub.crowd.book import (
    Account,
    Bill,
    BlockTaken,
    BudgetSpent,
    Cap,
    Caps,
    DayClosed,
    Mechanism,
    Stored,
)
from hubbub.crowd.cost import epsilon
from hubbub.record.ledger_file import LedgerFile
from hubbub.record.ledger_shelf import STORED, stored_of
from hubbub.record.ledger_tables import NANO, Debited, PutOut, append, closed_through
from hubbub.terms.errors import Refused
from hubbub.terms.time import Instant, iso


class ScopeWithoutCap(Refused):
    """No cap was set for what this release spends from, so it has nothing to spend."""


class NeverPaid(Refused):
    """An output is stored for what was paid only."""


class Ledger:
    """The book that gate 2 pays from: one writer at a time, any number of readers."""

    def __init__(self, path: Path, *, witness: Path, caps: Caps) -> None:
        """Open the ledger at `path`, or start one if `witness` remembers none."""
        self._caps, self._file = caps, LedgerFile.at_home(path, witness=witness)
        self._sqlite = self._file.sqlite

    def debit(self, bill: Bill, *, at: Instant) -> None:
        """Debit every account of `bill` once, on disk before this returns, or raise BudgetSpent."""
        with self._file.writing():
            paid, put_out = self._known(bill)
            if put_out:
                return
            self._require_open(bill)
            if paid:
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
        with self._file.writing():
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
        with self._file.lock:
            return self._stored(release)

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()

    def _known(self, bill: Bill) -> tuple[bool, bool]:
        """Tell whether the bill's release was paid, and whether it was put out."""
        taken = self._sqlite.execute(
            "SELECT release, seq FROM release WHERE product = ? AND block = ?",
            (bill.product, bill.block),
        ).fetchone()
        if taken is None:
            return False, False
        release, seq = taken
        if release != bill.release:
            raise BlockTaken(product=bill.product, block=bill.block, release=release)
        return True, seq is not None

    def _require_open(self, bill: Bill) -> None:
        """Refuse to draw for a day that an adoption closed, also what was paid before it."""
        through = closed_through(self._sqlite)
        for account in bill.accounts:
            if account.day <= through:
                raise DayClosed(account=account, through=through)

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
                spent_on=[self._told(release, at, debit) for debit, *_, at, release in spent_on],
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

    def _told(self, release: str, at: int, debit: str) -> str:
        """Tell of a debit: the release that made it, and how many more shared it."""
        product, block = self._sqlite.execute(
            "SELECT product, block FROM release WHERE release = ?", (release,)
        ).fetchone()
        (more,) = self._sqlite.execute(
            "SELECT count(*) - 1 FROM release WHERE debit = ?", (debit,)
        ).fetchone()
        others = f", and {more} of the same plan" if more else ""
        return f"{product}, {block}, at {iso(Instant(at))}: release {release}{others}"

    def _stored(self, release: str) -> Stored | None:
        row = self._sqlite.execute(STORED + "release = ?", (release,)).fetchone()
        return None if row is None else stored_of(row)
