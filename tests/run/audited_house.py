"""A house of a few people whose rows rest as the door would have stamped them."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hubbub.deal.desk import Badge, DeviceName, Enrolment
from hubbub.record.deal_store import DealStore
from hubbub.record.journal import Journal
from hubbub.run.home import Home
from hubbub.run.house import open_record
from hubbub.terms.pings import Pings
from hubbub.terms.purposes import Category, LiveTraffic, Places, Purpose, Traffic
from hubbub.terms.time import SECOND
from record.deal_store_rig import ALL, HandClock
from record.rows import rows_at

HOUR_S = 3600
READ = (Traffic, LiveTraffic, Places)


class House:
    """People who share for everything, and a clock that moves."""

    def __init__(self, folder: Path, people: Iterable[str]) -> None:
        self.home, self.clock = Home(folder), HandClock()
        self.deals = DealStore(self.home.deal, self.clock)
        self.people: dict[str, Enrolment] = {
            name: self.deals.enrol(name, ALL, "test") for name in people
        }
        self.record = open_record(self.home, self.deals)
        self.clock.move(seconds=HOUR_S)

    def badge(self, name: str) -> Badge:
        return self.deals.badge_of(DeviceName(name))

    def send(self, name: str, rows: int = 5, *, ago_s: int = 0) -> None:
        """Send rows as the door would take them now, and put them to rest."""
        badge = self.badge(name)
        may = badge.stamp(Category.LOCATION)
        assert may, "the door would not take them"
        sent = rows_at(range(rows), subject=badge.subject, receipt=badge.receipt, may=may)
        sent["at"] = self.clock.now() - (ago_s + np.arange(rows)) * SECOND
        self.write(sent)
        self.clock.move(seconds=HOUR_S)

    def write(self, rows: Pings) -> None:
        """Put `rows` to rest as they are."""

        async def work() -> None:
            journal = Journal(self.home.journal)
            await journal.append(rows)
            journal.close()

        asyncio.run(work())
        self.record.drain()

    def withdraw(self, name: str, purposes: frozenset[type[Purpose]] | None = None) -> None:
        self.deals.withdraw(DeviceName(name), purposes, "test")
        self.clock.move(seconds=HOUR_S)

    def readable(self) -> dict[str, list[tuple[int, int]]]:
        """Read all that may be read, for each purpose."""
        found = {}
        since, until = self.clock.at - 30 * 86_400 * SECOND, self.clock.at + SECOND
        for purpose in READ:
            permitted = self.record.read(purpose, since=since, until=until)
            rows = self.record.collect(permitted).rows
            pairs = zip(rows["subject"].to_pylist(), rows["at"].to_pylist(), strict=True)
            found[purpose.key] = sorted(pairs)
        return found

    def rows_of(self, name: str) -> int:
        """Count the rows of one person in all files there are, replaced ones too."""
        store = self.record._store
        paths = [str(path) for path in self.home.events.glob("day=*/bucket=*/*.parquet")]
        return store.read(paths)["subject"].to_pylist().count(self.people[name].badge.subject)


@contextmanager
def house(folder: Path, *people: str) -> Iterator[House]:
    """Open a house, and let go of it."""
    made = House(folder, people)
    try:
        yield made
    finally:
        made.record.close()
        made.deals.close()
