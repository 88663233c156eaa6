"""Keeps what was released lately and what is usual, and gives the picture of any moment."""

from collections import deque
from functools import partial
from math import exp
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from hubbub.crowd.declaration import Declaration
from hubbub.crowd.denoise import denoise
from hubbub.crowd.gate import Released, postprocess
from hubbub.crowd.laws import G
from hubbub.products.traffic.blend import (
    FADE_S,
    PEOPLE_MIN,
    Past,
    Recent,
    Tally,
    blend,
    sum_up,
)
from hubbub.products.traffic.declarations import (
    TYPICAL,
    TYPICAL_SLOTS,
    Numbers,
    Roads,
    typical_slot,
    windows_of,
)
from hubbub.products.traffic.flow import LiveFlow
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant, moment


class LivePicture:
    """Takes the windows of one plan of live traffic as they are released, oldest first."""

    def __init__(
        self,
        declaration: Declaration[LiveTraffic],
        roads: Roads,
        *,
        zone: ZoneInfo,
        typical: Declaration[Traffic] = TYPICAL,
    ) -> None:
        self._declaration, self._roads, self._zone = declaration, roads, zone
        self._typical = typical
        self._week_noise = 2 * (typical.noise.deviation / G) ** 2
        self._length_s = windows_of(declaration).length_s
        self._recent_s = declaration.combination.blocks * self._length_s
        self._recent: deque[tuple[Instant, Released[pa.Table]]] = deque()
        self._past: dict[int, Released[pa.Table]] = {}  # by hour of the local day
        self._weeks: deque[Released[pa.Table]] = deque(maxlen=TYPICAL.combination.blocks)

    def add(self, window: Released[pa.Table], *, end: Instant) -> None:
        """Take a window that ended at `end`."""
        self._recent.append((end, window))
        self._grow_old(end)

    def add_week(self, week: Released[pa.Table]) -> None:
        """Take the usual speeds of a week (`typical`): the base where live counts too few."""
        self._weeks.append(postprocess(self._told, week))

    def at(self, now: Instant) -> Released[LiveFlow] | None:
        """Give the picture of `now`; nothing before the first release."""
        self._grow_old(now)
        hours, ends = tuple(self._past), tuple(end for end, _ in self._recent)
        past, recent = self._past.values(), (window for _, window in self._recent)
        released = [*past, *recent, *self._weeks]
        if not released:
            return None
        return postprocess(partial(self._blended, hours=hours, ends=ends, now=now), *released)

    def _grow_old(self, now: Instant) -> None:
        """Let windows that are no longer recent become part of the past."""
        while self._recent and now - self._recent[0][0] > self._recent_s * SECOND:
            end, window = self._recent.popleft()
            hour = moment(end, self._zone).hour
            past = [self._past[hour]] if hour in self._past else []
            self._past[hour] = postprocess(_added_up, window, *past)

    def _blended(
        self, *tables: pa.Table, hours: tuple[int, ...], ends: tuple[Instant, ...], now: Instant
    ) -> LiveFlow:
        first, last = len(hours), len(hours) + len(ends)
        past = {hour: self._tally(table) for hour, table in zip(hours, tables, strict=False)}
        recent = self._recent_of(tables[first:last], ends=ends, now=now)
        shown = moment(now, self._zone)
        size, slot = len(self._roads), typical_slot(shown)
        noise, weeks = self._week_noise, tables[last:]
        week = sum_up([_whole_week(table, noise) for table in weeks], size)
        part = sum_up([_part_of_week(table, noise, slot=slot) for table in weeks], size)
        told = sum((_by_part(table["told"])[:, slot] for table in weeks), np.zeros(size))
        known = Past(past, week, part, told)
        return blend(self._roads, recent, known, hour=shown.hour, at=now)

    def _recent_of(
        self, tables: tuple[pa.Table, ...], *, ends: tuple[Instant, ...], now: Instant
    ) -> Recent:
        """Count the recent windows together. A voice fades once the next window is due."""
        size = len(self._roads)
        tallies = [self._tally(table) for table in tables]
        ages_s = [(now - end) / SECOND for end in ends]
        newest_s, windows = np.full(size, np.inf), np.zeros(size)
        for tally, age_s in zip(tallies, ages_s, strict=True):
            told = tally.noise > 0
            newest_s[told] = np.minimum(newest_s[told], age_s)
            windows += told
        faded = [
            tally.faded(exp(min(0.0, self._length_s - age_s) / FADE_S))
            for tally, age_s in zip(tallies, ages_s, strict=True)
        ]
        declared = self._declaration
        margin = declared.noise.margin(declared.floor.luck, draws=2) / declared.bound.weight
        return Recent(
            tally=sum_up(tallies, size),
            floor=declared.floor.people + margin * np.sqrt(windows),
            age_s=newest_s,
            faded=sum_up(faded, size),
        )

    def _told(self, week: pa.Table) -> pa.Table:
        """Turn a week's counters into people and values, and tell people with less noise, too."""
        told = denoise(self._typical, self._roads.slot_keys, week).table
        return pa.table(
            {
                "people": _sum(week) / G,
                "values": (week["up"].to_numpy() - week["down"].to_numpy()) / G,
                "told": _sum(told),
            }
        )

    def _tally(self, table: pa.Table) -> Tally:
        """Turn a table of counters into people, for all roads."""
        size, weight = len(self._roads), self._declaration.bound.weight
        up, down, blocks = np.zeros(size), np.zeros(size), np.zeros(size)
        keys = table["key"].to_numpy()
        up[keys], down[keys] = table["up"].to_numpy(), table["down"].to_numpy()
        blocks[keys] = table["blocks"].to_numpy() if "blocks" in table.column_names else 1
        noise = 2 * (self._declaration.noise.deviation / weight) ** 2 * blocks
        return Tally((up + down) / weight, (up - down) / weight, noise)


def _whole_week(week: pa.Table, noise: float) -> Tally:
    """Count all parts of the day together, each with the voice that the city's people give it."""
    people, values = (_by_part(week[name]) for name in ("people", "values"))
    city = np.maximum(people.sum(axis=0), 0)
    voices = city / max(city.max(), PEOPLE_MIN)
    heard = np.full(len(people), noise * (voices**2).sum())
    return Tally(people @ voices, values @ voices, heard)


def _part_of_week(week: pa.Table, noise: float, *, slot: int) -> Tally:
    """Count one part of the day."""
    people, values = (_by_part(week[name])[:, slot] for name in ("people", "values"))
    return Tally(people, values, np.full(len(people), noise))


def _by_part(column: pa.ChunkedArray) -> Numbers:
    parts: Numbers = column.to_numpy().reshape(-1, TYPICAL_SLOTS)
    return parts


def _sum(table: pa.Table) -> Numbers:
    both: Numbers = table["up"].to_numpy() + table["down"].to_numpy()
    return both


def _added_up(*tables: pa.Table) -> pa.Table:
    """Add counters up by road, and count how many blocks, each with its noise, are in them."""
    counted = [
        table
        if "blocks" in table.column_names
        else table.append_column("blocks", pa.array(np.ones(len(table), dtype=np.int64)))
        for table in tables
    ]
    total = pa.concat_tables(counted).group_by("key")
    summed = total.aggregate([("up", "sum"), ("down", "sum"), ("blocks", "sum")])
    return summed.rename_columns(["key", "up", "down", "blocks"])
