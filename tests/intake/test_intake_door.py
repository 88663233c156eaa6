"""The door: whom it lets in, how much it takes, and that its 2xx means durable."""

import asyncio
import base64
import gzip
import json
from typing import Any

import pytest

from hubbub.deal.own import NotTheirs
from hubbub.intake import refusals as refusals_module
from hubbub.intake.limits import Limits
from hubbub.intake.request import Request
from hubbub.terms.errors import HubbubError
from hubbub.terms.people import Subject
from hubbub.terms.time import SECOND, Instant
from intake.intake_house import NOW, TOKEN, House, Reply, badge, scope_of, whole

T = NOW // SECOND - 60
EMPTY = gzip.compress(b"[]", mtime=0)  # the same in every process that collects tests


def rows(count: int, *, start: int = T) -> bytes:
    return json.dumps(
        [{"at": start + i / 100, "lat": 60, "lon": 24} for i in range(count)]
    ).encode()


def kind(reply: Reply) -> str:
    assert reply.headers["content-type"] == "application/problem+json"
    document = reply.json()
    assert document["status"] == reply.status
    assert document["title"]
    assert document["detail"]
    return str(document["type"].removeprefix("urn:hubbub:problem:"))


@pytest.mark.parametrize("path", ["", "/owntracks", "/overland", "/traccar", "/gpslogger"])
@pytest.mark.parametrize(("token", "reason"), [(None, "no-token"), ("nobodys", "unknown-token")])
def test_an_unknown_device_is_refused_and_counted(
    path: str, token: str | None, reason: str
) -> None:
    house = House()
    reply = house.post(path, b"{}", token=token)
    assert (reply.status, kind(reply)) == (401, reason)
    assert "Bearer" in reply.headers["www-authenticate"]
    assert house.deals.refused == {reason: 1}


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic /w==", "Digest x", TOKEN, "Basic Og=="],
)
def test_a_header_without_a_token_lets_nobody_in(authorization: str) -> None:
    reply = House().post(body=rows(1), headers={"authorization": authorization}, token=None)
    assert reply.status == 401


@pytest.mark.parametrize(
    "authorization",
    [
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN}",
        "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode(),
        "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode(),
    ],
)
def test_a_token_lets_its_device_in_by_bearer_or_basic(authorization: str) -> None:
    reply = House().post(body=rows(1), headers={"authorization": authorization}, token=None)
    assert reply.json()["accepted"] == 1


def test_our_own_format_takes_no_token_from_the_address_where_logs_would_keep_it() -> None:
    assert House().post(body=rows(1), query=f"token={TOKEN}", token=None).status == 401


def test_a_withdrawn_device_is_told_so_and_its_rows_are_counted_and_not_kept() -> None:
    house = House()
    reply = house.post(body=rows(3), token="withdrawn")
    assert (reply.status, kind(reply)) == (403, "withdrawn")
    assert len(house.journal.rows) == 0
    assert house.deals.refused == {"withdrawn": 3}


def test_a_paused_device_is_told_so_and_its_rows_are_counted_and_not_kept() -> None:
    house = House()
    reply = house.post(body=rows(3), token="paused")
    assert (reply.status, kind(reply)) == (403, "paused")
    assert len(house.journal.rows) == 0
    assert house.deals.refused == {"paused": 3}


def test_two_devices_may_be_at_the_same_time() -> None:
    house = House()
    assert house.post(body=rows(1)).json()["accepted"] == 1
    assert house.post(body=rows(1), token="bobs").json()["accepted"] == 1
    assert house.journal.rows["subject"].tolist() == [1, 3]


def test_a_repeated_ping_counts_once_within_a_body_and_across_them() -> None:
    house = House()
    twice = json.dumps([{"at": T, "lat": 60, "lon": 24}, {"at": T, "lat": 60, "lon": 24}]).encode()
    assert house.post(body=twice).json() == {"accepted": 1, "duplicates": 1, "rejected": []}
    assert house.post(body=twice).json() == {"accepted": 0, "duplicates": 2, "rejected": []}
    assert len(house.journal.rows) == 1


@pytest.mark.parametrize(
    ("ago_s", "reason"),
    [(-130, "future"), (7 * 86_400 + 10, "too-old"), (3_600 + 130, "before-deal")],
)
def test_a_row_of_a_wrong_time_is_refused_told_and_counted(ago_s: int, reason: str) -> None:
    house = House()
    since = NOW - 3_600 * SECOND if reason == "before-deal" else NOW - 86_400 * 30 * SECOND
    house.deals.badges[TOKEN] = badge(since=since)
    body = [{"at": NOW // SECOND - ago_s, "lat": 60, "lon": 24}, {"at": T, "lat": 60, "lon": 24}]
    answer = house.post(body=json.dumps(body).encode()).json()
    assert answer["accepted"] == 1
    assert [(why["row"], why["field"]) for why in answer["rejected"]] == [(0, "at")]
    assert house.deals.refused == {reason: 1}


@pytest.mark.parametrize("ago_s", [-110, 0, 6 * 86_400])
def test_a_late_or_slightly_early_row_is_kept(ago_s: int) -> None:
    body = json.dumps([{"at": NOW // SECOND - ago_s, "lat": 60, "lon": 24}]).encode()
    assert House().post(body=body).json()["accepted"] == 1


def test_a_row_just_before_its_deal_is_kept_as_clocks_differ() -> None:
    house = House()
    house.deals.badges[TOKEN] = badge(since=NOW)
    body = json.dumps([{"at": NOW // SECOND - 100, "lat": 60, "lon": 24}]).encode()
    assert house.post(body=body).json()["accepted"] == 1


def test_the_house_clock_judges_times_and_no_other() -> None:
    house = House()
    house.clock.at = Instant(NOW - 365 * 86_400 * SECOND)
    assert house.post(body=rows(1)).status == 422


def test_a_body_has_a_largest_size_as_sent() -> None:
    house = House(Limits(body_bytes_max=1_000))
    assert house.post(body=rows(2)).status == 200
    reply = house.post(body=rows(100))
    assert (reply.status, kind(reply)) == (413, "body-too-large")
    told = house.post(body=b"[]", headers={"content-length": "1001"})
    assert told.status == 413


def test_a_body_has_a_largest_size_inflated_and_a_bomb_is_not_inflated_further() -> None:
    house = House(Limits(inflated_bytes_max=10_000))
    headers = {"content-encoding": "gzip"}
    assert house.post(body=gzip.compress(rows(10)), headers=headers).status == 200
    for bomb in (gzip.compress(bytes(50_000_000)), gzip.compress(bytes(9_000)) * 1_000):
        reply = house.post(body=bomb, headers=headers)
        assert (reply.status, kind(reply)) == (413, "body-too-large")


@pytest.mark.parametrize("body", [b"", b"junk", EMPTY[:-4], EMPTY + b"x"])
def test_a_body_that_is_not_whole_gzip_is_a_clear_problem(body: bytes) -> None:
    reply = House().post(body=body, headers={"content-encoding": "gzip"})
    assert (reply.status, kind(reply)) == (400, "bad-body")


def test_whose_rows_were_refused_is_told_to_that_person_and_written_nowhere() -> None:
    house, ann, bob = House(), Subject(1), Subject(3)
    house.post(body=rows(1, start=T - 400 * 86_400))
    house.post(body=rows(2, start=T + 3600), token="bobs")
    refusals = house.door.admission.refusals
    assert refusals.own(ann).hand_over(to=ann) == {"too-old": 1}
    assert refusals.own(bob).hand_over(to=bob) == {"future": 2}
    with pytest.raises(NotTheirs):
        refusals.own(ann).hand_over(to=bob)
    assert house.deals.refused == {"too-old": 1, "future": 2}


def test_only_so_many_people_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals_module, "PEOPLE_MAX", 2)
    house = House()
    for token in (TOKEN, "bobs", TOKEN, "withdrawn"):
        house.post(body=rows(1, start=T + 3600), token=token)
    refusals = house.door.admission.refusals
    known = [refusals.own(Subject(n)).hand_over(to=Subject(n)) for n in (1, 2, 3)]
    assert known == [{"future": 2}, {"withdrawn": 1}, {}]


def test_another_encoding_is_refused() -> None:
    reply = House().post(body=rows(1), headers={"content-encoding": "br"})
    assert (reply.status, kind(reply)) == (415, "wrong-encoding")


@pytest.mark.parametrize("media", ["text/plain", "multipart/form-data", "application/xml"])
def test_another_type_of_body_is_refused(media: str) -> None:
    reply = House().post(body=rows(1), headers={"content-type": media})
    assert (reply.status, kind(reply)) == (415, "wrong-type")


def test_a_body_has_most_rows() -> None:
    house = House(Limits(rows_max=5))
    assert house.post(body=rows(5)).status == 200
    lines = b"\n".join([b"{}"] * 6)
    columns = json.dumps({name: [0] * 6 for name in ("at", "lat", "lon")}).encode()
    features = json.dumps({"locations": [{}] * 6}).encode()
    for path, body, media in (
        ("", rows(6), "application/json"),
        ("", b"[1,2,3,4,5,6]", "application/json"),
        ("", lines, "application/x-ndjson"),
        ("", columns, "application/json"),
        ("/overland", features, "application/json"),
        ("/owntracks", json.dumps([{"_type": "x"}] * 6).encode(), "application/json"),
        ("/traccar", json.dumps({"location": [{}] * 6}).encode(), "application/json"),
    ):
        reply = house.post(path, body, headers={"content-type": media})
        assert (reply.status, kind(reply)) == (413, "too-many-rows")


def test_a_device_that_sends_too_fast_is_told_when_to_come_again_and_others_are_not() -> None:
    house = House(Limits(rows_a_second=10, rows_burst=100))
    assert house.post(body=rows(100)).status == 200
    reply = house.post(body=rows(20, start=T + 10))
    assert (reply.status, kind(reply)) == (429, "too-fast")
    assert reply.headers["retry-after"] == "2"
    assert house.deals.refused == {"too-fast": 20}
    assert house.post(body=rows(20), token="bobs").status == 200
    house.elapsed_s = 2.0
    assert house.post(body=rows(20, start=T + 10)).json()["accepted"] == 20


def test_bad_rows_cost_a_device_as_much_as_good_ones() -> None:
    house = House(Limits(rows_a_second=10, rows_burst=10))
    assert house.post(body=b"[1,1,1,1,1,1,1,1,1,1]").status == 422
    assert house.post(body=rows(1)).status == 429


def test_when_the_store_lags_the_door_says_when_to_come_again() -> None:
    house = House(Limits(backlog_s_max=10))
    house.journal.age_s = 11
    reply = house.post(body=rows(1))
    assert (reply.status, kind(reply)) == (503, "not-durable")
    assert int(reply.headers["retry-after"]) > 0
    house.journal.age_s = 9
    assert house.post(body=rows(1)).status == 200


@pytest.mark.parametrize("error", [HubbubError("the disk is full"), OSError(5, "I/O")])
def test_a_row_that_the_disk_refuses_gets_no_2xx(error: Exception) -> None:
    house = House()
    house.journal.error = error
    for path in ("", "/owntracks"):
        body = b'{"_type":"location","at":%d,"tst":%d,"lat":60,"lon":24}' % (T, T)
        assert house.post(path, body).status == 503


def test_an_answer_waits_for_the_disk_also_where_every_row_is_known() -> None:
    house = House()
    durable: list[asyncio.Future[None]] = []

    def append(_: object) -> asyncio.Future[None]:
        durable.append(asyncio.get_running_loop().create_future())
        return durable[-1]

    house.journal.append = append  # type: ignore[method-assign]

    async def post_twice() -> None:
        first = asyncio.create_task(house.ask(scope_of(), whole(rows(1))))
        again = asyncio.create_task(house.ask(scope_of(), whole(rows(1))))
        await asyncio.sleep(0.01)
        assert not first.done()
        assert not again.done()
        for future in durable:
            future.set_result(None)
        assert (await first).json()["accepted"] == 1
        assert (await again).json()["duplicates"] == 1

    asyncio.run(post_twice())


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    house = House(Limits(body_s_max=0.02))

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.005)
        return {"type": "http.request", "body": b" ", "more_body": True}

    reply = asyncio.run(house.ask(scope_of(), receive))
    assert (reply.status, kind(reply)) == (408, "body-too-slow")


def test_a_body_may_come_in_pieces() -> None:
    house = House()
    pieces = [rows(3)[:10], rows(3)[10:20], b"", rows(3)[20:]]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    assert asyncio.run(house.ask(scope_of(), receive)).json()["accepted"] == 3


def test_a_refused_sender_is_heard_out_within_reason_or_would_not_hear_the_answer() -> None:
    house = House(Limits(body_bytes_max=1_000))
    heard = 0

    async def receive() -> dict[str, Any]:
        nonlocal heard
        heard += 1
        return {"type": "http.request", "body": bytes(500), "more_body": True}

    for token in (TOKEN, "nobodys"):
        heard = 0
        reply = asyncio.run(house.ask(scope_of(token=token), receive))
        assert reply.status in {401, 413}
        assert 3 < heard < 12


def test_a_sender_who_hangs_up_gets_no_answer_and_leaves_nothing() -> None:
    house = House()
    said: list[object] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        said.append(message)

    asyncio.run(house.door(scope_of(), receive, send))
    assert not said
    assert len(house.journal.rows) == 0


@pytest.mark.parametrize("path", ["/x", "/owntracks/pub", "x"])
def test_another_path_is_not_found(path: str) -> None:
    reply = House().post(path)
    assert (reply.status, kind(reply)) == (404, "not-found")


def test_another_method_is_told_the_right_one() -> None:
    reply = House().post(method="GET")
    assert (reply.status, kind(reply)) == (405, "method-not-allowed")
    assert reply.headers["allow"] == "POST"
    assert House().post("/traccar", method="PUT").headers["allow"] == "GET, POST"


def test_the_door_counts_what_it_took() -> None:
    house = House()
    house.post(body=rows(3))
    house.post(body=rows(4))
    assert (house.door.admission.accepted, house.door.admission.duplicates) == (4, 3)
    assert house.door.answers == {200: 2}


def test_what_is_about_a_person_does_not_print() -> None:
    request = Request(scope_of(query="lat=60.5"), whole(b""))
    assert "60" not in repr(request)
    assert TOKEN not in repr(request)
