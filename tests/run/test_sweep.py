"""The sweep: what nobody may read any more is deleted, and nothing else is."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hubbub.deal.desk import DeviceName
from hubbub.record.events import EventStore
from hubbub.record.events_files import bytes_of, unique
from hubbub.record.passes_log import PassesLog
from hubbub.record.visits_shelf import KEPT, Stretch, VisitsShelf
from hubbub.run.home import taken
from hubbub.run.status import Swept, read_note
from hubbub.run.sweep import EVERY_US, Sweeper, sweep
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import LiveTraffic, Places, Traffic
from hubbub.terms.time import SECOND, Instant
from run.audited_house import House, house

DAY = 86_400


@pytest.fixture
def street(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, "ann", "bob", "carl") as made:
        for name in ("ann", "bob", "carl"):
            made.send(name)
        yield made


def sweeper(street: House) -> Sweeper:
    return Sweeper(street.home, street.deals, street.record, clock=street.clock)


def test_rows_without_a_live_purpose_are_deleted_from_every_file(street: House) -> None:
    street.record._store.compact(int(street.clock.at // SECOND // DAY))
    street.withdraw("ann")
    swept = sweeper(street).sweep()
    street.record.delete_replaced()
    assert swept.rows == 5
    assert street.rows_of("ann") == 0
    assert (street.rows_of("bob"), street.rows_of("carl")) == (5, 5)


def test_what_may_still_be_read_is_read_as_before_for_every_purpose(street: House) -> None:
    street.withdraw("ann")
    street.withdraw("bob", frozenset({Traffic, Places}))
    street.deals.pause(DeviceName("carl"), "test")
    before = street.readable()
    sweeper(street).sweep()
    assert street.readable() == before
    assert len(before[LiveTraffic.key]) == 5
    street.deals.resume(DeviceName("carl"), "test")
    assert len(street.readable()[Traffic.key]) == 5


def test_the_rows_of_others_keep_their_digest(street: House) -> None:
    def digest(store: EventStore) -> bytes:
        rows = unique(store.read(store.paths(store.listing())))
        subject = street.people["ann"].badge.subject
        return bytes_of(rows.filter(pa.array([s != subject for s in rows["subject"].to_pylist()])))

    before = digest(street.record._store)
    street.withdraw("ann")
    sweeper(street).sweep()
    assert digest(street.record._store) == before


def test_who_agreed_again_keeps_what_came_since(street: House) -> None:
    street.withdraw("ann")
    street.deals.choose(DeviceName("ann"), frozenset({Traffic}), "test")
    street.clock.move(seconds=3600)
    street.send("ann", 2)
    assert sweeper(street).sweep().rows == 5
    street.record.delete_replaced()
    assert street.rows_of("ann") == 2
    assert len(street.readable()[Traffic.key]) == 12


def test_passes_without_a_live_purpose_go_too(street: House) -> None:
    log = PassesLog(street.home.passes)
    kept = pa.schema([*(PASSES_SCHEMA | STAMP).items()])
    badges = [street.badge(name) for name in ("ann", "bob")]
    for badge in badges:
        row = {"subject": badge.subject, "receipt": badge.receipt, "may": max(badge.stamps)}
        row |= {"at": street.clock.at, "segment": 1, "distance_dm": 1, "time_ms": 1}
        log.append(pa.Table.from_pylist([row], kept))
    street.record.remember(LiveTraffic, log)
    street.withdraw("ann")
    assert sweeper(street).sweep().passes == 1
    assert log.load()["subject"].to_pylist() == [badges[1].subject]


def test_visits_without_a_live_purpose_go_too(street: House) -> None:
    badges = [street.badge(name) for name in ("ann", "bob")]
    day = Stretch(Instant(street.clock.at - SECOND), Instant(street.clock.at + SECOND))
    rows = [
        {"subject": badge.subject, "receipt": badge.receipt, "may": max(badge.stamps)}
        | {"at": street.clock.at, "until": street.clock.at, "place": 1}
        for badge in badges
    ]
    shelf = VisitsShelf(street.home.visits)
    visits = pa.Table.from_pylist(rows, KEPT)
    shelf.put(visits, day, made_of="places", erased=lambda: np.empty(0, np.int64))
    street.withdraw("ann")
    assert sweeper(street).sweep().visits == 1
    assert shelf.read(*day)["subject"].to_pylist() == [badges[1].subject]


def test_the_keeper_sweeps_within_a_day_of_a_withdrawal(street: House) -> None:
    """The worst case: it is taken back right after a sweep has looked."""
    works = sweeper(street)
    works.step()
    works.step()
    street.withdraw("ann")
    withdrawn_at = street.clock.at
    while street.rows_of("ann"):
        street.clock.move(seconds=600)
        works.step()
        street.record.maintain(now=street.clock.now(), keep_days=90)
        assert street.clock.at < withdrawn_at + DAY * SECOND
    assert EVERY_US < DAY * SECOND


def test_one_may_ask_the_keeper_that_runs(street: House) -> None:
    works = sweeper(street)
    works.sweep()
    street.withdraw("ann")
    told: list[Swept] = []
    with taken(street.home):
        asks = threading.Thread(target=lambda: told.append(sweep(street.home)))
        asks.start()
        while asks.is_alive():
            works.step()
            asks.join(0.01)
    assert told[0].rows == 5
    assert read_note(street.home.swept, Swept) == told[0]


def test_without_a_keeper_one_sweeps_oneself(street: House) -> None:
    street.withdraw("ann")
    assert sweep(street.home).rows == 5
    assert street.rows_of("ann") == 0


def test_a_sweep_that_finds_nothing_writes_nothing(street: House) -> None:
    version = street.record.version()
    assert sweeper(street).sweep() == Swept(at=street.clock.at)
    assert street.record.version() == version
