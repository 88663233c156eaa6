"""Whoever pays is killed at any moment: nothing is seen unpaid, in two ways, or overdrawn."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KILLS = 60


def test_a_payer_killed_at_any_moment_leaves_a_sound_ledger() -> None:
    """A small share of what `make kills` does. In a process of its own: it forks."""
    command = (sys.executable, "-m", "bench.kills", str(KILLS))
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert found["faults"] == []
    assert found["kills"] >= KILLS
    assert found["seen"] >= 1, "payers were killed before they could tell anything"
    assert found["released"] >= found["seen"]
    assert len(found["killed_in"]) >= 3, "payers were killed at one and the same moment"
