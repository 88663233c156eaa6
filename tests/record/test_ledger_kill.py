"""Whoever pays is killed at any moment: nothing is seen unpaid, in two ways, or overdrawn."""

import multiprocessing
import os
import random
import time
from contextlib import closing
from pathlib import Path

from hubbub.crowd.book import BudgetSpent
from hubbub.record.ledger_check import verify
from hubbub.record.ledger_shelf import LedgerShelf
from record.ledger_rig import NOON, bill, opened, spent

ROUNDS = 20
PAYERS = 3
DAYS = [f"2025-11-{day:02}" for day in range(1, 31)]


def pay(home: Path, seed: int) -> None:
    """Pay and release for ever, and tell the world each output that was stored."""
    chance = random.Random(seed)
    world = os.open(home / "world", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    book = opened(home)
    while True:
        day, edition = chance.choice(DAYS), chance.randrange(4)
        paid = bill(f"{day} {edition}", periods=(day,))
        try:
            book.debit(paid, at=NOON)
        except BudgetSpent:
            continue
        noised = os.urandom(8)
        stored = book.store(paid.release, noised, at=NOON)
        os.write(world, f"{stored.release} {stored.output.hex()}\n".encode())


def test_a_payer_killed_at_any_moment_leaves_a_sound_ledger(tmp_path: Path) -> None:
    opened(tmp_path).close()
    clean = multiprocessing.get_context("forkserver")
    clean.set_forkserver_preload(["hubbub.record.ledger", "record.ledger_rig"])
    for number in range(ROUNDS):
        payers = [
            clean.Process(target=pay, args=(tmp_path, number * PAYERS + n), daemon=True)
            for n in range(PAYERS)
        ]
        for payer in payers:
            payer.start()
        time.sleep(0.02 + number * 0.0137 % 0.1)
        for payer in payers:
            payer.kill()
            payer.join()
    seen: dict[str, set[str]] = {}
    for line in (tmp_path / "world").read_text().splitlines():
        release, output = line.split()
        seen.setdefault(release, set()).add(output)
    assert len(seen) > 20, "the payers were killed before they could do anything"
    assert all(len(outputs) == 1 for outputs in seen.values()), "an output was seen in two ways"
    report = verify(tmp_path / "ledger.sqlite")
    assert report.faults == ()
    assert report.releases >= len(seen)
    with closing(LedgerShelf(tmp_path / "ledger.sqlite")) as shelf:
        for release, (output,) in seen.items():
            stored = shelf.stored(release)
            assert stored is not None, "an output was seen that is not stored"
            assert stored.output.hex() == output
    assert 0 < max(spent(tmp_path)) <= 1
    opened(tmp_path).close()
