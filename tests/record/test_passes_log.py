"""What a plan of the day has counted outlives a kill, or another plan begins."""

from pathlib import Path

import pyarrow as pa

from hubbub.record.passes_log import PassesLog
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.time import SECOND, Instant

SCHEMA = pa.schema([*(PASSES_SCHEMA | STAMP).items()])
DAY = 86_400 * SECOND


def passes(*at: int) -> pa.Table:
    rows = {
        name: pa.array([1] * len(at), kind)
        for name, kind in zip(SCHEMA.names, SCHEMA.types, strict=True)
    }
    return pa.table({**rows, "at": pa.array(at, pa.int64())}, schema=SCHEMA)


def test_what_was_written_down_is_there_after_a_restart(tmp_path: Path) -> None:
    log = PassesLog(tmp_path)
    log.append(passes(10, 20))
    log.append(passes(30))
    again = PassesLog(tmp_path)
    assert again.load()["at"].to_pylist() == [10, 20, 30]
    assert again.memory == log.memory


def test_a_torn_frame_is_cut_off_and_hides_nothing_after_it(tmp_path: Path) -> None:
    PassesLog(tmp_path).append(passes(10))
    (file,) = tmp_path.glob("*.passes")
    with file.open("ab") as torn:
        torn.write(b"\x50\0\0\0torn")
    log = PassesLog(tmp_path)
    log.append(passes(20))
    assert PassesLog(tmp_path).load()["at"].to_pylist() == [10, 20]


def test_a_log_that_lost_its_passes_is_another_memory(tmp_path: Path) -> None:
    log = PassesLog(tmp_path)
    log.append(passes(10))
    (tmp_path / "memory").unlink()
    another = PassesLog(tmp_path)
    assert another.memory != log.memory
    assert another.load().num_rows == 0


def test_days_that_are_over_are_forgotten_and_no_others(tmp_path: Path) -> None:
    log = PassesLog(tmp_path)
    log.append(passes(10))
    log.append(passes(DAY + 10))
    log.forget_before(Instant(DAY + 5))
    assert log.load()["at"].to_pylist() == [DAY + 10]
