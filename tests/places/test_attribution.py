"""At which place a visit was: what is public speaks for it, and nobody else's visits do."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.blocks import CALENDAR, calendar
from hubbub.products.places.attribution import (
    CUSTOM,
    NOWHERE,
    REACH_M,
    attributed,
    ground_of,
    relations,
)
from hubbub.products.places.usual import HOURS, Floats
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import STAMP, VISITS_SCHEMA
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.time import SECOND

ZONE = ZoneInfo("Europe/Helsinki")
MONDAY = 1_793_570_400  # 2 November 2026
HOUR = 3600
ENGINE = Engine(threads=1)
WEEK = {CALENDAR.get_name(): calendar(tuple(range(20_759, 20_766)), ZONE)}
FOUND = ibis.table(
    {
        "subject": "int64", "at": "int64", "until": "int64", "lat_e6": "int32", "lon_e6": "int32",
        **STAMP,
    },
    name="found",
)  # fmt: skip
AROUND_THE_CLOCK = "24/7"
CATEGORY = PlaceCategory.CAFE


def place(
    east_m: float,
    hours: str = AROUND_THE_CLOCK,
    category: PlaceCategory = CATEGORY,
    where: tuple[int, int] = (60_170_000, 24_940_000),
) -> Place:
    """Put a place on one street from west to east."""
    east_e6 = 8.983 / np.cos(np.radians(where[0] / 1e6))
    return Place(
        id=PlaceId(f"n{abs(hash((east_m, hours, category))) % 10**9 + 1}"),
        name="somewhere",
        category=category,
        lat_e6=where[0],
        lon_e6=where[1] + round(east_m * east_e6),
        hours_told=hours,
    )


def visit(
    east_m: float, *, hour: float = 34, minutes: float = 35, subject: int = 1
) -> dict[str, int]:
    """Stay somewhere on the street from an hour of the week on: Tuesday at ten."""
    at = int((MONDAY + hour * HOUR) * SECOND)
    there = place(east_m)
    return {
        "subject": subject,
        "at": at,
        "until": at + int(minutes * 60) * SECOND,
        "lat_e6": there.lat_e6,
        "lon_e6": there.lon_e6,
        "receipt": 7,
        "may": 3,
    }


def told(
    visits: Sequence[dict[str, int]], *places: Place, expected: Floats | None = None
) -> list[int]:
    """Tell where each visit was, in the order of subjects."""
    ground = ground_of(places, range(len(places)), zone=ZONE, monday=date(2026, 11, 2))
    schema = pa.schema([(name, str(kind)) for name, kind in FOUND.schema().items()])
    rows = pa.Table.from_pylist(list(visits), schema)
    answer = ENGINE.run(attributed(FOUND), {"found": rows, **WEEK, **relations(ground, expected)})
    assert set(answer.column_names) == {*VISITS_SCHEMA, *STAMP}
    return [row["place"] for row in answer.sort_by("subject").to_pylist()]


def test_of_equals_the_nearest_is_told() -> None:
    street = [place(0), place(20), place(40)]
    visits = [visit(4, subject=1), visit(19, subject=2), visit(35, subject=3)]
    assert told(visits, *street) == [0, 1, 2]


def test_where_no_place_is_near_none_is_told() -> None:
    beyond = [visit(REACH_M + 2, subject=1), visit(5000, subject=2), visit(REACH_M - 2, subject=3)]
    assert told(beyond, place(0)) == [NOWHERE, NOWHERE, 0]


def test_each_visit_is_told_once_and_keeps_its_stamp() -> None:
    ground = ground_of([place(0), place(1)], (5, 9), zone=ZONE, monday=date(2026, 11, 2))
    schema = pa.schema([(name, str(kind)) for name, kind in FOUND.schema().items()])
    rows = pa.Table.from_pylist([visit(0), visit(900, subject=2)], schema)
    answer = ENGINE.run(attributed(FOUND), {"found": rows, **WEEK, **relations(ground)})
    assert sorted((row["place"], row["receipt"], row["may"]) for row in answer.to_pylist()) == [
        (NOWHERE, 7, 3),
        (5, 7, 3),
    ]


@pytest.mark.parametrize(("hour", "there"), [(34, 1), (44, 0)])
def test_a_place_that_is_closed_is_not_told_while_one_nearby_is_open(hour: int, there: int) -> None:
    bakery, night = place(0, "Mo-Su 18:00-23:00"), place(15, "Mo-Su 06:00-14:00")
    assert told([visit(7, hour=hour)], bakery, night) == [there]


def test_hours_that_are_wrong_cannot_be_excluded() -> None:
    """Who stands right in a place that says it is closed, 60 m from the next one, is in it."""
    assert told([visit(0)], place(0, "Mo-Su 18:00-23:00"), place(60)) == [0]


def test_what_closes_meanwhile_is_less_likely() -> None:
    closing, open_ = place(0, "Mo-Su 06:00-10:15"), place(12)
    assert told([visit(5, hour=34, minutes=90)], closing, open_) == [1]
    assert told([visit(5, hour=33, minutes=20)], closing, open_) == [0]


@pytest.mark.parametrize(("minutes", "there"), [(9, 0), (90, 1)])
def test_how_long_one_stays_tells_a_pharmacy_from_a_gym(minutes: int, there: int) -> None:
    pharmacy = place(0, category=PlaceCategory.PHARMACY)
    gym = place(10, category=PlaceCategory.SPORT)
    assert told([visit(5, minutes=minutes)], pharmacy, gym) == [there]


def test_what_was_released_of_many_visits_tells_who_is_visited_much() -> None:
    expected = np.ones((2, HOURS))
    assert told([visit(7)], place(0), place(20), expected=expected) == [0]
    expected[1] *= 30
    assert told([visit(7)], place(0), place(20), expected=expected) == [1]


def test_the_hour_of_arrival_counts_on_the_clocks_of_the_city() -> None:
    expected = np.ones((2, HOURS))
    expected[1, 34] = 100
    hours = [visit(7, hour=34, subject=1), visit(7, hour=35.1, subject=2)]
    assert told(hours, place(0), place(20), expected=expected) == [1, 0]


def test_whoever_is_not_there_changes_nothing_for_anybody_else() -> None:
    """Bit by bit: all that is told of others is the same with a person and without."""
    chance = np.random.default_rng(5)
    street = [place(east, category=category) for east, category in zip(
        chance.uniform(0, 400, 40), [*PlaceCategory, *PlaceCategory, *PlaceCategory], strict=False
    )]  # fmt: skip
    visits = [
        visit(
            float(chance.uniform(0, 400)),
            hour=float(chance.uniform(0, 160)),
            minutes=float(chance.uniform(5, 200)),
            subject=subject,
        )
        for subject in range(200)
    ]
    everybody = dict(zip(range(200), told(visits, *street), strict=True))
    assert len(set(everybody.values())) > 20
    for gone in (0, 57, 199):
        others = [each for each in visits if each["subject"] != gone]
        there = [each["subject"] for each in others]
        assert told(others, *street) == [everybody[subject] for subject in there]


def test_the_same_is_told_on_every_part_of_the_earth() -> None:
    for where in ((0, 0), (-33_920_000, 18_420_000), (69_700_000, -179_999_000)):
        ground = ground_of(
            [place(0, where=where), place(60, where=where)], (0, 1), zone=ZONE,
            monday=date(2026, 11, 2),
        )  # fmt: skip
        schema = pa.schema([(name, str(kind)) for name, kind in FOUND.schema().items()])
        east_e6 = 8.983 / np.cos(np.radians(where[0] / 1e6))
        stood = [
            visit(0, subject=number)
            | {"lat_e6": where[0], "lon_e6": where[1] + round(east * east_e6)}
            for number, east in enumerate((-70, 0, 29, 31, 60, 130, 140))
        ]
        rows = pa.Table.from_pylist(stood, schema)
        answer = ENGINE.run(attributed(FOUND), {"found": rows, **WEEK, **relations(ground)})
        there = [row["place"] for row in answer.sort_by("subject").to_pylist()]
        assert there == [0, 0, 0, 1, 1, 1, NOWHERE]


def test_a_city_without_places_is_nowhere() -> None:
    assert told([visit(0)]) == [NOWHERE]


def test_only_the_hours_that_are_asked_for_are_looked_up() -> None:
    ground = ground_of([place(0), place(9)], (0, 1), zone=ZONE, monday=date(2026, 11, 2))
    assert len(relations(ground, hours=range(24, 48))[CUSTOM.get_name()]) == 2 * 24
