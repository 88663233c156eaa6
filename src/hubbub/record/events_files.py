"""The files of the event store: what is told of each, and which rows lie together.

Statistics in the log are of instants alone. Where all rows of a file have one stamp, the file's
name says so: whoever reads it need not read the stamp row by row.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.transaction import RemoveAction

from hubbub.terms.time import Instant

_EPOCH: Final = date(1970, 1, 1)
_ONE_STAMP: Final = re.compile(r"-may(?P<may>\d+)\.parquet$")
_ALONE_ROWS_MIN: Final = 32_768  # fewer of a stamp are read sooner than another file is opened
_TOLD_ROWS_MIN: Final = 65_536  # fewer are read sooner than they are told apart


class StoredFile(NamedTuple):
    """One Parquet file of the store, and what is told of it."""

    path: str  # relative to the store's folder
    size: int  # bytes
    rows: int
    first: Instant
    last: Instant
    day: int  # days since 1970, UTC
    bucket: int

    @property
    def may(self) -> int | None:
        """Give the one stamp of all its rows. None: they have several, or nobody looked."""
        found = _ONE_STAMP.search(self.path)
        return int(found["may"]) if found else None


def listed(table: DeltaTable) -> Iterator[StoredFile]:
    """List the files of the version that `table` is at."""
    for add in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        yield StoredFile(
            path=add["path"],
            size=add["size_bytes"],
            rows=add["num_records"],
            first=Instant(add["min.at"]),
            last=Instant(add["max.at"]),
            day=(add["partition.day"] - _EPOCH).days,
            bucket=add["partition.bucket"],
        )


def partition(day: int, bucket: int) -> dict[str, str | None]:
    """Name the folders that the rows of `day` and `bucket` lie in."""
    return {"day": (_EPOCH + timedelta(day)).isoformat(), "bucket": str(bucket)}


def file_name(stem: str, rows: pa.Table) -> str:
    """Call the file that `rows` are written to: with their stamp, where they have one."""
    may = pc.min_max(rows["may"])
    is_one = may["min"] == may["max"]
    return f"{stem}-may{may['min']}.parquet" if is_one else f"{stem}.parquet"


def by_stamp(rows: pa.Table) -> Iterator[pa.Table]:
    """Part `rows`: those of each stamp that many of them have, and all others together."""
    may = rows["may"].to_numpy()
    stamps, counts = np.unique(may, return_counts=True)
    alone = stamps[counts >= _ALONE_ROWS_MIN]
    for stamp in alone:
        yield rows.filter(pa.array(may == stamp))
    others = rows.filter(pa.array(~np.isin(may, alone)))
    if others.num_rows:
        yield others


def told_apart(files: Iterable[StoredFile]) -> dict[int | None, list[StoredFile]]:
    """Part `files` by the one stamp of their rows, as far as it is worth it."""
    parted: defaultdict[int | None, list[StoredFile]] = defaultdict(list)
    for file in files:
        parted[file.may].append(file)
    for may, some in [*parted.items()]:
        if may is not None and sum(file.rows for file in some) < _TOLD_ROWS_MIN:
            parted[None] += parted.pop(may)
    return {may: some for may, some in parted.items() if some}


def remove(file: StoredFile, *, changed: bool = False) -> RemoveAction:
    """Take `file` out. `changed` is false where the same commit adds the same rows elsewhere."""
    # No change of data where the same rows are added elsewhere by the same commit.
    return RemoveAction(file.path, changed, 0, file.size, partition(file.day, file.bucket))


def not_much_larger(files: list[StoredFile], *, than: int) -> list[StoredFile]:
    """Take the smallest of `files` as long as none is much larger than all before together."""
    taken, rows = [], than
    for file in sorted(files, key=lambda file: file.rows):
        if file.rows > 2 * rows:
            break
        taken.append(file)
        rows += file.rows
    return taken


def bytes_of(rows: pa.Table) -> bytes:
    """Write rows as bytes, column by column, to be digested."""
    return b"".join(rows[name].to_numpy().tobytes() for name in rows.column_names)


def unique(rows: pa.Table) -> pa.Table:
    """Sort `rows` by person and time, and keep the first of those that agree in both."""
    rows = rows.sort_by([("subject", "ascending"), ("at", "ascending")])
    subject, at = rows["subject"].to_numpy(), rows["at"].to_numpy()
    first = np.ones(len(at), bool)
    first[1:] = (subject[1:] != subject[:-1]) | (at[1:] != at[:-1])
    return rows.filter(pa.array(first))
