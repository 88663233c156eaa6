"""The keeper: what came in is put to rest, and what is true of the crowd is published.

The only process that commits to the store, spends from the ledger, and compacts.
"""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import structlog

from hubbub.record.events import EventStore
from hubbub.record.passes_log import PassesLog
from hubbub.run.audit import Auditor
from hubbub.run.children import end_with_parent
from hubbub.run.city import current_city
from hubbub.run.clock import SystemClock
from hubbub.run.erase import Eraser
from hubbub.run.home import Home
from hubbub.run.house import house_clock, open_deals, open_record
from hubbub.run.log import set_up_logs
from hubbub.run.settings import Settings, read_settings
from hubbub.run.spending import open_ledger
from hubbub.run.status import KeeperStatus, write_note
from hubbub.run.sweep import Sweeper
from hubbub.run.traffic import TrafficLoop
from hubbub.run.use import kept_since
from hubbub.terms.errors import BadInput, Refused
from hubbub.terms.purposes import Category

log = structlog.get_logger()

_ROUND_S: Final = 0.15
_NOTE_EVERY_S: Final = 1.0
_MAINTAIN_EVERY_S: Final = 10.0


class Keeper:
    """Goes round and round: drain, match, publish; now and then tidy up."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._clock = house_clock(settings)
        self._deals = open_deals(home, settings, self._clock)
        EventStore(home.events).sweep()  # what a killed keeper left half written
        self._record = open_record(home, self._deals)
        self._eraser = Eraser(home, self._deals, self._record, clock=self._clock)
        self._sweeper = Sweeper(home, self._deals, self._record, clock=self._clock)
        self._auditor = Auditor(home, self._deals, self._record, clock=self._clock)
        self._keep_days = self._deals.keep_days(Category.LOCATION)
        self._trouble = ""
        self._traffic = self._open_traffic(settings)
        self._rows, self._commit_s, self._tick_s = 0, 0.0, 0.0
        self._noted = self._maintained = 0.0

    def run(self, stop: threading.Event) -> None:
        """Go round until `stop`."""
        while not stop.is_set():
            began = time.monotonic()
            self._go_round()
            stop.wait(max(0.01, _ROUND_S - (time.monotonic() - began)))
        self._record.close()
        self._deals.close()

    def _go_round(self) -> None:
        began = time.monotonic()
        self._rows += self._record.drain()
        self._commit_s = time.monotonic() - began
        if self._traffic is not None:
            began = time.monotonic()
            self._traffic.step(self._clock.now())
            self._tick_s = time.monotonic() - began
        self._eraser.step()  # between a tail and the next drain, as it folds the log
        self._sweeper.step()
        self._auditor.step()
        if began - self._maintained > _MAINTAIN_EVERY_S:
            self._record.maintain(now=self._clock.now(), keep_days=self._keep_days)
            self._record.use.forget_before(kept_since(self._deals, now=SystemClock().now()))
            self._maintained = began
        if began - self._noted > _NOTE_EVERY_S:
            self._note()
            self._noted = began

    def _note(self) -> None:
        traffic = self._traffic
        write_note(
            self._home.keeper_status,
            KeeperStatus(
                beat_wall=SystemClock().now(),
                rows=self._rows,
                late=self._record.late_rows,
                passes=traffic.passes if traffic else 0,
                phones=traffic.phones if traffic else 0,
                releases=traffic.releases if traffic else 0,
                commit_s=self._commit_s,
                tick_s=self._tick_s,
                trouble="; ".join(filter(None, self._troubles())),
            ),
        )

    def _troubles(self) -> Iterator[str]:
        yield self._trouble
        yield self._auditor.trouble
        if self._traffic is not None:
            yield self._traffic.trouble

    def _open_traffic(self, settings: Settings) -> TrafficLoop | None:
        """Open what publishes traffic. Without it, rows still come to rest, and none is lost."""
        try:
            city = current_city(self._home)
            ledger = open_ledger(self._home)
        except (BadInput, Refused) as error:
            self._trouble = f"nothing is published: {error}"
            log.warning("nothing is published", why=str(error))
            return None
        promise = settings.traffic.live_promise
        kept = PassesLog(self._home.passes) if promise == "person-day" else None
        loop = TrafficLoop(self._record, ledger, city, promise=promise, log=kept)
        loop.catch_up(self._clock.now())
        return loop


def main() -> None:
    """Keep the house in the data folder given: HOME."""
    end_with_parent()
    set_up_logs()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    (folder,) = sys.argv[1:]
    home = Home(Path(folder))
    Keeper(home, read_settings(home.folder)).run(stop)


if __name__ == "__main__":
    main()
