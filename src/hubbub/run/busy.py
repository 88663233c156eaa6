"""How busy places are: each local day's visits are found and summed once, when it is over.

A process of its own, like that of the usual speeds, so that live traffic does not wait for it.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import structlog

from hubbub.crowd.blocks import Block
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import recall
from hubbub.crowd.keys import PublicKeys
from hubbub.deal.gate import Permitted
from hubbub.products.places.declarations import CATEGORIES, WEEKLY, CountedPlaces
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.typical import PublicPlaces, arrivals_by_number, typical_week
from hubbub.products.places.usual import Floats
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.record import Record
from hubbub.record.roads.city import City
from hubbub.run.busyness import public_on, released_weeks, tables_of
from hubbub.run.children import end_with_parent
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record, open_shelf
from hubbub.run.log import set_up_logs
from hubbub.run.place_numbers import place_numbers
from hubbub.run.places import places_of
from hubbub.run.settings import read_settings
from hubbub.run.spending import open_ledger
from hubbub.run.visits import Visits
from hubbub.run.weekly import WeeklyReleases
from hubbub.terms.errors import HubbubError
from hubbub.terms.places import Place
from hubbub.terms.purposes import Places
from hubbub.terms.time import Instant

log = structlog.get_logger()

_LOOK_EVERY_S: Final = 60.0
_BEHIND: Final = 10  # live traffic goes first


class CountedVisits:
    """The visits of a day, put down with their places, and the public list of these places."""

    def __init__(
        self, record: Record, places: Sequence[Place], numbers: PlaceNumbers, *, city: City
    ) -> None:
        """Count visits to the `places` of `city` by their `numbers`."""
        self._record = record
        self._visits = Visits(record, places, numbers, zone=city.zone)
        self._public = PublicPlaces(
            places=places, numbers=numbers, zone=city.zone, monday=date(1970, 1, 1)
        )
        category = {numbers.number(each.id): CATEGORIES.index(each.category) for each in places}
        self._category = [category.get(number, -1) for number in range(len(numbers.ids))]
        self._expected: Floats | None = None
        self._told: dict[int, CountedPlaces] = {}

    def learn(self, shelf: LedgerShelf, *, now: Instant) -> None:
        """Expect visits where released weeks tell of them."""
        weeks = released_weeks(shelf, zone=self._public.zone, now=now)
        if weeks:
            tables = [recall(shelf, each.release).value for week in weeks for each in week.tables]
            public = public_on(self._public, weeks)
            told = tables_of([week.block for week in weeks], *tables)
            self._expected = arrivals_by_number(public, typical_week(public, told)[0])

    def prepare(self, day: Block) -> None:
        """Find the visits of a day, unless they are held."""
        self._visits.make(day, self._expected)

    def rows(self, day: Block) -> Mapping[str, Permitted[pa.Table, Places]]:
        """Read the visits of a day."""
        rows = self._record.visits.read(Places, since=day.since, until=day.until)
        return {"visits": self._record.collect(rows)}

    def keys(self, declared: Declaration[Places], week: Block) -> PublicKeys:
        """Give the places that had a number when the week was over: later ones change nothing."""
        known = self._public.numbers.known_at(week.until)
        if known not in self._told:
            self._told[known] = CountedPlaces(self._category[:known])
        return self._told[known].keys_of(declared)

    def let_go(self) -> None:
        """Forget nothing: visits rest with the record until their week is out."""


def busy_weeks(
    record: Record, ledger: Ledger, visits: CountedVisits, *, city: City, folder: Path
) -> WeeklyReleases[Places]:
    """Open what releases how busy the places of a city are."""
    return WeeklyReleases(record, ledger, visits, products=WEEKLY, zone=city.zone, folder=folder)


def main() -> None:
    """Release what is due in the house in the data folder given, every week: HOME."""
    end_with_parent()
    set_up_logs()
    os.nice(_BEHIND)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    (folder,) = sys.argv[1:]
    home = Home(Path(folder))
    settings = read_settings(home.folder)
    clock = house_clock(settings)
    while not stop.wait(_LOOK_EVERY_S):
        deals = open_deals(home, settings, clock)
        try:
            with closing(open_ledger(home)) as ledger:
                city, now = current_city(home), clock.now()
                places = places_of(home, city)
                numbers = place_numbers(home, places, now=now)
                with closing(open_record(home, deals)) as record, closing(open_shelf(home)) as out:
                    visits = CountedVisits(record, places, numbers, city=city)
                    weeks = busy_weeks(record, ledger, visits, city=city, folder=home.days)
                    if weeks.is_due(now):
                        visits.learn(out, now=now)
                        if weeks.step(now):
                            log.info("how busy places were last week is out")
        except HubbubError as error:
            log.warning("how busy places are was not released", why=str(error))
        finally:
            deals.close()


if __name__ == "__main__":
    main()
