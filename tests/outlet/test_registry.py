"""Who may read, who reads, and what partners' clients get: releases, and no person."""

import json
from typing import Any

import pytest

from deal.tc_strings import core
from hubbub.crowd.laws import G
from hubbub.deal.desk import Token
from hubbub.deal.recipients import Scope
from hubbub.outlet.fetching import STRANGERS
from hubbub.terms.purposes import LiveTraffic, Traffic
from outlet.fake_house import Caller, House

LIVE = (Scope("traffic.live", LiveTraffic.key),)
USUAL = (Scope("traffic.typical", Traffic.key),)


def bearer(token: str) -> dict[str, str]:
    """Show a token."""
    return {"authorization": f"Bearer {token}"}


def client_of(
    house: House, scopes: tuple[Scope, ...] = LIVE, *, requests_a_minute: int = 60
) -> dict[str, str]:
    """Register Acme and a client of it; give its token as a header."""
    if len(house.deals.registry.cards()) == 1:
        house.deals.registry.add("acme", name="Acme Maps", kind="partner")
    _, token = house.deals.registry.add_client("acme", scopes, requests_a_minute=requests_a_minute)
    return bearer(token.secret)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def kind(answer: Any) -> str:
    return str(answer.json()["type"].removeprefix("urn:hubbub:problem:"))


def test_everybody_sees_who_may_read_and_since_when_not(house: House, caller: Caller) -> None:
    client_of(house)
    house.deals.registry.revoke("acme")
    own, acme = caller.get("/v1/recipients").json()
    assert own == {
        "key": "own",
        "name": "the operator's own service",
        "kind": "own",
        "since": None,
        "revoked_at": None,
    }
    assert (acme["name"], acme["kind"]) == ("Acme Maps", "partner")
    assert acme["revoked_at"] == acme["since"]
    assert "token" not in acme


def test_that_gpc_is_heeded_is_told_where_the_signal_says(caller: Caller) -> None:
    answer = caller.get("/.well-known/gpc.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"gpc": True, "lastUpdate": "2026-11-25"}


def test_the_head_of_the_log_moves_with_what_is_read(house: House, caller: Caller) -> None:
    assert caller.get("/v1/audit/head").json() == {"seq": 0, "hash": "0" * 64}
    house.keeper.keep("one")
    assert caller.get("/v1/bulk/traffic.live", headers=client_of(house)).status_code == 200
    head = caller.get("/v1/audit/head").json()
    assert head["seq"] == 1
    house.log.close()
    assert caller.get("/v1/audit/head").json()["seq"] == 2
    assert caller.get("/v1/audit/heads/1").json() == head, "what was noted is still there"
    for unknown in ("3", "0", "9" * 30, "x"):
        assert caller.get(f"/v1/audit/heads/{unknown}").status_code == 404


def test_a_client_fetches_what_was_released_and_it_is_written_down(
    house: House, caller: Caller
) -> None:
    for release in ("one", "two", "three"):
        house.keeper.keep(release)
    acme = client_of(house)
    answer = caller.get("/v1/bulk/traffic.live?limit=2", headers=acme)
    assert answer.headers["content-type"] == "application/x-ndjson"
    one, two = lines(answer.text)
    assert (one["id"], two["id"]) == ("one", "two")
    assert one["columns"] == {"key": [0], "up": [3 * G], "down": [G]}
    assert (one["grid"], one["sha256"]) == (G, house.keeper.kept["one"].digest)
    assert "stays hidden in the crowd" in one["words"]
    (three,) = lines(caller.get("/v1/bulk/traffic.live?after=two", headers=acme).text)
    assert three["id"] == "three"
    house.log.close()
    (hour,) = house.reads_shelf.stretches(since=house.now())
    assert (hour.what, hour.times) == ("releases", 2)
    assert hour.reader == ("traffic.live", LiveTraffic.key, "acme")


def test_whoever_has_no_token_gets_the_same_and_is_not_written_down(
    house: House, caller: Caller
) -> None:
    house.keeper.keep("one")
    with_token = caller.get("/v1/bulk/traffic.live", headers=client_of(house))
    assert caller.get("/v1/bulk/traffic.live").text == with_token.text
    assert caller.get("/v1/audit/head").json()["seq"] == 1


def test_a_client_asks_as_often_as_was_agreed_and_a_stranger_less(
    house: House, caller: Caller
) -> None:
    acme = client_of(house, requests_a_minute=20)
    burst = int(STRANGERS.burst)
    strangers = [caller.get("/v1/bulk/traffic.live") for _ in range(burst + 1)]
    assert [each.status_code for each in strangers] == [200] * burst + [429]
    assert kind(strangers[-1]) == "too-often"
    assert 1 <= int(strangers[-1].headers["retry-after"]) <= 6
    clients = [caller.get("/v1/bulk/traffic.live", headers=acme) for _ in range(21)]
    assert [each.status_code for each in clients] == [200] * 20 + [429]
    assert 1 <= int(clients[-1].headers["retry-after"]) <= 3
    other = client_of(house)
    assert caller.get("/v1/bulk/traffic.live", headers=other).status_code == 200


def test_a_client_is_refused_what_it_was_not_registered_for(house: House, caller: Caller) -> None:
    house.keeper.keep("one")
    answer = caller.get("/v1/bulk/traffic.live", headers=client_of(house, USUAL))
    assert (answer.status_code, kind(answer)) == (403, "out-of-scope")
    assert caller.get("/v1/audit/head").json()["seq"] == 0


@pytest.mark.parametrize("how", ["client", "recipient"])
def test_a_token_that_was_revoked_is_refused_at_once(
    house: House, caller: Caller, how: str
) -> None:
    acme = client_of(house)
    assert caller.get("/v1/bulk/traffic.live", headers=acme).status_code == 200
    if how == "client":
        house.deals.registry.revoke_client(1)
    else:
        house.deals.registry.revoke("acme")
    answer = caller.get("/v1/bulk/traffic.live", headers=acme)
    assert (answer.status_code, kind(answer)) == (401, "no-token")


def test_a_client_is_nobody_to_what_is_a_persons(house: House, caller: Caller) -> None:
    acme = client_of(house)
    for path in ("/v1/me/pings", "/v1/deal/receipts", "/v1/me/session"):
        assert caller.get(path, headers=acme).status_code == 401, path


def test_a_persons_token_is_no_clients(house: House, caller: Caller) -> None:
    ann = house.deals.enrol("ann", frozenset({Traffic}), "page")
    answer = caller.get("/v1/bulk/traffic.live", headers=bearer(ann.token.secret))
    assert answer.status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=nothing"])
def test_a_parameter_that_cannot_be_used_is_told(caller: Caller, query: str) -> None:
    assert caller.get(f"/v1/bulk/traffic.live?{query}").status_code == 400


def test_an_unknown_product_is_not_here(caller: Caller) -> None:
    assert caller.get("/v1/bulk/rows").status_code == 404


def test_what_the_ledger_does_not_know_leaves_to_no_client(house: House, caller: Caller) -> None:
    house.keeper.keep("one")
    house.is_released = lambda digest: not digest  # type: ignore[method-assign]
    answer = caller.get("/v1/bulk/traffic.live", headers=client_of(house))
    assert (answer.status_code, kind(answer)) == (500, "withheld")


def test_sharing_under_a_signal_is_for_what_it_leaves(house: House, caller: Caller) -> None:
    refused = {"tc-string": core(special_features=())}
    wish = {"device": "ann", "purposes": ["public.traffic"]}
    answer = caller.ask("POST", "/v1/deal/enrolments", json=wish, headers=refused)
    assert (answer.status_code, kind(answer)) == (422, "cannot-choose")
    assert "signal" in answer.json()["detail"]
    heeded = caller.ask("POST", "/v1/deal/enrolments", json=wish, headers={"sec-gpc": "1"})
    assert heeded.status_code == 201, "traffic for the own service is not what GPC is about"
    assert house.deals.conflicts(Token(heeded.json()["token"])) == []


def test_choosing_anew_what_a_signal_closes_changes_nothing(house: House, caller: Caller) -> None:
    both = frozenset({Traffic, LiveTraffic})
    ann = house.deals.enrol("ann", both, "page")
    signals = {"tc-string": core(purposes=(), special_features=())}
    answer = caller.ask(
        "PUT",
        "/v1/deal/enrolments/current",
        json={"purposes": [Traffic.key]},
        headers=bearer(ann.token.secret) | signals,
    )
    assert answer.status_code == 422
    assert len(house.deals.granted(ann.token)) == 2


def test_a_bad_string_is_a_clear_error_and_agrees_to_nothing(house: House, caller: Caller) -> None:
    wish = {"device": "ann", "purposes": ["public.traffic"]}
    for way in ({"headers": {"tc-string": "CQ"}}, {"params": {"gdpr_consent": "CQ"}}):
        answer = caller.ask("POST", "/v1/deal/enrolments", json=wish, **way)
        assert (answer.status_code, kind(answer)) == (400, "bad-tc-string")
        assert answer.json()["detail"] == "not a TC string of TCF 2.2 or 2.3: it is whole"
    assert house.deals.status().devices == 0


def test_the_document_tells_of_the_signals(caller: Caller) -> None:
    paths = caller.get("/openapi.json").json()["paths"]
    told = {each["name"]: each["in"] for each in paths["/v1/deal/enrolments"]["post"]["parameters"]}
    assert told["Sec-GPC"] == told["TC-String"] == "header"
