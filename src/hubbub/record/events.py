"""The event store: where rows rest. Our own Parquet files, with Delta Lake as their commit log.

Fresh rows lie in `bucket=-1`, one file a commit and day; compaction sorts them into buckets of
people, so that one person's rows are a 64th of a day. Rows of a closed day lie in `bucket=-2`:
they came late, and are in no sum of that day. One process, the keeper, commits and
compacts; any number may read.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.transaction import AddAction, RemoveAction

from hubbub.record.events_files import (
    StoredFile,
    by_stamp,
    bytes_of,
    file_name,
    listed,
    not_much_larger,
    partition,
    remove,
    unique,
)
from hubbub.record.events_log import LAST_CHECKPOINT, entry, folded_to, rows_added
from hubbub.record.journal_segments import fsync_folder
from hubbub.terms.catalogue import PINGS_SCHEMA, STAMP
from hubbub.terms.errors import HubbubError
from hubbub.terms.people import Subject
from hubbub.terms.pings import PING, Pings
from hubbub.terms.time import SECOND, Instant

BUCKETS: Final = 64
FRESH: Final = -1
"""The bucket of rows that are not sorted by person yet."""
LATE: Final = -2
"""The bucket of rows that came when their day was closed. They are not sorted by person either."""
UNSORTED: Final = frozenset({FRESH, LATE})

DAY: Final = 86_400 * SECOND
ROWS_SCHEMA: Final = pa.schema([*(PINGS_SCHEMA | STAMP).items()])

_NEVER_CLOSED: Final = Instant(0)
_PARTITION: Final = ("day", "bucket")
_TABLE_SCHEMA: Final = ROWS_SCHEMA.append(pa.field("day", pa.date32())).append(
    pa.field("bucket", pa.int16())
)
_CONFIGURATION: Final = {
    # The log keeps minima and maxima; those of a person's columns would outlive an erasure.
    "delta.dataSkippingStatsColumns": "at",
    "delta.logRetentionDuration": "interval 0 days",
    "delta.deletedFileRetentionDuration": "interval 0 days",
}
# The log is trimmed by `trim_log` alone, so that a tail can be read from it until then.
_QUIET: Final = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
# Rows are sorted by person, so these go up in small steps. Every gated read reads `receipt`.
_STEPPING: Final = ("subject", "at", "lat_e6", "lon_e6", "receipt")
_ENCODING: Final = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": [name for name in ROWS_SCHEMA.names if name not in _STEPPING],
    "column_encoding": dict.fromkeys(_STEPPING, "DELTA_BINARY_PACKED"),
    "write_statistics": ["subject", "at"],
    "row_group_size": 122_880,
}


type Doomed = Callable[[pa.Table], pa.ChunkedArray]
"""Tells of each row whether it is to go."""


class Erased(NamedTuple):
    """What was taken out of the store."""

    rows: int
    files: int
    others_sha256: str


class TailLost(HubbubError):
    """The log was folded before this tail was read. Read the time span, and tail from there."""

    def __init__(self) -> None:
        super().__init__("the log was folded before this tail was read; start it anew")


class EventStore:
    """People's pings at rest. A segment of the journal is committed once, whatever is killed."""

    def __init__(self, folder: Path) -> None:
        """Open the store in `folder`, or begin it."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not DeltaTable.is_deltatable(str(folder)):
            DeltaTable.create(
                folder,
                schema=_TABLE_SCHEMA,
                partition_by=[*_PARTITION],
                mode="ignore",
                configuration=_CONFIGURATION,
            )
            self._sync_log(entry(0))
        self._table = DeltaTable(folder)
        self._listed: tuple[int, list[StoredFile]] = (-1, [])

    def version(self) -> int:
        """Tell the version of the newest commit."""
        self._look()
        return self._table.version()

    def committed(self, journal: str) -> int:
        """Tell the highest number of `journal`'s segments that is in the store, or -1."""
        self._look()
        number = self._table.transaction_version(journal)
        return -1 if number is None else number

    def commit(
        self, rows: Pings, *, journal: str, number: int, closed_until: Instant = _NEVER_CLOSED
    ) -> int:
        """Add `rows`: segments of `journal` up to `number`. Durable when it returns.

        Gives the number of those that are of closed days, and rest as late.
        """
        adds: list[AddAction | RemoveAction] = []
        days, late = rows["at"] // DAY, rows["at"] < closed_until
        for bucket, of_bucket in ((FRESH, ~late), (LATE, late)):
            for day in np.unique(days[of_bucket]).tolist():
                name = f"fresh-{journal}-{number:012d}"
                of_day = rows[of_bucket & (days == day)]
                adds.append(self._write(of_day, day, bucket, name=name, fresh=True))
        self._commit(adds, [Transaction(journal, number)])
        return int(np.count_nonzero(late))

    def files(
        self, *, since: Instant, until: Instant, bucket: int | None = None
    ) -> list[StoredFile]:
        """List the files that may hold rows of [since, until), of one bucket of people or all."""
        return [
            file
            for file in self.listing()
            if file.last >= since
            and file.first < until
            and (bucket is None or file.bucket in {bucket, *UNSORTED})
        ]

    def listing(self) -> list[StoredFile]:
        """List every file of the newest version."""
        version = self.version()
        if self._listed[0] != version:
            self._listed = (version, list(listed(self._table)))
        return self._listed[1]

    def paths(self, files: Iterable[StoredFile]) -> list[str]:
        """Give where `files` lie."""
        return [str(self.folder / file.path) for file in files]

    def added(self, *, after: int) -> tuple[list[str], int]:
        """List the paths of the files of fresh rows committed after version `after`, in order.

        Gives the version read up to as well. The log reaches back to the last `trim_log`.
        """
        version = self.version()
        paths = []
        for number in range(after + 1, version + 1):
            try:
                added = rows_added(self.folder / "_delta_log", number)
            except FileNotFoundError:
                raise TailLost from None
            paths += [str(self.folder / path) for path in added]
        return paths, version

    def gather(self, day: int, *, bucket: int = FRESH) -> None:
        """Put the small files of unsorted rows of `day` into one, without those repeated."""
        fresh = [file for file in self.listing() if (file.day, file.bucket) == (day, bucket)]
        smallest = min((file.rows for file in fresh), default=0)
        old = not_much_larger(fresh, than=smallest)
        if len(old) < 2:
            return
        name = f"gathered-{self._table.version():020d}"
        rows = unique(self.read(self.paths(old)))
        add = self._write_table(rows, day, bucket, name=name, fresh=False)
        self._commit([add, *map(remove, old)], [])

    def compact(self, day: int) -> int:
        """Sort the fresh rows of `day` into buckets of people, and drop repeated ones.

        A bucket's files are merged with them while they are not much larger, so that a row is
        rewritten a logarithmic number of times. Gives the number of repeated rows dropped.
        """
        there = [file for file in self.listing() if file.day == day]
        fresh = [file for file in there if file.bucket == FRESH]
        if not fresh:
            return 0
        rows = self.read(self.paths(fresh))
        buckets = rows["subject"].to_numpy() % BUCKETS
        actions: list[AddAction | RemoveAction] = [remove(file) for file in fresh]
        dropped = 0
        name = f"sorted-{self._table.version():020d}"
        for bucket in np.unique(buckets).tolist():
            own = rows.filter(pa.array(buckets == bucket))
            old = not_much_larger([f for f in there if f.bucket == bucket], than=own.num_rows)
            together = pa.concat_tables([self.read(self.paths(old)), own])
            kept = unique(together)
            dropped += together.num_rows - kept.num_rows
            actions += [
                self._write_table(part, day, bucket, name=name, fresh=False)
                for part in by_stamp(kept)
            ]
            actions += [remove(file) for file in old]
        self._commit(actions, [])
        return dropped

    def forget_before(self, day: int) -> int:
        """Take the rows of the days before `day` out of the store. Gives how many there were."""
        old = [file for file in self.listing() if file.day < day]
        if old:
            self._commit([remove(file, changed=True) for file in old], [])
        return sum(file.rows for file in old)

    def erase(self, subject: Subject) -> Erased:
        """Take the rows of `subject` out, and delete the files that held them.

        A bucket's file of a day is a 64th of it. Days that they have fresh rows of are sorted
        before: what would be written anew whole is so written once, and not for the next as well.
        """
        for day in sorted({file.day for file in self._fresh_of(subject)}):
            self.compact(day)
        erased = self.take_out(
            lambda rows: pc.equal(rows["subject"], subject), of=self.files_of(subject)
        )
        self.sweep()  # also what a killed erasure has left
        return erased

    def take_out(self, doomed: Doomed, *, of: Iterable[StoredFile]) -> Erased:
        """Write those `of` the files that hold `doomed` rows anew, without them, in one commit.

        All other rows are read back and compared. The old files wait for `sweep`.
        """
        actions: list[AddAction | RemoveAction] = []
        others, rows, files = sha256(), 0, 0
        for number, file in enumerate(of):
            there = self.read(self.paths([file]))
            kept = there.filter(pc.invert(doomed(there)))
            if kept.num_rows == there.num_rows:
                continue
            rows, files = rows + there.num_rows - kept.num_rows, files + 1
            actions.append(remove(file, changed=True))
            if kept.num_rows:
                name = f"kept-{self._table.version():020d}-{number:06d}"
                add = self._write_table(kept, file.day, file.bucket, name=name, fresh=False)
                again = self.read([str(self.folder / add.path)])
                assert again.equals(kept), "nobody else's rows may change"
                others.update(bytes_of(again))
                actions.append(add)
        if actions:
            self._commit(actions, [])
        return Erased(rows=rows, files=files, others_sha256=others.hexdigest())

    def moments(self, subject: Subject) -> tuple[int, ...]:
        """Give the instants at which the rows of `subject` were taken."""
        files = self.paths(self.files_of(subject))
        rows = self.read(files, columns=["subject", "at"])
        return tuple(rows.filter(pc.equal(rows["subject"], subject))["at"].to_pylist())

    def files_of(self, subject: Subject) -> list[StoredFile]:
        """List the files that may hold rows of `subject`."""
        there = {subject % BUCKETS, *UNSORTED}
        return [file for file in self.listing() if file.bucket in there]

    def read(self, paths: Sequence[str], *, columns: list[str] | None = None) -> pa.Table:
        """Read whole files, rows in the order of `paths`."""
        schema = (
            ROWS_SCHEMA if columns is None else pa.schema([ROWS_SCHEMA.field(c) for c in columns])
        )
        tables = [pq.ParquetFile(path).read(columns=columns) for path in paths]
        return pa.concat_tables([schema.empty_table(), *(t.cast(schema) for t in tables)])

    def trim_log(self) -> None:
        """Fold the log into a checkpoint. A tail must have been read before."""
        self._look()
        self._table.create_checkpoint()
        # The entries are deleted next, so what replaces them must be durable.
        checkpoints = (self.folder / "_delta_log").glob("*.checkpoint.parquet")
        self._sync_log(LAST_CHECKPOINT, *(path.name for path in checkpoints))
        self._table.cleanup_metadata()

    def sweep(self, *, found_before: frozenset[str] | None = None) -> frozenset[str]:
        """Delete the files that the newest version does not need, and make the rest of them known.

        Only those `found_before` are deleted, so that whoever reads them can end; all of them if
        that is None. Orphans of a crashed write are among them: they hold people's rows too.
        """
        needed = {file.path for file in self.listing()}
        unneeded = {
            path.relative_to(self.folder).as_posix()
            for path in self.folder.glob("day=*/bucket=*/*")
        } - needed
        due = unneeded if found_before is None else unneeded & found_before
        for path in due:
            (self.folder / path).unlink()
        return frozenset(unneeded - due)

    def _fresh_of(self, subject: Subject) -> Iterator[StoredFile]:
        for file in self.files_of(subject):
            if file.bucket == FRESH:
                whose = self.read(self.paths([file]), columns=["subject"])["subject"]
                if subject in whose.to_numpy():
                    yield file

    def _write(self, rows: Pings, day: int, bucket: int, *, name: str, fresh: bool) -> AddAction:
        order = np.lexsort((rows["at"], rows["subject"]))
        columns = {column: np.ascontiguousarray(rows[column][order]) for column in PING.names or ()}
        table = pa.table(columns, schema=ROWS_SCHEMA)
        return self._write_table(table, day, bucket, name=name, fresh=fresh)

    def _write_table(
        self, table: pa.Table, day: int, bucket: int, *, name: str, fresh: bool
    ) -> AddAction:
        where = partition(day, bucket)
        folder = self.folder / "/".join(f"{key}={value}" for key, value in where.items())
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / file_name(name, table)
        with path.open("wb") as file:
            pq.write_table(table, file, **_ENCODING)
            file.flush()
            os.fsync(file.fileno())
        for parent in (folder, folder.parent, self.folder) if is_new else (folder,):
            fsync_folder(parent)
        at = table["at"].to_numpy()
        stats = {
            "numRecords": len(at),
            "minValues": {"at": int(at.min())},
            "maxValues": {"at": int(at.max())},
            "nullCount": {"at": 0},
        }
        return AddAction(
            path.relative_to(self.folder).as_posix(),
            path.stat().st_size,
            where,
            0,
            fresh,
            msgspec.json.encode(stats).decode(),
        )

    def _commit(
        self, actions: list[AddAction | RemoveAction], transactions: list[Transaction]
    ) -> None:
        self._look()
        self._table.create_write_transaction(
            actions,
            "append",
            self._table.schema(),
            partition_by=[*_PARTITION],
            commit_properties=CommitProperties(app_transactions=transactions),
            post_commithook_properties=_QUIET,
        )
        # delta-rs renames its log entry into place and leaves its durability to chance.
        self._sync_log(entry(self._table.version()))

    def _look(self) -> None:
        """Follow the log if it has grown. delta-rs would list the whole folder to find out."""
        log, version = self.folder / "_delta_log", self._table.version()
        if folded_to(log) > version or (log / entry(version + 1)).exists():
            self._table.update_incremental()

    def _sync_log(self, *names: str) -> None:
        log = self.folder / "_delta_log"
        for name in names:
            with (log / name).open("rb") as file:
                os.fsync(file.fileno())
        fsync_folder(log)
