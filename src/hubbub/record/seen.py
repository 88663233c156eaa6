"""Which pings are here already: the same person at the same time counts once, also after a restart.

An index for each (day, bucket of people), read from the store and the journal when it is first
asked, and forgotten when memory runs short.
"""

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubbub.record.events import BUCKETS, DAY, EventStore
from hubbub.record.journal import Journal
from hubbub.record.journal_segments import pending_rows
from hubbub.terms.pings import PING, Pings
from hubbub.terms.time import Instant

_DAY_BITS: Final = 37  # microseconds of a day
_RECENT_MAX: Final = 8_192  # keys in a set before they are packed, at an eighth of the memory

type _Part = tuple[int, int]
"""A day (since 1970, UTC) and a bucket of people."""


class _Index:
    """The (person, time) keys of one part: a sorted array, and what came since in a set."""

    def __init__(self, keys: NDArray[np.int64]) -> None:
        self._packed = np.unique(keys)
        self._recent: set[int] = set()

    def __len__(self) -> int:
        return len(self._packed) + len(self._recent)

    def add(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Add `keys`, and tell which of them are new."""
        places = np.searchsorted(self._packed, keys)
        new = np.ones(len(keys), bool)
        inside = places < len(self._packed)
        new[inside] = self._packed[places[inside]] != keys[inside]
        recent = self._recent
        for place in np.flatnonzero(new).tolist():
            key = int(keys[place])
            if key in recent:
                new[place] = False
            else:
                recent.add(key)
        if len(recent) > _RECENT_MAX:
            self._packed = np.union1d(self._packed, np.fromiter(recent, np.int64, len(recent)))
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
        self._parts: OrderedDict[_Part, _Index] = OrderedDict()
        self._loading = asyncio.Lock()

    async def unseen(self, rows: Pings) -> NDArray[np.bool_]:
        """Tell which of `rows` are new. They count as seen from now on.

        The caller appends the new ones to the journal before it awaits anything else.
        """
        days, buckets = rows["at"] // DAY, rows["subject"] % BUCKETS
        parts = np.unique(days * BUCKETS + buckets).tolist()
        for part in parts:
            if (part // BUCKETS, part % BUCKETS) not in self._parts:
                await self._load((part // BUCKETS, part % BUCKETS))
        new = np.zeros(len(rows), bool)
        for part in parts:
            index = self._parts[part // BUCKETS, part % BUCKETS]
            self._parts.move_to_end((part // BUCKETS, part % BUCKETS))
            inside = days * BUCKETS + buckets == part
            new[inside] = index.add(_keys(rows[inside]))
        return new

    async def _load(self, part: _Part) -> None:
        async with self._loading:
            if part in self._parts:
                return
            # What was handed to the journal before now must be on the disk to be found there.
            await self._journal.append(np.empty(0, PING))
            self._parts[part] = await asyncio.to_thread(self._read, part)
            while len(self._parts) > 1 and sum(map(len, self._parts.values())) > self._keys_max:
                self._parts.popitem(last=False)

    def _read(self, part: _Part) -> _Index:
        day, bucket = part
        pending = pending_rows(self._folder)
        pending = pending[(pending["at"] // DAY == day) & (pending["subject"] % BUCKETS == bucket)]
        # After the journal: a segment leaves it only when its rows are in the store.
        return _Index(np.concatenate([_keys(pending), self._stored(day, bucket)]))

    def _stored(self, day: int, bucket: int) -> NDArray[np.int64]:
        since, until = Instant(day * DAY), Instant((day + 1) * DAY)
        while True:
            files = self._store.files(since=since, until=until, bucket=bucket)
            try:
                stored = self._store.read(self._store.paths(files), columns=["subject", "at"])
                break
            except FileNotFoundError:
                continue  # compaction has replaced them meanwhile
        rows = np.empty(stored.num_rows, PING)
        rows["subject"], rows["at"] = stored["subject"].to_numpy(), stored["at"].to_numpy()
        return _keys(rows[(rows["at"] // DAY == day) & (rows["subject"] % BUCKETS == bucket)])


def _keys(rows: Pings) -> NDArray[np.int64]:
    """Make one integer of person and time, exact within a part."""
    keys: NDArray[np.int64] = (rows["subject"] // BUCKETS << _DAY_BITS) | (rows["at"] % DAY)
    return keys
