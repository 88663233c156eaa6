"""How busy a place is, in the typical week and now: what leaves of it, once it is released."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from hubbub.terms.places import PlaceId
from hubbub.terms.time import Instant

WEEK_HOURS = 168
"""Hour `weekday * 24 + hour` on the city's clocks; Monday's midnight comes first."""

type Evidence = Literal["own", "blend", "category"]
"""Whose visits tell: its own; those and what is usual for its kind; its kind's alone."""

type LiveLevel = Literal["quieter", "usual", "busier", "none"]
"""Against what is usual at this hour. `none`: nobody can tell."""


class PlaceBusyness(msgspec.Struct, frozen=True, kw_only=True):
    """How busy a place is in each hour of an ordinary week, in percent of its own peak hour."""

    place: PlaceId
    percent: bytes  # 168 numbers, 0..100
    low: bytes
    high: bytes
    closed: tuple[bool, ...]  # for the whole of the hour; there the numbers are 0
    hours: Literal[
        "own", "category"
    ]  # whose opening hours: where its own are not known, its kind's
    evidence: Evidence
    weeks: int  # of releases in it
    stay_min: tuple[int, int]  # minutes: the middle half of stays at its kind of place
    best: tuple[tuple[int, int, int], ...]  # weekday, from hour, to hour; the best first
    shared_visits_week: float  # noisy, and negative at times


class CityBusyness(msgspec.Struct, frozen=True, kw_only=True):
    """How busy the places of a city are in an ordinary week."""

    at: Instant  # the end of the newest week
    weeks: int
    places: Mapping[PlaceId, PlaceBusyness]


class LiveBusyness(msgspec.Struct, frozen=True, kw_only=True):
    """How busy a place is now."""

    level: LiveLevel
    reason: str = ""  # why there is no level
    of: Literal["place", "area"] = "place"  # small places share what is around them


class CityLive(msgspec.Struct, frozen=True, kw_only=True):
    """How busy the places of a city are now."""

    at: Instant  # the end of the newest window
    places: Mapping[PlaceId, LiveBusyness]
