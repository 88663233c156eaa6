"""What tests of roads share: a deaf ear for progress, and where the benchmark's data lies."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared" / "data"


def quiet(_what: str, _done: float) -> None:
    """Hear of progress and say nothing."""


def shared(name: str) -> Path:
    """Find a file beside the checkout; a machine without it skips, and says so."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"not on this machine: {name} (the benchmark's data, beside the checkout)")
    return path
