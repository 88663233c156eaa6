"""What the demo ships is small, licensed, and holds nothing that only a judge may see."""

import hashlib

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hubbub.run.city import DEMO_EXTRACT, DEMO_MORNINGS

COLUMNS = ["device", "t", "lon", "lat", "speed", "course", "acc"]
FOLDER = DEMO_EXTRACT.parent


def test_the_demo_ships_at_most_6_mb() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 6_000_000


def test_the_extract_is_the_one_whose_source_is_told() -> None:
    readme = (FOLDER / "README.md").read_text()
    assert hashlib.sha256(DEMO_EXTRACT.read_bytes()).hexdigest() in readme
    assert "Open Database License" in readme
    assert {path.name for path in FOLDER.iterdir()} - {"README.md"} == {
        path.name for path in (DEMO_EXTRACT, *DEMO_MORNINGS)
    }
    for path in (DEMO_EXTRACT, *DEMO_MORNINGS):
        assert f"`{path.name}`" in readme


@pytest.mark.parametrize("morning", DEMO_MORNINGS, ids=lambda path: path.stem)
def test_a_morning_holds_what_phones_tell_and_nothing_else(morning: object) -> None:
    pings = pq.read_table(morning)
    assert pings.column_names == COLUMNS
    assert pings.num_rows > 200_000
    assert pc.min(pings.column("t")).as_py() >= 6 * 3600
    assert pc.max(pings.column("t")).as_py() <= 10 * 3600
