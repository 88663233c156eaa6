"""Searches every file of a house for the traces of one person: rows, names, numbers of receipts.

Rows are decoded, so that no compression hides one. What is a person's alone (how receipts name
them, token, receipts, sessions, passkeys, moments at which they were somewhere) is searched for in
the raw bytes of every file, as text, as hexadecimal digits and as it is.
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.record.journal_segments import SUFFIX, read_segment
from hubbub.record.passes_log import PASSES_SUFFIX, read_passes
from hubbub.record.use_store import USE_FILE, has_rows_of
from hubbub.terms.people import Personal, Subject

_MOMENTS_MAX: Final = 200
_NAME_BYTES_MIN: Final = 6  # a shorter name stands in many a word
_MESSENGER: Final = "messenger"
_PICTURES: Final = (_MESSENGER, "media")
"""What people sent each other, stored by the homeserver: nothing of ours is ever in it."""
_NO_NAMES_OF_OURS: Final = ("city", "keys", "hubbub.toml", _MESSENGER)
"""Where a name that stands is none that somebody gave to hubbub: people write what they like."""


class Traces(Personal, frozen=True, kw_only=True):
    """What only one person leaves behind. What is not known any more cannot be searched for."""

    subject: Subject
    moments: tuple[int, ...] = ()  # microseconds since 1970 of the rows
    person: UUID | None = None
    receipts: tuple[UUID, ...] = ()
    token: bytes = b""  # its SHA-256
    counts: tuple[bytes, ...] = ()  # what those of how they used services are known by
    sessions: tuple[bytes, ...] = ()  # SHA-256 of each
    passkeys: tuple[bytes, ...] = ()  # what devices call them, and their public halves
    name: str = ""
    longer_names: tuple[str, ...] = ()  # of others, in which this one stands: no traces of it
    account: str = ""  # of the messenger

    def kinds(self) -> tuple[str, ...]:
        """Name what is searched for."""
        known = {
            "rows": True,
            "moments": bool(self.moments),
            "person": self.person is not None,
            "receipts": bool(self.receipts),
            "token": bool(self.token),
            "counts": bool(self.counts),
            "sessions": bool(self.sessions),
            "passkeys": bool(self.passkeys),
            "name": bool(self.name_needles()),
            "account": bool(self.account),
        }
        return tuple(kind for kind, is_known in known.items() if is_known)

    def needles(self) -> tuple[bytes, ...]:
        """Write what is searched for in every file."""
        ids = self.receipts if self.person is None else (self.person, *self.receipts)
        forms = [form for each in ids for form in (str(each).encode(), each.hex.encode())]
        forms += [each.bytes for each in ids]
        for secret in (self.token, *self.counts[:_MOMENTS_MAX], *self.sessions, *self.passkeys):
            if secret:
                forms += [secret, secret.hex().encode()]
        forms += [struct.pack("<qq", self.subject, at) for at in self.moments[:_MOMENTS_MAX]]
        return tuple(forms)

    def name_needles(self) -> tuple[bytes, ...]:
        """Write what is searched for where people's names may stand: the name, if it tells.

        A short one stands in many a word, and one plain word may be one of hubbub's own.
        """
        if self.name.isascii() and self.name.isalpha() and self.name.islower():
            return ()
        return tuple(form for form in _written(self.name) if len(form) >= _NAME_BYTES_MIN)


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """What was searched, and where something was found: names of files, and of nobody."""

    files: int
    size_bytes: int
    found_in: tuple[str, ...]


def search(folder: Path, traces: Traces) -> Searched:
    """Search all files in `folder`."""
    files, size_bytes, found = 0, 0, []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_symlink() or not path.is_file():
                continue
            if path.relative_to(folder).parts[:2] == _PICTURES:
                continue
            size_bytes += path.stat().st_size
            if _is_found(path, traces, named=path.relative_to(folder).parts[0]):
                found.append(path.relative_to(folder).as_posix())
            files += 1
        except FileNotFoundError:
            continue  # it went while we looked: whatever replaced it is listed too
    return Searched(files=files, size_bytes=size_bytes, found_in=tuple(found))


def _is_found(path: Path, traces: Traces, *, named: str) -> bool:
    names = () if named in _NO_NAMES_OF_OURS else traces.name_needles()
    if traces.account and named != _MESSENGER:  # the homeserver's own files are the homeserver's
        names = (*names, traces.account.encode())
    longer = {form for name in traces.longer_names for form in _written(name)}
    return _has_rows(path, traces.subject) or any(
        _found(path, traces.needles(), names=names, longer=longer)
    )


def _written(name: str) -> set[bytes]:
    return {name.encode(), msgspec.json.encode(name)[1:-1]}


def _found(
    path: Path, needles: tuple[bytes, ...], *, names: tuple[bytes, ...], longer: set[bytes]
) -> Iterator[bool]:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield from (content.find(needle) >= 0 for needle in needles)
            yield from (_stands_alone(content, name, longer) for name in names)


def _stands_alone(content: mmap.mmap, name: bytes, longer: set[bytes]) -> bool:
    """Tell whether `name` stands anywhere but within a longer one."""
    within = [
        (whole, place)
        for whole in longer
        for place in range(len(whole))
        if whole.startswith(name, place)
    ]
    at = content.find(name)
    while at >= 0:
        wholes = (at >= place and _reads(content, whole, at=at - place) for whole, place in within)
        if not any(wholes):
            return True
        at = content.find(name, at + 1)
    return False


def _reads(content: mmap.mmap, text: bytes, *, at: int) -> bool:
    return content[at : at + len(text)] == text


def _has_rows(path: Path, subject: Subject) -> bool:
    if path.suffix == SUFFIX:
        return bool(np.any(read_segment(path)["subject"] == subject))
    if path.suffix == PASSES_SUFFIX:
        return bool(pc.any(pc.equal(read_passes(path)["subject"], subject)).as_py())
    if path.name == USE_FILE:
        return has_rows_of(path, subject)
    if path.suffix == ".parquet" and "subject" in pq.read_schema(path).names:
        subjects = pq.ParquetFile(path).read(columns=["subject"])["subject"]
        return bool(pc.any(pc.equal(subjects, subject)).as_py())
    return False
