"""What the outlet says of places, as it goes over the wire. Moments are on the city's clocks."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hubbub.outlet.wire import Hides
from hubbub.products.places.busyness import Evidence, LiveLevel
from hubbub.terms.places import Address, PlaceCategory, PlaceSource

type HoursKind = Literal["read", "unreadable", "not told"]
"""`not told` is not known, and so is `unreadable`: neither is closed."""


type Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

type WholePercent = Annotated[int, Meta(ge=0, le=100)]


class BusyThen(msgspec.Struct, frozen=True):
    """How busy a place usually is in one hour of the week, in percent of its own busiest hour."""

    percent: WholePercent
    low: WholePercent  # 90 % sure that it is between these two
    high: WholePercent
    evidence: Evidence
    live: LiveLevel  # `none` at any other time than now


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
    busy: BusyThen | None  # null: not known, or closed in that hour
    distance_m: int | None  # as the crow flies; null where `near` was not told


class PlacesFound(msgspec.Struct, frozen=True):
    """Places that were found: the nearest first, or in the order of their names."""

    at: str  # the moment that `open`, `changes_at` and `busy` are of
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


class BusyDay(msgspec.Struct, frozen=True):
    """A day of the typical week, hour by hour from midnight on: each list has 24."""

    name: Weekday
    percent: list[WholePercent]  # of the place's own busiest hour; 0 where it is closed
    low: list[WholePercent]  # 90 % sure that it is between these two
    high: list[WholePercent]
    closed: list[bool]


class BestTime(msgspec.Struct, frozen=True):
    """Hours at which it is open and quieter than at others."""

    day: Weekday
    begins: str  # on the city's clocks
    ends: str


class StayMinutes(msgspec.Struct, frozen=True):
    """How long people stay: one in four less, one in four more."""

    low: int
    high: int


class LiveNow(msgspec.Struct, frozen=True):
    """How busy it is now, against how it usually is at this hour."""

    level: LiveLevel
    reason: str  # why there is no level; empty where there is one
    of: Literal["place", "area"]  # small places share what is known of what is around them
    at: str | None  # the end of the minutes that were counted


class Busyness(msgspec.Struct, frozen=True):
    """How busy a place is, hour by hour of the week and now, and how that is known."""

    week: list[BusyDay]  # from Monday on
    live: LiveNow
    stay_minutes: StayMinutes  # at its kind of place
    best: list[BestTime]  # the best first
    hours: Literal["own", "category"]  # whose: where its own are not known, those of its kind
    evidence: Evidence  # `category`: how such places are; `blend`: that and its own visits
    weeks: int  # of which numbers were released
    releases: list[str]  # what it was made of: see /v1/releases/{id}
    hides: Hides


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
    busyness: Busyness | None  # null: nothing was released yet
    busyness_due: str | None  # when there will be, where there is none; null: nothing is planned
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
