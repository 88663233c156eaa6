"""The usual speeds of a week: each local day is matched and summed once, when it is over.

A process of its own, so that live traffic does not wait for it.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa
import structlog

from hubbub.crowd.blocks import Block
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.keys import PublicKeys
from hubbub.deal.gate import Permitted, derive
from hubbub.products.traffic.declarations import TYPICAL, Roads
from hubbub.products.traffic.live import REFED_S, Matching
from hubbub.products.traffic.trips import PAST_CHUNK_S
from hubbub.record.deal_store import DealStore
from hubbub.record.ledger import Ledger
from hubbub.record.record import Record
from hubbub.record.roads.city import City
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.run.house import open_record
from hubbub.run.releasing import keep_releasing
from hubbub.run.spending import open_ledger
from hubbub.run.traffic import between, slices
from hubbub.run.weekly import WeeklyReleases
from hubbub.terms.purposes import Traffic
from hubbub.terms.time import SECOND, Clock, Instant

log = structlog.get_logger()


class MatchedPasses:
    """The passes of a day. Its phones are followed once; what is held is judged at each read."""

    def __init__(self, record: Record, city: City) -> None:
        """Follow phones along the roads of `city`."""
        self._record, self._city = record, city
        self._keys = Roads(city.segments).slot_keys
        self._matched: set[int] = set()  # the days whose passes the record holds

    def prepare(self, day: Block) -> None:
        """Follow the phones of a day, once."""
        if not self._matched >= {*day.days}:
            self._follow(day)
            self._matched.update(day.days)

    def rows(self, day: Block) -> Mapping[str, Permitted[pa.Table, Traffic]]:
        """Read the passes of a day."""
        rows = self._record.read_passes(Traffic, since=day.since, until=day.until)
        return {"passes": self._record.collect(rows)}

    def keys(self, declared: Declaration[Traffic], week: Block) -> PublicKeys:
        """Give the roads in the parts of a week."""
        del declared, week
        return self._keys

    def let_go(self) -> None:
        """Forget the passes that are held."""
        self._record.let_go(Traffic)
        self._matched.clear()

    def _follow(self, day: Block) -> None:
        """Follow the phones of a day, from a little before it for who drove at midnight."""
        matching = Matching[Traffic](self._city.matcher(), chunk_s=PAST_CHUNK_S)
        since = Instant(day.since - REFED_S * SECOND)
        of_day = partial(between, since=day.since, until=day.until)
        for pings, end in slices(self._record, Traffic, since=since, until=day.until, late=False):
            self._record.hold(derive(matching.feed(pings, end), of_day), since=Instant(0))


def typical_speeds(
    record: Record, ledger: Ledger, city: City, *, folder: Path
) -> WeeklyReleases[Traffic]:
    """Open what releases the usual speeds of a city."""
    passes = MatchedPasses(record, city)
    return WeeklyReleases(
        record, ledger, passes, products=(TYPICAL,), zone=city.zone, folder=folder
    )


def release_due(home: Home, clock: Clock, deals: DealStore) -> None:
    """Release the usual speeds of last week, unless they are out. Raises what refuses it."""
    with closing(open_ledger(home)) as ledger:
        city = current_city(home)
        with closing(open_record(home, deals)) as record:
            speeds = typical_speeds(record, ledger, city, folder=home.days)
            if speeds.step(clock.now()):
                log.info("the usual speeds of last week are out")


def main() -> None:
    """Release what is due in the house in the data folder given: HOME."""
    keep_releasing(lambda *house: partial(release_due, *house), what="the usual speeds")


if __name__ == "__main__":
    main()
