"""A deal store in a folder, with a clock that a test moves: shared by the tests of the deal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from hubbub.deal.notice import Operator
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_notices import shipped
from hubbub.record.deal_store_tables import open_database
from hubbub.terms.purposes import Category, LiveTraffic, Places, Purpose, Traffic
from hubbub.terms.time import SECOND, Instant

BOTH: frozenset[type[Purpose]] = frozenset({Traffic, LiveTraffic})
ALL: frozenset[type[Purpose]] = frozenset({Traffic, LiveTraffic, Places})


class HandClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = Instant(1_764_000_000 * SECOND)

    def now(self) -> Instant:
        """Tell the present instant."""
        return self.at

    def move(self, *, seconds: int) -> Instant:
        """Go on, or back."""
        self.at = Instant(self.at + seconds * SECOND)
        return self.at


@contextmanager
def opened(home: Path, clock: HandClock, operator: Operator | None = None) -> Iterator[DealStore]:
    """Open the deal in `home`, and let go of it."""
    store = DealStore(home / "deal.sqlite", clock, told=operator and shipped(operator))
    try:
        yield store
    finally:
        store.close()


def dead(store: DealStore, purpose: type[Purpose]) -> list[int]:
    """List the receipts on which `purpose` was closed."""
    found: list[int] = store.dead(Category.LOCATION, purpose)["receipt"].to_pylist()
    return sorted(found)


@contextmanager
def database(home: Path) -> Iterator[sa.Connection]:
    """Open the file itself, as somebody would who looks into it."""
    engine = open_database(home / "deal.sqlite", durable=True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
