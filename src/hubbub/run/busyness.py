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
from hubbub.products.places.busyness import CityBusyness, CityLive
from hubbub.products.places.curves import Curves
from hubbub.products.places.declarations import LIVE, WEEKLY, WEEKS_MAX
from hubbub.products.places.live import WINDOWS_READ, Window, city_live, spots_of
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.products.places.typical import (
    NO_MONDAY,
    PublicPlaces,
    WeekTables,
    city_busyness,
    plain_monday,
    typical_week,
)
from hubbub.record.ledger_shelf import LedgerShelf
from hubbub.run.arrivals import WINDOWS
from hubbub.run.weekly import LATE_US
from hubbub.terms.places import Place
from hubbub.terms.time import SECOND, Clock, Instant

_PAST_US: Final = 70 * 86_400 * SECOND
"""Weeks that were released longer ago tell of another time."""
_EPOCH: Final = date(1970, 1, 1)
_ANEW_US: Final = 30 * SECOND
"""What is told of now is told anew after so long, since it fades."""
_WINDOW_US: Final = WINDOWS.length_s * SECOND
_WINDOWS_PAST_US: Final = 2 * 3600 * SECOND


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


class TypicalCity(NamedTuple):
    """What is made of released weeks: the estimate, and what leaves of it."""

    public: PublicPlaces
    curves: Curves
    busyness: CityBusyness


class BusyView:
    """How busy all places are, for whoever asks: the same answer until there is a newer one."""

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
        self._public = PublicPlaces(places=places, numbers=numbers, zone=zone, monday=NO_MONDAY)
        self._shelf, self._zone, self._clock = shelf, zone, clock
        self._lock = Lock()
        self._typical: Released[TypicalCity] | None = None
        self._week: Released[CityBusyness] | None = None
        self._made_of: tuple[str, ...] = ()
        self._live: Released[CityLive] | None = None
        self._live_at = Instant(0)

    def week(self) -> Released[CityBusyness] | None:
        """Give the typical week of all places. None: no week was released yet."""
        with self._lock:
            self._look()
            return self._week

    def now(self) -> Released[CityLive] | None:
        """Give how busy all places are now. None: no week, or no minutes, were released yet."""
        with self._lock:
            now = self._clock.now()
            if self._look() or now - self._live_at >= _ANEW_US:
                self._live, self._live_at = self._make_live(now), now
            return self._live

    def first_week_at(self) -> Instant:
        """Tell when the week of now will be released."""
        today = day_number(self._clock.now(), self._zone)
        return Instant(Days(days=7).block(today, self._zone).until + LATE_US)

    def _look(self) -> bool:
        """Take what was released meanwhile. Tells if anything was."""
        if not self._shelf.changed():
            return False
        weeks = released_weeks(self._shelf, zone=self._zone, now=self._clock.now())
        made_of = tuple(stored.digest for week in weeks for stored in week.tables)
        if weeks and made_of != self._made_of:
            self._typical, self._made_of = self._make(weeks), made_of
            self._week = postprocess(_busyness_of, self._typical)
        return True

    def _make(self, weeks: Sequence[ReleasedWeek]) -> Released[TypicalCity]:
        public, blocks = public_on(self._public, weeks), [week.block for week in weeks]

        def made(*tables: pa.Table) -> TypicalCity:
            told = tables_of(blocks, *tables)
            curves, stays = typical_week(public, told)
            busyness = city_busyness(public, told, curves=curves, stays=stays)
            return TypicalCity(public, curves, busyness)

        tables = [recall(self._shelf, each.release) for week in weeks for each in week.tables]
        return postprocess(made, *tables)

    def _make_live(self, now: Instant) -> Released[CityLive] | None:
        since = Instant(now - _WINDOWS_PAST_US)
        stored = self._shelf.latest(LIVE.name, released_since=since)[-WINDOWS_READ:]
        if self._typical is None or not stored:
            return None
        ends = [WINDOWS.end_of(each.block) for each in stored]
        today = WINDOWS.block((ends[-1] - 1) // _WINDOW_US, 0, zone=self._zone)

        def made(typical: TypicalCity, *tables: pa.Table) -> CityLive:
            public = typical.public
            spots = spots_of(public, typical.curves, known=public.numbers.known_at(today.since))
            windows = [
                Window(end, table["count"].to_numpy() / LIVE.cell_max)
                for end, table in zip(ends, tables, strict=True)
                if len(table) == spots.total
            ]
            return city_live(public, spots, windows, now=now)

        return postprocess(made, self._typical, *(recall(self._shelf, s.release) for s in stored))


def _busyness_of(typical: TypicalCity) -> CityBusyness:
    return typical.busyness


def _week_of(name: str, zone: ZoneInfo) -> Block:
    day = (date.fromisoformat(name[:10]) - _EPOCH).days
    return Days(days=7).block(day, zone)
