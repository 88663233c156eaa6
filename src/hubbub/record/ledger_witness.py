"""What the store of people's rows remembers of the ledger, so that a lost or copied one is noticed.

A small file beside the rows names the ledger's last entry, its hash, and where the ledger lives. A
ledger restored from an old copy would spend the same privacy twice: its last entry is before the
one that is remembered. So would a copy that was made with the rows: it lives somewhere else.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from hubbub.record.chain import Head
from hubbub.terms.errors import Refused

_MACHINE_IDS: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_ROOM_BYTES: Final = 512


class LedgerLost(Refused):
    """The ledger is missing, older than people's rows, moved or copied. Restore it, or adopt it."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"{why}. Restore the right one; or let this house go on without what is left of "
            "today: `hubbub ledger adopt`"
        )


class Place(msgspec.Struct, frozen=True):
    """Where a ledger lives: a move within its disk changes nothing of it, a copy does."""

    machine: str  # empty where the machine has no id
    disk: int  # the file system's id
    file: int  # its number on the disk

    @classmethod
    def of(cls, path: Path) -> "Place":
        """Tell where the file at `path` lives."""
        ids = (each.read_text().strip() for each in _MACHINE_IDS if each.is_file())
        machine = next(filter(None, ids), "")
        return cls(
            machine=machine and sha256(b"hubbub ledger " + machine.encode()).hexdigest()[:32],
            disk=os.statvfs(path).f_fsid,
            file=path.stat().st_ino,
        )

    def unlike(self, before: "Place") -> str:
        """Say in what this differs from where the ledger lived before."""
        if self.machine == before.machine:
            where = "disk" if self.disk != before.disk else "file"
            return f"was in another {where} on this machine: it was copied, restored or moved"
        if (self.disk, self.file) == (before.disk, before.file):
            return (
                "is on a machine of another id: the disk was copied or moved, or this is a "
                "container that was made anew (then mount the host's /etc/machine-id into it)"
            )
        return "was on another machine: it was copied, restored or moved"


class Remembered(msgspec.Struct, frozen=True):
    """The last entry of a ledger, and where the ledger lives."""

    head: Head
    place: Place


class Witness:
    """The file beside the rows that remembers the ledger."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, which may not exist yet."""
        self._path = path
        self._file: int | None = None

    def recall(self) -> Remembered | None:
        """Give what was last remembered. None: there was never a ledger beside these rows."""
        if not self._path.exists():
            return None
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Remembered)
        except msgspec.MsgspecError:
            raise LedgerLost(f"{self._path.name} cannot be read") from None

    def remember(self, ledger: Remembered) -> None:
        """Remember it. One write in place: a kill leaves either the old or the new."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(self._file, msgspec.json.encode(ledger).ljust(_ROOM_BYTES), 0)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
