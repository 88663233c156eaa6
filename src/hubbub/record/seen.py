"""Which pings are here already: the same person at the same time counts once, also after a restart.

An index for each part (a day and a bucket of people), read from the store and the journal when it
is first asked, and forgotten when memory runs short.
"""

import asyncio
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubbub.record.events import BUCKETS, DAY, UNSORTED, EventStore
from hubbub.record.events_files import StoredFile
from hubbub.record.journal import Journal
from hubbub.record.journal_segments import pending_rows
from hubbub.terms.pings import PING, Pings
from hubbub.terms.time import Instant

_DAY_BITS: Final = 37  # microseconds of a day
_RECENT_MAX: Final = 8_192  # keys in a set before they are packed, at an eighth of the memory


class _Index:
    """The (person, time) keys of one part: a sorted array, and what came since in a set."""

    def __init__(self, keys: NDArray[np.int64]) -> None:
        self._packed = np.unique(keys)
        self._recent: set[int] = set()

    def __len__(self) -> int:
        return len(self._packed) + len(self._recent)

    def add(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Add `keys`, and tell which of them are new."""
        packed, recent = self._packed, self._recent
        new = np.ones(len(keys), bool)
        if len(packed):
            places = np.minimum(np.searchsorted(packed, keys), len(packed) - 1)
            new = packed[places] != keys
        for place, key in enumerate(keys.tolist()):
            if not new[place]:
                continue
            if key in recent:
                new[place] = False
            else:
                recent.add(key)
        if len(recent) > _RECENT_MAX:
            more = np.fromiter(recent, np.int64, len(recent))
            self._packed = np.sort(np.concatenate([packed, more]))
            recent.clear()
        return new


class Seen:
    """Tells which pings are new, and remembers them."""

    def __init__(
        self, store: EventStore, journal: Journal, *, folder: Path, keys_max: int = 20_000_000
    ) -> None:
        """Look into `store`, and into the `journal` whose segments lie in `folder`."""
        self._store, self._journal, self._folder = store, journal, folder
        self._keys_max = keys_max
        self._indices: OrderedDict[int, _Index] = OrderedDict()  # by part, last used last
        self._in_use: Counter[int] = Counter()
        self._keys = 0
        self._loading = asyncio.Lock()
        self._fresh: dict[str, Pings] = {}

    async def unseen(self, rows: Pings) -> NDArray[np.bool_]:
        """Tell which of `rows` are new. They count as seen from now on.

        The caller appends the new ones to the journal before it awaits anything else.
        """
        part_of_row = _parts_of(rows)
        parts = sorted(set(part_of_row.tolist()))
        self._in_use.update(parts)
        try:
            for part in parts:
                if part not in self._indices:
                    await self._load(part)
            new = np.zeros(len(rows), bool)
            for part in parts:
                self._indices.move_to_end(part)
                inside = part_of_row == part
                new[inside] = self._indices[part].add(_keys(rows[inside]))
            self._keys += int(np.count_nonzero(new))
        finally:
            self._in_use.subtract(parts)
            if self._keys > self._keys_max:
                self._forget_oldest()
        return new

    async def _load(self, part: int) -> None:
        async with self._loading:
            if part in self._indices:
                return
            # What was handed to the journal before now must be on the disk to be found there.
            await self._journal.append(np.empty(0, PING))
            index = await asyncio.to_thread(self._read, part)
            self._indices[part] = index
            self._keys += len(index)

    def _forget_oldest(self) -> None:
        self._in_use = +self._in_use  # without those that nobody uses any more
        for part in list(self._indices):
            if self._keys <= self._keys_max:
                return
            if part not in self._in_use:
                self._keys -= len(self._indices.pop(part))

    def _read(self, part: int) -> _Index:
        pending = pending_rows(self._folder)
        # After the journal: a segment leaves it only when its rows are in the store.
        while True:
            try:
                stored = self._stored(part)
                break
            except FileNotFoundError:
                continue  # compaction has replaced a file meanwhile
        return _Index(np.concatenate([_keys(_inside(rows, part)) for rows in (pending, *stored)]))

    def _stored(self, part: int) -> list[Pings]:
        day, bucket = divmod(part, BUCKETS)
        since, until = Instant(day * DAY), Instant((day + 1) * DAY)
        files = self._store.files(since=since, until=until, bucket=bucket)
        sorted_files = [file for file in files if file.bucket not in UNSORTED]
        # An unsorted file is in question for every bucket, so it is read once for all of them.
        there = {file.path for file in self._store.listing() if file.bucket in UNSORTED}
        self._fresh = {path: rows for path, rows in self._fresh.items() if path in there}
        for file in files:
            if file.bucket in UNSORTED and file.path not in self._fresh:
                self._fresh[file.path] = self._times(file)
        return [*map(self._times, sorted_files), *self._fresh.values()]

    def _times(self, file: StoredFile) -> Pings:
        stored = self._store.read(self._store.paths([file]), columns=["subject", "at"])
        rows = np.zeros(stored.num_rows, PING)
        rows["subject"], rows["at"] = stored["subject"].to_numpy(), stored["at"].to_numpy()
        return rows


def _parts_of(rows: Pings) -> NDArray[np.int64]:
    parts: NDArray[np.int64] = rows["at"] // DAY * BUCKETS + rows["subject"] % BUCKETS
    return parts


def _inside(rows: Pings, part: int) -> Pings:
    inside: Pings = rows[_parts_of(rows) == part]
    return inside


def _keys(rows: Pings) -> NDArray[np.int64]:
    """Make one integer of person and time, exact within a part."""
    keys: NDArray[np.int64] = (rows["subject"] // BUCKETS << _DAY_BITS) | (rows["at"] % DAY)
    return keys
