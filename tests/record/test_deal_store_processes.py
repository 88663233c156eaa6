"""The deal among several processes: what one commits holds for all, and a kill loses nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hubbub.deal.desk import DeviceName
from hubbub.deal.receipt import verify
from hubbub.deal.stamp import NOTHING
from hubbub.terms.purposes import Category, LiveTraffic, Traffic
from record.deal_store_rig import BOTH, HandClock, database, dead, opened

# What another process does. It says each thing when it is done, never before.
ENROL = """
import sys
from pathlib import Path
from record.deal_store_rig import BOTH, HandClock, opened
home, name, many = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with opened(home, HandClock()) as store:
    print("open", flush=True)
    sys.stdin.readline()
    for number in range(many):
        enrolment = store.enrol(f"{name} {number}", BOTH, "page")
        token, subject = enrolment.token.secret, enrolment.badge.subject
        print(enrolment.device, token, subject, sep=":", flush=True)
"""
TAKE_BACK = """
import sys
from pathlib import Path
from hubbub.deal.desk import DeviceName
from hubbub.terms.purposes import LiveTraffic
from record.deal_store_rig import HandClock, opened
from hubbub.deal.stamp import NOTHING
with opened(Path(sys.argv[1]), HandClock()) as store:
    for asked in sys.stdin:
        device, everything = asked.strip().split(":")
        purposes = None if everything == "all" else frozenset({LiveTraffic})
        store.withdraw(DeviceName(device), purposes, "command")
        print("done", flush=True)
"""


@contextmanager
def another_process(program: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Start a process that runs `program`; end it if it has not ended."""
    tests = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str], words: str) -> str:
    """Ask something of a process, and wait until it is done."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{words}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def test_what_another_process_takes_back_holds_at_the_next_question(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as store, another_process(TAKE_BACK, tmp_path) as other:
        ann = store.enrol("ann", BOTH, "page")
        assert store.badge(ann.token.secret) == ann.badge
        assert say(other, "ann:live") == "done"
        assert dead(store, LiveTraffic) == [ann.badge.receipt]
        assert dead(store, Traffic) == []
        partly = store.badge(ann.token.secret)
        assert partly is not None
        assert partly.stamps != ann.badge.stamps
        assert say(other, "ann:all") == "done"
        assert dead(store, Traffic) == [ann.badge.receipt, partly.receipt]
        nothing = store.badge(ann.token.secret)
        assert nothing is not None
        assert nothing.stamps == NOTHING


def test_a_dead_list_is_read_once_and_anew_after_every_commit(tmp_path: Path) -> None:
    """Also after one of the same process, and whatever it was that was committed."""
    with opened(tmp_path, HandClock()) as here, opened(tmp_path, HandClock()) as there:
        ann, bob = (here.enrol(name, BOTH, "page") for name in ("ann", "bob"))
        asked = Category.LOCATION, Traffic
        before = here.dead(*asked)
        assert here.dead(*asked) is before
        assert here.dead(Category.LOCATION, LiveTraffic) is not before
        assert here.dead(*asked) is before
        deeds = (
            (lambda: here.withdraw(ann.token, frozenset({Traffic}), "page"), [1]),
            (lambda: there.pause(bob.token, "page"), [1, 2]),
            (lambda: here.resume(bob.token, "page"), [1]),
            (lambda: there.withdraw(bob.token, None, "page"), [1, 2]),
            (lambda: here.count_refused("unknown-device", 1), [1, 2]),
        )
        for deed, expected in deeds:
            last = here.dead(*asked)
            deed()
            assert sorted(here.dead(*asked)["receipt"].to_pylist()) == expected
            assert here.dead(*asked) is not last


def test_a_token_that_another_process_renews_ends_at_the_next_question(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()) as here, opened(tmp_path, HandClock()) as there:
        ann = here.enrol("ann", BOTH, "page")
        assert here.badge(ann.token.secret) == there.badge(ann.token.secret) == ann.badge
        renewed = there.renew(DeviceName("ann"), BOTH, "command")
        assert here.badge(ann.token.secret) is None
        assert here.badge(renewed.token.secret) == renewed.badge


def test_processes_that_start_at_once_on_nothing_share_one_deal(tmp_path: Path) -> None:
    with (
        another_process(ENROL, tmp_path, "a", 20) as a,
        another_process(ENROL, tmp_path, "b", 20) as b,
    ):
        lines = [process.communicate("go\n")[0].splitlines() for process in (a, b)]
    subjects = [int(line.split(":")[2]) for process in lines for line in process[1:]]
    assert sorted(subjects) == list(range(1, 41))
    with opened(tmp_path, HandClock()) as store:
        assert store.status().devices == 40
        for name in ("a 0", "b 19"):
            verify(store.receipts(DeviceName(name))[0], store.public_key())


@pytest.mark.parametrize("lines", [1, 20])
def test_a_kill_while_enrolling_loses_nobody_who_was_answered(tmp_path: Path, lines: int) -> None:
    with another_process(ENROL, tmp_path, "phone", 100_000) as process:
        assert process.stdout is not None
        assert say(process, "go") == "open"
        answered = [process.stdout.readline().strip().split(":") for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
    with opened(tmp_path, HandClock()) as store:
        for device, token, subject in answered:
            badge = store.badge(token)
            assert badge is not None
            assert badge.subject == int(subject)
            assert len(store.receipts(DeviceName(device))) == 1
        status = store.status()
        assert status.devices == status.receipts >= lines
        newcomer = store.enrol("newcomer", BOTH, "page")
        assert newcomer.badge.subject == status.devices + 1
    with database(tmp_path) as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        orphans = "SELECT count(*) FROM device WHERE receipt IS NULL"
        assert connection.exec_driver_sql(orphans).scalar() == 0


def test_a_writer_takes_its_turn_at_once_and_a_reader_makes_nobody_wait(tmp_path: Path) -> None:
    """A transaction that reads first and then writes is refused if another wrote in between."""
    with (
        opened(tmp_path, HandClock()) as store,
        closing(sqlite3.connect(tmp_path / "deal.sqlite", timeout=0)) as other,
    ):
        with database(tmp_path), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        with store._reading.connect() as reading:
            reading.exec_driver_sql("SELECT count(*) FROM device")
            store.enrol("ann", BOTH, "page")


def test_a_commit_is_on_disk_and_what_is_deleted_is_overwritten(tmp_path: Path) -> None:
    with opened(tmp_path, HandClock()), database(tmp_path) as connection:
        told = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    full = 2
    assert told == {
        "journal_mode": "wal",
        "synchronous": full,
        "secure_delete": 1,
        "foreign_keys": 1,
    }
