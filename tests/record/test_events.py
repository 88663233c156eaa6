"""The event store: each segment once, whole or not at all, sorted by person, nothing left over."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import CommitFailedError
from hypothesis import given
from hypothesis import strategies as st

from hubbub.record import events_files
from hubbub.record.events import BUCKETS, FRESH, EventStore, TailLost
from hubbub.terms.people import Subject
from hubbub.terms.pings import Pings
from hubbub.terms.time import SECOND, Instant
from record.rows import DAY_0, rows_at

DAY = DAY_0 // 86_400


def at(second: int) -> Instant:
    return Instant((DAY_0 + second) * SECOND)


def stored(store: EventStore) -> list[tuple[int, int]]:
    rows = store.read(store.paths(store.listing()), columns=["subject", "at"]).to_pylist()
    return sorted((row["subject"], row["at"]) for row in rows)


def keys(*batches: Pings) -> list[tuple[int, int]]:
    rows = np.concatenate(batches)
    return sorted(zip(rows["subject"].tolist(), rows["at"].tolist(), strict=True))


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path)


def test_rows_rest_as_they_came(store: EventStore) -> None:
    rows = rows_at([3, 1, 2])
    store.commit(rows, journal="j", number=0)
    (file,) = store.listing()
    table = store.read(store.paths([file]))
    order = np.argsort(rows["at"])
    for name in table.column_names:
        assert table[name].to_pylist() == rows[name][order].tolist()
    assert (file.rows, file.first, file.last, file.bucket) == (3, at(1), at(3), FRESH)


def test_a_commit_is_seen_by_other_processes_stores(store: EventStore, tmp_path: Path) -> None:
    other = EventStore(tmp_path)
    store.commit(rows_at([1]), journal="j", number=0)
    assert stored(other) == keys(rows_at([1]))
    assert other.committed("j") == 0
    assert other.committed("another") == -1


def test_a_commit_spreads_over_the_days_its_rows_are_of(store: EventStore) -> None:
    store.commit(rows_at([5, 86_400 + 5, -5]), journal="j", number=0)
    assert sorted(file.day for file in store.listing()) == [DAY - 1, DAY, DAY + 1]
    assert store.version() == 1


def test_only_files_that_may_hold_a_span_are_read_for_it(store: EventStore) -> None:
    store.commit(rows_at([10, 20]), journal="j", number=0)
    store.commit(rows_at([30, 40]), journal="j", number=1)
    for since, until, files in ((0, 10, 0), (0, 11, 1), (20, 21, 1), (21, 30, 0), (20, 31, 2)):
        assert len(store.files(since=at(since), until=at(until))) == files


def test_a_second_keeper_cannot_commit_the_same_segment(store: EventStore, tmp_path: Path) -> None:
    late = EventStore(tmp_path)
    late.version()
    late._table.update_incremental = lambda: None  # type: ignore[method-assign] # it does not look
    store.commit(rows_at([1]), journal="j", number=0)
    with pytest.raises(CommitFailedError):
        late.commit(rows_at([1]), journal="j", number=0)
    assert stored(store) == keys(rows_at([1]))


def test_the_log_tells_nothing_of_people(store: EventStore, tmp_path: Path) -> None:
    subject = 4_242_424_242
    store.commit(rows_at([1], subject=subject), journal="j", number=0)
    store.compact(DAY)
    store.trim_log()
    log = b"".join(path.read_bytes() for path in (tmp_path / "_delta_log").iterdir())
    assert b"minValues" in log or b"numRecords" in log
    for spelling in (str(subject).encode(), subject.to_bytes(8, "little"), b"60170"):
        assert spelling not in log


def test_compaction_puts_each_person_in_one_bucket_and_drops_repeated_rows(
    store: EventStore,
) -> None:
    batches = [rows_at(range(5), subject=s) for s in (1, 65, 2)]
    store.commit(np.concatenate(batches), journal="j", number=0)
    store.commit(rows_at(range(3, 8), subject=1), journal="j", number=1)
    assert store.compact(DAY) == 2
    assert stored(store) == keys(rows_at(range(8), subject=1), *batches[1:])
    by_bucket = {file.bucket: file.rows for file in store.listing()}
    assert by_bucket == {1: 13, 2: 5}
    for file in store.listing():
        subjects = store.read(store.paths([file]))["subject"].to_pylist()
        assert subjects == sorted(subjects)
        assert {subject % BUCKETS for subject in subjects} == {file.bucket}


def test_compaction_merges_a_bucket_by_size_so_its_files_stay_few(store: EventStore) -> None:
    for number in range(24):
        store.commit(rows_at(range(number * 10, number * 10 + 10)), journal="j", number=number)
        store.compact(DAY)
    assert stored(store) == keys(rows_at(range(240)))
    assert len(store.listing()) <= 6


def test_gathering_makes_one_file_of_small_ones_and_drops_repeated_rows(store: EventStore) -> None:
    store.commit(rows_at(range(100, 200)), journal="j", number=0)
    for number in range(1, 6):
        store.commit(rows_at([number, number + 1]), journal="j", number=number)
    store.gather(DAY)
    assert sorted(file.rows for file in store.listing()) == [6, 100]
    assert {file.bucket for file in store.listing()} == {FRESH}
    store.gather(DAY)
    store.gather(DAY + 1)
    assert stored(store) == keys(rows_at(range(1, 7)), rows_at(range(100, 200)))


def test_a_reader_far_behind_a_folded_log_catches_up(store: EventStore, tmp_path: Path) -> None:
    behind = EventStore(tmp_path)
    for number in range(12):
        store.commit(rows_at([number]), journal="j", number=number)
        if number in {5, 10}:
            store.trim_log()
    assert behind.committed("j") == 11
    assert stored(behind) == keys(rows_at(range(12)))
    assert behind.version() == store.version()


def test_compaction_of_a_day_without_fresh_rows_does_nothing(store: EventStore) -> None:
    store.commit(rows_at([1]), journal="j", number=0)
    store.compact(DAY)
    version = store.version()
    assert store.compact(DAY) == 0
    assert store.compact(DAY + 1) == 0
    assert store.version() == version


def test_what_was_committed_since_a_version_is_told_in_order_and_no_compaction_with_it(
    store: EventStore,
) -> None:
    begin = store.version()
    store.commit(rows_at([5]), journal="j", number=0)
    store.commit(rows_at([4]), journal="j", number=1)
    paths, version = store.added(after=begin)
    assert store.read(paths)["at"].to_pylist() == [at(5), at(4)]
    store.compact(DAY)
    store.commit(rows_at([6]), journal="j", number=2)
    paths, version = store.added(after=version)
    assert store.read(paths)["at"].to_pylist() == [at(6)]
    assert store.added(after=version) == ([], version)


def test_a_tail_that_the_log_has_forgotten_says_so(store: EventStore) -> None:
    store.commit(rows_at([1]), journal="j", number=0)
    store.commit(rows_at([2]), journal="j", number=1)
    store.trim_log()
    assert store.added(after=2) == ([], 2)
    with pytest.raises(TailLost):
        store.added(after=0)


def test_a_folded_log_forgets_neither_rows_nor_numbers(store: EventStore, tmp_path: Path) -> None:
    for number in range(5):
        store.commit(rows_at([number]), journal="j", number=number)
    store.trim_log()
    again = EventStore(tmp_path)
    assert stored(again) == keys(rows_at(range(5)))
    assert again.committed("j") == 4
    assert len(list((tmp_path / "_delta_log").glob("*.json"))) <= 1


def test_files_that_nobody_needs_are_deleted_one_round_later(store: EventStore) -> None:
    store.commit(rows_at([1]), journal="j", number=0)
    old = [Path(path) for path in store.paths(store.listing())]
    store.compact(DAY)
    unneeded = store.sweep(found_before=frozenset())
    assert all(path.exists() for path in old)
    assert store.sweep(found_before=unneeded) == frozenset()
    assert not any(path.exists() for path in old)
    assert stored(store) == keys(rows_at([1]))


def test_what_a_crashed_write_left_is_deleted_at_the_start(store: EventStore) -> None:
    store.commit(rows_at([1]), journal="j", number=0)
    (file,) = map(Path, store.paths(store.listing()))
    orphan = file.with_name("fresh-j-000000000001.parquet")
    orphan.write_bytes(file.read_bytes()[:100])
    store.sweep()
    assert not orphan.exists()
    assert file.exists()


def test_a_write_that_crashed_before_its_commit_is_done_again(
    store: EventStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EventStore, "_commit", crash)
        with pytest.raises(KeyboardInterrupt):
            store.commit(rows_at([1]), journal="j", number=0)
    again = EventStore(tmp_path)
    assert again.committed("j") == -1
    again.commit(rows_at([1]), journal="j", number=0)
    assert stored(again) == keys(rows_at([1]))


def test_rows_are_small_at_rest(store: EventStore) -> None:
    store.commit(rows_at(range(0, 80_000, 4)), journal="j", number=0)
    (file,) = store.listing()
    assert file.size / file.rows < 10
    encodings = pq.ParquetFile(store.paths([file])[0]).metadata.row_group(0).column(1).encodings
    assert "DELTA_BINARY_PACKED" in encodings


@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 130), st.integers(0, 9)), min_size=1, max_size=12),
        min_size=1,
        max_size=5,
    ),
    compactions=st.sets(st.integers(0, 4)),
)
def test_no_row_is_lost_or_changed_however_the_store_is_compacted(
    batches: list[list[tuple[int, int]]],
    compactions: set[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = EventStore(tmp_path_factory.mktemp("events"))
    sent: set[tuple[int, int]] = set()
    for number, batch in enumerate(batches):
        rows = np.concatenate([rows_at([second], subject=subject) for subject, second in batch])
        sent |= set(keys(rows))
        store.commit(rows, journal="j", number=number)
        if number in compactions:
            store.compact(DAY)
    assert set(stored(store)) == sent
    assert pa.types.is_int64(store.read([])["at"].type)


def test_a_day_is_sorted_before_somebody_is_erased_from_it_and_nobody_else_is_written_anew(
    store: EventStore,
) -> None:
    """Erasing the next one costs a 64th of the day, and days without them cost nothing."""
    people = range(1, 2 * BUCKETS + 1)
    others = rows_at([86_400, 86_401], subject=2)
    batches = [rows_at([number], subject=number) for number in people]
    store.commit(np.concatenate([*batches, others]), journal="j", number=0)
    assert store.erase(Subject(1)).rows == 1
    (other_day,) = [file for file in store.listing() if file.day == DAY + 1]
    assert other_day.bucket == FRESH
    before = {file.path for file in store.listing()}
    assert store.erase(Subject(3)).rows == 1
    gone = before - {file.path for file in store.listing()}
    assert [path.split("/")[1] for path in gone] == ["bucket=3"]
    assert stored(store) == keys(others, *batches[1:2], *batches[3:])


def test_a_file_tells_the_one_stamp_of_its_rows_and_none_where_they_have_several(
    store: EventStore,
) -> None:
    for number, stamps in enumerate(([257], [257, 257], [1, 257], [257, 0], [0])):
        rows = [rows_at([10 * number + n], may=may) for n, may in enumerate(stamps)]
        store.commit(np.concatenate(rows), journal="j", number=number)
    assert {file.first: file.may for file in store.listing()} == {
        at(0): 257,
        at(10): 257,
        at(20): None,
        at(30): None,
        at(40): 0,
    }
    store.gather(DAY)
    assert [file.may for file in store.listing()] == [None]


def test_a_stamp_that_many_rows_have_gets_a_file_of_its_own(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_files, "_ALONE_ROWS_MIN", 3)
    stamps = {257: [1, 2, 3], 1: [4, 5, 6, 7], 9: [8], 17: [9, 10]}
    batches = [rows_at(seconds, may=may) for may, seconds in stamps.items()]
    store.commit(np.concatenate(batches), journal="j", number=0)
    store.compact(DAY)
    there = {file.may: file.rows for file in store.listing()}
    assert there == {257: 3, 1: 4, None: 3}
    assert {file.bucket for file in store.listing()} == {1}
    store.commit(rows_at([2, 11], may=257), journal="j", number=1)
    assert store.compact(DAY) == 1
    assert {file.may: file.rows for file in store.listing()} == {257: 4, 1: 4, None: 3}
    assert stored(store) == keys(*batches, rows_at([11]))


def test_files_are_told_apart_by_their_stamp_where_it_is_worth_it(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_files, "_TOLD_ROWS_MIN", 3)
    for number, mays in enumerate(([257, 257], [257], [1, 1], [1, 257])):
        rows = [rows_at([10 * number + n], may=may) for n, may in enumerate(mays)]
        store.commit(np.concatenate(rows), journal="j", number=number)
    parted = events_files.told_apart(store.listing())
    told = {may: sorted(file.first for file in files) for may, files in parted.items()}
    assert told == {257: [at(0), at(10)], None: [at(20), at(30)]}
    assert events_files.told_apart([]) == {}
