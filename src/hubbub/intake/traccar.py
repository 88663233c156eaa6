"""Traccar Client and OsmAnd: parameters of a GET or POST with speeds in knots, or JSON in m/s.

Sources: traccar.org/osmand for both forms and their units; Traccar's own decoder of that protocol
for times in seconds or milliseconds and `location=lat,lon`. The device id is the token; 200 and no
body is the answer, and anything else makes the client send the same position again.
"""

from typing import Final

import msgspec

from hubbub.intake.adapter import Adapter, Sent, form
from hubbub.intake.ping import (
    Field,
    Parsed,
    Ping,
    Source,
    TooManyRows,
    Unreadable,
    check,
    columns_of,
    decode_rows,
    number_of,
    number_told,
    renamed,
    seconds_of,
    told,
)
from hubbub.terms.people import Personal

_EXPECTED: Final = (
    "a Traccar position: JSON with `location`, or parameters `lat`, `lon`, `timestamp`"
)
_MPS_A_KNOT: Final = 1852 / 3600
_MILLISECONDS_FROM: Final = 2**31  # as Traccar tells them from seconds


class _Device(Personal, frozen=True):
    device_id: str


class _Body(msgspec.Struct):
    location: msgspec.Raw


class _Coordinates(Personal, frozen=True, kw_only=True):
    latitude: float
    longitude: float
    accuracy: float | None = None
    speed: float | None = None  # m/s; negative: not known
    heading: float | None = None


class _Location(Personal, frozen=True):
    timestamp: str | float
    coords: _Coordinates


_DEVICE: Final = msgspec.json.Decoder(_Device)
_BODY: Final = msgspec.json.Decoder(_Body)
_LOCATION: Final = msgspec.json.Decoder(_Location)
_LOCATIONS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_JSON_FIELDS: Final = renamed(
    at="timestamp",
    lat="latitude",
    lon="longitude",
    accuracy_m="accuracy",
    speed_mps="speed",
    course_deg="heading",
)
_FORM_FIELDS: Final = renamed(
    at="timestamp",
    accuracy_m="accuracy",
    speed_mps=Field("speed", "a number of knots, 0 to 583, or nothing"),
    course_deg="bearing",
)


def read(sent: Sent) -> Parsed:
    """Read one position, in whichever of the two forms."""
    return _read_json(sent) if _is_json(sent) else _read_form(sent)


def token(sent: Sent) -> str | None:
    """Find the device id in the body, where it is not in the query."""
    if not _is_json(sent):
        parameters = form(sent.body)
        return parameters.get("id") or parameters.get("deviceid")
    try:
        return _DEVICE.decode(sent.body).device_id
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_json(sent: Sent) -> bool:
    return sent.body != b"" and (
        sent.content_type == "application/json" or sent.body.lstrip()[:1] == b"{"
    )


def _read_json(sent: Sent) -> Parsed:
    try:
        location = _BODY.decode(sent.body).location
        several = bytes(location)[:1] == b"["
        raws = _LOCATIONS.decode(location) if several else [location]
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable(_EXPECTED) from None
    if len(raws) > sent.rows_max:
        raise TooManyRows
    rows, places, rejected = decode_rows(enumerate(raws), _LOCATION, _JSON_FIELDS)
    pings = [
        Ping(
            at=_seconds(row.timestamp),
            lat=row.coords.latitude,
            lon=row.coords.longitude,
            accuracy_m=told(row.coords.accuracy),
            speed_mps=told(row.coords.speed),
            course_deg=told(row.coords.heading),
        )
        for row in rows
    ]
    return check(
        columns_of(pings), Source.TRACCAR, fields=_JSON_FIELDS, places=places, rejected=rejected
    )


def _read_form(sent: Sent) -> Parsed:
    parameters = form(sent.body) | dict(sent.query)
    lat, lon = parameters.get("lat"), parameters.get("lon")
    if lat is None and lon is None and "location" in parameters:
        lat, _, lon = parameters["location"].partition(",")
    no_fix = parameters.get("valid") in {"false", "0"} or (lat is None and lon is None)
    if no_fix:  # a heartbeat: battery, alarms, a phone that has not found itself
        return check(columns_of([]), Source.TRACCAR)
    knots = told(number_told(parameters, "speed"))
    ping = Ping(
        at=_seconds(parameters.get("timestamp", "")),
        lat=number_of(lat or ""),
        lon=number_of(lon or ""),
        accuracy_m=told(number_told(parameters, "accuracy")),
        speed_mps=None if knots is None else knots * _MPS_A_KNOT,
        course_deg=told(number_told(parameters, "bearing", "heading")),
    )
    return check(columns_of([ping]), Source.TRACCAR, fields=_FORM_FIELDS)


def _seconds(timestamp: str | float) -> float:
    at = seconds_of(timestamp) if isinstance(timestamp, str) else timestamp
    return at / 1000 if at > _MILLISECONDS_FROM else at


TRACCAR: Final = Adapter(
    read=read,
    methods=frozenset({"GET", "POST"}),
    answer=(b"", "text/plain"),
    token_parameters=("id", "deviceid", "token"),
    token_in_body=token,
)
