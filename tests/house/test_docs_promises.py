"""The numbers that the pages name are those that the products declare."""

from math import exp

from house.tree import ROOT
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL

GATES = (ROOT / "docs" / "know" / "gates.md").read_text()


def row_of(name: str) -> str:
    """Find the row of a plan."""
    return next(line for line in GATES.splitlines() if line.startswith(f"| `{name}`"))


def test_every_plan_is_told_with_its_cost_and_its_floor() -> None:
    for declared in (LIVE_DAY, LIVE_PASSAGE, TYPICAL):
        row = row_of(declared.name)
        assert f"epsilon {declared.epsilon:g}" in row
        assert f"about {declared.floor.people} people" in row
        assert (f"delta {declared.delta:g}".replace("e-0", "e-") in row) is bool(declared.delta)


def test_the_worst_guess_is_told() -> None:
    percent = 100 / (1 + exp(-LIVE_DAY.epsilon))
    assert f"up to {percent:.0f} % sure" in GATES
