"""Places as they leave: found, one by one with their week, and all of them as GeoJSON."""

import gzip
from datetime import date, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from itertools import islice
from typing import Final, assert_never
from zoneinfo import ZoneInfo

import msgspec
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet.boxes import read_box
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.operations import Asked, Operation, Parameter
from hubbub.outlet.pages import is_known, packed, tag, unchanged
from hubbub.outlet.problems import BadParameter, NotFound
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire_places import (
    GeoPlace,
    GeoPlaces,
    GeoPoint,
    GeoProperties,
    HoursKind,
    PlaceCard,
    PlaceDay,
    PlaceFound,
    PlaceHours,
    PlaceOpening,
    PlacesFound,
)
from hubbub.products.places.hours import (
    Hours,
    NotTold,
    Readable,
    Unreadable,
    public_holidays,
    site_of,
    status,
    week,
)
from hubbub.products.places.search import PlaceBook, Wanted
from hubbub.terms.places import Place, PlaceCategory
from hubbub.terms.time import Instant, instant, local_day, moment

FOUND: Final = 100
FOUND_MAX: Final = 1000
TEXT_MAX: Final = 100
NOW: Final = "now"
REACH: Final = timedelta(days=366)
"""How far from now one may ask: nobody knows the hours of another decade."""

_FRESH: Final = {"cache-control": "no-cache"}
_GEOJSON: Final = "application/geo+json"
_OBJECTS: Final = {"n": "node", "w": "way", "r": "relation"}


class PlacesOutlet:
    """Answers what is asked about places."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        city = sources.city
        self._zone = ZoneInfo("UTC" if city is None else city.zone)
        self._attribution = "" if city is None else city.attribution
        self._book = PlaceBook(sources.places, self._zone)

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked. Reading hours takes a while: the event loop does not wait."""
        return (
            Operation(
                method="GET",
                path="/v1/places",
                resource=Resource.PLACES,
                action="read",
                summary="Places by name, category, box and whether they are open.",
                perform=self.find,
                answer=PlacesFound,
                parameters=_FIND_PARAMETERS,
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/places/{id}",
                resource=Resource.PLACES,
                action="read",
                summary="One place, and when it is open in the seven days from today.",
                perform=self.card,
                answer=PlaceCard,
                parameters=(
                    Parameter(
                        name="id",
                        meaning="The place's id: n, w or r and its number on the map, or own-…",
                        example="n1",
                        within="path",
                    ),
                ),
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/places.geojson",
                resource=Resource.PLACES,
                action="read",
                summary="All places of the city as GeoJSON, with the hours as they are told.",
                perform=self.geojson,
                answer=GeoPlaces,
                media=_GEOJSON,
                waits=True,
            ),
        )

    def find(self, asked: Asked) -> Response:
        """Answer with the places that are as is asked for."""
        now = self._sources.now()
        open_at, limit = _open_at_asked(asked, now, zone=self._zone), _limit_asked(asked)
        box = asked.query("bbox")
        wanted = Wanted(
            text=_text_asked(asked),
            categories=_categories_asked(asked),
            west_south_east_north=None if box is None else read_box("bbox", box),
            open_at=open_at,
        )
        at = now if open_at is None else open_at
        found = list(islice(self._book.find(wanted), limit + 1))
        answer = PlacesFound(
            at=self._local(at),
            zone=self._zone.key,
            places=[self._found(place, at) for place in found[:limit]],
            more=len(found) > limit,
            attribution=self._attribution,
        )
        return answer_json(answer, headers=_FRESH)

    def card(self, asked: Asked) -> Response:
        """Answer with one place."""
        place = self._book.get(asked.request.path_params["id"])
        if place is None:
            raise NotFound("that place")
        at, hours = self._sources.now(), self._book.hours(place)
        today = status(hours, at)
        answer = PlaceCard(
            id=place.id,
            name=place.name,
            other_names=place.other_names,
            category=place.category,
            lat=place.lat_e6 / 1e6,
            lon=place.lon_e6 / 1e6,
            address=place.address,
            source=place.source,
            map_object=_map_object(place),
            at=self._local(at),
            zone=self._zone.key,
            hours=_hours(place, hours, today.comment),
            open=today.is_open,
            changes_at=self._local_or_none(today.changes_at),
            week=self._week(place, hours, local_day(at, self._zone)),
            attribution=self._attribution,
        )
        return answer_json(answer, headers=_FRESH)

    def geojson(self, asked: Asked) -> Response:
        """Answer with all places, or with the news that they are those the client has."""
        body, entity_tag = self._all
        headers = _FRESH | {"etag": entity_tag}
        if is_known(asked.request, entity_tag):
            return unchanged(headers)
        return packed(body, asked.request, headers, media=_GEOJSON)

    @cached_property
    def _all(self) -> tuple[bytes, str]:
        features = [_feature(place, self._book.hours(place)) for place in self._book.all]
        plain = msgspec.json.encode(GeoPlaces(self._attribution, features))
        return gzip.compress(plain, compresslevel=6, mtime=0), tag(plain)

    def _found(self, place: Place, at: Instant) -> PlaceFound:
        hours = self._book.hours(place)
        then = status(hours, at)
        return PlaceFound(
            id=place.id,
            name=place.name,
            category=place.category,
            lat=place.lat_e6 / 1e6,
            lon=place.lon_e6 / 1e6,
            address=place.address,
            hours=_kind(hours),
            open=then.is_open,
            changes_at=self._local_or_none(then.changes_at),
        )

    def _week(self, place: Place, hours: Hours, today: date) -> list[PlaceDay]:
        if not isinstance(hours, Readable):
            return []
        holidays = public_holidays(site_of(place, self._zone), today)
        return [
            PlaceDay(
                day=each.day.isoformat(),
                public_holiday=None if holidays is None else each.day in holidays,
                openings=[
                    PlaceOpening(
                        opens=self._local(opening.opens),
                        closes=self._local(opening.closes),
                        sure=opening.is_sure,
                        comment=opening.comment,
                    )
                    for opening in each.openings
                ],
            )
            for each in week(hours, today)
        ]

    def _local(self, at: Instant) -> str:
        return moment(at, self._zone).isoformat(timespec="seconds")

    def _local_or_none(self, at: Instant | None) -> str | None:
        return None if at is None else self._local(at)


_FIND_PARAMETERS: Final = (
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
        "city's clocks unless it names an offset. `open` and `changes_at` are of then.",
        example=NOW,
    ),
    Parameter(
        name="limit",
        meaning=f"At most so many places; {FOUND} unless told, {FOUND_MAX} at most.",
        example="20",
        schema={"type": "integer", "minimum": 1, "maximum": FOUND_MAX},
    ),
)


def _text_asked(asked: Asked) -> str | None:
    text = asked.query("q")
    if text is not None and len(text) > TEXT_MAX:
        raise BadParameter("q", expected=f"at most {TEXT_MAX} characters")
    return text


def _categories_asked(asked: Asked) -> frozenset[PlaceCategory] | None:
    given = asked.query("category")
    if given is None:
        return None
    try:
        return frozenset(PlaceCategory(each.strip()) for each in given.split(","))
    except ValueError:
        expected = f"any of {', '.join(PlaceCategory)}; with commas"
        raise BadParameter("category", expected=expected) from None


def _open_at_asked(asked: Asked, now: Instant, *, zone: ZoneInfo) -> Instant | None:
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


def _limit_asked(asked: Asked) -> int:
    given = asked.query("limit")
    if given is None:
        return FOUND
    if not (
        given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= FOUND_MAX
    ):
        raise BadParameter("limit", expected=f"a whole number from 1 to {FOUND_MAX}")
    return int(given)


def _kind(hours: Hours) -> HoursKind:
    match hours:
        case NotTold():
            return "not told"
        case Unreadable():
            return "unreadable"
        case Readable():
            return "read"
    assert_never(hours)


def _hours(place: Place, hours: Hours, comment: str) -> PlaceHours:
    read = hours if isinstance(hours, Readable) else None
    return PlaceHours(
        kind=_kind(hours),
        told=place.hours_told,
        read_as="" if read is None else read.text,
        tells_holidays=read is not None and read.tells_holidays,
        open_end=read is not None and read.has_open_end,
        comment=comment,
    )


def _feature(place: Place, hours: Hours) -> GeoPlace:
    properties = GeoProperties(
        name=place.name,
        category=place.category,
        address=place.address,
        opening_hours=place.hours_told,
        hours=_kind(hours),
        source=place.source,
    )
    return GeoPlace(place.id, GeoPoint((place.lon_e6 / 1e6, place.lat_e6 / 1e6)), properties)


def _map_object(place: Place) -> str:
    if place.source == "operator":
        return ""
    return f"https://www.openstreetmap.org/{_OBJECTS[place.id[0]]}/{place.id[1:]}"
