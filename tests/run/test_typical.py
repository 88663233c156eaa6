"""The usual speeds: each day is matched and closed once, and the week is what all rows tell."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.book import BlockTaken
from hubbub.crowd.days import KeptDay
from hubbub.crowd.gate import spend
from hubbub.crowd.question import Question
from hubbub.crowd.summing import exact_sums
from hubbub.products.traffic.declarations import TYPICAL, TYPICAL_SLOTS, Roads
from hubbub.products.traffic.live import Matching
from hubbub.products.traffic.trips import METRES_A_DEGREE_E6, PAST_CHUNK_S
from hubbub.record.closed_days import ClosedDays
from hubbub.record.closing import Closing
from hubbub.record.engine import Engine
from hubbub.record.events import EventStore
from hubbub.record.ledger import Ledger
from hubbub.record.record import Record
from hubbub.run import traffic as traffic_module
from hubbub.run.spending import CAPS
from hubbub.run.traffic import slices
from hubbub.run.typical import MatchedPasses, typical_speeds
from hubbub.run.weekly import WeeklyReleases
from hubbub.terms.pings import Pings
from hubbub.terms.purposes import OWN, Traffic, cell_bit
from hubbub.terms.roads import RoadSegment, SegmentNumber
from hubbub.terms.time import SECOND, Instant
from record.rows import reads_log, rows_at
from traffic.street import Street

ZONE = ZoneInfo("Europe/Helsinki")
MONDAY = 20_780
WEEK = Days().block(MONDAY, ZONE)
MAY = cell_bit(Traffic, OWN)


def midnight(day: int) -> int:
    """Give the second at which a local day begins."""
    return Block(days=(day,), zone=ZONE).since // SECOND


def road(number: int) -> RoadSegment:
    return RoadSegment(
        number=SegmentNumber(number),
        way_id=number,
        forward=True,
        from_frac=0.0,
        to_frac=1.0,
        length_m=100.0,
        limit_kmh=50.0,
        road_class=4,
        name="",
        openlr="",
        shape_e6=(0, 0, 0, 1),
    )


def drive(subject: int, day: int, *, at_s: int, speed_mps: float = 10.0) -> Pings:
    """Drive 1.5 km of the street, from a second of a local day on."""
    steps = np.arange(0, 1500 / speed_mps, 5)
    rows = rows_at(np.zeros(len(steps), np.int64), subject=subject, receipt=subject, may=MAY)
    rows["at"] = ((midnight(day) + at_s + steps) * SECOND).astype(np.int64)
    rows["lat_e6"], rows["lon_e6"] = 0, np.rint(steps * speed_mps / METRES_A_DEGREE_E6)
    rows["speed_cms"] = round(speed_mps * 100)
    return rows


class House:
    """A record, a street for a city, and whoever withdraws."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.withdrawn, self.commits = folder, list[int](), 0
        self.store, self.days = EventStore(folder / "events"), folder / "days"
        self.shelf, self.closing = ClosedDays(self.days), Closing(self.days)
        self.city: Any = SimpleNamespace(
            segments=[road(number) for number in range(20)], zone=ZONE, matcher=Street
        )
        self.ledger = Ledger(
            folder / "ledger.sqlite", witness=folder / "events" / "_ledger.head", caps=CAPS
        )
        last = self.asked(Days().block(MONDAY - 7, ZONE))
        spend(self.ledger, last, at=Instant(0))
        self.ledger.store(last.bill.release, b"the week before", at=Instant(0))

    def asked(self, week: Block) -> Question[Traffic]:
        keys = Roads(self.city.segments).slot_keys
        return Question(declaration=TYPICAL, rows={}, keys=keys, block=week)

    def record(self) -> Record:
        return Record(
            self.store,
            self.folder / "journal",
            dead=self.dead,
            reads=reads_log(self.folder),
            closing=Closing(self.days),
        )

    def dead(self, *_: object) -> pa.Table:
        return pa.table({"receipt": pa.array(self.withdrawn, pa.int64())})

    def give(self, *drives: Pings) -> int:
        """Let rows come to rest. Gives the number of late ones."""
        self.commits += 1
        with self.closing.held() as closed_until:
            return self.store.commit(
                np.concatenate(drives), journal="j", number=self.commits, closed_until=closed_until
            )

    def step(self, day: int, *, hour: float = 3) -> bool:
        """Look for what is over, at an hour of a local day."""
        speeds = typical_speeds(self.record(), self.ledger, self.city, folder=self.days)
        return speeds.step(Instant(int((midnight(day) + hour * 3600) * SECOND)))

    def kept(self, day: int) -> KeptDay | None:
        return self.shelf.kept(TYPICAL.name, TYPICAL.edition, day)

    def sums(self, day: int) -> dict[int, tuple[int, int]]:
        kept = self.kept(day)
        assert kept is not None
        return sums_in(kept.sums)

    def at_once(self) -> dict[int, tuple[int, int]]:
        """Sum the week by one query over all of its rows, matched in one go."""
        record, matching = self.record(), Matching[Traffic](Street(), chunk_s=PAST_CHUNK_S)
        for pings, end in slices(record, Traffic, since=WEEK.since, until=WEEK.until):
            record.hold(matching.feed(pings, end), since=WEEK.since)
        passes = record.read_passes(Traffic, since=WEEK.since, until=WEEK.until)
        question = replace(self.asked(WEEK), rows={"passes": record.collect(passes)})
        return sums_in(exact_sums(question, WEEK, engine=Engine().run))


def sums_in(sums: pa.Table) -> dict[int, tuple[int, int]]:
    return {row["key"]: (row["up"], row["down"]) for row in sums.to_pylist()}


def added(*days: dict[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    total: dict[int, tuple[int, int]] = {}
    for day in days:
        for key, (up, down) in day.items():
            before = total.get(key, (0, 0))
            total[key] = (before[0] + up, before[1] + down)
    return total


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(traffic_module, "_READ_US", 86_400 * SECOND)  # most hours are empty here
    monkeypatch.setattr(traffic_module, "_SLICE_US", 300 * SECOND)
    made = House(tmp_path)
    yield made
    made.ledger.close()


@pytest.fixture
def matched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the days that are matched."""
    noted: list[int] = []
    right = MatchedPasses._follow

    def match(self: MatchedPasses, day: Block) -> None:
        noted.extend(day.days)
        right(self, day)

    monkeypatch.setattr(MatchedPasses, "_follow", match)
    return noted


MORNINGS = [
    drive(1, MONDAY, at_s=8 * 3600),
    drive(2, MONDAY, at_s=17 * 3600, speed_mps=15),
    drive(1, MONDAY + 1, at_s=8 * 3600, speed_mps=6),
    drive(3, MONDAY + 2, at_s=86_400 - 70),  # over midnight
    drive(2, MONDAY + 6, at_s=12 * 3600),
]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[int, KeptDay]:
    """Note what is kept last of each day: it is gone from the shelf after its week's release."""
    noted: dict[int, KeptDay] = {}
    right = ClosedDays.keep

    def keep(self: ClosedDays, day: KeptDay) -> None:
        noted[day.day] = day
        right(self, day)

    monkeypatch.setattr(ClosedDays, "keep", keep)
    return noted


def test_each_day_is_matched_once_and_the_week_is_what_one_query_gives(
    house: House, matched: list[int], kept: dict[int, KeptDay]
) -> None:
    house.give(*MORNINGS)
    for day in WEEK.days:
        assert house.kept(day) is None, "a day is closed when it is over"
        assert house.step(day + 1) == (day == WEEK.days[-1]), "a week is released when it is over"
        house.step(day + 1, hour=23)
        assert (house.kept(day) is None) == (day == WEEK.days[-1]), "and then its days go"
    assert matched == list(WEEK.days)
    week = added(*(sums_in(kept[day].sums) for day in WEEK.days))
    assert week == house.at_once()
    assert len({key // TYPICAL_SLOTS for key in week}) > 8
    assert sums_in(kept[MONDAY + 3].sums), "who drives over midnight is in both days"
    assert house.ledger.stored(house.asked(WEEK).bill.release) is not None


def test_a_day_is_closed_two_hours_after_its_end(house: House) -> None:
    house.step(MONDAY + 1, hour=1.9)
    assert house.kept(MONDAY) is None
    house.step(MONDAY + 1, hour=2.1)
    assert house.kept(MONDAY) is not None
    assert house.closing.until() == Block(days=(MONDAY,), zone=ZONE).until


def test_rows_that_come_late_are_counted_and_in_no_sum(house: House) -> None:
    """Not even when the day is summed again."""
    house.give(MORNINGS[0])
    house.step(MONDAY + 1)
    before = house.sums(MONDAY)
    late = drive(7, MONDAY, at_s=9 * 3600)
    assert house.give(late, drive(7, MONDAY + 1, at_s=9 * 3600)) == len(late)
    house.shelf.forget()
    house.step(MONDAY + 1, hour=4)
    assert house.sums(MONDAY) == before
    assert before
    assert house.at_once() != before, "they are in the record all the same"


def test_who_withdraws_before_the_release_is_not_in_it(
    house: House,
    matched: list[int],
    kept: dict[int, KeptDay],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Gate 1 comes first, also while the week is released. No day is matched a third time."""
    house.give(drive(2, MONDAY, at_s=9 * 3600, speed_mps=15), *MORNINGS)
    for day in WEEK.days[:-1]:
        house.step(day + 1)
    before = house.sums(MONDAY)
    house.withdrawn.append(1)
    right, ever = WeeklyReleases._close, iter([51, 3])

    def close(self: WeeklyReleases[Traffic], week: Block, day: int) -> None:
        right(self, week, day)
        house.withdrawn.extend([one for one in [next(ever, 0)] if one])

    monkeypatch.setattr(WeeklyReleases, "_close", close)
    assert house.step(MONDAY + 7)
    week = added(*(sums_in(kept[day].sums) for day in WEEK.days))
    assert week == house.at_once()
    assert week
    assert sums_in(kept[MONDAY].sums) != before
    assert not sums_in(kept[MONDAY + 1].sums), "only who withdrew drove that day"
    assert [matched.count(day) for day in WEEK.days] == [2] * 6 + [1]


def test_a_fall_between_days_closes_the_others_and_none_twice(
    house: House, matched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.give(*MORNINGS)
    right = ClosedDays.keep

    def fall(self: ClosedDays, day: KeptDay) -> None:
        if day.day == MONDAY + 2:
            raise OSError("the power is gone")
        right(self, day)

    monkeypatch.setattr(ClosedDays, "keep", fall)
    with pytest.raises(OSError, match="power"):
        house.step(MONDAY + 5)
    monkeypatch.setattr(ClosedDays, "keep", right)
    house.step(MONDAY + 5)
    assert matched == [MONDAY, MONDAY + 1, MONDAY + 2, MONDAY + 2, MONDAY + 3, MONDAY + 4]


def test_another_city_asks_anew(house: House, matched: list[int]) -> None:
    """Days that were closed for other roads are not added to these, and no week has two answers."""
    house.give(*MORNINGS)
    house.step(MONDAY + 1)
    before = house.kept(MONDAY)
    house.city.segments.append(road(20))
    with pytest.raises(BlockTaken):  # last week was released of the other city
        house.step(MONDAY + 1, hour=4)
    after = house.kept(MONDAY)
    assert before is not None
    assert after is not None
    assert after.asked != before.asked
    assert after.sums.equals(before.sums)
    assert matched == [MONDAY, MONDAY], "what is refused is not matched"
