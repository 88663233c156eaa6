"""The same product at another epsilon.

The gate answers once, with randomness that is nought. Its noise is then known and is taken out, and
the noise of each epsilon is drawn onto the rest: as the gate would, for the bound is the same.
"""

from dataclasses import replace
from fractions import Fraction
from math import ceil, sqrt
from typing import Final

import pyarrow as pa

from hubbub.crowd.blocks import Windows
from hubbub.crowd.bounds import OneNorm, Unit
from hubbub.crowd.declaration import EPSILON_MAX, Declaration
from hubbub.crowd.gate import Released, postprocess
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G, Noise
from hubbub.crowd.noise import Entropy, Integers, draw
from hubbub.terms.purposes import Purpose

STILL: Final[Entropy] = bytes
"""Randomness that is nought throughout: the gate then draws one and the same number everywhere."""
_STEPS: Final = 1000  # of sigma, in the sensitivity
_SIGMA_MAX: Final = 100


def quiet[For: Purpose](
    released: Released[pa.Table], declared: Declaration[For]
) -> Released[pa.Table]:
    """Take out the noise of what was released with `STILL`."""
    return _shifted(released, -draw(declared.noise, 2 * len(released.value), entropy=STILL))


def at_epsilon[For: Purpose](declared: Declaration[For], epsilon: float) -> Declaration[For]:
    """Declare the same with the least noise that `epsilon` allows."""
    sensitivity = declared.sensitivity
    if isinstance(declared.noise, DiscreteLaplace):
        law: Noise = DiscreteLaplace(scale=ceil(sensitivity / epsilon))
        return replace(declared, noise=law, epsilon=epsilon)
    low, high = 0, _SIGMA_MAX * _STEPS
    while high - low > 1:
        middle = (low + high) // 2
        law = DiscreteGaussian(sigma=Fraction(middle * sensitivity, _STEPS))
        enough = law.delta(epsilon, sensitivity=sensitivity) <= declared.delta
        low, high = (low, middle) if enough else (middle, high)
    law = DiscreteGaussian(sigma=Fraction(high * sensitivity, _STEPS))
    return replace(declared, noise=law, epsilon=epsilon)


def as_wide[For: Purpose](declared: Declaration[For], people: float) -> Declaration[For]:
    """Declare noise of this deviation in a count of whole voices: a picture weighs noise by it."""
    deviation = people * G / sqrt(2)  # of each of the two counters
    return replace(
        declared,
        unit=Unit.PASSAGE if isinstance(declared.blocks, Windows) else declared.unit,
        bound=OneNorm(),
        noise=DiscreteLaplace(scale=max(ceil(G / EPSILON_MAX), round(deviation / sqrt(2)))),
        epsilon=EPSILON_MAX,
        delta=0,
    )


def as_whole[For: Purpose](
    exact: Released[pa.Table], declared: Declaration[For]
) -> Released[pa.Table]:
    """Count in whole voices what was counted in a plan's shares of one."""

    def whole(table: pa.Table) -> pa.Table:
        up, down = (table[name].to_numpy() * G / declared.bound.weight for name in ("up", "down"))
        return pa.table({"key": table["key"], "up": up, "down": down})

    return postprocess(whole, exact)


def noised[For: Purpose](
    exact: Released[pa.Table], declared: Declaration[For], *, entropy: Entropy
) -> Released[pa.Table]:
    """Draw the noise that the gate would have drawn."""
    return _shifted(exact, draw(declared.noise, 2 * len(exact.value), entropy=entropy))


def _shifted(released: Released[pa.Table], by: Integers) -> Released[pa.Table]:
    def shifted(table: pa.Table) -> pa.Table:
        up, down = table["up"].to_numpy(), table["down"].to_numpy()
        columns = {"up": up + by[: len(table)], "down": down + by[len(table) :]}
        return pa.table({"key": table["key"], **columns})

    return postprocess(shifted, released)
