"""What the outlet says of places, as it goes over the wire. Moments are on the city's clocks."""

from typing import Literal

import msgspec

from hubbub.terms.places import Address, PlaceCategory, PlaceSource

type HoursKind = Literal["read", "unreadable", "not told"]
"""`not told` is not known, and so is `unreadable`: neither is closed."""


class PlaceFound(msgspec.Struct, frozen=True):
    """A place that was found, and how it is at the moment that was asked about."""

    id: str  # outlives a rebuild of the map
    name: str
    category: PlaceCategory
    lat: float
    lon: float
    address: Address
    hours: HoursKind
    open: bool | None  # null: not known, or it depends
    changes_at: str | None  # null: not known, or not within a year


class PlacesFound(msgspec.Struct, frozen=True):
    """Places that were found, in the order of their names."""

    at: str  # the moment that `open` and `changes_at` are of
    zone: str
    places: list[PlaceFound]
    more: bool  # there are others; ask for less, or with a higher limit
    attribution: str


class PlaceOpening(msgspec.Struct, frozen=True):
    """A time of opening. It may end after midnight."""

    opens: str
    closes: str
    sure: bool  # false where it depends, as by appointment
    comment: str


class PlaceDay(msgspec.Struct, frozen=True):
    """A local day, and the openings that begin on it."""

    day: str
    public_holiday: bool | None  # null: the country's calendar is not known here
    openings: list[PlaceOpening]


class PlaceHours(msgspec.Struct, frozen=True):
    """What is told of the hours, and how it was read."""

    kind: HoursKind
    told: str  # as OpenStreetMap or the operator has it
    read_as: str  # as it was understood; empty where it was not
    tells_holidays: bool  # whether public holidays are in it: other hours may hold then, if not
    open_end: bool  # a closing time is left open: midnight stands for it
    comment: str  # what is told of right now, such as "by appointment"


class PlaceCard(msgspec.Struct, frozen=True):
    """Everything about one place."""

    id: str
    name: str
    other_names: tuple[str, ...]
    category: PlaceCategory
    lat: float
    lon: float
    address: Address
    source: PlaceSource
    map_object: str  # its page on OpenStreetMap; empty where it has none
    at: str  # the moment that `open` and `changes_at` are of
    zone: str
    hours: PlaceHours
    open: bool | None  # null: not known, or it depends
    changes_at: str | None  # null: not known, or not within a year
    week: list[PlaceDay]  # from that day on; empty where the hours are not known
    attribution: str


class GeoPoint(msgspec.Struct, frozen=True):
    """A point, as GeoJSON has it: lon, lat."""

    coordinates: tuple[float, float]
    type: Literal["Point"] = "Point"


class GeoProperties(msgspec.Struct, frozen=True):
    """What a place's feature tells."""

    name: str
    category: PlaceCategory
    address: Address
    opening_hours: str
    hours: HoursKind
    source: PlaceSource


class GeoPlace(msgspec.Struct, frozen=True):
    """A place as a feature of GeoJSON."""

    id: str
    geometry: GeoPoint
    properties: GeoProperties
    type: Literal["Feature"] = "Feature"


class GeoPlaces(msgspec.Struct, frozen=True):
    """All places of the city as GeoJSON (RFC 7946)."""

    attribution: str
    features: list[GeoPlace]
    type: Literal["FeatureCollection"] = "FeatureCollection"
