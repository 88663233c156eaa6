"""The journal: what was acknowledged is there, whoever is killed, and is read in its order."""

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubbub.record import journal as journal_module
from hubbub.record.journal import Journal, JournalBroken
from hubbub.record.journal_segments import (
    SUFFIX,
    complete_segments,
    pending_rows,
    read_segment,
    segments,
)
from hubbub.terms.pings import PING
from record.rows import rows_at


def run[T](work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def write(folder: Path, *batches: int) -> None:
    journal = Journal(folder)
    start = 0
    for rows in batches:
        await journal.append(rows_at(range(start, start + rows)))
        start += rows
    journal.close()


def test_rows_are_read_back_as_they_were_appended(tmp_path: Path) -> None:
    run(write(tmp_path, 3, 1, 5))
    (segment,) = complete_segments(tmp_path)
    assert np.array_equal(read_segment(segment.path), rows_at(range(9)))


def test_appends_made_at_once_share_a_segment_and_keep_their_order(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal(tmp_path)
        await asyncio.gather(*(journal.append(rows_at([second])) for second in range(500)))
        journal.close()

    run(work())
    (segment,) = complete_segments(tmp_path)
    assert np.array_equal(read_segment(segment.path), rows_at(range(500)))


def test_a_segment_that_may_grow_is_not_complete_and_closes_by_itself(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal(tmp_path, segment_s=0.2)
        await journal.append(rows_at([1]))
        assert len(segments(tmp_path)) == 1
        assert complete_segments(tmp_path) == []
        assert len(pending_rows(tmp_path)) == 1
        while not complete_segments(tmp_path):  # noqa: ASYNC110 - files give no events
            await asyncio.sleep(0.02)
        await journal.append(rows_at([2]))
        assert len(segments(tmp_path)) == 2
        journal.close()

    run(work())
    numbers = [segment.number for segment in complete_segments(tmp_path)]
    assert numbers == sorted(numbers)
    assert pending_rows(tmp_path)["at"].tolist() == rows_at([1, 2])["at"].tolist()


def test_a_segment_closes_when_it_is_large(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal(tmp_path, segment_bytes_max=1_000)
        for second in range(4):
            await journal.append(rows_at([second] * 30))
        journal.close()

    run(work())
    assert len(complete_segments(tmp_path)) == 4


@pytest.mark.parametrize("cut", [1, 7, 47, 55, 56, 57, 100])
def test_a_torn_tail_is_ignored_and_what_is_before_it_is_not(tmp_path: Path, cut: int) -> None:
    run(write(tmp_path, 2, 1, 1))
    (segment,) = complete_segments(tmp_path)
    segment.path.write_bytes(segment.path.read_bytes()[:-cut])
    whole = 4 - (1 + (cut > 56))
    assert np.array_equal(read_segment(segment.path), rows_at(range(whole)))


def test_a_row_that_was_changed_on_the_disk_is_not_read(tmp_path: Path) -> None:
    run(write(tmp_path, 1, 1))
    (segment,) = complete_segments(tmp_path)
    content = bytearray(segment.path.read_bytes())
    content[-5] ^= 1
    segment.path.write_bytes(content)
    assert len(read_segment(segment.path)) == 1


def test_a_file_that_is_no_segment_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / f"x-1{SUFFIX}").write_bytes(b"junk")
    assert len(pending_rows(tmp_path)) == 0


def test_no_number_is_used_twice_also_when_all_segments_are_gone(tmp_path: Path) -> None:
    numbers = []
    for _ in range(3):
        run(write(tmp_path, 1))
        (segment,) = complete_segments(tmp_path)
        numbers.append((segment.journal, segment.number))
        segment.path.unlink()
    assert len(set(numbers)) == 3
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("lost", ["deleted", "torn"])
def test_when_the_numbers_are_lost_the_journal_takes_a_new_name(tmp_path: Path, lost: str) -> None:
    run(write(tmp_path, 1))
    (first,) = complete_segments(tmp_path)
    if lost == "deleted":
        (tmp_path / "numbers.json").unlink()
    else:
        (tmp_path / "numbers.json").write_bytes(b'{"jour')
    run(write(tmp_path, 1))
    assert len({segment.journal for segment in complete_segments(tmp_path)}) == 2
    assert first in complete_segments(tmp_path)


def test_two_writers_share_a_folder_and_no_segment_overtakes_an_open_one(tmp_path: Path) -> None:
    async def work() -> None:
        slow, quick = Journal(tmp_path, segment_s=60), Journal(tmp_path, segment_s=60)
        await slow.append(rows_at([1]))
        await quick.append(rows_at([2]))
        quick.close()
        assert complete_segments(tmp_path) == []
        slow.close()
        assert len(complete_segments(tmp_path)) == 2

    run(work())


def test_a_barrier_ends_when_the_rows_before_it_are_durable(tmp_path: Path) -> None:
    async def work() -> None:
        journal = Journal(tmp_path)
        rows = journal.append(rows_at([1]))
        await journal.append(np.empty(0, PING))
        assert rows.done()
        assert len(pending_rows(tmp_path)) == 1
        journal.close()

    run(work())


def test_rows_are_synced_before_they_are_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    sync = journal_module._sync

    def told(file: int) -> None:
        sync(file)
        happened.append("synced")

    monkeypatch.setattr(journal_module, "_sync", told)

    async def work() -> None:
        journal = Journal(tmp_path)
        await journal.append(rows_at([1]))
        happened.append("acknowledged")
        journal.close()

    run(work())
    assert happened == ["synced", "acknowledged"]


def test_when_the_disk_refuses_nothing_is_acknowledged_until_the_journal_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        journal = Journal(tmp_path)
        await journal.append(rows_at([1]))

        def full(_: int) -> None:
            raise OSError(28, "no space")

        with monkeypatch.context() as patch:
            patch.setattr(journal_module, "_sync", full)
            both = [journal.append(rows_at([2])), journal.append(rows_at([3]))]
            for refused in both:
                with pytest.raises(JournalBroken):
                    await refused
        assert journal.broken
        with pytest.raises(JournalBroken):
            await journal.append(rows_at([4]))
        journal.close()

    run(work())
    run(write(tmp_path, 1))
    assert rows_at([1])["at"][0] in pending_rows(tmp_path)["at"]


def test_the_backlog_is_as_old_as_the_oldest_segment_that_waits(tmp_path: Path) -> None:
    now = 0.0

    async def work() -> None:
        nonlocal now
        journal = Journal(tmp_path, elapsed=lambda: now)
        assert journal.backlog_age_s() == 0
        await journal.append(rows_at([1]))
        now = 40.0
        assert journal.backlog_age_s() == 40
        journal.close()
        for segment in complete_segments(tmp_path):
            segment.path.unlink()
        now = 41.0
        assert journal.backlog_age_s() == 0

    run(work())


def test_what_an_earlier_process_left_counts_as_backlog(tmp_path: Path) -> None:
    run(write(tmp_path, 1))
    now = 5.0

    async def work() -> float:
        nonlocal now
        journal = Journal(tmp_path, elapsed=lambda: now)
        now = 12.0
        age = journal.backlog_age_s()
        journal.close()
        return age

    assert run(work()) == 7


WRITER = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    from hubbub.record.journal import Journal
    from record.rows import rows_at

    async def main():
        journal = Journal(Path(sys.argv[1]), segment_s=0.05)
        second = int(sys.argv[2])
        while True:
            await journal.append(rows_at([second]))
            print(second, flush=True)
            second += 1

    asyncio.run(main())
""")


def test_whatever_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    path = os.pathsep.join(str(Path(part).resolve()) for part in sys.path if part)
    for start in range(0, 40_000, 10_000):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(start)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
        ) as writer:
            assert writer.stdout is not None
            some = [int(line) for _, line in zip(range(20 + start // 1_000), writer.stdout)]  # noqa: B905
            writer.kill()
            acknowledged += some + [int(line) for line in writer.stdout.read().split()]
    assert len(acknowledged) > 80
    rows = [read_segment(segment.path)["at"] for segment in complete_segments(tmp_path)]
    there = np.concatenate(rows).tolist()
    assert set(rows_at(acknowledged)["at"].tolist()) <= set(there)
    assert len(there) == len(set(there))
    assert len(there) <= len(acknowledged) + 5  # one a kill may have missed its answer
