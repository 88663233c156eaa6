"""Finds places by what people know of them: a name, a kind, a corner of the city, a time."""

import unicodedata
from collections.abc import Iterator, Sequence
from math import cos, hypot, radians
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hubbub.products.places.hours import Hours, is_open, read_hours, site_of
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.time import Instant

_M_PER_DEGREE: Final = 111_195.0  # of a meridian, on a ball of 6,371 km


class Point(NamedTuple):
    """Where somebody is, in degrees."""

    lat: float
    lon: float

    def metres_to(self, place: Place) -> float:
        """Tell how far `place` is as the crow flies: right to a metre within a city."""
        north = place.lat_e6 / 1e6 - self.lat
        east = (place.lon_e6 / 1e6 - self.lon) * cos(radians(self.lat))
        return _M_PER_DEGREE * hypot(north, east)


class Wanted(NamedTuple):
    """What a place has to be, all of it; what is None does not matter."""

    text: str | None = None
    categories: frozenset[PlaceCategory] | None = None
    west_south_east_north: tuple[float, float, float, float] | None = None
    open_at: Instant | None = None
    near: Point | None = None  # the nearest come first


class PlaceBook:
    """All places of a city. Hours are read when somebody first asks for them."""

    def __init__(self, places: Sequence[Place], zone: ZoneInfo) -> None:
        self.zone = zone
        self._places = {place.id: place for place in places}
        self._words = {place.id: _words(place.name, *place.other_names) for place in places}
        self._hours: dict[PlaceId, Hours] = {}

    @property
    def all(self) -> Sequence[Place]:
        """List all places."""
        return tuple(self._places.values())

    def get(self, place_id: str) -> Place | None:
        """Give one place."""
        return self._places.get(PlaceId(place_id))

    def hours(self, place: Place) -> Hours:
        """Give the opening hours of a place."""
        hours = self._hours.get(place.id)
        if hours is None:
            hours = read_hours(place.hours_told, site_of(place, self.zone))
            self._hours[place.id] = hours
        return hours

    def find(self, wanted: Wanted) -> Iterator[Place]:
        """Find places: the nearest first, or else those whose name begins with the text."""
        found = [place for place in self._places.values() if self._is_wanted(place, wanted)]
        if wanted.near is not None:
            found.sort(key=wanted.near.metres_to)
        else:
            begin = " ".join(_words(wanted.text or ""))
            names = {place.id: " ".join(_words(place.name)) for place in found}
            found.sort(
                key=lambda it: (
                    not names[it.id].startswith(begin),
                    not names[it.id],  # what has no name is found in no order of names
                    names[it.id],
                    it.id,
                )
            )
        for place in found:
            if wanted.open_at is None or is_open(self.hours(place), wanted.open_at):
                yield place

    def _is_wanted(self, place: Place, wanted: Wanted) -> bool:
        if wanted.categories is not None and place.category not in wanted.categories:
            return False
        if wanted.west_south_east_north is not None:
            west, south, east, north = wanted.west_south_east_north
            if not (west <= place.lon_e6 / 1e6 <= east and south <= place.lat_e6 / 1e6 <= north):
                return False
        there = self._words[place.id]
        return all(
            any(each.startswith(word) for each in there) for word in _words(wanted.text or "")
        )


def _words(*texts: str) -> list[str]:
    """Split into words without accents and capitals, as people type them into a search box."""
    bare = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return "".join(sign if sign.isalnum() else " " for sign in bare).split()
