"""Signing in and out: what a browser is given, what it is good for, and when it ends."""

from typing import Any

import httpx
import pytest

from hubbub.deal.desk import DeviceName
from hubbub.deal.identity import FRESH_US, SESSION_US, Secret
from hubbub.outlet.challenges import LASTS_S, Challenges
from hubbub.outlet.recognising import COOKIE
from hubbub.record.deal_store_identity import PASSKEYS_MAX
from hubbub.terms.purposes import Category
from hubbub.terms.time import SECOND, Instant
from outlet.authenticator import PRESENT, Authenticator, b64
from outlet.fake_house import Caller, House
from outlet.test_deal import BOTH, bearer, enrolled
from record.deal_store_rig import database

OURS = {"sec-fetch-site": "same-origin"}


def cookie(secret: str) -> dict[str, str]:
    """Show a session, from a page of the house's own."""
    return {"cookie": f"{COOKIE}={secret}", **OURS}


def kept(answer: httpx.Response) -> str:
    """Give the secret that a browser keeps."""
    assert answer.status_code == 201, answer.text
    return str(answer.cookies[COOKIE])


def signed_in(caller: Caller, token: str) -> dict[str, str]:
    """Sign in with a token; give what the browser then sends."""
    return cookie(kept(caller.ask("POST", "/v1/me/session", headers=bearer(token))))


@pytest.fixture
def token(caller: Caller) -> str:
    """Enrol Ann; give her device's token."""
    return str(enrolled(caller, "anns-phone")["token"])


@pytest.fixture
def ann(caller: Caller, token: str) -> dict[str, str]:
    """Sign Ann in."""
    return signed_in(caller, token)


def later(house: House, us: int) -> None:
    """Move the real clock on."""
    house.at = Instant(house.at + us)


def test_a_token_gets_a_session_that_knows_the_same_person(
    caller: Caller, token: str, ann: dict[str, str]
) -> None:
    card = caller.get("/v1/me/session", headers=ann).json()
    assert (card["device"], card["by"], card["sessions"]) == ("anns-phone", "token", 1)
    of_cookie = caller.get("/v1/deal/receipts", headers=ann).json()
    assert of_cookie == caller.get("/v1/deal/receipts", headers=bearer(token)).json()


def test_the_cookie_is_for_this_host_over_tls_and_for_no_script(caller: Caller, token: str) -> None:
    answer = caller.ask("POST", "/v1/me/session", headers=bearer(token))
    name, *told = answer.headers["set-cookie"].split("; ")
    attributes = {each.lower() for each in told}
    assert name.startswith("__Host-hubbub=ses_")
    assert {"httponly", "secure", "samesite=strict", "path=/", "max-age=43200"} <= attributes
    assert not any(each.startswith("domain") for each in attributes)


def test_a_session_rests_nowhere_but_as_its_hash(house: House, ann: dict[str, str]) -> None:
    secret = ann["cookie"].removeprefix(f"{COOKIE}=").encode()
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert files
    assert not any(secret in path.read_bytes() for path in files)


def test_a_session_ends_by_itself_and_not_before(
    house: House, caller: Caller, ann: dict[str, str]
) -> None:
    later(house, SESSION_US - SECOND)
    assert caller.get("/v1/me/session", headers=ann).status_code == 200
    later(house, SECOND)
    assert caller.get("/v1/me/session", headers=ann).status_code == 401


def test_sessions_that_have_ended_are_swept_out(house: House, caller: Caller, token: str) -> None:
    signed_in(caller, token)
    later(house, SESSION_US)
    signed_in(caller, token)
    with database(house.folder) as deal:
        assert deal.exec_driver_sql("SELECT count(*) FROM session").scalar() == 1


def test_a_session_does_not_renew_itself(caller: Caller, ann: dict[str, str]) -> None:
    assert caller.ask("POST", "/v1/me/session", headers=ann).status_code == 401


def test_signing_out_here_leaves_the_other_browser_in(
    caller: Caller, token: str, ann: dict[str, str]
) -> None:
    other = signed_in(caller, token)
    answer = caller.ask("DELETE", "/v1/me/session", headers=ann)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert caller.get("/v1/me/session", headers=ann).status_code == 401
    assert caller.get("/v1/me/session", headers=other).status_code == 200


def test_signing_out_everywhere_ends_hers_and_nobody_elses(
    caller: Caller, token: str, ann: dict[str, str]
) -> None:
    other = signed_in(caller, token)
    ben = signed_in(caller, enrolled(caller, "bens-phone")["token"])
    caller.ask("DELETE", "/v1/me/session?everywhere=yes", headers=ann)
    known = [caller.get("/v1/me/session", headers=each).status_code for each in (ann, other, ben)]
    assert known == [401, 401, 200]


def test_signing_in_again_takes_the_place_of_this_browsers_session(
    caller: Caller, token: str, ann: dict[str, str]
) -> None:
    again = caller.ask("POST", "/v1/me/session", headers={**ann, **bearer(token)})
    assert again.json()["sessions"] == 1
    assert caller.get("/v1/me/session", headers=ann).status_code == 401


def test_a_new_token_ends_the_sessions_of_the_old_one(
    house: House, caller: Caller, ann: dict[str, str]
) -> None:
    house.deals.renew(DeviceName("anns-phone"), house.deals.notice().purposes(), "test")
    assert caller.get("/v1/me/session", headers=ann).status_code == 401


def test_who_is_being_erased_is_a_stranger_at_once(
    house: House, caller: Caller, token: str, ann: dict[str, str]
) -> None:
    house.deals.erase(DeviceName("anns-phone"), "test")
    for shown in (ann, bearer(token)):
        assert caller.get("/v1/me/session", headers=shown).status_code == 401


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://elsewhere.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": "http://hubbub.test"},
    ],
)
def test_a_page_of_another_site_changes_nothing_with_her_cookie(
    house: House, caller: Caller, ann: dict[str, str], said: dict[str, str]
) -> None:
    headers = {"cookie": ann["cookie"], **said}
    answer = caller.ask("DELETE", "/v1/deal/enrolments/current", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:hubbub:problem:from-elsewhere")
    assert house.deals.badge_of(DeviceName("anns-phone")).stamp(Category.LOCATION) != 0


@pytest.mark.parametrize("said", [OURS, {"origin": "http://hubbub.test"}])
def test_a_page_of_the_house_does(
    house: House, caller: Caller, ann: dict[str, str], said: dict[str, str]
) -> None:
    headers = {"cookie": ann["cookie"], **said}
    assert caller.ask("DELETE", "/v1/deal/enrolments/current", headers=headers).status_code == 200
    assert house.deals.badge_of(DeviceName("anns-phone")).stamp(Category.LOCATION) == 0


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nothing_of_hers_is_read_for_a_page_of_another_site(
    caller: Caller, ann: dict[str, str], site: str
) -> None:
    headers = {**ann, "sec-fetch-site": site}
    assert caller.get("/v1/deal/receipts", headers=headers).status_code == 403


def test_what_takes_somebody_who_signed_in_lately_takes_it_for_five_minutes(
    house: House, caller: Caller, token: str, ann: dict[str, str]
) -> None:
    ask = {"purposes": BOTH}
    later(house, FRESH_US)
    answer = caller.ask("PUT", "/v1/deal/enrolments/current", json=ask, headers=ann)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:hubbub:problem:not-fresh")
    assert caller.get("/v1/me/session", headers=ann).json()["fresh_until"] is None
    again = signed_in(caller, token)
    later(house, FRESH_US - SECOND)
    assert caller.get("/v1/me/session", headers=again).json()["fresh_until"] is not None
    answer = caller.ask("PUT", "/v1/deal/enrolments/current", json=ask, headers=again)
    assert answer.status_code == 200


class Holder:
    """Somebody whose browser has a device with a passkey."""

    def __init__(self, caller: Caller, headers: dict[str, str]) -> None:
        self.caller, self.headers, self.device = caller, headers, Authenticator()

    def asked_for_new(self) -> dict[str, Any]:
        answer = self.caller.ask("POST", "/v1/me/passkeys/options", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def add(self, name: str = "laptop", **lies: Any) -> httpx.Response:
        credential = self.device.make(self.asked_for_new(), **lies)
        return self.send(credential, name=name)

    def send(self, credential: dict[str, Any], name: str = "laptop") -> httpx.Response:
        body = {"name": name, "credential": credential}
        return self.caller.ask("POST", "/v1/me/passkeys", json=body, headers=self.headers)

    def asked_for_known(self) -> dict[str, Any]:
        return dict(self.caller.ask("POST", "/v1/me/session/passkey/options").json())

    def sign_in(self, **lies: Any) -> httpx.Response:
        return self.show(self.device.show(self.asked_for_known(), **lies))

    def show(self, credential: dict[str, Any]) -> httpx.Response:
        return self.caller.ask("POST", "/v1/me/session/passkey", json={"credential": credential})


@pytest.fixture
def holder(caller: Caller, ann: dict[str, str]) -> Holder:
    """Give Ann a device with a passkey."""
    made = Holder(caller, ann)
    assert made.add().status_code == 201
    return made


def refused(answer: httpx.Response) -> bool:
    """Tell whether a passkey was refused, and nobody signed in."""
    assert COOKIE not in answer.cookies
    return bool(answer.json()["type"] == "urn:hubbub:problem:passkey-refused")


def test_a_passkey_signs_its_person_in(caller: Caller, holder: Holder) -> None:
    answer = holder.sign_in()
    card = caller.get("/v1/me/session", headers=cookie(kept(answer))).json()
    assert (card["device"], card["by"], card["passkeys"]) == ("anns-phone", "passkey", 1)
    (passkey,) = caller.get("/v1/me/passkeys", headers=holder.headers).json()
    assert (passkey["name"], passkey["used_at"] is not None) == ("laptop", True)


def test_the_device_is_asked_to_make_sure_of_its_person(holder: Holder) -> None:
    new = holder.asked_for_new()["authenticatorSelection"]
    assert (new["residentKey"], new["userVerification"]) == ("required", "required")
    assert holder.asked_for_known()["userVerification"] == "required"


LIES: dict[str, dict[str, Any]] = {
    "another site's page asked": {"origin": "https://elsewhere.test"},
    "the key is of another site": {"site": "elsewhere.test"},
    "the device did not make sure of its person": {"flags": PRESENT},
    "nobody was there": {"flags": 0},
    "another key signs": {"key": Authenticator().key},
    "another account": {"handle": b"0" * 16},
    "another passkey": {"credential": b"0" * 16},
    "a copy that was used less": {"uses": -1},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_passkey_that_lies_signs_nobody_in(holder: Holder, lie: str) -> None:
    holder.device.uses = 7
    kept(holder.sign_in())
    for name, value in LIES[lie].items():
        setattr(holder.device, name, value)
    assert refused(holder.sign_in())


@pytest.mark.parametrize("lie", ["origin", "site", "flags"])
def test_a_passkey_that_lies_is_not_added(holder: Holder, lie: str) -> None:
    other = Holder(holder.caller, holder.headers)
    setattr(other.device, lie, {"origin": "https://x.test", "site": "x.test", "flags": 1}[lie])
    assert refused(other.add())
    assert refused(other.sign_in())


def test_an_answer_counts_once(holder: Holder) -> None:
    holder.device.uses = -1  # so that its count stays at nought, as that of many devices does
    shown = holder.device.show(holder.asked_for_known())
    kept(holder.show(shown))
    assert refused(holder.show(shown))


def test_a_challenge_is_ours_for_this_and_for_minutes(holder: Holder) -> None:
    adding = holder.asked_for_new()["challenge"]
    assert refused(holder.sign_in(challenge=adding))
    assert refused(holder.sign_in(challenge="AAAA"))
    assert refused(Holder(holder.caller, holder.headers).add(challenge="A" * 75))
    assert refused(holder.sign_in(challenge=b64(Challenges().make("sign in"))))


def test_a_challenge_ends_and_is_forgotten_then() -> None:
    now = [0.0]
    challenges = Challenges(elapsed=lambda: now[0])
    one, other = (challenges.make("sign in") for _ in range(2))
    assert challenges.is_open(one, "sign in")
    assert challenges.take(one)
    assert not challenges.take(one)
    now[0] = LASTS_S
    assert not challenges.is_open(other, "sign in")
    assert challenges.take(challenges.make("sign in"))
    assert len(challenges._taken) == 1


def test_one_persons_challenge_adds_no_passkey_to_another(caller: Caller, holder: Holder) -> None:
    ben = signed_in(caller, enrolled(caller, "bens-phone")["token"])
    made = Authenticator().make(holder.asked_for_new())
    assert refused(Holder(caller, ben).send(made))


def test_a_passkey_is_of_one_account(caller: Caller, holder: Holder) -> None:
    ben = Holder(caller, signed_in(caller, enrolled(caller, "bens-phone")["token"]))
    ben.device.credential = holder.device.credential
    assert refused(ben.add())


def test_a_passkey_that_was_removed_signs_nobody_in(caller: Caller, holder: Holder) -> None:
    (passkey,) = caller.get("/v1/me/passkeys", headers=holder.headers).json()
    path = f"/v1/me/passkeys/{passkey['id']}"
    ben = signed_in(caller, enrolled(caller, "bens-phone")["token"])
    assert caller.ask("DELETE", path, headers=ben).status_code == 404
    kept(holder.sign_in())
    assert caller.ask("DELETE", path, headers=holder.headers).status_code == 204
    assert refused(holder.sign_in())
    assert caller.ask("DELETE", path, headers=holder.headers).status_code == 404
    assert caller.ask("DELETE", "/v1/me/passkeys/x", headers=holder.headers).status_code == 404


def test_a_person_has_a_few_passkeys(caller: Caller, holder: Holder) -> None:
    for _ in range(PASSKEYS_MAX - 1):
        assert Holder(caller, holder.headers).add().status_code == 201
    assert refused(Holder(caller, holder.headers).add())


def test_adding_a_passkey_takes_somebody_who_signed_in_lately(
    house: House, caller: Caller, ann: dict[str, str]
) -> None:
    later(house, FRESH_US)
    answer = caller.ask("POST", "/v1/me/passkeys/options", headers=ann)
    assert answer.status_code == 403


def test_who_is_being_erased_signs_in_no_more(house: House, holder: Holder) -> None:
    shown = holder.device.show(holder.asked_for_known())
    house.deals.erase(DeviceName("anns-phone"), "test")
    assert refused(holder.show(shown))


def test_passkeys_are_of_one_address_and_the_page_is_told_which(
    caller: Caller, ann: dict[str, str]
) -> None:
    elsewhere = {**ann, "host": "127.0.0.1:8000"}
    answer = caller.ask("POST", "/v1/me/session/passkey/options", headers=elsewhere)
    assert (answer.status_code, answer.json()["type"]) == (
        409,
        "urn:hubbub:problem:passkeys-not-here",
    )
    card = caller.get("/v1/me/session", headers=elsewhere).json()
    assert (card["passkeys_here"], card["passkeys_origin"]) == (False, "http://hubbub.test")
    assert caller.get("/v1/me/session", headers=ann).json()["passkeys_here"]


EMPTY = b'{"clientDataJSON": "e30", "authenticatorData": "e30", "signature": "e30"}'


EMPTY = b'{"clientDataJSON": "e30", "authenticatorData": "e30", "signature": "e30"}'


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b"[]",
        b'"x"',
        b'{"credential": 1}',
        b'{"credential": null}',
        b'{"credential": {"id": "a", "rawId": "a", "type": "public-key", "response": {}}}',
        b'{"credential": {"id": "YQ", "rawId": "YQ", "type": "public-key", "response": %b}}'
        % EMPTY,
    ],
)
def test_no_answer_makes_the_house_fault(
    caller: Caller, ann: dict[str, str], answer: bytes
) -> None:
    told = caller.ask("POST", "/v1/me/session/passkey", content=answer)
    assert told.status_code in {400, 422}
    named = b'{"name": "x", ' + answer[1:]
    told = caller.ask("POST", "/v1/me/passkeys", content=named, headers=ann)
    assert told.status_code in {400, 422}


def test_what_is_no_secret_of_ours_is_nobodys_session(house: House) -> None:
    assert house.identities().session(Secret("ses_guess")) is None
