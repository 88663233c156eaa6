"""Until when local days are closed. What comes after that for a closed day rests as late.

Two processes meet here: one closes days, one commits rows. Whoever commits holds the mark still, so
that no row comes to rest as in time that a closed day has not summed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hubbub.record.journal_segments import fsync_folder
from hubbub.terms.time import Instant

_MARK: Final = "closed-until"


class Closing:
    """The mark, on disk. It never goes back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def until(self) -> Instant:
        """Tell until when days are closed."""
        try:
            return Instant(int((self._folder / _MARK).read_text()))
        except FileNotFoundError:
            return Instant(0)

    @contextmanager
    def held(self) -> Iterator[Instant]:
        """Tell until when days are closed, and hold it at that."""
        with self._locked(fcntl.LOCK_SH):
            yield self.until()

    def close(self, until: Instant) -> None:
        """Close every day up to `until`: on disk, and heard of by all, when this returns."""
        with self._locked(fcntl.LOCK_EX):
            if until <= self.until():
                return
            fresh = self._folder / f"{_MARK}.new"
            with fresh.open("w") as file:
                file.write(str(until))
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(self._folder / _MARK)
            fsync_folder(self._folder)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, how)
            yield
        finally:
            os.close(folder)
