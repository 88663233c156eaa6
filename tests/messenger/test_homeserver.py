"""The homeserver as hubbub runs it: people sign up and write to one another, and it keeps quiet."""

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubbub.run.messenger.config import ServerNameChanged, write_config
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.settings import Messenger, Settings
from messenger.homeserver import Homeserver, running_homeserver


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_homeserver(tmp_path_factory.mktemp("messenger")) as running:
        yield running


@pytest.fixture(scope="module")
def there_at_first(fresh: Homeserver) -> list[str]:
    return ["somebody"] if fresh.admin.is_anybody_here() else []


@pytest.fixture(scope="module")
def there(fresh: Homeserver, there_at_first: list[str]) -> Homeserver:
    del there_at_first
    return fresh


def test_two_people_sign_up_and_one_reads_what_the_other_wrote(there: Homeserver) -> None:
    ann, bob = there.sign_up("ann"), there.sign_up("bob")
    made = {"preset": "private_chat", "invite": [bob.user_id]}
    room = there.ask("POST", "/_matrix/client/v3/createRoom", as_=ann, body=made).json()["room_id"]
    there.ask("POST", f"/_matrix/client/v3/join/{room}", as_=bob, body={})
    said = {"msgtype": "m.text", "body": "the conversation"}
    path = f"/_matrix/client/v3/rooms/{room}"
    there.ask("PUT", f"{path}/send/m.room.message/1", as_=ann, body=said)
    read = there.ask("GET", f"{path}/messages?dir=b", as_=bob).json()["chunk"]
    assert read[0]["content"]["body"] == "the conversation"


def test_nobody_signs_up_without_an_invitation(there: Homeserver) -> None:
    wanted = {"username": "eve", "password": "a long password"}
    asked = there.ask("POST", "/_matrix/client/v3/register", body=wanted)
    assert asked.status_code == 401
    assert all(flow["stages"][0] == "m.login.registration_token" for flow in asked.json()["flows"])
    refused = there.ask_to_sign_up("eve", "a long password", token="guessed")
    assert refused.status_code == 401


def test_an_invitation_counts_as_often_as_it_says(there: Homeserver) -> None:
    token = there.admin.invite(uses=1, lasts_s=60)
    validity = "/_matrix/client/v1/register/m.login.registration_token/validity?token="
    assert there.ask("GET", validity + token).json() == {"valid": True}
    assert there.ask_to_sign_up("kim", "a long password", token=token).status_code == 200
    assert there.ask("GET", validity + token).json() == {"valid": False}


def test_the_operator_invites_by_a_link(there: Homeserver) -> None:
    home = ("--home", str(there.home.folder), "--messenger-port", str(there.port))
    called = (sys.executable, "-m", "hubbub", "messenger", "invite", "--json", *home)
    made = json.loads(subprocess.run(called, capture_output=True, check=True).stdout)
    place, _, token = made["link"].partition("#invite=")
    assert place == "http://localhost:8000/chat"
    assert there.ask_to_sign_up("lou", "a long password", token=token).status_code == 200


def test_it_is_known_whether_anybody_is_here_but_hubbub(
    there: Homeserver, there_at_first: list[str]
) -> None:
    assert there_at_first == []
    there.sign_up("amy")
    assert there.admin.is_anybody_here()


def test_a_house_speaks_in_the_chat_and_says_a_thing_once(there: Homeserver) -> None:
    cleo = there.sign_up("cleo")
    for _ in range(2):
        there.admin.tell(cleo.user_id, "Your deal has changed.", once="receipt 7")
    joined = there.ask("GET", "/_matrix/client/v3/sync", as_=cleo).json()["rooms"]["join"]
    (room,) = joined.values()
    told = [
        e["content"]["body"] for e in room["timeline"]["events"] if e["type"] == "m.room.message"
    ]
    assert told == ["Your deal has changed."]


def test_an_account_that_is_forgotten_lets_nobody_in(there: Homeserver) -> None:
    dan = there.sign_up("dan")
    whoami = "/_matrix/client/v3/account/whoami"
    assert there.ask("GET", whoami, as_=dan).status_code == 200
    there.admin.forget(dan.user_id)
    assert there.ask("GET", whoami, as_=dan).status_code == 401


def test_hubbub_signs_in_again_when_its_token_is_gone(there: Homeserver) -> None:
    there.files.keeper_token.write_text("syt_old")
    assert there.admin.invite(uses=1, lasts_s=60)


def test_what_it_logs_names_nobody(there: Homeserver) -> None:
    assert not re.search(r"@(ann|bob|cleo|dan)|!\w{10,}|127\.0\.0\.1", there.told), there.told


def test_every_file_of_it_is_its_operators_alone(there: Homeserver) -> None:
    folder = there.files.folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "told.txt"]
    assert there.files.database in files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_the_name_behind_the_colon_stays(tmp_path: Path) -> None:
    files = MessengerFiles(tmp_path)
    write_config(files, Settings(), house="http://127.0.0.1:8000")
    renamed = Settings(messenger=Messenger(server_name="example.org"))
    with pytest.raises(ServerNameChanged, match='server_name = "localhost"'):
        write_config(files, renamed, house="http://127.0.0.1:8000")


def test_it_speaks_with_no_other_server_and_fetches_nothing(tmp_path: Path) -> None:
    files = MessengerFiles(tmp_path)
    write_config(files, Settings(), house="http://127.0.0.1:8000")
    told = json.loads(files.config.read_text())
    assert told["federation_domain_whitelist"] == []
    assert told["trusted_key_servers"] == []
    assert not told["url_preview_enabled"]
    assert not told["report_stats"]
    assert [listener["resources"][0]["names"] for listener in told["listeners"]] == [["client"]]
    assert told["listeners"][0]["bind_addresses"] == ["127.0.0.1"]
