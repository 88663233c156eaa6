"""What the operator knows better than the map: places corrected, added, taken out."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, NamedTuple, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from hubbub.products.places.hours import Site, Unreadable, read_hours
from hubbub.terms.errors import BadInput
from hubbub.terms.places import Address, Place, PlaceCategory, PlaceId, PlaceSource

OWN: Final = "own-"
"""What the id of a place begins with that the map does not have."""

type _Text = Annotated[str, Meta(max_length=255)]


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different at one place. What is left empty stays as the map has it."""

    id: Annotated[str, Meta(pattern=r"^(?:[nwr][1-9][0-9]{0,18}|own-[a-z0-9-]{1,40})\Z")]
    name: _Text = ""
    category: PlaceCategory | UnsetType = UNSET
    lat: Annotated[float, Meta(ge=-90, le=90)] | UnsetType = UNSET
    lon: Annotated[float, Meta(ge=-180, le=180)] | UnsetType = UNSET
    opening_hours: _Text = ""
    street: _Text = ""
    house_number: _Text = ""
    postcode: _Text = ""
    town: _Text = ""
    gone: bool = False


EXPECTED: Final[Mapping[str, str]] = {
    "id": "n, w or r and the number of the map's object, or own- and a name of a-z, 0-9, -",
    "name": "at most 255 characters, and some for a place of your own",
    "category": f"one of {', '.join(PlaceCategory)}",
    "lat": "degrees from -90 to 90, within the city",
    "lon": "degrees from -180 to 180, within the city",
    "opening_hours": "opening hours as OpenStreetMap writes them, such as Mo-Fr 09:00-17:00",
    "street": "at most 255 characters",
    "house_number": "at most 255 characters",
    "postcode": "at most 255 characters",
    "town": "at most 255 characters",
    "gone": "true or false",
}
"""What each field of a correction takes: all of them may be left empty, but for the id."""


class BadCorrection(BadInput):
    """A correction cannot be used. It tells the field, and what was expected there."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field, self.expected = field, expected

    @classmethod
    def of(cls, field: str) -> Self:
        """Tell what a field takes."""
        return cls(field, EXPECTED[field])


class Ground(NamedTuple):
    """The city that corrections are of."""

    middle: Site
    reach_deg: float  # how far from its middle a place may lie
    known: frozenset[PlaceId]  # to the map


def check(correction: Correction, ground: Ground) -> None:
    """Raise `BadCorrection` for what cannot be, such as a correction of what the map lacks."""
    if (correction.lat is UNSET) != (correction.lon is UNSET):
        missing = "lat" if correction.lat is UNSET else "lon"
        raise BadCorrection(missing, "both lat and lon, or neither")
    for field, told, middle in (
        ("lat", correction.lat, ground.middle.lat),
        ("lon", correction.lon, ground.middle.lon),
    ):
        if told is not UNSET and abs(told - middle) > ground.reach_deg:
            raise BadCorrection.of(field)
    if isinstance(read_hours(correction.opening_hours, ground.middle), Unreadable):
        raise BadCorrection.of("opening_hours")
    if correction.id.startswith(OWN):
        for field in ("name", "category", "lat"):
            if getattr(correction, field) in ("", UNSET):
                raise BadCorrection.of(field)
        if correction.gone:
            raise BadCorrection("gone", "nothing: leave out the line of a place of your own")
    elif PlaceId(correction.id) not in ground.known:
        raise BadCorrection("id", "a place that is on the map, or own- and a name")


def corrected(places: Iterable[Place], corrections: Iterable[Correction]) -> list[Place]:
    """Give the places as the operator knows them, those of the operator's own at the end.

    A correction of a place that is not on the map any more is left alone: it may come back.
    """
    by_id = {correction.id: correction for correction in corrections}
    mapped = [_changed(place, by_id.get(place.id)) for place in places]
    own = [_added(each) for key, each in sorted(by_id.items()) if key.startswith(OWN)]
    return [place for place in mapped if place is not None] + own


def _changed(place: Place, correction: Correction | None) -> Place | None:
    if correction is None:
        return place
    if correction.gone:
        return None
    return _with(correction, place, source="corrected")


def _added(correction: Correction) -> Place:
    blank = Place(
        id=PlaceId(correction.id), name="", category=PlaceCategory.SHOP, lat_e6=0, lon_e6=0
    )
    return _with(correction, blank, source="operator")


def _with(correction: Correction, place: Place, *, source: PlaceSource) -> Place:
    before = place.address
    return Place(
        id=place.id,
        name=correction.name or place.name,
        other_names=place.other_names,
        category=place.category if correction.category is UNSET else correction.category,
        lat_e6=place.lat_e6 if correction.lat is UNSET else round(correction.lat * 1e6),
        lon_e6=place.lon_e6 if correction.lon is UNSET else round(correction.lon * 1e6),
        address=Address(
            street=correction.street or before.street,
            house_number=correction.house_number or before.house_number,
            postcode=correction.postcode or before.postcode,
            town=correction.town or before.town,
        ),
        hours_told=correction.opening_hours or place.hours_told,
        source=source,
    )
