"""The deal as it rests: enrolment, renewal, withdrawal, and what holds of them afterwards."""

import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from hubbub.deal.desk import ChoiceRefused, DeviceName, DeviceTaken, Token, UnknownDevice
from hubbub.deal.notice import Operator
from hubbub.deal.proof import Forged
from hubbub.deal.receipt import verify
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_devices import NAME_CHARACTERS_MAX
from hubbub.record.deal_store_keys import SigningKeyUnusable, signing_key
from hubbub.record.deal_store_recipients import NoSlotLeft, recipients, register
from hubbub.record.deal_store_tables import NOTICE
from hubbub.terms.purposes import (
    OWN,
    RECIPIENTS_MAX,
    Category,
    Cell,
    LiveTraffic,
    Places,
    RecipientKey,
    Traffic,
    cell_bit,
)
from record.deal_store_rig import ALL, BOTH, HandClock, database, dead, opened

TRAFFIC, LIVE = cell_bit(Traffic, OWN), cell_bit(LiveTraffic, OWN)
CITY = Operator(name="City of Helsinki", contact="privacy@example.org")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[DealStore]:
    with opened(tmp_path, clock) as deal:
        yield deal


def test_a_device_that_enrols_gets_a_badge_for_what_it_chose(
    store: DealStore, clock: HandClock
) -> None:
    ann = store.enrol("ann's phone", frozenset({Traffic}), "page")
    badge = store.badge(ann.token.secret)
    assert badge == ann.badge
    assert badge is not None
    assert (badge.stamp(Category.LOCATION), badge.since) == (TRAFFIC, clock.now())
    assert ann.receipt.cells() == (Cell(Category.LOCATION, Traffic),)


def test_rows_that_come_in_a_file_are_stamped_by_their_devices_deal(store: DealStore) -> None:
    ann = store.enrol("ann", BOTH, "page")
    assert store.badge_of(DeviceName("ann")) == store.badge_of(ann.token) == ann.badge
    store.withdraw(ann.token, frozenset({LiveTraffic}), "page")
    assert store.badge_of(DeviceName("ann")) == store.badge(ann.token.secret)
    with pytest.raises(UnknownDevice):
        store.badge_of(DeviceName("bob"))


def test_nobody_has_a_badge_by_guessing(store: DealStore) -> None:
    ann = store.enrol("ann", BOTH, "page")
    for guess in ("", "ann", ann.token.secret[:-1], ann.token.secret + "=", ann.receipt.person):
        assert store.badge(guess) is None
    assert store.badge(ann.token.secret) is not None


def test_people_are_counted_without_gaps_and_each_token_is_another(store: DealStore) -> None:
    with pytest.raises(ChoiceRefused):
        store.enrol("nobody", frozenset(), "page")
    enrolled = [store.enrol(f"phone {n}", BOTH, "page") for n in range(5)]
    assert [e.badge.subject for e in enrolled] == [1, 2, 3, 4, 5]
    assert [e.badge.receipt for e in enrolled] == [1, 2, 3, 4, 5]
    assert len({e.token.secret for e in enrolled}) == 5
    assert len({e.receipt.person for e in enrolled}) == 5


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x00b", "x" * (NAME_CHARACTERS_MAX + 1)])
def test_a_device_has_a_name_that_can_be_read(store: DealStore, name: str) -> None:
    with pytest.raises(ChoiceRefused, match="name has 1 to"):
        store.enrol(name, BOTH, "page")
    assert store.status().devices == 0


def test_something_must_be_chosen(store: DealStore) -> None:
    with pytest.raises(ChoiceRefused, match="nothing was chosen"):
        store.enrol("ann", frozenset(), "page")
    assert store.status().devices == 0


def test_a_name_that_is_taken_stays_with_who_has_it(store: DealStore) -> None:
    ann = store.enrol("ann", BOTH, "page")
    with pytest.raises(DeviceTaken):
        store.enrol("ann", BOTH, "page")
    assert store.badge(ann.token.secret) == ann.badge


@pytest.mark.parametrize("by", ["token", "name"])
def test_a_device_that_renews_stays_the_same_person_and_its_old_token_ends(
    store: DealStore, by: str
) -> None:
    old = store.enrol("ann", BOTH, "page")
    assert store.badge(old.token.secret) == old.badge
    new = store.renew(old.token if by == "token" else DeviceName("ann"), BOTH, "command")
    assert store.badge(old.token.secret) is None
    assert store.badge(new.token.secret) == new.badge
    assert new.badge.subject == old.badge.subject
    assert new.badge.receipt != old.badge.receipt
    assert new.receipt.person == old.receipt.person
    assert new.device == "ann"


def test_renewing_keeps_what_is_chosen_again_and_ends_the_rest(
    store: DealStore, clock: HandClock
) -> None:
    old = store.enrol("ann", BOTH, "page")
    clock.move(seconds=60)
    new = store.renew(old.token, frozenset({Traffic}), "page")
    assert (dead(store, Traffic), dead(store, LiveTraffic)) == ([], [old.badge.receipt])
    assert (new.badge.stamp(Category.LOCATION), new.badge.since) == (TRAFFIC, old.badge.since)


def test_a_purpose_newly_chosen_holds_from_then_on_only(store: DealStore, clock: HandClock) -> None:
    old = store.enrol("ann", frozenset({Traffic}), "page")
    later = clock.move(seconds=60)
    new = store.renew(old.token, BOTH, "page")
    assert (new.badge.stamp(Category.LOCATION), new.badge.since) == (TRAFFIC | LIVE, later)


def test_taking_back_one_purpose_leaves_the_other(store: DealStore, clock: HandClock) -> None:
    ann = store.enrol("ann", BOTH, "page")
    clock.move(seconds=60)
    receipt = store.withdraw(ann.token, frozenset({LiveTraffic}), "page")
    badge = store.badge(ann.token.secret)
    assert badge is not None
    assert (badge.stamp(Category.LOCATION), badge.since) == (TRAFFIC, ann.badge.since)
    assert (dead(store, Traffic), dead(store, LiveTraffic)) == ([], [ann.badge.receipt])
    assert receipt.cells() == (Cell(Category.LOCATION, Traffic),)
    assert receipt.closed == ("user.location.precise public.traffic.live own",)
    assert receipt.replaces == ann.receipt.identifier


def test_taking_everything_back_leaves_a_device_that_is_known_and_may_nothing(
    store: DealStore,
) -> None:
    ann, bob = store.enrol("ann", BOTH, "page"), store.enrol("bob", BOTH, "page")
    receipt = store.withdraw(DeviceName("ann"), None, "command")
    badge = store.badge(ann.token.secret)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == 0
    assert receipt.status == "dpv:ConsentWithdrawn"
    assert dead(store, Traffic) == dead(store, LiveTraffic) == [ann.badge.receipt]
    assert store.badge(bob.token.secret) == bob.badge


def test_closing_reaches_every_receipt_that_granted_it(store: DealStore) -> None:
    ann = store.enrol("ann", ALL, "page")
    store.withdraw(ann.token, frozenset({Places}), "page")
    store.withdraw(ann.token, frozenset({LiveTraffic}), "page")
    store.withdraw(ann.token, None, "page")
    assert dead(store, Places) == [1]
    assert dead(store, LiveTraffic) == [1, 2]
    assert dead(store, Traffic) == [1, 2, 3]


def test_granting_again_does_not_revive_what_was_taken_back(
    store: DealStore, clock: HandClock
) -> None:
    ann = store.enrol("ann", BOTH, "page")
    store.withdraw(ann.token, None, "page")
    later = clock.move(seconds=60)
    again = store.renew(ann.token, BOTH, "page")
    assert dead(store, Traffic) == [ann.badge.receipt]
    assert again.badge.since == later
    assert again.badge.receipt not in dead(store, Traffic)
    store.withdraw(again.token, None, "page")
    assert dead(store, Traffic) == [ann.badge.receipt, again.badge.receipt]


def test_taking_back_what_was_not_given_changes_nothing(store: DealStore) -> None:
    ann = store.enrol("ann", frozenset({Traffic}), "page")
    assert store.withdraw(ann.token, frozenset({LiveTraffic}), "page") == ann.receipt
    store.withdraw(ann.token, None, "page")
    once = store.receipts(ann.token)
    store.withdraw(ann.token, None, "page")
    assert store.receipts(ann.token) == once


def test_every_change_is_on_a_receipt_of_its_own_that_verifies(store: DealStore) -> None:
    ann = store.enrol("ann", ALL, "page")
    store.withdraw(ann.token, frozenset({Places}), "page")
    renewed = store.renew(ann.token, BOTH, "command")
    store.withdraw(renewed.token, None, "page")
    receipts = store.receipts(DeviceName("ann"))
    assert [len(receipt.cells()) for receipt in receipts] == [3, 2, 2, 0]
    assert receipts[0].replaces is None
    assert all(after.replaces == before.identifier for before, after in pairwise(receipts))
    for receipt in receipts:
        verify(receipt, store.public_key())
        with pytest.raises(Forged):
            verify(replace(receipt, person="urn:uuid:somebody else"), store.public_key())


def test_who_is_not_known_is_told_so(store: DealStore) -> None:
    store.enrol("ann", BOTH, "page")
    for who in (Token("hub_guess"), DeviceName("bob"), Token("ann")):
        with pytest.raises(UnknownDevice):
            store.withdraw(who, None, "page")
        with pytest.raises(UnknownDevice):
            store.renew(who, BOTH, "page")
        with pytest.raises(UnknownDevice):
            store.receipts(who)


def test_a_refused_renewal_leaves_the_old_token_in_force(store: DealStore) -> None:
    ann = store.enrol("ann", BOTH, "page")
    with pytest.raises(ChoiceRefused):
        store.renew(ann.token, frozenset(), "page")
    assert store.badge(ann.token.secret) == ann.badge


def test_a_new_notice_widens_nobodys_deal(tmp_path: Path, clock: HandClock) -> None:
    with opened(tmp_path, clock) as store:
        ann = store.enrol("ann", frozenset({Traffic}), "page")
    with opened(tmp_path, clock, CITY) as store:
        assert store.notice().version == 2
        assert store.badge(ann.token.secret) == ann.badge
        assert store.receipts(ann.token)[0].notice.version == 1
        bob = store.enrol("bob", frozenset({Traffic}), "page")
        assert bob.receipt.notice.version == 2
        assert bob.receipt.notice.sha256 == store.notice().sha256
        assert bob.receipt.controller.name == CITY.name


def test_the_same_notice_is_not_published_twice(tmp_path: Path, clock: HandClock) -> None:
    for operator in (CITY, CITY, None):
        with opened(tmp_path, clock, operator) as store:
            assert (store.notice().version, store.notice().operator) == (1, CITY)


def test_a_purpose_that_the_notice_does_not_offer_cannot_be_chosen(
    tmp_path: Path, store: DealStore
) -> None:
    notice = store.notice()
    less = replace(notice, version=2, uses=tuple(u for u in notice.uses if "live" not in u.purpose))
    with database(tmp_path) as connection:
        row = {"version": 2, "sha256": less.sha256, "published_at": 0, "document": less.canonical()}
        connection.execute(sa.insert(NOTICE).values(row))
    with pytest.raises(ChoiceRefused, match=r"public\.traffic\.live: not offered"):
        store.enrol("ann", BOTH, "page")
    assert (
        store.enrol("ann", frozenset({Traffic}), "page").badge.stamp(Category.LOCATION) == TRAFFIC
    )
    assert list(store.status().devices_by_purpose) == ["public.traffic", "public.places"]


def test_what_is_refused_is_counted_by_day_and_reason(store: DealStore, clock: HandClock) -> None:
    store.count_refused("no-token", 3)
    store.count_refused("no-token", 4)
    store.count_refused("withdrawn", 1)
    clock.move(seconds=24 * 3600)
    store.count_refused("no-token", 1)
    assert store.status().refused == {
        "2025-11-24": {"no-token": 7, "withdrawn": 1},
        "2025-11-25": {"no-token": 1},
    }


@pytest.mark.parametrize("reason", ["", "Ann", "60.17,24.94", "x" * 41])
def test_a_reason_is_a_word_of_ours(store: DealStore, reason: str) -> None:
    with pytest.raises(AssertionError, match="a word of ours"):
        store.count_refused(reason, 1)


def test_the_status_counts_and_names_nobody(store: DealStore) -> None:
    store.enrol("ann", BOTH, "page")
    bob = store.enrol("bob", frozenset({Traffic}), "page")
    store.withdraw(bob.token, None, "page")
    status = store.status()
    assert (status.devices, status.withdrawn, status.receipts) == (2, 1, 3)
    assert status.devices_by_purpose == {
        "public.traffic": 1,
        "public.traffic.live": 1,
        "public.places": 0,
    }
    assert "ann" not in repr(status)


def test_a_token_rests_nowhere(tmp_path: Path, store: DealStore) -> None:
    ann = store.enrol("ann's phone", BOTH, "page")
    resting = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert ann.token.secret.encode() not in resting
    assert ann.receipt.identifier.encode() in resting


def test_neither_token_nor_name_is_logged_or_printed(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "sqlalchemy")
    with opened(tmp_path, clock) as store:
        ann = store.enrol("ann's phone", BOTH, "page")
        store.badge(ann.token.secret)
        store.withdraw(DeviceName("ann's phone"), None, "page")
        with pytest.raises(DeviceTaken) as taken:
            store.enrol("ann's phone", BOTH, "page")
    printed = f"{caplog.text} {ann!r} {ann.token} {ann.badge} {ann.receipt} {taken.value!r}"
    assert "INSERT INTO receipt" in caplog.text
    for secret in ("ann's phone", ann.token.secret, ann.receipt.person):
        assert secret not in printed


def test_only_their_owner_reads_the_deal_and_its_key(tmp_path: Path, clock: HandClock) -> None:
    home = tmp_path / "home"
    with opened(home, clock) as store:
        store.enrol("ann", BOTH, "page")
        files = {file.name: file.stat().st_mode & 0o777 for file in home.rglob("*")}
    assert files.pop("keys") == 0o700
    assert set(files) == {"deal.sqlite", "deal.sqlite-wal", "deal.sqlite-shm", "receipts.pem"}
    assert set(files.values()) == {0o600}


def test_the_signing_key_is_made_once(tmp_path: Path) -> None:
    once, twice = signing_key(tmp_path), signing_key(tmp_path)
    assert once.private_bytes_raw() == twice.private_bytes_raw()
    assert [file.name for file in tmp_path.iterdir()] == ["receipts.pem"]


def test_of_two_that_make_the_signing_key_at_once_both_use_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = signing_key(tmp_path)
    answers = iter([False])  # the other process made it just after we looked
    monkeypatch.setattr(Path, "exists", lambda _path: next(answers))
    assert signing_key(tmp_path).private_bytes_raw() == first.private_bytes_raw()


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "receipts.pem").write_bytes(OTHER_KIND)
    with pytest.raises(SigningKeyUnusable, match=r"receipts\.pem"):
        signing_key(tmp_path)


def test_a_recipient_keeps_its_slot_and_there_is_room_for_seven(
    tmp_path: Path, store: DealStore
) -> None:
    assert store.status().devices == 0
    keys = [RecipientKey(f"partner-{n}") for n in range(1, RECIPIENTS_MAX)]
    with database(tmp_path) as connection:
        registered = [register(connection, key) for key in keys]
        assert [register(connection, key) for key in keys] == registered
        assert recipients(connection) == (OWN, *registered)
        with pytest.raises(NoSlotLeft):
            register(connection, RecipientKey("one-too-many"))
    assert [each.slot for each in registered] == list(range(1, RECIPIENTS_MAX))


def test_one_may_say_yes_to_more_and_the_token_stays(store: DealStore, clock: HandClock) -> None:
    ann = store.enrol("ann", frozenset({Traffic}), "page")
    later = clock.move(seconds=60)
    receipt = store.choose(ann.token, frozenset({Cell(Category.LOCATION, LiveTraffic)}), "page")
    badge = store.badge(ann.token.secret)
    assert badge is not None
    assert (badge.stamp(Category.LOCATION), badge.since) == (TRAFFIC | LIVE, later)
    assert set(store.granted(ann.token)) == set(receipt.cells())
    assert {cell.purpose for cell in receipt.cells()} == BOTH
    assert dead(store, Traffic) == []


def test_saying_yes_again_to_what_is_on_changes_nothing(store: DealStore) -> None:
    ann = store.enrol("ann", BOTH, "page")
    assert store.choose(ann.token, frozenset({Traffic}), "page") == ann.receipt
    assert store.receipts(ann.token) == [ann.receipt]


OTHER_KIND = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""
