"""Measures what denoising gains by epsilon, and how true the error is that a release predicts.

    python -m bench.denoise FOLDER [--share 0.1]

First a simulated week of 5,000 places (`bench.places`), then the usual speeds of the mornings in
FOLDER (one of `bench.traffic`'s). Those hold one part of the day only. So that there are several to
learn from each other, the mornings are played as a week, too: their half-hours one after the other
in the parts of a working day and of the weekend.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from bench.epsilon import STILL, as_wide, at_epsilon, noised, quiet
from bench.places import Week, week_of_places
from bench.score import score, whole
from bench.traffic import DAYS, Bench, Bottomless, Morning, seen, tell
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.denoise import Denoised, denoise
from hubbub.crowd.gate import Released, postprocess
from hubbub.crowd.laws import G
from hubbub.crowd.structure import AS_DRAWN
from hubbub.products.traffic.declarations import LIVE_PASSAGE, TYPICAL, TYPICAL_SLOTS, Numbers
from hubbub.products.traffic.picture import LivePicture
from hubbub.terms.purposes import Traffic
from hubbub.terms.time import SECOND, Instant

PLACES: Final = 5000
VOICES: Final = 400_000
EPSILONS: Final = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4))
DRAWS: Final = 5
SEED: Final = 7
HALF_HOURS: Final = 8
"""From six to ten."""
FIRST_S: Final = 6 * 3600
HALF_S: Final = 1800
DAY_S: Final = 86_400
HOUR_OF_PART: Final = (3, 8, 12, 17, 22)
"""An hour in each part of the day."""
DAYS_TO_WEEKEND: Final = 4
"""From a Tuesday's morning, and a Wednesday's."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=0.1)
    asked = parser.parse_args()
    tell_places(week_of_places(PLACES, voices=VOICES, seed=SEED))
    with tempfile.TemporaryDirectory() as scratch:
        usual = Usual(Bench(asked.folder, Path(scratch)), asked.share)
        usual.tell()


def tell_places(week: Week) -> None:
    """Print what a week of places is told by, and how far off it is."""
    tell(f"{PLACES} places: epsilon, noise, told by, error predicted, true")
    for epsilon in EPSILONS:
        draws = [
            denoise(declared, week.keys, table)
            for declared, table in (
                week.released(epsilon, seed=SEED + draw) for draw in range(DRAWS)
            )
        ]
        offs = [(each.table["count"].to_numpy() - week.true / G)[None] for each in draws]
        tell(_line(float(epsilon), draws, offs))


class Usual:
    """The usual speeds of the mornings, played as a week of half-hours."""

    def __init__(self, bench: Bench, share: float) -> None:
        self._bench = bench
        mornings = [_as_week(each) for each in bench.mornings]
        self._week = quiet(bench.week(mornings, share, book=Bottomless(), entropy=STILL), TYPICAL)
        days = pl.concat(pl.read_parquet(bench.folder / day / "truth_5min.parquet") for day in DAYS)
        number = (pl.col("begin") - FIRST_S) // HALF_S
        self._truth = [whole(days.filter(number == each)) for each in range(HALF_HOURS)]

    def tell(self) -> None:
        """Print both errors of both counters, and how far off the speeds are that are shown."""
        tell("\nusual speeds: epsilon, noise, told by, error predicted, true")
        true = _counters(self._week.value, whole=G)
        drawn = []
        for epsilon in EPSILONS:
            dice = np.random.default_rng(SEED)
            declared = at_epsilon(TYPICAL, float(epsilon))
            weeks = [noised(self._week, declared, entropy=dice.bytes) for _ in range(DRAWS)]
            drawn.append((declared, weeks))
            draws = [denoise(declared, self._bench.roads.slot_keys, each.value) for each in weeks]
            offs = [_counters(each.table, whole=1) - true for each in draws]
            tell(_line(declared.epsilon, draws, offs))
        tell("\nspeeds, km/h: epsilon, each half-hour alone, as drawn, denoised")
        for declared, weeks in [(as_wide(TYPICAL, 0), [self._week]), *drawn]:
            raw = replace(declared, denoiser=AS_DRAWN)
            alone, plain, told = (
                np.mean([self._off_kmh(which, week, alone=by_itself) for week in weeks])
                for which, by_itself in ((raw, True), (raw, False), (declared, False))
            )
            tell(f"{declared.epsilon:6g} {alone:6.2f} {plain:6.2f} {told:6.2f}")

    def _off_kmh(
        self, declared: Declaration[Traffic], week: Released[pa.Table], *, alone: bool
    ) -> float:
        """Score what is shown of each half-hour, by all vehicles in it."""
        squares, vehicles = 0.0, 0.0
        for slot, truth in enumerate(self._truth):
            picture = LivePicture(
                LIVE_PASSAGE, self._bench.roads, zone=self._bench.zone, typical=declared
            )
            picture.add_week(postprocess(partial(_only, slot=slot), week) if alone else week)
            begin = _begin(self._bench.mornings[0], slot)
            flow = picture.at(Instant(begin + HALF_S * SECOND // 2))
            assert flow is not None, "a week was added"
            rows = self._bench.rows([seen(flow.value, at_s=0)], only="as shown")
            scored = score(rows, truth, self._bench.samples)
            heard = float(truth["vehicles"].sum()) * scored.coverage_of_vehicles
            squares += scored.weighted_rmse_kmh**2 * heard
            vehicles += heard
        return sqrt(squares / vehicles)


def _begin(morning: Morning, slot: int) -> Instant:
    """Tell when the part of the week begins in which a half-hour is played."""
    later, part = divmod(slot, len(HOUR_OF_PART))
    days_s = later * DAYS_TO_WEEKEND * DAY_S
    return Instant(morning.midnight + (days_s + HOUR_OF_PART[part] * 3600) * SECOND)


def _as_week(morning: Morning) -> Morning:
    """Play each half-hour of a morning in another part of the week."""
    since_us = morning.passes["at"].to_numpy() - morning.midnight - FIRST_S * SECOND
    number, within_us = np.divmod(since_us, HALF_S * SECOND)
    begins = np.array([_begin(morning, slot) for slot in range(HALF_HOURS)])
    kept = (number >= 0) & (number < HALF_HOURS)
    at = begins[np.where(kept, number, 0)] + within_us
    passes = morning.passes.set_column(
        morning.passes.schema.get_field_index("at"), "at", pa.array(at, pa.int64())
    )
    return replace(morning, passes=passes.filter(pa.array(kept)))


def _only(week: pa.Table, *, slot: int) -> pa.Table:
    """Leave nothing of a week but one part."""
    others = np.arange(len(week)) % TYPICAL_SLOTS != slot
    columns = {name: np.where(others, 0, week[name].to_numpy()) for name in ("up", "down")}
    return pa.table({"key": week["key"]} | columns)


def _counters(table: pa.Table, *, whole: int) -> Numbers:
    up, down = (table[name].to_numpy() / whole for name in ("up", "down"))
    return np.stack([up + down, up - down])


def _line(epsilon: float, draws: Sequence[Denoised], offs: Sequence[Numbers]) -> str:
    """Say how far off all draws were, and how far off each said it would be."""
    told_by = Counter(each.accuracy.denoiser for each in draws)
    methods = ", ".join(f"{method} {times}/{len(draws)}" for method, times in told_by.items())
    errors = []
    for number, counter in enumerate(draws[0].accuracy.counters):
        predicted = np.array([each.accuracy.counters[number].error for each in draws])
        true = np.array([sqrt(float((off[number] ** 2).mean())) for off in offs])
        both = sqrt(float((predicted**2).mean())), sqrt(float((true**2).mean()))
        errors.append(
            f"{counter.counter} {both[0]:.3f} {both[1]:.3f} ({both[0] / both[1] - 1:+.1%}; "
            f"one by one at most {np.abs(predicted / true - 1).max():.1%})"
        )
    noise = draws[0].accuracy.counters[0].noise
    return f"{epsilon:6g} {noise:7.3f} {methods:24} {'; '.join(errors)}"


if __name__ == "__main__":
    main()
