"""A paused deal: nothing of it is read or taken, nothing is deleted, and it can go on."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from hubbub.deal.desk import DeviceName, Enrolment, UnknownDevice
from hubbub.record.deal_store import DealStore
from hubbub.record.events import EventStore
from hubbub.record.record import Record
from hubbub.terms.purposes import Category, LiveTraffic, Purpose, Traffic
from hubbub.terms.time import SECOND, Instant
from record.deal_store_rig import BOTH, HandClock, dead, opened
from record.rows import DAY_0, reads_log, rows_at

ANN = DeviceName("ann")
BEGIN, END = Instant(DAY_0 * SECOND), Instant((DAY_0 + 86_400) * SECOND)


class House:
    """Two people who share: three rows of Ann, two of Bob."""

    def __init__(self, folder: Path, store: DealStore, clock: HandClock) -> None:
        self.store, self.clock = store, clock
        self.ann: Enrolment = store.enrol("ann", BOTH, "test")
        self.bob: Enrolment = store.enrol("bob", BOTH, "test")
        events = EventStore(folder / "events")
        rows = np.concatenate([self.rows(self.ann, [1, 2, 3]), self.rows(self.bob, [4, 5])])
        events.commit(rows, journal="j", number=0)
        reads = reads_log(folder)
        self.record = Record(events, folder / "journal", dead=store.dead, reads=reads)

    def rows(self, whose: Enrolment, seconds: list[int]) -> np.ndarray:
        badge = whose.badge
        may = badge.stamp(Category.LOCATION)
        return rows_at(seconds, subject=badge.subject, receipt=badge.receipt, may=may)

    def read(self, purpose: type[Purpose] = Traffic) -> list[int]:
        permitted = self.record.read(purpose, since=BEGIN, until=END)
        at = self.record.collect(permitted).rows["at"].to_numpy()
        return sorted((at // SECOND - DAY_0).tolist())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = HandClock()
    with opened(tmp_path, clock) as store:
        yield House(tmp_path, store, clock)


def test_nothing_of_a_paused_deal_is_read_for_any_purpose_and_others_are(house: House) -> None:
    assert house.read() == [1, 2, 3, 4, 5]
    house.store.pause(ANN, "page")
    assert house.read() == [4, 5]
    assert house.read(LiveTraffic) == [4, 5]


def test_a_deal_that_goes_on_is_read_again_whole(house: House) -> None:
    house.store.pause(ANN, "page")
    house.store.resume(ANN, "page")
    assert house.read() == [1, 2, 3, 4, 5]


def test_a_pause_changes_no_choice_and_deletes_nothing(house: House, tmp_path: Path) -> None:
    house.store.pause(ANN, "page")
    assert house.store.granted(ANN) != ()
    assert len(house.store.receipts(ANN)) == 1
    events = EventStore(tmp_path / "events")
    assert events.read(events.paths(events.listing())).num_rows == 5
    own = house.record.own(house.ann.badge.subject).hand_over(to=house.ann.badge.subject)
    assert own.num_rows == 3


def test_nothing_is_taken_in_a_pause(house: House) -> None:
    token = house.ann.token.secret
    before = house.store.badge(token)
    assert before is not None
    assert before.stamp(Category.LOCATION) != 0
    house.store.pause(ANN, "page")
    paused = house.store.badge(token)
    assert paused is not None
    assert (paused.paused, paused.stamp(Category.LOCATION)) == (True, 0)
    assert house.store.badge_of(ANN) == paused


def test_what_was_collected_in_a_pause_is_not_taken_afterwards_either(house: House) -> None:
    house.clock.move(seconds=60)
    house.store.pause(ANN, "page")
    resumed = house.clock.move(seconds=3600)
    house.store.resume(ANN, "page")
    badge = house.store.badge(house.ann.token.secret)
    assert badge is not None
    assert (badge.paused, badge.since) == (False, resumed)
    assert badge.stamp(Category.LOCATION) != 0
    assert house.store.badge_of(ANN) == badge


def test_a_choice_made_after_a_pause_does_not_bring_its_time_back(house: House) -> None:
    house.store.pause(ANN, "page")
    resumed = house.clock.move(seconds=3600)
    house.store.resume(ANN, "page")
    house.store.withdraw(ANN, frozenset({LiveTraffic}), "page")
    badge = house.store.badge(house.ann.token.secret)
    assert badge is not None
    assert badge.since == resumed
    assert house.store.badge_of(ANN) == badge


def test_a_choice_in_a_pause_does_not_end_it(house: House) -> None:
    house.store.pause(ANN, "page")
    house.store.withdraw(ANN, frozenset({LiveTraffic}), "page")
    again = house.store.renew(ANN, BOTH, "page")
    assert again.badge.paused
    badge = house.store.badge(again.token.secret)
    assert badge is not None
    assert badge.paused
    assert house.read() == [4, 5]


def test_what_is_taken_back_in_a_pause_stays_so_when_the_deal_goes_on(house: House) -> None:
    house.store.pause(ANN, "page")
    house.store.withdraw(ANN, frozenset({Traffic}), "page")
    house.store.resume(ANN, "page")
    assert house.read(Traffic) == [4, 5]
    assert house.read(LiveTraffic) == [1, 2, 3, 4, 5]


def test_a_pause_holds_at_once_in_every_process(house: House, tmp_path: Path) -> None:
    with closing(DealStore(tmp_path / "deal.sqlite", house.clock)) as another:
        assert another.badge(house.ann.token.secret) is not None
        house.store.pause(ANN, "page")
        badge = another.badge(house.ann.token.secret)
        assert badge is not None
        assert badge.paused
        assert dead(another, Traffic) == [house.ann.badge.receipt]
    with closing(DealStore(tmp_path / "deal.sqlite", house.clock)) as later:
        badge = later.badge(house.ann.token.secret)
        assert badge is not None
        assert badge.paused


def test_pausing_twice_and_going_on_unpaused_change_nothing(house: House) -> None:
    assert house.store.paused_since(ANN) is None
    house.store.resume(ANN, "page")
    since = house.store.pause(ANN, "page")
    house.clock.move(seconds=60)
    assert house.store.pause(ANN, "page") == since
    assert house.store.paused_since(ANN) == since
    assert house.store.status().paused == 1
    house.store.resume(ANN, "page")
    assert house.store.paused_since(ANN) is None
    assert house.store.status().paused == 0


def test_a_stranger_cannot_be_paused(house: House) -> None:
    with pytest.raises(UnknownDevice):
        house.store.pause(DeviceName("carl"), "page")


def test_a_paused_deal_can_be_erased(house: House) -> None:
    house.store.pause(ANN, "page")
    subject = house.store.erase(ANN, "page").subject
    house.store.erasures.forget(subject)
    with pytest.raises(UnknownDevice):
        house.store.paused_since(ANN)
    assert house.store.status().paused == 0
