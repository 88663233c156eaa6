"""What a product declares of a release. From it alone follow the question, the cost, the promise.

A declaration that lacks something, or claims more than its noise keeps, is refused as it is made,
when its product is imported, and told all that is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, assert_never

from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.crowd import bounds
from hubbub.crowd.blocks import ALONE, Blocks, Days, Newest, Windows
from hubbub.crowd.bounds import Bound, DayPlan, OneNorm, TwoNorm, Unit, is_summed
from hubbub.crowd.laws import DiscreteLaplace, G, Noise
from hubbub.crowd.measure import (
    BASE_COLUMNS,
    ROWS_MAX,
    Count,
    Events,
    Histogram,
    Measure,
    Presence,
    TwoCounters,
)
from hubbub.crowd.promise import (
    Accuracy,
    Promise,
    accuracy_of,
    beyond_words,
    block_words,
    bound_words,
    combination_words,
    guess_percent_max,
    measured_words,
    unit_words,
)
from hubbub.crowd.structure import AS_DRAWN, Denoiser
from hubbub.deal.gate import strange
from hubbub.terms.errors import HubbubError
from hubbub.terms.purposes import PURPOSES, Purpose

WHOLE_MAX: Final = 1 << 10
"""Whole contributions of one unit: a bound beyond would leave the whole numbers that are exact."""
EPSILON_MAX: Final = 10.0
"""From here on a guess can become a certainty, and a promise would be none."""
DELTA_MAX: Final = 1e-6


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


type Demand = tuple[bool, str]
"""Whether a demand is met, and what is lacking if it is not."""


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
    key_word: str = "cell"  # what a key is, in a word that people know
    edition: int = 1  # a question that changes its meaning is a new edition
    # What is done with released numbers costs nothing and makes no other release of them:
    combination: Newest = ALONE
    denoiser: Denoiser = AS_DRAWN

    def __post_init__(self) -> None:
        """Refuse what cannot be kept."""
        demands = (*self._of_question(), *self._of_measure(), *self._of_bound(), *self._of_noise())
        lacks = [what for is_met, what in demands if not is_met]
        if lacks := [*lacks, *self.denoiser.lacks({*self.keys.schema().names, *self.measure.cell})]:
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

    def weighed(
        self, rows: ir.Table, *, one_day: bool = False, keys_below: int | None = None
    ) -> ir.Table:
        """Give what each contribution in `rows`, an answer to the question, adds to which cell.

        Whether the block is `one_day`, and the keys all numbers below one, makes it cheaper only.
        """
        return bounds.weighed(
            rows,
            self.keys if keys_below is None else keys_below,
            one_day=one_day,
            unit=self.unit,
            measure=self.measure,
            bound=self.bound,
            blocks=self.blocks,
        )

    def sums(self, weighed: ir.Table) -> ir.Table:
        """Sum the counters of the block that is asked about, by cell."""
        return bounds.sums(weighed, measure=self.measure, blocks=self.blocks)

    def worst(self, weighed: ir.Table) -> ir.Table:
        """Find the most that any unit adds: it is checked before anything is released."""
        return bounds.worst(weighed, unit=self.unit, measure=self.measure, bound=self.bound)

    def accuracy(self) -> Accuracy:
        """Tell how far noise alone moves an answer, from the law and the weight alone."""
        return accuracy_of(self.measure, self.bound, self.noise)

    def promise(self) -> Promise:
        """Say in plain words and in numbers what is hidden, how well, and what is not."""
        unit = unit_words(self.unit, key_word=self.key_word)
        guess = guess_percent_max(self.epsilon)
        failing = f", failing with a chance of at most {self.delta:g}" if self.delta else ""
        return Promise(
            name=self.name,
            purpose=self.purpose.key,
            unit=unit,
            weaker=self.unit is not Unit.PERSON_DAY,
            epsilon=self.epsilon,
            delta=self.delta,
            guess_percent_max=guess,
            block=block_words(self.blocks),
            combination=combination_words(self.combination.blocks),
            floor_people=self.floor.people,
            accuracy=self.accuracy(),
            words=(
                f"{self.name}: {unit} stays hidden in the crowd. Whoever sees all "
                f"that is published, and is 50 % sure that it is in, can become at most "
                f"{guess:.0f} % certain (epsilon {self.epsilon:g}{failing}). "
                f"{bound_words(self.bound, key_word=self.key_word)} "
                f"The {measured_words(self.measure)} is counted in blocks of "
                f"{block_words(self.blocks)}, each drawn once. A {self.key_word} is shown from "
                f"about {self.floor.people} people on. {beyond_words(self.unit)}"
            ),
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

    def _of_question(self) -> Iterator[Demand]:
        wanted = {**BASE_COLUMNS, **self.measure.columns}
        columns = {name: str(kind) for name, kind in self.question.schema().items()}
        kinds = strange(self.question)
        yield bool(self.name and self.key_word), "a name, and a word for its keys"
        yield self.edition >= 1, "an edition from 1 on"
        yield self.purpose in PURPOSES.values(), "a purpose that people can agree to"
        yield columns == wanted, f"a question with the columns {wanted}, not {columns}"
        yield not kinds, f"a question of unbound tables and nothing else, not {', '.join(kinds)}"
        yield (
            isinstance(self.keys.op(), ops.UnboundTable)
            and str(self.keys.schema().get("key")) == "int32",
            "an unbound table of public keys with a column `key` of int32",
        )
        yield self.combination.blocks >= 1, "a combination of at least one block"
        yield self.floor.people >= 2, "a floor of more than one person"
        yield 0 < self.floor.luck < 0.5, "a floor's luck within 0..0.5"

    def _of_measure(self) -> Iterator[Demand]:
        match self.measure:
            case Presence(counted=counted):
                yield bool(counted), "a word for what is counted"
            case Events(counted=counted):
                yield bool(counted), "a word for what is counted"
                yield (
                    isinstance(self.bound, OneNorm) and self.unit is Unit.PERSON_DAY,
                    "an L1 bound on all the events of a day",
                )
            case Count(counted=counted, rows_per_key_max=rows_max):
                yield bool(counted), "a word for what is counted"
                yield (
                    1 <= rows_max <= ROWS_MAX,
                    f"a count of 1 to {ROWS_MAX} rows of one person in a cell",
                )
            case TwoCounters(value=value, prior=prior, reach=reach):
                yield all((value, prior, reach)), "words for a value, its prior and its reach"
            case Histogram(value=value, edges=edges):
                yield bool(value), "a word for the value that is spread"
                yield 1 <= len(edges) < ROWS_MAX, f"a histogram of 2 to {ROWS_MAX} bins"
                yield all(low < high for low, high in pairwise(edges)), "edges of bins that rise"
            case _:
                assert_never(self.measure)

    def _of_bound(self) -> Iterator[Demand]:
        match self.bound, self.unit, self.blocks:
            case OneNorm(), Unit.PASSAGE, Windows():
                fits = True
            case ((OneNorm() | TwoNorm()), Unit.PERSON_DAY, Days()):
                fits = True
            case DayPlan(), Unit.PERSON_DAY, Windows():
                fits = True
            case _:
                fits = False
        yield fits, "a bound that holds for its unit over all blocks of a day"
        match self.blocks:
            case Days(days=length) | Windows(length_s=length):
                yield length >= 1, "blocks that last"
            case _:
                assert_never(self.blocks)
        match self.bound:
            case OneNorm(whole_max=whole_max) | TwoNorm(whole_max=whole_max):
                counts = 1 <= whole_max <= WHOLE_MAX
            case DayPlan(windows_max=windows_max, keys_max=keys_max) as plan:
                counts = min(windows_max, keys_max) >= 1 and plan.weight >= 1
            case _:
                assert_never(self.bound)
        yield counts, f"a bound that lets somebody count, for at most {WHOLE_MAX} whole"

    def _of_noise(self) -> Iterator[Demand]:
        epsilon_fits, delta_fits = 0 < self.epsilon <= EPSILON_MAX, 0 <= self.delta <= DELTA_MAX
        yield epsilon_fits, f"an epsilon above 0, and at most {EPSILON_MAX:g}"
        yield delta_fits, f"a delta of at most {DELTA_MAX:g}"
        if isinstance(self.noise, DiscreteLaplace) is not is_summed(self.bound):
            yield False, "Laplace noise for an L1 bound, or Gaussian noise for an L2 bound"
        elif self.noise.spread < 2:
            yield False, "noise at least two steps of the grid wide"
        elif epsilon_fits and delta_fits:
            costs = self.noise.delta(self.epsilon, sensitivity=self.sensitivity)
            yield (
                costs <= self.delta,
                f"noise enough for epsilon {self.epsilon:g}: its delta is {costs:.3g}",
            )
