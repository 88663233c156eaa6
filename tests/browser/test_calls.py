"""Calls between two real browsers that share nothing, on a real homeserver, with made-up sound."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from browser.chat_house import chat_house
from browser.chatting import Person, people, signed_up
from browser.readable import barriers
from messenger.homeserver import Homeserver, running_homeserver

pytestmark = pytest.mark.browser

MADE_UP = (
    "--use-fake-device-for-media-stream=device-count=2",
    "--disable-features=WebRtcHideLocalIpsWithMdns",  # nobody here answers for made-up names
    "--host-resolver-rules=MAP house.example 127.0.0.1",
)
WATCH = """
window.connections = [];
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(...given) { super(...given); window.connections.push(this); }
};
"""
RECEIVED = """async (kind) => {
  const told = [...(await window.connections.at(-1).getStats()).values()];
  const coming = told.find((each) => each.type === "inbound-rtp" && each.kind === kind);
  return coming?.bytesReceived ?? 0;
}"""
WAYS = "window.connections.at(-1).localDescription.sdp.match(/ice-ufrag:(\\S+)/)[1]"
TELL = """(state) => {
  const connection = window.connections.at(-1);
  Object.defineProperty(connection, "iceConnectionState", { value: state, configurable: true });
  connection.dispatchEvent(new Event("iceconnectionstatechange"));
  delete connection.iceConnectionState;
}"""


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_homeserver(tmp_path_factory.mktemp("homeserver"), module=True) as there:
        yield there


@pytest.fixture(scope="module")
def address(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a house; give where its chat is."""
    with chat_house(homeserver, tmp_path_factory.mktemp("house")) as chat:
        yield chat


@pytest.fixture(scope="module")
def browsers(
    browser_file: Path, browser_flags: tuple[str, ...]
) -> Iterator[tuple[Browser, Browser]]:
    """Start two browsers, whose microphone beeps and whose camera counts."""
    flags = [flag for flag in browser_flags if not flag.startswith("--headless")]
    with sync_playwright() as playwright:
        one, other = (
            playwright.chromium.launch(executable_path=str(browser_file), args=[*flags, *MADE_UP])
            for _ in range(2)
        )
        yield one, other
        one.close()
        other.close()


@pytest.fixture(scope="module")
def pair(browsers: tuple[Browser, Browser], address: str) -> Iterator[tuple[Person, Person]]:
    """Give two people in a chat of theirs, whose browsers let them call."""
    one, other = browsers
    with people(one, address) as open_one, people(other, address) as open_other:
        ann = signed_up(_with_microphone(open_one()), "Ann Lee")
        bo = signed_up(_with_microphone(open_other()), "Bo Berg")
        ann.begins_with(bo)
        bo.accepts(ann.name)
        yield ann, bo


def test_a_voice_call_is_heard_at_both_sides_until_one_hangs_up(
    pair: tuple[Person, Person],
) -> None:
    ann, bo = pair
    _calls(ann, "Voice call")
    expect(_call(ann)).to_contain_text("Calling…")
    expect(_call(bo)).to_contain_text("Voice call")
    _press(bo, "Accept")
    _hears(ann)
    _hears(bo)
    assert ann.page.evaluate(RECEIVED, "video") == 0
    _press(ann, "Hang up")
    expect(_call(bo)).to_contain_text("Ann Lee hung up.")
    for one in pair:
        expect(_call(one)).to_have_count(0)
        expect(one.messages.locator("li").last).to_have_text(re.compile(r"Voice call, 0:\d\d"))


def test_a_video_call_is_seen_and_heard_at_both_sides(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    _calls(bo, "Video call")
    _press(ann, "Accept")
    for one, other in ((ann, bo), (bo, ann)):
        _hears(one)
        _sees(one)
        expect(_call(one).get_by_label(f"{other.name}'s camera")).to_be_visible()
        expect(_call(one).get_by_label("Your camera")).to_be_visible()
    _press(ann, "Hang up")
    expect(_call(bo)).to_have_count(0)
    expect(bo.messages.locator("li").last).to_have_text(re.compile(r"Video call, 0:\d\d"))


def test_microphone_and_camera_go_off_and_on_and_the_other_side_knows(
    pair: tuple[Person, Person],
) -> None:
    ann, bo = pair
    _calls(ann, "Voice call")
    _press(bo, "Accept")
    _hears(bo)
    _press(ann, "Mute")
    silent = _call(bo).get_by_text("Ann Lee cannot be heard")
    expect(silent).to_be_visible()
    _press(ann, "Mute")
    expect(silent).to_have_count(0)
    _hears(bo)
    for _ in range(2):  # the second time is another matter: the camera was let go of
        _press(ann, "Camera on")
        expect(_call(bo).get_by_label("Ann Lee's camera")).to_be_visible()
        _sees(bo)
        _hears(bo)
        _press(ann, "Camera off")
        expect(_call(bo).get_by_label("Ann Lee's camera")).to_have_count(0)
    _press(bo, "Hang up")
    expect(_call(ann)).to_have_count(0)


def test_a_call_goes_on_with_another_device(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    _calls(ann, "Video call")
    _press(bo, "Accept")
    _sees(bo)
    _press(ann, "Devices")
    for kind in ("Microphone", "Camera"):
        choice = _call(ann).get_by_role("combobox", name=kind)
        there = choice.locator("option").all()
        choice.select_option(there[-1].get_attribute("value"))
        expect(choice).to_be_enabled()
    _hears(bo)
    _sees(bo)
    _press(ann, "Hang up")
    expect(_call(bo)).to_have_count(0)


def test_a_call_goes_on_behind_the_chat(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    _calls(ann, "Voice call")
    _press(bo, "Accept")
    _hears(ann)
    ann.page.keyboard.press("Escape")
    expect(_call(ann)).to_have_count(0)
    ann.says("we talk, and I write")
    _hears(ann)
    ann.page.get_by_role("button", name="Back to the call with Bo Berg").click()
    _press(ann, "Hang up")
    expect(_call(bo)).to_have_count(0)


def test_a_call_is_declined(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    _calls(ann, "Video call")
    _press(bo, "Decline")
    expect(_call(ann)).to_contain_text("Bo Berg declined.")
    expect(bo.messages.locator("li").last).to_contain_text("You declined a video call")
    expect(ann.messages.locator("li").last).to_contain_text("Video call, declined")
    expect(_call(ann)).to_have_count(0)


def test_a_missed_call_is_told_in_the_chat(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    _calls(ann, "Voice call")
    expect(_call(bo)).to_be_visible()
    expect(bo.messages.locator("li").last).to_contain_text("Voice call, ringing…")
    _press(ann, "Hang up")
    expect(_call(bo)).to_have_count(0)
    expect(bo.messages.locator("li").last).to_contain_text("Missed voice call")
    expect(ann.messages.locator("li").last).to_contain_text("Voice call, no answer")


def test_a_call_that_lost_its_way_finds_another(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    _calls(ann, "Voice call")
    _press(bo, "Accept")
    _hears(ann)
    before = ann.page.evaluate(WAYS)
    ann.page.evaluate(TELL, "disconnected")
    lost = _call(ann).get_by_text("The connection is gone")
    expect(lost).to_be_visible()
    ann.page.wait_for_function(f"(before) => {WAYS} !== before", arg=before)
    ann.page.evaluate(TELL, "connected")  # it never was gone: the browser has nothing to tell
    expect(lost).to_have_count(0)
    _hears(ann)
    _hears(bo)
    _press(bo, "Hang up")
    expect(_call(ann)).to_have_count(0)


def test_a_call_in_a_private_chat_is_locked_as_its_messages_are(
    pair: tuple[Person, Person], homeserver: Homeserver
) -> None:
    ann, bo = pair
    _calls(ann, "Voice call")
    _press(bo, "Accept")
    _hears(ann)
    _press(bo, "Hang up")
    expect(_call(ann)).to_have_count(0)
    files = [file for file in homeserver.home.folder.rglob("*") if file.is_file()]
    kept = b"".join(file.read_bytes() for file in files)
    assert b"m.room.encrypted" in kept
    assert b"m.call." not in kept
    assert b"ice-ufrag" not in kept


def test_nobody_is_kept_from_a_call(pair: tuple[Person, Person], axe: str) -> None:
    ann, bo = pair
    _calls(ann, "Video call")
    expect(_call(bo)).to_be_visible()
    assert barriers(ann.page, axe) == []
    assert barriers(bo.page, axe) == []
    _press(bo, "Accept")
    _sees(ann)
    _press(ann, "Devices")
    assert barriers(ann.page, axe) == []
    _press(ann, "Hang up")
    expect(_call(bo)).to_have_count(0)


def test_a_browser_that_keeps_its_microphone_is_told_how_to_give_it(
    pair: tuple[Person, Person],
) -> None:
    ann, bo = pair
    ann.page.context.clear_permissions()
    _calls(ann, "Video call")
    expect(_call(ann).get_by_role("alert")).to_contain_text("Allow it beside the page's address")
    expect(_call(bo)).to_have_count(0)
    _press(ann, "Close")
    _with_microphone(ann.page)


def test_a_page_that_is_not_secure_says_why_there_are_no_calls(
    browsers: tuple[Browser, Browser], address: str
) -> None:
    page = browsers[0].new_page()
    page.goto(address.replace("localhost", "house.example"))
    expect(page.get_by_text("calls want its microphone")).to_be_visible()
    expect(page.get_by_text("only if it came over https, or from localhost")).to_be_visible()
    page.close()


def _with_microphone(page: Page) -> Page:
    page.context.grant_permissions(["camera", "microphone"])
    page.add_init_script(WATCH)
    page.reload()
    return page


def _calls(one: Person, kind: str) -> None:
    one.page.get_by_role("button", name=kind, exact=True).click()


def _call(one: Person) -> Locator:
    return one.page.locator("dialog.call[open]")


def _press(one: Person, name: str) -> None:
    _call(one).get_by_role("button", name=name, exact=True).click()


def _hears(one: Person) -> None:
    _receives(one, "audio", 500)


def _sees(one: Person) -> None:
    _receives(one, "video", 5_000)


def _receives(one: Person, kind: str, bytes_min: int) -> None:
    """Wait until more comes from the other side."""
    expect(one.page.get_by_role("timer")).to_be_visible()
    before = one.page.evaluate(RECEIVED, kind)
    more = f"async ([kind, before]) => await ({RECEIVED})(kind) > before"
    one.page.wait_for_function(more, arg=[kind, before + bytes_min])
