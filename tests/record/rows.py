"""Rows for the tests of the record: small, and recognisable by their second."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hubbub.record.reads_log import ReadsLog
from hubbub.terms.pings import PING, Pings
from hubbub.terms.time import SECOND, Instant

DAY_0 = 20_780 * 86_400
"""2026-11-23T00:00Z, in seconds."""


def rows_at(
    seconds: Iterable[int], *, subject: int = 1, receipt: int = 1, may: int = 0b1_0000_0001
) -> Pings:
    """Make a row for each of `seconds` after the beginning of a day."""
    at = np.fromiter(seconds, np.int64)
    rows = np.zeros(len(at), PING)
    rows["subject"], rows["receipt"], rows["may"] = subject, receipt, may
    rows["at"] = (DAY_0 + at) * SECOND
    rows["lat_e6"], rows["lon_e6"] = 60_170_000 + at % 1_000, 24_940_000
    rows["speed_cms"] = 800
    return rows


class StandingClock:
    """Stands still at noon."""

    def now(self) -> Instant:
        """Tell the same instant always."""
        return Instant((DAY_0 + 43_200) * SECOND)


def reads_log(folder: Path) -> ReadsLog:
    """Open the log of reads of a record in `folder`."""
    witness = folder / "events" / "_reads.head"
    return ReadsLog(folder / "reads.sqlite", witness=witness, clock=StandingClock())
