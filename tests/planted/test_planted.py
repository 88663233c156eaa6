"""Planted bugs are caught, and a hunt that catches nothing says so."""

from concurrent.futures import ThreadPoolExecutor

from house.tree import ROOT
from planted.bugs import BUGS
from planted.hunt import Bug, Edit, hunt, stale

IN_EVERY_TEST_RUN = (
    "the bit of another purpose",
    "a budget without an end",
)
"""The others: `make prove-mutants`."""

ONE = next(bug for bug in BUGS if bug.name == "the bit of another purpose")


def with_new_text(new: str) -> Bug:
    """Plant something else in the place of a bug."""
    (edit,) = ONE.edits
    changed = Edit(file=edit.file, old=edit.old, new=new)
    return Bug(name="other", harm="", edits=(changed,), killers=ONE.killers)


def test_planted_bugs_are_caught_and_nothing_else_is() -> None:
    """What changes nothing survives; what does not run, or has no place, was not caught."""
    caught = [bug for bug in BUGS if bug.name in IN_EVERY_TEST_RUN]
    harmless = with_new_text(f"{ONE.edits[0].old}, True")
    broken = with_new_text("nobody_knows_this")
    gone = Bug(
        name="gone",
        harm="",
        edits=(Edit(file="deal/gate.py", old="no such text", new=""),),
        killers=ONE.killers,
    )
    with ThreadPoolExecutor(2) as pool:
        ends = [v.end for v in pool.map(hunt, [*caught, harmless, broken, gone])]
    assert len(caught) == len(IN_EVERY_TEST_RUN)
    assert ends == ["killed"] * len(caught) + ["survived", "broken", "stale"]


def test_every_bug_still_has_its_place() -> None:
    """A bug whose text has changed is planted nowhere: mend it in `planted/bugs.py`."""
    assert {bug.name: files for bug in BUGS if (files := stale(bug))} == {}


def test_every_bug_says_whom_it_harms_and_names_tests_that_exist() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 15
    for bug in BUGS:
        assert bug.harm.endswith(".")
        assert bug.edits
        assert bug.killers
        for killer in bug.killers:
            file, _, test = killer.partition("::")
            assert f"def {test}(" in (ROOT / "tests" / file).read_text(), killer
