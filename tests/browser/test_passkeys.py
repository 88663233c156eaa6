"""Signing in as a real browser does it: the cookie that it keeps, and the passkey that it makes."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from browser.served import MappedHouse
from hubbub.terms.purposes import Traffic

pytestmark = pytest.mark.browser

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
ASK = """async ([method, path, token, body]) => {
  const headers = token ? {authorization: `Bearer ${token}`} : {};
  const answer = await fetch(path, {method, headers, body: body && JSON.stringify(body)});
  const text = await answer.text();
  return {status: answer.status, body: text ? JSON.parse(text) : null};
}"""
MAKE = """async (options) => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({publicKey})).toJSON();
}"""
SHOW = """async (options) => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({publicKey})).toJSON();
}"""


SEND = """path => fetch(path, {
  method: "POST", mode: "no-cors", credentials: "include", body: JSON.stringify({sure: true}),
}).then(() => true)"""


class Visitor:
    """Somebody at the house's page, in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def ask(self, method: str, path: str, *, token: str = "", body: object = None) -> Any:
        return self.page.evaluate(ASK, [method, path, token, body])

    def signs_in(self, token: str) -> None:
        assert self.ask("POST", "/v1/me/session", token=token)["status"] == 201

    def is_signed_in(self) -> bool:
        return bool(self.ask("GET", "/v1/me/session")["status"] == 200)


@pytest.fixture
def in_numbers(origin: str) -> str:
    """Give the same address in numbers."""
    return origin.replace("localhost", "127.0.0.1")


@pytest.fixture
def token(house: MappedHouse) -> str:
    """Enrol Ann; give her token."""
    return house.deals.enrol("anns-phone", frozenset({Traffic}), "test").token.secret


@pytest.fixture
def visitor(browser: Browser, origin: str) -> Iterator[Visitor]:
    """Open the house in a browser of its own, with a device that knows its person."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{origin}/notice")
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield Visitor(page)
    context.close()


def test_a_browser_keeps_the_session_and_shows_it_to_no_script(
    visitor: Visitor, token: str
) -> None:
    assert not visitor.is_signed_in()
    visitor.signs_in(token)
    assert visitor.is_signed_in()
    visitor.page.reload()
    assert visitor.is_signed_in()
    assert visitor.page.evaluate("document.cookie") == ""
    assert visitor.ask("DELETE", "/v1/me/session")["status"] == 204
    assert not visitor.is_signed_in()


def test_a_page_changes_something_with_its_cookie(
    house: MappedHouse, visitor: Visitor, token: str
) -> None:
    visitor.signs_in(token)
    assert visitor.ask("DELETE", "/v1/me/deal")["body"]["standing"] == "stopped"
    badge = house.deals.badge(token)
    assert badge is not None
    assert not any(badge.stamps)


def test_a_page_of_another_site_gets_nothing_by_it(
    house: MappedHouse, visitor: Visitor, token: str, origin: str, in_numbers: str
) -> None:
    visitor.signs_in(token)
    visitor.page.goto(
        f"{in_numbers}/healthz"
    )  # to a browser another site, and one without a policy
    assert visitor.page.evaluate(SEND, f"{origin}/v1/me/erasure")
    assert house.deals.erasures.pending() == []
    visitor.page.goto(f"{origin}/healthz")
    assert visitor.page.evaluate(SEND, f"{origin}/v1/me/erasure")
    assert len(house.deals.erasures.pending()) == 1


def test_a_passkey_is_made_and_signs_in(visitor: Visitor, token: str) -> None:
    visitor.signs_in(token)
    options = visitor.ask("POST", "/v1/me/passkeys/options")["body"]
    body = {"name": "laptop", "credential": visitor.page.evaluate(MAKE, options)}
    assert visitor.ask("POST", "/v1/me/passkeys", body=body)["status"] == 201
    visitor.ask("DELETE", "/v1/me/session")

    options = visitor.ask("POST", "/v1/me/session/passkey/options")["body"]
    body = {"credential": visitor.page.evaluate(SHOW, options)}
    card = visitor.ask("POST", "/v1/me/session/passkey", body=body)["body"]
    assert (card["device"], card["by"], card["passkeys_here"]) == ("anns-phone", "passkey", True)
    assert visitor.is_signed_in()
    again = visitor.ask("POST", "/v1/me/session/passkey", body=body)
    assert again["body"]["type"] == "urn:hubbub:problem:passkey-refused"


def test_an_address_in_numbers_has_no_passkeys_and_says_where_there_are(
    visitor: Visitor, token: str, origin: str, in_numbers: str
) -> None:
    visitor.page.goto(f"{in_numbers}/notice")
    visitor.signs_in(token)
    card = visitor.ask("GET", "/v1/me/session")["body"]
    assert (card["passkeys_here"], card["passkeys_origin"]) == (False, origin)
    assert visitor.ask("POST", "/v1/me/passkeys/options")["status"] == 409
