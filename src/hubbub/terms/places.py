"""A place as the public knows it: what it is, where, and what is told of its hours."""

from enum import StrEnum
from typing import Literal, NewType

import msgspec

PlaceId = NewType("PlaceId", str)
"""Outlives a rebuild: `n`, `w` or `r` and the number of the OSM object, or `own-` and a name."""

type PlaceSource = Literal["osm", "corrected", "operator"]
"""Who tells: OpenStreetMap, OpenStreetMap with the operator's corrections, the operator alone."""


class PlaceCategory(StrEnum):
    """What one goes to a place for."""

    RESTAURANT = "restaurant"
    FAST_FOOD = "fast food"
    CAFE = "cafe"
    BAR = "bar"
    GROCERIES = "groceries"
    SHOP = "shop"
    SERVICE = "service"
    PHARMACY = "pharmacy"
    HEALTH = "health"
    CULTURE = "culture"
    SPORT = "sport"
    PARK = "park"
    HOTEL = "hotel"
    WORSHIP = "worship"
    EDUCATION = "education"
    PUBLIC = "public service"
    TRANSPORT = "transport"
    OFFICE = "office"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send a letter, as far as it is told."""

    street: str = ""
    house_number: str = ""
    postcode: str = ""
    town: str = ""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place that people go to. Nobody is in it."""

    id: PlaceId
    name: str  # empty where it has none
    other_names: tuple[str, ...] = ()
    category: PlaceCategory
    lat_e6: int
    lon_e6: int
    address: Address = Address()
    hours_told: str = ""  # as OpenStreetMap writes them, readable or not; empty: not told
    source: PlaceSource = "osm"
