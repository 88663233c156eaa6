"""Scores published speeds against the simulated truth: coverage, error in km/h, jams found.

Truth is fixed, by street of the simulation and five minutes, so that every system meets the same
cells. A street is many samples of some 10 m, each at a place of an OSM way; a published row covers
the samples inside its stretch, and a street's estimate is total length by total time over them. A
street counts as covered when half of it is. Weights are vehicles. A jam is slower than 0.4 of the
limit.

    python -m bench.score PUBLISHED.parquet TRUTH.parquet SUMO2VALHALLA.json.gz
"""

import gzip
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl

WINDOW_S: Final = 300
VEHICLES_MIN: Final = 3
SAMPLED_S_MIN: Final = 30
LENGTH_M_MIN: Final = 20
OVERLAP_MIN: Final = 0.5
LIMIT_CAP: Final = 1.3
"""Estimates are cut at so many times the limit: a simulated car does not go faster."""
JAM: Final = 0.4
KMH_A_MPS: Final = 3.6


class Street(msgspec.Struct, frozen=True, rename={"length_m": "len", "limit_mps": "speed"}):
    """A street of the simulation: ways, directions and places in node order, every 10 m."""

    length_m: float
    limit_mps: float
    v: list[int | None]
    w: list[int | None] = []
    f: list[int | None] = []
    o: list[float | None] = []


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How near to the truth some published speeds were."""

    cells: int
    coverage: float
    coverage_of_vehicles: float
    weighted_rmse_kmh: float
    bias_kmh: float
    jam_precision: float | None
    jam_recall: float | None
    jam_recall_of_all: float | None


def read_samples(path: Path, pieces: pl.DataFrame | None = None) -> pl.DataFrame:
    """Read where each street of the simulation lies on the map.

    Some cities name edges of the routing tiles only; `pieces` says where on which way those lie.
    """
    streets = msgspec.json.decode(gzip.decompress(path.read_bytes()), type=dict[str, Street])
    rows = [
        (edge, k, street.length_m, street.limit_mps * KMH_A_MPS, edge_id, *place)
        for edge, street in streets.items()
        for k, (edge_id, place) in enumerate(zip(street.v, _places(street), strict=True))
    ]
    samples = pl.DataFrame(
        rows,
        orient="row",
        schema={
            "edge": pl.String,
            "k": pl.Int32,
            "length_m": pl.Float64,
            "limit_kmh": pl.Float64,
            "edge_id": pl.Int64,
            "way_id": pl.Int64,
            "forward": pl.Int8,
            "frac": pl.Float64,
        },
    ).with_columns(pl.col("forward").cast(pl.Boolean), m=pl.col("length_m") / pl.len().over("edge"))
    if pieces is None or samples["way_id"].count():
        return samples
    return _on_ways(samples, pieces)


def _places(street: Street) -> Iterable[tuple[int | None, int | None, float | None]]:
    if not street.w:
        return [(None, None, None)] * len(street.v)
    return zip(street.w, street.f, street.o, strict=True)


def _on_ways(samples: pl.DataFrame, pieces: pl.DataFrame) -> pl.DataFrame:
    """Place samples that know their edge only: its samples lie evenly along it, in order."""
    along = (pl.int_range(pl.len()) + 0.5) / pl.len()
    placed = samples.drop("way_id", "forward", "frac").with_columns(
        share=along.over("edge", "edge_id", order_by="k")
    )
    length_m = pl.col("to_m").max().over("edge_id")
    parts = pieces.with_columns(low=pl.col("from_m") / length_m, high=pl.col("to_m") / length_m)
    found = placed.join(parts, on="edge_id").filter(pl.col("share").is_between("low", "high"))
    inside = (pl.col("share") - pl.col("low")) / (pl.col("high") - pl.col("low"))
    inside = pl.when("forward").then(inside).otherwise(1 - inside)
    frac = pl.col("from_frac") + inside * (pl.col("to_frac") - pl.col("from_frac"))
    places = found.select("edge", "k", "way_id", "forward", frac=frac).unique(["edge", "k"])
    return placed.drop("share").join(places, on=["edge", "k"], how="left")


def score(published: pl.DataFrame, truth: pl.DataFrame, samples: pl.DataFrame) -> Score:
    """Score rows of (way_id, forward, from_frac, to_frac, window_start, window_s, kph)."""
    street = samples.group_by("edge").agg(
        pl.col("length_m", "limit_kmh").first(), mapped=pl.col("way_id").count()
    )
    cells = truth.select(
        "edge",
        pl.col("begin").cast(pl.Int64),
        pl.col("kph", "sampled_s").cast(pl.Float64),
        pl.col("vehicles").cast(pl.Int64),
    ).join(street, on="edge")
    cells = cells.filter(
        (pl.col("vehicles") >= VEHICLES_MIN)
        & (pl.col("sampled_s") >= SAMPLED_S_MIN)
        & (pl.col("length_m") >= LENGTH_M_MIN)
        & (pl.col("mapped") > 0)
    )
    estimated = (
        _by_sample(published, samples)
        .group_by("edge", "begin")
        .agg(estimate=_harmonic("kph", "m"), covered_m=pl.col("m").sum())
    )
    covered = (
        cells.join(estimated, on=["edge", "begin"])
        .filter(pl.col("covered_m") >= OVERLAP_MIN * pl.col("length_m"))
        .with_columns(estimate=pl.min_horizontal("estimate", LIMIT_CAP * pl.col("limit_kmh")))
    )
    return _compare(covered, cells)


def whole(truth: pl.DataFrame) -> pl.DataFrame:
    """Take all windows of the truth as one: distance by time, and all vehicles."""
    told = truth.filter(pl.col("sampled_s") > 0)
    driven = (pl.col("kph") * pl.col("sampled_s")).sum() / pl.col("sampled_s").sum()
    summed = pl.col("vehicles", "sampled_s").sum()
    return told.group_by("edge").agg(summed, kph=driven, begin=pl.lit(0))


def _by_sample(published: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """Give each sample its speed in each window of the truth: by time, where rows overlap it."""
    start, length_s = pl.col("window_start"), pl.col("window_s")
    first = start // WINDOW_S * WINDOW_S
    last = (start + length_s - 1) // WINDOW_S * WINDOW_S
    rows = (
        published.filter(pl.col("kph").is_finite())
        .with_columns(
            pl.col("window_start", "window_s").cast(pl.Int64),
            pl.col("kph").cast(pl.Float64).clip(1.0),
        )
        .join(samples, on=["way_id", "forward"])
        .filter(pl.col("frac").is_between("from_frac", "to_frac"))
        .with_columns(begin=pl.int_ranges(first, last + 1, WINDOW_S))
        .explode("begin")
    )
    until = pl.min_horizontal(pl.col("begin") + WINDOW_S, start + length_s)
    shared_s = until - pl.max_horizontal("begin", "window_start")
    return (
        rows.with_columns(shared_s=shared_s)
        .group_by("edge", "begin", "k")
        .agg(kph=_harmonic("kph", "shared_s"), m=pl.col("m").first())
    )


def _harmonic(value: str, weight: str) -> pl.Expr:
    return pl.col(weight).sum() / (pl.col(weight) / pl.col(value)).sum()


def _compare(covered: pl.DataFrame, cells: pl.DataFrame) -> Score:
    vehicles, limit_kmh = covered["vehicles"].to_numpy(), covered["limit_kmh"].to_numpy()
    estimate, true = covered["estimate"].to_numpy(), covered["kph"].to_numpy()
    told_jam, true_jam = estimate < JAM * limit_kmh, true < JAM * limit_kmh
    all_jams = cells["kph"].to_numpy() < JAM * cells["limit_kmh"].to_numpy()
    found = int(np.count_nonzero(told_jam & true_jam))
    squares = float(((estimate - true) ** 2 * vehicles).sum())
    return Score(
        cells=len(covered),
        coverage=len(covered) / len(cells),
        coverage_of_vehicles=int(vehicles.sum()) / int(cells["vehicles"].to_numpy().sum()),
        weighted_rmse_kmh=(squares / max(int(vehicles.sum()), 1)) ** 0.5,
        bias_kmh=float((estimate - true).sum()) / max(len(covered), 1),
        jam_precision=_ratio(found, int(np.count_nonzero(told_jam))),
        jam_recall=_ratio(found, int(np.count_nonzero(true_jam))),
        jam_recall_of_all=_ratio(found, int(np.count_nonzero(all_jams))),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def main(arguments: list[str]) -> None:
    """Print the score of a file of published speeds."""
    published, truth, streets = map(Path, arguments)
    scored = score(pl.read_parquet(published), pl.read_parquet(truth), read_samples(streets))
    print(msgspec.json.format(msgspec.json.encode(scored)).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
