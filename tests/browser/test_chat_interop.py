"""Our chat in a browser and a client that is not ours write to each other, encrypted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

pytest.importorskip("nio", reason="matrix-nio is not installed")

from browser.chat_house import chat_house
from browser.chatting import Person, people, signed_up
from messenger.homeserver import Homeserver, running_homeserver
from messenger.independent import Independent, independent

pytestmark = pytest.mark.browser

PICTURE = Path(__file__).parents[2] / "docs/img/me.webp"


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_homeserver(tmp_path_factory.mktemp("homeserver"), module=True) as there:
        yield there


@pytest.fixture
def pair(
    browser: Browser, homeserver: Homeserver, tmp_path: Path
) -> Iterator[tuple[Person, Independent]]:
    """Give somebody in our chat and somebody in another client, in a chat of theirs."""
    account = homeserver.sign_up("nina")
    with (
        chat_house(homeserver, tmp_path / "house") as address,
        people(browser, address) as opened,
        independent(account, homeserver.url, tmp_path / "nio") as nina,
    ):
        ann = signed_up(opened(), "Ann Lee")
        ann.begins_with(Person("nina", ann.page))
        yield ann, nina


def test_our_chat_and_an_independent_client_understand_each_other(
    pair: tuple[Person, Independent], homeserver: Homeserver
) -> None:
    ann, nina = pair
    ann.says("canary from a browser")
    heard = nina.hears("canary from a browser")
    nina.says(heard.room, "canary from afar", to=heard)
    answer = ann.sees("canary from afar")
    expect(answer.get_by_role("button", name="canary from a browser")).to_be_visible()

    ann.asks_about(answer).get_by_role("button", name="Reply").click()
    ann.says("canary of an answer")
    assert nina.hears("canary of an answer").answers is not None

    nina.encloses(heard.room, PICTURE.read_bytes())
    expect(ann.messages.locator("img").last).to_be_visible()
    ann.encloses(str(PICTURE), "canary of a caption")
    _, picture = nina.sees_a_picture()
    assert picture[:4] == b"RIFF"
    assert picture[8:12] == b"WEBP"

    assert nina.unreadable == 0
    kept = [file.read_bytes() for file in homeserver.home.folder.rglob("*") if file.is_file()]
    assert not any(b"canary" in each for each in kept)
