"""A type checker refuses the forgeries in typing_tests: lines marked `# no:`, and no others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from house.tree import ROOT

TY = Path(sys.executable).with_name("ty")
FORGERIES = sorted((ROOT / "typing_tests").glob("*.py"))


@pytest.mark.parametrize("file", FORGERIES, ids=lambda file: file.stem)
def test_exactly_the_forgeries_are_refused(file: Path) -> None:
    lines = file.read_text().splitlines()
    expected = {number for number, line in enumerate(lines, 1) if "# no:" in line}
    assert expected, "a file of forgeries has some"
    checked = subprocess.run(
        [TY, "check", "--output-format", "concise", "--no-progress", "--python", sys.prefix, file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    refused = {int(number) for number in re.findall(rf"{file.name}:(\d+):", checked.stdout)}
    assert refused == expected, checked.stdout + checked.stderr


def test_there_are_forgeries_to_refuse() -> None:
    assert FORGERIES
