"""The usual speeds of a week: each local day is matched and summed once, when it is over.

A process of its own, so that live traffic does not wait for it.
"""

import os
import signal
import sys
import threading
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from hubbub.crowd.blocks import Block, Days, day_name, day_number
from hubbub.crowd.days import DaySums, close_day, closed_day
from hubbub.crowd.gate import release_days, spend
from hubbub.crowd.question import Question
from hubbub.deal.gate import derive
from hubbub.products.traffic.declarations import TYPICAL, Roads
from hubbub.products.traffic.live import REFED_S, Matching
from hubbub.products.traffic.trips import PAST_CHUNK_S
from hubbub.record.closed_days import ClosedDays
from hubbub.record.closing import Closing
from hubbub.record.engine import Engine
from hubbub.record.ledger import Ledger
from hubbub.record.record import Record
from hubbub.record.roads.city import City
from hubbub.run.children import end_with_parent
from hubbub.run.city import current_city
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.log import set_up_logs
from hubbub.run.settings import read_settings
from hubbub.run.spending import open_ledger
from hubbub.run.traffic import between, slices
from hubbub.terms.errors import HubbubError
from hubbub.terms.purposes import Traffic
from hubbub.terms.time import SECOND, Instant

log = structlog.get_logger()

_LATE_US: Final = 2 * 3600 * SECOND  # rows of the day's last minutes come to rest meanwhile
_LOOK_EVERY_S: Final = 60.0
_BEHIND: Final = 10  # live traffic goes first


class TypicalSpeeds:
    """Closes the days that are over, and releases the week that is."""

    def __init__(self, record: Record, ledger: Ledger, city: City, *, folder: Path) -> None:
        """Keep the sums of closed days in `folder`."""
        self._record, self._ledger, self._city = record, ledger, city
        self._shelf, self._closing = ClosedDays(folder), Closing(folder)
        self._keys = Roads(city.segments).slot_keys
        self._engine = Engine()
        self._matched: set[int] = set()  # the days whose passes the record holds

    def step(self, now: Instant) -> bool:
        """Close what is over, and release the week before the one of `now`. Tells if it did."""
        assert isinstance(TYPICAL.blocks, Days), "usual speeds are released in weeks"
        today = day_number(Instant(now - _LATE_US), self._city.zone)
        last, this = (TYPICAL.blocks.block(day, self._city.zone) for day in (today - 7, today))
        for day in this.days:
            if day < today and self._closed(this, day) is None:
                self._close(this, day)
                self._let_go()
        due = self._ledger.stored(self._asked(last).bill.release) is None
        if due:
            self._release(last, now=now)
        self._shelf.forget_before(TYPICAL.name, this.days[0])
        return due

    def _release(self, week: Block, *, now: Instant) -> None:
        """Release a week under the dead list of now: what died since a day was closed is not in.

        Such a day is matched again, once, and what is held of it is judged until nothing more dies.
        """
        payment = spend(self._ledger, self._asked(week), at=now)  # a refusal matches nothing
        while stale := self._stale(week, dead := self._record.dead_list(Traffic)):
            for day in stale:
                self._close(week, day)
        days = [day for day in (self._closed(week, day) for day in week.days) if day is not None]
        release_days(self._asked(week), payment, days, dead=dead, entropy=os.urandom)
        self._let_go()

    def _stale(self, week: Block, dead: str) -> list[int]:
        closed = {day: self._closed(week, day) for day in week.days}
        return [day for day, sums in closed.items() if sums is None or sums.kept.dead != dead]

    def _close(self, week: Block, day: int) -> None:
        """Sum a day from its rows that came in time, as gate 1 reads them now."""
        alone = Block(days=(day,), zone=week.zone)
        self._closing.close(alone.until)
        if day not in self._matched:
            self._match(alone)
        dead = self._record.dead_list(Traffic)  # named before the passes are judged by it
        rows = self._record.read_passes(Traffic, since=alone.since, until=alone.until)
        asked = replace(self._asked(week), rows={"passes": self._record.collect(rows)})
        close_day(asked, day, dead=dead, shelf=self._shelf, engine=self._engine.run)
        log.info("a day is closed", product=TYPICAL.name, day=day_name(day))

    def _match(self, day: Block) -> None:
        """Follow the phones of a day, from a little before it for who drove at midnight."""
        matching = Matching[Traffic](self._city.matcher(), chunk_s=PAST_CHUNK_S)
        since = Instant(day.since - REFED_S * SECOND)
        of_day = partial(between, since=day.since, until=day.until)
        for pings, end in slices(self._record, Traffic, since=since, until=day.until, late=False):
            self._record.hold(derive(matching.feed(pings, end), of_day), since=Instant(0))
        self._matched.update(day.days)

    def _let_go(self) -> None:
        self._record.let_go(Traffic)
        self._matched.clear()

    def _asked(self, week: Block) -> Question[Traffic]:
        return Question(declaration=TYPICAL, rows={}, keys=self._keys, block=week)

    def _closed(self, week: Block, day: int) -> DaySums[Traffic] | None:
        return closed_day(self._asked(week), day, shelf=self._shelf)


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
                city = current_city(home)
                with closing(open_record(home, deals)) as record:
                    speeds = TypicalSpeeds(record, ledger, city, folder=home.days)
                    is_out = speeds.step(clock.now())
                if is_out:
                    log.info("the usual speeds of last week are out")
        except HubbubError as error:
            log.warning("the usual speeds were not released", why=str(error))
        finally:
            deals.close()


if __name__ == "__main__":
    main()
