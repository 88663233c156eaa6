"""What the bench of busy places found, as pictures for light pages and for dark ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from bench.figures import OURS, SVG, THEMES, Theme

type Numbers = npt.NDArray[np.float64]

ACROSS: Final = 3
DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


class Line(NamedTuple):
    """The error by something, each with its name."""

    by: str
    errors: Mapping[str, float]


class Example(NamedTuple):
    """A place's week: what is so, what was released, and its band."""

    name: str
    true: Numbers
    told: Numbers
    low: Numbers
    high: Numbers


def draw_errors(lines: Sequence[Line], folder: Path) -> None:
    """Draw the error by each of several things, side by side."""
    for theme in THEMES:
        with mpl.rc_context(SVG):
            sheet = Sheet(figsize=(9.6, 3.4), layout="constrained", facecolor=theme.card)
            worst = max(error for line in lines for error in line.errors.values())
            for axes, line in zip(sheet.subplots(1, len(lines), sharey=True), lines, strict=True):
                _plain(axes, theme)
                axes.plot(
                    list(line.errors),
                    list(line.errors.values()),
                    color=theme.ways[OURS],
                    marker="o",
                    linewidth=2,
                )
                axes.set_xlabel(line.by, color=theme.ink)
                axes.set_ylim(0, 1.1 * worst)
                axes.tick_params(axis="x", labelrotation=30)
            sheet.axes[0].set_ylabel("error, points of the peak", color=theme.ink)
            _save(sheet, folder / f"accuracy-places.hours-{theme.name}.svg")


def draw_weeks(examples: Sequence[Example], folder: Path) -> None:
    """Draw some places' weeks, small: the truth as a line, what was released with its band."""
    hours = np.arange(len(examples[0].true))
    for theme in THEMES:
        with mpl.rc_context(SVG | {"font.size": 8}):
            down = -(-len(examples) // ACROSS)
            sheet = Sheet(figsize=(9.6, 1.6 * down), layout="constrained", facecolor=theme.card)
            grid = sheet.subplots(down, ACROSS, sharex=True, sharey=True)
            for axes, example in zip(grid.ravel(), examples, strict=True):
                _plain(axes, theme)
                axes.fill_between(
                    hours,
                    example.low,
                    example.high,
                    step="mid",
                    color=theme.ways[OURS],
                    alpha=0.25,
                    linewidth=0,
                    label="band",
                )
                axes.step(
                    hours, example.told, where="mid", color=theme.ways[OURS], label="released"
                )
                axes.step(
                    hours, example.true, where="mid", color=theme.ink, linewidth=0.8, label="true"
                )
                axes.set_title(example.name, color=theme.ink, fontsize=8, loc="left")
                axes.set_xticks(hours[12::24], DAYS)
                axes.set_ylim(0, 100)
            labels = grid.ravel()[0].get_legend_handles_labels()
            sheet.legend(
                *labels,
                loc="outside upper center",
                ncols=len(labels[0]),
                frameon=False,
                labelcolor=theme.ink,
            )
            _save(sheet, folder / f"accuracy-places-weeks-{theme.name}.svg")


def _plain(axes: Axes, theme: Theme) -> None:
    axes.set_facecolor(theme.card)
    axes.grid(color=theme.line, linewidth=0.6)
    axes.tick_params(colors=theme.soft)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(theme.line)


def _save(sheet: Sheet, file: Path) -> None:
    sheet.savefig(file, format="svg", metadata={"Date": None})
