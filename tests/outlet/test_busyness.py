"""How busy places are, as it leaves: only what was released, with how that is known."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec
import pytest

from hubbub.deal.policy import Resource
from hubbub.outlet.app import operations_of
from hubbub.outlet.operations import Operation
from hubbub.outlet.wire_places import Busyness
from hubbub.products.places.busyness import LiveBusyness
from hubbub.products.places.declarations import HOURS
from hubbub.terms.places import PlaceId
from hubbub.terms.time import instant
from outlet.fake_house import BUSY, LIBRARY, Caller, House

HELSINKI = ZoneInfo("Europe/Helsinki")
CAFE = msgspec.structs.replace(
    LIBRARY, id=PlaceId("n2"), name="Far café", other_names=(), hours_told="", lat_e6=60_171_000
)
BUSY_CAFE = msgspec.structs.replace(
    BUSY,
    place=CAFE.id,
    percent=bytes([30]) * 168,
    low=bytes([20]) * 168,
    high=bytes([55]) * 168,
    closed=(False,) * 168,
    hours="category",
    evidence="category",
)


@pytest.fixture
def city(house: House) -> Caller:
    """Give somebody who asks a house with two places, on a Wednesday at 12:20."""
    house.places = (LIBRARY, CAFE)
    house.at = instant(datetime(2026, 11, 25, 12, 20, tzinfo=HELSINKI))
    return Caller(house)


def found(city: Caller, **asked: str) -> Sequence[str]:
    answer = city.get("/v1/places", params=asked)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["places"]]


def test_a_place_tells_its_week_hour_by_hour_with_a_band(city: Caller) -> None:
    city.house.tell_weeks(BUSY)
    week = city.get("/v1/places/n1").json()["busyness"]["week"]
    assert [day["name"][:2] for day in week] == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    noon = {name: week[2][name][12] for name in ("percent", "low", "high", "closed")}
    assert noon == {"percent": 100, "low": 90, "high": 100, "closed": False}
    assert [hour for hour in range(24) if week[2]["closed"][hour]] == [*range(8), *range(20, 24)]
    assert week[6]["closed"] == [True] * 24


def test_it_tells_how_it_is_known_and_what_is_promised(city: Caller) -> None:
    city.house.tell_weeks(BUSY)
    told = city.get("/v1/places/n1").json()["busyness"]
    assert (told["evidence"], told["weeks"], told["hours"]) == ("blend", 4, "own")
    assert told["stay_minutes"] == {"low": 25, "high": 80}
    assert told["best"][0] == {"day": "Monday", "begins": "08:00", "ends": "10:00"}
    assert told["hides"] == {"unit": HOURS.promise().unit, "weaker": False}
    assert [city.get(f"/v1/releases/{each}").status_code for each in told["releases"]] == [200]


def test_now_is_told_with_its_level_or_with_the_reason_why_there_is_none(city: Caller) -> None:
    city.house.tell_weeks(BUSY, BUSY_CAFE)
    too_few = "too few people share here now"
    city.house.tell_now(
        n1=LiveBusyness(level="busier"), n2=LiveBusyness(level="none", reason=too_few, of="area")
    )
    one, other = (city.get(f"/v1/places/{place}").json()["busyness"] for place in ("n1", "n2"))
    assert (one["live"]["level"], one["live"]["reason"]) == ("busier", "")
    assert one["live"]["at"] == "2026-11-24T08:12:00+02:00"
    assert (other["live"]["level"], other["live"]["reason"]) == ("none", too_few)
    assert other["live"]["of"] == "area"


def test_without_live_minutes_a_place_has_no_level_and_a_reason(city: Caller) -> None:
    city.house.tell_weeks(BUSY)
    live = city.get("/v1/places/n1").json()["busyness"]["live"]
    assert (live["level"], live["at"], bool(live["reason"])) == ("none", None, True)


def test_before_the_first_week_nothing_is_known_and_it_is_told_when_it_will_be(
    city: Caller,
) -> None:
    card = city.get("/v1/places/n1").json()
    assert (card["busyness"], card["busyness_due"]) == (None, "2026-11-30T08:12:00+02:00")
    city.house.tell_weeks(BUSY)
    card = city.get("/v1/places/n1").json()
    assert (card["busyness"] is None, card["busyness_due"]) == (False, None)
    assert city.get("/v1/places/n2").json()["busyness"] is None  # it was in no release


def test_a_list_tells_how_busy_each_is_then(city: Caller) -> None:
    city.house.tell_weeks(BUSY, BUSY_CAFE)
    city.house.tell_now(n1=LiveBusyness(level="quieter"))
    now = {it["id"]: it["busy"] for it in city.get("/v1/places").json()["places"]}
    assert now["n1"] == {
        "percent": 100,
        "low": 90,
        "high": 100,
        "evidence": "blend",
        "live": "quieter",
    }
    assert now["n2"]["live"] == "none"
    later = city.get("/v1/places", params={"open_at": "2026-11-26T09:30"}).json()["places"]
    assert [(it["id"], it["busy"]["percent"], it["busy"]["live"]) for it in later] == [
        ("n1", 40, "none")
    ]


def test_what_is_closed_is_not_told_to_be_empty(city: Caller) -> None:
    city.house.tell_weeks(BUSY)
    city.house.at = instant(datetime(2026, 11, 25, 21, 0, tzinfo=HELSINKI))
    (library,) = (it for it in city.get("/v1/places").json()["places"] if it["id"] == "n1")
    assert (library["open"], library["busy"]) == (False, None)


def test_quiet_places_are_known_to_be(city: Caller) -> None:
    assert found(city, quieter_than="100") == []  # nothing is known yet
    city.house.tell_weeks(BUSY, BUSY_CAFE)
    assert found(city, quieter_than="40") == ["n2"]
    assert found(city, quieter_than="100") == ["n2", "n1"]
    assert found(city, quieter_than="39", open_at="2026-11-26T09:30") == []  # n2: hours not told
    assert found(city, quieter_than="40", open_at="2026-11-26T09:30") == ["n1"]
    city.house.tell_now(n2=LiveBusyness(level="busier"))
    assert found(city, quieter_than="40") == []


def test_what_is_closed_is_not_quiet(city: Caller) -> None:
    city.house.tell_weeks(BUSY, msgspec.structs.replace(BUSY_CAFE, place=LIBRARY.id))
    assert found(city, quieter_than="40") == ["n1"]
    city.house.at = instant(datetime(2026, 12, 25, 12, 0, tzinfo=HELSINKI))  # a public holiday
    assert found(city, quieter_than="40") == []


def test_the_nearest_come_first_and_tell_how_far_they_are(city: Caller) -> None:
    answer = city.get("/v1/places", params={"near": "60.1711,24.94"}).json()["places"]
    assert [(it["id"], it["distance_m"]) for it in answer] == [("n2", 11), ("n1", 122)]
    assert found(city, near="60.1699,24.94") == ["n1", "n2"]
    assert city.get("/v1/places").json()["places"][0]["distance_m"] is None


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("quieter_than", "0"),
        ("quieter_than", "101"),
        ("quieter_than", "a few"),
        ("near", "60.17"),
        ("near", "60.17,nan"),
        ("near", "91,24"),
        ("near", "24,181"),
    ],
)
def test_what_cannot_be_asked_is_told_by_field(city: Caller, name: str, given: str) -> None:
    answer = city.get("/v1/places", params={name: given})
    assert (answer.status_code, answer.json()["field"]) == (400, name)


@pytest.mark.parametrize("path", ["/v1/places", "/v1/places/n1"])
def test_what_the_ledger_does_not_know_never_leaves(city: Caller, path: str) -> None:
    city.house.tell_weeks(BUSY)
    assert b"percent" in city.get(path).content
    city.house.keeper.kept.clear()
    city.house.tell_weeks(BUSY)
    city.house.keeper.kept.clear()
    answer = city.get(path)
    assert (answer.status_code, b"percent" in answer.content) == (500, False)
    assert answer.json()["type"] == "urn:hubbub:problem:withheld"


@pytest.mark.parametrize("path", ["/v1/places", "/v1/places/n1"])
def test_a_look_alike_never_leaves(city: Caller, path: str) -> None:
    city.house.tell_weeks(BUSY)
    genuine = city.house.busy_week
    assert genuine is not None
    look_alike = SimpleNamespace(value=genuine.value, sources=genuine.sources)
    city.house.busy_week = cast("Any", look_alike)
    assert city.get(path).json()["type"] == "urn:hubbub:problem:withheld"


def test_an_answer_is_of_the_type_that_the_document_names(city: Caller) -> None:
    city.house.tell_weeks(BUSY)
    told = city.get("/v1/places/n1").json()["busyness"]
    assert msgspec.convert(told, Busyness).weeks == 4


def test_a_program_for_populartimes_finds_its_keys(city: Caller) -> None:
    city.house.tell_weeks(BUSY)
    told = city.get("/v1/populartimes/n1").json()
    assert [day["name"] for day in told["populartimes"]][::6] == ["Monday", "Sunday"]
    assert told["populartimes"][2]["data"][12] == 100
    assert (told["time_spent"], told["types"]) == ([25, 80], ["culture"])
    assert told["coordinates"] == {"lat": 60.17, "lng": 24.94}
    assert "current_popularity" not in told  # not known, which is not nought
    assert city.get("/v1/populartimes").json() == [told]
    assert city.get("/v1/populartimes", params={"category": "cafe"}).json() == []
    assert city.get("/v1/populartimes/n2").status_code == 404


@pytest.mark.parametrize(
    ("level", "popularity"), [("quieter", 80), ("usual", 100), ("busier", 125)]
)
def test_a_known_level_is_a_current_popularity(city: Caller, level: Any, popularity: int) -> None:
    city.house.tell_weeks(BUSY)
    city.house.tell_now(n1=LiveBusyness(level=level))
    assert city.get("/v1/populartimes/n1").json()["current_popularity"] == popularity


OF_PLACES = [each for each in operations_of(House(Path())) if each.resource is Resource.PLACES]


@pytest.mark.parametrize("operation", OF_PLACES, ids=lambda each: each.path)
def test_the_documents_examples_are_answered_as_the_document_says(
    city: Caller, operation: Operation
) -> None:
    city.house.tell_weeks(BUSY)
    told = city.get("/openapi.json").json()["paths"][operation.path]["get"]["parameters"]
    path = operation.path
    for each in told:
        path = path.replace(f"{{{each['name']}}}", each["example"])
    asked = {each["name"]: each["example"] for each in told if each["in"] == "query"}
    for query in ({}, asked, *({name: example} for name, example in asked.items())):
        answer = city.get(path, params=query)
        assert answer.status_code == 200, answer.text
        msgspec.json.decode(answer.content, type=operation.answer)
