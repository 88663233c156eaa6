"""Puts fixes on the roads: one Valhalla actor, and what its edges mean in road segments."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa
from valhalla import Actor
from valhalla.actor import _Actor

from hubbub.products.traffic.matching import OFF_THE_MAP, Fix, Leg, Stretch
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import SECOND, Instant

# Measured on Monaco and Helsinki with phones' noise at a fix each 5 s; `meili.default.beta` 10
# belongs to them, and works in the configuration of the tiles only.
TRACE_OPTIONS: Final = {
    "search_radius": 25,
    "interpolation_distance": 25,
    "turn_penalty_factor": 500,
}
ATTRIBUTES: Final = (
    "matched.type",
    "matched.edge_index",
    "matched.distance_along_edge",
    "matched.begin_route_discontinuity",
    "edge.id",
    "edge.length",
)


class EdgePart(NamedTuple):
    """Which segment a part of a graph edge belongs to, by metres along the edge."""

    to_m: float
    segment: SegmentNumber


class _Edge(msgspec.Struct, gc=False):
    id: int
    length: float  # kilometres, rounded to the metre; part of the edge where the way ends in it


class _Matched(msgspec.Struct, gc=False):
    type: str
    edge_index: int | None = None
    distance_along_edge: float = 0.0  # 0..1
    begin_route_discontinuity: bool = False


class _Trace(msgspec.Struct):
    edges: list[_Edge]
    matched_points: list[_Matched]


class _Parts(NamedTuple):
    """The segments that a way runs along, each with the metres along the way where it ends."""

    ends_m: list[float]
    segments: list[SegmentNumber]


class _Spot(NamedTuple):
    """Where a fix was put: metres along the way, which runs on unbroken in one `run`."""

    run: int
    at: Instant
    way_m: float


_decode = msgspec.json.Decoder(_Trace).decode
_encode = msgspec.json.Encoder().encode


class ValhallaMatcher:
    """Matches with Valhalla's Meili. One for each thread: an actor that is shared crashes."""

    def __init__(self, config: Path, edges: Mapping[int, tuple[EdgePart, ...]]) -> None:
        self._actor = Actor(config)
        self._edges = edges

    def match(self, fixes: Sequence[Fix]) -> list[Leg]:
        """Give the legs of the most likely way, in order; nothing where no way is found."""
        trace = self._trace(fixes)
        if trace is None:
            return []
        offsets, parts = self._way(trace.edges)
        spots = _spots(trace, fixes, offsets)
        return [
            Leg(before.at, after.at, _stretches(parts, before, after))
            for before, after in pairwise(spots)
            if before.run == after.run
        ]

    def _trace(self, fixes: Sequence[Fix]) -> _Trace | None:
        since = fixes[0].at
        question = {
            "shape": [
                {"lat": f.lat_e6 / 1e6, "lon": f.lon_e6 / 1e6, "time": (f.at - since) / SECOND}
                for f in fixes
            ],
            "costing": "auto",
            "shape_match": "map_snap",
            "use_timestamps": True,
            "trace_options": TRACE_OPTIONS,
            "filters": {"attributes": ATTRIBUTES, "action": "include"},
        }
        try:
            # The wrapper of the public class would decode the answer into dicts.
            answer: str = _Actor.trace_attributes(self._actor, _encode(question).decode())
        except RuntimeError:  # no road near, or no way along these fixes
            return None
        return _decode(answer)

    def _way(self, edges: list[_Edge]) -> tuple[list[float], _Parts]:
        """Lay the edges end to end: where each begins, and where each part of a segment ends."""
        offsets: list[float] = []
        parts = _Parts([], [])
        end_m = 0.0
        for edge in edges:
            offsets.append(end_m)
            known = self._edges.get(edge.id) or (EdgePart(edge.length * 1000, OFF_THE_MAP),)
            parts.ends_m.extend(end_m + part.to_m for part in known)
            parts.segments.extend(part.segment for part in known)
            end_m += known[-1].to_m
        offsets.append(end_m)
        return offsets, parts


def edge_parts(edges: pa.Table) -> dict[int, tuple[EdgePart, ...]]:
    """Index the table of edges (edge_id, from_m, to_m, segment) by edge."""
    parts: dict[int, list[EdgePart]] = {}
    ordered = edges.sort_by([("edge_id", "ascending"), ("from_m", "ascending")])
    columns = (ordered.column(name).to_pylist() for name in ("edge_id", "to_m", "segment"))
    for edge_id, to_m, segment in zip(*columns, strict=True):
        parts.setdefault(edge_id, []).append(EdgePart(to_m, SegmentNumber(segment)))
    return {edge_id: tuple(its_parts) for edge_id, its_parts in parts.items()}


def _spots(trace: _Trace, fixes: Sequence[Fix], offsets: list[float]) -> list[_Spot]:
    """Place the fixes along the way. A standing phone's noise never runs backwards and on again."""
    spots: list[_Spot] = []
    run, reached_m = 0, 0.0
    for fix, matched in zip(fixes, trace.matched_points, strict=True):
        edge = matched.edge_index
        if matched.type == "unmatched" or edge is None or edge >= len(offsets) - 1:
            continue
        length_m = offsets[edge + 1] - offsets[edge]
        reached_m = max(reached_m, offsets[edge] + matched.distance_along_edge * length_m)
        spots.append(_Spot(run, fix.at, reached_m))
        run += matched.begin_route_discontinuity
    return spots


def _stretches(parts: _Parts, before: _Spot, after: _Spot) -> tuple[Stretch, ...]:
    """Cut the way between two spots where segments end, its time in proportion to distance."""
    time_s = (after.at - before.at) / SECOND
    whole_m = after.way_m - before.way_m
    found: list[Stretch] = []
    from_m = before.way_m
    last = len(parts.ends_m) - 1
    for part in range(min(bisect_right(parts.ends_m, from_m), last), last + 1):
        to_m = min(parts.ends_m[part], after.way_m)
        share = (to_m - from_m) / whole_m if whole_m > 0 else 1.0
        found.append(Stretch(parts.segments[part], to_m - from_m, time_s * share))
        from_m = to_m
        if from_m >= after.way_m:
            break
    return tuple(found)
