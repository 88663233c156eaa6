"""Places as they leave: found, one by one with their week, and all of them as GeoJSON."""

import gzip
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from http import HTTPStatus
from itertools import islice
from typing import Final, NamedTuple, assert_never

import msgspec
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet import places_asked
from hubbub.outlet.busyness import Busy, BusyPlaces
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.pages import is_known, packed, tag, unchanged
from hubbub.outlet.problems import NotFound
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
    is_open,
    public_holidays,
    site_of,
    status,
    week,
)
from hubbub.products.places.search import PlaceBook, Point, Wanted
from hubbub.terms.places import Place
from hubbub.terms.time import Instant, local_day, moment

_FRESH: Final = {"cache-control": "no-cache"}
_GEOJSON: Final = "application/geo+json"
_OBJECTS: Final = {"n": "node", "w": "way", "r": "relation"}


class _Then(NamedTuple):
    """The moment that is asked about: of now, more is known."""

    at: Instant
    is_now: bool
    busy: Busy


class PlacesOutlet:
    """Answers what is asked about places."""

    def __init__(self, sources: Sources, *, book: PlaceBook, busy: BusyPlaces) -> None:
        self._sources, self._book, self._busy = sources, book, busy
        city = sources.city
        self._zone = book.zone
        self._attribution = "" if city is None else city.attribution

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked. Reading hours takes a while: the event loop does not wait."""
        return (
            Operation(
                method="GET",
                path="/v1/places",
                resource=Resource.PLACES,
                action="read",
                summary="Places by name, category, box, whether they are open, how busy, how near.",
                perform=self.find,
                answer=PlacesFound,
                parameters=places_asked.PARAMETERS,
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/places/{id}",
                resource=Resource.PLACES,
                action="read",
                summary="One place: when it is open in the next seven days, and how busy it is.",
                perform=self.card,
                answer=PlaceCard,
                parameters=(places_asked.PLACE_ID,),
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
        now, limit = self._sources.now(), places_asked.limit(asked)
        wanted = places_asked.wanted(asked, now, zone=self._zone)
        at = now if wanted.open_at is None else wanted.open_at
        then = _Then(at, is_now=at == now, busy=self._busy.taken_out())
        found = list(islice(self._quiet(asked, wanted, then), limit + 1))
        answer = PlacesFound(
            at=self._local(at),
            zone=self._zone.key,
            places=[self._found(place, then, wanted.near) for place in found[:limit]],
            more=len(found) > limit,
            attribution=self._attribution,
        )
        body = gzip.compress(msgspec.json.encode(answer), compresslevel=6, mtime=0)
        return packed(body, asked.request, _FRESH, media="application/json")

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
            busyness=self._busy.told(place.id),
            busyness_due=self._busy.due(),
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

    def _quiet(self, asked: Asked, wanted: Wanted, then: "_Then") -> Iterator[Place]:
        """Find what is wanted, and of that what is as quiet as is asked for."""
        most = places_asked.quieter_than(asked)
        for place in self._book.find(wanted):
            if most is None or self._is_quiet(place, then, most):
                yield place

    def _is_quiet(self, place: Place, then: "_Then", most: int) -> bool:
        busy = then.busy.then(place.id, then.at, is_now=then.is_now)
        if busy is None or busy.live == "busier" or busy.percent > most:
            return False
        return is_open(self._book.hours(place), then.at) is not False

    def _found(self, place: Place, asked_of: "_Then", near: Point | None) -> PlaceFound:
        hours = self._book.hours(place)
        then = status(hours, asked_of.at)
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
            busy=asked_of.busy.then(place.id, asked_of.at, is_now=asked_of.is_now),
            distance_m=None if near is None else round(near.metres_to(place)),
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
