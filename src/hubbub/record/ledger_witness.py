"""What the store of people's rows remembers of the ledger, so that a lost one is noticed.

A small file beside the rows names the ledger's last entry and its hash. A ledger restored from an
old copy would spend the same privacy twice: its last entry is before the one that is remembered.
"""

import os
from pathlib import Path

import msgspec

from hubbub.terms.errors import Refused


class LedgerLost(Refused):
    """The ledger is missing, older than people's rows, or another one. Restore the right one."""


class Head(msgspec.Struct, frozen=True):
    """The last entry of a ledger."""

    seq: int
    hash: str


START = Head(seq=0, hash="0" * 64)
"""The head of a ledger without entries."""

_ROOM_BYTES = 256


class Witness:
    """The file beside the rows that remembers the ledger's head."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, which may not exist yet."""
        self._path = path
        self._file: int | None = None

    def head(self) -> Head:
        """Give the head that was last remembered; beside no rows yet, that of an empty ledger."""
        if not self._path.exists():
            return START
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Head)
        except msgspec.MsgspecError:
            raise LedgerLost(
                f"{self._path.name} cannot be read: restore it from a backup"
            ) from None

    def remember(self, head: Head) -> None:
        """Remember `head`. One write in place: a kill leaves either the old or the new."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(self._file, msgspec.json.encode(head).ljust(_ROOM_BYTES), 0)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
