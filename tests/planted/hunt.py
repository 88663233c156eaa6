"""Plant a bug in a copy of the source, run the tests and checks that must fail, and judge how."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

from house.tree import ROOT

SECONDS_MAX: Final = 600
_TESTS: Final = ROOT / "tests"
_STOPPED_RIGHTLY: Final = ("stopped by AssertionError", "stopped by BoundBroken")


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
    killers: tuple[str, ...]  # ids of pytest, from tests/ on: one of them has to fail
    checks: tuple[str, ...] = ()  # of `hubbub prove`: each of them has to fail


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
        verdict = _judged(*failures(source, bug.killers))
        held = [check for check in bug.checks if not is_failed(run_check(source, check))]
    if verdict.end == "killed" and held:
        return Verdict(end="survived", why=f"hubbub prove finds nothing: {', '.join(held)}")
    return verdict


def is_quiet(bugs: Iterable[Bug]) -> Verdict:
    """Run what must fail with a bug on a copy without one: nothing may fail."""
    killers = {killer for bug in bugs for killer in bug.killers}
    checks = {check for bug in bugs for check in bug.checks}
    with TemporaryDirectory(prefix="planted-") as folder:
        source = copy_of_source(Path(folder))
        verdict = _judged(*failures(source, tuple(sorted(killers))))
        told = {check: run_check(source, check) for check in sorted(checks)}
    for check, (outcome, why) in told.items():
        if outcome != "held":
            return Verdict(end="broken", why=f"{check}: {why}")
    return verdict


def copy_of_source(folder: Path) -> Path:
    """Copy the source to `folder`: nothing is ever planted in the checkout."""
    unneeded = shutil.ignore_patterns("__pycache__", "static")
    return shutil.copytree(ROOT / "src", folder / "src", ignore=unneeded)


def failures(source: Path, killers: tuple[str, ...]) -> tuple[int, list[Death], str]:
    """Run tests on the source in `source`: the exit code, what failed, and what was printed."""
    seen = source.parent / "seen.jsonl"
    environment = {**_environment(source), "PLANTED_SEEN": str(seen)}
    options = ("-q", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "planted.witness")
    run = [sys.executable, "-m", "pytest", *options, *(f"tests/{each}" for each in killers)]
    ran = _run(run, ROOT, environment)
    lines = seen.read_text().splitlines() if seen.exists() else []
    return ran.returncode, [Death(**json.loads(line)) for line in lines], ran.stdout + ran.stderr


def run_check(source: Path, check: str) -> tuple[str, str]:
    """Run a check of `hubbub prove` on the source in `source`: its outcome, and what it tells."""
    run = [sys.executable, "-m", "hubbub.prove.worker", str(source.parent / "home"), "1"]
    ran = _run(run, source.parent, _environment(source), given=check)
    _, _, answer = ran.stdout.partition("\n")
    verdict = json.loads(answer) if answer else {"outcome": "broken", "told": ran.stderr[-300:]}
    return verdict["outcome"], verdict["told"]


def is_failed(found: tuple[str, str]) -> bool:
    """Tell whether a check found something, or was refused by a gate; a crash is no finding."""
    outcome, told = found
    stopped = told.startswith("stopped by")
    return outcome == "failed" and (not stopped or told.startswith(_STOPPED_RIGHTLY))


def _run(
    command: list[str], folder: Path, environment: dict[str, str], *, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end: without one, it did not run."""
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": SECONDS_MAX}
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, input=given, check=False, **options
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, -1, "", f"no end after {SECONDS_MAX} s")


def _environment(source: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(source), str(_TESTS)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(source.parent / "hypothesis"),
        "PLANTED_SOURCE": str(source),
    }


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
