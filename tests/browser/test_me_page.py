"""My data, as its person sees it: signing in, the deal, what they gave and got, and leaving."""

import re
import zipfile

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, Open
from browser.pixels import Colour, find_pixels
from browser.readable import barriers, cut_off_at
from browser.served import Doorstep, MappedHouse
from deal.notices import everything
from deal.tc_strings import core
from hubbub.deal.desk import Token
from hubbub.deal.identity import FRESH_US
from hubbub.deal.reads import ReadOfMine
from hubbub.deal.receipt import read_receipt, verify
from hubbub.record.deal_store import DealStore
from hubbub.terms.people import Subject
from hubbub.terms.purposes import LiveTraffic, Purpose, Traffic
from hubbub.terms.time import SECOND, Instant
from outlet.test_leave import certified
from outlet.test_me import AT, ping

pytestmark = pytest.mark.browser

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

COUNT_CLICKS = """() => {
  window.clicks = 0;
  addEventListener("click", (event) => { if (event.isTrusted) window.clicks += 1; }, true);
}"""
OWN_POINT, HELPED_ROAD = (11, 79, 138), (224, 112, 26)
"""Their colours on the map."""
POINT_PIXELS = 60
"""A few positions beside each other have more of them."""


@pytest.fixture
def token(house: MappedHouse) -> str:
    """Enrol Ann's phone for the usual speeds; give its token."""
    return house.deals.enrol("anns phone", frozenset({Traffic}), "at the desk").token.secret


@pytest.fixture
def ann(house: MappedHouse, token: str) -> Subject:
    """Give who Ann is inside, after a drive along the north road on the second of two days."""
    subject = house.deals.badge_of(Token(token)).subject
    drive = [
        ping(subject, at=AT + n * SECOND, lat_e6=60_174_000, lon_e6=24_937_000 + 500 * n)
        for n in range(28)
    ]
    house.given = [ping(subject, at=AT - 86_400 * SECOND), *drive]
    return subject


@pytest.fixture
def mine(open_page: Open, token: str) -> Page:
    """Open My data on Ann's phone, signed in by her link."""
    page = open_page(f"/me#token={token}", size=PHONE)
    expect(page.get_by_role("region", name="Signed in")).to_be_visible()
    return page


def turn(page: Page, name: str, word: str) -> None:
    """Click one of the two words of the switch of that name."""
    page.get_by_role("switch", name=name).get_by_text(word, exact=True).click()


def clicks(page: Page) -> int:
    """Tell how often a person has clicked since they are counted."""
    counted = page.evaluate("() => window.clicks")
    assert isinstance(counted, int)
    return counted


def agreed(house: MappedHouse, token: str) -> set[type[Purpose]]:
    """Tell what the house may use Ann's rows for."""
    return {cell.purpose for cell in house.deals.granted(Token(token))}


def press(page: Page, name: str) -> None:
    """Press the button of that name."""
    page.get_by_role("button", name=name, exact=True).click()


def many(page: Page, colour: Colour) -> int:
    """Count the pixels of a colour on the map, once it stands still."""
    drawn = page.locator('[data-drawn="yes"]')
    drawn.wait_for()
    page.wait_for_timeout(800)
    return len(find_pixels(page, drawn.screenshot(), colour))


def later(house: MappedHouse, us: int) -> None:
    """Move the house's clock on."""
    house.at = Instant(house.at + us)


def test_a_link_signs_in_and_leaves_no_secret_in_the_address(mine: Page, token: str) -> None:
    expect(mine.get_by_text("anns phone")).to_be_visible()
    assert token not in mine.url
    mine.reload()
    expect(mine.get_by_text("anns phone")).to_be_visible()


def test_sharing_leads_to_my_data_and_so_does_every_page(open_page: Open) -> None:
    page = open_page("/share", size=PHONE)
    page.get_by_label("16 or older").check()
    turn(page, "Usual speeds on the roads", "On")
    press(page, "Share")
    page.get_by_role("link", name="Open My data").click()
    expect(page.get_by_text("1 of 3 switches on.")).to_be_visible()
    for path in ("/share", "/notice", "/about-numbers"):
        header = open_page(path, size=PHONE).get_by_role("banner")
        expect(header.get_by_role("link", name="My data")).to_have_attribute("href", "/me")


def test_a_token_signs_in_and_a_wrong_one_is_told_so(open_page: Open, token: str) -> None:
    page = open_page("/me", size=PHONE)
    page.get_by_label("Your phone's token").fill("hub_of_nobody")
    press(page, "Sign in with the token")
    expect(page.get_by_role("alert")).to_have_text(
        "That did not work: no phone here has this token."
    )
    page.get_by_label("Your phone's token").fill(token)
    page.keyboard.press("Enter")
    expect(page.get_by_text("anns phone")).to_be_visible()
    expect(page.get_by_role("heading", name="My data")).to_be_focused()


def test_signing_out_here_and_everywhere_leads_back_to_the_way_in(
    mine: Page, open_page: Open, token: str
) -> None:
    other = open_page(f"/me#token={token}", size=PHONE)
    press(other, "Sign out everywhere (2)")
    expect(other.get_by_label("Your phone's token")).to_be_visible()
    mine.reload()
    expect(mine.get_by_label("Your phone's token")).to_be_visible()


def test_a_passkey_signs_in_without_the_token(mine: Page) -> None:
    devtools = mine.context.new_cdp_session(mine)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    mine.get_by_text("No passkey yet").click()
    press(mine, "Add a passkey")
    expect(mine.get_by_text("Added: from now on this passkey signs you in.")).to_be_visible()
    press(mine, "Sign out")
    press(mine, "Sign in with a passkey")
    expect(mine.get_by_text("signed in with a passkey")).to_be_visible()


def test_what_wants_a_person_seen_just_now_asks_once_more(
    house: MappedHouse, mine: Page, token: str
) -> None:
    later(house, FRESH_US)
    mine.get_by_text("No passkey yet").click()
    press(mine, "Add a passkey")
    dialog = mine.get_by_role("dialog", name="Once more, is it you?")
    expect(dialog.get_by_label("Your phone's token")).to_be_focused()
    mine.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    press(mine, "Download a copy")
    dialog.get_by_label("Your phone's token").fill(token)
    with mine.expect_download() as download:
        mine.keyboard.press("Enter")
    assert zipfile.is_zipfile(download.value.path())
    expect(dialog).to_be_hidden()


def test_everything_but_what_was_agreed_to_is_off(mine: Page) -> None:
    switches = mine.get_by_role("switch")
    expect(switches).to_have_count(3)
    assert [switch.is_checked() for switch in switches.all()] == [True, False, False]
    expect(mine.get_by_text("1 of 3 switches on.")).to_be_visible()


def test_taking_back_costs_no_more_clicks_than_giving(
    house: MappedHouse, mine: Page, token: str
) -> None:
    mine.evaluate(COUNT_CLICKS)
    turn(mine, "Traffic as it is now", "On")
    expect(mine.get_by_text("On, for what is sent from now on.")).to_be_visible()
    given = clicks(mine)
    assert agreed(house, token) == {Traffic, LiveTraffic}

    turn(mine, "Traffic as it is now", "Off")
    expect(mine.get_by_text("Off, from the next read on.")).to_be_visible()
    taken_back = clicks(mine) - given
    assert agreed(house, token) == {Traffic}
    assert taken_back <= given == 1


def test_everything_is_off_with_one_click(house: MappedHouse, mine: Page, token: str) -> None:
    turn(mine, "Traffic as it is now", "On")
    expect(mine.get_by_text("2 of 3 switches on.")).to_be_visible()
    mine.evaluate(COUNT_CLICKS)
    press(mine, "Switch everything off")
    expect(mine.get_by_text("0 of 3 switches on.")).to_be_visible()
    assert clicks(mine) == 1
    assert agreed(house, token) == set()
    expect(mine.get_by_role("button", name="Switch everything off")).to_be_disabled()


def test_a_switch_is_reached_and_turned_by_keys_alone(
    house: MappedHouse, mine: Page, token: str
) -> None:
    switch = mine.get_by_role("switch", name="Traffic as it is now")
    expect(switch).to_be_visible()
    for _ in range(30):
        mine.keyboard.press("Tab")
        if switch.evaluate("(element) => element === document.activeElement"):
            break
    mine.keyboard.press("Space")
    expect(switch).to_be_checked()
    expect(switch).to_be_focused()
    assert agreed(house, token) == {Traffic, LiveTraffic}


def test_what_changed_in_the_notice_is_shown_once_and_switches_nothing_on(
    house: MappedHouse, mine: Page, token: str
) -> None:
    expect(mine.get_by_text("1 of 3 switches on.")).to_be_visible()
    DealStore(house.folder / "deal.sqlite", house, told=everything()).close()
    mine.reload()
    changes = mine.get_by_role("region", name="What changed since you agreed")
    expect(changes.get_by_text("New purpose, Relevant offers and ads")).to_be_visible()
    assert agreed(house, token) == {Traffic}
    changes.get_by_role("button", name="Seen, hide this").click()
    expect(changes).to_have_count(0)
    mine.reload()
    expect(mine.get_by_role("heading", name="Relevant offers and ads")).to_be_visible()
    expect(changes).to_have_count(0)


def test_a_signal_that_says_no_is_heeded_and_told(
    house: MappedHouse, mine: Page, token: str
) -> None:
    mine.set_extra_http_headers({"tc-string": core(special_features=set())})
    turn(mine, "Traffic as it is now", "On")
    expect(mine.get_by_text("It stays off: a signal said no, and the no holds.")).to_be_visible()
    expect(mine.get_by_role("article", name="Traffic as it is now")).to_contain_text(
        "the consent string of an app said no: 1 time, last Tue 24 Nov 08:12. The no was heeded."
    )
    assert agreed(house, token) == {Traffic}


def test_a_pause_is_one_click_each_way_and_changes_no_switch(mine: Page) -> None:
    mine.get_by_role("button", name="Pause", exact=True).click()
    expect(mine.get_by_text("Paused since Tue 24 Nov 08:12: nothing is read.")).to_be_visible()
    expect(mine.get_by_text("1 of 3 switches on.")).to_be_visible()
    press(mine, "Go on")
    expect(mine.get_by_text("Going on, with the switches as they were.")).to_be_visible()
    expect(mine.get_by_text("Paused since")).to_have_count(0)


def test_every_change_leaves_a_receipt_to_keep(house: MappedHouse, mine: Page) -> None:
    mine.get_by_text("My receipts").click()
    expect(mine.get_by_role("link", name="Download receipt")).to_have_count(1)
    turn(mine, "Traffic as it is now", "On")
    expect(mine.get_by_role("link", name="Download receipt")).to_have_count(2)
    with mine.expect_download() as download:
        mine.get_by_role("link", name="Download receipt 2").click()
    receipt = read_receipt(download.value.path().read_bytes())
    verify(receipt, house.deals.public_key())
    assert {cell.purpose for cell in receipt.cells()} == {Traffic, LiveTraffic}


def test_a_switch_stays_as_it_is_where_the_house_does_not_answer(
    doorstep: Doorstep, mine: Page
) -> None:
    switch = mine.get_by_role("switch", name="Traffic as it is now")
    expect(switch).to_be_visible()
    mine.context.set_offline(True)
    expect(mine.get_by_text("This device is offline")).to_be_visible()
    turn(mine, "Traffic as it is now", "On")
    expect(mine.get_by_role("alert")).to_have_text("That did not work: this device is offline.")
    expect(switch).not_to_be_checked()
    mine.context.set_offline(False)
    doorstep.is_shut = True
    turn(mine, "Traffic as it is now", "On")
    expect(mine.get_by_role("alert")).to_have_text(re.compile("That did not work"))
    doorstep.is_shut = False
    turn(mine, "Traffic as it is now", "On")
    expect(switch).to_be_checked()


@pytest.mark.usefixtures("ann")
def test_the_accessibility_checker_finds_nothing_and_nothing_is_cut_off(
    house: MappedHouse, mine: Page, axe: str
) -> None:
    mine.locator('[data-drawn="yes"]').wait_for()
    for summary in mine.locator("summary:visible").all():
        summary.click()
    assert barriers(mine, axe) == []
    assert cut_off_at(mine) == []
    later(house, FRESH_US)
    press(mine, "Download a copy")
    expect(mine.get_by_role("dialog")).to_be_visible()
    assert barriers(mine, axe) == []


def test_who_gave_nothing_reads_so(mine: Page) -> None:
    expect(mine.get_by_text("Nothing of yours is kept here.")).to_be_visible()
    expect(mine.locator(".map")).to_have_count(0)


@pytest.mark.usefixtures("ann")
def test_what_i_gave_comes_in_numbers_by_day_and_on_a_map(mine: Page) -> None:
    gave = mine.get_by_role("region", name="What I gave")
    expect(gave.get_by_role("list", name="In numbers")).to_have_text(re.compile("29 .*2 "))
    gave.get_by_text("The same as a table").click()
    expect(gave.get_by_role("row", name="24 Nov 2026 28")).to_be_visible()
    expect(gave.get_by_text("28 positions, all of them drawn.")).to_be_visible()
    assert many(mine, OWN_POINT) > POINT_PIXELS


def test_what_was_not_kept_is_counted_by_its_reason(
    house: MappedHouse, open_page: Open, ann: Subject, token: str
) -> None:
    house.refused[ann] = {"before-deal": 12, "bad-row": 1}
    gave = open_page(f"/me#token={token}").get_by_role("region", name="What I gave")
    expect(gave.get_by_role("list", name="In numbers")).to_contain_text("13 not kept")
    expect(gave.get_by_text("12 rows from before you agreed")).to_be_visible()
    expect(gave.get_by_text("1 row that could not be read")).to_be_visible()


def test_who_read_my_rows_for_what_is_listed_by_day(
    house: MappedHouse, open_page: Open, ann: Subject, token: str
) -> None:
    house.read_of[ann] = [
        ReadOfMine(
            category="user.location.precise",
            purpose="public.traffic",
            recipient="own",
            at=Instant(AT),
            last_at=Instant(AT + SECOND),
            times=3,
        )
    ]
    got = open_page(f"/me#token={token}").get_by_role("region", name="What I got")
    row = got.get_by_role("row", name="24 Nov 2026")
    expect(row).to_contain_text("the operator of this hubbub")
    expect(row).to_contain_text("Usual speeds on the roads")
    expect(row).to_contain_text("3")


@pytest.mark.usefixtures("ann")
def test_what_i_got_lists_the_roads_i_helped_and_shows_them(mine: Page) -> None:
    got = mine.get_by_role("region", name="What I got")
    expect(got.get_by_role("list", name="In numbers")).to_have_text(re.compile("1 road helped"))
    press(mine, "Show South road on the map")
    expect(mine.get_by_label("Map of Testby with your positions")).to_be_focused()
    assert many(mine, HELPED_ROAD) > POINT_PIXELS


@pytest.mark.usefixtures("ann")
def test_what_i_got_lists_where_my_visits_count_and_nothing_more(mine: Page) -> None:
    visits = mine.get_by_role("region", name="What I got").locator("li:has-text('Mon 23 Nov')")
    expect(visits).to_have_text(re.compile("Kirjasto Äänekoski.*Mon 23 Nov, 12:00, 2 visits"))
    expect(visits.get_by_role("link")).to_have_attribute("href", "/places?place=n1")
    expect(mine.get_by_text("A place that is gone from the map")).to_be_visible()


def test_erasing_wants_the_word_and_gives_the_certificate(
    house: MappedHouse, ann: Subject, mine: Page
) -> None:
    button = mine.get_by_role("button", name="Erase everything of mine")
    expect(button).to_be_disabled()
    mine.get_by_label("Type “erase” to confirm").fill("Erase")
    button.click()
    expect(mine.get_by_role("heading", name="Being erased")).to_be_visible()
    certificate = certified(house, ann)
    mine.reload()  # whoever keeps the address comes back to it
    expect(mine.get_by_role("heading", name="Erased", exact=True)).to_be_visible()
    with mine.expect_download() as download:
        press(mine, "Download the certificate")
    assert download.value.path().read_bytes() == certificate
