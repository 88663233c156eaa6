"""The module in a real Synapse beside a real door: what is counted comes once, and nothing else."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from hubbub.deal.messenger_proof import prove
from hubbub.run.clock import SystemClock
from hubbub.terms.people import Subject
from hubbub.terms.purposes import Category
from messenger.counted_house import GRANTED, CountedHouse, counted_house
from messenger.homeserver import Account, Homeserver, running_homeserver

PERIOD_S = 1
PATIENCE_S = 60.0
CANARY = "canary-93f1c7"
CLIENT = "/_matrix/client/v3"


AGREED: dict[str, tuple[Category, ...]] = {
    "ann": GRANTED,
    "bob": GRANTED,
    "cay": (Category.INTERACTIONS,),
    "dan": (),
    **dict.fromkeys(("eve", "fay", "gil", "hal", "ida"), (Category.SERVICE_USE,)),
}
"""Who is there, and what each has agreed to."""


@dataclass
class Messenger:
    """A homeserver with the module, the house beside it, and everybody who is there."""

    house: CountedHouse
    server: Homeserver
    people: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, categories in AGREED.items():
            self.people[name] = self.server.sign_up(name)
            if categories:
                self.house.agree(self.people[name].user_id, *categories)
        self.heard()

    def who(self, name: str) -> tuple[Account, Subject]:
        account = self.people[name]
        return account, self.house.people.get(account.user_id, Subject(0))

    def room(self, *people: Account, **told: Any) -> str:
        """Let the first of `people` make a room, and the others come in."""
        first, *others = people
        wanted = {"preset": "private_chat", "invite": [each.user_id for each in others], **told}
        made = self.server.ask("POST", f"{CLIENT}/createRoom", as_=first, body=wanted)
        room: str = made.json()["room_id"]
        for each in others:
            self.server.ask("POST", f"{CLIENT}/join/{room}", as_=each, body={})
        return room

    def send(
        self, who: Account, room: str, content: Any = None, kind: str = "m.room.message"
    ) -> str:
        said = {"msgtype": "m.text", "body": f"{CANARY} says hello"}
        path = f"{CLIENT}/rooms/{room}/send/{kind}/{secrets.token_hex(8)}"
        answer = self.server.ask("PUT", path, as_=who, body=said if content is None else content)
        assert answer.status_code == 200, answer.text
        event: str = answer.json()["event_id"]
        return event

    def heard(self) -> None:
        """Wait until the homeserver has heard of what changed, and has gone a round since."""
        asked = self.house.asked
        self.comes(lambda: self.house.asked >= asked + 3)

    def comes(self, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_there():
            assert time.monotonic() < deadline, f"{self.house.times()}\n{self.server.told}"
            time.sleep(0.2)

    def outbox(self) -> list[tuple[Any, ...]]:
        """Read what waits in the homeserver's own database."""
        file = f"file:{self.server.files.database}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as database:
            return database.execute("SELECT * FROM hubbub_outbox").fetchall()


@pytest.fixture(scope="module")
def messenger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Messenger]:
    folder = tmp_path_factory.mktemp("messenger")
    with counted_house(folder) as house:
        config = {
            "hubbub": house.url,
            "secret_file": str(folder / "messenger" / "hubbub.secret"),
            "period_s": PERIOD_S,
        }
        extra = {"modules": [{"module": "hubbub_synapse.HubbubModule", "config": config}]}
        with running_homeserver(folder, house=house.url, extra=extra) as server:
            yield Messenger(house, server)


def test_what_people_write_is_in_no_file_of_hubbubs(messenger: Messenger) -> None:
    (ann, anns), (bob, bobs) = messenger.who("ann"), messenger.who("bob")
    for who in (ann, bob):
        name = {"displayname": f"{CANARY} {who.user_id}"}
        path = f"{CLIENT}/profile/{who.user_id}/displayname"
        messenger.server.ask("PUT", path, as_=who, body=name)
    room = messenger.room(ann, bob, name=f"{CANARY} room", topic=f"{CANARY} topic")
    for _ in range(50):
        first = messenger.send(ann, room)
        messenger.send(
            bob,
            room,
            {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": CANARY},
            "m.room.encrypted",
        )
        picture = {
            "msgtype": "m.image",
            "body": f"{CANARY}.png",
            "url": f"mxc://localhost/{CANARY}",
        }
        messenger.send(ann, room, picture)
        relates = {"rel_type": "m.annotation", "event_id": first, "key": CANARY}
        messenger.send(bob, room, {"m.relates_to": relates}, "m.reaction")
    expected = {(anns, "messages"): 50, (anns, "pictures"): 50, (bobs, "messages"): 50}
    messenger.comes(lambda: messenger.house.times() == expected)
    messenger.comes(lambda: messenger.house.times("interactions") == expected)
    folder = messenger.house.home.folder
    of_hubbub = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != "messenger"
    ]
    assert messenger.house.home.use in of_hubbub
    assert [path for path in of_hubbub if CANARY.encode() in path.read_bytes()] == []
    assert CANARY.encode() in messenger.server.files.database.read_bytes()
    assert CANARY not in messenger.server.told


def test_who_agreed_to_nothing_is_in_no_row_and_named_by_nobody(messenger: Messenger) -> None:
    (cay, subject), (dan, _) = messenger.who("cay"), messenger.who("dan")
    room = messenger.room(cay, dan)
    for who in (dan, cay):
        messenger.send(who, room)
    messenger.comes(lambda: (subject, "messages") in messenger.house.times("interactions"))
    rows = messenger.house.use.of(subject, "interactions")
    assert rows["other"].to_pylist() == [None]
    assert messenger.house.use.of(subject, "service_use").num_rows == 0
    assert dan.user_id not in str(messenger.outbox())


def test_what_an_answer_was_lost_of_counts_once(messenger: Messenger) -> None:
    eve, subject = messenger.who("eve")
    room = messenger.room(eve)
    messenger.house.loses_answers = True
    messenger.send(eve, room)
    messenger.comes(lambda: messenger.house.times().get((subject, "messages")) == 1)
    messenger.heard()
    messenger.house.loses_answers = False
    messenger.comes(lambda: messenger.outbox() == [])
    assert messenger.house.times()[subject, "messages"] == 1


def test_nothing_is_lost_while_hubbub_is_away(messenger: Messenger) -> None:
    fay, subject = messenger.who("fay")
    room = messenger.room(fay)
    messenger.house.is_up = False
    for _ in range(5):
        messenger.send(fay, room)
    messenger.heard()
    messenger.house.is_up = True
    messenger.comes(lambda: messenger.house.times().get((subject, "messages")) == 5)


def test_what_waits_of_who_takes_it_back_is_gone_from_the_homeserver(messenger: Messenger) -> None:
    gil, subject = messenger.who("gil")
    room = messenger.room(gil)
    messenger.house.loses_answers = True  # so that rows stay in the outbox
    messenger.send(gil, room)
    messenger.comes(lambda: gil.user_id in str(messenger.outbox()))
    messenger.house.withdraw(gil.user_id)
    messenger.comes(lambda: gil.user_id not in str(messenger.outbox()))
    messenger.house.loses_answers = False
    before = messenger.house.times().get((subject, "messages"), 0)
    messenger.send(gil, room)
    messenger.heard()
    assert messenger.house.times().get((subject, "messages"), 0) == before


def test_an_account_that_is_deactivated_has_nothing_waiting(messenger: Messenger) -> None:
    hal, _ = messenger.who("hal")
    room = messenger.room(hal)
    messenger.house.loses_answers = True
    messenger.send(hal, room)
    messenger.comes(lambda: hal.user_id in str(messenger.outbox()))
    answer = messenger.server.ask(
        "POST",
        f"{CLIENT}/account/deactivate",
        as_=hal,
        body={
            "auth": {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": hal.user_id},
                "password": hal.password,
            }
        },
    )
    assert answer.status_code == 200, answer.text
    messenger.comes(lambda: hal.user_id not in str(messenger.outbox()))
    messenger.house.loses_answers = False


def test_acknowledged_messages_are_counted_once_whenever_the_homeserver_is_killed(
    messenger: Messenger,
) -> None:
    ida, subject = messenger.who("ida")
    room = messenger.room(ida)
    sent = 0
    for pause_s in (0.0, 1.2):
        for _ in range(7):
            messenger.send(ida, room)
            sent += 1
        time.sleep(pause_s)
        messenger.server.kill()
        messenger.server.start()
    messenger.comes(lambda: messenger.house.times().get((subject, "messages")) == sent)
    messenger.heard()
    assert messenger.house.times()[subject, "messages"] == sent


def test_a_session_of_the_homeserver_proves_who_somebody_is(messenger: Messenger) -> None:
    dan, _ = messenger.who("dan")
    path, house = "/_synapse/client/hubbub/session", "http://house.example"
    answer = messenger.server.ask("POST", path, as_=dan, body={"audience": house})
    token = answer.json()["token"]
    now = SystemClock().now()
    proved = prove(token, secret=messenger.house.secret, audience=house, now=now)
    assert proved.person == dan.user_id
    assert dan.access_token not in token
    stranger = Account("@x:localhost", "syt_nobodys", "D", "")
    assert messenger.server.ask("POST", path, as_=stranger, body={}).status_code == 401
    for body in ({}, {"audience": ""}, {"audience": 5}, {"audience": "x" * 201}):
        assert messenger.server.ask("POST", path, as_=dan, body=body).status_code == 400
