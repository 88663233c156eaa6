"""What the keeper tells of itself and its work: small files, which other processes show."""

from pathlib import Path

import msgspec

from hubbub.terms.time import Instant


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


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What the last sweep deleted: how much, and of nobody."""

    at: Instant  # when it began
    rows: int = 0
    passes: int = 0
    visits: int = 0
    counts: int = 0  # of how services are used
    files: int = 0  # written anew


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """How rows of a sample are read, and how the history of their deals says that they may be."""

    at: Instant  # when it began
    rows: int = 0
    verdicts: int = 0  # each row for each cell
    readable: int = 0  # of them, those that say yes
    narrowed: int = 0  # agreed to, and not stamped: a signal said no when the row came
    undecided: int = 0  # collected within two minutes of a change: either is right
    disagreements: int = 0
    nobodys: int = 0  # rows of somebody who has no receipt here

    @property
    def trouble(self) -> str:
        """Say in words for the operator what is wrong, if something is."""
        if not self.disagreements and not self.nobodys:
            return ""
        return (
            f"the audit of the deal disagrees with what is read: {self.disagreements} verdicts, "
            f"{self.nobodys} rows of nobody, of {self.rows} rows; stop hubbub and tell its makers"
        )


def write_note(path: Path, note: msgspec.Struct) -> None:
    """Leave a note, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(note))
    fresh.replace(path)


def read_note[Note: msgspec.Struct](path: Path, kind: type[Note]) -> Note | None:
    """Read the newest note of a `kind`. None: there never was one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
