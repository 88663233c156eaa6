"""The chat in real browsers, on a real homeserver: what a person does all day."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.chat_house import chat_house
from browser.chatting import Person, people, signed_up, signs_in, signs_up
from browser.conftest import PHONE
from browser.readable import barriers, cut_off_at
from messenger.homeserver import Homeserver, running_homeserver

pytestmark = pytest.mark.browser

PICTURE = Path(__file__).parents[2] / "docs/img/me.webp"


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_homeserver(tmp_path_factory.mktemp("homeserver"), module=True) as there:
        yield there


@pytest.fixture(scope="module")
def another(
    browser: Browser, homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Page]]:
    """Open the chat in another browser."""
    with (
        chat_house(homeserver, tmp_path_factory.mktemp("house")) as address,
        people(browser, address) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def pair(another: Callable[..., Page]) -> tuple[Person, Person]:
    """Give two people in a chat of theirs."""
    ann, bo = signed_up(another(), "Ann Lee"), signed_up(another(), "Bo Berg")
    ann.begins_with(bo)
    bo.accepts(ann.name)
    return ann, bo


def test_what_is_written_comes_and_is_read(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    ann.says("How was the gym?")
    ann.says("And the way there?")
    bo.sees("And the way there?")
    bo.says("Quiet at seven.")
    ann.sees("Quiet at seven.")
    for words in ("How was the gym?", "And the way there?"):
        expect(ann.sees(words).get_by_text("read", exact=True)).to_be_attached()


def test_a_private_chat_is_locked_before_it_leaves(
    pair: tuple[Person, Person], homeserver: Homeserver
) -> None:
    ann, bo = pair
    ann.says("nobody else reads this canary")
    bo.sees("nobody else reads this canary")
    ann.encloses(str(PICTURE), "a canary caption")
    expect(bo.sees("a canary caption").locator("img")).to_be_visible()
    kept = [file.read_bytes() for file in homeserver.home.folder.rglob("*") if file.is_file()]
    assert any(b"m.room.encrypted" in bytes_ for bytes_ in kept)
    assert not any(b"canary" in bytes_ for bytes_ in kept)
    pictures = [
        file for file in homeserver.files.media.rglob("local_content/**/*") if file.is_file()
    ]
    assert len(pictures) == 2  # the whole, and the small one
    assert not any(
        file.read_bytes().startswith((b"\xff\xd8", b"\x89PNG", b"RIFF")) for file in pictures
    )


def test_a_message_is_answered_changed_and_deleted(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    bo.says("Shall we go at sevn?")
    bo.asks_about(bo.sees("at sevn?")).get_by_role("button", name="Edit").click()
    bo.page.get_by_label("Message", exact=True).fill("Shall we go at seven?")
    bo.page.get_by_role("button", name="Save").click()
    expect(ann.sees("Shall we go at seven?")).to_contain_text("edited")

    ann.asks_about(ann.sees("at seven?")).get_by_role("button", name="Reply").click()
    ann.says("Let us.")
    expect(bo.sees("Let us.").get_by_role("button", name="Shall we go at seven?")).to_be_visible()

    ann.asks_about(ann.sees("Let us.")).get_by_role("button", name="Delete").click()
    ann.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(bo.messages.get_by_text("This message was deleted")).to_be_visible()
    expect(bo.messages.get_by_text("Let us.")).to_have_count(0)


def test_a_reaction_is_given_and_taken_back(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    ann.says("I ran ten kilometres")
    bo.asks_about(bo.sees("ten kilometres")).get_by_role("button", name="👍").click()
    given = ann.sees("ten kilometres").get_by_role("button", name="👍 by Bo Berg")
    expect(given).to_be_visible()
    bo.sees("ten kilometres").get_by_role("button", name="👍 by Bo Berg").click()
    expect(given).to_have_count(0)


def test_who_types_is_seen_typing(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    bo.page.get_by_label("Message", exact=True).press_sequentially("hm")
    expect(ann.page.get_by_text("Bo Berg is typing…")).to_be_visible()
    bo.page.get_by_label("Message", exact=True).fill("")
    expect(ann.page.get_by_text("Bo Berg is typing…")).to_have_count(0)


def test_what_is_written_without_a_net_is_sent_once_and_in_order_also_after_a_reload(
    pair: tuple[Person, Person], homeserver: Homeserver
) -> None:
    ann, bo = pair
    away = re.compile(rf"{homeserver.url}/.*/send/.*")
    ann.page.route(away, lambda route: route.abort())
    ann.says("first without a net")
    ann.says("second without a net")
    expect(ann.sees("second without").get_by_text("waiting to be sent")).to_be_attached()
    ann.page.reload()
    expect(ann.sees("second without").get_by_text("waiting to be sent")).to_be_attached()
    ann.page.unroute(away)
    bo.sees("second without a net")
    told = [line for line in bo.messages.locator("li").all_inner_texts() if "without a net" in line]
    assert [line.split(" without")[0].split()[-1] for line in told] == ["first", "second"]


def test_a_login_is_kept_over_a_reload(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    bo.says("before the reload")
    ann.sees("before the reload")
    ann.page.reload()
    ann.sees("before the reload")
    ann.says("after the reload")
    bo.sees("after the reload")


def test_an_invite_link_opens_the_door_once_and_leads_to_who_invites(
    pair: tuple[Person, Person], another: Callable[..., Page]
) -> None:
    ann, _ = pair
    ann.page.get_by_role("button", name="Back to all chats").click()
    ann.page.get_by_role("button", name="New chat").click()
    ann.page.get_by_role("button", name="Invite by link").click()
    link = ann.page.get_by_label("Invite link").locator(".link").inner_text()
    dora = another(link)
    expect(dora.get_by_role("heading", name="ann.lee invites you")).to_be_visible()
    assert "#" not in dora.url
    signs_up(dora, "Dora Hill")
    expect(dora.get_by_role("heading", name="Ann Lee")).to_be_visible()
    late = another(link)
    expect(late.get_by_text("This invite link was used up")).to_be_visible()
    ann.page.get_by_role("button", name="Back").click()
    ann.page.get_by_role("button", name=re.compile("^Bo Berg")).click()


def test_the_accessibility_checker_finds_nothing_in_the_chat(
    pair: tuple[Person, Person], axe: str
) -> None:
    ann, bo = pair
    ann.encloses(str(PICTURE), "what I gave")
    bo.asks_about(bo.sees("what I gave")).get_by_role("button", name="❤️").click()
    ann.sees("❤")
    shown = {
        "a chat": lambda: None,
        "what can be done with a message": lambda: ann.asks_about(ann.sees("what I gave")),
        "about the chat": lambda: ann.page.get_by_role("button", name="About this chat").click(),
        "the list": lambda: ann.page.get_by_role("button", name="Back to all chats").click(),
        "what was found": lambda: ann.page.get_by_label("Search chats and messages").fill("gave"),
        "settings": lambda: ann.page.get_by_role("button", name="Settings").click(),
    }
    met = {}
    for name, show in shown.items():
        show()
        if name != "the list":  # it is looked at with what was found
            met[name] = (barriers(ann.page, axe), cut_off_at(ann.page))
        ann.page.set_viewport_size(PHONE)
        ann.page.keyboard.press("Escape")
    ann.page.emulate_media(color_scheme="light")
    ann.page.get_by_role("button", name="Back").click()
    ann.page.get_by_label("Search chats and messages").fill("")
    ann.page.get_by_role("button", name=re.compile("^Bo Berg")).click()
    assert met == dict.fromkeys(met, ([], []))
    assert len(met) == len(shown) - 1


def test_whoever_signs_out_leaves_nothing_in_the_browser(another: Callable[..., Page]) -> None:
    cleo = signed_up(another(), "Cleo Moss")
    cleo.page.get_by_role("button", name="Settings").click()
    cleo.page.get_by_role("button", name="Sign out").click()
    expect(cleo.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    left = cleo.page.evaluate(
        """async () => {
          const stores = await indexedDB.databases();
          return [...Object.keys(localStorage), ...stores.map(({ name }) => name)];
        }"""
    )
    assert left == []


def test_another_device_is_confirmed_by_the_recovery_key_and_reads_what_was_before(
    pair: tuple[Person, Person], another: Callable[..., Page]
) -> None:
    ann, bo = pair
    bo.says("written before the other device")
    ann.sees("written before the other device")
    page = another()
    signs_in(page, ann)
    page.get_by_role("button", name="Enter my recovery key").click()
    page.get_by_label("Recovery key").fill(bo.recovery_key)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("not of this account")
    page.get_by_label("Recovery key").fill(ann.recovery_key)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name=re.compile("^Bo Berg")).click()
    shown = Person(ann.name, page).messages.get_by_text("written before the other device")
    expect(shown).to_be_visible(timeout=20_000)
    page.context.close()


def test_another_device_is_confirmed_by_comparing_pictures(
    pair: tuple[Person, Person], another: Callable[..., Page]
) -> None:
    ann, bo = pair
    bo.says("written before the comparison")
    ann.sees("written before the comparison")
    page = another()
    signs_in(page, ann)
    page.get_by_role("button", name="Compare two devices").click()
    old, new = ann.page.get_by_role("dialog"), page.get_by_role("dialog")
    old.get_by_role("button", name="It is me").click()
    shown = [each.get_by_role("list", name="Pictures").locator("li") for each in (old, new)]
    expect(shown[0]).to_have_count(7)
    expect(shown[1]).to_have_count(7)
    assert shown[0].all_inner_texts() == shown[1].all_inner_texts()
    for each in (old, new):
        each.get_by_role("button", name="They are the same").click()
    for each in (old, new):
        expect(each.get_by_role("heading", name="Confirmed")).to_be_visible()
        each.get_by_role("button", name="Good").click()
    page.get_by_role("button", name=re.compile("^Bo Berg")).click()
    Person(ann.name, page).sees("written before the comparison")
    page.context.close()


def test_an_unconfirmed_device_reads_nothing_of_before(
    pair: tuple[Person, Person], another: Callable[..., Page]
) -> None:
    ann, bo = pair
    bo.says("written for confirmed devices")
    ann.sees("written for confirmed devices")
    page = another()
    signs_in(page, ann)
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("button", name=re.compile("^Bo Berg")).click()
    stranger = Person(ann.name, page)
    stranger.sees("Confirm this device to read what was sent before.")
    expect(stranger.messages.get_by_text("written for confirmed devices")).to_have_count(0)
    page.context.close()


def test_a_group_is_made_searched_and_left(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    for person in pair:
        person.page.get_by_role("button", name="Back to all chats").click()
    ann.page.get_by_role("button", name="New chat").click()
    ann.page.get_by_role("button", name="New group").click()
    ann.page.get_by_label("Name of the group").fill("Rowers")
    ann.page.get_by_label("Who is in it").fill(bo.user_name)
    ann.page.get_by_role("button", name=re.compile(bo.user_name)).click()
    ann.page.get_by_role("button", name="Make the group").click()
    bo.accepts("Rowers")
    ann.says("Who has the key of the boathouse?")
    expect(bo.sees("boathouse").get_by_text("Ann Lee", exact=True)).to_be_visible()

    bo.page.get_by_role("button", name="Back to all chats").click()
    bo.page.get_by_label("Search chats and messages").fill("BOATHOUSE key")
    bo.page.get_by_role("list", name="Messages found").get_by_role("button").click()
    expect(bo.sees("boathouse")).to_be_in_viewport()

    bo.page.get_by_role("button", name="About this chat").click()
    bo.page.get_by_role("button", name="Leave this group").click()
    bo.page.get_by_role("button", name="Leave", exact=True).click()
    expect(ann.messages.get_by_text("Bo Berg left")).to_be_visible()
    ann.page.get_by_role("button", name="Back to all chats").click()
    bo.page.get_by_label("Search chats and messages").fill("")
    for person, other in ((ann, bo), (bo, ann)):
        person.page.get_by_role("button", name=re.compile(f"^{other.name}")).click()


def test_a_voice_message_is_recorded_and_played(pair: tuple[Person, Person]) -> None:
    ann, bo = pair
    ann.page.context.grant_permissions(["microphone"])
    ann.page.get_by_role("button", name="Record a voice message").click()
    expect(ann.page.get_by_role("timer")).not_to_have_text("0:00")
    ann.page.get_by_role("button", name="Send the voice message").click()
    heard = bo.messages.locator("li[data-kind=voice]")
    expect(heard).to_contain_text(re.compile(r"0:0[1-9]"))
    heard.get_by_role("button", name="Play the voice message").click()
    expect(heard.get_by_role("button", name="Pause")).to_be_visible()


def test_the_chat_leads_to_my_data_as_the_person_of_the_account(
    another: Callable[..., Page],
) -> None:
    page = signed_up(another(), "Di Fox").page
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("link", name="My data").click()
    expect(page.get_by_role("region", name="Messenger")).to_contain_text("@di.fox:localhost")
    expect(page.get_by_role("switch").first).not_to_be_checked()
