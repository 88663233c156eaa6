"""How long people stay, from noisy histograms: quartiles, and the hours that one arrival fills."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from hubbub.crowd.laws import G
from hubbub.products.places.declarations import STAY_EDGES_MIN, STAYS

type Numbers = npt.NDArray[np.float64]

SHORTEST_MIN: Final = 5
LONGEST_MIN: Final = 300
"""What the first bin begins with, and the last ends with."""
HOURS_FILLED: Final = LONGEST_MIN // 60 + 1
"""The hour that somebody arrives in, and those after it until the longest stay is over."""

_BOUNDS_MIN: Final = np.array([SHORTEST_MIN, *STAY_EDGES_MIN, LONGEST_MIN], dtype=float)
_BINS: Final = len(_BOUNDS_MIN) - 1
_STRAY: Final = 0.05
"""How far a category's share of a bin strays from what is usual: its standard deviation."""
_STEPS: Final = 48


def lognormal_shares(median_min: float, log_spread: float) -> Numbers:
    """Spread stays over the bins as a lognormal law does."""
    below = ndtr(np.log(_BOUNDS_MIN[1:-1] / median_min) / log_spread)
    shares: Numbers = np.diff(below, prepend=0.0, append=1.0)
    return shares


def stay_shares(counted: Numbers, *, draws: float, usual: Numbers) -> Numbers:
    """Give each category's shares of the bins: as counted, as far as noise allows, or as usual.

    The best linear weight of a share that was counted with variance v, where the true one strays
    from the usual one with variance T, is T / (T + v) (Wiener 1949). Counts below nought stay until
    the end: every share would be too high or too low without them.
    """
    noise = draws * (STAYS.noise.deviation / G) ** 2
    whole = counted.sum(axis=1, keepdims=True)
    known = np.maximum(whole, np.sqrt(_BINS * noise))  # less is told from nothing by luck alone
    weight = _STRAY**2 / (_STRAY**2 + noise / known**2 + usual / known)
    shares = np.clip(usual + weight * (counted - whole * usual) / known, 1e-6, None)
    return shares / shares.sum(axis=1, keepdims=True)


def filled_hours(shares: Numbers) -> Numbers:
    """Tell for how much of an hour one arrival fills its own hour, and those after it."""
    return shares @ _filled_by_bin()


def middle_half_min(shares: Numbers) -> tuple[int, int]:
    """Give the minutes that a quarter of stays are shorter than, and a quarter longer."""
    below = np.concatenate([[0.0], np.cumsum(shares)])
    low, high = np.exp(np.interp([0.25, 0.75], below, np.log(_BOUNDS_MIN)))
    return round(low), round(high)


@lru_cache(maxsize=1)
def _filled_by_bin() -> Numbers:
    """Average over arrivals at any time of an hour, and over the stays of a bin."""
    middles = (np.arange(_STEPS) + 0.5) / _STEPS
    arrives = middles[:, None]
    low, high = np.log(_BOUNDS_MIN[:-1, None, None]), np.log(_BOUNDS_MIN[1:, None, None])
    leaves = arrives + np.exp(low + (high - low) * middles) / 60
    hours = [
        np.clip(np.minimum(leaves, n + 1) - np.maximum(arrives, n), 0, None).mean(axis=(1, 2))
        for n in range(HOURS_FILLED)
    ]
    return np.stack(hours, axis=1)
