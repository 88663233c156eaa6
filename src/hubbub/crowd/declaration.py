"""What a product declares of a release: from it follow the question, the cost and the promise.

A declaration that lacks something, or claims less than its noise costs, is refused as it is made:
when the product is imported.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import exp
from typing import Final, assert_never

from ibis.expr import types as ir

from hubbub.crowd.blocks import Blocks, Days, Windows
from hubbub.crowd.bounds import Bound, DayPlan, OneNorm, TwoNorm, Unit
from hubbub.crowd.laws import DiscreteLaplace, G, Noise
from hubbub.crowd.measure import (
    BASE_COLUMNS,
    ROWS_MAX,
    Count,
    Histogram,
    Measure,
    Presence,
    TwoCounters,
)
from hubbub.crowd.structure import AS_DRAWN, Denoiser
from hubbub.terms.errors import HubbubError
from hubbub.terms.purposes import Purpose


class BadDeclaration(HubbubError):
    """A product's declaration lacks something or claims too much. Its author must mend it."""

    def __init__(self, name: str, lacks: list[str]) -> None:
        super().__init__(f"the declaration {name!r} cannot be kept: {'; '.join(lacks)}")
        self.name, self.lacks = name, tuple(lacks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Floor:
    """A cell is shown iff its noisy count shows `people`, by `luck` alone as rarely as that."""

    people: int = 10
    luck: float = 0.01


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Declaration[For: Purpose]:
    """What is shared of whom, how it is hidden, and what that costs."""

    name: str
    purpose: type[For]
    question: ir.Table  # over unbound tables: the catalogue's, `keys` and CALENDAR
    keys: ir.Table  # unbound: what is public of each key, `key` and more
    unit: Unit
    measure: Measure
    bound: Bound
    noise: Noise
    epsilon: float
    delta: float
    blocks: Blocks
    floor: Floor
    denoiser: Denoiser = AS_DRAWN  # how its tables are told; not part of a release's identity
    edition: int = 1  # a question that changes its meaning is a new edition

    def __post_init__(self) -> None:
        """Refuse what cannot be kept."""
        if lacks := [
            *self._lacks_in_words(),
            *self._lacks_in_measure(),
            *self._lacks_in_bound(),
            *self._lacks_in_noise(),
        ]:
            raise BadDeclaration(self.name, lacks)

    @property
    def sensitivity(self) -> int:
        """Give the most that one unit adds, on the grid, in the norm of its bound."""
        return self.bound.whole_max * G

    @property
    def cell_max(self) -> int:
        """Give the most that one unit adds to one cell of a block, on the grid."""
        if isinstance(self.bound, DayPlan):
            return self.bound.weight
        return min(self.measure.rows_per_key_max, self.bound.whole_max) * G

    @property
    def guess_percent_max(self) -> float:
        """Tell what a 50 % guess about one unit can become: e^epsilon / (1 + e^epsilon), in %."""
        return 100 / (1 + exp(-self.epsilon))

    def promise(self) -> str:
        """Say in plain words what is hidden, how well, and what is not."""
        failing = f", failing with a chance of at most {self.delta:g}" if self.delta else ""
        return (
            f"{self.name}: {_UNIT_WORDS[self.unit]} stays hidden in the crowd. Whoever sees all "
            f"that is published, and is 50 % sure that it is in, can become at most "
            f"{self.guess_percent_max:.0f} % certain (epsilon {self.epsilon:g}{failing}). "
            f"{_bound_words(self.bound)} The {_measure_words(self.measure)} is counted in "
            f"blocks of {_block_words(self.blocks)}, each drawn once. A road is shown from about "
            f"{self.floor.people} people on. {_BEYOND_WORDS[self.unit]}"
        )

    def specification(self) -> dict[str, str | int | float]:
        """Give what makes this release what it is, for its identity in the ledger."""
        return {
            "name": self.name,
            "edition": self.edition,
            "purpose": self.purpose.key,
            "unit": self.unit.name,
            "bound": repr(self.bound),
            "noise": f"{type(self.noise).__name__} {self.noise.spread} on {G}",
            "epsilon": self.epsilon,
            "delta": self.delta,
            "blocks": repr(self.blocks),
            **self._specified_measure(),
        }

    def _specified_measure(self) -> dict[str, str | int | float]:
        """Name a measure, except the first that there was: its releases keep their names."""
        if isinstance(self.measure, TwoCounters):
            return {}
        return {
            "measure": type(self.measure).__name__,
            "rows_per_key_max": self.measure.rows_per_key_max,
            **({"edges": repr(self.measure.edges)} if isinstance(self.measure, Histogram) else {}),
        }

    def _lacks_in_words(self) -> list[str]:
        wanted = {**BASE_COLUMNS, **self.measure.columns}
        columns = {name: str(kind) for name, kind in self.question.schema().items()}
        return [
            *(["a name"] if not self.name else []),
            *(
                [f"a question with the columns {wanted}, not {columns}"]
                if columns != wanted
                else []
            ),
            *(
                ["public keys with a column `key` of int32"]
                if str(self.keys.schema().get("key")) != "int32"
                else []
            ),
            *self.denoiser.lacks({*self.keys.schema().names, *self.measure.cell}),
            *(["a floor of more than one person"] if self.floor.people < 2 else []),
            *(["a floor's luck within 0..0.5"] if not 0 < self.floor.luck < 0.5 else []),
        ]

    def _lacks_in_measure(self) -> list[str]:
        match self.measure:
            case Count(rows_per_key_max=rows_max) if not 1 <= rows_max <= ROWS_MAX:
                return [f"a count of 1 to {ROWS_MAX} rows of one person in a cell"]
            case Histogram(edges=edges) if not (edges and len(edges) < ROWS_MAX):
                return [f"a histogram of 2 to {ROWS_MAX} bins"]
            case Histogram(edges=edges) if not all(low < high for low, high in pairwise(edges)):
                return ["edges of bins that rise"]
            case _:
                return []

    def _lacks_in_bound(self) -> list[str]:
        match self.bound, self.unit, self.blocks:
            case OneNorm(), Unit.PASSAGE, Windows():
                fits = True
            case ((OneNorm() | TwoNorm()), Unit.PERSON_DAY, Days()):
                fits = True
            case DayPlan(), Unit.PERSON_DAY, Windows():
                fits = True
            case _:
                fits = False
        lacks = [] if fits else ["a bound that holds for its unit over all blocks of a day"]
        if not _lets_count(self.bound):
            lacks.append("a bound that lets somebody count")
        return lacks

    def _lacks_in_noise(self) -> list[str]:
        laplace = isinstance(self.noise, DiscreteLaplace)
        if laplace is not isinstance(self.bound, OneNorm):
            return ["Laplace noise for an L1 bound, or Gaussian noise for an L2 bound"]
        if self.noise.spread < 2:
            return ["noise at least two steps of the grid wide"]
        costs = self.noise.delta(self.epsilon, sensitivity=self.sensitivity)
        if costs > self.delta:
            return [f"noise enough for epsilon {self.epsilon:g}: its delta is {costs:.3g}"]
        return []


_UNIT_WORDS: Final = {
    Unit.PERSON_DAY: "everything that one account shares in one local day",
    Unit.PASSAGE: "one passage of one person over one road in one window",
}
_BEYOND_WORDS: Final = {
    Unit.PERSON_DAY: (
        "Not promised: one person with two accounts counts as two, and so does one who leaves and "
        "joins again within the day; the operator, who holds the rows, is trusted."
    ),
    Unit.PASSAGE: (
        "This is the weaker promise: somebody who drives all morning makes many passages, and the "
        "morning as a whole is not hidden. The operator, who holds the rows, is trusted."
    ),
}


def _lets_count(bound: Bound) -> bool:
    match bound:
        case OneNorm(whole_max=whole_max) | TwoNorm(whole_max=whole_max):
            return whole_max >= 1
        case DayPlan(windows_max=windows_max, keys_max=keys_max):
            return min(windows_max, keys_max) >= 1 and bound.weight >= 1
    assert_never(bound)


def _bound_words(bound: Bound) -> str:
    match bound:
        case OneNorm(whole_max=whole_max):
            return f"All that one of these adds is at most {whole_max} whole."
        case TwoNorm(whole_max=whole_max):
            return f"All that one of these adds has a length (L2) of at most {whole_max} whole."
        case DayPlan(windows_max=windows_max, keys_max=keys_max):
            return (
                f"At most {windows_max} windows a day and {keys_max} roads in each are counted, "
                f"each for {bound.weight}/{G}."
            )
    assert_never(bound)


def _measure_words(measure: Measure) -> str:
    match measure:
        case Presence(counted=counted) | Count(counted=counted):
            return f"number of {counted}"
        case TwoCounters(value=value) | Histogram(value=value):
            return value
    assert_never(measure)


def _block_words(blocks: Blocks) -> str:
    match blocks:
        case Days(days=days):
            return f"{days} days"
        case Windows(length_s=length_s):
            return f"{length_s // 60} minutes"
    assert_never(blocks)
