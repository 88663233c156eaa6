"""OwnTracks in HTTP mode: one JSON message a request, or a list; `[]` is the answer it needs.

Sources: the OwnTracks Booklet, pages "HTTP" and "JSON" (owntracks.org/booklet/tech). `tst` is the
time of the fix in seconds, `vel` is km/h, `acc` metres; a message that is not a location is none of
ours.
"""

from typing import Final

import msgspec

from hubbub.intake.adapter import Adapter, Sent
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
    renamed,
    told,
)
from hubbub.terms.people import Personal

_EXPECTED: Final = "an OwnTracks message: a JSON object with `_type`, or a list of them"


class _Kind(msgspec.Struct):
    kind: str = msgspec.field(name="_type")


class _Location(Personal, frozen=True, kw_only=True):
    tst: float
    lat: float
    lon: float
    acc: float | None = None
    vel: float | None = None  # km/h; negative: not known
    cog: float | None = None


_KIND: Final = msgspec.json.Decoder(_Kind)
_LOCATION: Final = msgspec.json.Decoder(_Location)
_MESSAGES: Final = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS: Final = renamed(
    at="tst",
    accuracy_m="acc",
    speed_mps=Field("vel", "a number of km/h, 0 to 1080, or nothing"),
    course_deg="cog",
)


def read(sent: Sent) -> Parsed:
    """Read the locations among the messages; a deleted friend is an empty body."""
    body = sent.body.strip()
    try:
        messages = _MESSAGES.decode(body) if body[:1] == b"[" else [body] if body else []
        locations = [
            (place, message)
            for place, message in enumerate(messages)
            if _KIND.decode(message).kind == "location"
        ]
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable(_EXPECTED) from None
    if len(messages) > sent.rows_max:
        raise TooManyRows
    rows, places, rejected = decode_rows(locations, _LOCATION, _FIELDS)
    pings = [_ping(row) for row in rows]
    return check(
        columns_of(pings), Source.OWNTRACKS, fields=_FIELDS, places=places, rejected=rejected
    )


def _ping(sent: _Location) -> Ping:
    speed_kmh = told(sent.vel)
    return Ping(
        at=sent.tst,
        lat=sent.lat,
        lon=sent.lon,
        accuracy_m=told(sent.acc),
        speed_mps=None if speed_kmh is None else speed_kmh / 3.6,
        course_deg=told(sent.cog),
    )


OWNTRACKS: Final = Adapter(
    read=read, methods=frozenset({"POST"}), answer=(b"[]", "application/json")
)
