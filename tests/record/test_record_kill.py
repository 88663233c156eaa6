"""The keeper is killed at any moment of its work: every row is in the store once."""

import asyncio
import multiprocessing
import time
from multiprocessing.synchronize import Semaphore
from pathlib import Path

import pyarrow as pa

from hubbub.record import record as record_module
from hubbub.record.events import EventStore
from hubbub.record.journal import Journal
from hubbub.record.record import Record
from hubbub.terms.time import SECOND, Instant
from record.rows import DAY_0, reads_log, rows_at

KILLS = 24


def nobody_dead(*_: object) -> pa.Table:
    return pa.table({"receipt": pa.array([], pa.int64())})


def keep(folder: Path, rounds: Semaphore) -> None:
    """Do the keeper's work for ever, in far smaller steps and far tidier than it does."""
    record_module._ROWS_A_COMMIT = 1
    record_module._FRESH_FILES_MAX = 2
    record_module._FRESH_ROWS_MAX = 200
    record_module._LOG_ENTRIES_MAX = 4
    store = EventStore(folder / "events")
    store.sweep()
    record = Record(store, folder / "journal", dead=nobody_dead, reads=reads_log(folder))
    while True:
        record.drain()
        record.maintain(now=Instant(DAY_0 * SECOND), keep_days=90)
        rounds.release()


async def write(folder: Path, first: int, segments: int) -> None:
    for segment in range(segments):
        journal = Journal(folder / "journal")
        start = first + segment * 10
        await asyncio.gather(
            *(journal.append(rows_at([second])) for second in range(start, start + 10))
        )
        journal.close()


def test_a_keeper_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    EventStore(tmp_path / "events")
    clean = multiprocessing.get_context("forkserver")
    clean.set_forkserver_preload(["hubbub.record.record"])
    written = 0
    for kill in range(KILLS):
        asyncio.run(write(tmp_path, written, 4))
        written += 40
        rounds = clean.Semaphore(0)
        keeper = clean.Process(target=keep, args=(tmp_path, rounds), daemon=True)
        keeper.start()
        for _ in range(kill % 3):
            assert rounds.acquire(timeout=60)
        time.sleep(kill * 0.0137 % 0.1)
        keeper.kill()
        keeper.join()
    store = EventStore(tmp_path / "events")
    store.sweep()
    record = Record(store, tmp_path / "journal", dead=nobody_dead, reads=reads_log(tmp_path))
    record.drain()
    at = sorted(store.read(store.paths(store.listing()))["at"].to_pylist())
    assert at == rows_at(range(written))["at"].tolist()
    assert store.version() > KILLS, "the keeper was killed before it could do anything"
