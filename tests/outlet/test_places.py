"""Places as they leave: found, one by one, and all of them; nobody is asked who they are."""

import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

from hubbub.outlet.places_asked import FOUND_MAX
from hubbub.outlet.wire_places import GeoPlaces, PlacesFound
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.time import instant
from outlet.fake_house import LIBRARY, Caller, House

WHOLE_CITY = "24.93,60.16,24.96,60.18"


def place(number: int, name: str, hours: str = "", **more: object) -> Place:
    return msgspec.structs.replace(
        LIBRARY, id=PlaceId(f"n{number}"), name=name, other_names=(), hours_told=hours, **more
    )


CITY = (
    LIBRARY,
    place(2, "Café Ädd", "Mo-Su 07:00-10:00", category=PlaceCategory.CAFE),
    place(3, "Night club", "Mo-Su 22:00-04:00", category=PlaceCategory.BAR, lon_e6=24_990_000),
    place(4, "Add-ons", "Seasonal, ask", category=PlaceCategory.SHOP),
    place(5, "The big café", category=PlaceCategory.CAFE),
)


@pytest.fixture
def city(house: House) -> Caller:
    """Give somebody who asks a house with five places, on a Wednesday at 9:20."""
    house.places = CITY
    house.at = instant(datetime(2026, 11, 25, 9, 20, tzinfo=ZoneInfo("Europe/Helsinki")))
    return Caller(house)


def found(city: Caller, **asked: str) -> Sequence[str]:
    answer = city.get("/v1/places", params=asked)
    assert answer.status_code == 200, answer.text
    return [each.id for each in msgspec.json.decode(answer.content, type=PlacesFound).places]


def test_without_a_wish_all_are_found_by_name(city: Caller) -> None:
    assert found(city) == ["n4", "n2", "n1", "n3", "n5"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("add", ["n4", "n2"]),  # what begins with it comes first
        ("ADD cafe", ["n2"]),
        ("café", ["n2", "n5"]),
        ("aanekoski kirj", ["n1"]),
        ("libr", ["n1"]),  # by another of its names
        ("brary", []),
        (" ", ["n4", "n2", "n1", "n3", "n5"]),
    ],
)
def test_a_name_is_found_as_people_type_it(city: Caller, text: str, ids: list[str]) -> None:
    assert found(city, q=text) == ids


def test_places_are_found_by_category_and_box(city: Caller) -> None:
    assert found(city, category="cafe,bar") == ["n2", "n3", "n5"]
    assert found(city, bbox=WHOLE_CITY) == ["n4", "n2", "n1", "n5"]
    assert found(city, bbox="24.98,60.16,25.0,60.18", category="bar") == ["n3"]


@pytest.mark.parametrize(
    ("when", "ids"),
    [
        ("now", ["n2", "n1"]),
        ("2026-11-25T23:00", ["n3"]),
        ("2026-11-26T03:30:00", ["n3"]),
        ("2026-11-25T07:30:00Z", ["n2", "n1"]),
        ("2026-12-06T12:00", []),
    ],
)
def test_what_is_open_at_a_time_is_known_to_be(city: Caller, when: str, ids: list[str]) -> None:
    assert found(city, open_at=when) == ids


def test_a_list_tells_of_each_whether_it_is_open_and_until_when(city: Caller) -> None:
    answer = city.get("/v1/places").json()
    assert (answer["at"], answer["zone"]) == ("2026-11-25T09:20:00+02:00", "Europe/Helsinki")
    assert {it["id"]: (it["hours"], it["open"], it["changes_at"]) for it in answer["places"]} == {
        "n1": ("read", True, "2026-11-25T20:00:00+02:00"),
        "n2": ("read", True, "2026-11-25T10:00:00+02:00"),
        "n3": ("read", False, "2026-11-25T22:00:00+02:00"),
        "n4": ("unreadable", None, None),
        "n5": ("not told", None, None),
    }


def test_a_list_says_that_there_are_more(city: Caller) -> None:
    answer = city.get("/v1/places?limit=2").json()
    assert ([it["id"] for it in answer["places"]], answer["more"]) == (["n4", "n2"], True)
    assert not city.get("/v1/places?limit=5").json()["more"]


def test_a_place_has_its_week_on_the_citys_clocks(city: Caller) -> None:
    answer = city.get("/v1/places/n3").json()
    assert (answer["open"], answer["changes_at"]) == (False, "2026-11-25T22:00:00+02:00")
    assert [day["day"] for day in answer["week"]] == [f"2026-11-{n}" for n in range(25, 31)] + [
        "2026-12-01"
    ]
    assert answer["week"][0] == {
        "day": "2026-11-25",
        "public_holiday": False,
        "openings": [
            {
                "opens": "2026-11-25T22:00:00+02:00",
                "closes": "2026-11-26T04:00:00+02:00",
                "sure": True,
                "comment": "",
            }
        ],
    }


def test_a_public_holiday_is_told_and_the_hours_follow_it(city: Caller) -> None:
    city.house.at = instant(datetime(2026, 12, 24, 9, 0, tzinfo=ZoneInfo("Europe/Helsinki")))
    answer = city.get("/v1/places/n1").json()
    assert [(it["public_holiday"], len(it["openings"])) for it in answer["week"]] == [
        *[(True, 0)] * 3,
        (False, 0),  # a Sunday
        *[(False, 1)] * 3,
    ]
    assert answer["hours"]["tells_holidays"]
    assert not city.get("/v1/places/n3").json()["hours"]["tells_holidays"]


def test_hours_that_cannot_be_read_are_shown_as_they_are_told_and_nothing_is_guessed(
    city: Caller,
) -> None:
    answer = city.get("/v1/places/n4").json()
    assert answer["hours"] == {
        "kind": "unreadable",
        "told": "Seasonal, ask",
        "read_as": "",
        "tells_holidays": False,
        "open_end": False,
        "comment": "",
    }
    assert (answer["open"], answer["changes_at"], answer["week"]) == (None, None, [])


def test_a_place_without_hours_says_so(city: Caller) -> None:
    answer = city.get("/v1/places/n5").json()
    assert (answer["hours"]["kind"], answer["open"], answer["week"]) == ("not told", None, [])


def test_a_place_names_its_source(house: House) -> None:
    own = msgspec.structs.replace(LIBRARY, id=PlaceId("own-kiosk"), source="operator")
    house.places = (LIBRARY, own)
    caller = Caller(house)
    told = caller.get("/v1/places/n1").json()
    assert told["map_object"] == "https://www.openstreetmap.org/node/1"
    assert (told["source"], told["name"]) == ("osm", "Kirjasto Äänekoski")
    assert caller.get("/v1/places/own-kiosk").json()["map_object"] == ""


@pytest.mark.parametrize("path", ["/v1/places", "/v1/places/n1", "/v1/places.geojson"])
def test_everything_about_places_names_the_map_it_is_from(caller: Caller, path: str) -> None:
    assert "OpenStreetMap contributors" in caller.get(path).json()["attribution"]


def test_all_places_leave_as_geojson_and_are_sent_once(city: Caller) -> None:
    answer = city.get("/v1/places.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    told = msgspec.json.decode(answer.content, type=GeoPlaces)
    assert len(told.features) == len(CITY)
    assert json.loads(answer.content)["features"][0] == {
        "type": "Feature",
        "id": "n1",
        "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
        "properties": {
            "name": "Kirjasto Äänekoski",
            "category": "culture",
            "address": {
                "street": "Main Street",
                "house_number": "1",
                "postcode": "00100",
                "town": "Testby",
            },
            "opening_hours": "Mo-Fr 08:00-20:00; PH off",
            "hours": "read",
            "source": "osm",
        },
    }
    headers = {"if-none-match": answer.headers["etag"]}
    assert city.get("/v1/places.geojson", headers=headers).status_code == 304


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("category=tavern", "category"),
        ("bbox=1,2,3", "bbox"),
        ("limit=0", "limit"),
        (f"limit={FOUND_MAX + 1}", "limit"),
        ("limit=%C2%B2", "limit"),
        ("open_at=tomorrow", "open_at"),
        ("open_at=2031-01-01T00:00", "open_at"),
        ("open_at=0001-01-01T00:00%2B14:00", "open_at"),
        (f"q={'x' * 101}", "q"),
        ("q=a&q=b", "q"),
    ],
)
def test_what_cannot_be_asked_is_told_by_field(city: Caller, query: str, field: str) -> None:
    answer = city.get(f"/v1/places?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_place_that_is_not_there_is_not_found(city: Caller) -> None:
    assert city.get("/v1/places/n99").json()["type"] == "urn:hubbub:problem:not-found"


def test_a_house_without_a_city_has_no_places(house: House) -> None:
    house.city, house.places = None, ()
    caller = Caller(house)
    assert caller.get("/v1/places").json()["places"] == []
    assert caller.get("/v1/places/n1").status_code == 404


@hypothesis.given(
    query=st.dictionaries(
        st.sampled_from(("q", "category", "bbox", "open_at", "limit")), st.text(max_size=30)
    )
)
@hypothesis.settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_whatever_is_asked_gets_an_answer_or_a_reason(
    caller: Caller, query: dict[str, str]
) -> None:
    assert caller.get("/v1/places", params=query).status_code in {200, 400}
