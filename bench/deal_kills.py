"""Kills who makes and takes back deals, at random moments, and looks at what they were told.

    python -m bench.deal_kills [COUNT]

Two processes at a time enrol devices, choose, choose anew and take back, often for the same
device; each tells a pipe the receipt that it was handed, and is killed within milliseconds. Then:
every receipt that was handed out is there byte for byte and verifies, each replaces the one before
it, the newest one is in force, the stamps and the dead list are what the receipts say, and nothing
is half written. Ends with 1 if not.
"""

import json
import mmap
import os
import secrets
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import sqlalchemy as sa

from hubbub.deal.desk import DeviceName, UnknownDevice
from hubbub.deal.proof import Forged
from hubbub.deal.receipt import Receipt, read_receipt, verify
from hubbub.deal.stamp import stamps
from hubbub.record.deal_store import DealStore
from hubbub.record.deal_store_recipients import recipients
from hubbub.record.deal_store_tables import DEVICE, MAY, RECEIPT, open_database
from hubbub.run.clock import SystemClock
from hubbub.terms.purposes import Cell

CHOOSERS: Final = 2
KNOWN_MAX: Final = 20
"""Devices that both may choose for: few, so that they often meet."""
ALIVE_CHOICES: Final = 5
"""Choosers live for a random time, below what so many choices take this machine."""
WAITED_FOR: Final = 0.9
"""Of the times, both are waited for until they have opened the store."""
STEPS: Final = ("opening", "choosing", "telling")
FAULT: Final = "fault:"


@dataclass
class Found:
    """What devices were told, and what is wrong with it."""

    kills: int = 0
    told: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    killed_in: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def receipts(self) -> int:
        """Count the receipts that were handed out; one that was handed out again counts once."""
        return sum(len({*documents}) for documents in self.told.values())


def main() -> None:
    """Kill COUNT choosers, and tell what was found as JSON."""
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        path = Path(folder) / "deal.sqlite"
        found = kill(path, count)
        there = _check(path, found)
        took_s = time.monotonic() - began
    told = {
        "kills": found.kills,
        "seconds": round(took_s, 1),
        "killed_in": dict(found.killed_in),
        "devices": len(found.told),
        "handed_out": found.receipts,
        "there": there,
        "faults": found.faults,
    }
    print(json.dumps(told, indent=2))
    sys.exit(1 if found.faults else 0)


def kill(path: Path, count: int) -> Found:
    """Start choosers and kill them, `count` in all, reading what they were told each time."""
    chance, found, steps = secrets.SystemRandom(), Found(), mmap.mmap(-1, CHOOSERS)
    alive_s = ALIVE_CHOICES * _warm(path.with_name("warm.sqlite"))
    DealStore(path, SystemClock()).close()
    while found.kills < count:
        steps[:] = bytes(CHOOSERS)
        known = [*found.told][-KNOWN_MAX:]
        choosers = [_fork(path, known, (steps, number)) for number in range(CHOOSERS)]
        enough = all if chance.random() < WAITED_FOR else any
        while not enough(steps[:]):
            time.sleep(0.001)
        time.sleep(chance.uniform(0, alive_s))
        for chooser, _ in choosers:
            os.kill(chooser, signal.SIGKILL)
        for chooser, mouth in choosers:
            os.waitpid(chooser, 0)
            _listen(mouth, found)
        found.kills += CHOOSERS
        found.killed_in.update(STEPS[step] for step in steps[:])
    return found


def _listen(mouth: int, found: Found) -> None:
    """Read what a chooser told, up to where it was cut off."""
    with os.fdopen(mouth, "rb") as told:
        *lines, _ = told.read().split(b"\n")
    for line in lines:
        device, _, document = line.partition(b"\t")
        if device.decode() == FAULT:
            found.faults.append(document.decode())
        else:
            found.told[device.decode()].append(document)


def _fork(path: Path, known: list[str], step: tuple[mmap.mmap, int]) -> tuple[int, int]:
    """Start a chooser; give its number, and where to read what it is told."""
    mouth, pen = os.pipe()
    chooser = os.fork()
    if chooser == 0:
        try:
            _choose(path, known, step, pen=pen)
        except BaseException as error:  # noqa: BLE001 - a chooser tells all, and ends here
            os.write(pen, f"{FAULT}\t{error!r}\n".encode())
        os._exit(1)
    os.close(pen)
    return chooser, mouth


def _choose(path: Path, known: list[str], step: tuple[mmap.mmap, int], *, pen: int) -> None:
    """Choose for as long as there is somebody to kill it, and tell each receipt."""
    chance, killer, (steps, number) = secrets.SystemRandom(), os.getppid(), step
    store = DealStore(path, SystemClock())
    cells = [*store.notice().cells()]
    while os.getppid() == killer:
        steps[number] = STEPS.index("choosing")
        device, receipt = _change(store, chance, cells, known=known)
        steps[number] = STEPS.index("telling")
        os.write(pen, f"{device}\t".encode() + receipt.document() + b"\n")


def _change(
    store: DealStore, chance: secrets.SystemRandom, cells: list[Cell], *, known: list[str]
) -> tuple[str, Receipt]:
    """Enrol a device, or change the deal of one that is known."""
    wish = frozenset(chance.sample(cells, chance.randint(1, len(cells))))
    act = chance.choice(("enrol", "renew", "choose", "withdraw", "withdraw all"))
    if act == "enrol" or not known:
        device = secrets.token_hex(8)
        known.append(device)
        return device, store.enrol(device, wish, "kills").receipt
    device = chance.choice(known)
    who = DeviceName(device)
    match act:
        case "renew":
            return device, store.renew(who, wish, "kills").receipt
        case "choose":
            return device, store.choose(who, wish, "kills")
        case _:
            return device, store.withdraw(who, wish if act == "withdraw" else None, "kills")


def _check(path: Path, found: Found) -> int:
    """Hold the store against what was handed out, and against itself. Gives its receipts."""
    there = 0
    with closing(DealStore(path, SystemClock())) as store:
        for device in _devices(path, found):
            try:
                receipts = store.receipts(DeviceName(device))
            except UnknownDevice:
                found.faults.append("a device that was told a receipt is not there")
                continue
            there += len(receipts)
            found.faults += _against_told(receipts, found.told.get(device, []))
            found.faults += _against_itself(store, receipts)
        found.faults += _against_rows(store, path)
    return there


def _devices(path: Path, found: Found) -> set[str]:
    """Name every device that is there, or that somebody was told of."""
    with _looking_into(path) as connection:
        return {*connection.scalars(sa.select(DEVICE.c.name)), *found.told}


def _against_told(receipts: list[Receipt], told: list[bytes]) -> Iterator[str]:
    documents = {receipt.document() for receipt in receipts}
    if not documents.issuperset(told):
        yield "a receipt that was handed out is not there"


def _against_itself(store: DealStore, receipts: list[Receipt]) -> Iterator[str]:
    before = None
    for receipt in receipts:
        try:
            verify(receipt, store.public_key())
        except Forged:
            yield "a receipt does not verify"
        if receipt.replaces != before:
            yield "a receipt does not replace the one before it"
        before = receipt.identifier


def _against_rows(store: DealStore, path: Path) -> Iterator[str]:
    """Work stamps, dead lists and what is in force out from the documents alone."""
    dead: defaultdict[str, set[int]] = defaultdict(set)  # by the words of a cell
    granted: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    newest: dict[int, int] = {}
    with _looking_into(path) as connection:
        if connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() != ["ok"]:
            yield "the file is damaged"
        known = {recipient.key: recipient for recipient in recipients(connection)}
        rows = connection.execute(sa.select(RECEIPT).order_by(RECEIPT.c.number)).all()
        in_force = {row.subject: row.receipt for row in connection.execute(sa.select(DEVICE))}
    for row in rows:
        receipt = read_receipt(row.document)
        newest[row.subject] = row.number
        stamped = tuple(getattr(row, may) for may in MAY.values())
        if stamped != stamps(receipt.cells(), known.values()):
            yield "a stamp is not what its receipt says"
        for words in receipt.closed:
            dead[words] |= granted[row.subject, words]
        for cell in receipt.cells():
            granted[row.subject, cell.words].add(row.number)
    if newest != in_force:
        yield "another receipt than the newest is in force"
    for cell in store.notice().cells():
        listed = store.dead(cell.category, cell.purpose, known[cell.recipient])["receipt"]
        if {*listed.to_pylist()} != dead[cell.words]:
            yield "a dead list is not what the receipts say"


@contextmanager
def _looking_into(path: Path) -> Iterator[sa.Connection]:
    engine = open_database(path, durable=False)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _warm(path: Path) -> float:
    """Load what every chooser needs before it is forked. Tells how long a choice takes."""
    chance, known, took_s = secrets.SystemRandom(), list[str](), []
    with closing(DealStore(path, SystemClock())) as store:
        cells = [*store.notice().cells()]
        for _ in range(20):
            began = time.perf_counter()
            _change(store, chance, cells, known=known)
            took_s.append(time.perf_counter() - began)
    return median(took_s)


if __name__ == "__main__":
    main()
