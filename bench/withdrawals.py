"""How soon a withdrawal holds: from asking for it until the next read is done without the person.

    python -m bench.withdrawals [--people 1000000]

A real deal store with so many people, each with a receipt, a hundredth of them withdrawn before; a
real record. Readers read all the time, in processes of their own; another one enrols. Then people
withdraw, one after the other, and after each withdrawal an hour of pings is read.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from contextlib import closing
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

import numpy as np
import sqlalchemy as sa

from bench.people import BEGIN, Unlogged, dead_of, fill
from bench.traffic import tell
from hubbub.deal.desk import SignedIn
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_tables import DEAD, DEVICE, MAY, RECEIPT, open_database
from hubbub.record.events import EventStore
from hubbub.record.record import Record
from hubbub.run.clock import SystemClock
from hubbub.terms.people import Subject
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Traffic, cell_bit
from hubbub.terms.time import SECOND, Instant

PEOPLE: Final = 1_000_000
PINGS: Final = 1_000_000
DEAD_SHARE: Final = 0.01
WITHDRAWALS: Final = 200
READERS: Final = 2
AT_ONCE: Final = 20_000
SINCE: Final = Instant(BEGIN + 9 * 3600 * SECOND)
UNTIL: Final = Instant(BEGIN + 10 * 3600 * SECOND)


def main() -> None:
    """Let people withdraw, and read after each of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _enrol_all(folder / "deal.sqlite", people)
        fill(folder / "events", PINGS)
        clean = multiprocessing.get_context("spawn")
        stop = clean.Event()
        busy = [clean.Process(target=_read_on, args=(folder, stop)) for _ in range(READERS)]
        busy.append(clean.Process(target=_enrol_on, args=(folder, stop)))
        for process in busy:
            process.start()
        told, read = _withdraw(folder)
        stop.set()
        for process in busy:
            process.join()
    for what, took_s in (("withdrawn", told), ("withdrawn, and the next read is done", read)):
        p99 = float(np.quantile(took_s, 0.99))
        tell(f"{what}: median {median(took_s):.3f} s, 99 of 100 within {p99:.3f} s")


def _enrol_all(path: Path, people: int) -> None:
    """Write so many deals down, as enrolling does; each with the signature of the first."""
    with closing(DealStore(path, SystemClock())) as store:
        first = store.enrol("person 1", frozenset({Traffic, LiveTraffic}), "bench")
    document, may = first.receipt.document(), first.badge.stamp(Category.LOCATION)
    person, identifier = first.receipt.person.encode(), first.receipt.identifier.encode()
    stamps = dict.fromkeys(MAY.values(), 0) | {MAY[Category.LOCATION]: may}
    engine = open_database(path, durable=False)
    with engine.begin() as connection:
        for begin in range(2, people + 1, AT_ONCE):
            devices, receipts = [], []
            for subject in range(begin, min(begin + AT_ONCE, people + 1)):
                handle, given = f"urn:uuid:{uuid4()}", f"urn:uuid:{uuid4()}"
                device = {"subject": subject, "name": f"person {subject}", "receipt": subject}
                devices.append(device | {"person": handle, "token": os.urandom(32)})
                theirs = document.replace(person, handle.encode())
                theirs = theirs.replace(identifier, given.encode())
                row = {"number": subject, "subject": subject, "since": 0, "document": theirs}
                receipts.append(row | stamps)
            connection.execute(sa.insert(DEVICE), devices)
            connection.execute(sa.insert(RECEIPT), receipts)
        dead = [
            {"category": Category.LOCATION.value, "cell": cell, "receipt": receipt, "closed_at": 0}
            for receipt in dead_of(people, share=DEAD_SHARE).tolist()
            for cell in (cell_bit(Traffic, OWN), cell_bit(LiveTraffic, OWN))
        ]
        connection.execute(sa.insert(DEAD), dead)
    engine.dispose()


def _open(folder: Path, store: DealStore) -> Record:
    events = EventStore(folder / "events")
    return Record(events, folder / "journal", dead=store.dead, reads=Unlogged())


def _readable(record: Record) -> set[int]:
    """Read an hour of pings, and tell whose there are."""
    rows = record.collect(record.read(Traffic, since=SINCE, until=UNTIL)).rows
    return {*rows["subject"].to_pylist()}


def _read_on(folder: Path, stop: Event) -> None:
    with closing(DealStore(folder / "deal.sqlite", SystemClock())) as store:
        record = _open(folder, store)
        while not stop.is_set():
            _readable(record)


def _enrol_on(folder: Path, stop: Event) -> None:
    with closing(DealStore(folder / "deal.sqlite", SystemClock())) as store:
        while not stop.wait(0.05):
            store.enrol(str(uuid4()), frozenset({Traffic}), "bench")


def _withdraw(folder: Path) -> tuple[list[float], list[float]]:
    """Let people withdraw; give how long each took, alone and with the read after it."""
    told, read = [], []
    with closing(DealStore(folder / "deal.sqlite", SystemClock())) as store:
        record = _open(folder, store)
        waiting = sorted(_readable(record))[:WITHDRAWALS]
        for subject in waiting:
            assert subject in _readable(record)
            began = time.perf_counter()
            store.withdraw(SignedIn(Subject(subject)), None, "bench")
            told.append(time.perf_counter() - began)
            left = _readable(record)
            read.append(time.perf_counter() - began)
            assert subject not in left, "a withdrawal holds at the next read"
    return told, read


if __name__ == "__main__":
    main()
