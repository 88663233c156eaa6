"""Draw exact noise for whole tables: integers in, integers out. Only this module may draw.

1. A law is tabulated once: its weights in 320-bit fixed point, their running sum cut to 128 bits.
   So each value has a whole number of the 2^128 words, and no float takes part (Mironov 2012).
2. The words are dealt to 2^m columns of one height, each holding words of two values at most
   (Walker 1977, Vose 1991). In whole numbers this changes no value's share of the words.
3. A draw takes one uniform 128-bit word: its first m bits choose the column, the others are
   compared with the column's edge. The steps are the same whatever comes out: no search, no branch.
4. The distance to the ideal law is known (`total_variation`) and stays under 2^-100.
5. Randomness is handed in: the operating system's in the shell, a seed in tests only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from math import ceil
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
    """The columns of a law, each for words of its own value below an edge, of another's above."""

    column_bits: int
    edge_upper: _Words  # without the bits that chose the column
    edge_lower: _Words
    jump: Integers  # from a column's own value to the other
    least: int  # the value of column 0
    total_variation: Fraction


@lru_cache(maxsize=32)
def table(noise: Noise) -> Table:
    """Tabulate `noise` once; every later draw reads the same table."""
    half = _weights(noise)
    shares = _shares(half[:0:-1] + half)
    column_bits = (len(shares) - 1).bit_length()
    edges, jumps = _columns(shares, column_bits)
    return Table(
        column_bits=column_bits,
        edge_upper=np.array([edge >> 64 for edge in edges], dtype=np.uint64),
        edge_lower=np.array([edge % (1 << 64) for edge in edges], dtype=np.uint64),
        jump=np.array(jumps, dtype=np.int64),
        least=1 - len(half),
        # Cutting a running sum moves less than 2^-128 from one value to its neighbour. What the
        # weights are wrong by (2^-280 each) and the tails together are below the 2^-109 added.
        total_variation=Fraction(len(shares), _WORD) + Fraction(1, 1 << 109),
    )


def draw(noise: Noise, count: int, *, entropy: Entropy) -> Integers:
    """Draw `count` integers from `noise`."""
    law = table(noise)
    words = np.frombuffer(entropy(16 * count), dtype=np.uint64)
    upper, lower = words[:count], words[count:]
    rest_bits = 64 - law.column_bits
    column = (upper >> np.uint64(rest_bits)).astype(np.int64)
    rest, edge = upper & np.uint64((1 << rest_bits) - 1), law.edge_upper[column]
    above = (rest > edge) | ((rest == edge) & (lower >= law.edge_lower[column]))
    drawn: Integers = law.least + column + above * law.jump[column]
    return drawn


def _shares(weights: list[int]) -> list[int]:
    """Share the 2^128 words out by `weights`: the running sum is cut, so that none is left."""
    total = sum(weights)
    cuts = [running * _WORD // total for running in accumulate(weights)]
    return [until - since for since, until in pairwise([0, *cuts])]


def _columns(shares: list[int], column_bits: int) -> tuple[list[int], list[int]]:
    """Deal the words to columns: each column's edge, and how far it is to its other value.

    A column that its own value does not fill is filled up by a value that has words to spare.
    """
    count, height = 1 << column_bits, _WORD >> column_bits
    left = shares + [0] * (count - len(shares))
    edges, jumps = [height] * count, [0] * count
    short = [column for column, words in enumerate(left) if words < height]
    spare = [column for column, words in enumerate(left) if words > height]
    while short:
        column, giver = short.pop(), spare[-1]
        edges[column], jumps[column] = left[column], giver - column
        left[giver] -= height - left[column]
        if left[giver] <= height:
            spare.pop()
        if left[giver] < height:
            short.append(giver)
    return edges, jumps


def _weights(noise: Noise) -> list[int]:
    """List the weights of 0, 1, 2 … until nothing worth naming is left."""
    match noise:
        case DiscreteLaplace(scale=scale):
            ratio, growth, length = _exp_of_minus(Fraction(1, scale)), _ONE, _TAIL_SCALES * scale
        case DiscreteGaussian(sigma=sigma):  # w(k + 1) / w(k) = r^(2 k + 1), r = exp(-1 / 2 sigma²)
            ratio = _exp_of_minus(1 / (2 * sigma**2))
            growth, length = ratio * ratio >> _BITS, _TAIL_SIGMAS * ceil(sigma)
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
    terms = [_ONE]
    while terms[-1]:
        terms.append((terms[-1] * scaled >> _BITS) // len(terms))
    return sum(terms[::2]) - sum(terms[1::2])
