"""Four ways to tell what is true from noise, each by what is public of the cells.

    y   what was released: counters x rows x slots. The first counter counts; a second one, if there
        is one, sums values within -1..1. Every cell has its own noise, of variance s2.

Each moves y towards something smoother by weights T / (T + s2), the best linear ones where what is
true varies around it with variance T (Wiener 1949). T is learnt from y itself (empirical Bayes:
Robbins 1956, Efron & Morris 1973). Nothing here is cut off at nought: a count below it stays, or
every sum of such cells would be too high.
"""

from collections.abc import Callable
from itertools import pairwise
from math import sqrt
from typing import Final

import numpy as np

from hubbub.crowd.structure import Layout, Numbers, Whole

type Shrink = Callable[[float, Layout, Numbers], Numbers]

_ROW_MIN: Final = 0.02  # of s2: no row is taken for quite empty, whatever it shows
_TINY: Final = 1e-12


def towards_category(s2: float, known: Layout, y: Numbers) -> Numbers:
    """Move each cell towards the mean of its category in its slot.

    mean + (1 - (m - 3) s2 / S)+ (y - mean), S the sum of (y - mean)^2 over the category's m rows
    (James & Stein 1961; towards a mean: Lindley 1962).
    """
    m = np.bincount(known.category)[:, None]
    mean = (_sums(y, known.category) / m)[:, known.category]
    stray = _sums((y - mean) ** 2, known.category)
    weight = 1 - np.clip((m - 3) * s2 / np.maximum(stray, _TINY), 0, 1)
    return mean + weight[:, known.category] * (y - mean)


def along_curve(s2: float, known: Layout, y: Numbers) -> Numbers:
    """Expect of each row its own size times the curve of its category over the slots.

    Rows differ most in size, by factors, and stray from their curve in proportion to it: the model
    of independence for counts, with T = phi (size x curve)^2 (a gamma's share: Robbins 1956). What
    a second counter sums is expected in the category's proportion to the count.
    """
    count = y[0]
    curve = _sums(count, known.category)
    curve /= np.maximum(np.linalg.norm(curve, axis=1, keepdims=True), _TINY)
    size = (count * curve[known.category]).sum(axis=1)
    expected = (size * _share(_energy(size**2, s2), s2))[:, None] * curve[known.category]
    counted = _strayed(count, expected, expected**2, s2=s2, category=known.category)
    if len(y) == 1:
        return counted[None]
    above = _sums(y[1], known.category) / np.maximum(_sums(count, known.category), sqrt(s2))
    valued = counted * np.clip(above, -1, 1)[known.category]
    return np.stack([counted, _strayed(y[1], valued, counted**2, s2=s2, category=known.category)])


def low_rank(s2: float, known: Layout, y: Numbers) -> Numbers:
    """Keep the few patterns over the slots that many rows share, and each row's part in them.

    Of the eigenvalues of y'y, noise makes none above n s2 (1 + sqrt(g))^2, g = slots / rows n
    (Marchenko & Pastur 1967). Of a part whose eigenvalue x n s2 lies above, the share r / x is best
    kept, r^2 = (x - 1 - g)^2 - 4 g (Gavish & Donoho 2017): as for T = s2 r / (x - r). That is for
    rows of mean size; T is larger for larger ones.
    """
    del known
    counters, n, slots = y.shape
    rows = np.swapaxes(y, 0, 1).reshape(n, counters * slots)
    values, patterns = np.linalg.eigh(rows.T @ rows)
    g, x = counters * slots / n, values / (n * s2)
    kept = x > (1 + sqrt(g)) ** 2
    if not kept.any():
        return np.zeros_like(y)
    parts, x = rows @ patterns[:, kept], x[kept]
    r = np.sqrt(np.maximum((x - 1 - g) ** 2 - 4 * g, 0))
    size = _energy((parts**2).sum(axis=1, keepdims=True), s2 * len(x))
    rest = np.maximum(x - r, 1 + g)  # it never is less, but for rounding
    weight = _share(s2 * r / rest * size / size.mean(), s2)
    told = (parts * weight) @ patterns[:, kept].T
    return np.swapaxes(told.reshape(n, counters, slots), 0, 1)


def by_scale(s2: float, known: Layout, y: Numbers) -> Numbers:
    """Split each row into means of ever longer stretches of slots, and shrink scale by scale.

    What a stretch's mean differs from the mean of the next longer one is Haar's wavelet (1910),
    shrunk by scale as Donoho & Johnstone (1995) do. T is a row's size, as its longest means tell
    it, over the mean size, times how strong the scale is over all rows.
    """
    slots = y.shape[2]
    means = [y, *(_stretched(y, length) for length in known.scales)]
    parts = [short - long for short, long in pairwise(means)] + means[-1:]
    stretches = [slots, *(slots // length for length in known.scales), 0]
    dimensions = [short - long for short, long in pairwise(stretches)]
    size = _energy((parts[-1][0] ** 2).sum(axis=1), s2 * dimensions[-1])
    strength = [
        np.maximum((part**2).sum(axis=2).mean(axis=1) / dimension - s2, 0)
        for part, dimension in zip(parts, dimensions, strict=True)
    ]
    told = np.zeros_like(y)
    for part, strong in zip(parts, strength, strict=True):
        told += part * _share(strong[:, None] * size / size.mean(), s2)[:, :, None]
    return told


def _strayed(
    y: Numbers, expected: Numbers, scale: Numbers, *, s2: float, category: Whole
) -> Numbers:
    """Move from what is expected towards y: T = phi scale, phi as the category's rows show."""
    stray = _sums(((y - expected) ** 2 - s2).sum(axis=1), category)
    phi = np.maximum(stray, 0) / np.maximum(_sums(scale.sum(axis=1), category), _TINY)
    return expected + _share(phi[category][:, None] * scale, s2) * (y - expected)


def _energy(squares: Numbers, noise: float) -> Numbers:
    """Give what squares hold beside their noise."""
    return np.maximum(squares - noise, _ROW_MIN * noise)


def _share(t: Numbers, s2: float) -> Numbers:
    return t / (t + s2)


def _sums(y: Numbers, category: Whole) -> Numbers:
    """Sum rows of the same category; the rows are the last axis but that of the slots."""
    axis = max(y.ndim - 2, 0)
    order = np.argsort(category, kind="stable")
    first = np.searchsorted(category[order], np.arange(category.max() + 1))
    return np.add.reduceat(np.take(y, order, axis=axis), first, axis=axis)


def _stretched(y: Numbers, length: int) -> Numbers:
    stretches = y.reshape(*y.shape[:2], -1, length)
    return np.repeat(stretches.mean(axis=3), length, axis=2)
