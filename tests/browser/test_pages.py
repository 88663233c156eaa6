"""The other pages, and what holds for all of them: readable by everybody, on any width."""

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import DESK, PHONE, Open
from browser.readable import barriers, cut_off_at
from browser.served import MappedHouse
from deal.notices import everything
from hubbub.deal.desk import Token
from hubbub.outlet.pages import PAGES
from hubbub.record.deal_store import DealStore
from hubbub.terms.purposes import Category
from outlet.fake_house import LIVE, SLOW

pytestmark = pytest.mark.browser


def settled(page: Page) -> Page:
    """Wait until a page shows what it fetched."""
    expect(page.locator("h1, h2").first).to_be_visible()
    if page.url.endswith("/"):  # the map page goes on asking, so it is never idle
        expect(page.get_by_role("status")).to_have_text("1 road live")
    else:
        page.wait_for_load_state("networkidle")
    return page


@pytest.mark.parametrize("path", PAGES)
def test_the_accessibility_checker_finds_nothing(
    house: MappedHouse, open_page: Open, axe: str, path: str
) -> None:
    house.publish(SLOW)
    assert barriers(settled(open_page(path)), axe) == []


def test_the_accessibility_checker_finds_what_is_wrong(open_page: Open, axe: str) -> None:
    page = settled(open_page("/notice"))
    page.evaluate("() => document.querySelector('h1').insertAdjacentHTML('afterend', '<input>')")
    assert {rule for _, _, rule, _ in barriers(page, axe)} == {"label"}


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_off_sideways(house: MappedHouse, open_page: Open, path: str) -> None:
    house.publish(SLOW)
    assert cut_off_at(settled(open_page(path))) == []


def test_sharing_is_off_until_it_is_switched_on(house: MappedHouse, open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    switches = page.get_by_role("switch")
    expect(switches).to_have_count(len(house.deals.notice().uses))
    assert not any(switch.is_checked() for switch in switches.all())
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_disabled()


def test_one_can_share_and_stop_with_as_few_taps(house: MappedHouse, open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    page.get_by_role("switch", name=re.compile("Traffic as it is now")).check()
    page.get_by_label("16 or older").check()
    page.get_by_role("button", name="Share", exact=True).click()

    expect(page.get_by_text("Agreed.")).to_be_visible()
    token = page.locator(".token").inner_text()
    badge = house.deals.badge(token)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 1 << 8  # the one purpose that was switched on
    link = page.get_by_role("link", name="Open in OwnTracks").get_attribute("href")
    assert (link or "").startswith("owntracks:///config?inline=")
    expect(page.get_by_alt_text("The link for Overland as a QR code")).to_be_visible()

    page.get_by_role("button", name="Stop sharing").click()
    expect(page.get_by_role("switch").first).to_be_visible()
    badge = house.deals.badge(token)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 0


def test_off_is_as_big_as_on(open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    for switch in page.get_by_role("switch").all():
        boxes = [switch.get_by_text(word, exact=True).bounding_box() for word in ("Off", "On")]
        sizes = {(box["width"], box["height"]) for box in boxes if box}
        assert len(boxes) == 2
        assert len(sizes) == 1


def test_a_word_that_is_in_force_changes_nothing_and_a_key_turns_a_switch_over(
    open_page: Open,
) -> None:
    switch = open_page("/share", size=PHONE).get_by_role("switch").first
    switch.get_by_text("Off", exact=True).click()
    expect(switch).not_to_be_checked()
    switch.press("Space")
    expect(switch).to_be_checked()
    switch.get_by_text("On", exact=True).click()
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(switch).not_to_be_checked()


def test_stopping_is_as_big_as_starting(open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    start = page.get_by_role("button", name="Share", exact=True).bounding_box()
    stop = page.get_by_role("button", name="Stop sharing").bounding_box()
    assert start is not None
    assert stop is not None
    assert (start["width"], start["height"]) == (stop["width"], stop["height"])


def test_where_the_operator_enrols_the_page_asks_for_the_key(
    house: MappedHouse, open_page: Open
) -> None:
    house.open_enrolment = False
    page = open_page("/share")
    page.get_by_role("switch").first.check()
    page.get_by_label("16 or older").check()
    page.get_by_label("The operator's key").fill("a guess")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("the operator's key")


def test_whoever_is_a_minor_agrees_to_one_thing_at_a_time(
    house: MappedHouse, open_page: Open
) -> None:
    page = open_page("/share", size=PHONE)
    share = page.get_by_role("button", name="Share", exact=True)
    page.get_by_label("under 16").check()
    page.get_by_role("switch").nth(0).press("Space")
    expect(share).to_be_enabled()
    page.get_by_role("switch").nth(1).press("Space")
    expect(share).to_be_disabled()
    expect(page.get_by_text("one thing is agreed to at a time")).to_be_visible()
    page.get_by_role("switch").nth(1).press("Space")
    share.click()
    token = page.locator(".token").inner_text()
    assert len(house.deals.granted(Token(token))) == 1


def test_the_notice_is_shown_whole(house: MappedHouse, open_page: Open) -> None:
    notice = house.deals.notice()
    page = open_page("/notice", size=DESK)

    expect(page.get_by_role("heading", name=notice.title)).to_be_visible()
    told = [*notice.uses, *notice.categories]
    for part in told:
        expect(page.get_by_role("heading", name=part.title, exact=True)).to_be_visible()
    for words in (
        notice.operator.name,
        notice.region.name,
        notice.region.authority.name,
        notice.categories[0].owner,
        f"{notice.categories[0].retention_days} days",
        notice.limits,
        notice.rights.withdrawal,
        notice.sha256,
    ):
        expect(page.get_by_text(words[1:]).first).to_be_visible()
    expect(page.get_by_role("heading", name="Older versions")).to_have_count(0)


def test_older_notices_stay_and_tell_what_changed(house: MappedHouse, open_page: Open) -> None:
    DealStore(house.folder / "deal.sqlite", house, told=everything()).close()
    page = open_page("/notice", size=PHONE)
    page.get_by_text("From version 1 to 2").click()
    changes = page.get_by_role("group").filter(has_text="From version 1 to 2")
    expect(changes.get_by_text("New purpose, Relevant offers and ads")).to_be_visible()
    expect(changes.get_by_text("Version 1 as JSON")).to_have_attribute("href", "/v1/notices/1")


def test_the_numbers_come_with_their_promise(house: MappedHouse, open_page: Open) -> None:
    house.keeper.keep("f" * 64)
    page = open_page("/about-numbers")

    expect(page.get_by_text(LIVE.promise().words)).to_be_visible()
    expect(page.get_by_text("per-passage promise (weaker)")).to_be_visible()
    expect(page.get_by_role("link", name="f" * 10)).to_be_visible()
    expect(page.get_by_text("off by about ± 0.5 people")).to_be_visible()
