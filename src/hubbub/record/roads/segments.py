"""Cuts a city's streets into segments of 30-300 m, a direction each: what speeds are published for.

A segment may run over several OpenStreetMap ways, for a street is cut into ways wherever a tag
changes. It is named after the piece of way that it starts with; all its pieces are in a table.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from hubbub.record.roads import openlr
from hubbub.record.roads.edges import Edge, Road
from hubbub.record.roads.extract import Degrees, along_m
from hubbub.record.roads.streets import Spot, junctions, spot, streets
from hubbub.terms.roads import RoadSegment, SegmentNumber

# Measured on Helsinki's morning of day 2 with the matched phones of 10 % (30 %) of the vehicles:
# wished 100, least 50: weighted RMSE 5.9 (5.7) km/h; 60 and 30: 4.7 (4.3); 40 and 20: 4.3 (3.9),
# for a quarter more segments. Most of a long segment's error is that it blurs a queue.
LENGTH_MIN_M: Final = 30
LENGTH_MAX_M: Final = 300
LENGTH_WISHED_M: Final = 60
TOO_SHORT: Final = 4.0  # as dear as a segment three times as long as wished
BETWEEN_JUNCTIONS: Final = 1.0  # as dear as one twice as long

SEGMENTS_SCHEMA: Final = pa.schema(
    {
        "number": pa.int32(),
        "way_id": pa.int64(),
        "forward": pa.bool_(),
        "from_frac": pa.float64(),
        "to_frac": pa.float64(),
        "length_m": pa.float64(),
        "limit_kmh": pa.float64(),
        "road_class": pa.int32(),
        "name": pa.string(),
        "openlr": pa.string(),
        "shape_e6": pa.list_(pa.int32()),
    }
)
PIECES_SCHEMA: Final = pa.schema(
    {
        "edge_id": pa.int64(),
        "from_m": pa.float64(),
        "to_m": pa.float64(),
        "segment": pa.int32(),
        "from_seg_m": pa.float64(),
        "way_id": pa.int64(),
        "forward": pa.bool_(),
        "from_frac": pa.float64(),
        "to_frac": pa.float64(),
    }
)


class Piece(NamedTuple):
    """Which part of an edge lies in which segment: in metres as one drives, and on its way."""

    edge_id: int
    from_m: float
    to_m: float
    segment: SegmentNumber
    from_seg_m: float
    way_id: int
    forward: bool
    from_frac: float
    to_frac: float


class _Cut(NamedTuple):
    """A segment to be: the edges it lies on, and how much of the first and the last is not its."""

    edges: tuple[Edge, ...]
    skip_m: float
    spare_m: float


def cut_roads(edges: Iterable[Edge]) -> tuple[list[RoadSegment], list[Piece]]:
    """Cut every street, each direction for itself. The same extract gives the same numbers."""
    known = list(edges)
    turns = junctions(known)
    stretches = {(edge.way_id, edge.forward, edge.from_m) for edge in known}
    segments: list[RoadSegment] = []
    pieces: list[Piece] = []
    for street in streets(known):
        for cut in _cuts(street, turns):
            number = SegmentNumber(len(segments))
            its_pieces = list(_pieces(number, cut))
            first = cut.edges[0]
            two_way = (first.way_id, not first.forward, first.from_m) in stretches
            segments.append(_segment(number, cut, its_pieces, two_way=two_way))
            pieces += its_pieces
    return segments, sorted(pieces)


def _cuts(street: Sequence[Edge], turns: frozenset[Spot]) -> Iterator[_Cut]:
    """Cut one direction of a street: at junctions as a rule, evenly where an edge is too long."""
    ends_m = np.cumsum([edge.length_m for edge in street]).tolist()
    starts_m = [0.0, *ends_m[:-1]]
    places: list[float] = [0.0]
    liked = {0.0, ends_m[-1]}
    for edge, start_m, end_m in zip(street, starts_m, ends_m, strict=True):
        count = math.ceil(edge.length_m / LENGTH_MAX_M)
        places += np.linspace(start_m, end_m, count + 1)[1:].tolist()
        if spot(edge.shape[-1]) in turns:
            liked.add(end_m)
    for from_m, to_m in pairwise(_best_places(places, liked)):
        on = [i for i in range(len(street)) if starts_m[i] < to_m and ends_m[i] > from_m]
        edges = tuple(street[i] for i in on)
        yield _Cut(edges, from_m - starts_m[on[0]], ends_m[on[-1]] - to_m)


def _best_places(places: Sequence[float], liked: set[float]) -> list[float]:
    """Choose where to cut: the least dislike in sum, over all ways to cut."""
    cost, before = [0.0], [0]
    for end in range(1, len(places)):
        least, best = math.inf, end - 1
        for start in range(end - 1, -1, -1):
            length_m = places[end] - places[start]
            if length_m > LENGTH_MAX_M and start < end - 1:
                break
            dislike = cost[start] + _dislike(length_m)
            if dislike < least:
                least, best = dislike, start
        cost.append(least + BETWEEN_JUNCTIONS * (places[end] not in liked))
        before.append(best)
    chosen, at = [places[-1]], len(places) - 1
    while at:
        at = before[at]
        chosen.append(places[at])
    return chosen[::-1]


def _dislike(length_m: float) -> float:
    """Tell how far a length is from what is wished."""
    return (length_m / LENGTH_WISHED_M - 1) ** 2 + TOO_SHORT * (length_m < LENGTH_MIN_M)


def _pieces(number: SegmentNumber, cut: _Cut) -> Iterator[Piece]:
    """Say which part of each edge lies in the segment."""
    from_seg_m = 0.0
    for edge in cut.edges:
        from_m = cut.skip_m if edge is cut.edges[0] else 0.0
        to_m = edge.length_m - (cut.spare_m if edge is cut.edges[-1] else 0.0)
        low_m, high_m = (
            (edge.from_m + from_m, edge.from_m + to_m)
            if edge.forward
            else (edge.to_m - to_m, edge.to_m - from_m)
        )
        yield Piece(
            edge.edge_id,
            round(from_m, 3),
            round(to_m, 3),
            number,
            round(from_seg_m, 3),
            edge.way_id,
            edge.forward,
            round(low_m / edge.way_m, 6),
            round(high_m / edge.way_m, 6),
        )
        from_seg_m += to_m - from_m


def _segment(
    number: SegmentNumber, cut: _Cut, pieces: Sequence[Piece], *, two_way: bool
) -> RoadSegment:
    """Describe a segment for the public."""
    road = cut.edges[0].road
    first = pieces[0]
    start = list(
        takewhile(lambda p: (p.way_id, p.forward) == (first.way_id, first.forward), pieces)
    )
    line = _line(cut.edges)
    length_m = float(along_m(line)[-1])
    shape = _part(line, cut.skip_m, length_m - cut.spare_m)
    return RoadSegment(
        number=number,
        way_id=first.way_id,
        forward=first.forward,
        from_frac=min(piece.from_frac for piece in start),
        to_frac=max(piece.to_frac for piece in start),
        length_m=round(length_m - cut.skip_m - cut.spare_m, 2),
        limit_kmh=road.limit_kmh,
        road_class=road.road_class,
        name=road.name,
        openlr=_openlr(line, cut, road=road, two_way=two_way),
        shape_e6=tuple(np.rint(shape * 1e6).astype(int).ravel().tolist()),
    )


def _line(edges: Sequence[Edge]) -> Degrees:
    """Lay the shapes of edges end to end."""
    return np.concatenate([edges[0].shape[:1], *(edge.shape[1:] for edge in edges)])


def _part(line: Degrees, from_m: float, to_m: float) -> Degrees:
    """Cut a line at two places on it."""
    so_far_m = along_m(line)
    inside = so_far_m[(so_far_m > from_m) & (so_far_m < to_m)]
    at_m = np.concatenate(([from_m], inside, [to_m]))
    return np.column_stack([np.interp(at_m, so_far_m, line[:, axis]) for axis in (0, 1)])


def _openlr(line: Degrees, cut: _Cut, *, road: Road, two_way: bool) -> str:
    """Write where a segment lies, by the nodes before and behind it."""
    skip_m, spare_m = cut.skip_m, cut.spare_m
    length_m = float(along_m(line)[-1])
    if length_m >= openlr.DISTANCE_MAX_M:  # too far apart: by its own ends then
        line = _part(line, skip_m, length_m - spare_m)
        skip_m = spare_m = 0.0
    look = openlr.Look(road.road_class, _form(road, two_way=two_way))
    return openlr.encode_line(line, look, skip_m=skip_m, spare_m=spare_m)


def _form(road: Road, *, two_way: bool) -> int:
    """Tell the form of way."""
    if road.roundabout:
        return openlr.ROUNDABOUT
    if road.slip_road:
        return openlr.SLIP_ROAD
    if two_way:
        return openlr.SINGLE
    return openlr.ONE_OF_TWO if road.road_class else openlr.MOTORWAY


def segments_table(segments: Iterable[RoadSegment]) -> pa.Table:
    """Lay segments out as the table that rests."""
    names = SEGMENTS_SCHEMA.names
    rows = [{name: getattr(segment, name) for name in names} for segment in segments]
    return pa.Table.from_pylist(rows, schema=SEGMENTS_SCHEMA)


def pieces_table(pieces: Iterable[Piece]) -> pa.Table:
    """Lay pieces out as the table that rests."""
    return pa.Table.from_pylist([piece._asdict() for piece in pieces], schema=PIECES_SCHEMA)
