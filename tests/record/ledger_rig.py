"""Bills to pay and a ledger to pay them from: shared by the tests of the ledger."""

import json
import sqlite3
from contextlib import closing
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

from hubbub.crowd.book import GAUSSIAN, LAPLACE, Account, Bill, Cap, Mechanism
from hubbub.record.ledger import Ledger
from hubbub.terms.time import SECOND, Instant

NOON = Instant(1_764_064_800 * SECOND)
HALF = Mechanism(LAPLACE, Fraction(2))
"""Costs epsilon 0.5."""
WEEKLY = Mechanism(GAUSSIAN, Fraction(5496, 1000))
CAPS = {
    "busy": Cap(epsilon=1, delta=0),
    "typical": Cap(epsilon=1, delta=1e-9),
    "funnel": Cap(epsilon=1, delta=1e-8),
    "everything": Cap(epsilon=1.2, delta=1e-8),
}


def bill(
    block: str,
    *,
    product: str = "busy",
    scopes: tuple[str, ...] = ("busy",),
    periods: tuple[str, ...] = ("2025-11-25",),
    mechanism: Mechanism = HALF,
    debit: str = "",
    edition: int = 1,
) -> Bill:
    """Write a bill."""
    specification = json.dumps([product, block, edition])
    release = sha256(specification.encode()).hexdigest()
    return Bill(
        release=release,
        product=product,
        block=block,
        specification=specification,
        promise="one day is hidden",
        debit=debit or release,
        mechanism=mechanism,
        accounts=tuple(Account(scope, "person-day", day) for day in periods for scope in scopes),
    )


def opened(home: Path) -> Ledger:
    """Open the ledger in `home`, with its witness beside the rows."""
    return Ledger(home / "ledger.sqlite", witness=witness(home), caps=CAPS)


def witness(home: Path) -> Path:
    """Tell where the rows of `home` remember its ledger."""
    return home / "events" / "_ledger.head"


def tampered(home: Path, *statements: str) -> None:
    """Change the ledger's file behind its back."""
    with closing(sqlite3.connect(home / "ledger.sqlite")) as sqlite, sqlite:
        for statement in statements:
            sqlite.execute(statement)


def spent(home: Path, scope: str = "busy") -> list[float]:
    """Tell what each account of a scope has spent."""
    with closing(sqlite3.connect(home / "ledger.sqlite")) as sqlite:
        found = sqlite.execute(
            "SELECT spent_nano / 1e9 FROM account WHERE scope = ? ORDER BY period", (scope,)
        )
        return [epsilon for (epsilon,) in found]
