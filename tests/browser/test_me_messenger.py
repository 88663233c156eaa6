"""My data of somebody who writes to others: their account, what it shared, and leaving with it."""

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, Open
from browser.readable import barriers, cut_off_at
from browser.served import MappedHouse
from hubbub.deal.desk import Token
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Traffic

pytestmark = pytest.mark.browser

ANN = "@ann:localhost"


@pytest.fixture
def token(house: MappedHouse) -> str:
    return house.deals.enrol("anns phone", frozenset({Traffic}), "at the desk").token.secret


@pytest.fixture
def ann(house: MappedHouse, token: str) -> Subject:
    """Give who Ann is inside, with an account of the messenger."""
    subject = house.deals.badge_of(Token(token)).subject
    house.deals.messenger.join(ANN, subject)
    return subject


@pytest.fixture
def mine(open_page: Open, token: str) -> Page:
    return open_page(f"/me#token={token}", size=PHONE)


def test_the_account_is_shown_with_what_it_shared_and_what_a_server_has_to_know(
    ann: Subject, mine: Page, axe: str
) -> None:
    del ann
    block = mine.get_by_role("region", name="Messenger")
    expect(block).to_contain_text(ANN)
    expect(block).to_contain_text("It has shared nothing.")
    block.get_by_text("What a homeserver has to know").click()
    expect(block).to_contain_text("Signal's server knows less than that.")
    assert barriers(mine, axe) == []
    assert cut_off_at(mine) == []


def test_who_has_no_account_sees_nothing_of_a_messenger(mine: Page) -> None:
    expect(mine.get_by_role("region", name="Leave")).to_be_visible()
    expect(mine.get_by_role("region", name="Messenger")).to_have_count(0)
    expect(mine.get_by_role("checkbox", name="Close my account")).to_have_count(0)


def test_one_leaves_with_the_account_only_if_one_says_so(
    ann: Subject, house: MappedHouse, mine: Page
) -> None:
    mine.get_by_role("checkbox", name="Close my account of the messenger").check()
    mine.get_by_label("Type “erase” to confirm").fill("erase")
    mine.get_by_role("button", name="Erase everything of mine").click()
    expect(mine.get_by_text("being erased")).to_be_visible()
    assert house.deals.messenger.is_leaving(ann)


def test_an_account_is_taken_away_from_ones_deal_in_one_click(
    ann: Subject, house: MappedHouse, mine: Page
) -> None:
    mine.get_by_role("button", name="Share nothing of it any more").click()
    expect(mine.get_by_role("region", name="Messenger")).to_have_count(0)
    assert house.deals.messenger.of(ann) is None
