"""Closed days on disk: their owner's alone, whole or not at all, gone when nobody needs them."""

import multiprocessing
import stat
import threading
import time
from dataclasses import replace
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pyarrow as pa
import pytest

from hubbub.crowd.days import KeptDay
from hubbub.record.closed_days import ClosedDays
from hubbub.record.closing import Closing
from hubbub.record.events import FRESH, LATE, EventStore
from hubbub.terms.people import Subject
from hubbub.terms.time import SECOND, Instant
from record.rows import DAY_0, rows_at

DAY = 20_780
SUMS = pa.table(
    {
        "key": pa.array([1, 5], pa.int32()),
        "up": pa.array([1024, 3], pa.int64()),
        "down": pa.array([0, 2**40], pa.int64()),
    }
)
KEPT = KeptDay(product="traffic.typical", edition=1, day=DAY, asked="this", dead="these", sums=SUMS)
KILLS = 6


def same(one: KeptDay | None, other: KeptDay) -> bool:
    return (
        one is not None
        and one.sums.equals(other.sums)
        and replace(one, sums=SUMS) == replace(other, sums=SUMS)
    )


def test_what_is_kept_is_given_again_in_every_bit(tmp_path: Path) -> None:
    ClosedDays(tmp_path).keep(KEPT)
    assert same(ClosedDays(tmp_path).kept("traffic.typical", 1, DAY), KEPT)


@pytest.mark.parametrize(
    "other", [("visits", 1, DAY), ("traffic.typical", 2, DAY), ("traffic.typical", 1, 3)]
)
def test_another_day_is_another_file(tmp_path: Path, other: tuple[str, int, int]) -> None:
    shelf = ClosedDays(tmp_path)
    shelf.keep(KEPT)
    assert shelf.kept(*other) is None
    shelf.keep(replace(KEPT, product=other[0], edition=other[1], day=other[2], asked="that"))
    assert same(shelf.kept("traffic.typical", 1, DAY), KEPT)


def test_nobody_but_the_owner_reads_a_closed_day(tmp_path: Path) -> None:
    shelf = ClosedDays(tmp_path / "days")
    shelf.keep(KEPT)
    (file,) = (tmp_path / "days").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_closed_day_names_nobody(tmp_path: Path) -> None:
    shelf = ClosedDays(tmp_path)
    shelf.keep(KEPT)
    kept = shelf.kept("traffic.typical", 1, DAY)
    assert kept is not None
    assert kept.sums.column_names == ["key", "up", "down"]


def test_a_file_that_is_damaged_was_never_kept(tmp_path: Path) -> None:
    shelf = ClosedDays(tmp_path)
    shelf.keep(KEPT)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], whole[:30] + bytes([whole[30] ^ 1]) + whole[31:]):
        file.write_bytes(damaged)
        assert shelf.kept("traffic.typical", 1, DAY) is None
    file.write_bytes(whole)
    assert shelf.kept("traffic.typical", 1, DAY) is not None


def test_days_are_forgotten_when_their_block_is_over_and_no_others(tmp_path: Path) -> None:
    shelf = ClosedDays(tmp_path)
    for product in ("traffic.typical", "traffic"):
        for day in range(DAY - 2, DAY + 2):
            shelf.keep(replace(KEPT, product=product, day=day))
    shelf.forget_before("traffic.typical", DAY)
    there = {
        (product, day)
        for product in ("traffic.typical", "traffic")
        for day in range(DAY - 2, DAY + 2)
        if shelf.kept(product, 1, day)
    }
    assert there == {("traffic.typical", DAY), ("traffic.typical", DAY + 1)} | {
        ("traffic", day) for day in range(DAY - 2, DAY + 2)
    }
    shelf.forget()
    assert not list(tmp_path.iterdir())


def close_for_ever(folder: Path, closed: Semaphore) -> None:
    """Close the same few days again and again, as fast as it goes."""
    shelf, closing = ClosedDays(folder), Closing(folder)
    for n in range(10**9):
        closing.close(Instant(n + 1))
        shelf.keep(replace(KEPT, day=DAY + n % 3, dead=str(n)))
        closed.release()


def test_a_day_is_there_whole_or_not_at_all_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    clean = multiprocessing.get_context("forkserver")
    clean.set_forkserver_preload(["hubbub.record.closed_days"])
    until = Instant(0)
    for kill in range(KILLS):
        closed = clean.Semaphore(0)
        writer = clean.Process(target=close_for_ever, args=(tmp_path, closed), daemon=True)
        writer.start()
        for _ in range(4):
            assert closed.acquire(timeout=60)
        time.sleep(kill * 0.0137 % 0.05)
        writer.kill()
        writer.join()
        for day in range(DAY, DAY + 3):
            kept = ClosedDays(tmp_path).kept("traffic.typical", 1, day)
            assert kept is not None
            assert same(replace(kept, dead="these"), replace(KEPT, day=day))
        assert Closing(tmp_path).until() >= until
        until = Closing(tmp_path).until()
    assert until > 0


def test_what_comes_for_a_closed_day_rests_as_late(tmp_path: Path) -> None:
    store = EventStore(tmp_path)
    until = Instant((DAY_0 + 100) * SECOND)
    late = store.commit(rows_at([50, 99, 100, 150]), journal="j", number=0, closed_until=until)
    assert late == 2
    assert {file.bucket: file.rows for file in store.listing()} == {FRESH: 2, LATE: 2}
    assert len(store.moments(Subject(1))) == 4, "they are hers all the same"


def test_late_rows_stay_late_when_files_are_put_together(tmp_path: Path) -> None:
    store = EventStore(tmp_path)
    until = Instant((DAY_0 + 100) * SECOND)
    for number in range(3):
        store.commit(rows_at([number]), journal="j", number=number, closed_until=until)
    store.commit(rows_at([200]), journal="j", number=3, closed_until=until)
    store.gather(DAY_0 // 86_400, bucket=LATE)
    store.compact(DAY_0 // 86_400)
    assert sorted((file.bucket, file.rows) for file in store.listing()) == [(LATE, 3), (1, 1)]


def test_days_are_closed_when_no_row_is_on_its_way_to_rest(tmp_path: Path) -> None:
    """Whoever commits holds the mark: a row is summed by its day, or rests as late."""
    closing = Closing(tmp_path)
    with closing.held() as until:
        closer = threading.Thread(target=Closing(tmp_path).close, args=(Instant(5),))
        closer.start()
        closer.join(0.1)
        assert closer.is_alive()
        assert (until, closing.until()) == (0, 0)
    closer.join(10)
    assert closing.until() == 5
    closing.close(Instant(3))
    assert closing.until() == 5, "the mark never goes back"
