"""Hubbub's side of the homeserver without one: its log lines, its outbox, its tokens."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hubbub.deal.messenger import InvitedOnly, TooManyInvitations
from hubbub.deal.messenger_proof import BadProof
from hubbub.record.deal_store import DealStore
from hubbub.run.clock import Replay, SystemClock
from hubbub.run.messenger.config import write_config
from hubbub.run.messenger.database import Connected, waits_there
from hubbub.run.messenger.desk import INVITATIONS_A_DAY_MAX, MessengerDesk
from hubbub.run.messenger.files import MessengerFiles
from hubbub.run.messenger.nameless import Nameless
from hubbub.run.settings import Messenger, Server, Settings
from hubbub.terms.time import SECOND, Instant
from outlet.fake_messenger import sealed
from record.deal_store_rig import HandClock, opened

ANN = "@ann:localhost"
HERE = "http://localhost:8000"


def desk(store: DealStore, folder: Path, settings: Settings | None = None) -> MessengerDesk:
    files = MessengerFiles(folder)
    return MessengerDesk(files, settings or Settings(), deals=store, origin=HERE)


def token(folder: Path, *, account: str = ANN, lasts_s: int = 59) -> str:
    secret = MessengerFiles(folder).shared_secret()
    until_s = SystemClock().now() // SECOND + lasts_s + 1
    return sealed(account, secret=secret, audience=HERE, until_s=until_s)


@pytest.mark.parametrize(
    "said",
    [
        "Failed to send to @ann:example.org",
        "GET /_matrix/client/v3/sync?access_token=syt_YW5u",
        "from 192.168.1.20",
        "room !FB80DBk648iW5R77r0hUkJfHslpDMMc9Xe9VBfnuDB4",
        "event $LgBIAtNvm1sLU6hfbpmCfuDUS5btMiqRvW7WZbPA0ls",
        "2001:db8:0:0:1::20 came",
    ],
)
def test_a_log_line_of_the_homeserver_names_nobody(said: str) -> None:
    record = logging.LogRecord("synapse.x", logging.WARNING, "", 0, said, (), None)
    line = Nameless().format(record)
    for name in ("ann", "syt_", "192", "FB80", "LgBI", "2001"):
        assert name not in line


def test_a_log_line_says_where_it_is_from_and_what_fell_without_what_was_put_in() -> None:
    try:
        int("ann's message")
    except ValueError as error:
        fault = (type(error), error, error.__traceback__)
    words = "Failed to send %s to %s"
    line = Nameless().format(
        logging.LogRecord("synapse.x", logging.ERROR, "", 0, words, ("secret", ANN), fault)
    )
    assert "Failed to send %s to %s in=synapse.x error=ValueError at=" in line
    assert "secret" not in line
    assert "ann" not in line


def test_an_erasure_waits_for_what_the_homeserver_still_has_to_count(tmp_path: Path) -> None:
    files = MessengerFiles(tmp_path)
    assert not waits_there(files, ANN)
    write_config(files, Settings(), house=HERE)
    with closing(sqlite3.connect(files.database)) as file:
        file.execute("CREATE TABLE other (x)")
        assert not waits_there(files, ANN)
        file.execute("CREATE TABLE hubbub_outbox (person TEXT, other_person TEXT)")
        file.execute("INSERT INTO hubbub_outbox VALUES ('@bob:localhost', '')")
        file.commit()
        assert not waits_there(files, ANN)
        file.execute("UPDATE hubbub_outbox SET other_person = ?", (ANN,))
        file.commit()
        assert waits_there(files, ANN)


def test_where_nobody_can_look_something_may_wait(tmp_path: Path) -> None:
    files = MessengerFiles(tmp_path)
    there = Settings(messenger=Messenger(database="postgres://hubbub@127.0.0.1:1/hubbub"))
    write_config(files, there, house=HERE)
    assert waits_there(files, ANN)


def test_a_database_of_ones_own_is_told_without_a_password() -> None:
    args: dict[str, str | int] = {"user": "hubbub", "host": "db", "port": 5433, "dbname": "chat"}
    url = Connected(name="psycopg2", args=args).url()
    assert str(url) == "postgresql+psycopg2://hubbub@db:5433/chat"


def test_a_token_of_the_homeserver_counts_once(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store:
        there, shown = desk(store, tmp_path), token(tmp_path)
        assert there.proved(shown) == ANN
        with pytest.raises(BadProof):
            there.proved(shown)


def test_a_token_from_before_the_house_began_counts_as_shown(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store, pytest.raises(BadProof):
        desk(store, tmp_path).proved(token(tmp_path, lasts_s=40))


def test_a_token_of_another_server_proves_nobody(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store, pytest.raises(BadProof):
        desk(store, tmp_path).proved(token(tmp_path, account="@ann:example.org"))


def test_a_house_that_others_reach_lets_nobody_in_uninvited(tmp_path: Path) -> None:
    public = Settings(server=Server(origin="https://maps.example.org"))
    with opened(tmp_path, HandClock()) as store:
        there = desk(store, tmp_path, public)
        assert there.sign_up() == "invited"
        assert there.url == "https://maps.example.org"
        assert there.server_name == "maps.example.org"
        with pytest.raises(InvitedOnly):
            there.let_in()


def test_one_account_makes_so_many_invitations_a_day(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store:
        there = desk(store, tmp_path)
        there._admin = Inviting()  # type: ignore[assignment]
        for _ in range(INVITATIONS_A_DAY_MAX):
            there.invite(ANN, uses=1, days=1)
        with pytest.raises(TooManyInvitations):
            there.invite(ANN, uses=1, days=1)
        assert there.invite("@bob:localhost", uses=1, days=1).token == "an invitation"


class Inviting:
    def invite(self, *, uses: int, lasts_s: int) -> str:
        assert (uses, lasts_s) == (1, 86_400)
        return "an invitation"


def test_the_homeserver_goes_by_the_machines_clock_while_a_day_is_played(tmp_path: Path) -> None:
    played = Replay(begin=1_000, end=9_000, speed=10.0, started_wall=50_000)
    with opened(tmp_path, HandClock()) as store:
        there = desk(store, tmp_path, Settings(replay=played))
        assert there.at_the_homeserver(Instant(1_500)) == 50_050
        assert desk(store, tmp_path).at_the_homeserver(Instant(1_500)) == 1_500
