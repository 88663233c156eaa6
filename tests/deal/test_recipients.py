"""What a partner's client may fetch: products, each for the purpose that it is made for."""

import pytest

from hubbub.deal.recipients import Client, Scope, scopes_of
from hubbub.terms.buckets import Rate
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import RecipientKey

MADE_FOR = {"traffic.typical": "public.traffic", "traffic.live": "public.traffic.live"}
TYPICAL, LIVE = (Scope(product, purpose) for product, purpose in MADE_FOR.items())


def test_scopes_are_read_as_they_are_written() -> None:
    wanted = ["traffic.live:public.traffic.live", "traffic.typical:public.traffic"]
    assert scopes_of(wanted, MADE_FOR) == (LIVE, TYPICAL)


@pytest.mark.parametrize(
    "wanted", ["", "traffic.live", "traffic.live:public.traffic", "ads:x", ":"]
)
def test_what_is_no_scope_is_refused_with_those_that_there_are(wanted: str) -> None:
    there = "traffic.typical:public.traffic, traffic.live:public.traffic.live"
    with pytest.raises(BadInput) as refused:
        scopes_of(["traffic.live:public.traffic.live", wanted], MADE_FOR)
    assert str(refused.value) == f"{wanted!r} is no scope; there are {there}"


def test_a_client_without_a_scope_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one scope"):
        scopes_of([], MADE_FOR)


def test_a_client_may_fetch_what_it_has_a_scope_for_as_often_as_was_agreed() -> None:
    client = Client(
        number=1,
        recipient=RecipientKey("ads-partner"),
        scopes=(TYPICAL, LIVE),
        requests_a_minute=120,
        since="2026-11-25T00:00:00Z",
    )
    assert client.purpose_for("traffic.live") == "public.traffic.live"
    assert client.purpose_for("ads") is None
    assert client.rate == Rate(a_second=2.0, burst=120)
