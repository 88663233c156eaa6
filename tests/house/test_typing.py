"""A type checker refuses the forgeries: lines marked `# no:`, and no others."""

from pathlib import Path

import pytest

from hubbub.prove.static import FORGERIES, marked_lines, refused_lines


@pytest.mark.parametrize("file", FORGERIES, ids=lambda file: file.stem)
def test_exactly_the_forgeries_are_refused(file: Path) -> None:
    expected = marked_lines(file)
    assert expected, "a file of forgeries has some"
    assert refused_lines(file) == expected


def test_there_are_forgeries_to_refuse() -> None:
    assert FORGERIES
