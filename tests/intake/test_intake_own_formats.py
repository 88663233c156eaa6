"""hubbub's own formats: what is taken, and what is said of a row that is not."""

import gzip
import io
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.terms.time import SECOND
from intake.intake_house import NOW, House

T = NOW // SECOND - 60
GOOD = {"at": T, "lat": 60.17, "lon": 24.94, "accuracy_m": 5.5, "speed_mps": 8.25, "course_deg": 90}
LINES = {"content-type": "application/x-ndjson"}
ARROW = {"content-type": "application/vnd.apache.arrow.stream"}


def stream(table: pa.Table, compression: str | None = None) -> bytes:
    into = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(into, table.schema, options=options) as writer:
        writer.write_table(table)
    return into.getvalue()


def test_a_ping_is_kept_as_integers_under_the_stamp_of_its_device() -> None:
    house = House()
    reply = house.post(body=json.dumps([GOOD]).encode())
    assert reply.status == 200
    assert reply.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    (row,) = house.journal.rows.tolist()
    assert row == (1, T * SECOND, 60_170_000, 24_940_000, 55, 825, 90, 0, 7, 257)


def test_what_a_phone_did_not_tell_is_kept_as_not_told() -> None:
    house = House()
    house.post(body=json.dumps([{"at": T, "lat": 1, "lon": 2, "speed_mps": None}]).encode())
    (row,) = house.journal.rows
    assert (row["accuracy_dm"], row["speed_cms"], row["course_deg"]) == (-1, -1, -1)


@pytest.mark.parametrize(
    "at",
    ["2026-11-23T07:59:00Z", "2026-11-23T09:59:00+02:00", "2026-11-23T07:59:00.000Z", T, T + 0.0],
)
def test_a_time_is_iso_8601_with_a_zone_or_seconds(at: object) -> None:
    house = House()
    assert house.post(body=json.dumps([GOOD | {"at": at}]).encode()).status == 200
    assert house.journal.rows["at"].tolist() == [T * SECOND]


def test_a_time_is_kept_to_the_microsecond() -> None:
    house = House()
    house.post(body=json.dumps([GOOD | {"at": "2026-11-23T07:59:00.123457Z"}]).encode())
    assert house.journal.rows["at"].tolist() == [T * SECOND + 123_457]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lat": 90.1}, "lat"),
        ({"lat": -91}, "lat"),
        ({"lat": "60"}, "lat"),
        ({"lat": True}, "lat"),
        ({"lat": None}, "lat"),
        ({"lat": [60]}, "lat"),
        ({"lon": 180.5}, "lon"),
        ({"lon": {}}, "lon"),
        ({"accuracy_m": -1}, "accuracy_m"),
        ({"accuracy_m": "5"}, "accuracy_m"),
        ({"speed_mps": -0.1}, "speed_mps"),
        ({"speed_mps": 301}, "speed_mps"),
        ({"course_deg": 361}, "course_deg"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-11-23T07:59:00"}, "at"),
        ({"at": T * 1000}, "at"),
        ({"at": -1}, "at"),
        ({"at": 10**40}, "at"),
        ({"at": None}, "at"),
    ],
)
def test_a_bad_row_is_told_its_place_its_field_and_what_was_expected(
    change: dict[str, object], field: str
) -> None:
    house = House()
    rows = [GOOD, GOOD | {"at": T + 1} | change, GOOD | {"at": T + 2}]
    reply = house.post(body=json.dumps(rows).encode())
    assert reply.status == 200
    answer = reply.json()
    assert answer["accepted"] == 2
    assert [(why["row"], why["field"]) for why in answer["rejected"]] == [(1, field)]
    assert answer["rejected"][0]["expected"]
    assert house.journal.rows["at"].tolist() == [T * SECOND, (T + 2) * SECOND]
    assert house.deals.refused == {"bad-row": 1}


@pytest.mark.parametrize("row", [1, None, "x", [], {}, [GOOD]])
def test_a_row_that_is_no_ping_leaves_the_others_alone(row: object) -> None:
    house = House()
    answer = house.post(body=json.dumps([GOOD, row]).encode()).json()
    assert answer["accepted"] == 1
    assert [why["row"] for why in answer["rejected"]] == [1]


def test_every_bad_field_of_a_row_is_told() -> None:
    answer = House().post(body=json.dumps([GOOD, GOOD | {"lat": 99, "lon": 999}]).encode()).json()
    assert [(why["row"], why["field"]) for why in answer["rejected"]] == [(1, "lat"), (1, "lon")]


def test_a_body_without_one_good_row_is_a_problem_that_says_why() -> None:
    reply = House().post(body=json.dumps([GOOD | {"lat": 99}]).encode())
    assert reply.status == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "urn:hubbub:problem:no-good-row"
    assert reply.json()["rejected"][0]["field"] == "lat"


def test_a_refusal_never_repeats_what_was_sent() -> None:
    reply = House().post(body=json.dumps([GOOD, {"at": "secret-1", "lat": 77.7777}]).encode())
    assert b"secret" not in reply.body
    assert b"77.7" not in reply.body


def test_a_poor_fix_is_kept_with_its_accuracy_as_large_as_can_be_written() -> None:
    house = House()
    house.post(body=json.dumps([GOOD | {"accuracy_m": 50_000}]).encode())
    assert house.journal.rows["accuracy_dm"].tolist() == [32_767]


def test_one_ping_needs_no_array() -> None:
    assert House().post(body=json.dumps(GOOD).encode()).json()["accepted"] == 1


def test_lines_are_rows_and_a_bad_line_is_told_its_number() -> None:
    body = b'{"at":%d,"lat":60,"lon":24}\n\n{"at":\n{"at":%d,"lat":60,"lon":24}\n' % (T, T + 1)
    answer = House().post(body=body, headers=LINES).json()
    assert answer["accepted"] == 2
    assert [why["row"] for why in answer["rejected"]] == [2]


def test_a_line_with_two_rows_is_no_row() -> None:
    line = b'{"at":%d,"lat":60,"lon":24}' % T
    answer = House().post(body=line + b"," + line + b"\n" + line, headers=LINES).json()
    assert (answer["accepted"], [why["row"] for why in answer["rejected"]]) == (1, [0])


def test_not_a_number_is_no_json_and_costs_only_its_line() -> None:
    body = b'{"at":%d,"lat":NaN,"lon":24}\n{"at":%d,"lat":Infinity,"lon":1}\n' % (T, T)
    body += b'{"at":%d,"lat":60,"lon":24}\n{"at":%d,"lat":1e999,"lon":1}' % (T, T)
    answer = House().post(body=body, headers=LINES).json()
    assert answer["accepted"] == 1
    assert [why["row"] for why in answer["rejected"]] == [0, 1, 3]


def test_columns_are_rows() -> None:
    house = House()
    body = {
        "at": [T, "2026-11-23T07:59:01Z"],
        "lat": [60, 61.5],
        "lon": [24, 25],
        "speed_mps": [1, None],
    }
    assert house.post(body=json.dumps(body).encode()).json()["accepted"] == 2
    assert house.journal.rows["speed_cms"].tolist() == [100, -1]


def test_a_bad_value_in_a_column_costs_its_row_alone() -> None:
    body = {"at": [T, T + 1, "x"], "lat": [60, "61", 62], "lon": [24, 25, 26]}
    answer = House().post(body=json.dumps(body).encode()).json()
    assert answer["accepted"] == 1
    assert [(why["row"], why["field"]) for why in answer["rejected"]] == [(1, "lat"), (2, "at")]


def test_arrow_streams_are_rows() -> None:
    house = House()
    at = pa.array([T * SECOND], pa.timestamp("us", "UTC"))
    table = pa.table({"at": at, "lat": [60.5], "lon": pa.array([24], pa.int32())})
    assert house.post(body=stream(table), headers=ARROW).json()["accepted"] == 1
    assert house.journal.rows["at"].tolist() == [T * SECOND]


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_a_compressed_arrow_stream_is_refused_as_it_may_grow_to_any_size(compression: str) -> None:
    table = pa.table({"at": [float(T)], "lat": [60.5], "lon": [24.0]})
    assert House().post(body=stream(table), headers=ARROW).status == 200
    assert House().post(body=stream(table, compression), headers=ARROW).status == 400


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"at": [1.0], "lat": ["60"], "lon": [24.0]}),
        pa.table({"at": [1.0], "lat": [60.0]}),
        pa.table({"at": [1.0], "lat": [60.0], "lon": [24.0], "name": [1]}),
        pa.table({"at": pa.array([1], pa.timestamp("s")), "lat": [60.0], "lon": [24.0]}),
        pa.table({"at": [1.0], "lat": [60.0], "lon": pa.array([24.0]).dictionary_encode()}),
    ],
)
def test_an_arrow_stream_has_the_columns_of_a_ping_and_no_others(table: pa.Table) -> None:
    assert House().post(body=stream(table), headers=ARROW).status == 400


WHOLE = stream(pa.table({"at": [float(T)], "lat": [60.5], "lon": [24.0]}))


@pytest.mark.parametrize("length", range(0, len(WHOLE) - 8, 8))
def test_an_arrow_stream_that_was_cut_off_is_a_clear_problem_or_has_whole_rows(length: int) -> None:
    assert House().post(body=WHOLE[:length], headers=ARROW).status in {200, 400}


@given(changes=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=9))
def test_an_arrow_stream_with_wrong_bytes_is_never_a_fault(changes: list[tuple[int, int]]) -> None:
    body = bytearray(WHOLE)
    for place, byte in changes:
        body[place] = byte
    assert House().post(body=bytes(body), headers=ARROW).status in {200, 400, 413, 422}


def test_a_gzip_body_is_inflated_also_in_several_members() -> None:
    first, second = json.dumps([GOOD]).encode()[:10], json.dumps([GOOD]).encode()[10:]
    body = gzip.compress(first) + gzip.compress(second)
    assert House().post(body=body, headers={"content-encoding": "gzip"}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[",
        b"{}{}",
        b"1",
        b'"x"',
        b"null",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"at":' * 100_000,
        b'[{"at":NaN,"lat":1,"lon":1}]',
        b'{"at":[1],"lat":[1,2],"lon":[1]}',
        b'{"at":[1],"lat":5,"lon":[1]}',
    ],
)
def test_a_body_that_is_no_json_of_pings_is_a_clear_problem(body: bytes) -> None:
    reply = House().post(body=body)
    assert reply.status == 400
    assert reply.json()["type"] == "urn:hubbub:problem:bad-body"


def test_an_empty_array_is_fine() -> None:
    assert House().post(body=b"[]").json() == {"accepted": 0, "duplicates": 0, "rejected": []}
