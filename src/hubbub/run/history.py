"""Plays a simulated week and a recorded morning of it, so that the house has a past.

The morning goes as fast as the machine can, by the same steps as the keeper's, with a clock that is
put forward from tick to tick.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from hubbub.deal.desk import Badge
from hubbub.intake.files import FileBatch, read_file
from hubbub.products.places.typical import NO_MONDAY, PublicPlaces
from hubbub.products.traffic.trips import PAST_CHUNK_S
from hubbub.record.deal_store import DealStore
from hubbub.record.engine import Engine
from hubbub.record.events import DAY, EventStore
from hubbub.record.record import Record
from hubbub.record.roads.city import City
from hubbub.run.busy import CountedVisits, busy_weeks
from hubbub.run.children import end_with_parent
from hubbub.run.city import current_city
from hubbub.run.clock import StillClock
from hubbub.run.home import Home
from hubbub.run.house import open_deals, open_reads, open_record
from hubbub.run.log import set_up_logs
from hubbub.run.place_numbers import place_numbers
from hubbub.run.places import places_of
from hubbub.run.settings import read_settings
from hubbub.run.simulated.shared import share_a_week
from hubbub.run.spending import open_ledger
from hubbub.run.traffic import TrafficLoop
from hubbub.run.visits import Visits
from hubbub.terms.errors import BadInput
from hubbub.terms.pings import Pings
from hubbub.terms.places import Place
from hubbub.terms.purposes import Category, LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant, instant

_TOLD_EVERY: Final = 0.01
_JOURNAL: Final = "history"
_AFTER_US: Final = 600 * SECOND
_AGREED_BEFORE_US: Final = 60 * SECOND


def play_history(
    base: Home, city: City, file: Path, *, day: date, progress: Callable[[str, float], None]
) -> None:
    """Fill the house in `base` with the morning of `file` in `city`, as its settings say."""
    settings = read_settings(base.folder)
    midnight = datetime.combine(day, time(), city.zone)
    batches = [batch for batch in read_file(file, midnight=midnight) if len(batch.parsed.rows)]
    if not batches:
        raise BadInput(f"{file} holds no ping that can be used")
    begin = Instant(min(int(batch.parsed.rows["at"].min()) for batch in batches))
    clock = StillClock(Instant(begin - _AGREED_BEFORE_US))
    deals = open_deals(base, settings, clock)
    rows = _agreed(deals, batches, day=day, progress=progress)
    store = EventStore(base.events)
    reads = open_reads(base, clock)
    record = Record(store, base.journal, dead=deals.dead, reads=reads, engine=Engine(threads=1))
    ledger = open_ledger(base)
    store.commit(rows, journal=_JOURNAL, number=0)
    end = Instant(int(rows["at"].max()) + _AFTER_US)
    loop = TrafficLoop(
        record, ledger, city, promise=settings.traffic.live_promise, chunk_s=PAST_CHUNK_S
    )
    what = "their morning becomes the usual traffic"
    loop.play(begin, end, progress=partial(progress, what))
    for kept in np.unique(rows["at"] // DAY).tolist():
        store.compact(int(kept))
    store.sweep()
    record.close()
    ledger.close()
    deals.close()


def release_week(
    base: Home,
    city: City,
    places: Sequence[Place],
    *,
    monday: date,
    progress: Callable[[str, float], None],
) -> None:
    """Release how busy places were in the week of `monday`, as the house does when it is over."""
    what = "their visits become popular times"
    progress(what, 0.0)
    over = datetime.combine(monday + timedelta(days=7), time(3), city.zone)
    clock = StillClock(instant(over))
    deals = open_deals(base, read_settings(base.folder), clock)
    with closing(open_ledger(base)) as ledger, closing(open_record(base, deals)) as record:
        numbers = place_numbers(base, places, now=clock.now())
        public = PublicPlaces(places=places, numbers=numbers, zone=city.zone, monday=NO_MONDAY)
        found = Visits(record, places, numbers, zone=city.zone)
        visits = CountedVisits(found, public, learnt=None)
        busy_weeks(record, ledger, visits, zone=city.zone, folder=base.days).step(clock.now())
    deals.close()
    progress(what, 1.0)


def _agreed(
    deals: DealStore,
    batches: Sequence[FileBatch],
    *,
    day: date,
    progress: Callable[[str, float], None],
) -> Pings:
    """Make a deal with each device, and give all rows under it."""
    badges: dict[str, Badge] = {}
    for number, batch in enumerate(batches, 1):
        if batch.device not in badges:
            name = f"{day} {batch.device}"
            enrolled = deals.enrol(name, frozenset({Traffic, LiveTraffic}), "simulated")
            badges[batch.device] = enrolled.badge
        badge, rows = badges[batch.device], batch.parsed.rows
        rows["subject"], rows["receipt"] = badge.subject, badge.receipt
        rows["may"] = badge.stamp(Category.LOCATION)
        progress("people of an earlier day agree", number / len(batches))
    return np.concatenate([batch.parsed.rows for batch in batches])


def main() -> None:
    """Play a week and a morning into a house: BASE HOME FILE DAY RESIDENTS.

    HOME serves the city. RESIDENTS share the week of DAY; FILE is recorded on that day.
    """
    end_with_parent()
    set_up_logs()  # what is printed is read by who started this
    base, home, file, day, residents = sys.argv[1:]

    told = ("", 0.0)

    def tell(what: str, done: float) -> None:
        nonlocal told
        if what == told[0] and done < min(1.0, told[1] + _TOLD_EVERY):
            return
        told = (what, done)
        sys.stdout.buffer.write(msgspec.json.encode({"what": what, "done": done}) + b"\n")
        sys.stdout.buffer.flush()

    past, city, on = Home(Path(base)), current_city(Home(Path(home))), date.fromisoformat(day)
    monday, places = on - timedelta(days=on.weekday()), places_of(Home(Path(home)), city)
    if int(residents):
        share_a_week(past, city, places, monday=monday, residents=int(residents), progress=tell)
    play_history(past, city, Path(file), day=on, progress=tell)
    if int(residents):
        release_week(past, city, places, monday=monday, progress=tell)


if __name__ == "__main__":
    main()
