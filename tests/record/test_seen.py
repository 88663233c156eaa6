"""Repeated pings: the same person at the same time counts once, wherever the first one is now."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.journal_segments import complete_segments, read_segment
from hubbub.record.seen import Seen
from hubbub.terms.pings import Pings
from record.rows import DAY_0, rows_at

DAY = DAY_0 // 86_400


def run[T](work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class Rig:
    """A journal, a store and what was seen, as one web process has them."""

    def __init__(self, folder: Path, *, keys_max: int = 1_000_000) -> None:
        self.folder = folder / "journal"
        self.store = EventStore(folder / "events")
        self.journal = Journal(self.folder)
        self.seen = Seen(self.store, self.journal, folder=self.folder, keys_max=keys_max)

    async def take(self, rows: Pings) -> int:
        new = await self.seen.unseen(rows)
        await self.journal.append(rows[new])
        return int(new.sum())

    def drain(self) -> None:
        for segment in complete_segments(self.folder):
            rows = read_segment(segment.path)
            self.store.commit(rows, journal=segment.journal, number=segment.number)
            segment.path.unlink()


def test_a_row_is_new_once(tmp_path: Path) -> None:
    async def work() -> None:
        rig = Rig(tmp_path)
        assert await rig.take(rows_at([1, 2, 2, 3])) == 3
        assert await rig.take(rows_at([3, 4])) == 1
        assert await rig.take(rows_at([3, 4], subject=65)) == 2  # of the same bucket
        assert await rig.take(rows_at([3 + 86_400])) == 1  # of another day
        rig.journal.close()

    run(work())


@pytest.mark.parametrize("where", ["journal", "store", "sorted store"])
def test_after_a_restart_a_row_is_known_wherever_it_rests(tmp_path: Path, where: str) -> None:
    async def first() -> None:
        rig = Rig(tmp_path)
        await rig.take(rows_at(range(20)))
        await rig.take(rows_at(range(5), subject=9))
        rig.journal.close()
        if where != "journal":
            rig.drain()
        if where == "sorted store":
            rig.store.compact(DAY)

    async def second() -> None:
        rig = Rig(tmp_path)
        assert await rig.take(rows_at(range(10, 25))) == 5
        assert await rig.take(rows_at(range(4, 6), subject=9)) == 1
        rig.journal.close()

    run(first())
    run(second())


def test_memory_is_bounded_and_what_was_forgotten_is_looked_up_again(tmp_path: Path) -> None:
    async def work() -> None:
        rig = Rig(tmp_path, keys_max=50)
        days = range(0, 6 * 86_400, 86_400)
        for day in days:
            assert await rig.take(rows_at(range(day, day + 40))) == 40
        assert sum(map(len, rig.seen._indices.values())) <= 50
        for day in days:
            assert await rig.take(rows_at(range(day, day + 41))) == 1
        rig.journal.close()

    run(work())


def test_a_batch_over_more_days_than_memory_holds_is_judged_all_the_same(tmp_path: Path) -> None:
    async def work() -> None:
        rig = Rig(tmp_path, keys_max=50)
        week = rows_at(range(0, 7 * 86_400, 3_600))
        assert await rig.take(week) == len(week)
        again = await asyncio.gather(*(rig.take(week) for _ in range(5)))
        assert again == [0] * 5
        assert await rig.take(rows_at([100])) == 1
        assert sum(map(len, rig.seen._indices.values())) <= 50
        rig.journal.close()

    run(work())


def test_many_requests_at_once_agree_on_who_was_first(tmp_path: Path) -> None:
    async def work() -> None:
        rig = Rig(tmp_path)
        taken = await asyncio.gather(*(rig.take(rows_at(range(n, n + 10))) for n in range(30)))
        assert sum(taken) == 39
        rig.journal.close()
        assert len(read_segment(complete_segments(rig.folder)[0].path)) == 39

    run(work())


def test_a_long_day_is_packed_and_still_exact(tmp_path: Path) -> None:
    async def work() -> None:
        rig = Rig(tmp_path)
        for start in range(0, 30_000, 3_000):
            assert await rig.take(rows_at(range(start, start + 3_000))) == 3_000
        assert await rig.take(rows_at(range(30_010))) == 10
        rig.journal.close()

    run(work())


@given(
    batches=st.lists(
        st.lists(
            st.tuples(st.integers(0, 2**32 - 1) | st.integers(0, 130), st.integers(0, 172_799)),
            max_size=10,
        ),
        max_size=4,
    )
)
def test_exactly_the_first_of_each_person_and_time_is_new(
    batches: list[list[tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def work() -> None:
        rig = Rig(tmp_path_factory.mktemp("seen"))
        known: set[tuple[int, int]] = set()
        for batch in batches:
            empty = rows_at([])
            rows = np.concatenate([empty, *(rows_at([s], subject=who) for who, s in batch)])
            expected = []
            for key in batch:
                expected.append(key not in known)
                known.add(key)
            assert (await rig.seen.unseen(rows)).tolist() == expected
        rig.journal.close()

    run(work())
