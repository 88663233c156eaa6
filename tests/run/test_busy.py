"""A week of busy places: visits are summed once a day, released once, and told from bytes."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.blocks import Block, Days, day_number
from hubbub.crowd.laws import G
from hubbub.products.places.busyness import CityBusyness
from hubbub.products.places.declarations import BY_CATEGORY, HOURS, LIVE, STAYS, TOTALS, WEEKLY
from hubbub.products.places.typical import PublicPlaces
from hubbub.products.places.usual import Floats
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.run import weekly
from hubbub.run.arrivals import Arrivals, ArrivalsLost
from hubbub.run.busy import CountedVisits, Learner, busy_weeks
from hubbub.run.busyness import BusyView, released_weeks
from hubbub.run.clock import StillClock
from hubbub.run.spending import CAPS
from hubbub.run.visits import Visits
from hubbub.terms.pings import Pings
from hubbub.terms.places import Place
from hubbub.terms.time import SECOND, Instant
from run.test_visits import PLACES, ZONE, House, day_of, place

TUESDAY = 20_781
WEEK = Days(days=7).block(TUESDAY, ZONE)
NEXT = Days(days=7).block(TUESDAY + 7, ZONE)
MONDAY = date(2026, 11, 30)
CAFE = 1  # the number of the place where everybody is


def day(number: int) -> Block:
    return Block(days=(number,), zone=ZONE)


class BusyHouse(House):
    """A house in which the week's job looks for what is due."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder, self.places = folder, [*PLACES]
        self.ledger = Ledger(
            folder / "ledger.sqlite", witness=folder / "events" / "_ledger.head", caps=CAPS
        )
        self.shelves: list[LedgerShelf] = []
        self.days_sent: set[int] = set()

    def send(self, rows: Pings, *, closed_until: int = 0) -> None:
        super().send(rows, closed_until=closed_until)
        self.days_sent.add(day_number(Instant(int(rows["at"][0])), ZONE))

    def step(self, at: Instant) -> bool:
        counted = CountedVisits(self.finder(), self.public(), learnt=None)
        folder = self.folder / "days"
        return busy_weeks(self.record, self.ledger, counted, zone=ZONE, folder=folder).step(at)

    def finder(self) -> Visits:
        return Visits(self.record, self.places, self.numbers, zone=ZONE)

    def public(self) -> PublicPlaces:
        return PublicPlaces(places=self.places, numbers=self.numbers, zone=ZONE, monday=MONDAY)

    def arrive(self, at: Instant) -> bool:
        """Release the newest ten minutes, expecting as many everywhere as the first week told."""
        learnt = Learner().learn(self.shelf(), self.public(), now=at)
        assert learnt is not None, "a week was released before"
        arrivals = Arrivals(
            self.record,
            self.ledger,
            self.shelf(),
            visits=self.finder(),
            folder=self.folder / "visits",
        )
        return arrivals.step(at, learnt.public, learnt.curves)

    def view(self, at: Instant) -> BusyView:
        return BusyView(self.shelf(), self.places, self.numbers, zone=ZONE, clock=StillClock(at))

    def shelf(self) -> LedgerShelf:
        self.shelves.append(LedgerShelf(self.folder / "ledger.sqlite"))
        return self.shelves[-1]

    def told(self, name: str) -> pa.Table:
        (stored, *_) = [each for each in self.shelf().latest(name) if each.block == WEEK.name]
        return pa.ipc.open_stream(stored.output).read_all()


def after(week: Block, hours: float = 3) -> Instant:
    return Instant(int(week.until + hours * 3600 * SECOND))


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BusyHouse]:
    """Give a house whose noise is nought: nothing else is different from a real one."""
    monkeypatch.setattr("hubbub.crowd.gate.draw", lambda *_, **__: np.zeros(_[1], np.int64))
    made, right = BusyHouse(tmp_path), Visits.make

    def make(self: Visits, of: Block, expected: Floats | None = None) -> None:
        """Look for visits only on days on which somebody sent anything: that takes a second."""
        if of.days[0] in made.days_sent:
            right(self, of, expected)

    monkeypatch.setattr(Visits, "make", make)
    yield made
    for shelf in (*made.shelves, made.ledger):
        shelf.close()


def test_a_week_of_visits_is_released_once_in_four_tables(house: BusyHouse) -> None:
    house.send(day_of(1, day=day(TUESDAY)))
    house.send(day_of(2, day=day(TUESDAY + 1), cafe_hour=9))
    assert house.step(after(WEEK))
    assert not house.step(after(WEEK, 30))
    hours = house.told(HOURS.name)["count"].to_numpy()
    assert {int(at): int(hours[at]) for at in np.flatnonzero(hours)} == {
        CAFE * 168 + 24 + 13: G,
        CAFE * 168 + 48 + 9: G,
    }
    assert house.told(TOTALS.name)["count"].to_pylist() == [0, 2 * G]
    assert house.told(BY_CATEGORY.name)["count"].to_numpy().sum() == 2 * G
    stays = house.told(STAYS.name).to_pylist()
    assert [row["bin"] for row in stays if row["count"]] == [5], "forty minutes"


def test_who_withdraws_before_the_week_is_out_is_not_in_it(house: BusyHouse) -> None:
    house.send(day_of(1, day=day(TUESDAY)))
    house.send(day_of(2, day=day(TUESDAY)))
    house.step(Instant(day(TUESDAY).until + 3 * 3600 * SECOND))
    house.withdrawn = [1]
    assert house.step(after(WEEK))
    assert house.told(TOTALS.name)["count"].to_pylist() == [0, G]


def test_a_job_that_is_killed_after_it_paid_releases_the_same_week_later(
    house: BusyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.send(day_of(1, day=day(TUESDAY)))

    def killed(*_: object, **__: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(weekly, "release_days", killed)
        with pytest.raises(InterruptedError):
            house.step(after(WEEK))
    assert released_weeks(house.shelf(), zone=ZONE, now=after(WEEK)) == []
    # A place that is added meanwhile has a number, but no part in a week that is over.
    house.places.append(place(77))
    house.numbers = house.numbers.with_new((house.places[-1].id,), at=after(WEEK))
    assert house.step(after(WEEK, 5))
    assert house.told(TOTALS.name)["count"].to_pylist() == [0, G]
    (week,) = released_weeks(house.shelf(), zone=ZONE, now=after(WEEK))
    assert [stored.product for stored in week.tables] == [each.name for each in WEEKLY]


def test_the_week_is_told_from_what_was_released_and_the_same_until_there_is_more(
    house: BusyHouse,
) -> None:
    view = house.view(after(WEEK))
    assert view.week() is None
    house.send(day_of(1, day=day(TUESDAY)))
    house.step(after(WEEK))
    told = view.week()
    assert told is not None
    assert view.week() is told
    assert told.sources == {
        stored.digest for each in WEEKLY for stored in house.shelf().latest(each.name)
    }
    city: CityBusyness = told.value
    assert (city.weeks, city.at, len(city.places)) == (1, WEEK.until, 2)
    cafe = city.places[PLACES[CAFE].id]
    assert cafe.hours == "own"
    assert cafe.shared_visits_week == 1
    house.step(after(NEXT))
    assert view.week() is not told


def test_a_rebuilt_map_loses_no_history(house: BusyHouse) -> None:
    house.send(day_of(1, day=day(TUESDAY)))
    house.step(after(WEEK))
    fresh: list[Place] = [place(2), *PLACES[1:]]
    house.places = fresh
    house.numbers = house.numbers.with_new((each.id for each in fresh), at=after(WEEK))
    told = house.view(after(WEEK)).week()
    assert told is not None
    assert told.value.places[PLACES[CAFE].id].shared_visits_week == 1
    assert told.value.places[fresh[0].id].evidence == "category"


def test_the_first_week_is_out_two_hours_after_its_end(house: BusyHouse) -> None:
    assert house.view(WEEK.since).first_week_at() == WEEK.until + 2 * 3600 * SECOND


LATER = TUESDAY + 8  # a Wednesday, after the week is out


def at(hour: float) -> Instant:
    return Instant(int(day(LATER).since + hour * 3600 * SECOND))


@pytest.fixture
def open_house(house: BusyHouse) -> BusyHouse:
    """Give a house of which a week is out, with somebody who is at the cafe on the day after."""
    house.send(day_of(1, day=day(TUESDAY)))
    house.step(after(WEEK))
    house.send(day_of(2, day=day(LATER), cafe_hour=13, until_hour=13.6))
    return house


def people(house: BusyHouse) -> list[list[int]]:
    """List, of each released window, who arrived at each spot, in half voices."""
    tables = [pa.ipc.open_stream(each.output) for each in house.shelf().latest(LIVE.name)]
    return [table.read_all()["count"].to_pylist() for table in tables]


def test_arrivals_are_released_ten_minutes_at_a_time_and_each_window_once(
    open_house: BusyHouse,
) -> None:
    assert open_house.arrive(at(13.3))
    assert not open_house.arrive(at(13.35))
    # Both cafes are small: they share the spot of their area, which comes after the places.
    assert people(open_house) == [[0, 0, G // 2]]
    assert open_house.arrive(at(13.5))
    assert people(open_house)[1] == [0, 0, 0]


def test_what_is_told_of_now_is_of_the_area_and_fades_after_twenty_minutes(
    open_house: BusyHouse,
) -> None:
    open_house.arrive(at(13.3))
    view = open_house.view(at(13.3))
    told = view.now()
    assert told is not None
    cafe = told.value.places[PLACES[CAFE].id]
    assert (cafe.level, cafe.of) == ("none", "area")
    assert cafe.reason == "too few people who share come here at this hour"
    assert {stored.digest for stored in open_house.shelf().latest(LIVE.name)} < told.sources
    later = open_house.view(at(13.6)).now()
    assert later is not None
    reasons = {each.reason for each in later.value.places.values()}
    assert reasons == {"nothing was released in the last 20 minutes"}


def test_nothing_live_is_released_where_it_is_forgotten_who_was_counted(
    open_house: BusyHouse,
) -> None:
    open_house.arrive(at(13.3))
    for held in (open_house.folder / "visits").glob("*.parquet"):
        held.unlink()
    with pytest.raises(ArrivalsLost):
        open_house.arrive(at(13.5))
    assert len(people(open_house)) == 1
