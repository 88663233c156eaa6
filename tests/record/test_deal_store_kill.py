"""Whoever makes deals is killed at any moment: what was handed out holds, nothing is half done."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLS = 24


def test_a_deal_store_killed_at_any_moment_keeps_every_receipt_that_was_handed_out() -> None:
    """A small share of what `make deal-kills` does. In a process of its own: it forks."""
    command = (sys.executable, "-m", "bench.deal_kills", str(KILLS))
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert found["faults"] == []
    assert found["kills"] >= KILLS
    assert found["handed_out"] >= 1, "all were killed before they could tell anything"
    assert found["there"] >= found["handed_out"]
    assert found["killed_in"].get("choosing", 0) >= 1, "all were killed while they opened the store"
