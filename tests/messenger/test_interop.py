"""Other people's Matrix clients work with this homeserver, encrypted, and it reads nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("nio", reason="matrix-nio is not installed")

from messenger.homeserver import Homeserver, running_homeserver
from messenger.independent import Independent, independent

PICTURE = (Path(__file__).parents[2] / "docs/img/me.webp").read_bytes()
CANARY = "canary-between-two"


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_homeserver(tmp_path_factory.mktemp("homeserver")) as there:
        yield there


@pytest.fixture
def pair(homeserver: Homeserver, tmp_path: Path) -> Iterator[tuple[Independent, Independent, str]]:
    """Give two people in an encrypted room of theirs."""
    nina, olga = homeserver.sign_up("nina"), homeserver.sign_up("olga")
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(independent(who, homeserver.url, tmp_path / who.device_id))
            for who in (nina, olga)
        )
        room = one.makes_a_room(olga.user_id)
        two.waits_for(nina.user_id, room)
        one.waits_for(olga.user_id, room)
        yield one, two, room


def test_an_independent_client_writes_answers_and_sends_pictures_encrypted(
    pair: tuple[Independent, Independent, str], homeserver: Homeserver
) -> None:
    one, two, room = pair
    first = one.says(room, f"{CANARY}: how are you?")
    heard = two.hears("how are you?")
    two.says(room, f"{CANARY}: well", to=heard)
    answer = one.hears("well")
    assert answer.answers == first
    one.encloses(room, PICTURE)
    _, picture = two.sees_a_picture()
    assert picture == PICTURE
    assert (one.unreadable, two.unreadable) == (0, 0)
    kept = [file.read_bytes() for file in homeserver.home.folder.rglob("*") if file.is_file()]
    assert any(b"m.room.encrypted" in each for each in kept)
    assert not any(CANARY.encode() in each or PICTURE[:64] in each for each in kept)
