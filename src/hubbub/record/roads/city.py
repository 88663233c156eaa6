"""A city: its roads in segments, tiles to match phones on, the map that is shown, its places.

All of it is built from one OpenStreetMap extract into one folder, whole or not at all.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import tzfpy
from pmtiles.reader import MmapSource, Reader

from hubbub.record.roads.edges import drivable_edges
from hubbub.record.roads.extract import Box, box_of, read_roads
from hubbub.record.roads.features import read_features
from hubbub.record.roads.maptiles import (
    ZOOM_MAX,
    ZOOM_MIN,
    segment_features,
    sort_layers,
    write_map,
)
from hubbub.record.roads.matcher import ValhallaMatcher, edge_parts
from hubbub.record.roads.places import places_table, read_places
from hubbub.record.roads.segments import cut_roads, pieces_table, segments_table
from hubbub.record.roads.tiles import build_tiles, place_config
from hubbub.terms.errors import BadInput
from hubbub.terms.places import Place
from hubbub.terms.roads import RoadSegment

BUILD: Final = 4
"""Counts the changes of what a build makes: a city of another count is built anew."""

ATTRIBUTION: Final = (
    "Map data (c) OpenStreetMap contributors, available under the Open Database License 1.0, "
    "https://www.openstreetmap.org/copyright"
)
CARD: Final = "city.json"
SEGMENTS: Final = "segments.parquet"
PIECES: Final = "edges.parquet"
PLACES: Final = "places.parquet"
MAP: Final = "map.pmtiles"
EXTRACT: Final = "extract.osm.pbf"  # kept, so that a newer hubbub can build the city anew

type Progress = Callable[[str, float], None]
"""Hears what is being done, and which share (0..1) of the whole is behind."""


class CityCard(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a city, and what it was built from."""

    name: str
    box: Box
    zone: str
    attribution: str
    extract_sha256: str
    build: int


class City:
    """A built city. It is only read; what runs on it may share the folder between processes."""

    def __init__(self, folder: Path, card: CityCard) -> None:
        self.folder = folder
        self.name = card.name
        self.box = card.box
        self.attribution = card.attribution
        self.zone = _clocks(card.zone)
        self.valhalla_config = place_config(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a city that was built."""
        card = read_card(folder)
        if card is None:
            raise BadInput(f"there is no city in {folder}: build one with `hubbub city add FILE`")
        if card.build != BUILD:
            raise BadInput(f"the city in {folder} is of another hubbub: it must be built anew")
        return cls(folder, card)

    @cached_property
    def segments(self) -> list[RoadSegment]:
        """Give all road segments; segment number n is the n-th."""
        rows = pq.read_table(self.folder / SEGMENTS).to_pylist()
        return msgspec.convert(rows, list[RoadSegment])

    @cached_property
    def pieces(self) -> pa.Table:
        """Give what segments are made of: parts of edges of the tiles, which are parts of ways."""
        return pq.read_table(self.folder / PIECES)

    @cached_property
    def places(self) -> list[Place]:
        """Give all places as the map has them; the operator's corrections lie elsewhere."""
        return msgspec.convert(pq.read_table(self.folder / PLACES).to_pylist(), list[Place])

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """Give a tile of the map (MVT, gzipped); nothing where nothing is to be seen."""
        if not (ZOOM_MIN <= zoom <= ZOOM_MAX and 0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
            return None
        tile: bytes | None = self._map.get(zoom, x, y)
        return tile

    @cached_property
    def _map(self) -> Reader:
        with (self.folder / MAP).open("rb") as file:
            return Reader(MmapSource(file))

    def matcher(self) -> ValhallaMatcher:
        """Give a map matcher of this city's roads: one for each thread."""
        return ValhallaMatcher(self.valhalla_config, edge_parts(self.pieces))


def build_city(pbf: Path, folder: Path, *, name: str, progress: Progress) -> City:
    """Build the city of an extract in `folder`, or open it if it is there already.

    It is built beside and put in place at the end: whoever opens it finds the old one or the new.
    """
    if not pbf.is_file():
        raise BadInput(f"there is no file {pbf}")
    with pbf.open("rb") as extract:
        sha256 = hashlib.file_digest(extract, "sha256").hexdigest()
    with _alone(folder):
        card = read_card(folder)
        if card is None or (card.extract_sha256, card.build, card.name) != (sha256, BUILD, name):
            fresh = folder.with_name(f".{folder.name}.building")
            shutil.rmtree(fresh, ignore_errors=True)  # of a build that was killed
            fresh.mkdir()
            try:
                _fill(fresh, pbf, progress, name=name, sha256=sha256)
                _replace(folder, fresh)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    progress("ready", 1.0)
    return City.open(folder)


def rebuild_if_stale(folder: Path, progress: Progress) -> City:
    """Open a city. One that another hubbub built is built anew first, from the extract it keeps."""
    card = read_card(folder)
    if card is None or card.build == BUILD:
        return City.open(folder)
    return build_city(folder / EXTRACT, folder, name=card.name, progress=progress)


def read_card(folder: Path) -> CityCard | None:
    """Read what a folder says of its city, if it holds one."""
    try:
        return msgspec.json.decode((folder / CARD).read_bytes(), type=CityCard)
    except FileNotFoundError:
        return None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else builds a city here."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fill(folder: Path, pbf: Path, progress: Progress, *, name: str, sha256: str) -> None:
    """Make all the files of a city. Its card comes last: without it there is no city."""
    progress("reading roads", 0.0)
    lines = read_roads(pbf)
    progress("building road tiles", 0.1)
    build_tiles(pbf, folder)
    cutting = "cutting roads into segments"
    edges = drivable_edges(folder, lines, lambda done: progress(cutting, 0.3 + 0.4 * done))
    segments, pieces = cut_roads(edges)
    if not segments:
        raise BadInput(f"{pbf.name} has no road in it that a car may drive along")
    pq.write_table(segments_table(segments), folder / SEGMENTS, compression="zstd")
    pq.write_table(pieces_table(pieces), folder / PIECES, compression="zstd")
    pq.write_table(places_table(read_places(pbf)), folder / PLACES, compression="zstd")
    box = box_of(lines)
    progress("drawing the map", 0.7)
    features = chain(read_features(pbf, box), segment_features(segments, pieces))
    write_map(folder / MAP, sort_layers(features), box, attribution=ATTRIBUTION)
    card = CityCard(
        name=name,
        box=box,
        zone=tzfpy.get_tz(*box.centre) or "UTC",
        attribution=ATTRIBUTION,
        extract_sha256=sha256,
        build=BUILD,
    )
    shutil.copyfile(pbf, folder / EXTRACT)
    (folder / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card)))


def _replace(folder: Path, fresh: Path) -> None:
    """Put the new city in the place of the old one."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _clocks(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(
            f"this machine does not know the time zone {zone!r} of the city: "
            "bring its time zones up to date (tzdata), then start again"
        ) from None
