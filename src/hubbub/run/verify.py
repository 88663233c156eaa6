"""Checks the ledger of a house, in a process of its own: the accountant takes a second to load."""

import sys
from pathlib import Path

import msgspec

from hubbub.record.ledger_check import verify
from hubbub.run.home import Home

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(verify(Home(Path(sys.argv[1])).ledger)) + b"\n")
