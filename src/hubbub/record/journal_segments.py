"""The journal's segments as their readers see them: frames with a checksum, torn tails ignored."""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from hubbub.terms.pings import PING, Pings

MAGIC: Final = b"hubbubJ1"
FRAME: Final = struct.Struct("<II")  # bytes of the payload, its CRC-32
SUFFIX: Final = ".journal"


class Segment(NamedTuple):
    """A segment on the disk: which journal it belongs to, and where in its order."""

    journal: str
    number: int
    path: Path


def segments(folder: Path) -> list[Segment]:
    """List the segments that wait for their commit, oldest first."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        journal, _, number = path.stem.partition("-")
        found.append(Segment(journal, int(number), path))
    return sorted(found)


def complete_segments(folder: Path) -> list[Segment]:
    """List the segments that nobody writes any more and that have no unfinished one before them.

    A listing may miss a file made while it ran, so only what a second listing confirms counts: a
    segment is made before any that has a higher number.
    """
    last = {segment.journal: segment.number for segment in segments(folder)}
    complete: list[Segment] = []
    unfinished: set[str] = set()
    for segment in segments(folder):
        if segment.number > last.get(segment.journal, -1) or segment.journal in unfinished:
            continue
        if _is_locked(segment.path):
            unfinished.add(segment.journal)
        else:
            complete.append(segment)
    return complete


def whole_frames(content: memoryview) -> tuple[list[memoryview], int]:
    """Cut `content` into the payloads of its whole frames, and tell where the last of them ends."""
    payloads, at = [], 0
    while at + FRAME.size <= len(content):
        size, checksum = FRAME.unpack_from(content, at)
        payload = content[at + FRAME.size : at + FRAME.size + size]
        if len(payload) < size or zlib.crc32(payload) != checksum:
            break
        payloads.append(payload)
        at += FRAME.size + size
    return payloads, at


def read_segment(path: Path) -> Pings:
    """Read the rows of a segment, up to where its writer was cut off."""
    content = memoryview(path.read_bytes())
    if bytes(content[: len(MAGIC)]) != MAGIC:
        return np.empty(0, PING)
    payloads, _ = whole_frames(content[len(MAGIC) :])
    return np.frombuffer(b"".join(payloads), PING)


def pending_rows(folder: Path) -> Pings:
    """Read every row that is in the journal: written, though perhaps in the store as well."""
    rows = [np.empty(0, PING)]
    for segment in segments(folder):
        try:
            rows.append(read_segment(segment.path))
        except FileNotFoundError:
            continue  # committed meanwhile: whoever reads the store after this finds its rows
    return np.concatenate(rows)


def fsync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield file
    finally:
        os.close(file)


def _is_locked(path: Path) -> bool:
    try:
        with _opened(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
