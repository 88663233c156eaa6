"""The apps in people's pockets: their real messages, in their units, and the answers they need."""

import base64
import json

import pytest

from hubbub.terms.time import SECOND
from intake.intake_house import NOW, TOKEN, House

T = NOW // SECOND - 60
FORM = {"content-type": "application/x-www-form-urlencoded"}

OWNTRACKS = {
    "_type": "location",
    "BSSID": "b8:27:eb:00:00:01",
    "SSID": "home",
    "_id": "a1b2c3d4",
    "acc": 14,
    "alt": 20,
    "batt": 87,
    "bs": 1,
    "cog": 271,
    "conn": "w",
    "created_at": T + 3,
    "lat": 60.1699,
    "lon": 24.9384,
    "m": 1,
    "t": "u",
    "tid": "an",
    "topic": "owntracks/ann/phone",
    "tst": T,
    "vac": 3,
    "vel": 36,
}
OVERLAND = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [24.9384, 60.1699]},
    "properties": {
        "timestamp": "2026-11-23T09:59:00+0200",
        "altitude": 20,
        "speed": 10,
        "course": 271,
        "horizontal_accuracy": 14,
        "vertical_accuracy": -1,
        "motion": ["driving"],
        "battery_state": "unplugged",
        "battery_level": 0.8,
        "wifi": "",
        "device_id": "ann",
    },
}
TRACCAR = {
    "location": {
        "event": "motionchange",
        "is_moving": True,
        "uuid": "0e5a",
        "timestamp": "2026-11-23T07:59:00.000Z",
        "odometer": 35,
        "coords": {
            "latitude": 60.1699,
            "longitude": 24.9384,
            "accuracy": 14,
            "speed": 10,
            "speed_accuracy": 1.5,
            "heading": 271,
            "altitude": 20,
        },
        "activity": {"type": "in_vehicle", "confidence": 100},
        "battery": {"is_charging": False, "level": 0.8},
        "extras": {},
    },
    "device_id": TOKEN,
}
# 10 m/s are 19.4384 knots
OSMAND = (
    f"id={TOKEN}&lat=60.1699&lon=24.9384&timestamp={T}&hdop=1.2&altitude=20&speed=19.4384"
    "&bearing=271&accuracy=14&batt=80"
)
GPSLOGGER = (
    f"lat=60.1699&lon=24.9384&sat=9&desc=&alt=20.0&acc=14.0&dir=271.0&prov=gps&spd=10.0&timestamp={T}"
    f"&time=2026-11-23T07:59:00.000Z&batt=80.0&aid=4f&ser=x&act=&token={TOKEN}"
)
KEPT = (1, T * SECOND, 60_169_900, 24_938_400, 140, 1000, 271)


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_owntracks_tells_km_h_and_needs_an_empty_array() -> None:
    house = House()
    reply = house.post(
        "/owntracks", json.dumps(OWNTRACKS).encode(), headers=basic("ann", TOKEN), token=None
    )
    assert (reply.status, reply.body) == (200, b"[]")
    assert reply.headers["content-type"] == "application/json"
    assert house.journal.rows[0].item() == (*KEPT, 1, 7, 257)


@pytest.mark.parametrize(
    "message",
    [
        {"_type": "lwt", "tst": T},
        {"_type": "waypoint", "desc": "x", "lat": 1, "lon": 1, "tst": T},
        {"_type": "transition", "event": "enter", "tst": T, "lat": 1, "lon": 1, "acc": 5},
        {"_type": "status", "android": {}},
        {"_type": "encrypted", "data": "x"},
        {"_type": "cmd", "action": "dump"},
    ],
)
def test_an_owntracks_message_that_is_no_location_is_answered_and_ignored(message: object) -> None:
    house = House()
    reply = house.post("/owntracks", json.dumps(message).encode())
    assert (reply.status, reply.body, len(house.journal.rows)) == (200, b"[]", 0)


def test_owntracks_sends_an_empty_body_for_a_friend_deleted() -> None:
    assert House().post("/owntracks", b"").body == b"[]"


def test_owntracks_messages_come_in_lists_as_well() -> None:
    house = House()
    body = [OWNTRACKS, {"_type": "lwt", "tst": T}, OWNTRACKS | {"tst": T + 5, "vel": -1, "cog": -1}]
    assert house.post("/owntracks", json.dumps(body).encode()).status == 200
    assert house.journal.rows["at"].tolist() == [T * SECOND, (T + 5) * SECOND]
    assert house.journal.rows["speed_cms"].tolist() == [1000, -1]


def test_overland_tells_metres_a_second_and_needs_result_ok() -> None:
    house = House()
    reply = house.post("/overland", json.dumps({"locations": [OVERLAND]}).encode())
    assert (reply.status, reply.body) == (200, b'{"result":"ok"}')
    assert reply.headers["content-type"] == "application/json"
    assert house.journal.rows[0].item() == (*KEPT, 2, 7, 257)


def test_overland_batches_may_be_feature_collections_with_a_token_in_the_address() -> None:
    house = House()
    body = {"type": "FeatureCollection", "features": [OVERLAND]}
    reply = house.post("/overland", json.dumps(body).encode(), query=f"token={TOKEN}", token=None)
    assert (reply.body, len(house.journal.rows)) == (b'{"result":"ok"}', 1)


def test_overland_negatives_are_not_told_and_its_events_are_ignored() -> None:
    unknown = OVERLAND["properties"] | {"speed": -1, "course": -1, "horizontal_accuracy": -1}
    trip = {"type": "Feature", "geometry": {}, "properties": {"type": "trip", "timestamp": "x"}}
    visit = OVERLAND | {"properties": OVERLAND["properties"] | {"action": "visit"}}
    house = House()
    body = {"locations": [trip, visit, OVERLAND | {"properties": unknown}], "current": OVERLAND}
    reply = house.post("/overland", json.dumps(body).encode())
    assert "hubbub-rejected" not in reply.headers
    assert [row[4:7] for row in house.journal.rows.tolist()] == [(-1, -1, -1)]


def test_overland_is_told_ok_though_a_row_is_bad_or_it_would_send_it_for_ever() -> None:
    house = House()
    bad = OVERLAND | {"geometry": {"type": "Point", "coordinates": [24.9, 95]}}
    reply = house.post("/overland", json.dumps({"locations": [bad, OVERLAND]}).encode())
    assert reply.body == b'{"result":"ok"}'
    assert len(house.journal.rows) == 1
    assert house.deals.refused == {"bad-row": 1}
    (why,) = json.loads(reply.headers["hubbub-rejected"])
    assert (why["row"], why["field"]) == (0, "coordinates")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_traccar_in_its_old_protocol_tells_knots_and_needs_200_and_nothing(method: str) -> None:
    house = House()
    reply = house.post(
        "/traccar", method=method, query=OSMAND, token=None, headers={"content-type": ""}
    )
    assert (reply.status, reply.body) == (200, b"")
    assert house.journal.rows[0].item() == (*KEPT, 3, 7, 257)


def test_traccar_posts_its_old_protocol_as_a_form_too() -> None:
    house = House()
    reply = house.post("/traccar", OSMAND.encode(), token=None, headers=FORM)
    assert (reply.status, reply.body) == (200, b"")
    assert house.journal.rows[0].item() == (*KEPT, 3, 7, 257)


def test_traccar_in_its_new_protocol_tells_metres_a_second() -> None:
    house = House()
    reply = house.post("/traccar", json.dumps(TRACCAR).encode(), token=None)
    assert (reply.status, reply.body) == (200, b"")
    assert house.journal.rows[0].item() == (*KEPT, 3, 7, 257)


@pytest.mark.parametrize(
    "timestamp", [f"{T}", f"{T}000", "2026-11-23T07:59:00Z", "2026-11-23T09:59:00.000+0200"]
)
def test_traccar_tells_time_in_seconds_milliseconds_or_iso_8601(timestamp: str) -> None:
    house = House()
    query = f"deviceid={TOKEN}&location=60.1,24.9&timestamp={timestamp.replace('+', '%2B')}"
    assert house.post("/traccar", method="GET", query=query, token=None).status == 200
    assert house.journal.rows["at"].tolist() == [T * SECOND]


def test_a_traccar_heartbeat_without_a_fix_is_answered_and_ignored() -> None:
    house = House()
    for query in (
        f"id={TOKEN}&timestamp={T}&batt=50",
        f"id={TOKEN}&valid=0&lat=0&lon=0&timestamp={T}",
    ):
        reply = house.post("/traccar", method="GET", query=query, token=None)
        assert (reply.status, reply.body, len(house.journal.rows)) == (200, b"", 0)


@pytest.mark.parametrize("sent", ["query", "body"])
def test_gpslogger_tells_metres_a_second_and_needs_a_2xx(sent: str) -> None:
    house = House()
    if sent == "query":
        reply = house.post(
            "/gpslogger", method="GET", query=GPSLOGGER, token=None, headers={"content-type": ""}
        )
    else:
        reply = house.post("/gpslogger", GPSLOGGER.encode(), token=None, headers=FORM)
    assert reply.status == 200
    assert house.journal.rows[0].item() == (*KEPT, 4, 7, 257)


def test_gpsloggers_example_address_is_understood_with_basic_sign_in() -> None:
    house = House()
    query = "lat=60.1699&longitude=24.9384&time=2026-11-23T09:59:00+02:00&s=10"
    reply = house.post(
        "/gpslogger", method="GET", query=query, token=None, headers=basic("ann", TOKEN)
    )
    assert reply.status == 200
    assert house.journal.rows["at"].tolist() == [T * SECOND]
    assert house.journal.rows["speed_cms"].tolist() == [1000]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/traccar", f"id={TOKEN}&lat=abc&lon=24&timestamp={T}", "lat"),
        ("/traccar", f"id={TOKEN}&lat=60&lon=24", "timestamp"),
        ("/traccar", f"id={TOKEN}&lat=60&lon=24&timestamp={T}&speed=fast", "speed"),
        ("/traccar", f"id={TOKEN}&lat=nan&lon=24&timestamp={T}", "lat"),
        ("/gpslogger", f"token={TOKEN}&lat=60&lon=24", "time"),
        ("/gpslogger", f"token={TOKEN}&lat=60&lon=inf&timestamp={T}", "lon"),
        ("/gpslogger", f"token={TOKEN}&lat=60&lon=24&timestamp={T}&acc=nan", "acc"),
    ],
)
def test_a_bad_parameter_is_told_in_a_header_and_counted(path: str, query: str, field: str) -> None:
    house = House()
    reply = house.post(path, method="GET", query=query, token=None, headers={"content-type": ""})
    assert (reply.status, len(house.journal.rows)) == (200, 0)
    (why,) = json.loads(reply.headers["hubbub-rejected"])
    assert why["field"] == field
    assert house.deals.refused == {"bad-row": 1}


def test_a_refusal_speaks_the_units_of_the_client() -> None:
    fast = json.dumps(OWNTRACKS | {"vel": 2_000}).encode()
    (why,) = json.loads(House().post("/owntracks", fast).headers["hubbub-rejected"])
    assert (why["field"], "km/h" in why["expected"]) == ("vel", True)
    query = OSMAND.replace("speed=19.4384", "speed=600")
    reply = House().post("/traccar", method="GET", query=query, token=None)
    (why,) = json.loads(reply.headers["hubbub-rejected"])
    assert (why["field"], "knots" in why["expected"]) == ("speed", True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/owntracks", b"not json"),
        ("/owntracks", b"1"),
        ("/owntracks", b'{"lat":1}'),
        ("/owntracks", b"[" * 100_000),
        ("/overland", b"{}"),
        ("/overland", b"[]"),
        ("/overland", b'{"locations":5}'),
        ("/overland", b'{"locations":[' * 50_000),
        ("/traccar", b"{"),
        ("/traccar", b'{"location":'),
        ("/traccar", b'{"x":1}'),
        ("/traccar", b"lat=%ff&lon=1"),
        ("/gpslogger", b"&".join(b"a=1" for _ in range(200))),
    ],
)
def test_a_body_in_no_format_of_the_client_is_a_clear_problem(path: str, body: bytes) -> None:
    reply = House().post(path, body)
    assert reply.status == 400
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/owntracks", b'[{"_type":"location","tst":"x"},{"_type":"location"}]'),
        ("/overland", b'{"locations":[1,{"geometry":null},{"geometry":{"coordinates":[1]}}]}'),
        ("/traccar", b'{"location":{"timestamp":1,"coords":{"latitude":"x"}}}'),
        ("/traccar", b'{"location":[null,[],{"coords":3}]}'),
    ],
)
def test_rows_of_no_shape_are_counted_and_the_client_is_not_asked_to_send_them_again(
    path: str, body: bytes
) -> None:
    house = House()
    reply = house.post(path, body)
    assert reply.status == 200
    assert json.loads(reply.headers["hubbub-rejected"])
    assert house.deals.refused["bad-row"] > 0
