"""Draws the base map of a city into vector tiles (one PMTiles file), from its extract alone."""

import gzip
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from hubbub.record.roads.extract import Box, Degrees
from hubbub.record.roads.features import Feature, Properties
from hubbub.record.roads.segments import Piece
from hubbub.terms.roads import RoadSegment

ZOOM_MIN: Final = 10
ZOOM_MAX: Final = 15  # beyond, a browser enlarges: a unit is 15 cm then
UNITS: Final = 4096  # across a tile
MARGIN_UNITS: Final = 128  # drawn beyond a tile's edge, so that wide lines do not end there
COARSE_UNITS: Final = 6  # below the last zoom, detail smaller than a pixel is dropped
LEAST_AREA: Final = 24**2  # square units, likewise

LAYERS: Final = (
    *("land", "green", "water", "buildings", "rail", "paths", "roads"),
    *("segments", "street_names", "labels"),
)
ROAD_ZOOM: Final = {"minor": 12, "service": 13}
"""The zooms from which minor roads are drawn; others always are."""
FIRST_ZOOM: Final = {"land": 11, "buildings": 14, "paths": 14, "rail": 12, "street_names": 13}
LABEL_ZOOM: Final = {"city": 10, "town": 10, "village": 12, "suburb": 12, "station": 13}

type Shapes = NDArray[np.object_]
"""Geometries, one an element."""


class Layer:
    """The features of one layer, as columns: whole columns are moved and cut at a time."""

    def __init__(self, features: Sequence[Feature]) -> None:
        shapes = np.array([feature.shape for feature in features], dtype=object)
        self.shapes: Shapes = shapely.transform(shapes, mercator)
        self.properties = [feature.properties for feature in features]
        self.zooms = np.array([first_zoom(feature) for feature in features])

    def at_zoom(self, zoom: int) -> tuple[Shapes, NDArray[np.int64]]:
        """Give the shapes that show at `zoom`, in its units, and whose they are. Small ones go."""
        index = np.flatnonzero(self.zooms <= zoom)
        shapes = shapely.transform(self.shapes[index], lambda points: points * (UNITS << zoom))
        if zoom < ZOOM_MAX:
            shapes = shapely.simplify(shapes, COARSE_UNITS, preserve_topology=False)
            polygons = shapely.get_dimensions(shapes) == 2
            index_kept = ~shapely.is_empty(shapes) & (
                ~polygons | (shapely.area(shapes) >= LEAST_AREA)
            )
            shapes, index = shapes[index_kept], index[index_kept]
        return shapes, index


def write_map(path: Path, layers: dict[str, Layer], box: Box, *, attribution: str) -> None:
    """Write all tiles of a map. The same layers give the same bytes."""
    west, south, east, north = (round(x * 1e7) for x in (box.west, box.south, box.east, box.north))
    lon, lat = box.centre
    with path.open("wb") as file:
        writer = Writer(file)
        for tile_id, tile in sorted(_tiles(layers)):
            writer.write_tile(tile_id, tile)
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_zoom": ZOOM_MAX - 1,
            "center_lon_e7": round(lon * 1e7),
            "center_lat_e7": round(lat * 1e7),
        }
        named = [{"id": name, "fields": {}} for name in layers]
        writer.finalize(header, {"attribution": attribution, "vector_layers": named})


def segment_features(segments: Iterable[RoadSegment], pieces: Iterable[Piece]) -> Iterator[Feature]:
    """Draw the road segments. Those beside which others drive the other way are marked."""
    of_way = [(piece.segment, piece.way_id, piece.forward) for piece in pieces]
    driven = {(way_id, forward) for _, way_id, forward in of_way}
    two_way = {number for number, way_id, forward in of_way if (way_id, not forward) in driven}
    for segment in segments:
        points = np.array(segment.shape_e6).reshape(-1, 2) / 1e6
        yield Feature(
            "segments",
            shapely.LineString(points),
            {
                "number": segment.number,
                "class": segment.road_class,
                "two_way": int(segment.number in two_way),
                "length_m": round(segment.length_m),
            },
        )


def sort_layers(features: Iterable[Feature]) -> dict[str, Layer]:
    """Sort features into layers; large areas first, so that small ones lie on them."""
    sorted_in: defaultdict[str, list[Feature]] = defaultdict(list)
    for feature in features:
        sorted_in[feature.layer].append(feature)
    for of_layer in sorted_in.values():
        of_layer.sort(key=lambda feature: -float(shapely.area(feature.shape)))
    return {name: Layer(sorted_in[name]) for name in LAYERS if name in sorted_in}


def mercator(points: Degrees) -> Degrees:
    """Project degrees onto the square of the web's maps: 0..1, x to the east and y to the south."""
    lon, lat = points.T
    y = np.arctanh(np.sin(np.radians(lat)))
    return np.column_stack((lon / 360 + 0.5, 0.5 - y / (2 * math.pi)))


def first_zoom(feature: Feature) -> int:
    """Tell from which zoom on a feature is drawn."""
    layer, properties = feature.layer, feature.properties
    if layer in {"roads", "street_names"}:
        by_class = ROAD_ZOOM.get(str(properties["class"]), ZOOM_MIN)
        return max(by_class, FIRST_ZOOM.get(layer, ZOOM_MIN))
    if layer == "segments":
        return ZOOM_MIN if int(properties["class"]) < 5 else ROAD_ZOOM["minor"]
    if layer == "labels":
        return LABEL_ZOOM.get(str(properties["kind"]), 14)
    return FIRST_ZOOM.get(layer, ZOOM_MIN)


def _tiles(layers: dict[str, Layer]) -> Iterator[tuple[int, bytes]]:
    """Give every tile that has something in it, by its number."""
    for zoom in range(ZOOM_MIN, ZOOM_MAX + 1):
        parts: defaultdict[tuple[int, int], list[dict[str, object]]] = defaultdict(list)
        for name, layer in layers.items():
            for where, features in _cut(layer, zoom):
                parts[where].append({"name": name, "features": features})
        for (x, y), tile_layers in parts.items():
            tile = mapbox_vector_tile.encode(
                tile_layers, default_options={"y_coord_down": True, "check_winding_order": False}
            )
            yield zxy_to_tileid(zoom, x, y), gzip.compress(tile, mtime=0)


def _cut(layer: Layer, zoom: int) -> Iterator[tuple[tuple[int, int], list[dict[str, object]]]]:
    """Cut a layer into the tiles of a zoom."""
    shapes, index = layer.at_zoom(zoom)
    if not len(shapes):
        return
    bounds = shapely.total_bounds(shapes)
    low = np.floor((bounds[:2] - MARGIN_UNITS) / UNITS).astype(int)
    high = np.floor((bounds[2:] + MARGIN_UNITS) / UNITS).astype(int)
    tree = shapely.STRtree(shapes)
    for x in range(low[0], high[0] + 1):
        for y in range(low[1], high[1] + 1):
            frame = (
                x * UNITS - MARGIN_UNITS,
                y * UNITS - MARGIN_UNITS,
                (x + 1) * UNITS + MARGIN_UNITS,
                (y + 1) * UNITS + MARGIN_UNITS,
            )
            inside = np.sort(tree.query(shapely.box(*frame)))
            cut = shapely.clip_by_rect(shapes[inside], *frame)
            cut = shapely.orient_polygons(_to_tile(cut, x, y))
            drawn = [
                _feature(shape, layer.properties[index[which]])
                for which, shape in zip(inside, cut, strict=True)
                if not shape.is_empty and shape.geom_type != "GeometryCollection"
            ]
            if drawn:
                yield (x, y), drawn


def _to_tile(shapes: Shapes, x: int, y: int) -> Shapes:
    """Move shapes to the corner of their tile and round them to its units."""
    corner = np.array((x, y)) * UNITS
    moved: Shapes = shapely.transform(shapes, lambda points: np.rint(points - corner))
    return moved


def _feature(shape: shapely.Geometry, properties: Properties) -> dict[str, object]:
    """Write a feature for the encoder. A road segment's id is its number, to colour it by."""
    number = properties.get("number")
    rest = {name: value for name, value in properties.items() if name != "number"}
    return {"geometry": shape, "properties": rest, "id": number}
