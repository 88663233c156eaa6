"""Visits of a day through the record: found once, under gate 1, and held with their stamps."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.blocks import Block
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.usual import HOURS
from hubbub.record.closing import Closing
from hubbub.record.events import EventStore
from hubbub.record.record import Record
from hubbub.record.visits_shelf import Stretch, VisitsShelf
from hubbub.run import visits as visits_module
from hubbub.run.visits import MADE_OF, Visits
from hubbub.terms.pings import PING, Pings
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.purposes import OWN, Category, Places, Purpose, Recipient, Traffic, cell_bit
from hubbub.terms.time import SECOND, Instant
from record.rows import reads_log

ZONE = ZoneInfo("Europe/Helsinki")
TUESDAY = 20_781
DAY = Block(days=(TUESDAY,), zone=ZONE)
STRETCH = Stretch(DAY.since, DAY.until)
MAY = cell_bit(Places, OWN)
HOUR = 3600
CAFE = (60_170_000, 24_950_000)
HOME = (60_160_000, 24_930_000)


def place(number: int, lat_e6: int = CAFE[0], lon_e6: int = CAFE[1]) -> Place:
    return Place(
        id=PlaceId(f"n{number}"),
        name="Cafe",
        category=PlaceCategory.CAFE,
        lat_e6=lat_e6,
        lon_e6=lon_e6,
        hours_told="24/7",
    )


PLACES = (place(4, CAFE[0] + 300), place(9))


def day_of(
    subject: int, *, may: int = MAY, cafe_hour: float = 13, day: Block = DAY, until_hour: float = 24
) -> Pings:
    """Be at home but for forty minutes at the cafe: a ping a minute."""
    minutes = np.arange(int(until_hour * 60))
    rows = np.zeros(len(minutes), PING)
    rows["subject"], rows["receipt"], rows["may"] = subject, subject, may
    rows["at"] = day.since + minutes * 60 * SECOND
    there = (minutes >= cafe_hour * 60) & (minutes < cafe_hour * 60 + 40)
    rows["lat_e6"], rows["lon_e6"] = np.where(there[:, None], CAFE, HOME).T
    rows["accuracy_dm"] = 80
    return rows


class House:
    """A record of everybody who was at the cafe, and whoever withdraws."""

    def __init__(self, folder: Path) -> None:
        self.withdrawn: list[int] = []
        self.store = EventStore(folder / "events")
        self.numbers = PlaceNumbers().with_new((each.id for each in PLACES), at=Instant(0))
        self.sent = 0
        self.record = Record(
            self.store,
            folder / "journal",
            dead=self.dead,
            reads=reads_log(folder),
            closing=Closing(folder / "days"),
            visits=VisitsShelf(folder / "visits"),
        )
        self.visits = Visits(self.record, PLACES, self.numbers, zone=ZONE)

    def dead(self, category: Category, purpose: type[Purpose], recipient: Recipient) -> pa.Table:
        assert (category, purpose, recipient) == (Category.LOCATION, Places, OWN)
        return pa.table({"receipt": pa.array(self.withdrawn, pa.int64())})

    def send(self, rows: Pings, *, closed_until: int = 0) -> None:
        self.store.commit(rows, journal="j", number=self.sent, closed_until=Instant(closed_until))
        self.sent += 1

    def held(self) -> list[tuple[int, int, int]]:
        """List the held visits: whose, when in minutes of the day, and where."""
        permitted = self.record.visits.read(Places, since=DAY.since, until=DAY.until)
        return told(self.record.collect(permitted).rows)


def told(rows: pa.Table) -> list[tuple[int, int, int]]:
    return sorted(
        (row["subject"], round((row["at"] - DAY.since) / 60 / SECOND), row["place"])
        for row in rows.to_pylist()
    )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_the_visits_of_a_day_are_held_with_the_number_of_their_place(house: House) -> None:
    house.send(day_of(1))
    house.send(day_of(2, cafe_hour=15))
    house.visits.make(DAY)
    cafe = house.numbers.number(PLACES[1].id)
    assert house.held() == [(1, 13 * 60, cafe), (2, 15 * 60, cafe)]


def test_a_visit_has_the_stamp_of_its_pings_and_dies_with_their_receipt(house: House) -> None:
    house.send(day_of(1, may=MAY | cell_bit(Traffic, OWN)))
    house.send(day_of(2))
    house.visits.make(DAY)
    rows = house.record.visits.read(Places, since=DAY.since, until=DAY.until)
    (first, _) = house.record.collect(rows).rows.sort_by("subject").to_pylist()
    assert (first["receipt"], first["may"]) == (1, MAY | cell_bit(Traffic, OWN))
    house.withdrawn = [1]
    assert [subject for subject, *_ in house.held()] == [2]


def test_pings_that_are_not_shared_for_places_make_no_visit(house: House) -> None:
    house.send(day_of(1, may=cell_bit(Traffic, OWN)))
    house.send(day_of(2))
    house.withdrawn = [3]
    house.send(day_of(3))
    house.visits.make(DAY)
    house.withdrawn = []
    assert [subject for subject, *_ in house.held()] == [2]


def test_a_day_is_made_once_and_anew_where_it_is_lost_or_made_by_other_rules(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.send(day_of(1))
    house.visits.make(DAY)
    house.send(day_of(2))
    house.visits.make(DAY)
    assert len(house.held()) == 1
    assert house.record.visits.made_of(STRETCH) == MADE_OF
    monkeypatch.setattr(visits_module, "MADE_OF", "rules of tomorrow")
    house.visits.make(DAY)
    assert len(house.held()) == 2


def test_a_day_whose_visits_went_meanwhile_is_not_taken_for_a_day_without_any(
    house: House,
) -> None:
    """A house that was away for a week closes a day whose visits may not be held any more."""
    house.send(day_of(1))
    house.visits.make(DAY)
    held = told(house.visits.of(DAY).rows)
    house.record.maintain(now=Instant(DAY.since + 9 * 86_400 * SECOND), keep_days=90)
    assert house.held() == []
    assert told(house.visits.of(DAY).rows) == held != []
    assert house.held() == []


def test_rows_that_came_when_the_day_was_closed_make_no_visit(house: House) -> None:
    house.send(day_of(1))
    house.send(day_of(2), closed_until=DAY.until)
    house.visits.make(DAY)
    assert [subject for subject, *_ in house.held()] == [1]


def test_other_days_have_no_part_in_a_day(house: House) -> None:
    wednesday = Block(days=(TUESDAY + 1,), zone=ZONE)
    house.send(day_of(1))
    house.send(day_of(1, day=wednesday, cafe_hour=9))
    house.visits.make(DAY)
    assert [minute for _, minute, _ in house.held()] == [13 * 60]


def test_many_pings_are_looked_through_some_people_at_a_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in range(1, 8):
        house.send(day_of(subject))
    house.visits.make(DAY)
    whole = house.held()
    monkeypatch.setattr(visits_module, "_PINGS_AT_ONCE", 9000)
    monkeypatch.setattr(visits_module, "MADE_OF", "again")
    house.visits.make(DAY)
    assert house.held() == whole
    assert len(whole) == 7


def test_what_was_released_before_has_a_part_in_where_a_visit_was(house: House) -> None:
    house.send(day_of(1))
    expected = np.ones((2, HOURS))
    house.visits.make(DAY, expected)
    assert [where for *_, where in house.held()] == [house.numbers.number(PLACES[1].id)]
    expected[house.numbers.number(PLACES[0].id)] = 1e6
    found = house.visits.so_far(Instant(DAY.until - 1), expected)
    assert told(found.rows)[0][2] == house.numbers.number(PLACES[0].id)


def test_the_day_so_far_is_told_and_not_held(house: House) -> None:
    house.send(day_of(1, until_hour=14))
    house.send(day_of(2, cafe_hour=12.9, until_hour=13))
    now = Instant(DAY.since + 14 * HOUR * SECOND)
    assert [subject for subject, *_ in told(house.visits.so_far(now).rows)] == [1, 2]
    earlier = Instant(DAY.since + int(12.95 * HOUR) * SECOND)
    assert told(house.visits.so_far(earlier).rows) == []
    assert house.held() == []
