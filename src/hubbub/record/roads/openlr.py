"""Writes a stretch of road as an OpenLR line location (binary, version 3): any map can find it.

OpenLR white paper, version 1.5, chapter 7: two location reference points at junctions, and how far
behind the first and before the last of them the stretch begins and ends.
"""

import math
import struct
from base64 import b64encode
from typing import Final, NamedTuple

import numpy as np

from hubbub.record.roads.extract import Degrees, along_m

LINE_STATUS: Final = 0x0B  # version 3, with attributes, no area, no point
BEARING_M: Final = 20.0  # a bearing is taken towards the place so far along the line
BEARING_STEP_DEG: Final = 360 / 32
DISTANCE_STEP_M: Final = 58.6
DISTANCE_MAX_M: Final = 256 * DISTANCE_STEP_M

MOTORWAY, ONE_OF_TWO, SINGLE, ROUNDABOUT, SLIP_ROAD = 1, 2, 3, 4, 6
"""Forms of way."""


class Look(NamedTuple):
    """What a road looks like to OpenLR."""

    road_class: int  # 0..7, as ours
    form: int


def encode_line(line: Degrees, look: Look, *, skip_m: float, spare_m: float) -> str:
    """Write the part of `line` (driving order, junction to junction) less its two ends' metres."""
    length_m = float(along_m(line)[-1])
    if length_m >= DISTANCE_MAX_M:
        raise ValueError("a line between two reference points is shorter than 15 km")
    kind = (look.road_class << 3) | look.form
    first, last = line[0], line[-1]
    skip, spare = (int(part_m / length_m * 256) for part_m in (skip_m, spare_m))
    flags = (bool(skip) << 6) | (bool(spare) << 5)
    written = struct.pack(
        ">B3s3sBBBhhBB",
        LINE_STATUS,
        *(_absolute(degrees) for degrees in first),
        kind,
        (look.road_class << 5) | _bearing(line),
        int(length_m / DISTANCE_STEP_M),
        *(round(float(step) * 1e5) for step in last - first),
        kind,
        flags | _bearing(line[::-1]),
    )
    offsets = bytes(offset for offset in (skip, spare) if offset)
    return b64encode(written + offsets).decode()


def _absolute(degrees: float) -> bytes:
    """Write a coordinate in 24 bits."""
    steps = degrees * 2**24 / 360 + math.copysign(0.5, degrees)
    return int(steps).to_bytes(3, "big", signed=True)


def _bearing(line: Degrees) -> int:
    """Tell in which of 32 sectors, clockwise from north, the start of `line` points."""
    ahead_m = along_m(line)
    lon, lat = (float(np.interp(BEARING_M, ahead_m, line[:, axis])) for axis in (0, 1))
    east = (lon - line[0, 0]) * math.cos(math.radians(line[0, 1]))
    degrees = math.degrees(math.atan2(east, lat - line[0, 1])) % 360
    return int(degrees / BEARING_STEP_DEG) % 32
