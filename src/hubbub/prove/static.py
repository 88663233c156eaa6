"""Before anything runs: which room may import which, and what a type checker must refuse."""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hubbub.prove.check import Case, Check, Verdict, failed, verdict

CONTRACTS_FILE: Final = Path(__file__).with_name("contracts.toml")
FORGERIES: Final = tuple(sorted(Path(__file__).with_name("forgeries").glob("*.py")))
"""Programs that try to forge a promise: every line marked `# no:` must be refused, and no other."""

_INSTALLED: Final = Path(__file__).parents[2]
_MARK: Final = "# no:"


def check_contracts(case: Case) -> Verdict:
    """Check what every module imports against the contracts."""
    del case
    printed = _run("lint-imports", str(CONTRACTS_FILE), "--no-logo", "--no-cache")
    if printed is None:
        return _without("import-linter")
    summary = re.search(r"Contracts: (\d+) kept, (\d+) broken", printed)
    if summary is None:
        return failed(f"import-linter could not read the contracts: {printed[-300:]}")
    broken = re.findall(r"^(.+) BROKEN", printed, re.MULTILINE)
    kept, modules = int(summary[1]), re.search(r"Analyzed (\d+) files, (\d+) dep", printed)
    looked_at = f", {modules[1]} modules with {modules[2]} imports" if modules else ""
    return verdict([f"broken: {name}" for name in broken], f"{kept} contracts kept{looked_at}")


def check_forgeries(case: Case) -> Verdict:
    """Let a type checker read the forgeries."""
    del case
    faults, refused = list[str](), 0
    for file in FORGERIES:
        found = refused_lines(file)
        if found is None:
            return _without("ty")
        expected = marked_lines(file)
        refused += len(expected)
        faults += [f"{file.name}:{line} passes for genuine" for line in sorted(expected - found)]
        faults += [f"{file.name}:{line} is refused" for line in sorted(found - expected)]
    if not refused:
        return failed("there are no forgeries to refuse")
    return verdict(faults, f"{refused} forgeries refused, and nothing else")


def marked_lines(file: Path) -> set[int]:
    """List the lines that must be refused."""
    lines = file.read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if _MARK in line}


def refused_lines(file: Path) -> set[int] | None:
    """List the lines that the type checker refuses. None: there is no type checker."""
    with TemporaryDirectory() as folder:  # an empty project: no settings but its own
        printed = _run(
            "ty",
            "check",
            *("--output-format", "concise", "--no-progress", "--python", sys.prefix),
            *("--extra-search-path", str(_INSTALLED), "--project", folder, str(file)),
        )
    if printed is None:
        return None
    return {int(number) for number in re.findall(rf"{file.name}:(\d+):", printed)}


def _run(tool: str, *arguments: str) -> str | None:
    """Run a tool of this very environment, and give what it prints; None if it is not there."""
    program = Path(sys.executable).with_name(tool)
    if not program.exists():
        return None
    ran = subprocess.run(  # noqa: S603 - our own tools
        (program, *arguments), capture_output=True, text=True, check=False
    )
    return ran.stdout + ran.stderr


def _without(tool: str) -> Verdict:
    return failed(f"{tool} is not installed: install hubbub[prove]")


CONTRACTS: Final = Check(
    id="contracts",
    sentence="The rooms know of each other only what the way of the rows allows.",
    run=check_contracts,
)
TYPES: Final = Check(
    id="types",
    sentence="A type checker refuses every known way to forge a promise, and nothing genuine.",
    run=check_forgeries,
)
