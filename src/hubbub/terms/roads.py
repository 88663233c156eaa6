"""A road as the public knows it: segments from junction to junction, a direction each."""

from typing import NewType

import msgspec

SegmentNumber = NewType("SegmentNumber", int)
"""The dense number of a road segment within one build of a city; `key` outlives the build."""


class RoadSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of street in one direction: of one OSM way or of several. Nobody is in it."""

    number: SegmentNumber
    way_id: int  # of the way that it begins on
    forward: bool  # along that way's node order
    from_frac: float  # 0..1 along that way in node order; from < to, whatever the direction
    to_frac: float
    length_m: float
    limit_kmh: float  # what the map says one may drive: the public prior of a speed
    road_class: int  # 0 motorway .. 7 service
    name: str
    openlr: str  # OpenLR line location, base64
    shape_e6: tuple[int, ...]  # lon, lat, lon, lat … x 1e6, in driving direction

    @property
    def key(self) -> str:
        """Name the segment so that it survives a rebuild of the tiles."""
        return f"{self.way_id}{'+' if self.forward else '-'}{round(self.from_frac * 1e4)}"
