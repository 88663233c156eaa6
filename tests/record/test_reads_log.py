"""The log of reads: chained before rows are handed out, by the hour, and never silently cut."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hubbub.deal.reads import HOUR, Given, Read, reads_of_mine
from hubbub.record.reads_log import NotLogged, ReadsLog
from hubbub.record.reads_shelf import ReadsShelf
from hubbub.terms.time import SECOND, Instant
from record.deal_store_rig import HandClock

LIVE = ("user.location.precise", "public.traffic.live", "own")
USUAL = ("user.location.precise", "public.traffic", "own")
NOON = Instant((1_764_000_000 + 1200) * SECOND)  # twenty past


class House:
    """A folder with a log, and a clock that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, HandClock()
        self.clock.at = NOON
        self.path, self.witness = folder / "reads.sqlite", folder / "events" / "_reads.head"
        self.shelf = ReadsShelf(self.path, witness=self.witness)

    def log(self) -> ReadsLog:
        return ReadsLog(self.path, witness=self.witness, clock=self.clock)

    def faults(self) -> tuple[str, ...]:
        report = self.shelf.verify()
        assert report is not None
        return report.faults

    def change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as file:
            for trigger in ("entry_is_next", "entry_does_not_change", "entry_stays"):
                file.execute(f"DROP TRIGGER {trigger}")
            for statement in statements:
                file.execute(statement)
            file.commit()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def read(
    reader: tuple[str, str, str] = LIVE, *, at: int = NOON, dead: str = "d0", seconds: int = 60
) -> Read:
    since = Instant(at - seconds * SECOND)
    return Read(what="rows", reader=reader, since=since, until=Instant(at), dead=dead)


def test_a_read_is_on_disk_before_anything_is_handed_out(house: House) -> None:
    house.log().note(read())  # and a kill right after it
    (hour,) = house.shelf.stretches(since=Instant(0))
    assert (hour.reader, hour.begun_at, hour.times, hour.is_counted) == (LIVE, NOON, 1, False)
    report = house.shelf.verify()
    assert report is not None
    assert (report.entries, report.reads, report.uncounted, report.faults) == (1, 1, 1, ())


def test_an_hour_is_two_entries_however_often_it_was_read(house: House) -> None:
    log = house.log()
    for _ in range(1000):
        log.note(read(dead="d0"))
    log.note(read(dead="d1"))
    log.note(read(USUAL))
    house.clock.move(seconds=3600)
    log.note(read())
    log.close()
    report = house.shelf.verify()
    assert report is not None
    assert (report.entries, report.reads, report.uncounted) == (6, 1003, 0)
    with closing(sqlite3.connect(house.path)) as file:
        counted = file.execute("SELECT times, dead, dead_lists FROM entry WHERE begun = 1")
        assert counted.fetchall() == [(1001, "d1", 2)]


def test_a_day_of_reading_is_less_than_twenty_kilobytes(house: House) -> None:
    log = house.log()
    sizes = []
    for _ in range(2):
        for _ in range(24):
            log.note(read(at=house.clock.now()))
            house.clock.move(seconds=3600)
        with closing(sqlite3.connect(house.path)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes.append(house.path.stat().st_size)
    assert 8_000 < sizes[1] - sizes[0] < 20_000


def test_an_hour_tells_of_what_time_was_read_to_the_hour_and_of_nobody(house: House) -> None:
    log = house.log()
    log.note(read(at=NOON + 1, seconds=1))
    log.note(read(at=NOON - 1, seconds=3 * 3600))
    log.close()
    (hour,) = house.shelf.stretches(since=Instant(0))
    assert (hour.since % HOUR, hour.until % HOUR) == (0, 0)
    assert hour.since <= NOON - 3 * HOUR
    assert hour.until >= NOON + 1


def test_several_processes_make_one_chain(house: House) -> None:
    one, other = house.log(), house.log()
    for log in (one, other, one, other):
        log.note(read())
        house.clock.move(seconds=3600)
    one.close()
    other.close()
    report = house.shelf.verify()
    assert report is not None
    assert (report.reads, report.uncounted, report.faults) == (4, 0, ())


def test_a_log_that_cannot_be_written_lets_nothing_be_read(house: House) -> None:
    house.path.mkdir()
    with pytest.raises(NotLogged, match="nothing is read"):
        house.log().note(read())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE entry SET purpose = 'ads' WHERE seq = 1", "entry 1 is not what was chained"),
        ("UPDATE entry SET times = 1 WHERE seq = 2", "entry 2 is not what was chained"),
        ("UPDATE entry SET salt = '' WHERE seq = 1", "entry 1 is not what was chained"),
        ("DELETE FROM entry WHERE seq = 2", "entry 3 is not what was chained"),
        ("DELETE FROM entry WHERE seq > 2", "entry 4, which the people's rows remember, is not"),
    ],
)
def test_a_log_that_was_changed_is_told(house: House, change: str, fault: str) -> None:
    log = house.log()
    for _ in range(2):
        log.note(read())
        log.note(read())
        log.close()
    assert house.faults() == ()
    house.change(change)
    assert house.faults()[0].startswith(fault)


def test_nothing_is_taken_back(house: House) -> None:
    house.log().note(read())
    with closing(sqlite3.connect(house.path)) as file:
        for statement in ("DELETE FROM entry", "UPDATE entry SET at = 0"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                file.execute(statement)


@pytest.mark.parametrize("lose", [Path.unlink, lambda log: log.with_suffix(".old").replace(log)])
def test_a_log_that_was_lost_or_set_back_goes_on_and_says_so_for_ever(
    house: House, lose: Callable[[Path], None]
) -> None:
    house.log().note(read())
    house.path.with_suffix(".old").write_bytes(house.path.read_bytes())
    house.log().note(read(USUAL))
    lose(house.path)
    assert "reads.sqlite is missing" in house.faults()[0] or "entry 2, which" in house.faults()[0]
    log = house.log()
    for _ in range(2):
        log.note(read())
        house.clock.move(seconds=3600)
    assert any("entry 2 and what was around it was lost" in fault for fault in house.faults())


def test_nothing_read_is_nothing_to_verify(house: House) -> None:
    assert house.shelf.verify() is None
    assert house.shelf.stretches(since=Instant(0)) == []
    assert house.shelf.head().seq == 0


def test_the_head_tells_nothing_by_guessing(tmp_path: Path) -> None:
    heads = set()
    for name in ("one", "other"):
        house = House(tmp_path / name)
        house.log().note(read())
        heads.add(house.shelf.head().hash)
    assert len(heads) == 2, "the same reads at the same time"


def test_a_person_is_told_who_read_rows_of_theirs(house: House) -> None:
    log = house.log()
    for _ in range(3):
        log.note(read())
    log.note(read(USUAL, at=NOON - 5 * HOUR))
    house.clock.move(seconds=3600)
    log.note(read(at=NOON + HOUR))
    log.close()
    hour = Instant(NOON // HOUR * HOUR)
    reads = reads_of_mine(
        house.shelf.stretches(since=Instant(0)),
        {LIVE: [Given(hours=(hour,))], USUAL: [Given(hours=(hour,))]},
    )
    assert [(each.purpose, each.times) for each in reads] == [("public.traffic.live", 3)]
    assert (reads[0].category, reads[0].recipient) == ("user.location.precise", "own")


def test_what_was_taken_back_is_not_told_as_read_afterwards(house: House) -> None:
    log = house.log()
    log.note(read())
    log.close()
    hours = (Instant(NOON // HOUR * HOUR),)
    log_of_hours = house.shelf.stretches(since=Instant(0))
    before = {LIVE: [Given(hours=hours, closed_at=NOON)]}
    assert reads_of_mine(log_of_hours, before) == []
    after = {LIVE: [Given(hours=hours, closed_at=Instant(NOON + 1))]}
    assert len(reads_of_mine(log_of_hours, after)) == 1
