"""Checks what a house chains, in a process of its own: the accountant takes a second to load."""

import sys
from pathlib import Path

import msgspec

from hubbub.record.ledger_check import Report, verify
from hubbub.record.reads_shelf import ReadsReport
from hubbub.run.home import Home
from hubbub.run.house import open_reads_shelf


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the ledger and in the log of reads. None: there is none yet."""

    ledger: Report | None
    reads: ReadsReport | None

    @property
    def faults(self) -> tuple[str, ...]:
        """List what is not as it was written."""
        return tuple(
            f"{name}: {fault}"
            for name, report in (("the ledger", self.ledger), ("the log of reads", self.reads))
            for fault in (report.faults if report else ())
        )


def verify_books(home: Home) -> Verified:
    """Check both from their first entries."""
    return Verified(
        ledger=verify(home.ledger) if home.ledger.exists() else None,
        reads=open_reads_shelf(home).verify(),
    )


if __name__ == "__main__":
    found = verify_books(Home(Path(sys.argv[1])))
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
