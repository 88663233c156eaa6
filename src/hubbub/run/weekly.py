"""Weekly releases: each local day is summed once, when it is over, and each week released once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import structlog

from hubbub.crowd.blocks import Block, Days, day_name, day_number
from hubbub.crowd.days import DaySums, close_day, closed_day
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.gate import release_days, spend
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.question import Question
from hubbub.deal.gate import Permitted
from hubbub.record.closed_days import ClosedDays
from hubbub.record.closing import Closing
from hubbub.record.engine import Engine
from hubbub.record.ledger import Ledger
from hubbub.record.record import Record
from hubbub.terms.purposes import Purpose
from hubbub.terms.time import SECOND, Instant

log = structlog.get_logger()

LATE_US: Final = 2 * 3600 * SECOND
"""Rows of a day's last minutes come to rest so long after it."""


class Asked[For: Purpose](Protocol):
    """What a purpose's weekly products are asked of, and what is public of their keys."""

    def prepare(self, day: Block) -> None:
        """Make what is asked of a closed local day ready to be read."""
        ...

    def rows(self, day: Block) -> Mapping[str, Permitted[pa.Table, For]]:
        """Read the day's rows, as gate 1 reads them now."""
        ...

    def keys(self, declared: Declaration[For], week: Block) -> PublicKeys:
        """Give the public keys of a product in a week: the same ones whenever it is asked."""
        ...

    def let_go(self) -> None:
        """Forget what was made ready."""
        ...


class WeeklyReleases[For: Purpose]:
    """Closes the days that are over, and releases the week that is, of products of one purpose."""

    def __init__(
        self,
        record: Record,
        ledger: Ledger,
        asked: Asked[For],
        *,
        products: Sequence[Declaration[For]],
        zone: ZoneInfo,
        folder: Path,
    ) -> None:
        """Keep the sums of closed days in `folder`."""
        self._record, self._ledger, self._of, self._zone = record, ledger, asked, zone
        self._products, self._purpose = products, products[0].purpose
        self._shelf, self._closing = ClosedDays(folder), Closing(folder)
        self._engine = Engine()

    def step(self, now: Instant) -> bool:
        """Close what is over, and release the week before the one of `now`. Tells if it did."""
        last, this = self._weeks(now)
        for day in self._to_close(now):
            self._close(this, day)
            self._of.let_go()
        due = self._due(last)
        for declared in due:
            self._release(declared, last, now=now)
        if due:
            self._of.let_go()
        for declared in self._products:
            self._shelf.forget_before(declared.name, this.days[0])
        return bool(due)

    def is_due(self, now: Instant) -> bool:
        """Tell whether there is anything to close or to release."""
        return bool(self._to_close(now) or self._due(self._weeks(now)[0]))

    def _weeks(self, now: Instant) -> tuple[Block, Block]:
        today = day_number(Instant(now - LATE_US), self._zone)
        return (
            Days(days=7).block(today - 7, self._zone),
            Days(days=7).block(today, self._zone),
        )

    def _to_close(self, now: Instant) -> list[int]:
        """List the days of this week that are over and not closed for every product."""
        today, this = day_number(Instant(now - LATE_US), self._zone), self._weeks(now)[1]
        asked = [self._asked(declared, this) for declared in self._products]
        return [
            day
            for day in this.days
            if day < today and any(self._closed(each, day) is None for each in asked)
        ]

    def _due(self, week: Block) -> list[Declaration[For]]:
        return [
            declared
            for declared in self._products
            if self._ledger.stored(self._asked(declared, week).bill.release) is None
        ]

    def _release(self, declared: Declaration[For], week: Block, *, now: Instant) -> None:
        """Release a week under the dead list of now: what died since a day was closed is not in.

        Such a day is summed again, once, and what is held of it is judged until nothing more dies.
        """
        asked = self._asked(declared, week)
        payment = spend(self._ledger, asked, at=now)  # a refusal reads nothing
        while stale := self._stale(asked, dead := self._record.dead_list(self._purpose)):
            for day in stale:
                self._close(week, day)
        days = [day for day in (self._closed(asked, day) for day in week.days) if day is not None]
        release_days(asked, payment, days, dead=dead, entropy=os.urandom)

    def _stale(self, asked: Question[For], dead: str) -> list[int]:
        closed = {day: self._closed(asked, day) for day in asked.block.days}
        return [day for day, sums in closed.items() if sums is None or sums.kept.dead != dead]

    def _close(self, week: Block, day: int) -> None:
        """Sum a day from its rows that came in time, as gate 1 reads them now."""
        alone = Block(days=(day,), zone=week.zone)
        self._closing.close(alone.until)
        self._of.prepare(alone)
        dead = self._record.dead_list(self._purpose)  # named before the rows are judged by it
        rows = self._of.rows(alone)
        for declared in self._products:
            asked = replace(self._asked(declared, week), rows=rows)
            close_day(asked, day, dead=dead, shelf=self._shelf, engine=self._engine.run)
        log.info("a day is closed", purpose=self._purpose.key, day=day_name(day))

    def _asked(self, declared: Declaration[For], week: Block) -> Question[For]:
        return Question(
            declaration=declared, rows={}, keys=self._of.keys(declared, week), block=week
        )

    def _closed(self, asked: Question[For], day: int) -> DaySums[For] | None:
        return closed_day(asked, day, shelf=self._shelf)
