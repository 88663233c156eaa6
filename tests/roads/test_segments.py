"""How a city's streets are cut into road segments."""

import gzip
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from hubbub.record.roads.city import City, build_city
from hubbub.record.roads.segments import LENGTH_MAX_M, LENGTH_MIN_M
from hubbub.terms.roads import RoadSegment
from roads.rig import quiet, shared
from roads.town import BACK, NORTH, A, B, E, degrees, write_extract


def named(city: City, name: str) -> list[RoadSegment]:
    return [segment for segment in city.segments if segment.name == name]


def ends(segment: RoadSegment) -> tuple[tuple[float, float], tuple[float, float]]:
    first, last = segment.shape_e6[:2], segment.shape_e6[-2:]
    return (first[0] / 1e6, first[1] / 1e6), (last[0] / 1e6, last[1] / 1e6)


def near(point: tuple[float, float]) -> object:
    return pytest.approx(point, abs=2e-6)


def test_a_street_is_cut_at_junctions_and_joined_over_ways(town: City) -> None:
    found = [(*ends(segment), segment.length_m) for segment in named(town, "Main Street")]
    stretches = [(A, B, 100), (B, A, 100), (B, E, 125), (E, B, 125)]
    for start, end, length_m in stretches:
        about = pytest.approx(length_m, abs=1)
        assert (near(degrees(start)), near(degrees(end)), about) in found
    assert len(found) == len(stretches)


def test_all_ways_of_a_segment_are_told(town: City) -> None:
    (long_one,) = (s for s in named(town, "Main Street") if ends(s)[1] == near(degrees(E)))
    pieces = [
        (row["way_id"], row["forward"], row["from_frac"], row["to_frac"])
        for row in town.pieces.sort_by("from_seg_m").to_pylist()
        if row["segment"] == long_one.number
    ]
    assert pieces == [(1, True, pytest.approx(0.5, abs=1e-4), 1.0), (2, True, 0.0, 1.0)]
    assert (long_one.way_id, long_one.forward) == (1, True)
    assert long_one.from_frac == pytest.approx(0.5, abs=1e-4)
    assert long_one.to_frac == 1.0


def test_an_edge_that_is_too_long_is_cut_evenly(town: City) -> None:
    side = named(town, "Side Street")
    assert [segment.length_m for segment in side] == pytest.approx([200, 200], abs=1)
    assert [segment.from_frac for segment in side] == pytest.approx([0, 0.5], abs=1e-4)
    assert ends(side[0])[0] == near(degrees(B))
    assert ends(side[1])[1] == near(degrees(NORTH))


def test_nobody_drives_against_a_one_way_street(town: City) -> None:
    assert all(segment.forward for segment in named(town, "Side Street"))
    (back,) = named(town, "Back Street")
    assert not back.forward, "oneway=-1 is driven against the order of nodes"
    assert ends(back) == (near(degrees(BACK)), near(degrees(A)))
    assert (back.from_frac, back.to_frac) == (0, 1), "fractions run in the order of nodes"


def test_both_directions_of_a_street_are_told_apart(town: City) -> None:
    first = [segment for segment in named(town, "Main Street") if segment.length_m < 110]
    assert [segment.forward for segment in first] == [True, False]
    assert ends(first[0]) == ends(first[1])[::-1]
    assert len({segment.key for segment in town.segments}) == len(town.segments)


def test_a_driveway_or_a_footway_is_no_road_segment(town: City) -> None:
    assert {1, 2, 3, 4, 7} == set(town.pieces.column("way_id").to_pylist())


def test_what_a_road_is_like_is_told(town: City) -> None:
    (side, _) = named(town, "Side Street")
    assert (side.limit_kmh, side.road_class) == (40, 3)
    main = {(segment.limit_kmh, segment.road_class) for segment in named(town, "Main Street")}
    assert main == {(50, 6)}, "no limit is mapped: the usual one of its class"


def test_every_metre_of_an_edge_lies_in_one_segment(helsinki: City) -> None:
    parts = defaultdict(list)
    for row in helsinki.pieces.to_pylist():
        parts[row["edge_id"]].append((row["from_m"], row["to_m"]))
    assert len(parts) > 1500
    for edge in parts.values():
        assert edge[0][0] == 0
        assert all(
            before[1] == pytest.approx(after[0], abs=0.01) for before, after in pairwise(edge)
        )


def test_pieces_of_a_segment_add_up_to_its_length(helsinki: City) -> None:
    sums = defaultdict(float)
    for row in helsinki.pieces.to_pylist():
        sums[row["segment"]] += row["to_m"] - row["from_m"]
    for segment in helsinki.segments:
        assert sums[segment.number] == pytest.approx(segment.length_m, abs=0.1)


def test_most_of_a_centre_is_in_segments_of_30_to_300_m(helsinki: City) -> None:
    lengths = [segment.length_m for segment in helsinki.segments]
    fitting = [m for m in lengths if LENGTH_MIN_M <= m <= LENGTH_MAX_M]
    assert max(lengths) <= LENGTH_MAX_M + 0.01
    assert sum(fitting) > 0.95 * sum(lengths)


def test_the_same_extract_gives_the_same_segments(town: City, tmp_path: Path) -> None:
    pbf = write_extract(tmp_path / "again.osm.pbf")
    again = build_city(pbf, tmp_path / "again", name="Again", progress=quiet)
    assert again.segments == town.segments
    assert again.pieces == town.pieces


def test_what_the_judge_measures_lies_on_our_segments(helsinki: City) -> None:
    with gzip.open(shared("helsinki/sumo2valhalla.json.gz"), "rt") as file:
        judged = json.load(file)
    pieces = defaultdict(list)
    for row in helsinki.pieces.to_pylist():
        pieces[row["way_id"], row["forward"]].append((row["from_frac"], row["to_frac"]))
    samples = [
        (way_id, bool(forward), at_frac)
        for edge in judged.values()
        for way_id, forward, at_frac in zip(edge["w"], edge["f"], edge["o"], strict=True)
        if way_id is not None
    ]
    on_one = [
        sum(low <= at_frac <= high for low, high in pieces[way_id, forward]) == 1
        for way_id, forward, at_frac in samples
    ]
    assert len(samples) > 2000
    assert sum(on_one) / len(samples) > 0.995, "a sample on a seam may lie on two"


def test_another_city_is_covered_too(tmp_path: Path) -> None:
    monaco = build_city(
        shared("monaco/monaco.osm.pbf"), tmp_path / "monaco", name="Monaco", progress=quiet
    )
    with gzip.open(shared("monaco/sumo2valhalla.json.gz"), "rt") as file:
        driven = {edge for sumo in json.load(file).values() for edge in sumo["v"] if edge}
    ours = set(monaco.pieces.column("edge_id").to_pylist())
    assert len(driven & ours) / len(driven) > 0.99
    assert str(monaco.zone) == "Europe/Monaco"
