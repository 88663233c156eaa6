"""hubbub's own formats in JSON: an array of pings, one ping, one ping a line, or columns."""

from collections.abc import Iterable, Sized
from datetime import datetime
from typing import Final

import msgspec
import numpy as np

from hubbub.intake.adapter import Adapter, Sent
from hubbub.intake.arrow import parse_arrow
from hubbub.intake.ping import (
    OWN_FIELDS,
    Columns,
    Parsed,
    Ping,
    Source,
    TooManyRows,
    Unreadable,
    check,
    columns_of,
    decode_rows,
    seconds,
)

_JSON: Final = "JSON: an array of pings, one ping, or columns of equal length"

_PING: Final = msgspec.json.Decoder(Ping)
_PINGS: Final = msgspec.json.Decoder(list[Ping])
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


class _At(msgspec.Struct):
    at: msgspec.Raw


class _Columns(msgspec.Struct, kw_only=True):
    """Columns whose every value is of its type: the fast way."""

    at: list[datetime | float]
    lat: list[float]
    lon: list[float]
    accuracy_m: list[float | None] | None = None
    speed_mps: list[float | None] | None = None
    course_deg: list[float | None] | None = None


class _RawColumns(msgspec.Struct, kw_only=True):
    """Columns in which some value is not of its type: each row has to be looked at."""

    at: list[msgspec.Raw]
    lat: list[msgspec.Raw]
    lon: list[msgspec.Raw]
    accuracy_m: list[msgspec.Raw] | None = None
    speed_mps: list[msgspec.Raw] | None = None
    course_deg: list[msgspec.Raw] | None = None


_AT: Final = msgspec.json.Decoder(_At)
_COLUMNS: Final = msgspec.json.Decoder(_Columns)
_RAW_COLUMNS: Final = msgspec.json.Decoder(_RawColumns)


class WrongType(Exception):
    """The body is of a type that is not taken here."""

    def __init__(self) -> None:
        super().__init__(
            "a body is application/json, application/x-ndjson or"
            " application/vnd.apache.arrow.stream"
        )


def read(sent: Sent) -> Parsed:
    """Read pings in the format that the request names; JSON if it names none."""
    match sent.content_type:
        case "" | "application/json":
            return parse_json(sent.body, rows_max=sent.rows_max)
        case "application/x-ndjson" | "application/ndjson" | "application/jsonl":
            return parse_lines(sent.body, rows_max=sent.rows_max)
        case "application/vnd.apache.arrow.stream":
            return parse_arrow(sent.body, rows_max=sent.rows_max)
        case _:
            raise WrongType


def parse_json(body: bytes, *, rows_max: int) -> Parsed:
    """Read an array of pings, one ping, or an object of columns."""
    try:
        if body.lstrip()[:1] != b"{":
            return _parse_array(body, rows_max=rows_max)
        if _holds_columns(body):
            return _parse_columns(body, rows_max=rows_max)
        return _one_by_one([(0, msgspec.json.decode(body, type=msgspec.Raw))])
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable(_JSON) from None


def parse_lines(body: bytes, *, rows_max: int) -> Parsed:
    """Read one ping a line. An empty line is no row; a row has the number of its line, from 0."""
    lines = [(place, line) for place, line in enumerate(body.split(b"\n")) if line.strip()]
    if len(lines) > rows_max:
        raise TooManyRows
    try:
        pings = _PINGS.decode(b"[" + b",".join(line for _, line in lines) + b"]")
    except (msgspec.DecodeError, RecursionError):
        return _one_by_one(lines)
    if len(pings) != len(lines):  # some line held more than one
        return _one_by_one(lines)
    return check(columns_of(pings), Source.OWN, places=[place for place, _ in lines])


def _parse_array(body: bytes, *, rows_max: int) -> Parsed:
    try:
        pings = _PINGS.decode(body)
    except msgspec.ValidationError:
        raws = _RAWS.decode(body)
        if len(raws) > rows_max:
            raise TooManyRows from None
        return _one_by_one(enumerate(raws))
    if len(pings) > rows_max:
        raise TooManyRows
    return check(columns_of(pings), Source.OWN)


def _holds_columns(body: bytes) -> bool:
    try:
        return bytes(_AT.decode(body).at)[:1] == b"["
    except msgspec.ValidationError:
        return False


def _parse_columns(body: bytes, *, rows_max: int) -> Parsed:
    try:
        columns = _COLUMNS.decode(body)
    except msgspec.ValidationError:
        raw = {
            name: column
            for name, column in msgspec.structs.asdict(_RAW_COLUMNS.decode(body)).items()
            if column is not None
        }
        _require_lengths(raw.values(), rows_max=rows_max)
        return _one_by_one(
            (place, _row(dict(zip(raw, values, strict=True))))
            for place, values in enumerate(zip(*raw.values(), strict=True))
        )
    told = [column for column in msgspec.structs.astuple(columns) if column is not None]
    _require_lengths(told, rows_max=rows_max)
    nothing = np.full(len(columns.at), np.nan)
    return check(
        Columns(
            np.array([seconds(at) for at in columns.at], float),
            np.array(columns.lat, float),
            np.array(columns.lon, float),
            *(
                nothing if column is None else np.array(column, float)
                for column in (columns.accuracy_m, columns.speed_mps, columns.course_deg)
            ),
        ),
        Source.OWN,
    )


def _require_lengths(columns: Iterable[Sized], *, rows_max: int) -> None:
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        raise Unreadable(_JSON)
    if max(lengths) > rows_max:
        raise TooManyRows


def _row(values: dict[str, msgspec.Raw]) -> bytes:
    return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), raw) for name, raw in values.items())


def _one_by_one(raws: Iterable[tuple[int, bytes | msgspec.Raw]]) -> Parsed:
    pings, places, rejected = decode_rows(raws, _PING, OWN_FIELDS)
    return check(columns_of(pings), Source.OWN, places=places, rejected=rejected)


OWN: Final = Adapter(read=read, methods=frozenset({"POST"}), answer=None)
