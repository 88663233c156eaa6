"""The day's passes on disk, for a plan of the day: what it counted must outlive a restart.

A plan that forgot whose windows it has counted would count them again. So passes are on disk before
any release looks at them, and its `memory` is another one where they were lost.
"""

import os
import uuid
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.record.events import Doomed
from hubbub.record.journal_segments import FRAME, fsync_folder, whole_frames
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.time import SECOND, Instant

_PASS: Final = np.dtype([*(PASSES_SCHEMA | STAMP).items()]).newbyteorder("<")
_SCHEMA: Final = pa.schema([*(PASSES_SCHEMA | STAMP).items()])
_DAY: Final = 86_400 * SECOND
PASSES_SUFFIX: Final = ".passes"
_MEMORY: Final = "memory"


class PassesLog:
    """Passes by the UTC day on which they were written down. One process writes."""

    def __init__(self, folder: Path) -> None:
        """Open the log in `folder`, or begin another one, with another memory."""
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        named = folder / _MEMORY
        if not named.exists():
            for orphan in folder.glob(f"*{PASSES_SUFFIX}"):
                orphan.unlink()
            named.write_text(uuid.uuid4().hex)
            _sync(named)
        self.memory = named.read_text()
        self._whole: dict[Path, int] = {}  # bytes of a file before a frame that a kill has torn

    def append(self, passes: pa.Table) -> None:
        """Write `passes` down. They are on disk when this returns."""
        if passes.num_rows == 0:
            return
        payload = _packed(passes)
        path = self._folder / f"{pc.max(passes['at']).as_py() // _DAY}{PASSES_SUFFIX}"
        if path not in self._whole:
            self._whole[path] = _whole_bytes(path) if path.exists() else 0
        whole, frame = self._whole[path], FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            os.ftruncate(file, whole)
            os.pwrite(file, frame, whole)
            os.fsync(file)
        finally:
            os.close(file)
        self._whole[path] = whole + len(frame)
        fsync_folder(self._folder)

    def load(self) -> pa.Table:
        """Read all that was written down."""
        tables = [read_passes(path) for path in sorted(self._folder.glob(f"*{PASSES_SUFFIX}"))]
        return pa.concat_tables([_SCHEMA.empty_table(), *tables])

    def take_out(self, doomed: Doomed) -> int:
        """Write the passes anew without those that are `doomed`. Gives how many those were."""
        taken = 0
        for path in self._folder.glob(f"*{PASSES_SUFFIX}"):
            rows = read_passes(path)
            kept = rows.filter(pc.invert(doomed(rows)))
            if kept.num_rows == rows.num_rows:
                continue
            taken += rows.num_rows - kept.num_rows
            payload, fresh = _packed(kept), path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_bytes(FRAME.pack(len(payload), zlib.crc32(payload)) + payload)
            _sync(fresh)
            fresh.rename(path)
            fsync_folder(self._folder)
            self._whole.pop(path, None)
        return taken

    def forget_before(self, since: Instant) -> None:
        """Delete the days that were over before `since`."""
        for path in self._folder.glob(f"*{PASSES_SUFFIX}"):
            if (int(path.stem) + 1) * _DAY <= since:
                path.unlink()


def read_passes(path: Path) -> pa.Table:
    """Read one day's passes, up to where their writer was cut off."""
    payloads, _ = whole_frames(memoryview(path.read_bytes()))
    rows = np.frombuffer(b"".join(payloads), _PASS)
    columns = {name: np.ascontiguousarray(rows[name]) for name in _SCHEMA.names}
    return pa.table(columns, schema=_SCHEMA)


def _packed(passes: pa.Table) -> bytes:
    rows = np.empty(passes.num_rows, _PASS)
    for name in _SCHEMA.names:
        rows[name] = passes[name].to_numpy()
    return rows.tobytes()


def _whole_bytes(path: Path) -> int:
    return whole_frames(memoryview(path.read_bytes()))[1]


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    fsync_folder(path.parent)
