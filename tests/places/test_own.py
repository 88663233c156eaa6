"""One person's own visits: the cells that they count in, by the declaration's own bound."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from hubbub.crowd.blocks import Days, day_number
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.own import OwnVisits, own_visits
from hubbub.record.engine import Engine
from hubbub.terms.catalogue import VISITS_SCHEMA
from hubbub.terms.places import PlaceId
from hubbub.terms.time import SECOND, instant

ZONE = ZoneInfo("Europe/Helsinki")
NUMBERS = PlaceNumbers().with_new(map(PlaceId, ("n1", "n2")), at=instant(datetime.now(ZONE)))
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)
WEEK = Days(days=7).block(day_number(instant(MONDAY), ZONE), ZONE)
ENGINE = Engine(threads=1)


def visits(*of: tuple[int, int, int, int]) -> OwnVisits:
    """Tell what visits (day, hour, minute, place number) of November were good for."""
    rows = []
    for day, hour, minute, place in of:
        at = instant(MONDAY.replace(day=day, hour=hour, minute=minute))
        rows.append({"subject": 7, "at": at, "until": at + 600 * SECOND, "place": place})
    schema = pa.schema([*VISITS_SCHEMA.items()])
    table = pa.Table.from_pylist(rows, schema=schema)
    return own_visits(table, week=WEEK, numbers=NUMBERS, engine=ENGINE.run)


def test_a_visit_counts_in_the_hour_in_which_it_begins() -> None:
    told = visits((24, 12, 59, 1), (25, 0, 5, 0))
    assert [tuple(cell) for cell in told.cells] == [("n2", 1, 12, 1), ("n1", 2, 0, 1)]


def test_visits_of_one_hour_at_one_place_are_one_cell() -> None:
    assert [tuple(cell) for cell in visits((24, 9, 0, 0), (24, 9, 40, 0)).cells] == [
        ("n1", 1, 9, 2)
    ]


def test_all_visits_of_a_full_day_have_a_part_of_a_voice() -> None:
    told = visits(*((24, hour, 0, 0) for hour in range(8, 20, 3)))
    assert [cell.hour for cell in told.cells] == [8, 11, 14, 17]


def test_what_is_at_no_place_or_in_another_week_does_not_count() -> None:
    told = visits((24, 9, 0, -1), (24, 10, 0, 2), (22, 9, 0, 0), (24, 11, 0, 0))
    assert [tuple(cell) for cell in told.cells] == [("n1", 1, 11, 1)]


def test_who_was_nowhere_counts_nowhere() -> None:
    assert visits().cells == ()
