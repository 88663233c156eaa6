"""Files of pings: Parquet recordings, lines of JSON with a `device`, and GPX tracks."""

import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from pathlib import Path
from typing import Final, NamedTuple

import gpxpy
import gpxpy.gpx
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hubbub.intake.ping import (
    OWN_FIELDS,
    Columns,
    Field,
    Fields,
    Parsed,
    Ping,
    Rejected,
    Source,
    check,
    columns_of,
    decode_rows,
    renamed,
)
from hubbub.terms.errors import BadInput

_LINES_AT_ONCE: Final = 50_000
_NO_DEVICE: Final = ""

_RECORDING: Final[Fields] = {
    **renamed(accuracy_m="acc", speed_mps="speed", course_deg="course"),
    "at": Field("t", "a number of seconds since the day's midnight"),
}
_LINE: Final[Fields] = {**OWN_FIELDS, "device": Field("device", "the name of a device")}
_POINT: Final[Fields] = renamed(at="time", speed_mps="speed", course_deg="course")


class FileBatch(NamedTuple):
    """Pings of one device, as a file has them. A row's place is that in the whole file."""

    file: Path
    device: str  # empty where a row does not tell: all its rows are rejected
    parsed: Parsed

    def __repr__(self) -> str:
        """Name the kind and nothing else: it is about a person."""
        return "<FileBatch>"


class FileUnreadable(BadInput):
    """A file is not what its name says. The message tells what was expected."""

    def __init__(self, file: Path, expected: str) -> None:
        super().__init__(f"{file.name}: expected {expected}")
        self.file, self.expected = file, expected


class _DevicePing(Ping, frozen=True, kw_only=True):
    device: str


_DEVICE_PING: Final = msgspec.json.Decoder(_DevicePing)


def read_file(file: Path, *, midnight: datetime | None = None) -> Iterator[FileBatch]:
    """Read the pings of `file`, of one device at a time.

    A recording (Parquet) tells the seconds of a day, so it needs that day's `midnight`, zoned.
    """
    match [suffix.lower() for suffix in file.suffixes[-2:]]:
        case [*_, ".parquet"]:
            if midnight is None:
                raise FileUnreadable(file, "a date and a zone beside it: it has seconds of a day")
            return _read_recording(file, midnight.timestamp())
        case [*_, ".ndjson" | ".jsonl"] | [*_, ".ndjson" | ".jsonl", ".gz"]:
            return _read_lines(file)
        case [*_, ".gpx"]:
            return _read_gpx(file)
        case _:
            raise FileUnreadable(file, "a name that ends in .parquet, .ndjson, .ndjson.gz or .gpx")


def _read_recording(file: Path, midnight_s: float) -> Iterator[FileBatch]:
    wanted = ["device", *(_RECORDING[ours].name for ours in Columns._fields)]
    try:
        with pq.ParquetFile(file) as recording:
            absent = {*wanted} - {*recording.schema_arrow.names}
            if absent:
                raise FileUnreadable(file, f"the columns {', '.join(sorted(absent))}")
            first = 0
            for group in range(recording.num_row_groups):
                rows = recording.read_row_group(group, columns=wanted)
                yield from _recorded(file, rows, first, midnight_s=midnight_s)
                first += rows.num_rows
    except (pa.ArrowException, OSError):
        raise FileUnreadable(file, "a Parquet recording, its columns numbers") from None


def _recorded(file: Path, rows: pa.Table, first: int, *, midnight_s: float) -> Iterator[FileBatch]:
    told = {ours: _numbers(rows[_RECORDING[ours].name]) for ours in Columns._fields}
    told["at"] = told["at"] + midnight_s
    columns = Columns(**told)
    devices = rows["device"].cast(pa.string()).combine_chunks().fill_null(_NO_DEVICE)
    coded = devices.dictionary_encode()
    codes, names = coded.indices.to_numpy(), coded.dictionary.to_pylist()
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names) + 1)).tolist()
    for name, start, end in zip(names, ends, ends[1:], strict=False):
        inside = order[start:end]
        places = (inside + first).tolist()
        if name == _NO_DEVICE:
            yield _nameless(file, places)
            continue
        own = Columns(*(values[inside] for values in columns))
        yield FileBatch(file, name, check(own, Source.FILE, fields=_RECORDING, places=places))


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).fill_null(np.nan).to_numpy(), float)


def _read_lines(file: Path) -> Iterator[FileBatch]:
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            numbered = ((place, line) for place, line in enumerate(lines) if line.strip())
            for some in batched(numbered, _LINES_AT_ONCE, strict=False):
                yield from _lines(file, some)
    except (OSError, EOFError, zlib.error):
        raise FileUnreadable(file, "lines of JSON, as they are or in gzip") from None


def _lines(file: Path, lines: Iterable[tuple[int, bytes]]) -> Iterator[FileBatch]:
    pings, places, rejected = decode_rows(lines, _DEVICE_PING, _LINE)
    if rejected:
        yield FileBatch(file, _NO_DEVICE, check(columns_of([]), Source.FILE, rejected=rejected))
    by_device: defaultdict[str, list[int]] = defaultdict(list)
    for index, ping in enumerate(pings):
        by_device[ping.device].append(index)
    for device, indices in by_device.items():
        own = columns_of([pings[index] for index in indices])
        where = [places[index] for index in indices]
        yield FileBatch(file, device, check(own, Source.FILE, places=where))


def _read_gpx(file: Path) -> Iterator[FileBatch]:
    try:
        tracks = gpxpy.parse(file.read_text())
    except (gpxpy.gpx.GPXException, OSError, ValueError):
        raise FileUnreadable(file, "a GPX file") from None
    points = [point for point, *_ in tracks.walk()]
    pings = [
        Ping(
            at=point.time if point.time is not None else np.nan,
            lat=point.latitude,
            lon=point.longitude,
            speed_mps=point.speed,
            course_deg=point.course,
        )
        for point in points
    ]
    # A GPX file names no device: it is called as the device is.
    yield FileBatch(file, file.stem, check(columns_of(pings), Source.FILE, fields=_POINT))


def _nameless(file: Path, places: list[int]) -> FileBatch:
    rejected = [Rejected(place, *_LINE["device"]) for place in places]
    return FileBatch(file, _NO_DEVICE, check(columns_of([]), Source.FILE, rejected=rejected))
