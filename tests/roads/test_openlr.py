"""Where a road segment lies can be read by any map that knows OpenLR."""

import math
import struct
from base64 import b64decode
from typing import NamedTuple

import numpy as np
import pytest

from hubbub.record.roads.city import City
from hubbub.record.roads.openlr import SINGLE, Look, encode_line


class Read(NamedTuple):
    """A line location as the white paper says that it is read."""

    first: tuple[float, float]
    last: tuple[float, float]
    road_class: int
    form: int
    bearings: tuple[float, float]
    length_m: float
    skip: float
    spare: float


def read(text: str) -> Read:
    """Read a line location, from its bits."""
    location = b64decode(text)
    assert location[0] == 0b00001011, "version 3, with attributes"
    lon, lat = (
        (steps - math.copysign(0.5, steps)) * 360 / 2**24
        for steps in (int.from_bytes(location[at : at + 3], "big", signed=True) for at in (1, 4))
    )
    kind, bearing, distance, east, north, last_kind, last_bearing = struct.unpack(
        ">BBBhhBB", location[7:16]
    )
    assert kind == last_kind
    assert bearing >> 5 == kind >> 3, "the least class on the way is the road's own"
    offsets = list(location[16:])
    skip = offsets.pop(0) if last_bearing & 0b01000000 else 0
    spare = offsets.pop(0) if last_bearing & 0b00100000 else 0
    assert not offsets
    return Read(
        (lon, lat),
        (lon + east / 1e5, lat + north / 1e5),
        kind >> 3,
        kind & 7,
        tuple((b & 31) * 11.25 + 5.625 for b in (bearing, last_bearing)),
        (distance + 0.5) * 58.6,
        (skip + 0.5) / 256 if skip else 0,
        (spare + 0.5) / 256 if spare else 0,
    )


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return math.hypot(east, one[1] - other[1]) * 111_195


def test_a_line_reads_back_as_it_was_written() -> None:
    # 100 m to the north, then 100 m to the east, south of the equator and west of Greenwich
    line = np.array([[-70.0, -33.0], [-70.0, -32.9991], [-69.998927, -32.9991]])
    text = encode_line(line, Look(3, SINGLE), skip_m=50, spare_m=25)
    assert text == "C8445OiIiRtgAwBrAFobeD8f"
    found = read(text)
    assert distance_m(found.first, (-70, -33)) < 3
    assert distance_m(found.last, (-69.998927, -32.9991)) < 4
    assert found.bearings == pytest.approx((0, 270), abs=5.7)
    assert found.length_m == pytest.approx(200, abs=30)
    assert (found.skip, found.spare) == pytest.approx((0.25, 0.125), abs=1 / 256)


def test_a_line_too_long_for_two_reference_points_is_refused() -> None:
    with pytest.raises(ValueError, match="15 km"):
        encode_line(np.array([[7, 43], [7.2, 43]]), Look(0, SINGLE), skip_m=0, spare_m=0)


def test_every_road_segment_of_a_city_reads_back_where_it_is(helsinki: City) -> None:
    for segment in helsinki.segments:
        found = read(segment.openlr)
        first, last = segment.shape_e6[:2], segment.shape_e6[-2:]
        if not found.skip:
            assert distance_m(found.first, (first[0] / 1e6, first[1] / 1e6)) < 4
        if not found.spare:
            assert distance_m(found.last, (last[0] / 1e6, last[1] / 1e6)) < 4
        length_m = found.length_m * (1 - found.skip - found.spare)
        assert length_m == pytest.approx(segment.length_m, abs=35)
        assert found.road_class == segment.road_class
