"""The typical week: closed is closed, nights go on, and neither holidays nor clocks bend it."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.laws import G
from hubbub.products.places.busyness import CityBusyness, PlaceBusyness
from hubbub.products.places.declarations import CATEGORIES, STAY_EDGES_MIN
from hubbub.products.places.deviation import Counted, learnt_variances, shapes
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.stays import (
    filled_hours,
    lognormal_shares,
    middle_half_min,
    stay_shares,
)
from hubbub.products.places.typical import (
    NO_MONDAY,
    PublicPlaces,
    WeekTables,
    best_times,
    city_busyness,
    plain_monday,
    typical_week,
)
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.time import Instant

ZONE = ZoneInfo("Europe/Helsinki")
HOURS = np.arange(168)
BAR = CATEGORIES.index(PlaceCategory.BAR)


def week_of(day: str) -> Block:
    return Days(days=7).block((date.fromisoformat(day) - date(1970, 1, 1)).days, ZONE)


PLAIN = week_of("2026-11-02")
HOLIDAY = week_of("2026-12-21")  # its Friday is Christmas Day
AUTUMN = week_of("2026-10-19")  # its Sunday has 25 hours
SPRING = week_of("2026-03-23")  # its Sunday has 23


def public(*hours_told: str) -> PublicPlaces:
    places = [
        Place(
            id=PlaceId(f"n{n}"),
            name="",
            category=PlaceCategory.BAR,
            lat_e6=60_170_000,
            lon_e6=24_940_000,
            hours_told=told,
        )
        for n, told in enumerate(hours_told, 1)
    ]
    numbers = PlaceNumbers().with_new((each.id for each in places), at=Instant(0))
    found = PublicPlaces(places=places, numbers=numbers, zone=ZONE, monday=NO_MONDAY)
    monday = plain_monday(found, PLAIN)
    return PublicPlaces(places=places, numbers=numbers, zone=ZONE, monday=monday)


def tables(block: Block, by_hour: np.ndarray) -> WeekTables:
    """Release a week without noise: of visits by place and hour."""
    categories = np.zeros((len(CATEGORIES), 168))
    categories[BAR] = by_hour.sum(axis=0)
    stays = np.zeros((len(CATEGORIES), len(STAY_EDGES_MIN) + 1))
    stays[BAR, 7] = by_hour.sum()
    counted = (by_hour, by_hour.sum(axis=1), categories, stays)
    return WeekTables(
        block, *(pa.table({"count": np.rint(each.ravel() * G).astype(int)}) for each in counted)
    )


def told(known: PublicPlaces, *weeks: WeekTables) -> CityBusyness:
    curves, stays = typical_week(known, weeks)
    return city_busyness(known, weeks, curves=curves, stays=stays)


def first(city: CityBusyness) -> PlaceBusyness:
    return city.places[PlaceId("n1")]


NIGHTS = "Mo-Su 20:00-03:00"


def nights(visits: float) -> np.ndarray:
    """Visits to a bar that is open until three."""
    week = np.zeros((1, 168))
    week[0, (HOURS % 24 >= 20) | (HOURS % 24 < 3)] = visits
    return week


def test_closed_hours_are_closed_and_open_ones_are_not() -> None:
    bar = first(told(public(NIGHTS), tables(PLAIN, nights(40))))
    is_open = (HOURS % 24 >= 20) | (HOURS % 24 < 3)
    assert bar.closed == tuple((~is_open).tolist())
    numbers = (bar.low, bar.percent, bar.high)
    for each in numbers:
        assert not any(each[hour] for hour in HOURS[~is_open])
    assert all(bar.percent[hour] > 0 for hour in HOURS[is_open])
    assert all(low <= p <= high <= 100 for low, p, high in zip(*numbers, strict=True))


def test_a_night_goes_on_over_midnight_and_over_the_weeks_end() -> None:
    late = np.zeros((1, 168))
    late[0, 167] = late[0, 23] = 300  # on Sunday and on Monday all come at eleven
    late[0, 20] = 30
    bar = first(told(public(NIGHTS), tables(PLAIN, late)))
    assert bar.percent[0] > 5, "who came on Sunday night is there on Monday"
    assert bar.percent[24] > 5


@pytest.mark.parametrize(("block", "hours"), [(AUTUMN, 2.0), (SPRING, 0.0)])
def test_an_hour_counts_for_as_long_as_the_clocks_showed_it(block: Block, hours: float) -> None:
    changed = 6 * 24 + 3
    flat = np.full((1, 168), 40.0)
    flat[0, changed] = 40 * hours
    bar = first(told(public("24/7"), tables(block, flat)))
    assert abs(bar.percent[changed] - bar.percent[5 * 24 + 3]) <= 8


def test_a_public_holiday_does_not_bend_the_week() -> None:
    crowded, empty = nights(40), nights(40)
    friday = slice(4 * 24, 5 * 24)
    crowded[0, friday], empty[0, friday] = crowded[0, friday] * 9, 0
    bars = [
        first(told(public(NIGHTS), tables(PLAIN, nights(40)), tables(HOLIDAY, visits)))
        for visits in (crowded, empty)
    ]
    differ = [abs(a - b) for a, b in zip(bars[0].percent, bars[1].percent, strict=True)]
    assert max(differ) <= 1
    # The same days of a plain week do bend it.
    bent = [
        first(told(public(NIGHTS), tables(PLAIN, nights(40)), tables(AUTUMN, visits)))
        for visits in (crowded, empty)
    ]
    assert bent[0].percent[4 * 24 + 21] > bent[1].percent[4 * 24 + 21] + 20


def test_a_place_that_nobody_visits_is_told_by_its_kind_and_says_so() -> None:
    visits = np.vstack([nights(60), np.zeros((1, 168))])
    city = told(public(NIGHTS, NIGHTS), tables(PLAIN, visits))
    assert first(city).evidence in {"own", "blend"}
    quiet = city.places[PlaceId("n2")]
    assert quiet.evidence == "category"
    assert quiet.best == ()
    assert quiet.percent[22] > 0


def test_hours_that_are_not_told_are_those_of_the_kind_and_say_so() -> None:
    city = told(public("", NIGHTS), tables(PLAIN, np.vstack([nights(9), nights(9)])))
    assert [first(city).hours, city.places[PlaceId("n2")].hours] == ["category", "own"]


def test_a_plain_week_has_no_holiday_and_no_change_of_the_clocks() -> None:
    known = public(NIGHTS)
    found = [plain_monday(known, block).isoformat() for block in (PLAIN, HOLIDAY, AUTUMN)]
    assert found == ["2026-11-02", "2027-01-11", "2026-11-02"]


def test_counts_below_nought_stay_so_that_sums_are_not_too_high() -> None:
    """By luck alone this fails less than once in a million."""
    dice = np.random.default_rng(5)
    known = public(*[NIGHTS] * 60)
    true = np.repeat(nights(4), 60, axis=0)
    noisy = true + dice.laplace(0, 4, true.shape)
    curves, _ = typical_week(known, [tables(PLAIN, noisy)])
    assert 0.85 < curves.arrivals.sum() / true.sum() < 1.15
    assert np.maximum(noisy, 0).sum() / true.sum() > 1.5, "cut off at once they would be"


def test_it_is_best_when_it_is_open_and_surely_quiet() -> None:
    high, is_open = np.full(168, 90.0), np.zeros(168)
    is_open[9:18] = is_open[33:42] = 1
    high[10:12], high[36:38] = 20, 10
    assert best_times(high, is_open) == ((1, 12, 14), (0, 10, 12))


def test_stays_are_as_counted_where_many_are_and_as_usual_where_none() -> None:
    usual = np.stack([lognormal_shares(30, 0.6)] * 2)
    counted = np.zeros_like(usual)
    counted[0] = 50_000 * lognormal_shares(70, 0.4)
    many, none = stay_shares(counted, draws=1, usual=usual)
    assert np.abs(many - lognormal_shares(70, 0.4)).max() < 0.01
    assert none == pytest.approx(usual[1])
    low, high = middle_half_min(many)
    assert (50 < low < 60, 85 < high < 100) == (True, True)


def test_an_arrival_fills_as_many_hours_as_people_stay() -> None:
    for median_min in (10, 30, 90):
        filled = filled_hours(lognormal_shares(median_min, 0.5))
        mean_min = median_min * np.exp(0.5**2 / 2)
        assert filled.sum() * 60 == pytest.approx(mean_min, rel=0.08)


def test_what_places_differ_by_is_learnt_from_all_of_them() -> None:
    """By luck alone this fails less than once in a million."""
    dice = np.random.default_rng(8)
    curve = 1 + np.cos((HOURS % 24 - 15) / 24 * 2 * np.pi) * 0.8
    expected = np.repeat(60 * curve[None], 400, axis=0)
    alone = expected * (1 + dice.normal(0, 0.3, expected.shape))
    of_days = np.roll(np.repeat(dice.normal(0, 0.3, (400, 7)), 24, axis=1), 4, axis=1)
    days = expected * (1 + of_days)
    for true, shape in ((alone, 0), (days, 4)):
        noisy = true + dice.laplace(0, 4, true.shape)
        noisy += dice.normal(0, 1, true.shape) * expected**0.5
        counted = Counted(noisy, expected, 32 + expected)
        variances = learnt_variances([counted], [shapes(curve)])
        assert variances.argmax() == shape
        assert variances[shape] == pytest.approx(0.09, rel=0.4)


def test_the_same_tables_give_the_same_week() -> None:
    known, week = public(NIGHTS), tables(PLAIN, nights(12))
    assert told(known, week) == told(known, week)


def test_a_city_without_places_has_no_weeks() -> None:
    nothing = np.zeros((0, 168))
    assert told(public(), tables(PLAIN, nothing)).places == {}
