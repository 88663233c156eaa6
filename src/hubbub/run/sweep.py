"""The sweep: rows that nobody may read any more are deleted, within a day of the withdrawal."""

import time
from typing import Final

import structlog
from msgspec.structs import asdict, replace

from hubbub.record.deal_store import DealStore
from hubbub.record.events import Doomed
from hubbub.record.passes_log import PassesLog
from hubbub.record.record import Record
from hubbub.record.uncovered import uncovered
from hubbub.run.home import Home, HomeTaken, taken
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.settings import read_settings
from hubbub.run.status import Swept, read_note, write_note
from hubbub.run.use import nobodys
from hubbub.terms.catalogue import CATEGORIES
from hubbub.terms.errors import HubbubError
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.time import SECOND, Clock

log = structlog.get_logger()

EVERY_US: Final = 12 * 3600 * SECOND
"""Twice a day: what is taken back right after a sweep has looked goes well within 24 hours."""
_ROWS_A_STEP: Final = 1_000_000
_LOOK_EVERY_S: Final = 0.2
_PATIENCE_S: Final = 600.0


class NotSweptYet(HubbubError):
    """The keeper is slow, or does not run as it should. It goes on by itself."""

    def __init__(self) -> None:
        super().__init__(f"not swept within {_PATIENCE_S:.0f} s; the keeper goes on by itself")


class Sweeper:
    """Sweeps what rests, some files at a time, between two rounds of the keeper."""

    def __init__(self, home: Home, deals: DealStore, record: Record, *, clock: Clock) -> None:
        self._home, self._deals, self._record, self._clock = home, deals, record, clock
        self._doomed: Doomed | None = None
        self._asked = False
        self._looked_at: set[str] = set()
        self._last = read_note(home.swept, Swept)

    def step(self) -> None:
        """Begin a sweep if one is due or asked for, or go on with it."""
        now, last = self._clock.now(), self._last
        if self._doomed is None:
            self._asked = self._home.sweep_asked.exists()
            if self._asked or last is None or not last.at <= now < last.at + EVERY_US:
                self._begin()
        else:
            self._go_on(self._doomed)

    def sweep(self) -> Swept:
        """Sweep now, to the end."""
        self._begin()
        while self._doomed is not None:
            self._go_on(self._doomed)
        return self._so_far

    def _begin(self) -> None:
        self._doomed = uncovered(self._deals.histories.dead_bits(CATEGORIES["pings"]))
        self._looked_at.clear()
        passes, visits = self._record.sweep_derived(self._doomed)
        counts = self._record.use.take_out(nobodys(self._deals))
        self._so_far = Swept(at=self._clock.now(), passes=passes, visits=visits, counts=counts)

    def _go_on(self, doomed: Doomed) -> None:
        """Look at some files. Those that others wrote meanwhile are looked at too."""
        rows, chosen = 0, []
        for file in self._record.files():
            if file.path not in self._looked_at and rows < _ROWS_A_STEP:
                chosen.append(file)
                rows += file.rows
        swept, so_far = self._record.sweep(doomed, of=chosen), self._so_far
        self._so_far = replace(
            so_far, rows=so_far.rows + swept.rows, files=so_far.files + swept.files
        )
        self._looked_at.update(file.path for file in chosen)
        if rows < _ROWS_A_STEP:
            self._end()

    def _end(self) -> None:
        swept = self._so_far
        self._doomed, self._last = None, swept
        write_note(self._home.swept, swept)
        if self._asked:
            self._home.sweep_asked.unlink(missing_ok=True)
        log.info("swept", **{name: value for name, value in asdict(swept).items() if name != "at"})


def sweep(home: Home) -> Swept:
    """Sweep, by the keeper that runs or, without one, here."""
    try:
        with taken(home):
            return _sweep_here(home)
    except HomeTaken:
        return _ask_keeper(home)


def _sweep_here(home: Home) -> Swept:
    settings = read_settings(home.folder)
    clock = house_clock(settings)
    deals = open_deals(home, settings, clock)
    try:
        record = open_record(home, deals)
        if home.passes.exists():
            record.remember(LiveTraffic, PassesLog(home.passes))
        record.drain()
        swept = Sweeper(home, deals, record, clock=clock).sweep()
        record.delete_replaced()
        record.close()
    finally:
        deals.close()
    return swept


def _ask_keeper(home: Home) -> Swept:
    home.sweep_asked.touch()
    deadline = time.monotonic() + _PATIENCE_S
    while home.sweep_asked.exists():
        if time.monotonic() > deadline:
            raise NotSweptYet
        time.sleep(_LOOK_EVERY_S)
    swept = read_note(home.swept, Swept)
    assert swept is not None, "a sweep leaves a note before it ends"
    return swept
