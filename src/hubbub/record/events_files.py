"""The files of the event store: what the log tells of each, and which of them are merged."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import RemoveAction

from hubbub.terms.time import Instant

_EPOCH: Final = date(1970, 1, 1)


class StoredFile(NamedTuple):
    """One Parquet file of the store, and what the log tells of it."""

    path: str  # relative to the store's folder
    size: int  # bytes
    rows: int
    first: Instant
    last: Instant
    day: int  # days since 1970, UTC
    bucket: int


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
