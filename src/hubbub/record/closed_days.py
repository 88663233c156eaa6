"""The shelf of closed days: exact sums on disk, from the end of a day to the release of its block.

They are nobody's to see: files of their owner alone, and no longer there than the block needs them.
"""

import os
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from hubbub.crowd.blocks import day_name
from hubbub.crowd.days import KeptDay
from hubbub.record.journal_segments import fsync_folder

_SUFFIX: Final = ".sums.parquet"
_ASKED: Final = b"asked"
_DEAD: Final = b"dead"


class ClosedDays:
    """A file a product, edition and day. It is there whole or not at all, whatever is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def kept(self, product: str, edition: int, day: int) -> KeptDay | None:
        """Give what is kept of a day. A file that is damaged is none: its day is summed again."""
        try:
            sums = pq.read_table(self._path(product, edition, day), page_checksum_verification=True)
        except (FileNotFoundError, pa.ArrowException, OSError):
            return None
        told = sums.schema.metadata
        return KeptDay(
            product=product,
            edition=edition,
            day=day,
            asked=told[_ASKED].decode(),
            dead=told[_DEAD].decode(),
            sums=sums.replace_schema_metadata(),
        )

    def keep(self, day: KeptDay) -> None:
        """Keep a day, on disk before this returns, in place of what was kept of it."""
        told = {_ASKED: day.asked, _DEAD: day.dead}
        path = self._path(day.product, day.edition, day.day)
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        with fresh.open("wb") as file:
            pq.write_table(
                day.sums.replace_schema_metadata(told),
                file,
                compression="zstd",
                write_page_checksum=True,
            )
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        fsync_folder(self._folder)

    def forget_before(self, product: str, day: int) -> None:
        """Delete what is kept of the days of `product` before `day`."""
        for path in self._folder.glob(f"{product}@*"):
            if path.name.split("@")[2] < day_name(day):
                path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete all of it: days are summed again, without whoever is erased meanwhile."""
        for path in self._folder.glob("*@*"):
            path.unlink(missing_ok=True)

    def _path(self, product: str, edition: int, day: int) -> Path:
        return self._folder / f"{product}@{edition}@{day_name(day)}{_SUFFIX}"
