"""Lists the drivable edges of the routing tiles: what the matcher answers in, and their place."""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import valhalla
from valhalla.baldr import GraphId
from valhalla.baldr.utils import GraphUtils

from hubbub.record.roads.extract import Degrees, WayLine
from hubbub.record.roads.tiles import CONFIG, TILES

USUAL_LIMIT_KMH: Final = {
    "motorway": 110.0,
    "trunk": 80.0,
    "primary": 50.0,
    "secondary": 50.0,
    "tertiary": 50.0,
    "unclassified": 50.0,
    "residential": 50.0,
    "service_other": 20.0,
}
"""Road classes in the order of their numbers, and what one may drive where no limit is mapped.

A city's built-up area is meant; the router's own defaults are speeds, and of the country.
"""
ROAD_CLASSES: Final = tuple(USUAL_LIMIT_KMH)
LIVING_STREET_KMH: Final = 20.0
SLIP_ROAD_KMH: Final = 50.0

NO_ROADS: Final = frozenset(
    # a driveway leads to one home, an aisle to one car: nothing about them is ever published
    {"driveway", "parking_aisle", "drive_through", "footway", "cycleway", "path", "track"}
)
SLIP_ROADS: Final = frozenset({"ramp", "turn_channel"})

HEARD_EVERY: Final = 1000  # edges

NODE_SLACK_DEG: Final = 1.6e-6  # tiles keep six digits, and not always rounded our way


class Road(NamedTuple):
    """What a stretch of street has in common."""

    name: str
    limit_kmh: float
    road_class: int
    roundabout: bool
    slip_road: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Edge:
    """A directed edge of the tiles, and the stretch of its way that it covers, in node order."""

    edge_id: int
    way_id: int
    forward: bool
    from_m: float
    to_m: float
    way_m: float  # how long the whole way is
    shape: Degrees  # in driving order
    road: Road

    @property
    def length_m(self) -> float:
        """Tell how long the edge is."""
        return self.to_m - self.from_m


class _Number(msgspec.Struct):
    value: int


class _About(msgspec.Struct):
    way_id: int
    names: list[str] = []
    speed_limit: int | str | None = None  # "unlimited" on some motorways


class _Kind(msgspec.Struct):
    classification: str
    use: str


class _Directed(msgspec.Struct):
    forward: bool
    round_about: bool
    classification: _Kind


class _Found(msgspec.Struct):
    edge_id: _Number
    edge_info: _About
    edge: _Directed


class _Located(msgspec.Struct):
    edges: list[_Found] | None = None


_ANSWER: Final = msgspec.json.Decoder(list[_Located])


def drivable_edges(
    folder: Path, lines: dict[int, WayLine], done: Callable[[float], None] = lambda _: None
) -> Iterator[Edge]:
    """Give every edge that a car may drive along and that is a road, in the order of their ids.

    `done` hears now and then which share of the edges has been looked at.
    """
    config = folder / CONFIG
    actor, graph = valhalla.Actor(config), GraphUtils(config)
    seen: dict[int, _Found] = {}
    edge_ids = _edge_ids(folder / TILES, graph)
    for looked_at, edge_id in enumerate(edge_ids):
        if looked_at % HEARD_EVERY == 0:
            done(looked_at / len(edge_ids))
        shape = graph.get_edge_shape(edge_id)
        if edge_id.value not in seen:
            seen |= {found.edge_id.value: found for found in _locate(actor, shape)}
        found = seen.get(edge_id.value)
        if found is None or found.edge.classification.use in NO_ROADS:
            continue
        line = lines.get(found.edge_info.way_id)  # a ferry is no road
        edge = line and _laid(found, np.array(shape), line)
        if edge:
            yield edge


def _edge_ids(tiles: Path, graph: GraphUtils) -> list[GraphId]:
    """Give the ids of all edges of all tiles."""
    with tarfile.open(tiles) as tar:
        names = [name for name in tar.getnames() if name.endswith(".gph")]
    bases = sorted((GraphId.from_tile_path(name) for name in names), key=lambda base: base.value)
    return [
        base + number
        for base in bases
        for number in range(graph.get_graph_tile_header(base).directededgecount)
    ]


def _locate(actor: valhalla.Actor, shape: list[tuple[float, float]]) -> list[_Found]:
    """Ask for the drivable edges through the middle of `shape`: itself, if a car may take it."""
    (west, south), (east, north) = shape[len(shape) // 2 - 1], shape[len(shape) // 2]
    middle = {
        "lon": (west + east) / 2,
        "lat": (south + north) / 2,
        "radius": 1,
        "minimum_reachability": 0,
    }
    request = {"locations": [middle], "costing": "auto", "verbose": True}
    answer = _ANSWER.decode(actor.locate(msgspec.json.encode(request).decode()))
    return [found for located in answer for found in located.edges or ()]


def _laid(found: _Found, shape: Degrees, line: WayLine) -> Edge | None:
    """Lay an edge onto its way: it is a run of the way's nodes."""
    about, edge = found.edge_info, found.edge
    first = _first_node(shape if edge.forward else shape[::-1], line.nodes)
    if first is None:
        return None
    last = first + len(shape) - 1
    nodes = line.nodes[first : last + 1]
    return Edge(
        edge_id=found.edge_id.value,
        way_id=about.way_id,
        forward=edge.forward,
        from_m=float(line.along_m[first]),
        to_m=float(line.along_m[last]),
        way_m=line.length_m,
        shape=nodes if edge.forward else nodes[::-1],
        road=Road(
            name=about.names[0] if about.names else "",
            limit_kmh=_limit_kmh(about.speed_limit, edge.classification),
            road_class=ROAD_CLASSES.index(edge.classification.classification),
            roundabout=edge.round_about,
            slip_road=edge.classification.use in SLIP_ROADS,
        ),
    )


def _limit_kmh(mapped: int | str | None, kind: _Kind) -> float:
    """Tell what one may drive: what is mapped, or else what is usual."""
    if isinstance(mapped, int) and mapped:
        return float(mapped)
    if kind.use == "living_street":
        return LIVING_STREET_KMH
    if kind.use in SLIP_ROADS:
        return SLIP_ROAD_KMH
    return USUAL_LIMIT_KMH[kind.classification]


def _first_node(shape: Degrees, nodes: Degrees) -> int | None:
    """Find the node of the way at which `shape`, a run of its nodes, starts."""
    starts = np.flatnonzero((abs(nodes - shape[0]) < NODE_SLACK_DEG).all(axis=1))
    for start in starts:
        run = nodes[start : start + len(shape)]
        if len(run) == len(shape) and (abs(run - shape) < NODE_SLACK_DEG).all():
            return int(start)
    return None
