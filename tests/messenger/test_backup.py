"""A house is backed up while people write, put back, and goes on: sessions, pictures, messages."""

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from hubbub.run.backup import Damaged, back_up, restore
from hubbub.run.home import Home
from hubbub.terms.errors import BadInput
from messenger.homeserver import Account, Homeserver, running_homeserver
from record.deal_store_rig import BOTH, HandClock, opened

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200_000)


class Writer(threading.Thread):
    """Somebody who writes without a pause, and knows what was acknowledged."""

    def __init__(self, there: Homeserver, who: Account, room: str) -> None:
        super().__init__(daemon=True)
        self._there, self._who, self._path = there, who, f"/_matrix/client/v3/rooms/{room}"
        self.acknowledged: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            body = f"message {len(self.acknowledged)}"
            path = f"{self._path}/send/m.room.message/{len(self.acknowledged)}"
            said = {"msgtype": "m.text", "body": body}
            if self._there.ask("PUT", path, as_=self._who, body=said).status_code == 200:
                self.acknowledged.append(body)


def upload(there: Homeserver, who: Account) -> str:
    answer = httpx.post(
        f"{there.url}/_matrix/media/v3/upload?filename=picture.png",
        content=PICTURE,
        headers={"Authorization": f"Bearer {who.access_token}", "Content-Type": "image/png"},
    )
    return str(answer.json()["content_uri"]).removeprefix("mxc://")


def read(there: Homeserver, who: Account, room: str) -> set[str]:
    """Read every message of a room, back to its beginning."""
    found: set[str] = set()
    at = ""
    while True:
        path = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=500{at}"
        page = there.ask("GET", path, as_=who).json()
        texts = (event["content"].get("body") for event in page["chunk"])
        found |= {text for text in texts if text}
        if "end" not in page:
            return found
        at = f"&from={page['end']}"


def test_what_was_acknowledged_before_a_backup_is_there_when_it_is_put_back(
    tmp_path: Path,
) -> None:
    with running_homeserver(tmp_path / "house") as there:
        ann = there.sign_up("ann")
        room = there.ask("POST", "/_matrix/client/v3/createRoom", as_=ann, body={}).json()
        picture = upload(there, ann)
        writer = Writer(there, ann, room["room_id"])
        writer.start()
        while len(writer.acknowledged) < 20:
            writer.stop.wait(0.05)
        before = {*writer.acknowledged}
        called = (sys.executable, "-m", "hubbub", "backup", str(tmp_path / "backup"))
        subprocess.run((*called, "--home", str(there.home.folder)), check=True)
        after = len(writer.acknowledged)
        assert after > len(before), "nothing was written meanwhile"
        writer.stop.set()
        writer.join()
    restore(Home(tmp_path / "again"), tmp_path / "backup")
    with running_homeserver(tmp_path / "again") as again:
        whoami = again.ask("GET", "/_matrix/client/v3/account/whoami", as_=ann)
        assert whoami.json()["user_id"] == ann.user_id
        assert before <= read(again, ann, room["room_id"])
        shown = again.ask("GET", f"/_matrix/client/v1/media/download/{picture}", as_=ann)
        assert shown.content == PICTURE
        assert again.sign_up("bob").user_id == "@bob:localhost"


@pytest.fixture
def house(tmp_path: Path) -> Home:
    with opened(tmp_path / "house", HandClock()) as store:
        store.enrol("a phone", BOTH, "test")
    return Home(tmp_path / "house")


def test_a_house_without_a_messenger_is_backed_up_as_well(house: Home, tmp_path: Path) -> None:
    back_up(house, tmp_path / "backup")
    restore(Home(tmp_path / "again"), tmp_path / "backup")
    with opened(tmp_path / "again", HandClock()) as store:
        assert store.status().devices == 1


def test_a_backup_that_is_not_whole_is_not_put_back(house: Home, tmp_path: Path) -> None:
    back_up(house, tmp_path / "backup")
    deal = tmp_path / "backup" / "deal.sqlite"
    deal.write_bytes(deal.read_bytes()[:-1])
    with pytest.raises(Damaged, match=r"deal\.sqlite"):
        restore(Home(tmp_path / "again"), tmp_path / "backup")


def test_nothing_that_is_there_is_written_over(house: Home, tmp_path: Path) -> None:
    back_up(house, tmp_path / "backup")
    with pytest.raises(BadInput, match="not empty"):
        back_up(house, tmp_path / "backup")
    with pytest.raises(BadInput, match="not empty"):
        restore(house, tmp_path / "backup")
    with pytest.raises(BadInput, match="no backup"):
        restore(Home(tmp_path / "again"), house.folder)
