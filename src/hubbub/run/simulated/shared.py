"""Lets simulated residents share a week with a house, each under a deal of their own.

They agree, and their rows rest, as anybody's: only their lives are made up.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Final

import numpy as np
import pyarrow as pa

from hubbub.record.deal_store import DealStore
from hubbub.record.events import DAY, EventStore
from hubbub.record.roads.city import City as RoadCity
from hubbub.run.clock import StillClock
from hubbub.run.home import Home
from hubbub.run.house import open_deals
from hubbub.run.settings import read_settings
from hubbub.run.simulated.city import city_of, on_the_map
from hubbub.run.simulated.phones import Rhythm, told_of
from hubbub.run.simulated.week import residents_of, week_of
from hubbub.terms.catalogue import PINGS_SCHEMA
from hubbub.terms.pings import PING, Pings
from hubbub.terms.places import Place
from hubbub.terms.purposes import Category, Places
from hubbub.terms.time import SECOND, Instant, instant

SEED: Final = 5
RESIDENTS: Final = 1200
RHYTHM: Final = Rhythm(out_s=(60.0, 180.0), resting_s=(600.0, 900.0))
"""Phones that spare their batteries: a demo starts sooner with fewer pings."""

_AT_ONCE: Final = 200
_JOURNAL: Final = "residents"
_AGREED_BEFORE_US: Final = 60 * SECOND


def share_a_week(
    home: Home,
    city: RoadCity,
    places: Sequence[Place],
    *,
    monday: date,
    residents: int = RESIDENTS,
    progress: Callable[[str, float], None],
) -> None:
    """Let residents agree to share for places, and live the week of `monday` in `city`."""
    lived_in = city_of(on_the_map(places, zone=city.zone, monday=monday), seed=SEED)
    begin = instant(datetime.combine(monday, time(), city.zone))
    deals = open_deals(
        home, read_settings(home.folder), StillClock(Instant(begin - _AGREED_BEFORE_US))
    )
    store, days = EventStore(home.events), set[int]()
    for number, first in enumerate(range(0, residents, _AT_ONCE)):
        seed, some = SEED + 1 + number, min(_AT_ONCE, residents - first)
        people = residents_of(lived_in, people=some, seed=seed)
        legs = week_of(lived_in, people, seed=seed)
        told = told_of(legs, lived_in, monday=begin, seed=seed, rhythm=RHYTHM)
        rows = _under_deals(deals, told.pings, range(first, first + some))
        store.commit(rows, journal=_JOURNAL, number=number)
        days.update(np.unique(rows["at"] // DAY).tolist())
        progress("simulated residents live a week, and share it", (first + some) / residents)
    for day in sorted(days):
        store.compact(day)
    store.sweep()
    deals.close()


def _under_deals(deals: DealStore, pings: pa.Table, residents: range) -> Pings:
    """Make a deal with each resident, and give all their rows under it."""
    badges = [
        deals.enrol(f"resident {number}", frozenset({Places}), "simulated").badge
        for number in residents
    ]
    rows = np.zeros(pings.num_rows, PING)
    for name in PINGS_SCHEMA:
        rows[name] = pings[name].to_numpy()
    who = rows["subject"].copy()
    rows["subject"] = np.array([badge.subject for badge in badges])[who]
    rows["receipt"] = np.array([badge.receipt for badge in badges])[who]
    rows["may"] = np.array([badge.stamp(Category.LOCATION) for badge in badges])[who]
    return rows
