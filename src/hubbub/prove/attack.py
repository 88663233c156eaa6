"""What an attacker is certain of who sees a number from many worlds, half of them with somebody.

On a quarter of the worlds the attacker chooses what to look at and where to draw the line; the
other three quarters tell how often that is right (Clopper & Pearson 1934), and so a lower bound of
epsilon. A gate that keeps its claim stays under it; one that does not is found out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import special

from hubbub.crowd.laws import DiscreteGaussian, G
from hubbub.crowd.noise import Integers

LUCK: Final = 1e-3
"""How often, at most, a gate that keeps its claim exactly is taken for one that does not."""

_LINES: Final = 200
_CHOSEN_BY: Final = 4
_MOVED_MAX: Final = 20.0  # deviations: an epsilon of hundreds

type Rates = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The epsilon that an attack is certain of, and what it looked at."""

    epsilon: float
    by: str


def certain(looks: Mapping[str, Integers], *, delta: float) -> Seen:
    """Attack by what tells most. Of each number, the second half is from worlds with somebody."""
    ways = {
        f"{'at most' if turned else 'at least'} a line in {name}": -look if turned else look
        for name, look in looks.items()
        for turned in (False, True)
    }
    chosen = {way: _line(*_worlds(look, chosen=True), delta=delta) for way, look in ways.items()}
    by = max(chosen, key=lambda way: chosen[way][1])
    absent, present = _worlds(ways[by], chosen=False)
    right, wrong = rates(absent, present, np.array([chosen[by][0]]))
    return Seen(epsilon=_epsilon(right[0], wrong[0], delta=delta), by=by)


def rates(absent: Integers, present: Integers, lines: npt.NDArray[Any]) -> tuple[Rates, Rates]:
    """Bound for each line how often it is right, from below, and wrong, from above."""
    hits = len(present) - np.searchsorted(np.sort(present), lines, side="left")
    false = len(absent) - np.searchsorted(np.sort(absent), lines, side="left")
    right = special.betaincinv(np.maximum(hits, 1), len(present) - hits + 1, LUCK / 2)
    wrong = special.betaincinv(false + 1, np.maximum(len(absent) - false, 1), 1 - LUCK / 2)
    return np.where(hits == 0, 0.0, right), np.where(false == len(absent), 1.0, wrong)


def _worlds(look: Integers, *, chosen: bool) -> tuple[Integers, Integers]:
    """Take the worlds to choose by, or the others: without somebody, and with."""
    absent, present = np.split(look, 2)
    of_choice = np.arange(len(absent)) % _CHOSEN_BY == 0
    part = of_choice if chosen else ~of_choice
    return absent[part], present[part]


def _line(absent: Integers, present: Integers, *, delta: float) -> tuple[float, float]:
    """Find the line that is certain of most, and of how much."""
    both = np.concatenate([absent, present])
    lines = np.unique(np.quantile(both, np.linspace(0, 1, _LINES), method="nearest"))
    right, wrong = rates(absent, present, lines)
    best = {int(np.argmax(_defined(right, wrong, delta))), int(np.argmax(_moved(right, wrong)))}
    found = {float(lines[n]): _epsilon(right[n], wrong[n], delta=delta) for n in best}
    return max(found.items(), key=itemgetter(1))


def _epsilon(right: float, wrong: float, *, delta: float) -> float:
    """Tell the epsilon of an attack: by its definition; and for Gaussian noise by its law, too.

    Its definition alone sees little of an epsilon that holds at a tiny delta. But an attack on
    Gaussian noise that is right r and wrong w of the time has moved it by at least
    z(r) - z(w) deviations (Dong, Roth & Su 2022, theorem 2.7), and that costs what the law says.
    """
    by_definition = float(_defined(right, wrong, delta))
    if not delta:
        return by_definition
    return max(by_definition, _epsilon_of(float(_moved(right, wrong)), delta))


def _defined(right: Rates | float, wrong: Rates | float, delta: float) -> Rates:
    loss: Rates = np.log(np.maximum(np.subtract(right, delta), 1e-12) / wrong)
    return loss


def _moved(right: Rates | float, wrong: Rates | float) -> Rates:
    deviations: Rates = special.ndtri(right) - special.ndtri(wrong)
    return deviations


def _epsilon_of(moved: float, delta: float) -> float:
    """Give epsilon at `delta` of Gaussian noise that somebody moves by so many deviations."""
    if not moved > 0:
        return 0.0
    law = DiscreteGaussian(sigma=G / Fraction(min(moved, _MOVED_MAX)))
    low, high = 0.0, 600.0
    for _ in range(40):
        middle = (low + high) / 2
        enough = law.delta(middle, sensitivity=G) <= delta
        low, high = (low, middle) if enough else (middle, high)
    return low
