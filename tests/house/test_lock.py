"""Every version is pinned with its hashes, and everything imported is asked for by name."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from house.tree import MODULES, ROOT, SOURCE, tree_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = PROJECT["project"]["dependencies"]
GROUPS = PROJECT["dependency-groups"]
PROVE, MESSENGER = (
    PROJECT["project"]["optional-dependencies"][extra] for extra in ("prove", "messenger")
)
INSTALLED = [*RUN, *PROVE, *MESSENGER, *GROUPS["build"]]
LOCKS = {
    "requirements.txt": INSTALLED,
    "requirements-dev.txt": [*INSTALLED, *GROUPS["dev"]],
    "requirements-bench.txt": [*INSTALLED, *GROUPS["dev"], *GROUPS["bench"]],
    "requirements-spark.txt": GROUPS["spark"],
}


def name_of(requirement: str) -> str:
    """Take the name of a package out of a requirement, in its one spelling."""
    return re.split(r"[<>=!~;\[ ]", requirement)[0].lower().replace("_", "-")


def pins(lock: str) -> dict[str, str]:
    """Read a lock: the block of each package by its name."""
    blocks = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text())
    return {name_of(block): block for block in blocks if not block.startswith("#")}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_its_hashes(lock: str) -> None:
    loose = [n for n, block in pins(lock).items() if "==" not in block or "sha256:" not in block]
    assert loose == []
    assert {name_of(asked) for asked in LOCKS[lock]} <= pins(lock).keys()
    options = re.findall(r"^ *(--?[a-z-]+)", (ROOT / lock).read_text(), re.MULTILINE)
    assert set(options) == {"--hash"}, "no index, no link: where packages come from is not ours"


@pytest.mark.parametrize("lock", ["requirements-dev.txt", "requirements-bench.txt"])
def test_what_is_tested_and_measured_is_what_runs(lock: str) -> None:
    run, used = pins("requirements.txt"), pins(lock)
    assert {name for name in run if run[name].split(" ")[0] != used[name].split(" ")[0]} == set()


def imported(file: Path) -> set[str]:
    """Find the packages that a file imports, ours and the standard library's aside."""
    found: set[str] = set()
    for node in ast.walk(tree_of(file)):
        match node:
            case ast.Import(names=names):
                found |= {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.partition(".")[0])
    return found - sys.stdlib_module_names - {"hubbub", "bench"}


def test_every_package_imported_is_asked_for() -> None:
    asked = {name_of(requirement) for requirement in (*RUN, *MESSENGER)}
    owners = packages_distributions()
    for file in MODULES:
        for package in imported(file):
            named = {name_of(owner) for owner in owners[package]}
            assert named & asked, f"{file.relative_to(SOURCE)} imports {package}"


def test_every_package_asked_for_is_imported() -> None:
    unseen = {"uvloop"}  # granian takes it when it is there
    owners = packages_distributions()
    used = {name_of(o) for file in MODULES for p in imported(file) for o in owners[p]}
    assert {name_of(requirement) for requirement in RUN} - used - {"sqlglot"} - unseen == set()
