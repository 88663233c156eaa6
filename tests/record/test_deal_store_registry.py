"""Recipients and their clients: registered once, seen by everybody, gone at once when revoked."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hubbub.deal.desk import ChoiceRefused, DeviceName
from hubbub.deal.notice import Notice
from hubbub.deal.recipients import (
    ClientToken,
    RecipientKnown,
    Scope,
    UnknownClient,
    UnknownRecipient,
    scopes_of,
)
from hubbub.deal.signals import Signal, read_signals
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_recipients import NoSlotLeft
from hubbub.record.deal_store_tables import NOTICE
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import OWN, Category, Cell, LiveTraffic, Offers, RecipientKey, Traffic
from record.deal_store_rig import HandClock, database, opened

ACME = RecipientKey("acme")
MINE, ACMES = Cell(Category.LOCATION, Traffic), Cell(Category.LOCATION, Traffic, ACME)
ADS = Cell(Category.LOCATION, Offers)
LIVE = (Scope("traffic.live", LiveTraffic.key),)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[DealStore]:
    """A deal whose notice offers traffic to Acme too, and ads; Acme is registered."""
    with opened(tmp_path, clock) as made:
        made.registry.add("acme", name="Acme Maps", kind="partner")
        offer(tmp_path, made.notice())
        yield made


def offer(home: Path, notice: Notice) -> None:
    """Publish a notice that offers more."""
    use = msgspec.structs.replace(notice.uses[0], recipients=(OWN.key, ACME))
    ads = msgspec.structs.replace(notice.uses[0], purpose=Offers.key)
    more = msgspec.structs.replace(notice, version=notice.version + 1, uses=(use, ads))
    with database(home) as connection:
        connection.execute(
            NOTICE.insert().values(
                version=more.version,
                sha256=more.sha256,
                published_at=0,
                document=more.canonical(),
            )
        )


def dead(store: DealStore, key: RecipientKey) -> list[int]:
    """List the receipts on which traffic is closed to a recipient."""
    (recipient,) = (each for each in store.registry.recipients() if each.key == key)
    found: list[int] = store.dead(Category.LOCATION, Traffic, recipient)["receipt"].to_pylist()
    return sorted(found)


def test_everybody_may_know_who_may_read(store: DealStore) -> None:
    own, acme = store.registry.cards()
    assert (own.key, own.kind, own.revoked_at) == ("own", "own", None)
    assert (acme.key, acme.name, acme.kind) == ("acme", "Acme Maps", "partner")
    assert acme.since == "2025-11-24T16:00:00Z"


@pytest.mark.parametrize("key", ["", "own", "acme", "Acme", "a b", "9", "a" * 41, "a\n"])
def test_a_key_is_plain_and_never_means_another(store: DealStore, key: str) -> None:
    with pytest.raises(RecipientKnown if key in {"own", "acme"} else BadInput):
        store.registry.add(key, name="Another", kind="partner")


@pytest.mark.parametrize("name", ["", " ", "a\nb", "n" * 201])
def test_a_name_can_be_read(store: DealStore, name: str) -> None:
    with pytest.raises(BadInput):
        store.registry.add("another", name=name, kind="group")


def test_there_is_room_for_six(store: DealStore) -> None:
    for number in range(5):
        store.registry.add(f"r{number}", name="One more", kind="group")
    with pytest.raises(NoSlotLeft):
        store.registry.add("one-too-many", name="One more", kind="group")
    assert len(store.registry.cards()) == 7


def test_revoking_a_recipient_closes_its_cells_on_everybodys_receipts_at_once(
    store: DealStore,
) -> None:
    ann = store.enrol("ann", frozenset({MINE, ACMES}), "page").badge
    later = store.renew(DeviceName("ann"), frozenset({MINE, ACMES}), "page").badge
    bob = store.enrol("bob", frozenset({MINE, ACMES}), "page").badge
    eve = store.enrol("eve", frozenset({MINE}), "page").badge
    assert dead(store, ACME) == []
    store.registry.revoke("acme")
    assert dead(store, ACME) == [ann.receipt, later.receipt, bob.receipt]
    assert dead(store, OWN.key) == [], "what people gave the service itself is as it was"
    assert store.granted(DeviceName("ann")) == (MINE,)
    assert eve.receipt not in dead(store, ACME)


def test_nobody_agrees_to_a_recipient_that_is_revoked_and_it_does_not_come_back(
    store: DealStore,
) -> None:
    store.registry.revoke("acme")
    with pytest.raises(ChoiceRefused, match="revoked"):
        store.enrol("ann", frozenset({ACMES}), "page")
    with pytest.raises(RecipientKnown):
        store.registry.add("acme", name="Acme Maps", kind="partner")
    with pytest.raises(UnknownRecipient):
        store.registry.revoke("acme")
    assert store.registry.cards()[1].revoked_at is not None


def test_a_notice_may_offer_whom_nobody_registered_and_nobody_can_agree_to_it(
    tmp_path: Path, clock: HandClock
) -> None:
    with opened(tmp_path, clock) as store:
        offer(tmp_path, store.notice())
        with pytest.raises(ChoiceRefused, match="acme: not registered"):
            store.enrol("ann", frozenset({ACMES}), "page")


def test_the_own_service_is_never_revoked(store: DealStore) -> None:
    with pytest.raises(UnknownRecipient):
        store.registry.revoke("own")


def test_a_client_is_known_by_a_token_that_rests_nowhere(store: DealStore, tmp_path: Path) -> None:
    client, token = store.registry.add_client("acme", LIVE, requests_a_minute=60)
    assert store.registry.client(token) == client
    assert (client.recipient, client.scopes, client.rate.a_second) == ("acme", LIVE, 1)
    assert client.purpose_for("traffic.live") == LiveTraffic.key
    assert client.purpose_for("traffic.typical") is None
    store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("deal.sqlite*"))
    assert token.secret.encode() not in kept
    assert repr(token) == "<ClientToken>"


def test_a_token_of_nobodys_is_nobodys(store: DealStore) -> None:
    store.registry.add_client("acme", LIVE, requests_a_minute=60)
    ann = store.enrol("ann", frozenset({MINE}), "page")
    assert store.registry.client(ClientToken("")) is None
    assert store.registry.client(ClientToken(ann.token.secret)) is None


def test_a_client_that_is_revoked_is_nobody_from_the_next_question_on(
    store: DealStore, tmp_path: Path, clock: HandClock
) -> None:
    client, token = store.registry.add_client("acme", LIVE, requests_a_minute=60)
    _, other = store.registry.add_client("acme", LIVE, requests_a_minute=60)
    with opened(tmp_path, clock) as elsewhere:
        elsewhere.registry.revoke_client(client.number)
        assert store.registry.client(token) is None
        assert store.registry.client(other) is not None
        with pytest.raises(UnknownClient):
            elsewhere.registry.revoke_client(client.number)
        elsewhere.registry.revoke("acme")
        assert store.registry.client(other) is None, "its recipient is gone"
    assert all(each.revoked_at for each in store.registry.clients())
    with pytest.raises(UnknownRecipient):
        store.registry.add_client("acme", LIVE, requests_a_minute=60)


@pytest.mark.parametrize("wanted", [[], ["traffic.live"], ["traffic.live:public.traffic"], [":"]])
def test_a_scope_is_a_product_for_its_own_purpose(wanted: list[str]) -> None:
    with pytest.raises(BadInput):
        scopes_of(wanted, {"traffic.live": LiveTraffic.key})
    assert scopes_of([f"traffic.live:{LiveTraffic.key}"], {"traffic.live": LiveTraffic.key}) == LIVE


def test_a_choice_is_made_less_what_a_signal_says_no_to_and_both_are_kept(
    store: DealStore, clock: HandClock
) -> None:
    signals = read_signals(gpc=["1"])
    ann = store.enrol("ann", frozenset({MINE, ACMES, ADS}), "page", signals=signals)
    assert ann.receipt.cells() == (MINE,)
    assert store.granted(DeviceName("ann")) == (MINE,)
    clock.move(seconds=60)
    chosen = store.choose(DeviceName("ann"), frozenset({ADS}), "page", signals=signals)
    assert chosen.cells() == (MINE,)
    conflicts = store.conflicts(DeviceName("ann"))
    assert [(each.signal, set(each.cells), each.times) for each in conflicts] == [
        (Signal.GPC, {ADS}, 1),
        (Signal.GPC, {ACMES, ADS}, 1),
    ]
    assert conflicts[0].last_at == clock.now()
    assert repr(conflicts[0]) == "<Conflict>"


def test_a_signal_takes_nothing_back_that_was_chosen_without_it(store: DealStore) -> None:
    store.enrol("ann", frozenset({MINE, ADS}), "page")
    store.choose(DeviceName("ann"), frozenset({MINE}), "page", signals=read_signals(gpc=["1"]))
    assert set(store.granted(DeviceName("ann"))) == {MINE, ADS}
    assert store.conflicts(DeviceName("ann")) == []


def test_a_choice_of_which_a_signal_leaves_nothing_is_refused(store: DealStore) -> None:
    signals = read_signals(gpc=["1"])
    with pytest.raises(ChoiceRefused, match="signal"):
        store.enrol("ann", frozenset({ADS}), "page", signals=signals)
    store.enrol("ann", frozenset({MINE}), "page")
    with pytest.raises(ChoiceRefused, match="signal"):
        store.renew(DeviceName("ann"), frozenset({ACMES}), "page", signals=signals)
    assert store.granted(DeviceName("ann")) == (MINE,)


def test_what_signals_were_against_is_counted_and_forgotten_with_the_person(
    store: DealStore, tmp_path: Path, clock: HandClock
) -> None:
    ann = store.enrol("ann", frozenset({MINE, ACMES}), "page").badge
    (against,) = read_signals(gpc=["1"]).against(ann.stamps)
    first = clock.now()
    for seconds in (10, 20):
        clock.move(seconds=seconds)
        store.keep_conflict(ann.subject, against, 5)
    (conflict,) = store.conflicts(DeviceName("ann"))
    assert (conflict.cells, conflict.times) == ((ACMES,), 10)
    assert (conflict.first_at - first, conflict.last_at - first) == (10_000_000, 30_000_000)
    store.erase(DeviceName("ann"), "page")
    store.erasures.forget(ann.subject)
    store.keep_conflict(ann.subject, against, 1)  # one that was on its way
    with sqlite3.connect(tmp_path / "deal.sqlite") as file:
        assert file.execute("SELECT count(*) FROM conflict").fetchone() == (0,)
    file.close()
