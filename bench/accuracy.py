"""Measures how exact each product is by epsilon, beside the usual recipe at the same price.

    python -m bench.accuracy FOLDER [--share 0.3] [--pictures docs/img]

FOLDER is one of `bench.traffic`'s. All but the noise is the product's own: the gate answers once
and is noised for each epsilon (`bench.epsilon`), and what the picture then shows is scored against
how fast all vehicles drove. Live is scored on the second morning with the first for its history;
usual speeds on both. The recipe gets whichever bound served it best, which nobody can know before.
"""

import argparse
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
import pyarrow as pa

from bench.epsilon import STILL, as_whole, as_wide, at_epsilon, noised, quiet
from bench.figures import (
    EPSILONS,
    NO_NOISE,
    OURS,
    RECIPE,
    RECIPE_SHOWN,
    Figure,
    draw_pictures,
    table_of,
)
from bench.recipe import Answer, Told, answer, told
from bench.score import score, whole
from bench.traffic import (
    DAYS,
    GATHERED_S,
    Bench,
    Bottomless,
    Morning,
    Shown,
    Window,
    of_share,
    seen,
    show,
    tell,
)
from hubbub.crowd.blocks import calendar, day_number
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.floor import clears_floor
from hubbub.crowd.gate import Released, postprocess
from hubbub.crowd.laws import G
from hubbub.products.traffic.blend import UNKNOWN
from hubbub.products.traffic.declarations import (
    LIVE_DAY,
    LIVE_PASSAGE,
    TYPICAL,
    TYPICAL_SLOTS,
    Numbers,
    speed_kmh,
    typical_slot,
    windows_of,
)
from hubbub.products.traffic.picture import LivePicture
from hubbub.terms.catalogue import PASSES_SCHEMA
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.time import SECOND, Instant, moment

KEPT_OF_A_DAY: Final = (1, 4, 12, 36)
"""How many cells of a person-day the recipe is tried with; of a passage there is one."""
DRAWS: Final = 5
"""Usual speeds are drawn so often, and their errors averaged: a week has few cells."""
SEED: Final = 7
_EIGHT_US: Final = 8 * 3600 * SECOND


class Live:
    """One plan of live traffic: what its gate answers without noise, and what people told."""

    def __init__(self, bench: Bench, declared: Declaration[LiveTraffic], share: float) -> None:
        self._bench, self._declared, self._size = bench, declared, len(bench.roads)
        self._windows = [
            list(bench.quiet_windows(morning, share, declared)) for morning in bench.mornings
        ]
        self._first = [windows[0].number for windows in self._windows]
        self._told = [self._tell(number, share) for number in range(len(DAYS))]
        self._week = _week(bench, bench.mornings[:1], share)
        truth = pl.read_parquet(bench.folder / DAYS[-1] / "truth_5min.parquet")
        self._score = _scorer(bench, truth, declared.name)

    def figures(self) -> Iterator[Figure]:
        """Give the figures of every way at every epsilon."""
        still = as_wide(self._declared, 0)
        whole = [
            [each._replace(released=as_whole(each.released, self._declared)) for each in windows]
            for windows in self._windows
        ]
        yield self._score(NO_NOISE, 0, self._seen(still, whole, week=self._week))
        for epsilon in EPSILONS:
            dice = np.random.default_rng(SEED)
            declared = at_epsilon(self._declared, epsilon)
            drawn = [
                [
                    each._replace(released=noised(each.released, declared, entropy=dice.bytes))
                    for each in windows
                ]
                for windows in self._windows
            ]
            week = noised(self._week, TYPICAL, entropy=dice.bytes)
            yield self._score(OURS, epsilon, self._seen(declared, drawn, week=week))
            kept = KEPT_OF_A_DAY if self._declared is LIVE_DAY else (1,)
            answers = [self._answers(cells_max, epsilon, dice) for cells_max in kept]
            yield _best(self._score(RECIPE, epsilon, self._plain(each[-1])) for each in answers)
            yield _best(
                self._score(
                    RECIPE_SHOWN,
                    epsilon,
                    self._seen(
                        as_wide(self._declared, each[0].deviation),
                        self._as_ours(each),
                        week=week,
                    ),
                )
                for each in answers
            )

    def _tell(self, number: int, share: float) -> Told:
        """List what people told in one morning: a cell is a road in one of its windows."""
        passes = of_share(self._bench.mornings[number], share)
        rows = _asked(self._bench, self._declared, passes, keys=self._bench.roads.keys.table)
        blocks, key = windows_of(self._declared), rows["key"].to_numpy()
        shift_us = (key % blocks.groups) * blocks.phase_s * SECOND
        window = (rows["at"].to_numpy() - shift_us) // (blocks.length_s * SECOND)
        cell = (window - self._first[number]) * self._size + key
        subject = rows["subject"].to_numpy()
        unit = subject if self._declared is LIVE_DAY else subject * (1 + int(cell.max())) + cell
        return told(unit, cell, rows["d_q"].to_numpy() / G)

    def _answers(self, cells_max: int, epsilon: float, dice: np.random.Generator) -> list[Answer]:
        """Let the recipe answer for both mornings."""
        return [
            answer(
                rows,
                (windows[-1].number + 1 - first) * self._size,
                cells_max=cells_max,
                epsilon=epsilon,
                dice=dice,
            )
            for rows, windows, first in zip(self._told, self._windows, self._first, strict=True)
        ]

    def _as_ours(self, answers: Sequence[Answer]) -> list[list[Window]]:
        """Put the recipe's answers where ours would be."""
        placed = []
        for windows, first, given in zip(self._windows, self._first, answers, strict=True):
            up = ((given.counts + given.sums) * G / 2).reshape(-1, self._size)
            down = ((given.counts - given.sums) * G / 2).reshape(-1, self._size)
            placed.append(
                [
                    each._replace(released=_instead(each.released, up[row], down[row]))
                    for each in windows
                    for row in [each.number - first]
                ]
            )
        return placed

    def _plain(self, given: Answer) -> Iterator[Shown]:
        """Show the second morning as the recipe leaves it: a mean where enough people are."""
        limit_kmh, floor = self._bench.roads.limit_kmh, self._declared.floor
        means = given.means().reshape(-1, self._size)
        enough = given.is_shown(floor.people, luck=floor.luck).reshape(-1, self._size)
        kph, live = _expected(limit_kmh), np.zeros(self._size, dtype=bool)
        for each in self._windows[-1]:
            row = each.number - self._first[-1]
            roads = slice(each.group, None, windows_of(self._declared).groups)
            told = np.where(enough[row], speed_kmh(means[row], limit_kmh), _expected(limit_kmh))
            kph[roads], live[roads] = told[roads], enough[row, roads]
            at_s = (each.end - self._bench.mornings[-1].midnight) // SECOND + GATHERED_S
            yield Shown(at_s, each.group, kph.copy(), live.copy())

    def _seen(
        self,
        declared: Declaration[LiveTraffic],
        windows: Sequence[Sequence[Window]],
        *,
        week: Released[pa.Table],
    ) -> Iterator[Shown]:
        """Show the second morning as the product does, on the first for its history."""
        picture = LivePicture(declared, self._bench.roads, zone=self._bench.zone)
        history, today = windows
        for each in history:
            picture.add(each.released, end=each.end)
        if self._declared is LIVE_DAY:
            picture.add_week(week)
        return show(today, picture, midnight=self._bench.mornings[-1].midnight)


class Usual:
    """The usual speeds of one week that held both mornings, in the part of the day they lie in."""

    def __init__(self, bench: Bench, share: float) -> None:
        self._bench = bench
        self._at = Instant(bench.mornings[0].midnight + _EIGHT_US)
        self._slot = typical_slot(moment(self._at, bench.zone))
        self._week = _week(bench, bench.mornings, share)
        self._told = self._tell(share)
        days = [pl.read_parquet(bench.folder / day / "truth_5min.parquet") for day in DAYS]
        self._score = _scorer(bench, whole(pl.concat(days)), TYPICAL.name)

    def figures(self) -> Iterator[Figure]:
        """Give the figures of every way at every epsilon."""
        yield self._score(NO_NOISE, 0.0, self._seen(as_wide(TYPICAL, 0), self._week))
        for epsilon in EPSILONS:
            dice = np.random.default_rng(SEED)
            declared = at_epsilon(TYPICAL, epsilon)
            yield _mean(
                self._score(
                    OURS,
                    epsilon,
                    self._seen(declared, noised(self._week, declared, entropy=dice.bytes)),
                )
                for _ in range(DRAWS)
            )
            answers = [
                [self._answer(cells_max, epsilon, dice) for _ in range(DRAWS)]
                for cells_max in KEPT_OF_A_DAY
            ]
            yield _best(
                _mean(self._score(RECIPE, epsilon, self._plain(each)) for each in draws)
                for draws in answers
            )
            yield _best(
                _mean(
                    self._score(
                        RECIPE_SHOWN,
                        epsilon,
                        self._seen(as_wide(TYPICAL, each.deviation), self._as_ours(each)),
                    )
                    for each in draws
                )
                for draws in answers
            )

    def _tell(self, share: float) -> Told:
        """List what people told: a cell is a road in a part of the day."""
        units, cells, values = [], [], []
        for number, morning in enumerate(self._bench.mornings):
            day = day_number(morning.midnight, self._bench.zone)
            rows = _asked(
                self._bench,
                TYPICAL,
                of_share(morning, share),
                keys=self._bench.roads.slot_keys.table,
                also={"calendar": calendar((day,), self._bench.zone)},
            )
            units.append(rows["subject"].to_numpy() * len(DAYS) + number)
            cells.append(rows["key"].to_numpy())
            values.append(rows["d_q"].to_numpy() / G)
        return told(np.concatenate(units), np.concatenate(cells), np.concatenate(values))

    def _answer(self, cells_max: int, epsilon: float, dice: np.random.Generator) -> Answer:
        cells = len(self._bench.roads) * TYPICAL_SLOTS
        return answer(self._told, cells, cells_max=cells_max, epsilon=epsilon, dice=dice)

    def _as_ours(self, given: Answer) -> Released[pa.Table]:
        """Put the recipe's answer where ours would be."""
        up, down = (given.counts + given.sums) * G / 2, (given.counts - given.sums) * G / 2
        return _instead(self._week, up, down)

    def _plain(self, given: Answer) -> Iterator[Shown]:
        """Show the recipe as it leaves it: a mean where enough people are."""
        limit_kmh, floor = self._bench.roads.limit_kmh, TYPICAL.floor
        means = given.means()[self._slot :: TYPICAL_SLOTS]
        enough = given.is_shown(floor.people, luck=floor.luck)[self._slot :: TYPICAL_SLOTS]
        kph = np.where(enough, speed_kmh(means, limit_kmh), _expected(limit_kmh))
        yield Shown(0, 0, kph, enough)

    def _seen(self, declared: Declaration[Traffic], week: Released[pa.Table]) -> Iterator[Shown]:
        """Show the week as the product does: each road's own speed, or what it leans on."""
        picture = LivePicture(
            LIVE_PASSAGE, self._bench.roads, zone=self._bench.zone, typical=declared
        )
        picture.add_week(week)
        flow = picture.at(self._at)
        assert flow is not None, "a week was added a line ago"
        enough = clears_floor(declared, week.value)[self._slot :: TYPICAL_SLOTS]
        yield seen(flow.value, at_s=0)._replace(live=enough)


class Scorer(Protocol):
    """Scores what was shown of one product, made one way, at one epsilon."""

    def __call__(self, made: str, epsilon: float, shown: Iterable[Shown]) -> Figure:
        """Give its figure."""
        ...


def _scorer(bench: Bench, truth: pl.DataFrame, name: str) -> Scorer:
    def figure(made: str, epsilon: float, shown: Iterable[Shown]) -> Figure:
        looks = list(shown)
        every = score(bench.rows(looks, only="as shown"), truth, bench.samples)
        some = bench.rows(looks, only="live")
        return Figure(
            name,
            made,
            epsilon,
            rmse_kmh=every.weighted_rmse_kmh,
            shown=score(some, truth, bench.samples).coverage_of_vehicles if len(some) else 0.0,
            precision=every.jam_precision or 0.0,
            recall=every.jam_recall or 0.0,
        )

    return figure


def _week(bench: Bench, mornings: Sequence[Morning], share: float) -> Released[pa.Table]:
    """Release the usual speeds of the week that held these mornings, without noise."""
    return quiet(bench.week(mornings, share, book=Bottomless(), entropy=STILL), TYPICAL)


def _asked(
    bench: Bench,
    declared: Declaration[Any],
    passes: pa.Table,
    *,
    keys: pa.Table,
    also: Mapping[str, pa.Table] | None = None,
) -> pa.Table:
    """Ask what the product asks, of each person's rows."""
    relations = {"passes": passes.select([*PASSES_SCHEMA]), declared.keys.get_name(): keys}
    return bench.engine.run(declared.question, {**relations, **(also or {})})


def _instead(released: Released[pa.Table], up: Numbers, down: Numbers) -> Released[pa.Table]:
    """Put other counters in a release's place, for the keys that it is of."""

    def placed(table: pa.Table) -> pa.Table:
        keys = table["key"].to_numpy()
        return pa.table({"key": table["key"], "up": up[keys], "down": down[keys]})

    return postprocess(placed, released)


def _expected(limit_kmh: Numbers) -> Numbers:
    """Give what is expected of roads where nothing was counted."""
    return speed_kmh(np.full(len(limit_kmh), UNKNOWN), limit_kmh)


def _best(figures: Iterable[Figure]) -> Figure:
    return min(figures, key=lambda figure: figure.rmse_kmh)


def _mean(figures: Iterable[Figure]) -> Figure:
    told = list(figures)
    means = np.mean([figure[3:] for figure in told], axis=0).tolist()
    return Figure(*told[0][:3], *means)


def main() -> None:
    """Print the tables of a folder's city, and draw them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(asked.folder, Path(scratch))
        figures = measure(bench, asked.share)
    for name in dict.fromkeys(figure.product for figure in figures):
        tell(f"\n{name}: error in km/h, vehicles shown, jam precision/recall\n")
        tell(table_of(figures, name))
    if asked.pictures is not None:
        draw_pictures(figures, asked.pictures)


def measure(bench: Bench, share: float) -> list[Figure]:
    """Give all figures of all products."""
    plans = (LIVE_PASSAGE, LIVE_DAY)
    live = [figure for plan in plans for figure in Live(bench, plan, share).figures()]
    return [*Usual(bench, share).figures(), *live]


if __name__ == "__main__":
    main()
