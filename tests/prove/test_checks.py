"""Each check of `hubbub prove` holds for the house as it is, and fails for one that is broken."""

from pathlib import Path

import pytest

from hubbub.prove.audit import SCENES
from hubbub.prove.check import Case, Verdict
from hubbub.prove.checks import BY_NAME, CHECKS
from hubbub.prove.sensitivity import STRETCHES
from hubbub.run.home import Home
from hubbub.run.products import EVERY_DECLARATION

PRODUCT = [declared.name for declared in EVERY_DECLARATION]
EFFORT = {"audit": 0.2, "sensitivity": 0.1, "noise": 0.1}
QUICK = [n for n in BY_NAME if n not in {"audit traffic.live.day", "sensitivity traffic.live.day"}]


def run(name: str) -> Verdict:
    """Run a check at the size of a test."""
    check = BY_NAME[name]
    return check.run(Case(home=Home(Path("nowhere")), effort=EFFORT.get(check.id, 1.0)))


def test_every_product_is_audited_and_its_bound_measured() -> None:
    assert SCENES.keys() == STRETCHES.keys() == set(PRODUCT)
    assert {check.of for check in CHECKS} == {*PRODUCT, ""}


def test_every_check_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(CHECKS)


@pytest.mark.parametrize("name", QUICK)
def test_what_is_promised_holds(name: str) -> None:
    found = run(name)
    assert found.outcome == ("nothing" if name == "ledger" else "held"), found.told
