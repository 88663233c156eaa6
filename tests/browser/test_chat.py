"""The chat in real browsers, on a real homeserver: what a person does all day."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.chat_house import chat_house
from browser.chatting import Person, people, signed_up, signs_up
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
