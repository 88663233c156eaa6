"""Traffic as it leaves: HERE's shape, the map's picture, roads and tiles."""

import json

import hypothesis
import hypothesis.strategies as st
import msgspec
import pytest

from hubbub.outlet.wire import Flow, LiveMap, Segments
from hubbub.products.traffic.declarations import LIVE_DAY
from hubbub.terms.purposes import LiveTraffic
from outlet.fake_house import SLOW, Caller, House

NORTH = "24.93,60.171,24.95,60.18"


def test_flow_has_the_shape_and_units_of_here(house: House, caller: Caller) -> None:
    house.publish(SLOW)

    answer = caller.get(f"/v1/traffic/flow?bbox={NORTH}&locationReferencing=olr,shape")

    assert answer.json() == {
        "sourceUpdated": "2026-11-24T06:12:00Z",
        "hides": {"unit": "one passage of one person over one road in one window", "weaker": True},
        "results": [
            {
                "location": {
                    "description": "North road",
                    "length": 120.0,
                    "olr": "CxG9LCrJlSuoAgDgAAIrFw==",
                    "shape": {
                        "links": [
                            {
                                "points": [
                                    {"lat": 60.172, "lng": 24.94},
                                    {"lat": 60.172, "lng": 24.942},
                                ],
                                "length": 120.0,
                            }
                        ]
                    },
                },
                "currentFlow": {
                    "speed": 2.5,
                    "speedUncapped": 2.5,
                    "freeFlow": 9.0,
                    "jamFactor": 7.2,
                    "confidence": 0.81,
                    "traversability": "open",
                    "age": 42,
                    "source": "live",
                },
                "segment": 0,
            }
        ],
    }


def test_traffic_says_beside_itself_that_only_a_passage_is_hidden(caller: Caller) -> None:
    for path in ("/v1/traffic/flow", "/v1/traffic/live.json"):
        hides = caller.get(path).json()["hides"]
        assert "passage" in hides["unit"]
        assert hides["weaker"], path


def test_traffic_that_hides_a_whole_day_is_not_called_weaker(house: House) -> None:
    others = {n: each for n, each in house.declarations.items() if each.purpose is not LiveTraffic}
    house.declarations = {**others, LIVE_DAY.name: LIVE_DAY}
    caller = Caller(house)
    for path in ("/v1/traffic/flow", "/v1/traffic/live.json"):
        hides = caller.get(path).json()["hides"]
        assert "local day" in hides["unit"]
        assert not hides["weaker"], path


def test_speed_is_capped_at_what_one_may_drive_and_uncapped_beside(
    house: House, caller: Caller
) -> None:
    house.publish(msgspec.structs.replace(SLOW, speed_kmh=72.0))

    flow = caller.get(f"/v1/traffic/flow?bbox={NORTH}").json()["results"][0]["currentFlow"]

    assert (flow["speed"], flow["speedUncapped"]) == (10.0, 20.0)


def test_a_road_of_which_nothing_was_released_says_so(caller: Caller) -> None:
    flow = caller.get(f"/v1/traffic/flow?bbox={NORTH}").json()["results"][0]["currentFlow"]

    assert (flow["source"], flow["age"], flow["speed"]) == ("free-flow", None, 10.0)
    assert flow["confidence"] <= 0.5  # what HERE's clients read as: the limit, not measured


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["North road", "South road"]),
        (f"?bbox={NORTH}", ["North road"]),
        (f"?in=bbox:{NORTH}", ["North road"]),
        ("?bbox=24.93,60.16,24.95,60.17", ["South road"]),
        ("?bbox=24.941,60.171,24.9411,60.173", ["North road"]),  # inside the road's own box
        ("?bbox=10,50,11,51", []),
    ],
)
def test_a_box_gives_the_roads_that_touch_it(caller: Caller, query: str, names: list[str]) -> None:
    results = caller.get(f"/v1/traffic/flow{query}").json()["results"]
    assert [result["location"]["description"] for result in results] == names


@pytest.mark.parametrize(
    "query",
    [
        "bbox=",
        "bbox=1,2,3",
        "bbox=1,2,3,4,5",
        "bbox=24.95,60.17,24.93,60.18",
        "bbox=24.93,60.18,24.95,60.17",
        "bbox=-181,0,0,1",
        "bbox=0,0,1,91",
        "bbox=nan,0,1,1",
        "bbox=0,0,inf,1",
        "in=circle:24.9,60.1;r=100",
        "in=bbox:1,2",
        "bbox=0,0,1,1&in=bbox:0,0,1,1",
        "bbox=0,0,1,1&bbox=0,0,2,2",
        "locationReferencing=tmc",
    ],
)
def test_a_parameter_that_cannot_be_used_is_named_with_its_rule(caller: Caller, query: str) -> None:
    answer = caller.get(f"/v1/traffic/flow?{query}")

    problem = answer.json()
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:hubbub:problem:bad-parameter"
    assert problem["field"] in {"bbox", "in", "locationReferencing"}
    assert problem["expected"]


@hypothesis.given(bbox=st.text(), extra=st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_no_query_makes_the_outlet_fault(caller: Caller, bbox: str, extra: dict[str, str]) -> None:
    answer = caller.get("/v1/traffic/flow", params={**extra, "bbox": bbox})
    assert answer.status_code in {200, 400}


@hypothesis.given(
    box=st.tuples(
        st.floats(-180, 0), st.floats(-90, 0), st.floats(0.001, 180), st.floats(0.001, 90)
    )
)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_every_box_of_the_world_is_answered(
    caller: Caller, box: tuple[float, float, float, float]
) -> None:
    answer = caller.get("/v1/traffic/flow", params={"bbox": ",".join(map(str, box))})
    assert msgspec.json.decode(answer.content, type=Flow)


def test_the_map_gets_columns_of_the_same_length(house: House, caller: Caller) -> None:
    usual = msgspec.structs.replace(SLOW, segment=1, source="typical", age_s=None)
    house.publish(SLOW, usual)

    picture = caller.get("/v1/traffic/live.json").json()

    assert picture == {
        "at": "2026-11-24T06:12:00Z",
        "hides": {"unit": "one passage of one person over one road in one window", "weaker": True},
        "segment": [0, 1],
        "speed_kmh": [9, 9],
        "free_flow_kmh": [32, 32],
        "jam": [72, 72],
        "confidence": [81, 81],
        "age_s": [42, -1],
        "live": [1, 0],
    }


def test_the_map_is_not_told_of_roads_at_their_free_flow(house: House, caller: Caller) -> None:
    house.publish(SLOW, msgspec.structs.replace(SLOW, segment=1, source="free-flow"))
    assert caller.get("/v1/traffic/live.json").json()["segment"] == [0]


def test_before_the_first_release_the_map_gets_an_empty_picture(caller: Caller) -> None:
    picture = msgspec.json.decode(caller.get("/v1/traffic/live.json").content, type=LiveMap)
    assert (picture.at, picture.segment) == (None, [])


def test_an_unchanged_picture_costs_no_body_and_a_new_one_is_sent(
    house: House, caller: Caller
) -> None:
    house.publish(SLOW)
    first = caller.get("/v1/traffic/live.json")
    tagged = {"if-none-match": first.headers["etag"]}

    again = caller.get("/v1/traffic/live.json", headers=tagged)
    house.publish(msgspec.structs.replace(SLOW, speed_kmh=30.0))
    changed = caller.get("/v1/traffic/live.json", headers=tagged)

    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, changed.json()["speed_kmh"]) == (200, [30])


def test_a_client_that_cannot_unpack_gets_it_plain(house: House, caller: Caller) -> None:
    house.publish(SLOW)

    plain = caller.get("/v1/traffic/live.json", headers={"accept-encoding": "identity"})
    packed = caller.get("/v1/traffic/live.json", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json()


def test_segments_are_public_and_carry_their_openlr(caller: Caller) -> None:
    answer = msgspec.json.decode(caller.get("/v1/traffic/segments").content, type=Segments)
    assert [(each.number, each.name, each.key) for each in answer.segments] == [
        (0, "North road", "11+0"),
        (1, "South road", "12+0"),
    ]
    assert all(each.openlr for each in answer.segments)


def test_a_few_segments_can_be_asked_for_by_number(caller: Caller) -> None:
    segments = caller.get("/v1/traffic/segments?numbers=1,99").json()["segments"]
    assert [each["number"] for each in segments] == [1]


@pytest.mark.parametrize("numbers", ["", "x", "-1", "1,,2", "1" * 12, ",".join(["1"] * 201)])
def test_segment_numbers_that_are_none_are_refused(caller: Caller, numbers: str) -> None:
    assert caller.get(f"/v1/traffic/segments?numbers={numbers}").status_code == 400


def test_a_tile_is_served_as_it_rests_and_an_empty_one_as_nothing(caller: Caller) -> None:
    tile, empty = caller.get("/tiles/14/9326/4742.mvt"), caller.get("/tiles/14/0/0.mvt")

    assert (tile.content, tile.headers["content-encoding"]) == (b"mvt", "gzip")
    assert (empty.status_code, empty.content) == (204, b"")


@pytest.mark.parametrize("place", ["1/2/0", "1/0/2", "31/0/0", "1/-1/0", "a/b/c", f"{9**30}/0/0"])
def test_a_tile_outside_the_world_is_not_found(caller: Caller, place: str) -> None:
    answer = caller.get(f"/tiles/{place}.mvt")
    assert (answer.status_code, json.loads(answer.content)["status"]) == (404, 404)
