"""What is counted in each cell: what a question yields for it, and which counters are released.

A cell is a public key, or, for a histogram, a public key and a public bin. All rows of one person
in one cell are one contribution, except events, each of which is one: c rows that weigh w on the
grid (`bounds`), in whole counters.

    Presence      c = 1                              count = w
    Events        c = 1, each row by itself          count = w
    Count         c = least(rows, rows_per_key_max)  count = w
    TwoCounters   c = least(rows, ROWS_MAX)          up + down = w, up = w (G + d) / 2 G
    Histogram     c = least(rows, ROWS_MAX)          count = w, in the cell of its bin

No counter is below nought and together they are w, so neither norm of them exceeds w.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

ROWS_MAX: Final = 1 << 10
"""Rows of one person in one cell: more weigh no more."""

BASE_COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {"subject": "int64", "at": "int64", "key": "int32"}
)
"""What every question makes of people's rows: whose, when, and which key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """How many of `counted` were there at all, each once in a cell."""

    counted: str

    columns: ClassVar[Mapping[str, str]] = MappingProxyType({})
    cell: ClassVar[tuple[str, ...]] = ("key",)
    counters: ClassVar[tuple[str, ...]] = ("count",)
    bins: ClassVar[int] = 1
    rows_per_key_max: ClassVar[int] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Events:
    """How many of `counted` there were, however many one person's are in a cell.

    Only a bound on the sum of all that a person adds holds for them.
    """

    counted: str

    columns: ClassVar[Mapping[str, str]] = MappingProxyType({})
    cell: ClassVar[tuple[str, ...]] = ("key",)
    counters: ClassVar[tuple[str, ...]] = ("count",)
    bins: ClassVar[int] = 1
    rows_per_key_max: ClassVar[int] = ROWS_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How often something that is `counted` was done: each person at most so often in a cell."""

    counted: str
    rows_per_key_max: int

    columns: ClassVar[Mapping[str, str]] = MappingProxyType({})
    cell: ClassVar[tuple[str, ...]] = ("key",)
    counters: ClassVar[tuple[str, ...]] = ("count",)
    bins: ClassVar[int] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class TwoCounters:
    """A mean of `value` around a public `prior`: a count and a sum at the price of one.

    d = (value - prior) / reach, clipped to -1..1, adds (1 + d) / 2 to `up` and (1 - d) / 2 to
    `down`. Then up + down counts, and prior + reach (up - down) / (up + down) is the mean.
    A question yields d on the grid, as `d_q`.
    """

    value: str
    prior: str
    reach: str

    columns: ClassVar[Mapping[str, str]] = MappingProxyType({"d_q": "int32"})
    cell: ClassVar[tuple[str, ...]] = ("key",)
    counters: ClassVar[tuple[str, ...]] = ("up", "down")
    bins: ClassVar[int] = 1
    rows_per_key_max: ClassVar[int] = ROWS_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """How `value` is spread over bins, whose `edges` are public and rise.

    A row's `bin` is the number of edges that are not above its value: 0 to len(edges).
    """

    value: str
    edges: tuple[int, ...]

    columns: ClassVar[Mapping[str, str]] = MappingProxyType({"bin": "int32"})
    cell: ClassVar[tuple[str, ...]] = ("key", "bin")
    counters: ClassVar[tuple[str, ...]] = ("count",)
    rows_per_key_max: ClassVar[int] = ROWS_MAX

    @property
    def bins(self) -> int:
        """Count the bins of each key: one more than edges."""
        return len(self.edges) + 1


type Measure = Presence | Events | Count | TwoCounters | Histogram
