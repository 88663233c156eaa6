"""Lets a ledger that was copied or restored go on here, at the price of its days so far."""

from contextlib import closing
from zoneinfo import ZoneInfo

from hubbub.record.ledger_file import LedgerFile, adopt
from hubbub.record.ledger_witness import LedgerLost
from hubbub.run.city import cities
from hubbub.run.home import Home, taken
from hubbub.run.house import open_shelf
from hubbub.terms.errors import BadInput
from hubbub.terms.time import Instant, local_day


class NothingToAdopt(BadInput):
    """The ledger is the one that the rows know, where they know it. It needs no adoption."""


def adopt_ledger(home: Home, *, at: Instant) -> str:
    """Let the ledger of `home` go on; give the last day that this closes: today, or a later one."""
    with taken(home):
        try:
            LedgerFile.at_home(home.ledger, witness=home.ledger_witness).close()
        except LedgerLost:
            with closing(open_shelf(home)) as shelf:
                through = max([local_day(at, _zone(home)).isoformat(), *shelf.days()])
            adopt(home.ledger, witness=home.ledger_witness, at=at, through=through)
            return through
    raise NothingToAdopt("this ledger lives here, and the people's rows know it")


def _zone(home: Home) -> ZoneInfo:
    """Give the clocks that the house's days go by: those of its city."""
    for city in cities(home):
        if city.served:
            return ZoneInfo(city.zone)
    raise BadInput("there is no city yet, so no day to close: `hubbub city add FILE.osm.pbf`")
