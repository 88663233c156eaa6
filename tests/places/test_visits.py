"""What counts as a visit: each rule on days of two or three people, whose truth is plain."""

from collections.abc import Iterable, Iterator, Sequence
from math import cos, radians
from random import Random
from typing import NamedTuple

import ibis
import pyarrow as pa
import pytest
from bench.visits import ZONE, score, simulated

from hubbub.crowd.blocks import CALENDAR, calendar
from hubbub.products.places.visits import visits_in
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import PINGS, PINGS_SCHEMA, STAMP
from hubbub.terms.time import SECOND

MONDAY = 1_793_570_400 * SECOND
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ENGINE = Engine(threads=1)
WEEK = {CALENDAR.get_name(): calendar(tuple(range(20_759, 20_766)), ZONE)}
"""From Monday, 2 November 2026, on."""
STAMPED = ibis.table(PINGS_SCHEMA | STAMP, name="pings")
HOME, DESK, CAFE = (0, 0), (3000, 0), (1500, 800)
"""Where things are, in metres east and north."""


class Stay(NamedTuple):
    """Somebody at a point, from and until seconds after Monday 0:00; a ping every half minute."""

    at: tuple[float, float]
    since: int
    until: int
    every_s: int = 30
    accuracy_dm: int = 80


class Visit(NamedTuple):
    """A visit as found: seconds after Monday 0:00."""

    subject: int
    since: int
    until: int


type Ping = tuple[int | None, ...]


def pings(
    *stays: Stay, subject: int = 7, where: tuple[int, int] = (60_170_000, 24_940_000)
) -> Iterator[Ping]:
    """Tell of stays, a little off each time, as a phone does."""
    chance = Random(11)
    east_e6 = 8.983 / cos(radians(where[0] / 1e6))
    for stay in stays:
        for second in range(stay.since, stay.until, stay.every_s):
            east, north = (metres + chance.gauss(0, 6) for metres in stay.at)
            yield (
                subject,
                MONDAY + second * SECOND,
                where[0] + round(north * 8.983),
                where[1] + round(east * east_e6),
                stay.accuracy_dm,
            )


def table(rows: Iterable[Ping]) -> pa.Table:
    columns = dict(zip(PINGS_SCHEMA, zip(*rows, strict=True), strict=False))
    count = len(columns["subject"])
    filled = {name: columns.get(name, [-1] * count) for name in PINGS_SCHEMA}
    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in PINGS_SCHEMA.items()])
    return pa.table({name: list(column) for name, column in filled.items()}, schema=schema)


def visits(rows: Iterable[Ping]) -> list[Visit]:
    found = ENGINE.run(visits_in(PINGS), {"pings": table(rows), **WEEK}).to_pylist()
    seconds = [[(row[end] - MONDAY) // SECOND for end in ("at", "until")] for row in found]
    return sorted(Visit(row["subject"], *ends) for row, ends in zip(found, seconds, strict=True))


def lived(*stays: Stay) -> list[Stay]:
    """Put stays of Tuesday afternoon into three days at home."""
    return [
        Stay(HOME, 0, DAY + 12 * HOUR, every_s=300),
        *stays,
        Stay(HOME, DAY + 20 * HOUR, 3 * DAY, every_s=300),
    ]


NOON = DAY + 13 * HOUR
COFFEE = Stay(CAFE, NOON, NOON + 40 * MINUTE)


def about(found: Sequence[Visit], *spans: tuple[int, int], off_s: int = 90) -> bool:
    """Tell whether these spans were found, and nothing else."""
    return len(found) == len(spans) and all(
        abs(visit.since - since) <= off_s and abs(visit.until - until) <= off_s
        for visit, (since, until) in zip(found, spans, strict=True)
    )


def test_a_visit_is_found_from_arrival_to_departure() -> None:
    assert about(visits(pings(*lived(COFFEE))), (NOON, NOON + 40 * MINUTE))


def test_a_visit_is_where_the_place_is() -> None:
    told = {"pings": table(pings(*lived(COFFEE))), **WEEK}
    (found,) = ENGINE.run(visits_in(PINGS), told).to_pylist()
    assert abs(found["lat_e6"] - 60_170_000 - 800 * 8.983) < 5 * 9
    assert abs(found["lon_e6"] - 24_940_000 - 1500 * 18.06) < 5 * 18


def test_home_is_no_visit() -> None:
    assert visits(pings(*lived())) == []


def test_the_desk_is_no_visit_also_if_lunch_parts_the_day() -> None:
    days = [
        (HOME, 0, 8), (DESK, 9, 12), (CAFE, 12.25, 12.75), (DESK, 13, 17), (HOME, 18, 24),
    ]  # fmt: skip
    stays = [
        Stay(at, day * DAY + int(since_h * HOUR), day * DAY + int(until_h * HOUR), every_s=60)
        for day in range(3)
        for at, since_h, until_h in days
    ]
    lunches = [(day * DAY + 12 * HOUR + 900, day * DAY + 12 * HOUR + 2700) for day in range(3)]
    assert about(visits(pings(*stays)), *lunches)


@pytest.mark.parametrize(("metres", "counted"), [(60, False), (200, True)])
def test_next_door_to_home_nobody_is_counted(metres: int, counted: bool) -> None:  # noqa: FBT001
    bakery = COFFEE._replace(at=(metres, 0))
    found = visits(pings(*lived(bakery)))
    assert about(found, *[(NOON, NOON + 40 * MINUTE)] * counted)


def test_home_is_where_the_day_began_however_short_that_was() -> None:
    evening = Stay(HOME, DAY + 20 * HOUR, DAY + 21 * HOUR)
    assert about(visits(pings(Stay(HOME, DAY, DAY + 600), COFFEE, evening)), (NOON, COFFEE.until))


@pytest.mark.parametrize(("minutes", "counted"), [(9 * 60 + 50, True), (10 * 60 + 10, False)])
def test_whose_morning_was_not_seen_is_not_counted_that_day(minutes: int, counted: bool) -> None:  # noqa: FBT001
    begins = DAY + minutes * MINUTE
    morning = Stay(HOME, begins, begins + 600)
    assert about(visits(pings(morning, COFFEE)), *[(NOON, COFFEE.until)] * counted)


def test_a_visit_beyond_midnight_is_counted_once_on_the_day_it_began() -> None:
    late = Stay(CAFE, 2 * DAY - 2 * HOUR, 2 * DAY + HOUR)
    days = [Stay(HOME, DAY, DAY + 21 * HOUR), late, Stay(HOME, 2 * DAY + 2 * HOUR, 3 * DAY)]
    assert about(visits(pings(*days)), (late.since, 2 * DAY))


def test_a_day_stands_alone_whatever_other_days_there_are() -> None:
    """What one adds to a day follows from that day's pings: the crowd's gate hides a day."""
    tuesday = [Stay(HOME, DAY, DAY + 12 * HOUR), COFFEE]
    others = [Stay(CAFE, 0, DAY, every_s=300), Stay(CAFE, 2 * DAY, 4 * DAY, every_s=300)]
    alone, among = (visits(pings(*stays)) for stays in (tuesday, [*tuesday, *others]))
    assert alone == among
    assert about(alone, (NOON, COFFEE.until))


def stamped(receipts: Sequence[tuple[int, int, int]]) -> list[dict[str, int]]:
    """Find the visits of one day under some receipts: number, since when, and what for."""
    rows = table(pings(*lived(COFFEE)))
    at = rows["at"].to_pylist()
    under = [[each for each in receipts if each[1] <= (t - MONDAY) // SECOND][-1] for t in at]
    rows = rows.append_column("receipt", pa.array([each[0] for each in under], pa.int64()))
    rows = rows.append_column("may", pa.array([each[2] for each in under], pa.int64()))
    found: list[dict[str, int]] = ENGINE.run(
        visits_in(STAMPED), {"pings": rows, **WEEK}
    ).to_pylist()
    return sorted(found, key=lambda visit: visit["at"])


def test_a_visit_carries_the_stamp_of_its_pings() -> None:
    (visit,) = stamped([(5, 0, 0b111)])
    assert (visit["receipt"], visit["may"]) == (5, 0b111)


def test_what_pings_may_be_read_for_their_visit_may_be_read_for_and_no_more() -> None:
    (visit,) = stamped([(5, 0, 0b111), (5, NOON + 600, 0b110), (5, NOON + 1200, 0b011)])
    assert (visit["receipt"], visit["may"]) == (5, 0b010)


def test_another_receipt_begins_another_visit() -> None:
    parts = stamped([(5, 0, 0b111), (6, NOON + 1200, 0b111)])
    assert [visit["receipt"] for visit in parts] == [5, 6]
    assert parts[0]["until"] < MONDAY + (NOON + 1200) * SECOND <= parts[1]["at"]


@pytest.mark.parametrize(("minutes", "counted"), [(3, False), (7, True)])
def test_a_visit_lasts_five_minutes_or_more(minutes: int, counted: bool) -> None:  # noqa: FBT001
    stop = COFFEE._replace(until=NOON + minutes * MINUTE)
    assert about(visits(pings(*lived(stop))), *[(NOON, NOON + minutes * MINUTE)] * counted)


def test_who_walks_visits_nothing() -> None:
    walk = [
        Stay((500 + 1.1 * second, 900), NOON + second, NOON + second + 1, every_s=1)
        for second in range(0, HOUR, 20)
    ]
    assert visits(pings(*lived(*walk))) == []


def test_two_places_in_a_street_are_two_visits() -> None:
    shop = COFFEE._replace(at=(1650, 800), since=COFFEE.until + 120, until=COFFEE.until + HOUR)
    first, second = (NOON, COFFEE.until), (COFFEE.until + 120, COFFEE.until + HOUR)
    assert about(visits(pings(*lived(COFFEE, shop))), first, second)


@pytest.mark.parametrize(("silent", "parts"), [(HOUR, 1), (2 * HOUR, 2)])
def test_a_phone_may_be_silent_for_an_hour(silent: int, parts: int) -> None:
    again = COFFEE._replace(since=COFFEE.until + silent, until=COFFEE.until + silent + HOUR)
    halves = [(COFFEE.since, COFFEE.until), (again.since, again.until)]
    whole = [(COFFEE.since, again.until)]
    assert about(visits(pings(*lived(COFFEE, again))), *(whole if parts == 1 else halves))


def test_a_jump_does_not_part_a_visit() -> None:
    jump = Stay((2600, 200), NOON + 1200, NOON + 1380)
    parts = [COFFEE._replace(until=jump.since), jump, COFFEE._replace(since=jump.until)]
    assert about(visits(pings(*lived(*parts))), (NOON, COFFEE.until))


@pytest.mark.parametrize(("accuracy_dm", "counted"), [(1000, True), (1001, False), (5000, False)])
def test_a_position_that_is_said_to_be_vague_is_no_visit(accuracy_dm: int, counted: bool) -> None:  # noqa: FBT001
    vague = COFFEE._replace(accuracy_dm=accuracy_dm)
    assert about(visits(pings(*lived(vague))), *[(NOON, COFFEE.until)] * counted)


def test_pings_may_come_in_any_order_and_twice() -> None:
    rows = list(pings(*lived(COFFEE)))
    mixed = [*rows, *rows]
    Random(3).shuffle(mixed)
    assert visits(mixed) == visits(rows) != []


def test_people_have_nothing_to_do_with_each_other() -> None:
    cinema = Stay((900, -700), NOON - HOUR, NOON + HOUR)
    one, other = list(pings(*lived(COFFEE))), list(pings(*lived(cinema), subject=8))
    assert sorted(visits(one) + visits(other)) == visits(one + other)
    assert len(visits(one + other)) == 2


IMPOSSIBLE: tuple[tuple[int | None, ...], ...] = (
    (None, MONDAY, 60_170_000, 24_940_000, 50),
    (-1, MONDAY, 60_170_000, 24_940_000, 50),
    (7, None, 60_170_000, 24_940_000, 50),
    (7, -(2**63), 60_170_000, 24_940_000, 50),
    (7, 2**63 - 1, 60_170_000, 24_940_000, 50),
    (7, MONDAY, None, 24_940_000, 50),
    (7, MONDAY, 2**31 - 1, -(2**31), 50),
    (7, MONDAY, 60_170_000, 180_000_001, 50),
    (7, MONDAY, 60_170_000, 24_940_000, None),
)


def test_rows_that_cannot_be_drop_silently() -> None:
    rows = list(pings(*lived(COFFEE)))
    assert visits([*IMPOSSIBLE, *rows, *IMPOSSIBLE]) == visits(rows) != []


@pytest.mark.parametrize("accuracy_dm", [-1, 0, -(2**15)])
def test_a_phone_need_not_say_how_exact_it_is(accuracy_dm: int) -> None:
    untold = [stay._replace(accuracy_dm=accuracy_dm) for stay in lived(COFFEE)]
    assert about(visits(pings(*untold)), (NOON, COFFEE.until))


@pytest.mark.parametrize("where", [(0, 0), (-33_920_000, 18_420_000), (70_000_000, -179_000_000)])
def test_metres_are_the_same_everywhere_on_earth(where: tuple[int, int]) -> None:
    """A street further is another place; 10 m further is not."""
    first = COFFEE._replace(at=(1500, 0))
    for metres, parts in ((10, 1), (150, 2)):
        beside = Stay((1500 + metres, 0), first.until + 60, first.until + HOUR)
        assert len(visits(pings(*lived(first, beside), where=where))) == parts


def test_a_simulated_week_is_found() -> None:
    city, legs, told = simulated(people=40, seed=21)
    visits = ENGINE.run(visits_in(PINGS), {"pings": told.pings, **WEEK})
    found = score(visits, told.truth, legs, city=city)
    assert found.true > 300
    assert found.recall > 0.9
    assert found.precision > 0.85  # most of the rest waits for a bus: the bench says how many
    assert found.off_m < 25
    assert found.home_or_work < found.found / 100


def test_a_wrong_visit_is_seen() -> None:
    """The score's own twin: what was found an hour late is not found."""
    city, legs, told = simulated(people=10, seed=21)
    columns = {name: told.truth[name].to_numpy() for name in ("subject", "at", "until")}
    there = {"lat_e6": columns["subject"], "lon_e6": columns["subject"]}

    def recall(late_us: int) -> float:
        late = {name: columns[name] + late_us for name in ("at", "until")}
        return score(pa.table({**columns, **late, **there}), told.truth, legs, city=city).recall

    assert recall(0) == 1
    assert recall(HOUR * SECOND) < 0.3
