"""Places as the `populartimes` library gave them, for programs that were written for it.

Its scrapers died; the keys are those that its users know. What is not known is left out: a place
without `current_popularity` is not an empty one.
"""

from http import HTTPStatus
from itertools import islice

import msgspec
from starlette.responses import Response

from hubbub.deal.policy import Resource
from hubbub.outlet import places_asked
from hubbub.outlet.busyness import Busy, BusyPlaces, days_of
from hubbub.outlet.json_answer import answer_json
from hubbub.outlet.operations import Asked, Operation
from hubbub.outlet.problems import NotFound
from hubbub.outlet.sources import Sources
from hubbub.outlet.wire import Hides
from hubbub.outlet.wire_places import BusyThen
from hubbub.products.places.busyness import LiveLevel
from hubbub.products.places.search import PlaceBook
from hubbub.terms.places import Place, PlaceCategory

_FRESH = {"cache-control": "no-cache"}


class Coordinates(msgspec.Struct, frozen=True):
    """A point, in degrees."""

    lat: float
    lng: float


class DayTimes(msgspec.Struct, frozen=True):
    """A day of the week, hour by hour from midnight on, in percent of the place's peak."""

    name: str
    percent: list[int] = msgspec.field(name="data")


class PopularTimes(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place, by the names that the library has; from `evidence` on they are ours."""

    id: str
    name: str
    address: str
    types: list[PlaceCategory]
    coordinates: Coordinates
    populartimes: list[DayTimes]
    time_spent: tuple[int, int]  # minutes: one in four stays less, one in four more
    evidence: str
    weeks: int
    hides: Hides
    attribution: str
    live: LiveLevel = "none"
    current_popularity: int | None = None  # only where the live level is known


class PopularTimesOutlet:
    """Answers in the library's shape."""

    def __init__(self, sources: Sources, *, book: PlaceBook, busy: BusyPlaces) -> None:
        self._sources, self._book, self._busy = sources, book, busy
        self._attribution = "" if sources.city is None else sources.city.attribution

    def operations(self) -> tuple[Operation, ...]:
        """List what may be asked."""
        return (
            Operation(
                method="GET",
                path="/v1/populartimes",
                resource=Resource.PLACES,
                action="read",
                summary="Places with popular times, as populartimes.get() listed them.",
                perform=self.listed,
                answer=list[PopularTimes],
                parameters=places_asked.UNHURRIED,
                problems=(HTTPStatus.BAD_REQUEST,),
                waits=True,
            ),
            Operation(
                method="GET",
                path="/v1/populartimes/{id}",
                resource=Resource.PLACES,
                action="read",
                summary="One place with popular times, as populartimes.get_id() gave it.",
                perform=self.one,
                answer=PopularTimes,
                parameters=(places_asked.PLACE_ID,),
                problems=(HTTPStatus.NOT_FOUND,),
                waits=True,
            ),
        )

    def listed(self, asked: Asked) -> Response:
        """Answer with the places that were asked for and that something is known of."""
        wanted = places_asked.wanted(asked, self._sources.now(), zone=self._book.zone)
        busy = self._busy.taken_out()
        found = (self._shaped(place, busy) for place in self._book.find(wanted))
        known = (place for place in found if place is not None)
        return answer_json(list(islice(known, places_asked.limit(asked))), headers=_FRESH)

    def one(self, asked: Asked) -> Response:
        """Answer with one place."""
        place = self._book.get(asked.request.path_params["id"])
        shaped = None if place is None else self._shaped(place, self._busy.taken_out())
        if shaped is None:
            raise NotFound("a place of that name of which popular times were released")
        return answer_json(shaped, headers=_FRESH)

    def _shaped(self, place: Place, busy: Busy) -> PopularTimes | None:
        week = busy.of(place.id)
        if week is None:
            return None
        now = busy.then(place.id, self._sources.now(), is_now=True)
        return PopularTimes(
            id=place.id,
            name=place.name,
            address=_address(place),
            types=[place.category],
            coordinates=Coordinates(lat=place.lat_e6 / 1e6, lng=place.lon_e6 / 1e6),
            populartimes=[DayTimes(name=day.name, percent=day.percent) for day in days_of(week)],
            time_spent=week.stay_min,
            evidence=week.evidence,
            weeks=week.weeks,
            hides=busy.hides,
            attribution=self._attribution,
            live="none" if now is None else now.live,
            current_popularity=None if now is None else _current(now),
        )


def _current(now: BusyThen) -> int | None:
    """Turn a level into the library's number: quieter is at most so much, busier at least."""
    factors = {"quieter": 0.8, "usual": 1.0, "busier": 1.25}
    return None if now.live == "none" else round(now.percent * factors[now.live])


def _address(place: Place) -> str:
    told = place.address
    street = " ".join(filter(None, (told.street, told.house_number)))
    town = " ".join(filter(None, (told.postcode, told.town)))
    return ", ".join(filter(None, (street, town)))
