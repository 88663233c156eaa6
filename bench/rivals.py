"""Answers the question of `bench.week` with PipelineDP or OpenDP: run by a Python that has them.

    PYTHON bench/rivals.py pipelinedp|opendp-polars WEEK.parquet CELLS

WEEK.parquet has a row a visit: `unit`, the person-day, and `segment`, the cell. Epsilon is 1, all
public cells are counted, and a unit reaches six of them, once each: about what it comes to. It
needs nothing of hubbub's, and prints the CPU-seconds that it took, after loading.
"""

import argparse
import importlib
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

EPSILON: Final = 1.0
CELLS_A_UNIT: Final = 6


def main() -> None:
    """Answer once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rival", choices=RIVALS)
    parser.add_argument("week", type=Path)
    parser.add_argument("cells", type=int)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    answer = RIVALS[asked.rival](asked.week, asked.cells)
    began = time.process_time()
    counted = answer()
    took_s = time.process_time() - began
    assert counted == asked.cells, "every public cell has a count"
    print(f"{took_s:.2f}")


def pipelinedp(week: Path, cells: int) -> Callable[[], int]:
    """Count with PipelineDP, on its backend for one machine."""
    library: Any = importlib.import_module("pipeline_dp")
    table = pq.read_table(week)
    rows = [*zip(table["unit"].to_pylist(), table["segment"].to_pylist(), strict=True)]

    def answer() -> int:
        budget = library.NaiveBudgetAccountant(total_epsilon=EPSILON, total_delta=1e-9)
        engine = library.DPEngine(budget, library.LocalBackend())
        released = engine.aggregate(
            rows,
            library.AggregateParams(
                metrics=[library.Metrics.COUNT],
                noise_kind=library.NoiseKind.LAPLACE,
                max_partitions_contributed=CELLS_A_UNIT,
                max_contributions_per_partition=1,
            ),
            library.DataExtractors(
                privacy_id_extractor=lambda row: row[0],
                partition_extractor=lambda row: row[1],
                value_extractor=lambda _: 0,
            ),
            public_partitions=range(cells),
        )
        budget.compute_budgets()
        return sum(1 for _ in released)

    return answer


def opendp_polars(week: Path, cells: int) -> Callable[[], int]:
    """Count with OpenDP's expressions for Polars."""
    library: Any = importlib.import_module("opendp.prelude")
    polars: Any = importlib.import_module("polars")
    library.enable_features("contrib")
    rows = polars.read_parquet(week)
    keys = polars.DataFrame({"segment": polars.arange(cells, dtype=polars.Int32, eager=True)})

    def answer() -> int:
        context = library.Context.compositor(
            data=rows.lazy(),
            privacy_unit=library.unit_of(contributions=1, identifier=polars.col("unit")),
            privacy_loss=library.loss_of(epsilon=EPSILON),
            split_evenly_over=1,
        )
        bounded = context.query().truncate_per_group(1, by=["segment"])
        bounded = bounded.truncate_num_groups(CELLS_A_UNIT, by=["segment"], keep="first")
        counts = bounded.group_by("segment").agg(library.len(signed=True)).with_keys(keys.lazy())
        return len(counts.release().collect())

    return answer


RIVALS: Final = {"pipelinedp": pipelinedp, "opendp-polars": opendp_polars}


if __name__ == "__main__":
    main()
