"""Places as a person meets them: on the map, in a list, and one by one, with how busy they are."""

import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import DESK, PHONE, Open
from browser.pixels import find_pixels
from browser.readable import barriers, cut_off_at
from browser.served import Doorstep, MappedHouse
from hubbub.products.places.busyness import LiveBusyness
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.time import instant
from outlet.fake_house import BUSY, LIBRARY

pytestmark = pytest.mark.browser

CULTURE = (0x74, 0x3B, 0xAB)
"""The colour of a library's pin by day."""
PIN_PIXELS = 100
"""A pin has more of them."""
CLOSE_UP = "#16/60.17/24.9385"
"""Where the map looks, so that the library lies beside the panel."""


def place(number: int, name: str, hours: str, category: PlaceCategory) -> Place:
    return msgspec.structs.replace(
        LIBRARY,
        id=PlaceId(f"n{number}"),
        name=name,
        other_names=(),
        hours_told=hours,
        category=category,
        lat_e6=60_170_000 + number * 500,
    )


CAFE = place(2, "Café Ädd", "Mo-Su 10:00-22:00", PlaceCategory.CAFE)
BAR = place(3, "Night club", "Mo-Su 20:00-04:00", PlaceCategory.BAR)
KIOSK = place(4, "Kiosk", "Seasonal, ask", PlaceCategory.SHOP)
BUSY_BAR = msgspec.structs.replace(
    BUSY,
    place=BAR.id,
    percent=bytes([60, 40, 20, 10] + [0] * 16 + [20, 50, 80, 100]) * 7,
    low=bytes([50, 30, 10, 0] + [0] * 16 + [10, 40, 70, 90]) * 7,
    high=bytes([70, 50, 30, 20] + [0] * 16 + [30, 60, 90, 100]) * 7,
    closed=((False,) * 4 + (True,) * 16 + (False,) * 4) * 7,
    evidence="category",
    best=(),
)


@pytest.fixture(autouse=True)
def town(house: MappedHouse) -> MappedHouse:
    """Give a house with four places, on a Tuesday at 12:20."""
    house.places = (LIBRARY, CAFE, BAR, KIOSK)
    house.at = at(12, 20)
    return house


def at(hour: int, minute: int, *, day: int = 24) -> int:
    return instant(datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo("Europe/Helsinki")))


def card(page: Page) -> Locator:
    """Wait for the card of a place."""
    shown = page.get_by_role("region", name="The place you picked")
    expect(shown.get_by_role("button", name="Opening hours of the week")).to_be_visible()
    return shown


def pins(page: Page, *, some: bool) -> list[list[int]]:
    """Find the library's pin beside the panel: wait until it is there, or is gone."""
    for _ in range(40):
        found = [it for it in find_pixels(page, page.screenshot(), CULTURE) if it[0] > 420]
        if (len(found) > PIN_PIXELS) if some else not found:
            return found
        page.wait_for_timeout(250)
    raise AssertionError(f"{len(found)} pixels of a pin")


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_place_is_a_pin_on_the_map_and_a_tap_opens_its_card(open_page: Open) -> None:
    page = open_page(f"/{CLOSE_UP}")
    seen = pins(page, some=True)
    page.mouse.click(*seen[len(seen) // 2])

    expect(card(page).get_by_role("heading", name=LIBRARY.name)).to_be_visible()
    assert asked(page) == {"place": ["n1"]}
    page.go_back()
    expect(page.get_by_role("region", name="Traffic now")).to_be_visible()


def test_pins_stay_when_the_house_tells_of_itself_anew(doorstep: Doorstep, open_page: Open) -> None:
    page = open_page(f"/{CLOSE_UP}")
    assert pins(page, some=True)
    doorstep.is_shut = True
    expect(page.get_by_role("status")).to_have_text(re.compile("No answer since"))
    doorstep.is_shut = False
    expect(page.get_by_role("status")).not_to_have_text(re.compile("No answer"), timeout=15_000)
    page.wait_for_timeout(500)
    assert pins(page, some=True)


def test_a_card_says_how_busy_each_hour_is_and_marks_now(
    town: MappedHouse, open_page: Open
) -> None:
    town.tell_weeks(BUSY)
    page = open_page("/places?place=n1", size=PHONE)
    hours = card(page).get_by_role("slider", name="Hour of Tuesday")
    expect(hours).to_have_attribute(
        "aria-valuetext", re.compile(r"^12:00 · .*: 100 % of its busiest hour, 90 to 100 likely$")
    )
    expect(page.locator(".hour.now .clock")).to_have_text("12")
    hours.press("ArrowLeft")
    expect(hours).to_have_attribute("aria-valuetext", re.compile("^11:00 · .*80 %"))
    heights = page.locator(".hour.told i").evaluate_all("all => all.map((i) => i.style.height)")
    assert heights == ["90%", "80%", "70%"]  # perhaps, likely, as good as sure


def test_other_days_are_a_key_or_a_tap_away(town: MappedHouse, open_page: Open) -> None:
    town.tell_weeks(BUSY)
    page = open_page("/places?place=n1", size=PHONE)
    tabs = card(page).get_by_role("tab")
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    tabs.nth(1).press("ArrowLeft")
    expect(page.get_by_role("slider", name="Hour of Monday")).to_be_visible()
    expect(tabs.nth(0)).to_be_focused()
    expect(page.locator(".hour.now")).to_have_count(0)
    expect(page.locator(".hour.best")).to_have_count(2)  # the best time: Mondays from 8 to 10
    tabs.nth(6).click()
    expect(page.get_by_text("Usually closed on Sundays.")).to_be_visible()


SWIPE = """(bars, far) => {
  const { left, top, width } = bars.getBoundingClientRect();
  const at = (x) => ({ pointerType: "touch", bubbles: true, clientX: x, clientY: top + 20 });
  bars.dispatchEvent(new PointerEvent("pointerdown", at(left + width / 2)));
  bars.dispatchEvent(new PointerEvent("pointerup", at(left + width / 2 + far)));
}"""


def test_a_finger_swipes_to_the_next_day_and_a_tap_points_at_an_hour(
    town: MappedHouse, open_page: Open
) -> None:
    town.tell_weeks(BUSY)
    page = open_page("/places?place=n1", size=PHONE)
    card(page).get_by_role("slider", name="Hour of Tuesday").evaluate(SWIPE, -80)
    wednesday = page.get_by_role("slider", name="Hour of Wednesday")
    expect(wednesday).to_have_attribute("aria-valuetext", "no hour chosen")
    wednesday.evaluate(SWIPE, 0)
    expect(wednesday).to_have_attribute("aria-valuetext", re.compile("^14:00"))
    wednesday.evaluate(SWIPE, 80)
    expect(page.get_by_role("slider", name="Hour of Tuesday")).to_be_visible()


def test_a_night_belongs_to_the_evening_before_it(town: MappedHouse, open_page: Open) -> None:
    town.tell_weeks(BUSY_BAR)
    town.at = at(1, 10, day=25)  # on Wednesday, which people call Tuesday night
    page = open_page("/places?place=n3", size=PHONE)
    hours = card(page).get_by_role("slider", name="Hour of Tuesday")
    expect(hours).to_have_attribute("aria-valuetext", re.compile("^1:00 · .*40 %"))
    expect(page.locator(".hour.now")).to_have_count(1)
    expect(page.get_by_text("Open · closes 4:00")).to_be_visible()


def test_live_is_told_in_words_or_why_it_is_not(town: MappedHouse, open_page: Open) -> None:
    town.tell_weeks(BUSY)
    town.tell_now(n1=LiveBusyness(level="busier"))
    page = open_page("/places?place=n1")
    expect(card(page).get_by_text("Busier than usual")).to_be_visible()
    town.tell_now(n1=LiveBusyness(level="none", reason="too few people share here now"))
    page.reload()
    expect(card(page).get_by_text("No live level: too few people share here now.")).to_be_visible()
    expect(page.get_by_text("than usual")).to_have_count(0)


def test_a_card_tells_the_week_the_stay_the_best_time_and_how_that_is_known(
    town: MappedHouse, open_page: Open
) -> None:
    town.tell_weeks(BUSY)
    shown = card(open_page("/places?place=n1", size=PHONE))
    expect(shown.get_by_text("Open · closes 20:00")).to_be_visible()
    shown.get_by_role("button", name="Opening hours of the week").press("Enter")
    expect(shown.get_by_role("row", name="Today 8:00–20:00")).to_be_visible()
    expect(shown.get_by_role("row", name="Saturday Closed")).to_be_visible()
    expect(shown.get_by_text("25 min to 1 h 20 min")).to_be_visible()
    expect(shown.get_by_text("Mon 8–10")).to_be_visible()
    shown.get_by_text("How do we know?").press("Enter")
    for words in ("Its own visits, and how culture here", "4 released weeks", "one account"):
        expect(shown.get_by_text(words).first).to_be_visible()
    expect(shown.get_by_role("link", name="week")).to_have_attribute("href", "/v1/releases/week")


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [(9, 20, "Closed · opens in 40 min"), (21, 35, "Open · closes in 25 min")],
)
def test_what_changes_soon_is_told_in_minutes(
    town: MappedHouse, open_page: Open, *, hour: int, minute: int, words: str
) -> None:
    town.at = at(hour, minute)
    expect(card(open_page("/places?place=n2")).get_by_text(words)).to_be_visible()


def test_hours_that_cannot_be_read_are_shown_as_they_are_told(open_page: Open) -> None:
    shown = card(open_page("/places?place=n4"))
    expect(shown.get_by_text("Hours not readable")).to_be_visible()
    shown.get_by_role("button", name="Opening hours of the week").click()
    expect(shown.get_by_text("Seasonal, ask")).to_be_visible()


def test_before_the_first_week_the_card_says_when_it_will_be(open_page: Open) -> None:
    page = open_page("/places?place=n1")
    expect(card(page).get_by_text("is released on Monday 30 November")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)


def test_a_search_by_keyboard_leads_to_a_card_and_back(open_page: Open) -> None:
    page = open_page("/places", size=PHONE)
    page.get_by_role("searchbox").fill("add")
    found = page.get_by_role("link", name="Café Ädd")
    found.press("Enter")
    expect(card(page).get_by_role("heading", name="Café Ädd", level=1)).to_be_focused()
    assert asked(page) == {"q": ["add"], "place": ["n2"]}
    page.keyboard.press("Escape")
    expect(found).to_be_focused()
    expect(page.get_by_text("1 place", exact=True)).to_be_visible()


def test_open_now_and_quiet_are_a_tap_each_and_stay_in_the_address(
    town: MappedHouse, open_page: Open
) -> None:
    town.tell_weeks(BUSY, msgspec.structs.replace(BUSY, place=CAFE.id, percent=bytes([20]) * 168))
    page = open_page("/places", size=PHONE)
    names = page.locator("main li .text > b")
    page.get_by_role("link", name="Cafés").click()
    expect(names).to_have_text(["Café Ädd"])
    page.get_by_role("button", name="Clear the search").click()
    page.get_by_role("button", name="Open now").click()
    expect(names).to_have_text(["Café Ädd", LIBRARY.name])
    page.get_by_role("button", name="Quiet").click()
    expect(names).to_have_text(["Café Ädd"])
    assert asked(page) == {"open": ["now"], "quiet": ["yes"]}
    page.reload()
    expect(names).to_have_text(["Café Ädd"])
    expect(page.get_by_role("button", name="Quiet")).to_have_attribute("aria-pressed", "true")


def test_where_nothing_is_found_the_page_says_why_that_may_be(open_page: Open) -> None:
    page = open_page("/places?quiet=yes")
    expect(page.get_by_role("status")).to_have_text("Nothing found.")
    expect(page.get_by_text("Where nothing is known yet, nothing is quiet.")).to_be_visible()


def test_the_map_finds_places_too_and_shows_these_alone(open_page: Open) -> None:
    page = open_page(f"/{CLOSE_UP}")
    assert pins(page, some=True)
    page.get_by_role("searchbox").fill("club")
    page.get_by_role("link", name="Night club").click()
    expect(card(page).get_by_role("heading", name="Night club")).to_be_visible()
    assert pins(page, some=False) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Night club")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Traffic now")).to_be_visible()
    assert asked(page) == {}


def test_a_place_that_is_not_there_and_a_house_that_is_away_are_told(
    doorstep: Doorstep, open_page: Open
) -> None:
    page = open_page("/places?place=n99")
    expect(page.get_by_text("There is no such place here.")).to_be_visible()
    doorstep.is_shut = True
    page.get_by_role("link", name="All places").click()
    expect(page.get_by_role("alert")).to_contain_text("The house did not give this")
    doorstep.is_shut = False
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Café Ädd")).to_be_visible()


@pytest.mark.parametrize("path", ["/places?place=n1", f"/?place=n1{CLOSE_UP}"])
def test_everybody_can_read_a_place_on_any_width(
    town: MappedHouse, open_page: Open, axe: str, path: str
) -> None:
    town.tell_weeks(BUSY)
    town.tell_now(n1=LiveBusyness(level="quieter", of="area"))
    page = open_page(path, size=DESK)
    card(page).get_by_text("How do we know?").click()
    page.get_by_role("button", name="Opening hours of the week").click()
    assert barriers(page, axe) == []
    assert cut_off_at(page) == []
