"""A person's own deal: what is on, switched one by one, and the receipt of every change."""

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from deal.tc_strings import core
from hubbub.deal.desk import AgeBand, DeviceName
from hubbub.deal.documents import read_document, verify_document
from hubbub.deal.notice import Operator
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_notices import publish, shipped
from hubbub.terms.purposes import Category, LiveTraffic, Traffic
from hubbub.terms.time import SECOND
from outlet.fake_house import MORNING, Caller, House
from outlet.test_deal import BOTH, bearer, enrolled
from outlet.test_session import later, signed_in

LIVE = {"category": Category.LOCATION, "purpose": LiveTraffic.key, "recipient": "own"}


class Ann:
    """Ann, who has enrolled and signed in."""

    def __init__(self, house: House, caller: Caller) -> None:
        self.house, self.caller = house, caller
        self.token = enrolled(caller, "anns-phone")["token"]
        self.headers = signed_in(caller, self.token)

    def deal(self) -> dict[str, Any]:
        return dict(self.caller.get("/v1/me/deal", headers=self.headers).json())

    def switch(self, cell: dict[str, str], *, on: bool) -> httpx.Response:
        body = {**cell, "on": on}
        return self.caller.ask("PUT", "/v1/me/deal/cell", json=body, headers=self.headers)

    def on(self) -> dict[str, str]:
        """Tell what is on by her page, and since when."""
        return {cell["purpose"]: cell["since"] for cell in self.deal()["cells"] if cell["on"]}

    def granted(self) -> set[str]:
        """Tell what is on by the deal itself."""
        cells = self.house.deals.granted(DeviceName("anns-phone"))
        return {cell.purpose.key for cell in cells}


@pytest.fixture
def ann(house: House, caller: Caller) -> Ann:
    """Let Ann agree to both kinds of traffic."""
    return Ann(house, caller)


def test_every_switch_that_the_notice_has_is_there_on_or_off(ann: Ann) -> None:
    deal = ann.deal()
    named = {(cell["category"], cell["purpose"], cell["recipient"]) for cell in deal["cells"]}
    notice = ann.house.deals.notice()
    assert named == {(c.category, c.purpose.key, c.recipient) for c in notice.cells()}
    assert {cell["purpose"] for cell in deal["cells"] if cell["on"]} == set(BOTH)
    assert all(cell["offered"] and cell["words"] and cell["title"] for cell in deal["cells"])
    assert (deal["device"], deal["standing"], deal["receipt"]) == ("anns-phone", "sharing", 1)
    assert (deal["agreed_version"], deal["notice"]["sha256"]) == (notice.version, notice.sha256)


def test_she_is_told_what_the_notice_says_otherwise_than_when_she_agreed(ann: Ann) -> None:
    assert ann.deal()["changes"] == []
    text = shipped().text
    longer = replace(text.categories[0], retention_days=365)
    with ann.house.deals._database.begin() as connection:
        told = replace(shipped(), text=replace(text, categories=(longer,)))
        publish(connection, told, at=MORNING)
    deal = ann.deal()
    assert (deal["agreed_version"], deal["notice"]["version"]) == (1, 2)
    field = "categories.user.location.precise.retention_days"
    assert deal["changes"] == [{"kind": "changed", "field": field, "before": "90", "after": "365"}]
    assert {cell["category_title"] for cell in deal["cells"]} == {longer.title}
    assert ann.granted() == set(BOTH), "nothing is switched on or off by it"


def test_one_switch_moves_nothing_but_itself(ann: Ann) -> None:
    began = ann.on()[Traffic.key]
    later(ann.house, 60 * SECOND)
    answer = ann.switch(LIVE, on=False)
    assert answer.json() == ann.deal()
    assert ann.on() == {Traffic.key: began}
    assert ann.granted() == {Traffic.key}
    later(ann.house, 60 * SECOND)
    ann.switch(LIVE, on=True)
    assert ann.on()[Traffic.key] == began
    assert ann.on()[LiveTraffic.key] > began
    assert ann.granted() == set(BOTH)


def test_the_phone_keeps_its_token(ann: Ann) -> None:
    ann.switch(LIVE, on=False)
    badge = ann.house.deals.badge(ann.token)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 1
    assert ann.caller.get("/v1/me/session", headers=ann.headers).status_code == 200


def test_what_is_so_already_makes_no_receipt(ann: Ann) -> None:
    assert ann.switch(LIVE, on=True).json()["receipt"] == 1
    ann.switch(LIVE, on=False)
    assert ann.switch(LIVE, on=False).json()["receipt"] == 2


def test_everything_is_off_by_one_call(ann: Ann) -> None:
    answer = ann.caller.ask("DELETE", "/v1/me/deal", headers=ann.headers)
    assert (answer.json()["standing"], ann.granted(), ann.on()) == ("stopped", set(), {})
    assert ann.switch(LIVE, on=True).json()["standing"] == "sharing"


def test_a_pause_closes_everything_and_changes_no_switch(ann: Ann) -> None:
    def put(*, paused: bool) -> dict[str, Any]:
        body = {"paused": paused}
        answer = ann.caller.ask("PUT", "/v1/me/deal/pause", json=body, headers=ann.headers)
        return dict(answer.json())

    before = ann.on()
    told = put(paused=True)
    assert (told["standing"], told["paused_since"]) == ("paused", "2026-11-24T06:12:00Z")
    assert (ann.on(), told["receipt"]) == (before, 1)
    badge = ann.house.deals.badge(ann.token)
    assert badge is not None
    assert badge.paused
    ann.switch(LIVE, on=False)
    assert ann.deal()["standing"] == "paused"
    later(ann.house, 60 * SECOND)
    assert put(paused=True)["paused_since"] == "2026-11-24T06:12:00Z"
    told = put(paused=False)
    assert (told["standing"], told["paused_since"]) == ("sharing", None)
    assert ann.on() == {Traffic.key: before[Traffic.key]}


def republish(house: House) -> None:
    """Put another notice in force: of an operator who has moved."""
    moved = Operator(name="Somebody else", contact="a new address")
    DealStore(house.folder / "deal.sqlite", house, told=shipped(moved)).close()


def test_what_changed_in_the_notice_is_shown_until_it_is_dismissed_and_widens_nothing(
    ann: Ann,
) -> None:
    before = ann.deal()
    assert (before["changes"], before["agreed_version"]) == ([], before["notice"]["version"])
    republish(ann.house)
    told = ann.deal()
    fields = {change["field"]: (change["kind"], change["after"]) for change in told["changes"]}
    assert fields["operator.contact"] == ("changed", "a new address")
    assert told["notice"]["version"] == told["agreed_version"] + 1
    assert not told["changes_dismissed"]

    path, newest = "/v1/me/deal/dismissed", told["notice"]["version"]
    too_new = {"version": newest + 1}
    assert ann.caller.ask("PUT", path, json=too_new, headers=ann.headers).status_code == 400
    assert not ann.deal()["changes_dismissed"]
    dismissed = ann.caller.ask("PUT", path, json={"version": newest}, headers=ann.headers).json()
    assert dismissed["changes_dismissed"]
    assert (dismissed["receipt"], ann.granted()) == (1, set(BOTH))
    ann.caller.ask("PUT", path, json={"version": newest - 1}, headers=ann.headers)
    assert ann.deal()["changes_dismissed"]


def test_a_minor_is_asked_one_thing_at_a_time(house: House, caller: Caller) -> None:
    young = house.deals.enrol("bens-phone", frozenset({Traffic}), "test", age=AgeBand.MINOR)
    of_minor = caller.get("/v1/me/deal", headers=bearer(young.token.secret)).json()
    assert of_minor["age_band"] == "minor"
    assert all(cell["alone"] for cell in of_minor["cells"])
    of_adult = caller.get("/v1/me/deal", headers=bearer(enrolled(caller)["token"])).json()
    special = {cell["category"]: cell["alone"] for cell in of_adult["cells"]}
    notice = house.deals.notice()
    assert special == {each: notice.is_special(Category(each)) for each in special}


def test_another_change_is_asked_about_anew(ann: Ann) -> None:
    body = {"version": ann.deal()["notice"]["version"]}
    ann.caller.ask("PUT", "/v1/me/deal/dismissed", json=body, headers=ann.headers)
    assert ann.deal()["changes_dismissed"]
    republish(ann.house)
    assert not ann.deal()["changes_dismissed"]


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({**LIVE, "purpose": "everything"}, 400),
        ({**LIVE, "category": "everything"}, 400),
        ({**LIVE, "category": Category.PHONE_NUMBER}, 422),
        ({**LIVE, "recipient": "somebody"}, 422),
        ({**LIVE, "all": True}, 400),
    ],
)
def test_a_switch_that_there_is_not_moves_nothing(
    ann: Ann, wish: dict[str, str], status: int
) -> None:
    answer = ann.switch(wish, on=True)
    assert (answer.status_code, ann.granted()) == (status, set(BOTH))
    assert ann.deal()["receipt"] == 1


@pytest.mark.parametrize("said", [1, "yes", None])
def test_on_is_yes_and_nothing_that_looks_like_it(ann: Ann, said: object) -> None:
    body = {**LIVE, "on": said}
    answer = ann.caller.ask("PUT", "/v1/me/deal/cell", json=body, headers=ann.headers)
    assert (answer.status_code, ann.granted()) == (400, set(BOTH))


def test_a_signal_against_a_switch_is_heeded_and_shown_with_its_time(ann: Ann) -> None:
    ann.switch(LIVE, on=False)
    ann.headers |= {"tc-string": core(special_features=set())}
    told = ann.switch(LIVE, on=True).json()
    assert LiveTraffic.key not in ann.granted()
    conflicts = {cell["purpose"]: cell["conflicts"] for cell in told["cells"]}
    assert conflicts[LiveTraffic.key] == ["tcf"]
    assert conflicts[Traffic.key] == []
    (conflict,) = told["conflicts"]
    assert (conflict["signal"], conflict["cells"]) == ("tcf", [LIVE])
    assert (conflict["first_at"], conflict["times"]) == ("2026-11-24T06:12:00Z", 1)


def test_every_change_has_a_receipt_to_keep(ann: Ann) -> None:
    ann.switch(LIVE, on=False)
    newest, first = ann.caller.get("/v1/me/receipts", headers=ann.headers).json()
    assert (newest["number"], first["number"]) == (2, 1)
    assert newest["closed"] == ["user.location.precise public.traffic.live own"]
    assert [cell["purpose"] for cell in newest["granted"]] == [Traffic.key]
    for number in (1, 2):
        file = ann.caller.get(f"/v1/me/receipts/{number}", headers=ann.headers)
        verify_document(read_document(file.content), ann.house.deals.public_key())
        assert file.headers["content-disposition"].startswith("attachment")
    for number in ("0", "3", "-1", "x", "1.0"):
        answer = ann.caller.get(f"/v1/me/receipts/{number}", headers=ann.headers)
        assert answer.status_code == 404


def test_receipts_are_numbered_for_each_person_alone(ann: Ann) -> None:
    ben = enrolled(ann.caller, "bens-phone")
    file = ann.caller.get("/v1/me/receipts/1", headers=bearer(ben["token"]))
    assert file.json() == ben["receipt"]
