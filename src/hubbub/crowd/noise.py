"""Draw exact noise for whole tables: integers in, integers out. Only this module may draw.

1. A law is tabulated once: its weights in 320-bit fixed point, their running sum cut to 128 bits.
2. A draw compares one uniform 128-bit word with the table: the value is the number of thresholds
   that are not above the word. No float takes part, so none can leak (Mironov 2012).
3. Every draw costs the same: two words and one search of the whole table, whatever comes out.
   Only a tie in the upper 64 bits, once in 2^40 draws, looks at the lower ones a second time.
4. The distance to the ideal law is known (`total_variation`) and stays under 2^-100.
5. Randomness is handed in: the operating system's in the shell, a seed in tests only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import Final, assert_never

import numpy as np
import numpy.typing as npt

from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, Noise

type Entropy = Callable[[int], bytes]
"""Gives so many bytes of randomness."""

type Integers = npt.NDArray[np.int64]
type _Words = npt.NDArray[np.uint64]

_BITS: Final = 320
_ONE: Final = 1 << _BITS
_WORD: Final = 1 << 128

# What is cut off holds less than 2^-110: exp(-80) = 2^-115, and exp(-14^2 / 2) = 2^-141.
_TAIL_SCALES: Final = 80
_TAIL_SIGMAS: Final = 14


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Table:
    """The running sum of a law, cut to 128 bits: upper and lower words, and how true it is."""

    upper: _Words
    lower: _Words
    least: int
    total_variation: Fraction


@lru_cache(maxsize=32)
def table(noise: Noise) -> Table:
    """Tabulate `noise` once; every later draw reads the same table."""
    half = _weights(noise)
    weights = half[:0:-1] + half
    total, thresholds, running = sum(weights), [], 0
    for weight in weights[:-1]:
        running += weight
        thresholds.append(running * _WORD // total)
    return Table(
        upper=np.array([threshold >> 64 for threshold in thresholds], dtype=np.uint64),
        lower=np.array([threshold % (1 << 64) for threshold in thresholds], dtype=np.uint64),
        least=1 - len(half),
        # Cutting a threshold moves less than 2^-128 from one value to its neighbour. The weights'
        # own error (2^-300 each) and the tails together are below the 2^-109 that is added.
        total_variation=Fraction(len(weights), _WORD) + Fraction(1, 1 << 109),
    )


def draw(noise: Noise, count: int, *, entropy: Entropy) -> Integers:
    """Draw `count` integers from `noise`."""
    law = table(noise)
    words = np.frombuffer(entropy(16 * count), dtype=np.uint64)
    upper, lower = words[:count], words[count:]
    below = np.searchsorted(law.upper, upper, side="right")
    for tie in np.flatnonzero(law.upper[np.maximum(below, 1) - 1] == upper):
        first = int(np.searchsorted(law.upper, upper[tie], side="left"))
        tied = law.lower[first : below[tie]]
        below[tie] = first + int(np.searchsorted(tied, lower[tie], side="right"))
    return below.astype(np.int64) + law.least


def _weights(noise: Noise) -> list[int]:
    """List the weights of 0, 1, 2 … until nothing worth naming is left."""
    match noise:
        case DiscreteLaplace(scale=scale):
            ratio, growth, length = _exp_of_minus(Fraction(1, scale)), _ONE, _TAIL_SCALES * scale
        case DiscreteGaussian(sigma=sigma):  # w(k + 1) / w(k) = r^(2 k + 1), r = exp(-1 / 2 sigma²)
            ratio = _exp_of_minus(1 / (2 * sigma**2))
            growth, length = ratio * ratio >> _BITS, _TAIL_SIGMAS * (isqrt(int(sigma**2)) + 1)
        case _:
            assert_never(noise)
    weights = [_ONE]
    for _ in range(length):
        weights.append(weights[-1] * ratio >> _BITS)
        ratio = ratio * growth >> _BITS
    return weights


def _exp_of_minus(x: Fraction) -> int:
    """Give exp(-x), 0 <= x <= 1, in fixed point: the Taylor series alternates and ends fast."""
    scaled = (x.numerator << _BITS) // x.denominator
    term, total, k = _ONE, 0, 0
    while term:
        total += term if k % 2 == 0 else -term
        k += 1
        term = (term * scaled >> _BITS) // k
    return total
