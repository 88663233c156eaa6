"""The log of the event store, as far as it is read without Delta Lake: entries and checkpoints."""

from pathlib import Path
from typing import Final

import msgspec


class _Add(msgspec.Struct):
    path: str
    dataChange: bool  # noqa: N815 - Delta's own name


class _Action(msgspec.Struct):
    add: _Add | None = None


class _Checkpoint(msgspec.Struct):
    version: int


LAST_CHECKPOINT: Final = "_last_checkpoint"
_CHECKPOINT: Final = msgspec.json.Decoder(_Checkpoint)
_ENTRY: Final = msgspec.json.Decoder(_Action)


def entry(version: int) -> str:
    """Name the entry of `version`."""
    return f"{version:020d}.json"


def rows_added(log: Path, version: int) -> list[str]:
    """List the files by which a version has more rows than the one before."""
    actions = _ENTRY.decode_lines((log / entry(version)).read_bytes())
    return [action.add.path for action in actions if action.add and action.add.dataChange]


def folded_to(log: Path) -> int:
    """Tell up to which version the log is folded into a checkpoint. -1: none yet."""
    try:
        return _CHECKPOINT.decode((log / LAST_CHECKPOINT).read_bytes()).version
    except (FileNotFoundError, msgspec.DecodeError):  # or it is being replaced
        return -1
