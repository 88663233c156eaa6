"""A town of a few streets, drawn in metres, and the OpenStreetMap extract of it."""

import math
from collections.abc import Mapping
from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Way

LON, LAT = 24.94, 60.17
METRE_LAT = 1 / 111_195
METRE_LON = METRE_LAT / math.cos(math.radians(LAT))

Point = tuple[int, int]

A, B, C, E = (0, 0), (100, 0), (200, 0), (225, 0)
NORTH = (100, 400)
BACK = (0, 150)

MAIN = {"highway": "residential", "name": "Main Street"}
WAYS: dict[int, tuple[list[Point], Mapping[str, str]]] = {
    1: ([A, B, C], MAIN),
    2: ([C, E], {**MAIN, "lit": "yes"}),
    3: (
        [B, NORTH],
        {"highway": "secondary", "name": "Side Street", "oneway": "yes", "maxspeed": "40"},
    ),
    4: ([A, BACK], {"highway": "tertiary", "name": "Back Street", "oneway": "-1"}),
    5: ([E, (225, 40)], {"highway": "service", "service": "driveway"}),
    6: ([C, (200, 90)], {"highway": "footway"}),
    7: ([BACK, (100, 150), NORTH], {"highway": "residential", "name": "Ring"}),
    8: ([(20, 20), (60, 20), (60, 60), (20, 60), (20, 20)], {"building": "yes", "height": "9 m"}),
    9: (
        [(120, 40), (190, 40), (190, 140), (120, 140), (120, 40)],
        {"leisure": "park", "name": "Green"},
    ),
    10: ([(-50, -60), (400, -60)], {"natural": "coastline"}),  # land on the left: the north
    11: ([(-20, -90), (300, -90)], {"highway": "path"}),  # on a breakwater: the box reaches it
}


def degrees(point: Point) -> tuple[float, float]:
    """Place a point of the town on the earth, as (lon, lat)."""
    return LON + point[0] * METRE_LON, LAT + point[1] * METRE_LAT


def write_extract(
    path: Path, ways: Mapping[int, tuple[list[Point], Mapping[str, str]]] = WAYS
) -> Path:
    """Write the town, or other `ways`, as an extract."""
    points = list(dict.fromkeys(point for nodes, _ in ways.values() for point in nodes))
    writer = osmium.SimpleWriter(str(path), overwrite=True)
    for number, point in enumerate(points, 1):
        writer.add_node(Node(id=number, location=degrees(point), version=1))
    town = {"place": "town", "name": "Littleton"}
    writer.add_node(Node(id=len(points) + 1, location=degrees((50, 50)), tags=town, version=1))
    for way_id, (nodes, tags) in ways.items():
        refs = [points.index(node) + 1 for node in nodes]
        writer.add_way(Way(id=way_id, nodes=refs, tags=dict(tags), version=1))
    writer.close()
    return path
