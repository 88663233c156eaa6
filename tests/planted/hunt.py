"""Plant a bug in a copy of the source, run the tests that must fail, and judge how they failed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from house.tree import ROOT

SECONDS_MAX: Final = 150
_TESTS: Final = ROOT / "tests"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change of one file under src/hubbub. The `old` text stands in it exactly once."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Bug:
    """A bug that somebody could make, what it would do to a person, and the tests that see it."""

    name: str
    harm: str
    edits: tuple[Edit, ...]
    killers: tuple[str, ...]  # ids of pytest, from tests/ on


@dataclass(frozen=True, kw_only=True)
class Death:
    """How one test failed."""

    test: str
    kind: str
    is_verdict: bool  # an assertion or a refusal, and not a program that does not run


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a bug."""

    end: Literal["killed", "survived", "broken", "stale"]
    why: str


def stale(bug: Bug, source: Path = ROOT / "src") -> list[str]:
    """List the files in which the text that `bug` replaces does not stand exactly once."""
    return [edit.file for edit in bug.edits if _text(source, edit.file).count(edit.old) != 1]


def hunt(bug: Bug) -> Verdict:
    """Plant `bug` in a copy of the source and run its killers there."""
    if files := stale(bug):
        return Verdict(end="stale", why=f"its old text does not stand once in {', '.join(files)}")
    with TemporaryDirectory(prefix="planted-") as folder:
        source = copy_of_source(Path(folder))
        for edit in bug.edits:
            planted = _text(source, edit.file).replace(edit.old, edit.new)
            (source / "hubbub" / edit.file).write_text(planted)
        return _judged(*failures(source, bug.killers))


def is_quiet(killers: Iterable[str]) -> Verdict:
    """Run all `killers` on a copy without a bug: none of them may fail."""
    with TemporaryDirectory(prefix="planted-") as folder:
        return _judged(*failures(copy_of_source(Path(folder)), tuple(sorted(set(killers)))))


def copy_of_source(folder: Path) -> Path:
    """Copy the source to `folder`: nothing is ever planted in the checkout."""
    unneeded = shutil.ignore_patterns("__pycache__", "static")
    return shutil.copytree(ROOT / "src", folder / "src", ignore=unneeded)


def failures(source: Path, killers: tuple[str, ...]) -> tuple[int, list[Death], str]:
    """Run tests on the source in `source`: the exit code, what failed, and what was printed."""
    seen = source.parent / "seen.jsonl"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(source), str(_TESTS)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(source.parent / "hypothesis"),
        "PLANTED_SOURCE": str(source),
        "PLANTED_SEEN": str(seen),
    }
    options = ("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "planted.witness")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *(f"tests/{each}" for each in killers)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, [], f"no end after {SECONDS_MAX} s"
    lines = seen.read_text().splitlines() if seen.exists() else []
    return ran.returncode, [Death(**json.loads(line)) for line in lines], ran.stdout + ran.stderr


def _judged(code: int, deaths: list[Death], printed: str) -> Verdict:
    """Count a failed assertion or a refusal as a kill; a program that does not run is none."""
    for death in deaths:
        if death.is_verdict:
            return Verdict(end="killed", why=f"{death.test} ({death.kind})")
    if code == 0:
        return Verdict(end="survived", why="every test passed")
    said = deaths[0].kind if deaths else "\n".join(printed.strip().splitlines()[-3:])
    return Verdict(end="broken", why=f"the tests did not run: {said}")


def _text(source: Path, file: str) -> str:
    return (source / "hubbub" / file).read_text()
