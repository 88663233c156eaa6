"""What the homeserver's token proves, and that nothing like it does."""

import base64
import hmac
import json
from typing import Any

import pytest

from hubbub.deal.messenger_proof import LIFE_US, BadProof, prove, session_key
from hubbub.terms.time import SECOND, Instant

SECRET = "s" * 43
HOUSE = "https://maps.example.org"
NOW = Instant(1_795_000_000 * SECOND)
SAID: dict[str, Any] = {
    "v": 1,
    "sub": "@ann:example.org",
    "aud": HOUSE,
    "exp": NOW // SECOND + 60,
    "jti": "0123456789abcdefghijkl",
}


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sealed(said: object, secret: str = SECRET) -> str:
    payload = text(json.dumps(said).encode())
    return f"{payload}.{text(hmac.digest(session_key(secret), payload.encode(), 'sha256'))}"


def test_a_token_of_the_homeserver_says_who_somebody_is() -> None:
    proved = prove(sealed(SAID), secret=SECRET, audience=HOUSE, now=NOW)
    assert proved.person == "@ann:example.org"
    assert proved.nonce == SAID["jti"]
    assert proved.until == NOW + LIFE_US


def test_a_token_is_good_until_its_end_and_not_at_it() -> None:
    prove(sealed(SAID), secret=SECRET, audience=HOUSE, now=Instant(NOW + LIFE_US - 1))
    with pytest.raises(BadProof):
        prove(sealed(SAID), secret=SECRET, audience=HOUSE, now=Instant(NOW + LIFE_US))


@pytest.mark.parametrize(
    "said",
    [
        SAID | {"aud": "https://elsewhere.example.org"},
        SAID | {"aud": ""},
        SAID | {"exp": NOW // SECOND - 1},
        SAID | {"exp": NOW // SECOND + 3600},
        SAID | {"exp": str(NOW // SECOND + 60)},
        SAID | {"v": 2},
        SAID | {"sub": "ann"},
        SAID | {"sub": 1},
        SAID | {"jti": "short"},
        SAID | {"admin": True},
        {name: value for name, value in SAID.items() if name != "aud"},
        [],
        None,
    ],
    ids=str,
)
def test_a_token_that_says_anything_else_proves_nothing(said: object) -> None:
    with pytest.raises(BadProof):
        prove(sealed(said), secret=SECRET, audience=HOUSE, now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        sealed(SAID, secret="t" * 43),
        sealed(SAID)[:-1],
        sealed(SAID).replace(".", ""),
        sealed(SAID).partition(".")[0],
        sealed(SAID).partition(".")[0] + ".",
        "." + sealed(SAID).partition(".")[2],
        sealed(SAID) + ".",
        "",
        ".",
        "é.é",
        "x" * 10_000,
    ],
)
def test_a_token_that_nobody_sealed_proves_nothing(token: str) -> None:
    with pytest.raises(BadProof):
        prove(token, secret=SECRET, audience=HOUSE, now=NOW)


def test_whom_a_token_is_about_does_not_print() -> None:
    assert "ann" not in repr(prove(sealed(SAID), secret=SECRET, audience=HOUSE, now=NOW))
