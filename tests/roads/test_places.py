"""The places of an extract: which, what they are, where, and under a name that outlives it."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import osmium
import pytest
import shapely
from osmium.osm.mutable import Node, Relation, Way

from hubbub.products.places.hours import NotTold, Unreadable, read_hours, site_of
from hubbub.record.roads.city import City
from hubbub.record.roads.places import category_of, places_table, read_places
from hubbub.run.city import DEMO_EXTRACT
from hubbub.terms.places import Address, Place, PlaceCategory
from roads.town import METRE_LAT, METRE_LON, Point, degrees

U_SHAPE = [(0, 0), (90, 0), (90, 90), (60, 90), (60, 30), (30, 30), (30, 90), (0, 90), (0, 0)]
CAFE = {"amenity": "cafe", "name": "Café"}


def extract(
    path: Path,
    *,
    nodes: Mapping[int, Mapping[str, str]] | None = None,
    ways: Mapping[int, tuple[list[Point], Mapping[str, str]]] | None = None,
    relations: Mapping[int, tuple[list[int], Mapping[str, str]]] | None = None,
    cut_off: frozenset[Point] = frozenset(),
) -> list[Place]:
    """Write an extract, without the nodes at `cut_off`, and read its places."""
    ways, relations = ways or {}, relations or {}
    points = list(dict.fromkeys(point for line, _ in ways.values() for point in line))
    writer = osmium.SimpleWriter(str(path / "places.osm.pbf"), overwrite=True)
    for number, tags in sorted((nodes or {}).items()):
        writer.add_node(Node(id=number, location=degrees((5, 5)), tags=dict(tags), version=1))
    for number, point in enumerate(points, 1000):
        if point not in cut_off:
            writer.add_node(Node(id=number, location=degrees(point), version=1))
    for number, (line, tags) in ways.items():
        refs = [points.index(point) + 1000 for point in line]
        writer.add_way(Way(id=number, nodes=refs, tags=dict(tags), version=1))
    for number, (members, tags) in relations.items():
        outer = [("w", way, "outer") for way in members]
        writer.add_relation(Relation(id=number, members=outer, tags=dict(tags), version=1))
    writer.close()
    return read_places(path / "places.osm.pbf")


def spot(place: Place) -> tuple[float, float]:
    """Tell where a place lies, in metres of the town."""
    west, south = degrees((0, 0))
    return (place.lon_e6 / 1e6 - west) / METRE_LON, (place.lat_e6 / 1e6 - south) / METRE_LAT


def test_a_place_is_read_as_the_map_has_it(tmp_path: Path) -> None:
    tags = {
        **CAFE,
        "name:en": "The Café",
        "alt_name": "Corner",
        "opening_hours": "Mo-Fr 09:00-17:00",
        "addr:street": "Main Street",
        "addr:housenumber": "3 B",
        "addr:postcode": "00100",
        "addr:city": "Littleton",
    }
    (place,) = extract(tmp_path, nodes={7: tags})
    assert place == Place(
        id=place.id,
        name="Café",
        other_names=("Corner", "The Café"),
        category=PlaceCategory.CAFE,
        lat_e6=place.lat_e6,
        lon_e6=place.lon_e6,
        address=Address(
            street="Main Street", house_number="3 B", postcode="00100", town="Littleton"
        ),
        hours_told="Mo-Fr 09:00-17:00",
        source="osm",
    )
    assert place.id == "n7"
    assert spot(place) == pytest.approx((5, 5), abs=0.1)


def test_a_place_is_named_by_its_object_whatever_else_is_new(tmp_path: Path) -> None:
    before = extract(tmp_path, nodes={7: CAFE, 9: CAFE})
    after = extract(tmp_path, nodes={1: CAFE, 7: {**CAFE, "name": "New name"}, 9: CAFE})
    assert [place.id for place in before] == ["n7", "n9"]
    assert [place.id for place in after] == ["n1", "n7", "n9"]


def test_a_house_is_at_a_point_inside_it(tmp_path: Path) -> None:
    (way,) = extract(tmp_path, ways={3: (U_SHAPE, CAFE)})
    assert way.id == "w3"
    assert shapely.Polygon(U_SHAPE).contains(shapely.Point(spot(way)))
    outline = {3: (U_SHAPE, {"building": "yes"})}
    park = {"type": "multipolygon", "leisure": "park", "name": "Green"}
    (relation,) = extract(tmp_path, ways=outline, relations={4: ([3], park)})
    assert relation.id == "r4"
    assert shapely.Polygon(U_SHAPE).contains(shapely.Point(spot(relation)))


def test_a_house_that_the_extract_cuts_is_where_something_of_it_is(tmp_path: Path) -> None:
    ways = {3: (U_SHAPE, CAFE)}
    (place,) = extract(tmp_path, ways=ways, cut_off=frozenset({(0, 0), (90, 0)}))
    assert tuple(round(metres) for metres in spot(place)) in U_SHAPE
    assert extract(tmp_path, ways=ways, cut_off=frozenset(U_SHAPE)) == []


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ({"amenity": "pharmacy", "healthcare": "pharmacy"}, PlaceCategory.PHARMACY),
        ({"amenity": "bench", "shop": "books"}, PlaceCategory.SHOP),
        ({"amenity": "nightclub;restaurant"}, PlaceCategory.BAR),
        ({"shop": "anything"}, PlaceCategory.SHOP),
        ({"office": "it"}, PlaceCategory.OFFICE),
        ({"shop": "vacant"}, None),
        ({"amenity": "fountain"}, None),
        ({"disused:shop": "books"}, None),
    ],
)
def test_tags_tell_what_one_goes_there_for(
    tags: dict[str, str], category: PlaceCategory | None
) -> None:
    assert category_of(tags) == category


def test_what_has_neither_name_nor_hours_is_no_place_to_look_for(tmp_path: Path) -> None:
    parking = {"amenity": "parking"}
    nodes = {1: parking, 2: {**parking, "opening_hours": "24/7"}, 3: {**parking, "brand": "P"}}
    assert [(place.id, place.name) for place in extract(tmp_path, nodes=nodes)] == [
        ("n2", ""),
        ("n3", "P"),
    ]


def test_what_is_closed_for_good_is_no_place(tmp_path: Path) -> None:
    assert extract(tmp_path, nodes={1: {**CAFE, "disused": "yes"}}) == []


ODD_TAGS: tuple[dict[str, str], ...] = (
    {"amenity": ""},
    {"amenity": ";;;", "name": "Semicolons"},
    {"amenity": "cafe", "name": " "},
    {"amenity": "cafe;" * 50, "name": "x" * 255, "opening_hours": "Mo" * 127},
    {"amenity": "cafe", "name": "\x07bell", "opening_hours": "\u202e00:42-00:9 oM"},
    {"shop": "yes", "name": "\U0001f369", "opening_hours": "Mo-Su 99:99-25:61"},
    {"amenity": "cafe", "name": "Hours", "opening_hours": "2026 week 99 Mo[-9] easter +999 days"},
    {"amenity": "cafe", "name:": "colon", "alt_name": "", "addr:housenumber": "\n"},
)


def test_tags_that_make_no_sense_cost_no_other_place_and_their_hours_are_unreadable(
    tmp_path: Path,
) -> None:
    there = extract(tmp_path, nodes={1: CAFE, **dict(enumerate(ODD_TAGS, 2)), 99: CAFE})
    ids = [place.id for place in there]
    assert {"n1", "n99"} < set(ids)
    assert len(set(ids)) == len(ids)
    assert places_table(there).num_rows == len(there)
    for place in there:
        hours = read_hours(place.hours_told, site_of(place, ZoneInfo("Europe/Helsinki")))
        assert isinstance(hours, NotTold | Unreadable)


def test_a_city_without_places_is_a_city(town: City) -> None:
    assert [place.name for place in town.places] == ["Green"]
    assert places_table([]).num_rows == 0


def test_the_demo_city_keeps_its_places(helsinki: City) -> None:
    assert helsinki.places == read_places(DEMO_EXTRACT)
    assert len(helsinki.places) == 1469
    told = [place for place in helsinki.places if place.hours_told]
    assert len(told) == 629
    assert {place.id[0] for place in helsinki.places} == {"n", "w", "r"}
    box = helsinki.box
    inside = [
        box.west < place.lon_e6 / 1e6 < box.east and box.south < place.lat_e6 / 1e6 < box.north
        for place in helsinki.places
    ]
    assert sum(inside) / len(inside) > 0.99
