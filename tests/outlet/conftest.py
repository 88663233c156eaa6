"""A house for each test of the outlet, and a caller who asks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from outlet.fake_house import Caller, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a house with two roads and nothing released."""
    made = House(tmp_path)
    yield made
    if "deals" in vars(made):  # it was opened
        made.deals.close()


@pytest.fixture
def caller(house: House) -> Caller:
    """Give somebody who asks that house."""
    return Caller(house)
