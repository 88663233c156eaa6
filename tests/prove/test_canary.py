"""The canary is found wherever she could be told of, and in a real house she is nowhere."""

import base64

import pytest

from hubbub.prove.canary import CANARY, Canary, Place, _judged
from hubbub.prove.check import Case, Verdict
from hubbub.prove.traces import forms_of_place, forms_of_word, found_in
from hubbub.run.home import Home

WORDS = {"name": "canary 12ab", "plate": "HB01234567", "token": "s3cr3t-t0ken"}
PLACE = Place(0, 60_171_233, 24_941_357, 8.0, 90.0)
OWN = b'{"lat":60.171233,"lon":24.941357}'
SHE = Canary(
    device=WORDS["name"],
    plate=WORDS["plate"],
    token=WORDS["token"],
    told=b"canary 12ab has the token s3cr3t-t0ken",
    words={what: forms_of_word(what, word) for what, word in WORDS.items()},
    drive=[PLACE],
)
RESTS = b"...canary 12ab..."


def judged(seen: bytes, *, own: bytes = OWN, rests: bytes = RESTS) -> Verdict:
    """Judge what was seen and what rests."""
    return _judged(SHE, own, [("GET /v1/about", seen)], rests=rests)


def test_a_quiet_house_holds() -> None:
    assert judged(b"60.17, 24.94 and 60.171299, 24.941299").outcome == "held"


LEAKS = {
    "a name": b"x canary 12ab x",
    "a name in capitals": b"CANARY 12AB",
    "a name in an address": b"/canary%2012ab",
    "a name in hex": b"63616e6172792031326162",
    "a name inside base64": base64.b64encode(b"..{'device':'canary 12ab'}"),
    "the hash of a name": b"sha256:" + forms_of_word("", WORDS["name"])[" as its sha256"],  # type: ignore[operator]
    "a plate": b'{"plate":"HB01234567"}',
    "a token": b"token=s3cr3t-t0ken",
    "a latitude": b"[60.171233, 24.9]",
    "a longitude in millionths": b"24941357",
    "a place to a metre": b'{"lat":60.171230,"lon":24.941350}',
    "a place the other way round": b"POINT(24.94135 60.17123)",
    "a place in ten-millionths": b"601712330,249413570",
    "a place in 32 bits": (60_171_233).to_bytes(4, "little") + (24_941_357).to_bytes(4, "little"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found(leak: str) -> None:
    assert judged(b"before " + LEAKS[leak] + b" after").outcome == "failed"


def test_what_should_not_rest_is_found_at_rest() -> None:
    assert judged(b"", rests=RESTS + WORDS["token"].encode()).outcome == "failed"
    assert judged(b"", rests=RESTS + WORDS["plate"].encode()).outcome == "failed"


def test_a_search_that_could_find_nothing_does_not_hold() -> None:
    assert judged(b"", own=b"").outcome == "failed"
    assert judged(b"", rests=b"").outcome == "failed"


@pytest.mark.parametrize("before", range(4))
def test_base64_is_read_wherever_the_word_begins(before: int) -> None:
    written = base64.b64encode(bytes(before) + b"canary 12ab" + b"\xff\xff")
    assert found_in(forms_of_word("name", "canary 12ab"), written)


def test_two_places_on_the_same_street_are_told_apart() -> None:
    forms = forms_of_place("hers", 60_171_233, 24_941_357)
    assert not found_in(forms, b"60.171233"[:-2] + b"99 24.941357"[:-3] + b"999")


@pytest.mark.timeout(180)
def test_nothing_of_the_canary_leaves_a_house_that_runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    found = CANARY.run(Case(home=Home(tmp_path_factory.mktemp("unused"))))
    assert found.outcome == "held", found.told
