"""A recorded stretch of a city's pings: device, t (seconds of the local day), lon, lat and more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.terms.errors import BadInput
from hubbub.terms.time import SECOND, Instant, instant

COLUMNS: Final = ("device", "t", "lon", "lat", "speed", "course", "acc")
"""The schema: t in seconds of the day, degrees, m/s, degrees, metres."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Pings sorted by device and time. Columns are arrays of one length."""

    names: list[str]  # of devices
    device: npt.NDArray[np.int32]  # index into names
    at: npt.NDArray[np.int64]  # instants
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    speed_mps: npt.NDArray[np.float64]
    course_deg: npt.NDArray[np.float64]
    accuracy_m: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Count the pings."""
        return len(self.at)

    @property
    def begin(self) -> Instant:
        """Tell when the first ping was taken."""
        return Instant(int(self.at.min()))

    @property
    def end(self) -> Instant:
        """Tell when the last ping was taken."""
        return Instant(int(self.at.max()))

    def pings(self, rows: slice) -> Iterator[dict[str, float]]:
        """Write `rows` as a phone sends them, in hubbub's own format."""
        for at, lat, lon, speed, course, accuracy in zip(
            self.at[rows].tolist(),
            self.lat[rows].tolist(),
            self.lon[rows].tolist(),
            self.speed_mps[rows].tolist(),
            self.course_deg[rows].tolist(),
            self.accuracy_m[rows].tolist(),
            strict=True,
        ):
            ping = {"at": at / SECOND, "lat": lat, "lon": lon, "accuracy_m": accuracy}
            yield ping | {"speed_mps": speed, "course_deg": course}


def read_recording(file: Path, *, day: date, zone: ZoneInfo) -> Recording:
    """Read a recording and place it on `day` in `zone`. Raises `BadInput` naming what is wrong."""
    try:
        table = pq.read_table(file)
    except FileNotFoundError:
        raise BadInput(f"{file}: no such file") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInput(f"{file} is not a readable Parquet file: {error}") from None
    missing = [column for column in COLUMNS if column not in table.column_names]
    if missing:
        raise BadInput(
            f"{file}: column {missing[0]!r} is missing; a recording has {', '.join(COLUMNS)}"
        )
    if len(table) == 0:
        raise BadInput(f"{file} holds no pings")
    try:
        return _recording(table, day=day, zone=zone)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadInput(f"{file}: a column has another type than a recording's: {error}") from None


def _recording(table: pa.Table, *, day: date, zone: ZoneInfo) -> Recording:
    named = pc.dictionary_encode(table["device"].cast(pa.string()).combine_chunks())
    midnight = instant(datetime.combine(day, time(), zone))
    at = midnight + np.round(_floats(table["t"]) * SECOND).astype(np.int64)
    device = named.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    order = np.lexsort((at, device))
    return Recording(
        names=named.dictionary.to_pylist(),
        device=device[order],
        at=at[order],
        **{
            name: _floats(table[column])[order]
            for name, column in (
                ("lon", "lon"),
                ("lat", "lat"),
                ("speed_mps", "speed"),
                ("course_deg", "course"),
                ("accuracy_m", "acc"),
            )
        },
    )


def _floats(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    numbers = column.cast(pa.float64()).combine_chunks()
    if numbers.null_count:
        raise pa.ArrowInvalid("a value is missing")
    floats: npt.NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False)
    return floats
