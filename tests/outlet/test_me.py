"""What a person asks about their own rows."""

import json

import pytest

from hubbub.deal.desk import Token
from hubbub.terms.time import SECOND
from outlet.fake_house import Caller, House
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
