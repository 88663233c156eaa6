"""Pseudonyms: the same person is somebody else to everybody else, and from period to period."""

from itertools import combinations, pairwise

import pytest

from hubbub.deal.pseudonym import pseudonym
from hubbub.terms.people import Subject
from hubbub.terms.purposes import LiveTraffic, Purpose, RecipientKey, Traffic

KEY = bytes(range(32))
PEOPLE = [Subject(number) for number in range(1, 500)]
ACME, OWN = RecipientKey("acme"), RecipientKey("own")

type Scope = tuple[type[Purpose], RecipientKey, str]

SCOPES: list[Scope] = [
    (Traffic, ACME, "2026-11"),
    (LiveTraffic, ACME, "2026-11"),
    (Traffic, OWN, "2026-11"),
    (Traffic, ACME, "2026-12"),
    (Traffic, RecipientKey("acme2026"), "-11"),  # the same letters, otherwise parted
]


def named(scope: Scope, key: bytes = KEY) -> list[str]:
    """Name all people within `scope`."""
    purpose, recipient, period = scope
    return [
        pseudonym(each, purpose=purpose, recipient=recipient, period=period, key=key)
        for each in PEOPLE
    ]


@pytest.mark.parametrize(("one", "other"), [*combinations(SCOPES, 2)])
def test_two_purposes_recipients_or_periods_have_no_name_in_common(
    one: Scope, other: Scope
) -> None:
    assert not set(named(one)) & set(named(other))


def test_within_one_of_them_a_person_has_one_name_and_no_two_share_it() -> None:
    assert named(SCOPES[0]) == named(SCOPES[0])
    assert len(set(named(SCOPES[0]))) == len(PEOPLE)


def test_names_come_in_no_order_of_their_people() -> None:
    names = named(SCOPES[0])
    rises = sum(later > earlier for earlier, later in pairwise(names))
    assert 190 < rises < 310, "about half: by luck alone outside once in 1e7"


def test_a_name_that_was_given_is_given_again_by_the_next_version() -> None:
    """A partner keeps it for a period: another way to the same digits would part them."""
    assert named(SCOPES[0])[6] == "3479418c6862278fa7d9cbfcbd43c7e9"


def test_another_key_gives_other_names() -> None:
    assert not set(named(SCOPES[0])) & set(named(SCOPES[0], key=bytes(32)))


def test_a_short_key_is_none() -> None:
    with pytest.raises(AssertionError, match=r"^a key is as long as what is made of it$"):
        named(SCOPES[0], key=b"short")
