"""Whatever is read of people's rows was written down before: for whom, what for, of which time."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hubbub.deal.gate import derive
from hubbub.deal.reads import HOUR, Read
from hubbub.record.events import EventStore
from hubbub.record.hours import given
from hubbub.record.journal import Journal
from hubbub.record.reads_log import NotLogged
from hubbub.record.record import Record
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.people import Subject
from hubbub.terms.pings import Pings
from hubbub.terms.purposes import OWN, Category, Cell, LiveTraffic, Traffic, cell_bit
from hubbub.terms.time import SECOND, Instant
from record.rows import DAY_0, rows_at

BEGIN, END = Instant(DAY_0 * SECOND), Instant((DAY_0 + 86_400) * SECOND)
USUAL = (Category.LOCATION.value, Traffic.key, OWN.key)
LIVE = (Category.LOCATION.value, LiveTraffic.key, OWN.key)


class Heard:
    """Hears of reads, and can be told to fail."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.is_full = self.is_closed = False

    def note(self, read: Read) -> None:
        if self.is_full:
            raise NotLogged("the disk is full; so nothing is read")
        self.reads.append(read)

    def close(self) -> None:
        self.is_closed = True


class House:
    """A record with rows of Ann's, and somebody who hears of every read."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.heard, self.withdrawn = folder, Heard(), list[int]()
        store = EventStore(folder / "events")
        self.record = Record(store, folder / "journal", dead=self.dead, reads=self.heard)

    def dead(self, *_: object) -> pa.Table:
        return pa.table({"receipt": pa.array(self.withdrawn, pa.int64())})

    def give(self, rows: Pings) -> None:
        async def write() -> None:
            journal = Journal(self.folder / "journal")
            await journal.append(rows)
            journal.close()

        asyncio.run(write())
        self.record.drain()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.give(rows_at([5000, 5001, 9000]))
    yield made
    made.record.close()
    assert made.heard.is_closed


def hold_passes(house: House) -> None:
    """Hold one pass, made of the first ping."""

    def passing(pings: pa.Table) -> pa.Table:
        first = pings.slice(0, 1)
        columns = {name: np.ones(1, kind) for name, kind in (PASSES_SCHEMA | STAMP).items()}
        columns |= {name: first[name] for name in ("subject", "at", "receipt", "may")}
        return pa.table(columns)

    pings, _ = house.record.tail(LiveTraffic, after=0)
    house.record.hold(derive(pings, passing), since=BEGIN)


def test_what_is_asked_for_is_no_read_until_it_is_run(house: House) -> None:
    permitted = house.record.read(Traffic, since=BEGIN, until=END)
    assert house.heard.reads == []
    for times in (1, 2):
        assert house.record.collect(permitted).rows.num_rows == 3
        assert len(house.heard.reads) == times
    told = house.heard.reads[0]
    assert (told.what, told.reader, told.since, told.until) == ("rows", USUAL, BEGIN, END)
    assert told.dead == house.record.dead_list(Traffic)


def test_the_dead_list_of_a_read_is_the_one_that_it_is_judged_by(house: House) -> None:
    permitted = house.record.read(Traffic, since=BEGIN, until=END)
    house.record.collect(permitted)
    house.withdrawn.append(1)
    assert house.record.collect(permitted).rows.num_rows == 0
    before, after = (read.dead for read in house.heard.reads)
    assert before != after == house.record.dead_list(Traffic)


def test_a_tail_is_a_read_of_the_time_of_its_rows(house: House) -> None:
    _, after = house.record.tail(LiveTraffic, after=0)
    (told,) = house.heard.reads
    assert told.reader == LIVE
    seconds = (told.since - BEGIN) / SECOND, (told.until - 1 - BEGIN) / SECOND
    assert seconds == (5000, 9000)
    house.record.tail(LiveTraffic, after=after)
    assert len(house.heard.reads) == 1, "there was nothing to read"


def test_passes_that_are_held_are_read_too(house: House) -> None:
    hold_passes(house)
    house.heard.reads.clear()
    house.record.collect(house.record.read_passes(LiveTraffic, since=BEGIN, until=END))
    (told,) = house.heard.reads
    assert (told.reader, (told.since - BEGIN) / SECOND) == (LIVE, 5000)
    house.record.let_go(LiveTraffic)
    house.record.collect(house.record.read_passes(LiveTraffic, since=BEGIN, until=END))
    assert len(house.heard.reads) == 1, "there was nothing to read"


@pytest.mark.parametrize("way", ["read", "tail", "passes"])
def test_what_cannot_be_written_down_is_not_read(house: House, way: str) -> None:
    hold_passes(house)
    house.heard.is_full = True
    usual = house.record.read(LiveTraffic, since=BEGIN, until=END)
    passes = house.record.read_passes(LiveTraffic, since=BEGIN, until=END)
    read = {
        "read": partial(house.record.collect, usual),
        "tail": partial(house.record.tail, LiveTraffic, after=0),
        "passes": partial(house.record.collect, passes),
    }[way]
    with pytest.raises(NotLogged):
        read()


def test_a_person_is_known_by_the_hours_of_their_rows_under_each_receipt(house: House) -> None:
    house.give(rows_at([9001], receipt=2, may=cell_bit(Traffic, OWN)))
    house.give(rows_at([100], subject=2))
    closed = {(1, Cell(Category.LOCATION, Traffic)): Instant(7)}
    hours = house.record.hours(Subject(1))
    theirs = given(hours, Category.LOCATION, closed, recipients=(OWN,))
    told = {
        reader: [([(at - BEGIN) // HOUR for at in each.hours], each.closed_at) for each in some]
        for reader, some in theirs.items()
    }
    assert told[LIVE] == [([1, 2], None)]
    assert sorted(told[USUAL], key=str) == [([1, 2], 7), ([2], None)]
    nobodys = house.record.hours(Subject(3))
    assert given(nobodys, Category.LOCATION, {}, recipients=(OWN,)) == {}
