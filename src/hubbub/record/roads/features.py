"""Sorts an extract into what a map shows: water, green, buildings, rails, paths, roads, names."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import osmium
import shapely
from osmium import osm

from hubbub.record.roads.extract import Box, readable

type Kinds = Mapping[str, Mapping[str, str]]
"""OpenStreetMap key -> value -> our kind."""

AREAS: Final[dict[str, Kinds]] = {
    "water": {
        "natural": {"water": "water"},
        "waterway": {"riverbank": "water", "dock": "water"},
        "landuse": {"basin": "water", "reservoir": "water", "pond": "water"},
        "leisure": {"swimming_pool": "pool"},
    },
    "green": {
        "leisure": {
            **dict.fromkeys(("park", "garden", "common", "dog_park", "nature_reserve"), "park"),
            **dict.fromkeys(("pitch", "track", "playground", "golf_course"), "sport"),
        },
        "landuse": {
            **dict.fromkeys(("grass", "meadow", "village_green", "recreation_ground"), "grass"),
            **dict.fromkeys(("orchard", "vineyard", "allotments", "farmland"), "field"),
            "cemetery": "cemetery",
            "forest": "wood",
        },
        "natural": {
            **dict.fromkeys(("grassland", "heath", "wetland", "scrub"), "grass"),
            "wood": "wood",
        },
    },
    "land": {
        "landuse": {
            **dict.fromkeys(("commercial", "retail"), "shops"),
            **dict.fromkeys(("industrial", "railway", "military", "construction"), "works"),
            "residential": "homes",
        },
        "amenity": dict.fromkeys(("school", "university", "college", "hospital"), "campus"),
        "natural": {"beach": "sand", "sand": "sand", "bare_rock": "rock", "shingle": "rock"},
        "highway": dict.fromkeys(("pedestrian", "footway", "platform"), "square"),
        "place": {"square": "square"},
        "man_made": {"pier": "pier", "bridge": "pier"},
        "railway": {"platform": "square"},
    },
}
LINES: Final[dict[str, Kinds]] = {
    "water": {"waterway": {"river": "river", "canal": "river", "stream": "stream"}},
    "rail": {
        "railway": {
            **dict.fromkeys(("rail", "narrow_gauge", "funicular"), "rail"),
            **dict.fromkeys(("tram", "light_rail"), "tram"),
            "subway": "subway",
        }
    },
    "paths": {
        "highway": {
            **dict.fromkeys(("footway", "pedestrian", "path", "bridleway", "track"), "foot"),
            "cycleway": "cycle",
            "steps": "steps",
        }
    },
}
ROADS: Final = {
    "motorway": "motorway",
    "trunk": "trunk",
    "primary": "primary",
    "secondary": "secondary",
    "tertiary": "tertiary",
    **dict.fromkeys(("unclassified", "residential", "living_street", "road"), "minor"),
    "service": "service",
}
POINTS: Final = frozenset(
    {"city", "town", "village", "suburb", "quarter", "neighbourhood", "station"}
)
KEYS: Final = (
    *("building", "natural", "waterway", "landuse", "leisure", "amenity", "highway", "place"),
    *("man_made", "railway"),
)
STOREY_M: Final = 3

type Properties = dict[str, str | int]
"""What a map's style may ask of a feature."""


class Feature(NamedTuple):
    """Something on the map."""

    layer: str
    shape: shapely.Geometry  # degrees
    properties: Properties


def read_features(pbf: Path, box: Box) -> Iterator[Feature]:
    """Read all that the map shows, but for the road segments."""
    names: defaultdict[str, list[Feature]] = defaultdict(list)
    coast: list[shapely.Geometry] = []
    with readable(pbf):
        reader = osmium.FileProcessor(str(pbf)).with_locations().with_areas()
        for found in reader.with_filter(osmium.filter.KeyFilter(*KEYS)):
            for feature in _sorted(found):
                yield feature
                if feature.layer == "roads" and "name" in feature.properties:
                    names[str(feature.properties["name"])].append(feature)
            if isinstance(found, osm.Way) and found.tags.get("natural") == "coastline":
                nodes = _nodes(found)
                coast += [shapely.LineString(nodes)] if len(nodes) > 1 else []
    for name, roads in sorted(names.items()):
        yield from _street_names(name, roads)
    yield from (Feature("water", sea, {"kind": "sea"}) for sea in seas(coast, box))


def _sorted(found: object) -> Iterator[Feature]:
    """Tell what of the map an object of the extract is, if anything."""
    if isinstance(found, osm.Area):
        yield from _area(found)
    elif isinstance(found, osm.Way):
        yield from _way(found)
    elif isinstance(found, osm.Node) and "name" in found.tags:
        station = found.tags.get("railway") == "station"
        kind = "station" if station else found.tags.get("place", "")
        if kind in POINTS:
            point = shapely.Point(found.location.lon, found.location.lat)
            yield Feature("labels", point, {"kind": kind, "name": found.tags["name"]})


def _area(area: osm.Area) -> Iterator[Feature]:
    """Draw an area whose ways the extract has in full."""
    try:
        shape = shapely.from_wkb(_WKB.create_multipolygon(area))
    except RuntimeError:  # none of its rings is left
        return
    yield from _surface(shape, {tag.k: tag.v for tag in area.tags})


def _surface(shape: shapely.Geometry, tags: Mapping[str, str]) -> Iterator[Feature]:
    """Sort an area, and name it if it is one that people know by name."""
    layer, kind = _kind(AREAS, tags)
    if tags.get("building", "no") != "no":
        layer, kind = "buildings", "building"
    if not layer or shape.is_empty or tags.get("location") == "underground":
        return
    properties: Properties = {"kind": kind}
    if layer == "buildings":
        properties["height_m"] = _height_m(tags)
    yield Feature(layer, shape, properties)
    # a pedestrian street is a square to the eye, but its name is the street's
    if "name" in tags and (kind in {"park", "water", "cemetery"} or tags.get("place") == "square"):
        named: Properties = {"kind": kind, "name": tags["name"]}
        yield Feature("labels", shapely.point_on_surface(shape), named)


def _way(way: osm.Way) -> Iterator[Feature]:
    """Sort a way that is a line, or the rim of an area that the extract was cut off from."""
    tags = {tag.k: tag.v for tag in way.tags}
    nodes = _nodes(way)
    if way.is_closed() and 2 < len(nodes) < len(way.nodes):
        # closed straight where it was cut
        yield from _surface(shapely.buffer(shapely.Polygon(nodes), 0), tags)
    if len(nodes) < 2 or tags.get("area") == "yes":
        return
    layer, kind = _kind(LINES, tags)
    highway = tags.get("highway", "")
    properties: Properties = {"kind": kind}
    if highway.removesuffix("_link") in ROADS:
        layer = "roads"
        properties = {"class": ROADS[highway.removesuffix("_link")]}
        if highway.endswith("_link"):
            properties["link"] = 1
        if "name" in tags:
            properties["name"] = tags["name"]
    elif tags.get("footway") in {"sidewalk", "crossing"}:
        properties["kind"] = "sidewalk"
    if not layer or (kind == "subway" and tags.get("tunnel", "no") != "no"):
        return
    properties |= {part: 1 for part in ("tunnel", "bridge") if tags.get(part, "no") != "no"}
    yield Feature(layer, shapely.LineString(nodes), properties)


def _kind(layers: Mapping[str, Kinds], tags: Mapping[str, str]) -> tuple[str, str]:
    """Give the first layer that knows one of the tags, and the kind there."""
    for layer, keys in layers.items():
        for key, kinds in keys.items():
            kind = kinds.get(tags.get(key, ""))
            if kind:
                return layer, kind
    return "", ""


def _nodes(way: osm.Way) -> list[tuple[float, float]]:
    """Give a way's nodes, without those that the extract was cut off from."""
    return [(node.lon, node.lat) for node in way.nodes if node.location.valid()]


def _height_m(tags: Mapping[str, str]) -> int:
    """Tell how high a building is; 0 where nobody knows."""
    for key, unit_m in (("height", 1), ("building:levels", STOREY_M)):
        number = tags.get(key, "").removesuffix("m").strip()
        if number.replace(".", "", 1).isdigit():
            return min(round(float(number) * unit_m), 1000)
    return 0


def _street_names(name: str, roads: list[Feature]) -> Iterator[Feature]:
    """Join all that bears one name, so that the name has room along it."""
    lines = shapely.line_merge(shapely.union_all([road.shape for road in roads]))
    classes = list(ROADS.values())
    road_class = min((str(road.properties["class"]) for road in roads), key=classes.index)
    for line in shapely.get_parts(lines):
        yield Feature("street_names", line, {"class": road_class, "name": name})


def seas(coast: list[shapely.Geometry], box: Box) -> list[shapely.Geometry]:
    """Give the sea in `box`. A coastline has land on its left and water on its right."""
    frame = shapely.box(box.west, box.south, box.east, box.north)
    if not coast:
        return []
    inside = shapely.intersection(frame, shapely.union_all(coast))
    lines = shapely.get_parts(shapely.line_merge(inside))
    ends = [_to_frame(line, frame) for line in lines if not line.is_closed]
    faces = shapely.polygonize([shapely.union_all([frame.boundary, *lines, *ends])])
    return [face for face in shapely.get_parts(faces) if _water_share(face, coast) > 0]


def _to_frame(line: shapely.Geometry, frame: shapely.Geometry) -> shapely.Geometry:
    """Lead both ends of a coast to the frame: an extract may be cut short of it."""
    ends = (line.interpolate(0), line.interpolate(1, normalized=True))
    return shapely.MultiLineString([shapely.shortest_line(end, frame.boundary) for end in ends])


def _water_share(face: shapely.Geometry, coast: list[shapely.Geometry]) -> float:
    """Tell how much more coast (in degrees) has `face` on its right than on its left."""
    share = 0.0
    for line in coast:
        points = shapely.get_coordinates(line)
        middles, steps = (points[1:] + points[:-1]) / 2, np.diff(points, axis=0)
        lengths = np.hypot(*steps.T)
        with np.errstate(invalid="ignore", divide="ignore"):
            aside = np.column_stack((steps[:, 1], -steps[:, 0])) / lengths[:, None] * 1e-7
        on_right = shapely.contains_xy(face, *(middles + aside).T)
        on_left = shapely.contains_xy(face, *(middles - aside).T)
        share += float(lengths[on_right].sum() - lengths[on_left].sum())
    return share


_WKB: Final = osmium.geom.WKBFactory()
