"""Traffic, step by step: read through gate 1, match, publish through gate 2."""

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, time
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import structlog

from hubbub.crowd.blocks import Block
from hubbub.crowd.bounds import DayPlan
from hubbub.crowd.gate import release, spend
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted, derive
from hubbub.products.traffic.declarations import LivePromise, Roads, live_declaration, windows_of
from hubbub.products.traffic.live import REFED_S, LiveMatching
from hubbub.products.traffic.trips import CHUNK_S
from hubbub.record.engine import Engine
from hubbub.record.events import TailLost
from hubbub.record.ledger import Ledger
from hubbub.record.passes_log import PassesLog
from hubbub.record.record import Record
from hubbub.record.roads.city import City
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import LiveTraffic, Purpose
from hubbub.terms.time import SECOND, Instant, instant, local_day

log = structlog.get_logger()

TICK_US: Final = 30 * SECOND
"""How often new windows are published."""

GATHERED_US: Final = 45 * SECOND
"""Phones send, and rows come to rest, so long after a window is over."""
_STALE_US: Final = 900 * SECOND  # a window that ended longer ago says nothing about now
_EVER: Final = Instant(2**62)
_READ_US: Final = 3600 * SECOND  # of the past, read at once
_SLICE_US: Final = 60 * SECOND  # of it, matched at once


def slices[For: Purpose](
    record: Record, purpose: type[For], *, since: Instant, until: Instant, late: bool = True
) -> Iterator[tuple[Permitted[pa.Table, For], Instant]]:
    """Read the past a minute at a time, each with the instant at which it ends."""
    for begin in range(since, until, _READ_US):
        read_until = Instant(min(until, begin + _READ_US))
        pings = record.collect(
            record.read(purpose, since=Instant(begin), until=read_until, late=late)
        )
        step = _SLICE_US if pings.rows.num_rows else _READ_US
        for start in range(begin, read_until, step):
            end = Instant(min(read_until, start + step))
            yield derive(pings, partial(between, since=start, until=end)), end


def between(rows: pa.Table, *, since: int, until: int) -> pa.Table:
    """Keep the rows of [since, until)."""
    at = rows["at"]
    return rows.filter(pc.and_(pc.greater_equal(at, since), pc.less(at, until)))


class TrafficLoop:
    """Follows phones and publishes what the crowd's speeds are, one tick after the other."""

    def __init__(
        self,
        record: Record,
        ledger: Ledger,
        city: City,
        *,
        promise: LivePromise,
        log: PassesLog | None = None,
        chunk_s: int = CHUNK_S,
    ) -> None:
        """Publish under `promise`. A plan of the day wants a `log`, to outlive a restart."""
        self._record, self._ledger, self._zone = record, ledger, city.zone
        self._matching = LiveMatching(city.matcher(), chunk_s=chunk_s)
        self._declared = live_declaration(promise)
        self._windows = windows_of(self._declared)
        self._keys = Roads(city.segments).keys
        self._engine = Engine(threads=1)  # for few rows, two take twice the work
        self._after = record.version()
        self._memory = uuid.uuid4().hex if log is None else log.memory
        if log is not None:
            record.remember(LiveTraffic, log)
        self._published = Instant(0)
        self.passes = self.releases = 0
        self.trouble = ""

    @property
    def phones(self) -> int:
        """Count the phones that are followed."""
        return self._matching.phones

    def step(self, now: Instant) -> None:
        """Take what has come in; publish the windows that are over."""
        try:
            pings, self._after = self._record.tail(LiveTraffic, after=self._after)
        except TailLost:
            self.catch_up(now)
            return
        passes = self._matching.feed(pings, now)
        self.passes += passes.rows.num_rows
        self._record.hold(passes, since=self._needed_since(now))
        self._publish(now)

    def catch_up(self, now: Instant) -> None:
        """Follow the last minutes' pings again, so that a restart loses no open window."""
        self._after = self._record.version()
        since = Instant(now - REFED_S * SECOND)
        for pings, end in slices(self._record, LiveTraffic, since=since, until=now):
            passes = self._matching.feed(pings, end)
            self._record.hold(passes, since=self._needed_since(now))
        self._publish(now)

    def play(self, since: Instant, until: Instant, *, progress: Callable[[float], None]) -> None:
        """Follow and publish a stretch of the past: [since, until)."""
        for pings, end in slices(self._record, LiveTraffic, since=since, until=until):
            self._record.hold(self._matching.feed(pings, end), since=since)
            progress((end - since) / (until - since))
        passes = self._held()
        for block in self._windows.blocks_ended(since, until, zone=self._zone):
            published = Instant(self._windows.end(block.window, block.group) + GATHERED_US)
            self._release(block, passes, at=published)

    def _publish(self, now: Instant) -> None:
        """Ask about every block that ended, once each, the oldest first."""
        until = Instant((now - GATHERED_US) // TICK_US * TICK_US)
        since = max(self._published, Instant(until - _STALE_US))
        blocks = self._windows.blocks_ended(since, until, zone=self._zone)
        passes = self._held() if blocks else None
        for block in blocks:
            assert passes is not None, "they were read a line ago"
            try:
                self._release(block, passes, at=now)
                self.trouble = ""
            except Refused as refused:
                self.trouble = str(refused).splitlines()[0]
                log.warning("a window was refused", block=block.name, why=self.trouble)
        self._published = max(self._published, until)

    def _held(self) -> Permitted[pa.Table, LiveTraffic]:
        """Read the passes that are held, through gate 1, as of now."""
        rows = self._record.read_passes(LiveTraffic, since=Instant(0), until=_EVER)
        return self._record.collect(rows)

    def _release(
        self, block: Block, passes: Permitted[pa.Table, LiveTraffic], *, at: Instant
    ) -> None:
        question = Question(
            declaration=self._declared,
            rows={"passes": passes},
            keys=self._keys,
            block=block,
            memory=self._memory,
        )
        payment = spend(self._ledger, question, at=at)
        release(question, payment, engine=self._engine.run, entropy=os.urandom)
        self.releases += 1

    def _needed_since(self, now: Instant) -> Instant:
        """Tell how far back passes are needed: for a plan of the day, to its start."""
        oldest = Instant(now - _STALE_US - GATHERED_US - self._windows.length_s * SECOND)
        if not isinstance(self._declared.bound, DayPlan):
            return oldest
        return instant(datetime.combine(local_day(oldest, self._zone), time(), self._zone))
