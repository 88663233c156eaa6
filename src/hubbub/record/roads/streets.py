"""Joins edges into streets: mappers cut a street into ways wherever a tag changes.

A street here is a chain of edges that one drives along without turning and that are alike.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from hubbub.record.roads.edges import Edge
from hubbub.record.roads.extract import Degrees

TURN_MAX_DEG: Final = 45.0

type Spot = tuple[int, int]
"""A node, by its place: lon and lat x 1e6."""


def streets(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Chain edges, each in exactly one street, ordered by where the streets start."""
    known = sorted(edges, key=_place)
    follower = _followers(known)
    followed = {next_edge.edge_id for next_edge in follower.values()}
    left = {edge.edge_id: edge for edge in known}
    chains = []
    # a ring has no first edge: it starts at its least, after all others
    for first in [e for e in known if e.edge_id not in followed] + known:
        chain = []
        edge: Edge | None = first
        while edge is not None and left.pop(edge.edge_id, None) is not None:
            chain.append(edge)
            edge = follower.get(edge.edge_id)
        if chain:
            chains.append(chain)
    return sorted(chains, key=lambda chain: _place(chain[0]))


def junctions(edges: Iterable[Edge]) -> frozenset[Spot]:
    """Tell where one may turn: nodes from which drivable edges lead to three others or more."""
    beside: defaultdict[Spot, set[Spot]] = defaultdict(set)
    for edge in edges:
        beside[spot(edge.shape[0])].add(spot(edge.shape[1]))
        beside[spot(edge.shape[-1])].add(spot(edge.shape[-2]))
    return frozenset(node for node, others in beside.items() if len(others) > 2)


def spot(point: Degrees) -> Spot:
    """Name a node by its place."""
    return round(float(point[0]) * 1e6), round(float(point[1]) * 1e6)


def _place(edge: Edge) -> tuple[int, bool, float]:
    """Order edges by what outlives a build of the tiles."""
    return edge.way_id, not edge.forward, edge.from_m


def _followers(edges: list[Edge]) -> dict[int, Edge]:
    """Find the edge that goes on from each: same ways first, then the straightest."""
    leaving: defaultdict[Spot, list[Edge]] = defaultdict(list)
    for edge in edges:
        leaving[spot(edge.shape[0])].append(edge)
    pairs = [
        (
            edge.way_id != after.way_id,
            _turn_deg(edge, after),
            _place(edge),
            _place(after),
            edge,
            after,
        )
        for edge in edges
        for after in leaving[spot(edge.shape[-1])]
        if edge.road == after.road and not _back_again(edge, after)
    ]
    follower: dict[int, Edge] = {}
    taken: set[int] = set()
    for _, turn_deg, *_, edge, after in sorted(pairs, key=lambda pair: pair[:4]):
        if turn_deg > TURN_MAX_DEG or edge.edge_id in follower or after.edge_id in taken:
            continue
        follower[edge.edge_id] = after
        taken.add(after.edge_id)
    return follower


def _back_again(edge: Edge, after: Edge) -> bool:
    """Tell a turn back on the same stretch."""
    return edge.way_id == after.way_id and edge.from_m == after.from_m


def _turn_deg(edge: Edge, after: Edge) -> float:
    """Tell by how much one turns from the end of `edge` to the start of `after`."""
    turn = _heading(after.shape[0], after.shape[1]) - _heading(edge.shape[-2], edge.shape[-1])
    return abs((math.degrees(turn) + 180) % 360 - 180)


def _heading(start: Degrees, end: Degrees) -> float:
    """Give the direction from one point to another, in radians."""
    east = (end[0] - start[0]) * math.cos(math.radians(start[1]))
    return math.atan2(east, end[1] - start[1])
