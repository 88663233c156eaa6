"""The demo's residents: made up, and treated as anybody."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.blocks import Block
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.record.record import Record
from hubbub.run.busyness import released_weeks
from hubbub.run.clock import StillClock
from hubbub.run.history import release_week
from hubbub.run.home import Home
from hubbub.run.house import open_deals, open_record, open_shelf
from hubbub.run.settings import read_settings
from hubbub.run.simulated import shared
from hubbub.run.simulated.shared import share_a_week
from hubbub.run.verify import verify_books
from hubbub.run.visits import Visits
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.purposes import Places, Purpose, Traffic
from hubbub.terms.time import SECOND, Instant

ZONE = ZoneInfo("Europe/Helsinki")
MONDAY = date(2026, 11, 16)
WEEK = Block(days=tuple(range(20_773, 20_780)), zone=ZONE)
CHANCE = np.random.default_rng(3)
PLACES = [
    Place(
        id=PlaceId(f"n{number + 1}"),
        name="somewhere",
        category=[*PlaceCategory][number % len(PlaceCategory)],
        lat_e6=60_170_000 + int(CHANCE.integers(-8000, 8000)),
        lon_e6=24_940_000 + int(CHANCE.integers(-16000, 16000)),
    )
    for number in range(300)
]
CITY: Any = SimpleNamespace(zone=ZONE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("demo"))
    said: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared, "_AT_ONCE", 18)
        share_a_week(
            home,
            CITY,
            PLACES,
            monday=MONDAY,
            residents=30,
            progress=lambda what, done: said.append((what, done)),
        )
    assert [done for _, done in said] == [0.6, 1]
    assert all("simulated" in what for what, _ in said)
    return home


@pytest.fixture
def house(home: Home) -> Iterator[Record]:
    deals = open_deals(home, read_settings(home.folder), StillClock(Instant(WEEK.until)))
    record = open_record(home, deals)
    yield record
    record.close()
    deals.close()


def read(house: Record, purpose: type[Purpose]) -> pa.Table:
    permitted = house.read(purpose, since=WEEK.since, until=WEEK.until)
    return house.collect(permitted).rows


def test_residents_share_for_places_under_a_deal_of_their_own_and_for_nothing_else(
    house: Record,
) -> None:
    rows = read(house, Places)
    assert len(set(rows["subject"].to_pylist())) == 30
    assert len(set(rows["receipt"].to_pylist())) == 30
    assert read(house, Traffic).num_rows == 0


def test_the_week_of_residents_becomes_visits_by_the_real_way(house: Record) -> None:
    numbers = PlaceNumbers().with_new((place.id for place in PLACES), at=Instant(0))
    visits = Visits(house, PLACES, numbers, zone=ZONE)
    saturday = Block(days=WEEK.days[5:6], zone=ZONE)
    visits.make(saturday)
    held = house.visits.read(Places, since=saturday.since, until=saturday.until)
    found = house.collect(held).rows["place"].to_numpy()
    assert len(found) > 30
    assert (found >= 0).mean() > 0.9


def test_a_demo_begins_with_the_popular_times_of_the_residents_week(home: Home) -> None:
    release_week(home, CITY, PLACES, monday=MONDAY, progress=lambda *_: None)
    with closing(open_shelf(home)) as shelf:
        (week,) = released_weeks(shelf, zone=ZONE, now=Instant(WEEK.until + 30 * 3600 * SECOND))
    assert week.block.days == WEEK.days
    assert verify_books(home).faults == ()
