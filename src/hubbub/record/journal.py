"""The journal: rows are durable here before their sender gets a 2xx. One group commit for many.

A segment is written by one `Journal`, which holds a lock on the file for as long as it may grow; a
lock that is gone means that the segment is complete, even where its writer was killed. Numbers rise
over all writers of a folder, so that the store can tell what it has committed already.
"""

import asyncio
import fcntl
import os
import threading
import time
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from hubbub.record.journal_segments import FRAME, MAGIC, SUFFIX, fsync_folder, segments
from hubbub.terms.errors import HubbubError
from hubbub.terms.pings import PING, Pings

_BUFFERS_MAX: Final = 512  # per system call; IOV_MAX is 1024 where it is smallest

# Not every platform has fdatasync; the file's length is written by both.
_sync: Final = getattr(os, "fdatasync", os.fsync)


class JournalBroken(HubbubError):
    """The disk refused a row. Nothing is accepted until the journal is opened anew."""

    def __init__(self) -> None:
        super().__init__("the journal could not be written; free the disk and restart")


class _Numbers(msgspec.Struct, frozen=True):
    journal: str
    next: int


type _Waiting = tuple[bytes, asyncio.Future[None]]


class Journal:
    """Appends rows durably. Use it from one event loop; many processes may share a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        segment_s: float = 0.5,
        segment_bytes_max: int = 64 << 20,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the journal in `folder`. A segment is closed `segment_s` after its first row."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._elapsed = folder, elapsed
        self._segment_s, self._segment_bytes_max = segment_s, segment_bytes_max
        self._pending: list[_Waiting] = []
        self._wake = threading.Condition()
        self._open = True
        self._broken = False
        self._file: int | None = None
        self._file_bytes, self._close_at = 0, 0.0
        # Rows that an earlier process wrote but did not sync count as received from here on.
        for segment in segments(folder):
            _sync_left_over(segment.path)
        self._since: dict[Path, float] = {s.path: elapsed() for s in segments(folder)}
        self._checked_at = elapsed()
        self._writer = threading.Thread(target=self._write_groups, name="journal", daemon=True)
        self._writer.start()

    @property
    def broken(self) -> bool:
        """Tell whether the disk refused a row: then this process should end and be restarted."""
        return self._broken

    def append(self, rows: Pings) -> asyncio.Future[None]:
        """Write `rows`; the future ends when they, and all rows before them, are on the disk.

        No rows at all make a barrier: it ends when everything appended before is on the disk.
        """
        assert rows.dtype == PING, "a journal holds pings"
        durable = asyncio.get_running_loop().create_future()
        payload = rows.tobytes()
        with self._wake:
            if self._broken or not self._open:
                durable.set_exception(JournalBroken())
                return durable
            self._pending.append((payload, durable))
            self._wake.notify()
        return durable

    def backlog_age_s(self) -> float:
        """Tell for how long the oldest segment has waited for its commit to the store."""
        now = self._elapsed()
        if now - self._checked_at > 0.2:
            self._checked_at = now
            there = {segment.path for segment in segments(self._folder)}
            self._since = {path: self._since.get(path, now) for path in there}
        return now - min(self._since.values(), default=now)

    def close(self) -> None:
        """Write what waits, and close the segment."""
        with self._wake:
            self._open = False
            self._wake.notify()
        self._writer.join()

    def _write_groups(self) -> None:
        while True:
            with self._wake:
                while self._open and not self._pending:
                    left_s = self._close_at - self._elapsed() if self._file is not None else None
                    if left_s is not None and left_s <= 0:
                        break
                    self._wake.wait(left_s)
                group, self._pending = self._pending, []
                ends = not self._open and not group
            self._commit(group)
            due = self._elapsed() >= self._close_at or self._file_bytes >= self._segment_bytes_max
            if ends or due:
                self._close_segment()
            if ends:
                return

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            if any(payload for payload, _ in group):
                self._write([payload for payload, _ in group if payload])
        except OSError:
            # What a failed sync left on the disk is unknown: this journal is not trusted again.
            with self._wake:
                self._broken = True
                group, self._pending = group + self._pending, []
            self._close_segment()
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]]
        by_loop = defaultdict(list)
        for _, durable in group:
            by_loop[durable.get_loop()].append(durable)
        for loop, waiting in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, waiting, self._broken)

    def _write(self, payloads: list[bytes]) -> None:
        if self._file is None:
            self._file = self._next_segment()
        frames: list[bytes] = []
        for payload in payloads:
            frames += (FRAME.pack(len(payload), zlib.crc32(payload)), payload)
        for start in range(0, len(frames), _BUFFERS_MAX):
            self._file_bytes += _write_all(self._file, frames[start : start + _BUFFERS_MAX])
        _sync(self._file)

    def _next_segment(self) -> int:
        with _number(self._folder) as number:
            path = self._folder / f"{number.journal}-{number.next:012d}{SUFFIX}"
            # Locked before it has its name: whoever sees it unlocked sees it complete.
            unnamed = self._folder / "segment.new"
            file = os.open(unnamed, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_TRUNC, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(file, MAGIC)
            unnamed.rename(path)
            fsync_folder(self._folder)
        now = self._elapsed()
        self._file_bytes, self._close_at = len(MAGIC), now + self._segment_s
        self._since = {**self._since, path: now}
        return file

    def _close_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file, self._file_bytes = None, 0


def _settle(waiting: list[asyncio.Future[None]], broken: bool) -> None:  # noqa: FBT001
    for durable in waiting:
        if durable.done():
            continue  # its sender has gone
        if broken:
            durable.set_exception(JournalBroken())
        else:
            durable.set_result(None)


def _write_all(file: int, buffers: list[bytes]) -> int:
    written = os.writev(file, buffers)
    rest = memoryview(b"".join(buffers))[written:] if written < sum(map(len, buffers)) else b""
    while rest:
        step = os.write(file, rest)
        written, rest = written + step, rest[step:]
    return written


def _sync_left_over(path: Path) -> None:
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return  # committed meanwhile
    try:
        _sync(file)
    finally:
        os.close(file)


@contextmanager
def _number(folder: Path) -> Iterator[_Numbers]:
    """Take the next number. It is used up before a segment bears it, whatever happens then."""
    path = folder / "numbers.json"
    with (folder / "numbers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            taken = msgspec.json.decode(path.read_bytes(), type=_Numbers)
        except (FileNotFoundError, msgspec.DecodeError):
            # A new name, so that numbers which the store knows already are not used twice.
            taken = _Numbers(journal=uuid.uuid4().hex, next=0)
        replacement = path.with_suffix(".new")
        with replacement.open("wb") as file:
            file.write(msgspec.json.encode(_Numbers(journal=taken.journal, next=taken.next + 1)))
            file.flush()
            os.fsync(file.fileno())
        replacement.rename(path)
        yield taken
