"""What a person asks about their own rows."""

import json
from itertools import pairwise
from typing import Any

import pytest

from hubbub.deal.desk import Token
from hubbub.deal.reads import ReadOfMine
from hubbub.outlet.me import POINTS_MAX
from hubbub.terms.time import SECOND, Instant
from outlet.fake_house import LIBRARY, Caller, House
from outlet.test_deal import bearer, enrolled

AT = 1_795_500_720 * SECOND + 250_000


def ping(subject: int, **told: int) -> dict[str, int]:
    untold = {"accuracy_dm": -1, "speed_cms": -1, "course_deg": -1, "source": 0}
    where = {"at": AT, "lat_e6": 60_170_001, "lon_e6": 24_940_000}
    return {"subject": subject, **where, **untold, **told}


def test_a_person_gets_every_ping_of_theirs_and_of_nobody_else(
    house: House, caller: Caller
) -> None:
    token = enrolled(caller)["token"]
    subject = house.deals.badge_of(Token(token)).subject
    house.given = [ping(subject, accuracy_dm=123), ping(subject + 1), ping(subject, speed_cms=850)]
    answer = caller.get("/v1/me/pings", headers=bearer(token))
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    where = {"at": "2026-11-24T06:12:00.250000+00:00", "lat": 60.170001, "lon": 24.94}
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert told == [{**where, "accuracy_m": 12.3}, {**where, "speed_mps": 8.5}]


def test_who_has_stopped_sharing_still_gets_what_is_kept(house: House, caller: Caller) -> None:
    token = enrolled(caller)["token"]
    house.given = [ping(house.deals.badge_of(Token(token)).subject)]
    caller.ask("DELETE", "/v1/deal/enrolments/current", headers=bearer(token))
    (told,) = caller.get("/v1/me/pings", headers=bearer(token)).text.splitlines()
    assert json.loads(told)["lat"] == 60.170001


@pytest.mark.parametrize("headers", [{}, bearer("hub_nobodys"), {"authorization": "Basic abc"}])
def test_a_stranger_gets_nothing(house: House, caller: Caller, headers: dict[str, str]) -> None:
    enrolled(caller)
    house.given = [ping(1)]
    answer = caller.get("/v1/me/pings", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:hubbub:problem:no-token"


def given(caller: Caller, token: str, path: str) -> Any:
    answer = caller.get(path, headers=bearer(token))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_was_given_is_told_by_local_day(house: House, caller: Caller) -> None:
    token = enrolled(caller)["token"]
    subject = house.deals.badge_of(Token(token)).subject
    evening = 16 * 3600 * SECOND  # 22:12 UTC, which is past midnight in Helsinki
    house.given = [ping(subject), ping(subject + 1), ping(subject, at=AT + evening)]
    told = given(caller, token, "/v1/me/given")
    (category,) = told["categories"]
    assert (told["zone"], told["rows"]) == ("Europe/Helsinki", 2)
    assert category["days"] == [
        {"day": "2026-11-24", "rows": 1},
        {"day": "2026-11-25", "rows": 1},
    ]
    assert category["first"] == "2026-11-24T06:12:00Z"


def test_what_was_not_kept_is_told_to_whose_it_was(house: House, caller: Caller) -> None:
    ann, ben = (enrolled(caller, name)["token"] for name in ("ann", "ben"))
    house.refused[house.deals.badge_of(Token(ann)).subject] = {"too-old": 3, "bad-row": 1}
    assert given(caller, ann, "/v1/me/given")["refused"] == [
        {"reason": "bad-row", "rows": 1},
        {"reason": "too-old", "rows": 3},
    ]
    assert given(caller, ben, "/v1/me/given")["refused"] == []


def test_who_gave_nothing_is_told_so(caller: Caller) -> None:
    token = enrolled(caller)["token"]
    assert given(caller, token, "/v1/me/given")["categories"][0]["days"] == []
    points = given(caller, token, "/v1/me/points")
    assert (points["day"], points["rows"], points["bbox"], points["at"]) == (None, 0, None, [])


def test_a_days_points_are_thinned_to_what_a_phone_draws(house: House, caller: Caller) -> None:
    token = enrolled(caller)["token"]
    subject = house.deals.badge_of(Token(token)).subject
    rows = 3 * POINTS_MAX
    house.given = [
        *(ping(subject, at=AT + n * SECOND, lat_e6=60_000_000 + n) for n in range(rows)),
        ping(subject, at=AT - 86_400 * SECOND, lat_e6=59_000_000),
    ]
    house.given.sort(key=lambda row: row["at"])
    newest = given(caller, token, "/v1/me/points")
    assert (newest["day"], newest["rows"], newest["shown"]) == ("2026-11-24", rows, POINTS_MAX)
    assert (newest["lat_e6"][0], newest["lat_e6"][-1]) == (60_000_000, 60_000_000 + rows - 1)
    steps = {after - before for before, after in pairwise(newest["lat_e6"])}
    assert steps <= {2, 3, 4}
    before = given(caller, token, "/v1/me/points?day=2026-11-23")
    assert (before["lat_e6"], before["bbox"]) == ([59_000_000], [24.94, 59.0, 24.94, 59.0])


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", ""])
def test_a_day_is_a_day(caller: Caller, day: str) -> None:
    token = enrolled(caller)["token"]
    answer = caller.get(f"/v1/me/points?day={day}", headers=bearer(token))
    assert (answer.status_code, answer.json()["field"]) == (400, "day")


def test_the_roads_ones_trips_helped_are_ones_own(house: House, caller: Caller) -> None:
    ann, ben = (enrolled(caller, name)["token"] for name in ("ann", "ben"))
    house.given = [ping(house.deals.badge_of(Token(ann)).subject)]
    told = given(caller, ann, "/v1/me/roads")
    assert (told["since"], told["until"]) == ("2026-11-23", "2026-11-29")
    assert (told["passes"], told["roads"], told["released"]) == (2, 1, 1)
    (road,) = told["helped"]
    assert (road["segment"], road["name"], road["windows"]) == (1, "South road", 1)
    assert given(caller, ben, "/v1/me/roads")["helped"] == []


def test_the_cells_that_ones_visits_count_in_are_ones_own(house: House, caller: Caller) -> None:
    ann, ben = (enrolled(caller, name)["token"] for name in ("ann", "ben"))
    house.given = [ping(house.deals.badge_of(Token(ann)).subject)]
    told = given(caller, ann, "/v1/me/visits")
    assert (told["since"], told["until"], told["visits"]) == ("2026-11-23", "2026-11-29", 3)
    assert told["cells"] == [
        {"place": "n404", "name": "", "category": "", "day": "2026-11-24", "hour": 7, "visits": 1},
        {
            "place": "n1",
            "name": LIBRARY.name,
            "category": "culture",
            "day": "2026-11-23",
            "hour": 12,
            "visits": 2,
        },
    ]
    assert given(caller, ben, "/v1/me/visits")["cells"] == []


def test_who_asks_while_many_do_is_told_to_ask_again(house: House, caller: Caller) -> None:
    token = enrolled(caller)["token"]
    house.busy = True
    answer = caller.get("/v1/me/roads", headers=bearer(token))
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hubbub:problem:busy")


def test_who_read_ones_rows_is_told_by_day_and_to_nobody_else(house: House, caller: Caller) -> None:
    ann, ben = (enrolled(caller, name)["token"] for name in ("ann", "ben"))
    house.deals.registry.add("acme", name="Acme Maps", kind="partner")
    hour = 3600 * SECOND
    house.read_of[house.deals.badge_of(Token(ann)).subject] = [
        ReadOfMine(
            category="user.location.precise",
            purpose=purpose,
            recipient=recipient,
            at=Instant(AT + ago * hour),
            last_at=Instant(AT + ago * hour + SECOND),
            times=times,
        )
        for ago, purpose, recipient, times in (
            (0, "public.traffic", "own", 3),
            (-1, "public.traffic", "own", 4),
            (-1, "public.traffic", "acme", 1),
            (-9, "public.traffic", "own", 5),  # 23:12 of the day before, in Helsinki
        )
    ]
    told = given(caller, ann, "/v1/me/reads")
    rows = [(each["day"], each["recipient"], each["times"]) for each in told["reads"]]
    assert rows == [("2026-11-24", "own", 7), ("2026-11-24", "acme", 1), ("2026-11-23", "own", 5)]
    assert told["reads"][0]["last_at"] == "2026-11-24T06:12:01Z"
    assert told["reads"][1]["recipient_name"] == "Acme Maps"
    assert told["head"]["hash"] == house.reads_head().hash
    assert given(caller, ben, "/v1/me/reads")["reads"] == []
