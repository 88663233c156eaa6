"""The map page as a person sees it, in a real browser."""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser.conftest import DESK, PHONE, Open
from browser.pixels import find_pixels
from browser.served import Doorstep, MappedHouse
from outlet.fake_house import SLOW

pytestmark = pytest.mark.browser

JAM = msgspec.structs.replace(SLOW, jam_factor=9.0)
USUAL = msgspec.structs.replace(SLOW, segment=1, source="typical", jam_factor=9.0, age_s=None)
STANDING = {"light": (109, 15, 94), "dark": (184, 43, 224)}
"""The colour of standing traffic."""
ROAD_PIXELS = 300
"""A road across the map has more of them."""


def drawn(page: Page) -> Page:
    """Wait until the map stands still."""
    page.locator('[data-drawn="yes"]').wait_for()
    page.wait_for_timeout(800)
    return page


def pixels(page: Page, colour: tuple[int, int, int]) -> int:
    """Count the pixels of the map in about this `colour`, beside the panel and its legend."""
    width, height = DESK["width"], DESK["height"]
    clip: Any = {"x": 420, "y": 0, "width": width - 420, "height": height - 40}
    return len(find_pixels(page, page.screenshot(clip=clip), colour))


@pytest.mark.parametrize("light", ["light", "dark"])
def test_a_standing_road_is_drawn_in_the_colour_of_standing(
    house: MappedHouse, open_page: Open, light: str
) -> None:
    empty = pixels(drawn(open_page(dark=light == "dark")), STANDING[light])
    house.publish(JAM)
    standing = pixels(drawn(open_page(dark=light == "dark")), STANDING[light])

    assert empty == 0
    assert standing > ROAD_PIXELS


def test_a_usual_speed_is_drawn_thinner_and_paler_than_a_live_one(
    house: MappedHouse, open_page: Open
) -> None:
    house.publish(USUAL)
    page = drawn(open_page())

    assert pixels(page, STANDING["light"]) == 0  # it is there, but not in the colour of live
    expect(page.get_by_role("status")).to_have_text("No live traffic yet: usual speeds.")
    expect(page.get_by_text("thin and pale: the usual speed, not live")).to_be_visible()


def test_the_picture_changes_without_a_reload_and_costs_nothing_when_it_does_not(
    house: MappedHouse, doorstep: Doorstep, open_page: Open
) -> None:
    page = drawn(open_page())
    page.wait_for_timeout(3_500)
    unchanged = list(doorstep.live_answers)
    house.publish(JAM)

    expect(page.get_by_role("status")).to_have_text("1 road live")
    page.wait_for_timeout(800)
    assert pixels(page, STANDING["light"]) > ROAD_PIXELS
    assert unchanged[0] == 200
    assert set(unchanged[1:]) == {304}


def test_nothing_is_asked_of_anybody_else(house: MappedHouse, open_page: Open, origin: str) -> None:
    house.publish(JAM)
    page = open_page("/about-numbers")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    for path in ("/share", "/notice", "/"):
        page.goto(f"{origin}{path}")
    drawn(page)

    assert hosts - {""} == {urlsplit(origin).netloc}  # blob: and data: have no host


def test_the_panel_says_where_when_and_under_which_promise(
    house: MappedHouse, open_page: Open
) -> None:
    house.publish(JAM)
    page = open_page()

    expect(page.get_by_role("heading", name="Testby")).to_be_visible()
    expect(page.get_by_text(re.compile("Replay · Tue 24 Nov 08:1. · 30x"))).to_be_visible()
    expect(page.get_by_text("Per-passage promise (weaker)")).to_be_visible()
    expect(page.get_by_text("OpenStreetMap contributors")).to_be_visible()


def test_a_tapped_road_tells_its_speed_source_age_and_confidence(
    house: MappedHouse, open_page: Open
) -> None:
    house.publish(JAM)
    page = drawn(open_page())
    middle = page.evaluate("() => [...document.querySelectorAll('canvas')].length")
    assert middle == 1

    page.mouse.click(*where_on_screen(page))

    card = page.get_by_role("region", name="The road you picked")
    for words in ("North road", "9 km/h", "standing", "32 km/h", "live", "42 s", "81 %"):
        expect(card.get_by_text(words, exact=False).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def where_on_screen(page: Page) -> tuple[float, float]:
    """Find the road on the screen by its colour: the middle of what is standing."""
    found = find_pixels(page, page.screenshot(), STANDING["light"])
    beside_panel = [place for place in found if place[0] > 420]
    x, y = beside_panel[len(beside_panel) // 2]
    return x, y


def test_the_slowest_roads_are_reached_without_the_map(house: MappedHouse, open_page: Open) -> None:
    house.publish(JAM)
    page = open_page(size=PHONE)

    page.get_by_role("button", name="Show more").press("Enter")
    page.get_by_text("Slowest roads now").press("Enter")
    page.get_by_role("button", name="North road 9 km/h").press("Enter")

    card = page.get_by_role("region", name="The road you picked")
    expect(card.get_by_role("heading", name="North road")).to_be_visible()
    card.get_by_role("button", name="Close").press("Enter")
    expect(card).to_have_count(0)


def test_a_house_that_is_away_keeps_its_last_picture_and_says_since_when(
    house: MappedHouse, doorstep: Doorstep, open_page: Open
) -> None:
    house.publish(JAM)
    page = drawn(open_page())
    doorstep.is_shut = True

    expect(page.get_by_role("status")).to_have_text(
        re.compile(r"No answer since \d\d:\d\d\. Trying again\.")
    )
    expect(page.get_by_text("This is the last picture it gave.")).to_be_visible()
    assert pixels(page, STANDING["light"]) > ROAD_PIXELS
    doorstep.is_shut = False
    expect(page.get_by_role("status")).to_have_text("1 road live")


def test_without_a_city_the_page_says_how_to_add_one(house: MappedHouse, open_page: Open) -> None:
    house.city = None
    page = open_page()
    expect(page.get_by_role("heading", name="No city yet")).to_be_visible()
    expect(page.get_by_text("hubbub city add")).to_be_visible()


def test_before_the_first_release_the_page_says_so(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("No live traffic yet, and no usual speeds.")


def test_light_follows_the_device_until_the_person_chooses(open_page: Open) -> None:
    page = open_page(dark=True)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
