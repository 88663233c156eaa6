"""What the keeper tells of itself: a small file, so that the web process can show it."""

from pathlib import Path

import msgspec


class KeeperStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the keeper is doing. Instants and seconds are the house's unless they say `wall`."""

    beat_wall: int  # real instant of this note, in microseconds
    rows: int = 0  # committed since it started
    late: int = 0  # of them, those that came when their day was closed
    passes: int = 0  # matched since it started
    phones: int = 0  # followed now
    releases: int = 0  # made since it started
    commit_s: float = 0.0  # the last drain took so long
    tick_s: float = 0.0  # the last tick of traffic took so long
    trouble: str = ""  # in words for the operator


def write_status(path: Path, status: KeeperStatus) -> None:
    """Leave a note, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(status))
    fresh.replace(path)


def read_status(path: Path) -> KeeperStatus | None:
    """Read the newest note. None: the keeper never wrote one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=KeeperStatus)
    except FileNotFoundError:
        return None
