"""The base map is drawn from the extract alone."""

import gzip
import math
from typing import Any

import mapbox_vector_tile
import pytest
import shapely

from hubbub.record.roads.city import City
from hubbub.record.roads.extract import Box
from hubbub.record.roads.features import seas
from hubbub.record.roads.maptiles import ZOOM_MAX, ZOOM_MIN
from roads.town import degrees

type Tile = dict[str, list[dict[str, Any]]]


def tile_at(city: City, zoom: int, at: tuple[float, float]) -> Tile:
    """Read the tile of `zoom` that `at` (lon, lat) lies in: the features of each layer."""
    lon, lat = at
    across = 2**zoom
    x = int((lon + 180) / 360 * across)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * across)
    tile = city.tile(zoom, x, y)
    assert tile is not None
    layers = mapbox_vector_tile.decode(gzip.decompress(tile))
    return {name: layer["features"] for name, layer in layers.items()}


def kinds(tile: Tile, layer: str) -> set[str]:
    return {feature["properties"]["kind"] for feature in tile[layer]}


def test_a_map_shows_what_is_there(town: City) -> None:
    tile = tile_at(town, ZOOM_MAX, degrees((100, 50)))
    assert kinds(tile, "green") == {"park"}
    assert kinds(tile, "water") == {"sea"}
    assert kinds(tile, "paths") == {"foot"}
    assert [house["properties"]["height_m"] for house in tile["buildings"]] == [9]
    assert {road["properties"]["class"] for road in tile["roads"]} == {
        "minor",
        "secondary",
        "service",
        "tertiary",
    }
    assert {
        (label["properties"]["kind"], label["properties"]["name"]) for label in tile["labels"]
    } == {
        ("park", "Green"),
        ("town", "Littleton"),
    }


def test_a_name_has_the_whole_street_to_stand_on(town: City) -> None:
    tile = tile_at(town, ZOOM_MAX, degrees((100, 50)))
    main = [s for s in tile["street_names"] if s["properties"]["name"] == "Main Street"]
    assert len(main) == 1, "though it is two ways"


@pytest.mark.parametrize("zoom", [14, ZOOM_MAX])
def test_every_road_segment_can_be_coloured_by_its_number(town: City, zoom: int) -> None:
    tile = tile_at(town, zoom, degrees((100, 50)))
    drawn = {feature["id"]: feature["properties"] for feature in tile["segments"]}
    assert set(drawn) == {segment.number for segment in town.segments}
    for segment in town.segments:
        two_way = segment.name in {"Main Street", "Ring"}
        assert drawn[segment.number] == {
            "class": segment.road_class,
            "two_way": int(two_way),
            "length_m": round(segment.length_m),
        }


def test_a_line_of_a_road_segment_runs_as_one_drives(town: City) -> None:
    tile = tile_at(town, ZOOM_MAX, degrees((100, 50)))
    (back,) = (segment for segment in town.segments if segment.name == "Back Street")
    (drawn,) = (f["geometry"]["coordinates"] for f in tile["segments"] if f["id"] == back.number)
    assert drawn[0][1] > drawn[-1][1], "to the south, though the way's nodes run north"


def test_from_afar_little_is_drawn(town: City, helsinki: City) -> None:
    assert "buildings" not in tile_at(town, 13, degrees((100, 50)))
    assert "buildings" in tile_at(town, 14, degrees((100, 50)))
    assert set(tile_at(helsinki, ZOOM_MIN, helsinki.box.centre)) >= {"roads", "segments"}


def test_where_nothing_is_there_is_no_tile(town: City) -> None:
    assert town.tile(ZOOM_MAX, 0, 0) is None
    for nowhere in [(ZOOM_MAX + 1, 0, 0), (99, 1, 1), (-1, 0, 0), (12, 1 << 12, 0), (12, 0, -1)]:
        assert town.tile(*nowhere) is None


def test_a_whole_centre_is_small_enough_to_send_to_a_phone(helsinki: City) -> None:
    size = (helsinki.folder / "map.pmtiles").stat().st_size
    assert 100_000 < size < 500_000


def test_the_sea_is_on_the_right_of_a_coast() -> None:
    box = Box(west=0, south=0, east=4, north=2)
    eastwards = shapely.LineString([(-1, 1), (5, 1)])
    (south,) = seas([eastwards], box)
    assert south.bounds == (0, 0, 4, 1)
    (north,) = seas([eastwards.reverse()], box)
    assert north.bounds == (0, 1, 4, 2)


def test_an_island_is_land_in_the_sea() -> None:
    island = shapely.LineString([(1, 0.5), (2, 0.5), (2, 1), (1, 1), (1, 0.5)])
    (sea,) = seas([island], Box(west=0, south=0, east=4, north=2))
    assert sea.area == pytest.approx(8 - 0.5)


def test_a_coast_that_is_cut_short_is_led_to_the_edge() -> None:
    (south,) = seas(
        [shapely.LineString([(0.1, 1), (3.9, 1)])], Box(west=0, south=0, east=4, north=2)
    )
    assert south.area == pytest.approx(4)


def test_without_a_coast_there_is_no_sea() -> None:
    assert seas([], Box(west=0, south=0, east=4, north=2)) == []
