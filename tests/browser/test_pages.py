"""The other pages, and what holds for all of them: readable by everybody, on any width."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import DESK, PHONE, Open
from browser.served import MappedHouse
from hubbub.terms.purposes import Category
from outlet.fake_house import LIVE, SLOW

pytestmark = pytest.mark.browser

PAGES = ("/", "/share", "/notice", "/about-numbers")


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
    page = settled(open_page(path))
    page.evaluate(axe)
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light)
        expect(page.locator("html")).to_have_attribute("data-theme", light)

        found: Any = page.evaluate("() => axe.run()")

        violations = [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]]
        assert violations == [], light
        assert found["passes"]  # it did look


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_cut_off_sideways(house: MappedHouse, open_page: Open, path: str) -> None:
    house.publish(SLOW)
    page = settled(open_page(path))
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_sharing_is_off_until_it_is_switched_on(house: MappedHouse, open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    switches = page.get_by_role("switch")
    expect(switches).to_have_count(len(house.deals.notice().uses))
    assert not any(switch.is_checked() for switch in switches.all())
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_disabled()


def test_one_can_share_and_stop_with_as_few_taps(house: MappedHouse, open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    page.get_by_role("switch", name=re.compile("Traffic as it is now")).check()
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
    page.get_by_label("The operator's key").fill("a guess")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("the operator's key")


def test_the_notice_is_shown_whole(house: MappedHouse, open_page: Open) -> None:
    notice = house.deals.notice()
    page = open_page("/notice", size=DESK)

    expect(page.get_by_role("heading", name=notice.title)).to_be_visible()
    for use in notice.uses:
        expect(page.get_by_role("heading", name=use.title)).to_be_visible()
    for words in (notice.operator.name, notice.limits, notice.rights.withdrawal):
        expect(page.get_by_text(words[1:]).first).to_be_visible()


def test_the_numbers_come_with_their_promise(house: MappedHouse, open_page: Open) -> None:
    house.keeper.keep("f" * 64)
    page = open_page("/about-numbers")

    expect(page.get_by_text(LIVE.promise().words)).to_be_visible()
    expect(page.get_by_text("per-passage promise (weaker)")).to_be_visible()
    expect(page.get_by_role("link", name="f" * 10)).to_be_visible()
    expect(page.get_by_text("off by about ± 0.5 people")).to_be_visible()
