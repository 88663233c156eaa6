"""The dead lists in memory: every read of rows asks for one, and most find it as it was.

Before a list is given again, SQLite is asked whether anybody committed anything since it was read.
"""

import sqlite3
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import pyarrow as pa

from hubbub.terms.purposes import Category, Purpose, Recipient, cell_bit

_OF_CELL: Final = """
    SELECT receipt FROM dead WHERE category = ? AND cell = ?
    UNION SELECT number FROM receipt WHERE subject IN (
        SELECT subject FROM pause WHERE paused AND step IN (
            SELECT max(step) FROM pause GROUP BY subject))
"""

type _Cell = tuple[str, int]


class DeadLists:
    """The receipts on which a cell was closed, or that are paused, as of the last commit."""

    def __init__(self, path: Path) -> None:
        # A connection that never writes: its `data_version` moves with every commit of others.
        self._watch = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._lists: dict[_Cell, tuple[int, pa.Table]] = {}

    def of(self, category: Category, purpose: type[Purpose], recipient: Recipient) -> pa.Table:
        """Give the dead list of a cell: one column, `receipt`."""
        cell = category.value, cell_bit(purpose, recipient)
        with self._lock:
            (version,) = self._watch.execute("PRAGMA data_version").fetchone()
            read_at, dead = self._lists.get(cell, (-1, None))
            if read_at != version:  # what is committed from here on moves the version again
                dead = self._read(cell)
                self._lists[cell] = version, dead
            return dead

    def close(self) -> None:
        """Let go of the file."""
        self._watch.close()

    def _read(self, cell: _Cell) -> pa.Table:
        receipts = chain.from_iterable(self._watch.execute(_OF_CELL, cell))
        return pa.table({"receipt": np.fromiter(receipts, np.int64)})
