"""Makes a released table less noisy by what is public, and says how far off it then still is.

1. It looks at released integers, the known variance of their noise and public structure only: it is
   post-processing, hides nobody worse, and costs nothing.
2. For y = true + noise of variance s2 in each of N cells, the squared error of an estimate f(y) is
   on average that of  |f(y) - y|^2 - N s2 + 2 s2 div f(y),  which needs no truth (Stein 1981):
   exactly for Gaussian noise, and for any noise as far as f is linear.
3. div f(y) = b'(f(y + h b) - f(y)) / h  for random signs b (Ramani, Blu & Unser 2008). Ours come
   from a hash, the same ones each time, so that nothing is drawn here.
4. That sum strays from its mean as the noise's squares do: by  s2 sqrt(k / N)  a cell, k = 2 for
   Gauss and 5 for Laplace. No prediction can be nearer, and none claims to be.
5. Of the table as it was drawn and all estimates that its structure allows, the one of the least
   error is taken, and that error is the release's published accuracy.
6. Counts below nought stay: whoever shows one cuts it off at the very last.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import shake_256
from math import prod, sqrt
from typing import Final, Literal

import msgspec
import numpy as np
import pyarrow as pa

from hubbub.crowd.declaration import Declaration
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteLaplace, Noise
from hubbub.crowd.shrink import Shrink, along_curve, by_scale, low_rank, towards_category
from hubbub.crowd.structure import Denoiser, Layout, Numbers, layout
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import Purpose

type Method = Literal["none", "category", "curve", "low rank", "scales"]

STEP: Final = 0.05
"""How far the signs reach, in deviations of the noise."""
SIGNS_MIN: Final = 1 << 17
TIMES_MAX: Final = 16
"""So many signs are wanted at least; where cells are few, each gets one at most so many times."""
DEVIATIONS_95: Final = 2.5
"""Once in twenty times a normal law is above 1.645 of them. Laplace noise is told better than it is
where an estimate bends, by up to 0.8 (`bench.denoise`)."""


class KeysDiffer(BadInput):
    """A table was released for other public keys than those at hand."""


class CounterError(msgspec.Struct, frozen=True, kw_only=True):
    """How far off a counter's cells are, in whole contributions: the root of the mean square."""

    counter: str
    noise: float  # as it was drawn
    error: float  # as it is told, by Stein's estimate
    error_95: float  # and it is no more than this, in 95 of 100 tables


class PredictedAccuracy(msgspec.Struct, frozen=True, kw_only=True):
    """How far off a release is, and what made it so."""

    denoiser: Method
    counters: tuple[CounterError, ...]


class Denoised(msgspec.Struct, frozen=True, kw_only=True):
    """A table in whole contributions, with its columns as released, and its accuracy."""

    table: pa.Table
    accuracy: PredictedAccuracy


def denoise[For: Purpose](
    declaration: Declaration[For], keys: PublicKeys, table: pa.Table
) -> Denoised:
    """Denoise what `declaration` released for `keys`, by the structure that it names."""
    measure, whole = declaration.measure, declaration.bound.weight
    drawn = np.stack([table[name].to_numpy() / whole for name in measure.counters])
    s2 = len(drawn) * (declaration.noise.deviation / whole) ** 2
    known = layout(declaration.denoiser, _public(keys, table.select(measure.cell)))
    method, told, squares = guarded(
        known.spread(_turned(drawn)), s2, known=known, tried=methods(declaration.denoiser)
    )
    strays = 0.0 if method == "none" else _strays(declaration.noise, s2, cells=len(table))
    counters = zip(measure.counters, _turned(known.gather(told)) / len(drawn), strict=True)
    return Denoised(
        table=pa.table({name: table[name] for name in measure.cell} | dict(counters)),
        accuracy=PredictedAccuracy(
            denoiser=method,
            counters=tuple(
                CounterError(
                    counter=counter,
                    noise=sqrt(s2),
                    error=sqrt(max(square, strays)),
                    error_95=sqrt(max(square, strays) + DEVIATIONS_95 * strays),
                )
                for counter, square in zip(("count", "difference"), squares.tolist(), strict=False)
            ),
        ),
    )


def predicted[For: Purpose](
    declaration: Declaration[For], keys: PublicKeys, table: pa.Table
) -> PredictedAccuracy:
    """Tell how far off a table is once it is denoised."""
    return denoise(declaration, keys, table).accuracy


def methods(denoiser: Denoiser) -> Iterator[tuple[Method, Shrink]]:
    """List what may be tried with what is known."""
    if denoiser.categories:
        yield "category", towards_category
    if denoiser.categories and denoiser.matrix:
        yield "curve", along_curve
    if denoiser.matrix:
        yield "low rank", low_rank
    if denoiser.scales:
        yield "scales", by_scale


def guarded(
    y: Numbers, s2: float, *, known: Layout, tried: Iterable[tuple[Method, Shrink]]
) -> tuple[Method, Numbers, Numbers]:
    """Give the least wrong of y and all that is tried, and by counter its mean square error."""
    best: tuple[Method, Numbers, Numbers] = ("none", y, np.full(len(y), s2))
    for method, shrink in tried if y.size else ():
        told, squares = judged(partial(shrink, s2, known), y, s2)
        if squares.sum() < best[2].sum():
            best = (method, told, squares)
    return best


def judged(
    estimate: Callable[[Numbers], Numbers], y: Numbers, s2: float
) -> tuple[Numbers, Numbers]:
    """Give an estimate of y, and by counter its mean square error as Stein predicts it."""
    told, step = estimate(y), STEP * sqrt(s2)
    slopes = [signs * (estimate(y + step * signs) - told) / step for signs in _signs(y.shape)]
    squares: Numbers = (told - y) ** 2 - s2 + 2 * s2 * np.mean(slopes, axis=0)
    return told, squares.sum(axis=(1, 2)) / y[0].size


def _signs(shape: tuple[int, ...]) -> Numbers:
    """Give signs for every cell: several times, where one of each would be too few to trust."""
    size = prod(shape)
    times = min(TIMES_MAX, -(-SIGNS_MIN // size))
    octets = np.frombuffer(shake_256(b"signs").digest(-(-times * size // 8)), dtype=np.uint8)
    bits = np.unpackbits(octets)[: times * size].reshape(times, *shape)
    return np.where(bits == 1, 1.0, -1.0)


def _strays(noise: Noise, s2: float, *, cells: int) -> float:
    return s2 * sqrt((5 if isinstance(noise, DiscreteLaplace) else 2) / cells)


def _public(keys: PublicKeys, cells: pa.Table) -> pa.Table:
    """Give what is public of each cell of a table: what is known of its key, and its bin."""
    known = keys.table["key"].to_numpy()
    places = np.searchsorted(known, cells["key"].to_numpy())
    public = keys.table.take(places[places < len(known)])
    if not public["key"].equals(cells["key"]):
        raise KeysDiffer("the table was released for other keys, those of an older map perhaps")
    return public if "bin" not in cells.column_names else public.append_column("bin", cells["bin"])


def _turned(counters: Numbers) -> Numbers:
    """Turn up and down into count and difference, whose noise is as independent; or back, twice."""
    if len(counters) == 1:
        return counters
    return np.stack([counters[0] + counters[1], counters[0] - counters[1]])
