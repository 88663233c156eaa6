"""A ping as its sender tells it, and the one place that says which values can be true.

Every wire format comes down to `Ping` (in bulk, to `Columns`): SI units, and nothing
where the phone told nothing. `check` keeps the good rows and tells of each bad one which field it
was, and what was expected.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from hubbub.terms.people import Personal
from hubbub.terms.pings import NOT_TOLD, PING, Pings
from hubbub.terms.time import SECOND


class Source(IntEnum):
    """The wire format that a row came in by. A number, once given, is never given again."""

    OWN = 0
    OWNTRACKS = 1
    OVERLAND = 2
    TRACCAR = 3
    GPSLOGGER = 4
    FILE = 5


class Ping(Personal, frozen=True, kw_only=True):
    """Where one phone was, and how fast it went."""

    at: datetime | float  # seconds since 1970, or a moment with its zone
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None


class Columns(NamedTuple):
    """Many pings, a column each; not-a-number where nothing was told."""

    at: NDArray[np.float64]  # seconds since 1970
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    course_deg: NDArray[np.float64]


class Rejected(msgspec.Struct, frozen=True):
    """Why a row was not taken. Never its value."""

    row: int  # from 0, as sent
    field: str
    expected: str


class Parsed(NamedTuple):
    """What was understood of a body: rows without a stamp yet, and where each was in it."""

    rows: Pings
    places: NDArray[np.int64]
    rejected: list[Rejected]

    def __repr__(self) -> str:
        """Name the kind and nothing else: the rows are about a person."""
        return "<Parsed>"


class Unreadable(Exception):
    """The body as a whole is not in the format of its address."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


class TooManyRows(Exception):
    """There are more rows in one body than the door takes."""


class Field(NamedTuple):
    """What a wire format calls a field, and what may be in it."""

    name: str
    expected: str


type Fields = Mapping[str, Field]
"""A wire format's own words, by ours."""

OWN_FIELDS: Final[Fields] = {
    "at": Field("at", "ISO 8601 with a zone, or seconds since 1970"),
    "lat": Field("lat", "a number of degrees, -90 to 90"),
    "lon": Field("lon", "a number of degrees, -180 to 180"),
    "accuracy_m": Field("accuracy_m", "a number of metres, 0 or more, or nothing"),
    "speed_mps": Field("speed_mps", "a number of metres a second, 0 to 300, or nothing"),
    "course_deg": Field("course_deg", "a number of degrees, 0 to 360, or nothing"),
}

_ROW: Final = Field("", "an object of this format, with a time and a place")

# In the order of `Columns`. Seconds go up to 2096: milliseconds, a common slip, are far beyond it.
_LOW: Final = np.array([[0.0], [-90.0], [-180.0], [0.0], [0.0], [0.0]])
_HIGH: Final = np.array([[4e9], [90.0], [180.0], [1e8], [300.0], [360.0]])
_SCALE: Final = np.array([[SECOND], [1e6], [1e6], [10.0], [100.0], [1.0]])
_OPTIONAL: Final = slice(3, 6)
_INT16_MAX: Final = 32_767


def renamed(**names: str | Field) -> Fields:
    """Give our fields the `names` that a wire format has for them, and its own units."""
    fields = dict(OWN_FIELDS)
    for ours, name in names.items():
        fields[ours] = name if isinstance(name, Field) else fields[ours]._replace(name=name)
    return fields


def check(
    columns: Columns,
    source: Source,
    *,
    fields: Fields = OWN_FIELDS,
    places: Sequence[int] | None = None,
    rejected: Iterable[Rejected] = (),
) -> Parsed:
    """Keep the rows whose values can be true, and tell why each other one was not kept.

    `places` says where the rows were in the body, and `rejected` what was refused of it before.
    """
    where = np.arange(len(columns.at)) if places is None else np.array(places, np.int64)
    values = np.vstack(columns)
    possible = (values >= _LOW) & (values <= _HIGH)
    possible[_OPTIONAL] |= np.isnan(values[_OPTIONAL])
    if possible.all():
        return Parsed(_packed(values, source), where, [*rejected])
    refused = [*rejected]
    for ours, column in zip(Columns._fields, possible, strict=True):
        refused += [Rejected(row, *fields[ours]) for row in where[~column].tolist()]
    refused.sort(key=lambda reason: reason.row)
    good = possible.all(axis=0)
    return Parsed(_packed(values[:, good], source), where[good], refused)


def columns_of(pings: Sequence[Ping]) -> Columns:
    """Turn pings into columns. A moment without a zone is not a moment, so it becomes NaN."""
    return Columns(
        at=np.array([seconds(ping.at) for ping in pings], float),
        lat=np.array([ping.lat for ping in pings], float),
        lon=np.array([ping.lon for ping in pings], float),
        # numpy makes NaN of None.
        accuracy_m=np.array([ping.accuracy_m for ping in pings], float),
        speed_mps=np.array([ping.speed_mps for ping in pings], float),
        course_deg=np.array([ping.course_deg for ping in pings], float),
    )


class Decoded[Row](NamedTuple):
    """Rows that could be decoded, where they were, and what is wrong with the others."""

    rows: list[Row]
    places: list[int]
    rejected: list[Rejected]

    def __repr__(self) -> str:
        """Name the kind and nothing else: the rows are about a person."""
        return "<Decoded>"


def decode_rows[Row](
    raws: Iterable[tuple[int, bytes | msgspec.Raw]],
    decoder: msgspec.json.Decoder[Row],
    fields: Fields,
) -> Decoded[Row]:
    """Decode rows one by one, each with its place in the body."""
    by_name = {field.name: field for field in fields.values()}
    decoded: Decoded[Row] = Decoded([], [], [])
    for place, raw in raws:
        try:
            decoded.rows.append(decoder.decode(raw))
            decoded.places.append(place)
        except msgspec.DecodeError as error:
            name, expected = by_name.get(field_of(error), _ROW)
            decoded.rejected.append(Rejected(place, name, expected))
        except RecursionError:
            decoded.rejected.append(Rejected(place, *_ROW))
    return decoded


def field_of(error: msgspec.DecodeError) -> str:
    """Tell which field `error` is about; msgspec says so in its message only."""
    found = re.search(r"(?:at `\$[^`]*?\.|required field `)(\w+)(?:\[\d+\])?`", str(error))
    return found[1] if found else ""


def seconds_of(text: str) -> float:
    """Read ISO 8601, with or without a colon in its zone, or seconds since 1970."""
    try:
        return seconds(datetime.fromisoformat(text))
    except ValueError:
        return number_of(text)


def number_of(text: str) -> float:
    """Read a number as a form carries one; what is none becomes one that no bound lets through."""
    try:
        number = float(text)
    except ValueError:
        return math.inf
    return number if math.isfinite(number) else math.inf


def number_told(parameters: Mapping[str, str], *names: str) -> float | None:
    """Read the number under the first of `names` that has one."""
    text = next((parameters[name] for name in names if parameters.get(name)), None)
    return None if text is None else number_of(text)


def told(value: float | None) -> float | None:
    """Drop the negative number by which phones say that they do not know."""
    return None if value is None or value < 0 else value


def seconds(at: datetime | float) -> float:
    """Give seconds since 1970; NaN for a moment without a zone."""
    if isinstance(at, datetime):
        return at.timestamp() if at.tzinfo is not None else math.nan
    return at


def _packed(values: NDArray[np.float64], source: Source) -> Pings:
    scaled = np.rint(values * _SCALE)
    small = np.minimum(scaled[_OPTIONAL], _INT16_MAX)
    small[np.isnan(small)] = NOT_TOLD
    rows = np.zeros(values.shape[1], PING)
    rows["at"], rows["lat_e6"], rows["lon_e6"] = scaled[0], scaled[1], scaled[2]
    rows["accuracy_dm"], rows["speed_cms"], rows["course_deg"] = small
    rows["course_deg"][rows["course_deg"] == 360] = 0
    rows["source"] = source
    return rows
