"""What one may ask of places: each parameter, and how it is read."""

import math
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hubbub.outlet.boxes import read_box
from hubbub.outlet.operations import Asked, Parameter
from hubbub.outlet.problems import BadParameter
from hubbub.products.places.search import Point, Wanted
from hubbub.terms.places import PlaceCategory
from hubbub.terms.time import Instant, instant, moment

FOUND: Final = 100
FOUND_MAX: Final = 1000
TEXT_MAX: Final = 100
NOW: Final = "now"
REACH: Final = timedelta(days=366)
"""How far from now one may ask: nobody knows the hours of another decade."""

PLACE_ID: Final = Parameter(
    name="id",
    meaning="The place's id: n, w or r and its number on the map, or own-…",
    example="n1",
    within="path",
)
PARAMETERS: Final = (
    Parameter(
        name="q",
        meaning=f"Beginnings of words of its names, in any order; at most {TEXT_MAX} characters.",
        example="lib",
    ),
    Parameter(
        name="category",
        meaning=f"Any of {', '.join(PlaceCategory)}; with commas.",
        example="restaurant,cafe",
    ),
    Parameter(
        name="bbox",
        meaning="west,south,east,north in degrees; without it, the whole city.",
        example="24.93,60.16,24.96,60.18",
    ),
    Parameter(
        name="open_at",
        meaning="Only what is known to be open then: now, or a time within a year of now, on the "
        "city's clocks unless it names an offset. All that is told of a place is of then.",
        example=NOW,
    ),
    Parameter(
        name="quieter_than",
        meaning="Only what is known to be at most so busy then, in percent of its own busiest "
        "hour, and not live busier than usual. What is closed, or not known, is not quiet.",
        example="40",
        schema={"type": "integer", "minimum": 1, "maximum": 100},
    ),
    Parameter(
        name="near",
        meaning="lat,lon in degrees: the nearest come first. Without it they are in the order of "
        "their names, those that begin with `q` first.",
        example="60.17,24.94",
    ),
    Parameter(
        name="limit",
        meaning=f"At most so many places; {FOUND} unless told, {FOUND_MAX} at most.",
        example="20",
        schema={"type": "integer", "minimum": 1, "maximum": FOUND_MAX},
    ),
)
"""Of a search."""

UNHURRIED: Final = tuple(each for each in PARAMETERS if each.name != "quieter_than")
"""Of a search that does not ask how busy it is."""


def wanted(asked: Asked, now: Instant, *, zone: ZoneInfo) -> Wanted:
    """Read which places are wanted."""
    box = asked.query("bbox")
    return Wanted(
        text=_text(asked),
        categories=_categories(asked),
        west_south_east_north=None if box is None else read_box("bbox", box),
        open_at=_open_at(asked, now, zone=zone),
        near=_near(asked),
    )


def limit(asked: Asked) -> int:
    """Read how many are wanted."""
    return _whole(asked, "limit", most=FOUND_MAX) or FOUND


def quieter_than(asked: Asked) -> int | None:
    """Read how busy a place may be, in percent of its own busiest hour."""
    return _whole(asked, "quieter_than", most=100)


def _whole(asked: Asked, name: str, *, most: int) -> int | None:
    given = asked.query(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= most):
        raise BadParameter(name, expected=f"a whole number from 1 to {most}")
    return int(given)


def _text(asked: Asked) -> str | None:
    text = asked.query("q")
    if text is not None and len(text) > TEXT_MAX:
        raise BadParameter("q", expected=f"at most {TEXT_MAX} characters")
    return text


def _categories(asked: Asked) -> frozenset[PlaceCategory] | None:
    given = asked.query("category")
    if given is None:
        return None
    try:
        return frozenset(PlaceCategory(each.strip()) for each in given.split(","))
    except ValueError:
        expected = f"any of {', '.join(PlaceCategory)}; with commas"
        raise BadParameter("category", expected=expected) from None


def _near(asked: Asked) -> Point | None:
    given = asked.query("near")
    if given is None:
        return None
    try:
        numbers = [float(part) for part in given.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or not all(map(math.isfinite, numbers)):
        raise BadParameter("near", expected="two numbers: lat,lon in degrees")
    lat, lon = numbers
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise BadParameter("near", expected="-90 <= lat <= 90, -180 <= lon <= 180")
    return Point(lat, lon)


def _open_at(asked: Asked, now: Instant, *, zone: ZoneInfo) -> Instant | None:
    given = asked.query("open_at")
    if given is None or given == NOW:
        return None if given is None else now
    expected = "now, or a time within a year of now, such as 2026-11-27T20:30"
    try:
        told = datetime.fromisoformat(given)
    except ValueError:
        raise BadParameter("open_at", expected=expected) from None
    here = moment(now, zone)
    zoned = told if told.tzinfo is not None else told.replace(tzinfo=zone)
    if abs(zoned.replace(tzinfo=None) - here.replace(tzinfo=None)) > REACH:
        raise BadParameter("open_at", expected=expected)
    return instant(zoned)
