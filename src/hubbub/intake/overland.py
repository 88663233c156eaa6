"""Overland: a batch of GeoJSON features. It sends again for ever unless told `{"result":"ok"}`.

Source: the README of Overland for iOS (github.com/aaronpk/Overland-iOS), section "API". Speeds are
metres a second; a negative number means that the phone does not know; times may have a zone without
a colon.
"""

from typing import Annotated, Final

import msgspec

from hubbub.intake.adapter import Adapter, Sent
from hubbub.intake.ping import (
    Parsed,
    Ping,
    Source,
    TooManyRows,
    Unreadable,
    check,
    columns_of,
    decode_rows,
    renamed,
    seconds_of,
    told,
)
from hubbub.terms.people import Personal

_EXPECTED: Final = "an Overland batch: a JSON object with `locations`, a list of GeoJSON features"


class _Batch(msgspec.Struct):
    locations: list[msgspec.Raw] | None = None
    features: list[msgspec.Raw] | None = None  # the same as a GeoJSON FeatureCollection


class _Point(Personal, frozen=True):
    coordinates: Annotated[list[float], msgspec.Meta(min_length=2)]  # lon, lat, perhaps altitude


class _Properties(Personal, frozen=True, kw_only=True):
    timestamp: str
    speed: float | None = None
    horizontal_accuracy: float | None = None
    course: float | None = None


class _Feature(Personal, frozen=True):
    geometry: _Point
    properties: _Properties


class _KindProperties(msgspec.Struct):
    kind: msgspec.Raw = msgspec.field(name="type", default=msgspec.Raw(b""))
    action: msgspec.Raw = msgspec.Raw(b"")


class _Kind(msgspec.Struct):
    properties: _KindProperties


_BATCH: Final = msgspec.json.Decoder(_Batch)
_FEATURE: Final = msgspec.json.Decoder(_Feature)
_KIND: Final = msgspec.json.Decoder(_Kind)
_FIELDS: Final = renamed(
    at="timestamp",
    lat="coordinates",
    lon="coordinates",
    accuracy_m="horizontal_accuracy",
    speed_mps="speed",
    course_deg="course",
)


def read(sent: Sent) -> Parsed:
    """Read the locations; trips, visits and other events among them are none of ours."""
    try:
        batch = _BATCH.decode(sent.body)
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable(_EXPECTED) from None
    features = batch.features if batch.locations is None else batch.locations
    if features is None:
        raise Unreadable(_EXPECTED)
    if len(features) > sent.rows_max:
        raise TooManyRows
    locations = [(place, raw) for place, raw in enumerate(features) if not _is_event(raw)]
    rows, places, rejected = decode_rows(locations, _FEATURE, _FIELDS)
    pings = [_ping(row) for row in rows]
    return check(
        columns_of(pings), Source.OVERLAND, fields=_FIELDS, places=places, rejected=rejected
    )


def _is_event(raw: msgspec.Raw) -> bool:
    try:
        properties = _KIND.decode(raw).properties
    except (msgspec.DecodeError, RecursionError):
        return False  # no event and no location either: it is told what is wrong with it
    return bytes(properties.kind) == b'"trip"' or bytes(properties.action) != b""


def _ping(sent: _Feature) -> Ping:
    lon, lat, *_ = sent.geometry.coordinates
    return Ping(
        at=seconds_of(sent.properties.timestamp),
        lat=lat,
        lon=lon,
        accuracy_m=told(sent.properties.horizontal_accuracy),
        speed_mps=told(sent.properties.speed),
        course_deg=told(sent.properties.course),
    )


OVERLAND: Final = Adapter(
    read=read,
    methods=frozenset({"POST"}),
    answer=(b'{"result":"ok"}', "application/json"),
    token_parameters=("token",),
)
