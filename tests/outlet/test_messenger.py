"""Who comes into the messenger, whose account it is, and what its module may know."""

from typing import Any

import pytest

from hubbub.deal.desk import SignedIn
from hubbub.outlet.recognising import COOKIE
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Traffic
from outlet.fake_house import Caller, House
from outlet.fake_messenger import SECRET, FakeMessenger

ANN = "@ann:localhost"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def there(house: House) -> FakeMessenger:
    assert house.messenger is not None
    return house.messenger


def sign_in(caller: Caller, there: FakeMessenger, account: str = ANN) -> dict[str, str]:
    body = {"token": there.token(account)}
    answer = caller.ask("POST", "/v1/me/session/messenger", json=body, headers=OURS)
    assert answer.status_code == 201, answer.text
    return {"cookie": f"{COOKIE}={answer.cookies[COOKIE]}", **OURS}


def grants(caller: Caller, after: str = "") -> dict[str, Any]:
    shown = {"authorization": f"Bearer {SECRET}"}
    answer = caller.ask("GET", f"/v1/messenger/grants?after={after}", headers=shown)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def subject_of(house: House, account: str) -> Subject:
    return dict(house.deals.messenger.links())[account]


def test_a_page_is_told_where_people_write_to_each_other(caller: Caller) -> None:
    card = caller.ask("GET", "/v1/messenger").json()
    assert (card["state"], card["homeserver"]) == ("up", "http://127.0.0.1:8008")
    known = caller.ask("GET", "/.well-known/matrix/client")
    assert known.json() == {"m.homeserver": {"base_url": "http://127.0.0.1:8008"}}
    assert known.headers["access-control-allow-origin"] == "*"


def test_a_house_without_a_messenger_says_so(house: House) -> None:
    house.messenger = None
    caller = Caller(house)
    assert caller.ask("GET", "/v1/messenger").json()["state"] == "none"
    assert caller.ask("GET", "/.well-known/matrix/client").status_code == 404
    assert caller.ask("POST", "/v1/messenger/sign-ups").status_code == 404
    shown = {"authorization": f"Bearer {SECRET}"}
    assert caller.ask("GET", "/v1/messenger/grants", headers=shown).status_code == 401


def test_a_homeserver_that_starts_is_told_as_that(caller: Caller, there: FakeMessenger) -> None:
    there.silent = True
    card = caller.ask("GET", "/v1/messenger").json()
    assert (card["state"], card["why"][:23]) == ("starting", "The messenger is starti")
    silent = caller.ask("POST", "/v1/messenger/sign-ups")
    assert (silent.status_code, silent.headers["retry-after"]) == (503, "5")


def test_where_anybody_may_whoever_asks_is_let_in(caller: Caller) -> None:
    let_in = caller.ask("POST", "/v1/messenger/sign-ups")
    assert let_in.status_code == 201
    assert let_in.json()["token"] == "an-invitation"


def test_where_one_is_invited_nobody_else_is_let_in(caller: Caller, there: FakeMessenger) -> None:
    there.open = "invited"
    refused = caller.ask("POST", "/v1/messenger/sign-ups")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:hubbub:problem:invited-only"


def test_who_has_an_account_invites_by_a_link_that_no_server_sees(
    caller: Caller, there: FakeMessenger
) -> None:
    shown = {"authorization": f"Bearer {there.token(ANN)}", **OURS}
    made = caller.ask("POST", "/v1/messenger/invites", json={"uses": 3}, headers=shown)
    assert made.json()["link"] == f"http://hubbub.test/chat#invite=an-invitation&by={ANN}"
    assert made.json()["uses"] == 3


def test_nobody_else_invites(caller: Caller) -> None:
    for shown in ({}, {"authorization": "Bearer guessed"}, {"authorization": f"Bearer {SECRET}"}):
        asked = caller.ask("POST", "/v1/messenger/invites", json={}, headers=shown)
        assert asked.status_code == 401


def test_a_token_counts_once_for_this_house_and_a_minute(
    caller: Caller, there: FakeMessenger
) -> None:
    token = there.token(ANN)
    bad = (
        token,
        there.token(ANN, audience="http://another.test"),
        there.token(ANN, lasts_s=-1),
        there.token(ANN, lasts_s=3600),
        token[:-2],
    )
    assert caller.ask("POST", "/v1/me/session/messenger", json={"token": token}).status_code == 201
    for each in bad:
        again = caller.ask("POST", "/v1/me/session/messenger", json={"token": each})
        assert again.status_code == 422


def test_an_account_is_one_person_who_has_agreed_to_nothing_yet(
    caller: Caller, there: FakeMessenger, house: House
) -> None:
    hers = sign_in(caller, there)
    first = subject_of(house, ANN)
    sign_in(caller, there)
    assert subject_of(house, ANN) == first
    assert house.deals.granted(SignedIn(first)) == ()
    session = caller.ask("GET", "/v1/me/session", headers=hers).json()
    assert (session["by"], session["device"][:10]) == ("messenger", "messenger ")
    assert ANN not in session["device"]
    assert caller.ask("GET", "/v1/me/messenger", headers=hers).json()["account"] == ANN


def test_an_account_is_put_to_a_person_who_is_known_already(
    caller: Caller, there: FakeMessenger, house: House
) -> None:
    enrolled = house.deals.enrol("her phone", frozenset({Traffic}), "test")
    hers = {"authorization": f"Bearer {enrolled.token.secret}", **OURS}
    path, body = "/v1/me/messenger", {"token": there.token(ANN)}
    assert caller.ask("GET", path, headers=hers).status_code == 404
    assert caller.ask("POST", path, json=body, headers=hers).status_code == 201
    assert subject_of(house, ANN) == enrolled.badge.subject
    session = caller.ask("GET", "/v1/me/session", headers=sign_in(caller, there)).json()
    assert session["device"] == "her phone"


def test_an_account_is_never_two_peoples(
    caller: Caller, there: FakeMessenger, house: House
) -> None:
    sign_in(caller, there)
    other = house.deals.enrol("another phone", frozenset({Traffic}), "test")
    shown = {"authorization": f"Bearer {other.token.secret}", **OURS}
    body = {"token": there.token(ANN)}
    taken = caller.ask("POST", "/v1/me/messenger", json=body, headers=shown)
    assert taken.status_code == 409
    assert subject_of(house, ANN) != other.badge.subject


def test_the_module_is_told_what_each_agreed_to_and_only_the_module(
    caller: Caller, there: FakeMessenger
) -> None:
    sign_in(caller, there)
    (grant,) = grants(caller)["grants"]
    assert (grant["person"], set(grant["may"].values())) == (ANN, {0})
    assert set(grant["may"]) == {"user.telemetry", "user.device", "user.social"}
    for shown in (
        {},
        {"authorization": "Bearer guessed"},
        {"authorization": "Bearer operator-key"},
    ):
        assert caller.ask("GET", "/v1/messenger/grants", headers=shown).status_code == 401


def test_what_the_module_knows_is_not_told_again_until_it_changes(
    caller: Caller, there: FakeMessenger, house: House
) -> None:
    sign_in(caller, there)
    first = grants(caller)
    assert grants(caller, first["version"]) == {"version": first["version"], "grants": None}
    who = SignedIn(subject_of(house, ANN))
    house.deals.choose(who, frozenset({Traffic}), "test")
    after = grants(caller, first["version"])
    assert after["grants"][0]["deal"]["cells"] == ["user.location.precise public.traffic own"]
    house.deals.pause(who, "test")
    paused = grants(caller, after["version"])["grants"][0]["deal"]
    assert paused["paused"]
    house.deals.resume(who, "test")
    assert not grants(caller)["grants"][0]["deal"]["paused"]


def test_who_parts_or_is_erased_is_not_told_of_any_more(
    caller: Caller, there: FakeMessenger
) -> None:
    hers, his = sign_in(caller, there), sign_in(caller, there, "@bob:localhost")
    assert len(grants(caller)["grants"]) == 2
    assert caller.ask("DELETE", "/v1/me/messenger", headers=hers).status_code == 204
    assert [grant["person"] for grant in grants(caller)["grants"]] == ["@bob:localhost"]
    assert caller.ask("POST", "/v1/me/erasure", json={"sure": True}, headers=his).status_code == 202
    assert grants(caller)["grants"] == []
    again = {"token": there.token("@bob:localhost")}
    assert caller.ask("POST", "/v1/me/session/messenger", json=again).status_code == 409
