"""Notices as they rest, and what a new one does to nobody."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from deal.notices import NOTICE, REGIONS, SHIPPED, everything
from hubbub.deal.desk import AgeBand, ChoiceRefused
from hubbub.deal.notice import Draft, draft, hash_of, read_notice, read_notice_text
from hubbub.deal.receipt import verify
from hubbub.deal.stamp import NOTHING
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_recipients import register
from hubbub.terms.purposes import (
    OWN,
    Category,
    Cell,
    Offers,
    Places,
    RecipientKey,
    Traffic,
    Usage,
    cell_bit,
)
from record.deal_store_rig import HandClock, database

TRAFFIC = Cell(Category.LOCATION, Traffic)
DEVICE = Cell(Category.DEVICE, Usage)
ADS = Cell(Category.DEVICE, Offers, RecipientKey("ads-partner"))
TEXT = read_notice_text(SHIPPED)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def house(tmp_path: Path, clock: HandClock) -> Iterator["House"]:
    rooms = House(tmp_path, clock)
    yield rooms
    rooms.close()


class House:
    """A deal store that is opened anew under one notice after another."""

    def __init__(self, home: Path, clock: HandClock) -> None:
        self.home, self.clock = home, clock
        self.opened: list[DealStore] = []

    def open(self, told: Draft | None = None) -> DealStore:
        self.close()
        self.opened.append(DealStore(self.home / "deal.sqlite", self.clock, told=told))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()


def kept_for(days: int) -> Draft:
    """Tell the notice that hubbub brings, with another retention."""
    longer = replace(TEXT.categories[0], retention_days=days)
    return draft(replace(TEXT, categories=(longer,)), "EU", REGIONS)


def test_a_notice_is_found_by_its_version_and_by_its_hash_as_it_was_published(house: House) -> None:
    first = house.open().notice()
    store = house.open(everything())
    second = store.notice()
    assert (first.version, second.version) == (1, 2)
    for notice in (first, second):
        assert store.notice_document(str(notice.version)) == notice.canonical()
        assert store.notice_document(notice.sha256) == notice.canonical()
        assert hash_of(notice.canonical()) == notice.sha256
    for name in ("3", "0", "", first.sha256[:-1], "../deal"):
        assert store.notice_document(name) is None


def test_opening_without_a_notice_leaves_the_one_in_force(house: House) -> None:
    house.open(everything("IN"))
    assert house.open().notice() == everything("IN").published(1)


def test_another_law_is_another_version(house: House) -> None:
    house.open(everything("EU"))
    assert house.open(everything("UK")).notice().version == 2
    assert house.open(everything("UK")).notice().version == 2


def test_a_new_notice_switches_nothing_on_until_one_is_asked(house: House) -> None:
    ann = house.open().enrol("ann", frozenset({Traffic}), "page")
    store = house.open(everything())
    assert store.badge(ann.token.secret) == ann.badge
    assert store.granted(ann.token) == (TRAFFIC,)
    store.choose(ann.token, frozenset({DEVICE}), "page")
    assert set(store.granted(ann.token)) == {TRAFFIC, DEVICE}


def test_no_notice_keeps_rows_longer_than_one_before_it_said(house: House) -> None:
    assert house.open(kept_for(90)).keep_days(Category.LOCATION) == 90
    assert house.open(kept_for(365)).keep_days(Category.LOCATION) == 90
    assert house.open(kept_for(30)).keep_days(Category.LOCATION) == 30
    store = house.open(everything())
    assert store.keep_days(Category.LOCATION) == 30
    assert store.keep_days(Category.IP_ADDRESS) == 30
    assert store.keep_days(Category.DEVICE) == 180


def test_another_choice_does_not_put_what_stays_on_under_a_new_notice(house: House) -> None:
    ann = house.open(kept_for(90)).enrol("ann", frozenset({Traffic}), "page")
    store = house.open(kept_for(365))
    receipt = store.choose(ann.token, frozenset({Places}), "page")
    terms = {use.cell: use.retention for use in receipt.agreed}
    assert terms == {TRAFFIC: "P90D", Cell(Category.LOCATION, Places): "P365D"}
    verify(receipt, store.public_key())


def test_one_is_told_what_changed_since_one_agreed(house: House) -> None:
    store = house.open(kept_for(90))
    ann = store.enrol("ann", frozenset({Traffic}), "page")
    assert store.changes(ann.token).changes == ()
    store = house.open(kept_for(365))
    found = store.changes(ann.token)
    assert (found.agreed_version, found.version) == (1, 2)
    assert [(change.before, change.after) for change in found.changes] == [("90", "365")]
    store.choose(ann.token, frozenset({Places}), "page")
    assert store.changes(ann.token) == found, "traffic is on under the first notice still"
    store.withdraw(ann.token, frozenset({Traffic}), "page")
    assert store.changes(ann.token).changes == ()
    assert store.changes(store.enrol("bob", frozenset({Traffic}), "page").token).changes == ()


def test_who_took_everything_back_is_told_what_changed_since(house: House) -> None:
    store = house.open(kept_for(90))
    ann = store.enrol("ann", frozenset({Traffic}), "page")
    store.withdraw(ann.token, None, "page")
    assert len(house.open(kept_for(365)).changes(ann.token).changes) == 1


def test_each_cell_is_switched_alone_and_dies_alone(house: House) -> None:
    store = house.open(everything())
    with database(house.home) as connection:
        partner = register(connection, RecipientKey("ads-partner"))
    ann = store.enrol("ann", frozenset({TRAFFIC, DEVICE, ADS}), "page")
    store.withdraw(ann.token, frozenset({ADS}), "page")
    badge = store.badge(ann.token.secret)
    assert badge is not None
    assert badge.stamp(Category.LOCATION) == cell_bit(Traffic, OWN)
    assert badge.stamp(Category.DEVICE) == cell_bit(Usage, OWN)
    assert store.dead(Category.DEVICE, Offers, partner)["receipt"].to_pylist() == [1]
    for other in (Category.LOCATION, Category.ACCOUNT):
        assert store.dead(other, Offers, partner).num_rows == 0
    assert store.dead(Category.DEVICE, Offers, OWN).num_rows == 0
    assert store.dead(Category.DEVICE, Usage).num_rows == 0


def test_nothing_is_on_but_what_was_chosen_of_all_that_is_offered(house: House) -> None:
    store = house.open(everything())
    ann = store.enrol("ann", frozenset({DEVICE}), "page")
    assert store.granted(ann.token) == (DEVICE,)
    assert sum(stamp != 0 for stamp in ann.badge.stamps) == 1
    store.withdraw(ann.token, None, "page")
    badge = store.badge(ann.token.secret)
    assert badge is not None
    assert badge.stamps == NOTHING


def test_a_recipient_that_nobody_registered_cannot_be_agreed_to(house: House) -> None:
    store = house.open(everything())
    with pytest.raises(ChoiceRefused, match="ads-partner: not registered"):
        store.enrol("ann", frozenset({ADS}), "page")
    assert store.status().devices == 0


def test_a_minor_stays_one_until_they_say_otherwise(house: House) -> None:
    store = house.open(everything())
    ann = store.enrol("ann", frozenset({TRAFFIC}), "page", age=AgeBand.MINOR)
    offers = frozenset({Cell(Category.DEVICE, Offers)})
    with pytest.raises(ChoiceRefused, match="not offered to minors"):
        store.choose(ann.token, offers, "page")
    with pytest.raises(ChoiceRefused, match="one at a time"):
        store.choose(ann.token, frozenset({Places, DEVICE}), "page")
    again = store.renew(ann.token, frozenset({TRAFFIC}), "page")
    with pytest.raises(ChoiceRefused, match="not offered to minors"):
        store.choose(again.token, offers, "page")
    grown = store.renew(again.token, frozenset({TRAFFIC}), "page", age=AgeBand.ADULT)
    assert store.choose(grown.token, offers, "page").cells()


def test_a_special_category_is_chosen_by_itself(house: House) -> None:
    store = house.open(everything("US-CA"))
    with pytest.raises(ChoiceRefused, match="one at a time"):
        store.enrol("ann", frozenset({TRAFFIC, DEVICE}), "page")
    ann = store.enrol("ann", frozenset({TRAFFIC}), "page")
    store.choose(ann.token, frozenset({Places}), "page")
    assert len(store.granted(ann.token)) == 2


def test_a_notice_of_an_older_hubbub_makes_room_for_the_new_and_is_kept(house: House) -> None:
    house.open()
    before = b'{"version":1,"region":"EU","uses":[{"retention_days":30}]}'
    with sqlite3.connect(house.home / "deal.sqlite") as file:
        file.execute("UPDATE notice SET document = ?, sha256 = ?", (before, hash_of(before)))
    file.close()
    store = house.open()
    assert store.notice() == replace(NOTICE, version=2)
    assert store.notice_document("1") == before
    assert store.keep_days(Category.LOCATION) == 30
    assert read_notice(store.notice_document("2") or b"") == store.notice()
