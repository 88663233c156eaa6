"""The deal over HTTP: sharing, stopping, and one's own receipts."""

import base64
import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import hypothesis
import hypothesis.strategies as st
import pytest

from hubbub.deal.desk import Token
from hubbub.deal.receipt import read_receipt, verify
from hubbub.outlet.app import operations_of
from hubbub.outlet.operations import Operation
from hubbub.terms.purposes import Category, Cell, Places, Traffic
from outlet.fake_house import OPERATOR, SLOW, Caller, House

BOTH = ["public.traffic", "public.traffic.live"]


def enrolled(caller: Caller, device: str = "anns-phone", **options: Any) -> dict[str, Any]:
    """Enrol a device; give what it was answered."""
    answer = caller.ask(
        "POST", "/v1/deal/enrolments", json={"device": device, "purposes": BOTH}, **options
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def bearer(token: str) -> dict[str, str]:
    """Show a token."""
    return {"authorization": f"Bearer {token}"}


def test_enrolling_gives_a_token_and_a_signed_receipt(house: House, caller: Caller) -> None:
    answer = enrolled(caller)

    receipt = read_receipt(json.dumps(answer["receipt"]).encode())
    verify(receipt, house.deals.public_key())
    badge = house.deals.badge(answer["token"])
    assert badge is not None
    assert {cell.purpose.key for cell in receipt.cells()} == set(BOTH)


def test_nothing_is_agreed_to_but_what_was_named(house: House, caller: Caller) -> None:
    body = {"device": "a", "purposes": ["public.traffic"]}
    token = caller.ask("POST", "/v1/deal/enrolments", json=body).json()["token"]
    badge = house.deals.badge(token)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 1


def test_who_holds_the_token_chooses_anew_and_gets_another(house: House, caller: Caller) -> None:
    old = enrolled(caller)["token"]
    caller.ask("DELETE", "/v1/deal/enrolments/current", headers=bearer(old))
    chosen = {"purposes": ["public.traffic"]}
    again = caller.ask("PUT", "/v1/deal/enrolments/current", json=chosen, headers=bearer(old))
    assert again.status_code == 200
    renewed = house.deals.badge(again.json()["token"])
    assert renewed is not None
    assert renewed.stamp(Category.LOCATION) == 1
    assert house.deals.badge(old) is None


def test_nobody_chooses_anew_without_the_devices_token(caller: Caller) -> None:
    enrolled(caller)
    chosen = {"purposes": ["public.traffic"]}
    stranger = bearer("guess")
    for headers in ({}, stranger):
        answer = caller.ask("PUT", "/v1/deal/enrolments/current", json=chosen, headers=headers)
        assert answer.status_code == 401


def test_where_enrolment_is_not_open_only_the_operator_enrols(house: House) -> None:
    house.open_enrolment = False
    caller = Caller(house)
    body = {"device": "a", "purposes": BOTH}

    nobody = caller.ask("POST", "/v1/deal/enrolments", json=body)
    stranger = caller.ask("POST", "/v1/deal/enrolments", json=body, headers=bearer("guess"))

    assert (nobody.status_code, stranger.status_code) == (401, 401)
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert house.deals.status().devices == 0
    assert enrolled(caller, headers=bearer(OPERATOR))["token"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_never_agrees_in_somebodys_name(
    house: House, caller: Caller, site: str
) -> None:
    body = {"device": "a", "purposes": BOTH}
    elsewhere = caller.ask(
        "POST", "/v1/deal/enrolments", json=body, headers={"sec-fetch-site": site}
    )
    assert (elsewhere.status_code, house.deals.status().devices) == (403, 0)
    assert enrolled(caller, headers={"sec-fetch-site": "same-origin"})["token"]


def test_links_lead_to_where_the_browser_is_and_to_nowhere_else(caller: Caller) -> None:
    proxied = enrolled(caller, "a", headers={"origin": "https://hubbub.test"})
    foreign = enrolled(caller, "b", headers={"origin": "https://elsewhere.test"})

    assert quote("https://hubbub.test/v1/intake", safe="") in proxied["set_up"][1]["link"]
    assert "elsewhere.test" not in json.dumps(foreign)


def test_a_name_is_taken_once(caller: Caller) -> None:
    enrolled(caller, "ann")
    body = {"device": "ann", "purposes": BOTH}

    answer = caller.ask("POST", "/v1/deal/enrolments", json=body)

    assert (answer.status_code, answer.json()["field"]) == (409, "device")
    assert "ann" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"device": "a"}',
        b'{"device": 7, "purposes": ["public.traffic"]}',
        b'{"device": "a", "purposes": "public.traffic"}',
        b'{"device": "a", "purposes": {"public.traffic": 1}}',
        b'{"device": "a", "purposes": []}',
        b'{"device": "", "purposes": ["public.traffic"]}',
        b'{"device": "a", "purposes": ["public.traffic"], "granted": true}',
        b'{"device": "a", "purposes": ["everything"]}',
        b'{"device": "a\\u0000b", "purposes": ["public.traffic"]}',
    ],
)
def test_a_choice_that_is_not_clear_is_no_choice(house: House, caller: Caller, body: bytes) -> None:
    answer = caller.ask("POST", "/v1/deal/enrolments", content=body)

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert house.deals.status().devices == 0


@hypothesis.given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["device", "purposes", "x"]), inner, max_size=3)
            ),
            max_leaves=8,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_outlet_fault_or_agree(house: House, caller: Caller, body: bytes) -> None:
    answer = caller.ask("POST", "/v1/deal/enrolments", content=body)
    assert answer.status_code in {400, 422}
    assert house.deals.status().devices == 0


def test_withdrawing_takes_effect_at_once_and_leaves_a_receipt(
    house: House, caller: Caller
) -> None:
    token = enrolled(caller)["token"]

    answer = caller.ask("DELETE", "/v1/deal/enrolments/current", headers=bearer(token))

    badge = house.deals.badge(token)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 0
    assert answer.json()["dpv:hasConsentStatus"] == "dpv:ConsentWithdrawn"


def test_one_purpose_can_be_taken_back_alone(house: House, caller: Caller) -> None:
    token = enrolled(caller)["token"]

    path = "/v1/deal/enrolments/current?purposes=public.traffic.live"
    caller.ask("DELETE", path, headers=bearer(token))

    badge = house.deals.badge(token)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 1


@pytest.mark.parametrize("purposes", ["", "everything", "public.traffic,,"])
def test_taking_back_what_there_is_not_changes_nothing(
    house: House, caller: Caller, purposes: str
) -> None:
    token = enrolled(caller)["token"]
    before = house.deals.badge(token)

    path = f"/v1/deal/enrolments/current?purposes={purposes}"
    answer = caller.ask("DELETE", path, headers=bearer(token))

    assert (answer.status_code, house.deals.badge(token)) == (400, before)


def test_a_person_sees_her_own_receipts_and_never_another_persons(caller: Caller) -> None:
    ann, ben = enrolled(caller, "ann"), enrolled(caller, "ben")

    of_ann = caller.get("/v1/deal/receipts", headers=bearer(ann["token"])).json()

    assert of_ann == [ann["receipt"]]
    assert ben["receipt"] not in of_ann


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/deal/receipts"), ("DELETE", "/v1/deal/enrolments/current")],
)
@pytest.mark.parametrize("headers", [{}, bearer(""), bearer("hub_guess"), {"authorization": "x"}])
def test_without_a_token_that_is_known_nothing_is_shown_or_changed(
    caller: Caller, method: str, path: str, headers: dict[str, str]
) -> None:
    enrolled(caller)
    answer = caller.ask(method, path, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:hubbub:problem:no-token")


def test_what_is_about_one_person_is_kept_by_no_cache(caller: Caller) -> None:
    token = enrolled(caller)["token"]
    answer = caller.get("/v1/deal/receipts", headers=bearer(token))
    assert answer.headers["cache-control"] == "no-store"


def test_owntracks_is_told_where_to_send_and_as_whom(caller: Caller) -> None:
    answer = enrolled(caller)
    link = next(way["link"] for way in answer["set_up"] if way["app"] == "OwnTracks")

    inline = parse_qs(urlsplit(link).query)["inline"][0]
    configuration = json.loads(base64.b64decode(inline))

    assert link.startswith("owntracks:///config?inline=")
    assert configuration["_type"] == "configuration"
    assert configuration["url"] == "http://hubbub.test/v1/intake/owntracks"
    assert configuration["password"] == answer["token"]


def test_overland_is_told_where_to_send_and_as_whom(caller: Caller) -> None:
    answer = enrolled(caller)
    link = next(way["link"] for way in answer["set_up"] if way["app"] == "Overland")

    given = parse_qs(urlsplit(link).query)

    assert link.startswith("overland://setup?")
    assert given["url"] == ["http://hubbub.test/v1/intake/overland"]
    assert given["token"] == [answer["token"]]


def test_each_link_comes_as_a_picture_too_where_one_asks_for_it(caller: Caller) -> None:
    for way in enrolled(caller, params={"qr": "yes"})["set_up"]:
        assert way["qr_svg"].startswith("<svg") == bool(way["link"])
    assert not any(way["qr_svg"] for way in enrolled(caller, "bobs-phone")["set_up"])


def test_the_notice_in_force_is_told(house: House, caller: Caller) -> None:
    notice = caller.get("/v1/notice").json()
    assert notice["version"] == house.deals.notice().version
    assert {use["purpose"] for use in notice["uses"]} >= set(BOTH)


def test_each_switch_can_be_named_by_its_cell(house: House, caller: Caller) -> None:
    cell = {"category": "user.location.precise", "purpose": "public.traffic"}
    body = {"device": "a", "cells": [cell, {**cell, "purpose": "public.places"}]}
    token = caller.ask("POST", "/v1/deal/enrolments", json=body).json()["token"]
    assert {c.purpose for c in house.deals.granted(Token(token))} == {Traffic, Places}
    path = "/v1/deal/enrolments/current?cells=user.location.precise:public.places:own"
    receipt = caller.ask("DELETE", path, headers=bearer(token)).json()
    assert receipt["hubbub:closed"] == ["user.location.precise public.places own"]
    assert house.deals.granted(Token(token)) == (Cell(Category.LOCATION, Traffic),)


@pytest.mark.parametrize(
    "cell",
    [
        {"category": "user.soul", "purpose": "public.traffic"},
        {"category": "user.device", "purpose": "public.traffic"},
        {"category": "user.location.precise", "purpose": "everything"},
        {"category": "user.location.precise", "purpose": "public.traffic", "recipient": "x"},
        {"category": "user.location.precise"},
        {"category": "user.location.precise", "purpose": "public.traffic", "on": True},
    ],
)
def test_a_cell_that_is_not_offered_is_no_choice(
    house: House, caller: Caller, cell: dict[str, Any]
) -> None:
    answer = caller.ask("POST", "/v1/deal/enrolments", json={"device": "a", "cells": [cell]})
    assert answer.status_code in {400, 422}
    assert house.deals.status().devices == 0


@pytest.mark.parametrize("cells", ["user.device", "a:b:c", "user.device:public.traffic:own:x"])
def test_taking_back_what_is_no_cell_changes_nothing(
    house: House, caller: Caller, cells: str
) -> None:
    token = enrolled(caller)["token"]
    before = house.deals.badge(token)
    path = f"/v1/deal/enrolments/current?cells={cells}"
    assert caller.ask("DELETE", path, headers=bearer(token)).status_code == 400
    assert house.deals.badge(token) == before


def test_a_minor_is_asked_for_no_more_than_that_and_chooses_one_at_a_time(caller: Caller) -> None:
    body = {"device": "a", "age_band": "minor", "purposes": BOTH}
    bulk = caller.ask("POST", "/v1/deal/enrolments", json=body)
    assert (bulk.status_code, bulk.json()["type"]) == (422, "urn:hubbub:problem:cannot-choose")
    alone = {**body, "purposes": BOTH[:1]}
    assert caller.ask("POST", "/v1/deal/enrolments", json=alone).status_code == 201
    years = {**alone, "age_band": 15}
    assert caller.ask("POST", "/v1/deal/enrolments", json=years).status_code == 400


def test_a_notice_is_published_under_its_hash_and_is_the_bytes_of_it(caller: Caller) -> None:
    in_force = caller.get("/v1/notice")
    where = in_force.headers["content-location"]
    kept = caller.get(where)
    assert kept.content == in_force.content
    assert where == f"/v1/notices/{sha256(kept.content).hexdigest()}"
    assert caller.get("/v1/notices/1").content == kept.content
    assert "immutable" in kept.headers["cache-control"]
    assert "no-cache" in in_force.headers["cache-control"]
    receipt = enrolled(caller)["receipt"]
    assert receipt["dpv:hasNotice"]["hubbub:sha256"] in where


@pytest.mark.parametrize("name", ["2", "0", "-1", "ff", "1.0", "٣"])
def test_a_notice_that_never_was_is_not_found(caller: Caller, name: str) -> None:
    assert caller.get(f"/v1/notices/{name}").status_code == 404


def example_of(operation: Operation) -> str:
    """Ask with the example of its first parameter, and of all that are in its path."""
    inside = {each.name: each.example for each in operation.parameters if each.within == "path"}
    asked = [(each.name, each.example) for each in operation.parameters if each.within == "query"]
    path = re.sub(r"{(\w+)(:\w+)?}", lambda hole: inside[hole[1]], operation.path)
    return f"{path}?{urlencode(asked[:1])}"


def test_sharing_is_never_a_condition_of_the_service(house: House, caller: Caller) -> None:
    sharing, nothing = enrolled(caller, "ann"), enrolled(caller, "ben")
    caller.ask("DELETE", "/v1/deal/enrolments/current", headers=bearer(nothing["token"]))
    house.publish(SLOW)
    asked = [
        (operation.method, example_of(operation))
        for operation in operations_of(House(house.folder))  # apart from the app that serves it
        if operation.who == "anybody" and operation.method == "GET"
    ]
    assert len(asked) > 12
    for method, path in asked:
        assert caller.ask(method, path).status_code in {200, 404}, path
        without, with_all = (
            caller.ask(method, path, headers=bearer(whose["token"])) for whose in (nothing, sharing)
        )
        assert without.status_code == with_all.status_code, path
        assert without.content == with_all.content or path.startswith("/metrics"), path
