"""The record: rows go in once and come out for the purposes they were given for, as of now."""

import asyncio
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest

from hubbub.deal.gate import Permitted, derive
from hubbub.record import events_files, passes_held
from hubbub.record import record as record_module
from hubbub.record.events import DAY, FRESH, EventStore, TailLost
from hubbub.record.journal import Journal
from hubbub.record.journal_segments import segments
from hubbub.record.record import Record
from hubbub.record.record_leaves import UnpermittedRead
from hubbub.terms.catalogue import PASSES_SCHEMA, PINGS_SCHEMA, STAMP
from hubbub.terms.pings import Pings
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Purpose, Recipient, Traffic, cell_bit
from hubbub.terms.time import SECOND, Instant
from record.rows import DAY_0, reads_log, rows_at

TRAFFIC, LIVE = cell_bit(Traffic, OWN), cell_bit(LiveTraffic, OWN)
BEGIN, END = Instant(DAY_0 * SECOND), Instant((DAY_0 + 86_400) * SECOND)


class House:
    """A record whose journal the test writes and whose withdrawals it lists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.withdrawn: dict[type[Purpose], list[int]] = {}
        self.store = EventStore(folder / "events")
        self.record = Record(
            self.store, folder / "journal", dead=self.dead, reads=reads_log(folder)
        )

    def dead(self, category: Category, purpose: type[Purpose], recipient: Recipient) -> pa.Table:
        assert (category, recipient) == (Category.LOCATION, OWN)
        return pa.table({"receipt": pa.array(self.withdrawn.get(purpose, []), pa.int64())})

    def write(self, *batches: Pings) -> None:
        async def work() -> None:
            journal = Journal(self.folder / "journal")
            for rows in batches:
                await journal.append(rows)
            journal.close()

        asyncio.run(work())

    def give(self, *batches: Pings) -> None:
        self.write(*batches)
        self.record.drain()

    def read(
        self, purpose: type[Purpose], since: Instant = BEGIN, until: Instant = END
    ) -> list[int]:
        permitted = self.record.read(purpose, since=since, until=until)
        return sorted(self.record.collect(permitted).rows["receipt"].to_pylist())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_row_is_read_for_what_it_was_given_for_and_for_nothing_else(house: House) -> None:
    house.give(
        rows_at([1], receipt=1, may=TRAFFIC),
        rows_at([2], receipt=2, may=LIVE),
        rows_at([3], receipt=3, may=TRAFFIC | LIVE),
        rows_at([4], receipt=4, may=0),
    )
    assert house.read(Traffic) == [1, 3]
    assert house.read(LiveTraffic) == [2, 3]


def test_rows_that_lie_in_files_of_one_stamp_are_read_for_what_they_were_given_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file tells the stamp of all its rows, it is not read of each."""
    monkeypatch.setattr(events_files, "_ALONE_ROWS_MIN", 2)
    monkeypatch.setattr(events_files, "_TOLD_ROWS_MIN", 1)
    mays = [TRAFFIC, TRAFFIC, LIVE, LIVE, TRAFFIC | LIVE, 0, TRAFFIC]
    for number, may in enumerate(mays):
        house.give(rows_at([number], receipt=number, may=may))
        if number == 3:
            house.store.compact(int(BEGIN // DAY))
    house.give(*(rows_at([10 + may], receipt=10 + may, may=may) for may in (TRAFFIC, LIVE)))
    assert {file.may for file in house.store.listing()} == {TRAFFIC, LIVE, TRAFFIC | LIVE, 0, None}
    for withdrawn in ([], [1, 2, 6]):
        house.withdrawn = {Traffic: withdrawn, LiveTraffic: withdrawn}
        for purpose, bit in ((Traffic, TRAFFIC), (LiveTraffic, LIVE)):
            given = dict(enumerate(mays)) | {10 + bit: bit}
            left = [number for number, may in given.items() if may & bit]
            assert house.read(purpose) == [each for each in left if each not in withdrawn]


def test_a_withdrawal_takes_effect_at_the_next_read_also_of_what_was_permitted(
    house: House,
) -> None:
    house.give(rows_at([1], receipt=1), rows_at([2], receipt=2))
    permitted = house.record.read(Traffic, since=BEGIN, until=END)
    assert house.record.collect(permitted).rows.num_rows == 2
    house.withdrawn[Traffic] = [1]
    assert house.record.collect(permitted).rows["receipt"].to_pylist() == [2]
    assert house.read(Traffic) == [2]
    assert house.read(LiveTraffic) == [1, 2]


def test_a_read_is_of_its_span_and_of_no_other_row(house: House) -> None:
    house.give(rows_at(range(10), receipt=1))
    ten = Instant(BEGIN + 3 * SECOND), Instant(BEGIN + 7 * SECOND)
    assert len(house.read(Traffic, *ten)) == 4
    assert house.read(Traffic, END, Instant(END + SECOND)) == []


def test_a_tail_gives_what_was_committed_since_in_the_order_of_commits(house: House) -> None:
    after = house.record.version()
    house.give(rows_at([5, 6], receipt=1))
    house.give(rows_at([1, 2], receipt=2, may=TRAFFIC))
    house.give(rows_at([3, 4], receipt=3))
    permitted, after = house.record.tail(LiveTraffic, after=after)
    seconds = (permitted.rows["at"].to_numpy() // SECOND - DAY_0).tolist()
    assert seconds == [5, 6, 3, 4]
    assert permitted.rows.column_names == [*(PINGS_SCHEMA | STAMP)]
    assert house.record.tail(LiveTraffic, after=after)[0].rows.num_rows == 0


def test_a_tail_leaves_out_who_has_withdrawn(house: House) -> None:
    after = house.record.version()
    house.give(rows_at([1], receipt=1), rows_at([2], receipt=2))
    house.withdrawn[LiveTraffic] = [2]
    permitted, _ = house.record.tail(LiveTraffic, after=after)
    assert permitted.rows["receipt"].to_pylist() == [1]


@pytest.fixture
def small_maintenance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "_FRESH_FILES_MAX", 10)
    monkeypatch.setattr(record_module, "_LOG_ENTRIES_MAX", 15)


@pytest.mark.usefixtures("small_maintenance")
def test_a_tail_misses_nothing_through_maintenance(house: House) -> None:
    after = house.record.version()
    seen: list[int] = []
    for number in range(60):
        house.store.commit(rows_at([number]), journal="j", number=number)
        if number % 5 == 4:
            permitted, after = house.record.tail(Traffic, after=after)
            seen += permitted.rows["at"].to_pylist()
            house.record.maintain(now=BEGIN, keep_days=90)
    assert seen == rows_at(range(60))["at"].tolist()
    assert len(house.read(Traffic)) == 60
    assert len(house.store.listing()) < 20
    assert len(list((house.folder / "events/_delta_log").glob("*.json"))) < 40
    files = list((house.folder / "events").glob("day=*/bucket=*/*"))
    assert len(files) < 50


@pytest.mark.usefixtures("small_maintenance")
def test_maintenance_keeps_the_log_while_a_tail_still_needs_it(house: House) -> None:
    after = house.record.version()
    house.record.tail(Traffic, after=after)
    for number in range(20):
        house.store.commit(rows_at([number]), journal="j", number=number)
    house.record.maintain(now=BEGIN, keep_days=90)
    permitted, _ = house.record.tail(Traffic, after=after)
    assert permitted.rows.num_rows == 20


def test_a_day_that_is_over_is_sorted_when_its_late_rows_have_stopped(house: House) -> None:
    house.give(rows_at([1]))
    tomorrow = Instant(END + SECOND)
    house.record.maintain(now=tomorrow, keep_days=90)
    house.give(rows_at([2]))
    house.record.maintain(now=tomorrow, keep_days=90)
    assert {file.bucket for file in house.store.listing()} == {FRESH}
    house.record.maintain(now=tomorrow, keep_days=90)
    assert {file.bucket for file in house.store.listing()} == {1}
    assert len(house.read(Traffic)) == 2


def test_a_row_is_kept_as_long_as_the_notice_says_and_no_longer(house: House) -> None:
    house.give(rows_at([1]))
    files = house.folder / "events"
    house.record.maintain(now=Instant(BEGIN + 90 * DAY), keep_days=90)
    assert len(house.read(Traffic)) == 1
    for _ in range(3):
        house.record.maintain(now=Instant(BEGIN + 91 * DAY), keep_days=90)
    assert len(house.read(Traffic)) == 0
    assert not list(files.glob("day=*/bucket=*/*"))


@pytest.mark.usefixtures("small_maintenance")
def test_few_fresh_rows_are_gathered_and_many_are_sorted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(11):
        house.store.commit(rows_at([number]), journal="j", number=number)
    house.record.maintain(now=BEGIN, keep_days=90)
    (gathered,) = house.store.listing()
    assert (gathered.bucket, gathered.rows) == (FRESH, 11)
    monkeypatch.setattr(record_module, "_FRESH_ROWS_MAX", 20)
    for number in range(11, 22):
        house.store.commit(rows_at([number]), journal="j", number=number)
    house.record.maintain(now=BEGIN, keep_days=90)
    assert {file.bucket for file in house.store.listing()} == {1}
    assert len(house.read(Traffic)) == 22


def test_draining_commits_each_segment_once_and_lets_go_of_it(house: House) -> None:
    house.write(rows_at([1, 2]))
    house.write(rows_at([3]))
    assert house.record.drain() == 3
    assert segments(house.folder / "journal") == []
    assert house.record.drain() == 0
    assert len(house.read(Traffic)) == 3


def test_a_segment_that_was_committed_but_not_let_go_of_is_not_committed_again(
    house: House,
) -> None:
    house.write(rows_at([1]))
    (segment,) = segments(house.folder / "journal")
    content = segment.path.read_bytes()
    house.record.drain()
    segment.path.write_bytes(content)
    assert house.record.drain() == 0
    assert segments(house.folder / "journal") == []
    assert len(house.read(Traffic)) == 1


def test_nobody_else_on_the_machine_can_look_into_journal_or_store(house: House) -> None:
    house.write(rows_at([1]))
    for folder in ("journal", "events"):
        assert (house.folder / folder).stat().st_mode & 0o077 == 0


def test_rows_below_no_dead_list_are_not_run(house: House) -> None:
    house.give(rows_at([1]))
    name = f"record_pings_{BEGIN}_{END}"
    raw = ibis.table(PINGS_SCHEMA | STAMP, name=name)
    permitted = house.record.read(Traffic, since=BEGIN, until=END)
    for forged in (
        raw,
        raw.filter(raw["may"] != 0),
        permitted.rows.union(raw),
        raw.count().as_table(),
    ):
        with pytest.raises(UnpermittedRead):
            house.record.engine({})(forged)
    assert house.record.engine({})(permitted.rows).num_rows == 1


def test_public_tables_stand_beside_permitted_rows(house: House) -> None:
    house.give(rows_at([1, 2], subject=4), rows_at([3], subject=5))
    names = ibis.table({"subject": "int64", "weight": "int64"}, name="weights")
    permitted = derive(
        house.record.read(Traffic, since=BEGIN, until=END),
        lambda rows: rows.join(names, "subject").select("subject", "weight"),
    )
    public = {"weights": pa.table({"subject": [4], "weight": [10]})}
    assert house.record.collect(permitted, public=public).rows["weight"].to_pylist() == [10, 10]


def passes(house: House) -> Permitted[pa.Table, LiveTraffic]:
    permitted, _ = house.record.tail(LiveTraffic, after=house.record.version() - 1)

    def match(pings: pa.Table) -> pa.Table:
        columns = {"subject": pings["subject"], "at": pings["at"], "segment": pings["source"]}
        zeros = pa.array(np.zeros(pings.num_rows, np.int32))
        columns |= {"distance_dm": zeros, "time_ms": zeros}
        return pa.table(columns | {name: pings[name] for name in STAMP})

    return derive(permitted, match)


def test_held_passes_are_judged_anew_at_each_read(house: House) -> None:
    house.give(rows_at([1], receipt=1), rows_at([2], receipt=2))
    house.record.hold(passes(house), since=BEGIN)
    read = house.record.read_passes(LiveTraffic, since=BEGIN, until=END)
    kept = house.record.collect(read).rows
    assert sorted(kept["receipt"].to_pylist()) == [1, 2]
    assert kept.column_names == [*(PASSES_SCHEMA | STAMP)]
    house.withdrawn[LiveTraffic] = [1]
    assert house.record.collect(read).rows["receipt"].to_pylist() == [2]


def test_held_passes_are_of_their_purpose_and_are_forgotten_in_time(house: House) -> None:
    house.give(rows_at([1], receipt=1))
    house.record.hold(passes(house), since=BEGIN)
    other = house.record.read_passes(Traffic, since=BEGIN, until=END)
    assert house.record.collect(other).rows.num_rows == 0
    house.give(rows_at([100], receipt=2))
    house.record.hold(passes(house), since=Instant(BEGIN + 50 * SECOND))
    read = house.record.read_passes(LiveTraffic, since=BEGIN, until=END)
    assert house.record.collect(read).rows["receipt"].to_pylist() == [2]


def test_many_held_tables_become_one_and_lose_nothing_that_is_needed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes_held, "_TABLES_MAX", 5)
    for second in range(12):
        house.give(rows_at([second], receipt=second))
        house.record.hold(passes(house), since=Instant(BEGIN + (second - 8) * SECOND))
    read = house.record.read_passes(LiveTraffic, since=BEGIN, until=END)
    kept = sorted(house.record.collect(read).rows["receipt"].to_pylist())
    assert kept == list(range(kept[0], 12))
    assert kept[0] <= 3
    assert len(house.record._passes._held[LiveTraffic.index]) <= 6


def test_a_tail_whose_files_are_gone_says_so(house: House) -> None:
    after = house.record.version()
    house.give(rows_at([1]))
    house.store.compact(DAY_0 // 86_400)
    house.store.sweep()
    with pytest.raises(TailLost):
        house.record.tail(Traffic, after=after)
