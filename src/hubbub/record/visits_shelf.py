"""The shelf of visits: a file a stretch of time, from when they were found to eight days later.

Two processes meet here: one finds visits and puts them down, the keeper takes out who is erased,
what nobody may read any more, and what is old. Whoever writes holds the folder's lock.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hubbub.record.events import Doomed
from hubbub.record.journal_segments import fsync_folder
from hubbub.record.passes_held import without
from hubbub.terms.catalogue import STAMP, VISITS_SCHEMA
from hubbub.terms.time import SECOND, Instant

KEPT_US: Final = 8 * 86_400 * SECOND
"""A visit is gone so long after it began, at most: the week that it is counted in is out then."""

KEPT: Final = pa.schema([*(VISITS_SCHEMA | STAMP).items()])
_SUFFIX: Final = ".visits.parquet"
_MADE_OF: Final = b"made-of"


class Stretch(NamedTuple):
    """A stretch of time whose visits were found: those that began in [since, until)."""

    since: Instant
    until: Instant


class VisitsShelf:
    """Visits, with their stamps. A file is there whole or not at all, whatever is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(
        self,
        visits: pa.Table,
        stretch: Stretch,
        *,
        made_of: str,
        erased: Callable[[], NDArray[np.int64]],
    ) -> None:
        """Put down all visits of a stretch, in place of what is there of any part of it.

        `made_of` names the public list of places that they count in. Nobody who is `erased` is in.
        """
        assert visits.num_rows == 0 or _within(visits, stretch), "visits of another time"
        with self._locked():
            rows = without(visits.select(KEPT.names).cast(KEPT), erased())
            for path, other in self._overlapping(stretch):
                if other != stretch:
                    path.unlink()
            self._write(rows, self._path(stretch), made_of=made_of)

    def made_of(self, stretch: Stretch) -> str | None:
        """Tell what the visits of a stretch were made of; None where they are not there, whole."""
        rows = _read(self._path(stretch))
        return None if rows is None else _told(rows)

    def read(self, since: Instant, until: Instant) -> pa.Table:
        """Read the visits of all stretches that have a part in [since, until)."""
        tables = [
            rows
            for path, _ in self._overlapping(Stretch(since, until))
            if (rows := _read(path)) is not None
        ]
        kept = [rows.replace_schema_metadata().cast(KEPT) for rows in tables]
        return pa.concat_tables([KEPT.empty_table(), *kept])

    def take_out(self, doomed: Doomed) -> int:
        """Write the visits anew without those that are `doomed`. Gives how many those were."""
        taken = 0
        with self._locked():
            for path in self._folder.glob(f"*{_SUFFIX}"):
                rows = _read(path)
                if rows is None:  # nothing can be taken out of it: its visits are found again
                    path.unlink()
                    continue
                kept = rows.filter(pc.invert(doomed(rows)))
                if kept.num_rows < rows.num_rows:
                    taken += rows.num_rows - kept.num_rows
                    self._write(kept, path, made_of=_told(rows))
        return taken

    def forget_before(self, since: Instant) -> None:
        """Delete the stretches that began before `since`, and what a killed writer left."""
        with self._locked():
            for path in self._folder.glob("*.visits.new"):
                path.unlink()
            for path in self._folder.glob(f"*{_SUFFIX}"):
                if _stretch(path).since < since:
                    path.unlink()

    def _overlapping(self, stretch: Stretch) -> list[tuple[Path, Stretch]]:
        there = [(path, _stretch(path)) for path in sorted(self._folder.glob(f"*{_SUFFIX}"))]
        return [
            (path, other)
            for path, other in there
            if other.since < stretch.until and stretch.since < other.until
        ]

    def _write(self, rows: pa.Table, path: Path, *, made_of: str) -> None:
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        with fresh.open("wb") as file:
            told = rows.replace_schema_metadata({_MADE_OF: made_of})
            pq.write_table(told, file, compression="zstd", write_page_checksum=True)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        fsync_folder(self._folder)

    def _path(self, stretch: Stretch) -> Path:
        return self._folder / f"{stretch.since}-{stretch.until}{_SUFFIX}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _read(path: Path) -> pa.Table | None:
    """Read a file of visits; None where it is damaged, or went meanwhile."""
    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read()
    except (FileNotFoundError, pa.ArrowException, OSError):
        return None


def _told(rows: pa.Table) -> str:
    return str(rows.schema.metadata[_MADE_OF].decode())


def _stretch(path: Path) -> Stretch:
    since, until = path.name.removesuffix(_SUFFIX).split("-")
    return Stretch(Instant(int(since)), Instant(int(until)))


def _within(visits: pa.Table, stretch: Stretch) -> bool:
    at = pc.min_max(visits["at"])
    return bool(stretch.since <= at["min"].as_py() and at["max"].as_py() < stretch.until)
