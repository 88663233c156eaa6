"""Who arrives where, ten minutes at a time: found, held for the plan of the day, and released."""

import os
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from hubbub.crowd.blocks import Block, Windows
from hubbub.crowd.gate import release, spend
from hubbub.crowd.question import Question
from hubbub.deal.gate import derive
from hubbub.products.places.curves import Curves
from hubbub.products.places.declarations import LIVE, CountedPlaces
from hubbub.products.places.live import spots_of
from hubbub.products.places.typical import (
    PublicPlaces,
    arrivals_by_number,
    categories_by_number,
)
from hubbub.record.engine import Engine
from hubbub.record.journal_segments import fsync_folder
from hubbub.record.ledger import Ledger
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.record.record import Record
from hubbub.record.visits_shelf import Stretch
from hubbub.run.traffic import between
from hubbub.run.visits import Visits
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import Places
from hubbub.terms.time import SECOND, Instant

GATHERED_US: Final = 7 * 60 * SECOND
"""Who came is known after five minutes, and rows come to rest."""
_MEMORY: Final = "live-memory"


class ArrivalsLost(Refused):
    """Some of today's arrivals are lost, so nobody knows who was counted. It goes on tomorrow."""

    def __init__(self) -> None:
        super().__init__("arrivals that were counted today are lost; live goes on tomorrow")


class Arrivals:
    """Releases the newest ten minutes, once, if all that was counted today is remembered."""

    def __init__(
        self, record: Record, ledger: Ledger, shelf: LedgerShelf, *, visits: Visits, folder: Path
    ) -> None:
        """Remember in `folder`, where visits are held."""
        self._record, self._ledger, self._shelf, self._visits = record, ledger, shelf, visits
        self._engine, self._memory = Engine(threads=1), memory_in(folder)

    def step(self, now: Instant, public: PublicPlaces, curves: Curves) -> bool:
        """Release the newest window that is over and gathered. Tells if it did."""
        block = newest_window(now, public.zone)
        spots = spots_of(public, curves, known=public.numbers.known_at(block.since))
        counted = CountedPlaces(
            categories_by_number(public), spots.of_number, spot_count=spots.total
        )
        keys = counted.keys_of(LIVE)
        asked = Question(declaration=LIVE, rows={}, keys=keys, block=block, memory=self._memory)
        if self._ledger.stored(asked.bill.release) is not None:
            return False
        window = _stretch(block)
        if self._record.visits.made_of(window) != self._memory:
            so_far = self._visits.so_far(now, arrivals_by_number(public, curves))
            came = derive(so_far, partial(between, since=window.since, until=window.until))
            self._record.visits.hold(came, window, made_of=self._memory)
        self._require_all_held(block)
        payment = spend(self._ledger, asked, at=now)
        rows = self._record.visits.read(Places, since=block.since, until=window.until)
        asked = replace(asked, rows={"visits": self._record.collect(rows)})
        release(asked, payment, engine=self._engine.run, entropy=os.urandom)
        return True

    def _require_all_held(self, today: Block) -> None:
        """Refuse if a window of today was released whose arrivals nobody remembers."""
        for stored in self._shelf.latest(LIVE.name, released_since=today.since):
            until = WINDOWS.end_of(stored.block)
            since = Instant(until - WINDOWS.length_s * SECOND)
            held = self._record.visits.made_of(Stretch(since, until))
            if since >= today.since and held != self._memory:
                raise ArrivalsLost


def newest_window(now: Instant, zone: ZoneInfo) -> Block:
    """Give the newest window that is over, and whose arrivals are known."""
    length_us = WINDOWS.length_s * SECOND
    return WINDOWS.block((now - GATHERED_US) // length_us - 1, 0, zone=zone)


def memory_in(folder: Path) -> str:
    """Name what remembers who was counted: another name where it was lost."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    named = folder / _MEMORY
    if not named.exists():
        fresh = named.with_suffix(".new")
        fresh.write_text(f"live {uuid.uuid4().hex}")
        fresh.rename(named)
        fsync_folder(folder)
    return named.read_text()


def _windows() -> Windows:
    assert isinstance(LIVE.blocks, Windows), "live is released in windows"
    return LIVE.blocks


def _stretch(block: Block) -> Stretch:
    until = WINDOWS.end(block.window, block.group)
    return Stretch(Instant(until - WINDOWS.length_s * SECOND), until)


WINDOWS: Final = _windows()
