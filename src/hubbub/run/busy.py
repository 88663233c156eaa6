"""How busy places are: each local day's visits are found and summed once, when it is over.

A process of its own, like that of the usual speeds, so that live traffic does not wait for it.
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import structlog

from hubbub.crowd.blocks import Block
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import recall
from hubbub.crowd.keys import PublicKeys
from hubbub.deal.gate import Permitted
from hubbub.products.places.curves import Curves
from hubbub.products.places.declarations import WEEKLY, CountedPlaces
from hubbub.products.places.typical import (
    NO_MONDAY,
    PublicPlaces,
    arrivals_by_number,
    categories_by_number,
    typical_week,
)
from hubbub.products.places.usual import Floats
from hubbub.record.deal_store import DealStore
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.record import Record
from hubbub.run.arrivals import Arrivals
from hubbub.run.busyness import public_on, released_weeks, tables_of
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.run.house import open_record, open_shelf
from hubbub.run.place_numbers import place_numbers
from hubbub.run.places import places_of
from hubbub.run.releasing import keep_releasing
from hubbub.run.spending import open_ledger
from hubbub.run.visits import Visits
from hubbub.run.weekly import WeeklyReleases
from hubbub.terms.purposes import Places
from hubbub.terms.time import Clock, Instant

log = structlog.get_logger()


class Learnt(NamedTuple):
    """What released weeks tell of the places of today."""

    public: PublicPlaces
    curves: Curves

    @property
    def expected(self) -> Floats:
        """Give the arrivals that are expected in each hour, by the number of the place."""
        return arrivals_by_number(self.public, self.curves)


class Learner:
    """Learns from released weeks, and again when there is another week or another place."""

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._learnt: Learnt | None = None

    def learn(self, shelf: LedgerShelf, public: PublicPlaces, *, now: Instant) -> Learnt | None:
        """Learn what the newest weeks tell. None: none was released yet."""
        weeks = released_weeks(shelf, zone=public.zone, now=now)
        tables = [each for week in weeks for each in week.tables]
        of = (*(stored.digest for stored in tables), public.numbers.ids, tuple(public.places))
        if weeks and of != self._of:
            values = [recall(shelf, each.release).value for each in tables]
            near = public_on(public, weeks)
            told = tables_of([week.block for week in weeks], *values)
            self._of, self._learnt = of, Learnt(near, typical_week(near, told)[0])
        return self._learnt


class CountedVisits:
    """The visits of a day, put down with their places, and the public list of these places."""

    def __init__(self, visits: Visits, public: PublicPlaces, *, learnt: Learnt | None) -> None:
        """Count `visits` to `public` places, expected where released weeks tell of them."""
        self._visits, self._public = visits, public
        self._expected = None if learnt is None else learnt.expected
        self._told: dict[int, CountedPlaces] = {}

    def prepare(self, day: Block) -> None:
        """Find the visits of a day, unless they are held."""
        self._visits.make(day, self._expected)

    def rows(self, day: Block) -> Mapping[str, Permitted[pa.Table, Places]]:
        """Read the visits of a day."""
        return {"visits": self._visits.of(day, self._expected)}

    def keys(self, declared: Declaration[Places], week: Block) -> PublicKeys:
        """Give the places that had a number when the week was over: later ones change nothing."""
        known = self._public.numbers.known_at(week.until)
        if known not in self._told:
            self._told[known] = CountedPlaces(categories_by_number(self._public)[:known])
        return self._told[known].keys_of(declared)

    def let_go(self) -> None:
        """Forget nothing: visits rest with the record until their week is out."""


class BusyLoop:
    """Releases what is due of busy places: the week, and the newest ten minutes."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._learner = Learner()

    def step(self, deals: DealStore) -> None:
        """Release what is due now. Raises what refuses it."""
        home, now = self._home, self._clock.now()
        city = current_city(home)
        places = places_of(home, city)
        numbers = place_numbers(home, places, now=now)
        public = PublicPlaces(places=places, numbers=numbers, zone=city.zone, monday=NO_MONDAY)
        with (
            closing(open_ledger(home)) as ledger,
            closing(open_record(home, deals)) as record,
            closing(open_shelf(home)) as out,
        ):
            visits = Visits(record, places, numbers, zone=city.zone)
            learnt = self._learner.learn(out, public, now=now)
            counted = CountedVisits(visits, public, learnt=learnt)
            if busy_weeks(record, ledger, counted, zone=city.zone, folder=home.days).step(now):
                log.info("how busy places were last week is out")
            if learnt is not None:
                arrivals = Arrivals(record, ledger, out, visits=visits, folder=home.visits)
                arrivals.step(now, learnt.public, learnt.curves)


def busy_weeks(
    record: Record, ledger: Ledger, visits: CountedVisits, *, zone: ZoneInfo, folder: Path
) -> WeeklyReleases[Places]:
    """Open what releases how busy places are."""
    return WeeklyReleases(record, ledger, visits, products=WEEKLY, zone=zone, folder=folder)


def main() -> None:
    """Release what is due in the house in the data folder given: HOME."""
    keep_releasing(lambda home, clock: BusyLoop(home, clock).step, what="how busy places are")


if __name__ == "__main__":
    main()
