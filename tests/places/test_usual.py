"""What is usual stands in where nobody tells better, and never for a place's own hours."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hubbub.products.places.usual import (
    HOURS,
    USUAL,
    open_shares,
    usual_arrivals,
    usual_shares,
)
from hubbub.terms.places import Place, PlaceCategory, PlaceId

ZONE = ZoneInfo("Europe/Helsinki")
MONDAY = date(2026, 11, 2)


def cafe(hours: str) -> Place:
    return Place(
        id=PlaceId("n1"),
        name="Cafe",
        category=PlaceCategory.CAFE,
        lat_e6=60_170_000,
        lon_e6=24_940_000,
        hours_told=hours,
    )


def open_hours(hours: str, monday: date = MONDAY) -> dict[int, float]:
    """Give the hours of the week in which it is open, and how much of each."""
    shares, told = open_shares(cafe(hours), ZONE, monday)
    assert told
    return {hour: round(share, 2) for hour, share in enumerate(shares.tolist()) if share}


def test_a_places_own_hours_are_taken_hour_by_hour() -> None:
    assert open_hours("Tu 09:30-12:15") == {33: 0.5, 34: 1, 35: 1, 36: 0.25}


def test_an_opening_beyond_the_weeks_end_begins_the_week() -> None:
    assert open_hours("Su 22:00-02:00") == {0: 1, 1: 1, 166: 1, 167: 1}


def test_the_clocks_change_and_the_week_has_its_168_hours() -> None:
    """On 25 October 2026, 3:00 to 4:00 comes twice; on 28 March 2027 it does not come."""
    autumn = open_hours("Su 01:00-12:00", date(2026, 10, 19))
    assert autumn == dict.fromkeys(range(144 + 1, 144 + 12), 1)
    spring = open_hours("Su 01:00-12:00", date(2027, 3, 22))
    assert spring == dict.fromkeys([145, 146, *range(148, 156)], 1)


@pytest.mark.parametrize("hours", ["", "when the sun is out", "Mo-Fr 9:00-17:00 unknown"])
def test_where_hours_are_not_known_the_usual_ones_stand_in_and_it_is_said(hours: str) -> None:
    shares, told = open_shares(cafe(hours), ZONE, MONDAY)
    assert not told
    assert np.array_equal(shares, usual_shares(PlaceCategory.CAFE))


@pytest.mark.parametrize("category", [*PlaceCategory])
def test_every_category_has_usual_hours_stays_and_arrivals(category: PlaceCategory) -> None:
    shares, arrivals = usual_shares(category), usual_arrivals(category)
    assert shares.shape == arrivals.shape == (HOURS,)
    assert arrivals.sum() == pytest.approx(1)
    assert np.array_equal(arrivals > 0, shares > 0)
    assert USUAL[category].stay_min >= 5


def test_bars_are_open_beyond_midnight() -> None:
    shares = usual_shares(PlaceCategory.BAR)
    assert shares[5 * 24 + 26] == 1
    assert shares[0] == 1  # what began on Sunday
