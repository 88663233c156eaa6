"""What the accuracy bench found: as a table, and as pictures for light pages and for dark ones."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

EPSILONS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)

OURS: Final = "hubbub"
RECIPE: Final = "off the shelf"
RECIPE_SHOWN: Final = "off the shelf, in hubbub's picture"
NO_NOISE: Final = "without noise"
WAYS: Final = (OURS, RECIPE_SHOWN, RECIPE, NO_NOISE)


class Figure(NamedTuple):
    """What one way of making a product came to, at one epsilon (nought: without noise)."""

    product: str
    made: str
    epsilon: float
    rmse_kmh: float  # of all vehicles, whether their road showed enough people or not
    shown: float  # part of the vehicles that were on roads which did
    precision: float  # of jams
    recall: float


class Theme(NamedTuple):
    """The colours of web/src/app.css, and of the map's levels."""

    name: str
    ink: str
    soft: str
    line: str
    card: str
    ways: dict[str, str]


THEMES: Final = (
    Theme(
        "light",
        ink="#1b1f24",
        soft="#566069",
        line="#d9d5cc",
        card="#fffefb",
        ways={OURS: "#0f5f73", RECIPE_SHOWN: "#d9480f", RECIPE: "#6d0f5e", NO_NOISE: "#566069"},
    ),
    Theme(
        "dark",
        ink="#e8ebee",
        soft="#a3adb7",
        line="#313942",
        card="#1b2026",
        ways={OURS: "#7fd0e3", RECIPE_SHOWN: "#ff7a3d", RECIPE: "#d77bf0", NO_NOISE: "#a3adb7"},
    ),
)
_MARKS: Final = {OURS: "o", RECIPE_SHOWN: "s", RECIPE: "^"}
SVG: Final = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "hubbub",
    "font.family": "sans-serif",
    "font.sans-serif": ["system-ui", "DejaVu Sans"],
    "font.size": 11,
}
_INCHES: Final = (9.6, 4.0)


def table_of(figures: Sequence[Figure], product: str) -> str:
    """Write the figures of a product as Markdown, a line for each epsilon."""
    lines = [f"| epsilon | {' | '.join(WAYS)} |", "|---" * (1 + len(WAYS)) + "|"]
    for epsilon in EPSILONS:
        told = {f.made: f for f in figures if f.product == product and f.epsilon in (0, epsilon)}
        cells = [
            f"{f.rmse_kmh:.2f}, {f.shown:.0%}, {f.precision:.2f}/{f.recall:.2f}"
            for f in (told[way] for way in WAYS)
        ]
        lines.append(f"| {epsilon:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw_pictures(figures: Sequence[Figure], folder: Path) -> None:
    """Draw each product's error, and how much of it is shown, by epsilon."""
    for product in dict.fromkeys(figure.product for figure in figures):
        its = [figure for figure in figures if figure.product == product]
        for theme in THEMES:
            _draw(its, theme, folder / f"accuracy-{product}-{theme.name}.svg")


def _draw(figures: Sequence[Figure], theme: Theme, file: Path) -> None:
    with mpl.rc_context(SVG):
        sheet = Sheet(figsize=_INCHES, layout="constrained", facecolor=theme.card)
        error, shown = sheet.subplots(1, 2)
        _lines(error, figures, theme, value=lambda figure: figure.rmse_kmh)
        _lines(shown, figures, theme, value=lambda figure: 100 * figure.shown)
        error.set_ylabel("error of the speed shown, km/h", color=theme.ink)
        error.set_ylim(bottom=0)
        shown.set_ylabel("vehicles on roads shown, %", color=theme.ink)
        shown.set_ylim(0, 100)
        handles, labels = error.get_legend_handles_labels()
        sheet.legend(
            handles,
            labels,
            loc="outside upper center",
            ncols=len(WAYS),
            frameon=False,
            labelcolor=theme.ink,
        )
        sheet.savefig(file, format="svg", metadata={"Date": None})


def _lines(
    axes: Axes, figures: Sequence[Figure], theme: Theme, *, value: Callable[[Figure], float]
) -> None:
    """Draw a line for each way, with the one without noise dashed."""
    axes.set_facecolor(theme.card)
    axes.set_xscale("log", base=2)
    axes.set_xticks(EPSILONS, [f"{epsilon:g}" for epsilon in EPSILONS])
    axes.minorticks_off()
    axes.set_xlabel("epsilon", color=theme.ink)
    axes.grid(color=theme.line, linewidth=0.8)
    axes.tick_params(colors=theme.soft)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(theme.line)
    for way in WAYS:
        points = [figure for figure in figures if figure.made == way]
        colour = theme.ways[way]
        if way == NO_NOISE:
            axes.axhline(value(points[0]), color=colour, linestyle="--", label=way)
            continue
        told = [value(figure) for figure in points]
        axes.plot(EPSILONS, told, color=colour, marker=_MARKS[way], linewidth=2, label=way)
