"""What erasing one person costs: bytes that are written anew, of all that there are.

    python -m bench.erasing [--rows 10000000]

A bucket of people is a 64th of a day. Erased are who drove every day of the week, which is the
worst that there is, and others by chance. A day that lies as it came is sorted before somebody is
erased from it, which was due anyway: what that writes is told apart.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from deltalake.transaction import AddAction

from bench.people import ALWAYS, ROWS_A_PERSON, fill
from bench.traffic import tell
from hubbub.record.events import BUCKETS, EventStore
from hubbub.terms.people import Subject

ROWS: Final = 10_000_000
OTHERS: Final = 4


class Measured(EventStore):
    """Counts the bytes that it writes, by the first word of their files' names."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.written: Counter[str] = Counter()

    def _write_table(
        self, table: pa.Table, day: int, bucket: int, *, name: str, fresh: bool
    ) -> AddAction:
        added = super()._write_table(table, day, bucket, name=name, fresh=fresh)
        self.written[name.partition("-")[0]] += added.size
        return added


def main() -> None:
    """Erase from a store that is all sorted, and from one whose last day is not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    for sort_last in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), rows, sort_last=sort_last)
            store = Measured(Path(folder))
            tell(f"{rows:,} rows, the last day {'sorted' if sort_last else 'as it came'}")
            dice = np.random.default_rng(7)
            others = dice.integers(2, rows // ROWS_A_PERSON, OTHERS).tolist()
            for subject in (ALWAYS, *others):
                _erase(store, Subject(subject))


def _erase(store: Measured, subject: Subject) -> None:
    whole = sum(file.size for file in store.listing())
    store.written.clear()
    began, began_cpu = time.perf_counter(), time.process_time()
    erased = store.erase(subject)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    written, sorting = store.written["kept"], store.written["sorted"]
    who = "who drove every day" if subject == ALWAYS else "somebody"
    tell(
        f"{who}: {erased.rows} rows in {erased.files} files; {written:,} bytes written anew, "
        f"{written / whole:.4%} of all, {written / whole * BUCKETS:.2f} of a 64th; "
        f"{sorting:,} in sorting before; {took_s:.2f} s, {cpu_s:.2f} CPU-s"
    )


if __name__ == "__main__":
    main()
