"""How busy the places of the house's city are, made of what the ledger says was released."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from threading import Lock
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from hubbub.crowd.blocks import Block, Days, day_number
from hubbub.crowd.book import Stored
from hubbub.crowd.gate import Released, postprocess, recall
from hubbub.products.places.busyness import CityBusyness
from hubbub.products.places.declarations import WEEKLY, WEEKS_MAX
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.typical import (
    PublicPlaces,
    WeekTables,
    city_busyness,
    plain_monday,
)
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.run.weekly import LATE_US
from hubbub.terms.places import Place
from hubbub.terms.time import SECOND, Clock, Instant

_PAST_US: Final = 70 * 86_400 * SECOND
"""Weeks that were released longer ago tell of another time."""
_EPOCH: Final = date(1970, 1, 1)


class ReleasedWeek(NamedTuple):
    """A week of which all tables are out, in the order of `WEEKLY`."""

    block: Block
    tables: tuple[Stored, ...]


def released_weeks(shelf: LedgerShelf, *, zone: ZoneInfo, now: Instant) -> list[ReleasedWeek]:
    """List the newest weeks that were released whole, under the promises in force, by their day."""
    found = [
        {
            stored.block: stored
            for stored in shelf.latest(declared.name, released_since=now - _PAST_US)
            if stored.promise == declared.promise().words
        }
        for declared in WEEKLY
    ]
    whole = sorted(set.intersection(*(set(blocks) for blocks in found)))
    return [
        ReleasedWeek(_week_of(name, zone), tuple(blocks[name] for blocks in found))
        for name in whole[-WEEKS_MAX:]
    ]


def tables_of(weeks: Sequence[Block], *tables: pa.Table) -> list[WeekTables]:
    """Put the tables of some weeks together: those of the first, then those of the next."""
    of_each = len(WEEKLY)
    return [
        WeekTables(block, *tables[of_each * nth : of_each * (nth + 1)])
        for nth, block in enumerate(weeks)
    ]


def public_on(public: PublicPlaces, weeks: Sequence[ReleasedWeek]) -> PublicPlaces:
    """Look at the places' hours in a plain week near the newest that was released."""
    return replace(public, monday=plain_monday(public, weeks[-1].block))


class BusyView:
    """The typical week of all places, for whoever asks: the same answer until there is a newer."""

    def __init__(
        self,
        shelf: LedgerShelf,
        places: Sequence[Place],
        numbers: PlaceNumbers,
        *,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        """Read a `shelf` that nobody else asks for changes."""
        self._public = PublicPlaces(places=places, numbers=numbers, zone=zone, monday=_EPOCH)
        self._shelf, self._zone, self._clock = shelf, zone, clock
        self._lock = Lock()
        self._made: Released[CityBusyness] | None = None
        self._made_of: tuple[str, ...] = ()

    def week(self) -> Released[CityBusyness] | None:
        """Give the typical week of all places. None: no week was released yet."""
        with self._lock:
            if self._shelf.changed():
                weeks = released_weeks(self._shelf, zone=self._zone, now=self._clock.now())
                made_of = tuple(stored.digest for week in weeks for stored in week.tables)
                if weeks and made_of != self._made_of:
                    self._made, self._made_of = self._make(weeks), made_of
            return self._made

    def first_week_at(self) -> Instant:
        """Tell when the week of now will be released."""
        today = day_number(self._clock.now(), self._zone)
        return Instant(Days(days=7).block(today, self._zone).until + LATE_US)

    def _make(self, weeks: Sequence[ReleasedWeek]) -> Released[CityBusyness]:
        public, blocks = public_on(self._public, weeks), [week.block for week in weeks]

        def made(*tables: pa.Table) -> CityBusyness:
            return city_busyness(public, tables_of(blocks, *tables))

        tables = [recall(self._shelf, each.release) for week in weeks for each in week.tables]
        return postprocess(made, *tables)


def _week_of(name: str, zone: ZoneInfo) -> Block:
    day = (date.fromisoformat(name[:10]) - _EPOCH).days
    return Days(days=7).block(day, zone)
