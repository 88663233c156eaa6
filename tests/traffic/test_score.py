"""The scorer is worth something only if it says what the truth's own scorer says."""

import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from bench.score import read_samples, score

SHARED = Path(__file__).parents[3] / "shared" / "data" / "helsinki"


def samples() -> pl.DataFrame:
    """Lay one street of 100 m, in ten samples, along the second half of a way."""
    return pl.DataFrame(
        {
            "edge": ["a"] * 10,
            "k": range(10),
            "length_m": [100.0] * 10,
            "limit_kmh": [30.0] * 10,
            "edge_id": [1] * 10,
            "way_id": [7] * 10,
            "forward": [True] * 10,
            "frac": [0.5 + (k + 0.5) / 20 for k in range(10)],
            "m": [10.0] * 10,
        }
    )


def truth(kph: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"edge": ["a"], "begin": [300], "kph": [kph], "sampled_s": [90.0], "vehicles": [9]}
    )


def told(kph: float, *, low: float = 0.5, high: float = 1.0, start: int = 300) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "way_id": [7],
            "forward": [True],
            "from_frac": [low],
            "to_frac": [high],
            "window_start": [start],
            "window_s": [300],
            "kph": [kph],
        }
    )


def test_what_is_right_has_no_error() -> None:
    found = score(told(20), truth(20), samples())
    assert (found.coverage, found.weighted_rmse_kmh) == (1, 0)


def test_a_jam_that_is_told_is_found() -> None:
    found = score(told(8), truth(9), samples())
    assert (found.jam_precision, found.jam_recall) == (1, 1)
    assert found.weighted_rmse_kmh == pytest.approx(1)


def test_a_jam_that_is_not_told_is_missed() -> None:
    found = score(told(20), truth(9), samples())
    assert (found.jam_precision, found.jam_recall) == (None, 0)


def test_less_than_half_of_a_street_does_not_cover_it() -> None:
    assert score(told(20, high=0.7), truth(20), samples()).coverage == 0
    assert score(told(20, high=0.8), truth(20), samples()).coverage == 1


def test_two_halves_are_one_street_by_distance_and_time() -> None:
    halves = pl.concat([told(10, high=0.75), told(30, low=0.75)])
    assert score(halves, truth(15), samples()).weighted_rmse_kmh == pytest.approx(0)


def test_what_comes_late_pays_for_it() -> None:
    late = pl.concat([told(10, start=150), told(30, start=450)])
    assert score(late, truth(15), samples()).weighted_rmse_kmh == pytest.approx(0)


@pytest.mark.skipif(not SHARED.exists(), reason="the reference scorer is not beside the project")
def test_it_agrees_with_the_scorer_of_the_truth(tmp_path: Path) -> None:
    streets = SHARED / "sumo2valhalla.json.gz"
    places = read_samples(streets)
    published = (
        places.drop_nulls("way_id")
        .sample(fraction=0.3, seed=1)
        .select(
            "way_id",
            "forward",
            from_frac=pl.col("frac") - 0.1,
            to_frac=pl.col("frac") + 0.1,
            window_start=pl.lit(28_830),
            window_s=pl.lit(900),
            kph=10 + 15 * pl.col("frac"),
        )
    )
    published.write_parquet(tmp_path / "published.parquet")
    file = SHARED / "day1" / "truth_5min.parquet"
    theirs = subprocess.run(
        [
            sys.executable,
            SHARED / "scripts" / "score_traffic.py",
            tmp_path / "published.parquet",
            file,
            streets,
            "--k",
            "1",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[0]
    said = dict(re.findall(r"(\w+)=([-\d.]+)", theirs))
    ours = score(published, pl.read_parquet(file), places)
    assert ours.cells == int(said["cells"])
    assert ours.coverage == pytest.approx(float(said["cover"]), abs=6e-4)
    assert ours.coverage_of_vehicles == pytest.approx(float(said["cover_veh"]), abs=6e-4)
    assert ours.weighted_rmse_kmh == pytest.approx(float(said["wrmse"]), abs=6e-3)
    assert ours.bias_kmh == pytest.approx(float(said["bias"]), abs=6e-3)
    assert ours.jam_precision == pytest.approx(float(said["jam_p"]), abs=6e-4)
    assert ours.jam_recall == pytest.approx(float(said["jam_r"]), abs=6e-4)
    assert ours.jam_recall_of_all == pytest.approx(float(said["jam_r_all"]), abs=6e-4)
