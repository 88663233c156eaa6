"""Reads an OpenStreetMap extract: its roads as lines, its box. A file that is none is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import osmium
from numpy.typing import NDArray

from hubbub.terms.errors import BadInput

EARTH_RADIUS_M: Final = 6_371_008.8

type Degrees = NDArray[np.float64]
"""Points as rows of (lon, lat)."""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A box on the map, in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        """Give the middle as (lon, lat)."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2


class WayLine:
    """A way as it lies in the extract: its nodes, and the metres from the first to each."""

    __slots__ = ("along_m", "nodes")

    def __init__(self, nodes: Degrees) -> None:
        self.nodes = nodes
        self.along_m = along_m(nodes)

    @property
    def length_m(self) -> float:
        """Tell how long the way is."""
        return float(self.along_m[-1])


def along_m(points: Degrees) -> NDArray[np.float64]:
    """Tell how many metres along the line each of its points lies."""
    lon, lat = np.radians(points).T
    # the haversine formula: exact enough for short steps too
    chord = (
        np.sin(np.diff(lat) / 2) ** 2
        + np.cos(lat[:-1]) * np.cos(lat[1:]) * np.sin(np.diff(lon) / 2) ** 2
    )
    step_m = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(chord))
    return np.concatenate(([0.0], np.cumsum(step_m)))


def read_roads(pbf: Path) -> dict[int, WayLine]:
    """Read the line of every road and path, without the nodes that the extract was cut off."""
    lines: dict[int, WayLine] = {}
    with readable(pbf):
        reader = osmium.FileProcessor(str(pbf)).with_locations()
        for way in reader.with_filter(osmium.filter.KeyFilter("highway")):
            if isinstance(way, osmium.osm.Way):
                nodes = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
                if len(nodes) > 1:
                    lines[way.id] = WayLine(np.array(nodes))
    if not lines:
        raise BadInput(f"{pbf.name} has no roads in it: give an extract of a city")
    return lines


def box_of(lines: dict[int, WayLine]) -> Box:
    """Give the box that all roads lie in."""
    low = np.min([line.nodes.min(axis=0) for line in lines.values()], axis=0)
    high = np.max([line.nodes.max(axis=0) for line in lines.values()], axis=0)
    west, south, east, north = (round(float(x), 6) for x in (*low, *high))
    return Box(west=west, south=south, east=east, north=north)


@contextmanager
def readable(pbf: Path) -> Iterator[None]:
    """Turn the reader's refusal of a file into ours, which says what to do."""
    if not pbf.is_file():
        raise BadInput(f"there is no file {pbf}")
    try:
        yield
    except RuntimeError as refusal:  # all that osmium raises
        raise BadInput(
            f"{pbf.name} is not an OpenStreetMap extract (.osm.pbf) that can be read: {refusal}"
        ) from refusal
