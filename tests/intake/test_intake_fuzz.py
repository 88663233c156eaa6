"""Whatever is sent, the door answers 2xx or a clear 4xx: never a fault of ours."""

import gzip
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from hubbub.terms.time import SECOND
from intake.intake_house import NOW, House

T = NOW // SECOND - 60
PATHS = ("", "/owntracks", "/overland", "/traccar", "/gpslogger")
TYPES = (
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.arrow.stream",
    "application/x-www-form-urlencoded",
    "",
)
NAMES = (
    "at",
    "lat",
    "lon",
    "accuracy_m",
    "speed_mps",
    "course_deg",
    "_type",
    "tst",
    "vel",
    "acc",
    "cog",
    "locations",
    "features",
    "geometry",
    "coordinates",
    "properties",
    "timestamp",
    "speed",
    "location",
    "coords",
    "latitude",
    "longitude",
    "heading",
    "device_id",
)

numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([T, T * 1000, 60.1, 24.9, 0, -1, 2**63, 1e308]),
)
texts = st.one_of(
    st.text(max_size=8), st.sampled_from(["location", "2026-11-23T07:59:00Z", "trip"])
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=24,
)
pings = st.fixed_dictionaries(
    {"at": numbers | texts, "lat": numbers, "lon": numbers},
    optional={name: numbers | st.none() for name in ("accuracy_m", "speed_mps", "course_deg")},
)
bodies = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    st.lists(pings, max_size=5).map(lambda rows: json.dumps(rows).encode()),
    st.lists(pings, max_size=5).map(lambda rows: "\n".join(map(json.dumps, rows)).encode()),
)


@given(
    path=st.sampled_from(PATHS),
    media=st.sampled_from(TYPES),
    body=bodies,
    query=st.text(st.characters(max_codepoint=126), max_size=30),
    method=st.sampled_from(["GET", "POST"]),
    packed=st.booleans(),
)
@example(path="", media=TYPES[0], body=b"[" * 10**5, query="", method="POST", packed=True)
@example(
    path="/gpslogger",
    media="",
    body=b"",
    query="time=0001-01-01T00:00:00%2B14:00",
    method="GET",
    packed=False,
)
def test_no_request_is_answered_with_a_fault(
    path: str, media: str, body: bytes, query: str, method: str, *, packed: bool
) -> None:
    house = House()
    headers = {"content-type": media} | ({"content-encoding": "gzip"} if packed else {})
    sent = gzip.compress(body) if packed else body
    reply = house.post(path, sent, method=method, query=query, headers=headers)
    assert reply.status in {200, 400, 405, 413, 415, 422}
    if reply.status != 200:
        assert reply.json()["type"].startswith("urn:hubbub:problem:")


@given(rows=st.lists(pings, max_size=8))
def test_every_row_is_taken_known_already_or_told_why_not(rows: list[dict[str, Any]]) -> None:
    house = House()
    answer = house.post(body=json.dumps(rows).encode()).json()
    refused = {why["row"] for why in answer["rejected"]}
    assert answer["accepted"] + answer["duplicates"] + len(refused) == len(rows)
    assert len(house.journal.rows) == answer["accepted"]


@given(
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    accuracy_m=st.floats(0, 3_000),
    speed_mps=st.floats(0, 300),
    course_deg=st.floats(0, 360),
)
def test_a_possible_ping_is_kept_as_exactly_as_its_column_can(
    lat: float, lon: float, accuracy_m: float, speed_mps: float, course_deg: float
) -> None:
    house = House()
    ping = {"at": T, "lat": lat, "lon": lon, "accuracy_m": accuracy_m, "speed_mps": speed_mps}
    house.post(body=json.dumps([ping | {"course_deg": course_deg}]).encode())
    (row,) = house.journal.rows
    assert abs(row["lat_e6"] / 1e6 - lat) <= 5.1e-7
    assert abs(row["lon_e6"] / 1e6 - lon) <= 5.1e-7
    assert abs(row["accuracy_dm"] / 10 - accuracy_m) <= 0.051
    assert abs(row["speed_cms"] / 100 - speed_mps) <= 0.0051
    assert min(abs(row["course_deg"] - course_deg), 360 - course_deg) <= 0.51
    assert 0 <= row["course_deg"] < 360
