"""A city is built whole or not at all, and once."""

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from hubbub.record.roads import city as roads_city
from hubbub.record.roads.city import CARD, EXTRACT, City, build_city, rebuild_if_stale
from hubbub.record.roads.matcher import ValhallaMatcher
from hubbub.record.roads.tiles import CONFIG
from hubbub.run.city import DEMO_EXTRACT, add_city, cities, current_city
from hubbub.run.home import Home
from hubbub.terms.errors import BadInput
from roads.rig import quiet
from roads.town import MAIN, A, B, degrees, write_extract


class Stop(Exception):
    """Ends a build half way."""


@pytest.fixture
def pbf(tmp_path: Path) -> Path:
    return write_extract(tmp_path / "littleton.osm.pbf")


def heard(pbf: Path, folder: Path, name: str = "Littleton") -> list[str]:
    """Build a city and list what was told to be going on."""
    told: list[str] = []
    build_city(pbf, folder, name=name, progress=lambda what, _: told.append(what))
    return list(dict.fromkeys(told))


def test_a_city_knows_where_and_what_it_is(town: City) -> None:
    assert town.name == "Littleton"
    assert town.zone == ZoneInfo("Europe/Helsinki")
    lon, lat = degrees((50, 50))
    assert town.box.west < lon < town.box.east
    assert town.box.south < lat < town.box.north
    assert "OpenStreetMap" in town.attribution
    assert "Open Database License" in town.attribution


def test_a_segments_number_is_its_place_in_the_list(helsinki: City) -> None:
    assert [segment.number for segment in helsinki.segments] == list(range(len(helsinki.segments)))


def test_the_same_extract_is_built_once(pbf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city" / "littleton"
    assert heard(pbf, folder) == [
        "reading roads",
        "building road tiles",
        "cutting roads into segments",
        "drawing the map",
        "ready",
    ]
    assert heard(pbf, folder) == ["ready"]


def test_another_extract_takes_the_place_of_the_old_one(pbf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city" / "littleton"
    heard(pbf, folder)
    heard(write_extract(tmp_path / "new.osm.pbf", {9: ([A, B], MAIN)}), folder)
    assert {segment.way_id for segment in City.open(folder).segments} == {9}
    assert sorted(path.name for path in folder.parent.iterdir()) == [".lock", "littleton"]


def test_a_build_that_is_stopped_leaves_the_old_city(pbf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city" / "littleton"
    heard(pbf, folder)
    before = City.open(folder).segments

    def stop(what: str, _: float) -> None:
        if what == "drawing the map":
            raise Stop

    other = write_extract(tmp_path / "other.osm.pbf", {9: ([A, B], MAIN)})
    with pytest.raises(Stop):
        build_city(other, folder, name="Littleton", progress=stop)
    assert City.open(folder).segments == before
    assert sorted(path.name for path in folder.parent.iterdir()) == [".lock", "littleton"]


def test_what_a_killed_build_left_is_no_city_and_is_cleared_away(pbf: Path, tmp_path: Path) -> None:
    folder = tmp_path / "city" / "littleton"
    left = folder.with_name(".littleton.building")
    left.mkdir(parents=True)
    (left / "tiles.tar").write_text("half")
    with pytest.raises(BadInput, match="hubbub city add"):
        City.open(folder)
    heard(pbf, folder)
    assert City.open(folder).segments
    assert not left.exists()


def test_a_city_of_another_build_is_built_anew_from_the_extract_it_keeps(
    pbf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "city" / "littleton"
    heard(pbf, folder)
    extract = pbf.read_bytes()
    pbf.unlink()
    monkeypatch.setattr(roads_city, "BUILD", roads_city.BUILD + 1)
    with pytest.raises(BadInput, match="anew"):
        City.open(folder)
    city = rebuild_if_stale(folder, quiet)
    assert msgspec.json.decode((folder / CARD).read_bytes())["build"] == roads_city.BUILD
    assert city.name == "Littleton"
    assert (folder / EXTRACT).read_bytes() == extract


def test_a_time_zone_that_the_machine_does_not_know_is_told_and_nothing_is_lost(
    town: City, tmp_path: Path
) -> None:
    folder = shutil.copytree(town.folder, tmp_path / "moved")
    card = msgspec.json.decode((folder / CARD).read_bytes())
    (folder / CARD).write_bytes(msgspec.json.encode({**card, "zone": "Mars/Olympus_Mons"}))
    with pytest.raises(BadInput, match=r"does not know the time zone 'Mars/Olympus_Mons'.*tzdata"):
        City.open(folder)
    (folder / CARD).write_bytes(msgspec.json.encode(card))
    assert City.open(folder).zone == town.zone


def test_a_city_can_be_moved(town: City, tmp_path: Path) -> None:
    moved = City.open(shutil.copytree(town.folder, tmp_path / "moved"))
    places = msgspec.json.decode((moved.folder / CONFIG).read_bytes())["mjolnir"].values()
    assert str(moved.folder / "tiles.tar") in places
    assert not [place for place in places if str(town.folder) in str(place)]
    assert isinstance(moved.matcher(), ValhallaMatcher)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an OpenStreetMap extract"),
        (b"<osm></osm>", "not an OpenStreetMap extract"),
        (DEMO_EXTRACT.read_bytes()[:300_000], "not an OpenStreetMap extract"),
    ],
    ids=["empty", "no extract", "cut short"],
)
def test_a_file_that_is_no_extract_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        heard(bad, tmp_path / "city" / "bad")
    assert [path.name for path in (tmp_path / "city").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("tags", "said"),
    [({"building": "yes"}, "no roads in it"), ({"highway": "footway"}, "that a car may drive")],
)
def test_an_extract_without_roads_is_refused(
    tags: dict[str, str], said: str, tmp_path: Path
) -> None:
    roadless = write_extract(tmp_path / "roadless.osm.pbf", {1: ([A, B, (50, 50), A], tags)})
    with pytest.raises(BadInput, match=said):
        heard(roadless, tmp_path / "city" / "roadless")
    assert not (tmp_path / "city" / "roadless").exists()


def test_a_missing_extract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no file"):
        heard(tmp_path / "nowhere.osm.pbf", tmp_path / "city" / "nowhere")


def test_the_city_added_last_is_served(pbf: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with pytest.raises(BadInput, match="hubbub city add"):
        current_city(home)
    assert cities(home) == []
    add_city(home, pbf, quiet)
    assert current_city(home).name == "Littleton"
    other = write_extract(tmp_path / "other.osm.pbf", {9: ([A, B], MAIN)})
    assert add_city(home, other, quiet, name="Över Å").folder.name == "över-å"
    assert current_city(home).name == "Över Å"
    assert [(city.name, city.served) for city in cities(home)] == [
        ("Littleton", False),
        ("Över Å", True),
    ]


@pytest.mark.parametrize("name", ["..", "/", "  "])
def test_a_city_is_built_inside_the_home_whatever_its_name(
    name: str, pbf: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no name of a city"):
        add_city(Home(tmp_path / "home"), pbf, quiet, name=name)
