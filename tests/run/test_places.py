"""What the operator corrects of places: strictly read, told by line, kept over rebuilds."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from hubbub.cli import main
from hubbub.run.city import add_city, current_city
from hubbub.run.home import Home
from hubbub.run.places import census, places_of, take_corrections
from hubbub.terms.errors import BadInput
from hubbub.terms.places import Place, PlaceCategory
from roads.rig import quiet
from roads.town import WAYS, write_extract

GREEN = "w9"  # the park of the town
TOWN = {**WAYS, 9: (WAYS[9][0], {**WAYS[9][1], "opening_hours": "in summer"})}
KIOSK = "own-kiosk,Kiosk,groceries,60.1704,24.9412,Mo-Su 08:00-20:00,Main Street,,,,"
HEAD = "id,name,category,lat,lon,opening_hours,street,house_number,postcode,town,gone"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small town, in which there is a park, once."""
    folder = tmp_path_factory.mktemp("built")
    add_city(Home(folder), write_extract(folder / "littleton.osm.pbf", TOWN), quiet)
    return folder


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Home:
    """Give a house with that town."""
    return Home(shutil.copytree(built, tmp_path / "home"))


def places(home: Home) -> Mapping[str, Place]:
    return {place.id: place for place in places_of(home, current_city(home))}


def write(home: Home, *lines: str, head: str = HEAD) -> Path:
    file = home.folder / "places.csv"
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


def test_a_correction_changes_what_it_names_and_leaves_the_rest(home: Home) -> None:
    before = places(home)[GREEN]
    file = write(home, f"{GREEN},08:00-20:00", head="id,opening_hours")
    assert take_corrections(home, file).kept == 1
    after = places(home)[GREEN]
    assert (after.hours_told, after.source) == ("08:00-20:00", "corrected")
    assert (after.name, after.lat_e6, after.category) == (
        before.name,
        before.lat_e6,
        before.category,
    )


def test_a_place_of_the_operators_own_is_added(home: Home) -> None:
    take_corrections(home, write(home, KIOSK))
    kiosk = places(home)["own-kiosk"]
    assert (kiosk.name, kiosk.category, kiosk.source) == (
        "Kiosk",
        PlaceCategory.GROCERIES,
        "operator",
    )
    assert (kiosk.lat_e6, kiosk.lon_e6) == (60_170_400, 24_941_200)
    assert kiosk.address.street == "Main Street"


def test_a_place_that_is_gone_is_taken_out(home: Home) -> None:
    take_corrections(home, write(home, f"{GREEN},true", head="id,gone"))
    assert places(home) == {}


def test_a_file_takes_the_place_of_the_one_before(home: Home) -> None:
    take_corrections(home, write(home, KIOSK))
    take_corrections(home, write(home, f"{GREEN},Lawn", head="id,name"))
    assert {place.id: place.name for place in places(home).values()} == {GREEN: "Lawn"}
    take_corrections(home, write(home))
    assert places(home)[GREEN].source == "osm"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (f"{GREEN},,,,,seasonal,,,,,", "opening_hours"),
        (f"{GREEN},,tavern,,,,,,,,", "category"),
        (f"{GREEN},,,95,24.94,,,,,,", "lat"),
        (f"{GREEN},,,24.94,60.17,,,,,,", "lat"),  # the two changed over
        (f"{GREEN},,,null,24.94,,,,,,", "lat"),
        (f"{GREEN},,,nan,24.94,,,,,,", "lat"),
        (f"{GREEN},,,60.17,,,,,,,", "lon"),
        (f"{GREEN},,,,,,,,,,perhaps", "gone"),
        (f"{GREEN},,,,,,,,,,,more", "line"),
        ("w10,Nowhere,,,,,,,,,", "id"),
        ("x9,Nowhere,,,,,,,,,", "id"),
        (",Nowhere,,,,,,,,,", "id"),
        ("own-stall,,shop,60.17,24.94,,,,,,", "name"),
        ("own-stall,Stall,,60.17,24.94,,,,,,", "category"),
        ("own-stall,Stall,shop,,,,,,,,", "lat"),
        ("own-kiosk,Again,shop,60.17,24.94,,,,,,", "id"),
        (f"{GREEN},{'x' * 256},,,,,,,,,", "name"),
    ],
)
def test_a_bad_line_is_told_by_field_and_the_good_ones_are_kept(
    home: Home, line: str, field: str
) -> None:
    taken = take_corrections(home, write(home, KIOSK, "", line))
    assert (taken.kept, [(bad.line, bad.field) for bad in taken.bad]) == (1, [(4, field)])
    assert taken.bad[0].expected
    assert places(home).keys() == {GREEN, "own-kiosk"}


def test_a_file_without_a_good_line_changes_nothing(home: Home) -> None:
    take_corrections(home, write(home, KIOSK))
    with pytest.raises(BadInput, match="line 2, id: expected"):
        take_corrections(home, write(home, "x9,Nowhere,,,,,,,,,"))
    assert "own-kiosk" in places(home)


@pytest.mark.parametrize(
    "content", [b"", b"name\nx\n", b"id,id\n", b"id,shape\n", b"\xff", b'id\n"']
)
def test_a_file_that_is_not_such_a_list_is_refused(home: Home, content: bytes) -> None:
    file = home.folder / "places.csv"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"places.csv: expected"):
        take_corrections(home, file)
    with pytest.raises(BadInput, match="expected a CSV file"):
        take_corrections(home, file.with_name("nowhere.csv"))


def test_corrections_outlive_a_rebuild_and_wait_for_a_place_that_is_away(
    home: Home, tmp_path: Path
) -> None:
    take_corrections(home, write(home, KIOSK, f"{GREEN},Lawn,,,,,,,,,"))
    without = {number: way for number, way in WAYS.items() if number != 9}
    add_city(home, write_extract(tmp_path / "littleton.osm.pbf", without), quiet)
    assert places(home).keys() == {"own-kiosk"}
    add_city(home, write_extract(tmp_path / "littleton.osm.pbf"), quiet)
    assert places(home)[GREEN].name == "Lawn"


def test_damaged_corrections_are_not_taken_for_none(home: Home) -> None:
    take_corrections(home, write(home, KIOSK))
    (kept,) = home.cities.glob("*.places.json")
    kept.write_text('[{"id": "own-')
    with pytest.raises(BadInput, match="hubbub city places"):
        places(home)


def test_the_command_counts_places_and_names_hours_that_nobody_can_read(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["city", "places", str(write(home, KIOSK, "x9,,,,,,,,,,")), "--home", str(home.folder)])
    assert "line 3: id: expected n, w or r" in capsys.readouterr().out
    main(["city", "places", "--home", str(home.folder), "--json"])
    assert json.loads(capsys.readouterr().out) == {
        "places": 2,
        "with_hours": 1,
        "corrections": 1,
        "unreadable": [{"id": GREEN, "name": "Green", "told": "in summer"}],
    }
    assert [it.told for it in census(home).unreadable] == ["in summer"]
