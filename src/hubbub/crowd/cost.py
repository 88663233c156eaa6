"""What mechanisms cost together: epsilon at a delta. The one module that asks dp-accounting.

Laplace alone adds up (Dwork & Roth 2014, theorem 3.16), exactly and at any delta. Otherwise, and
where it is less, the privacy loss of all is composed by dp-accounting, which rounds upwards.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from math import inf

from dp_accounting import dp_event, pld

from hubbub.crowd.book import LAPLACE, Mechanism
from hubbub.crowd.laws import DiscreteGaussian, G

_STEP = 1e-3  # of the privacy loss


def epsilon(mechanisms: Iterable[Mechanism], *, delta: float) -> float:
    """Give epsilon at `delta` of all `mechanisms` on the same unit, whatever their order."""
    return _epsilon(tuple(sorted(mechanisms)), delta)


@lru_cache(maxsize=4096)
def _epsilon(mechanisms: tuple[Mechanism, ...], delta: float) -> float:
    pure = all(mechanism.law == LAPLACE for mechanism in mechanisms)
    added = sum((1 / mechanism.width for mechanism in mechanisms), Fraction()) if pure else inf
    if len(mechanisms) == 1 and not pure:
        return _epsilon_of_gaussian(mechanisms[0], delta)
    if len(mechanisms) < 2 or delta == 0:
        return float(added)
    accountant = pld.PLDAccountant(value_discretization_interval=_STEP)
    for mechanism in mechanisms:
        accountant.compose(_event(mechanism))
    return min(float(added), float(accountant.get_epsilon(delta)))


def _epsilon_of_gaussian(mechanism: Mechanism, delta: float) -> float:
    """Ask the law itself: it is exact, where the accountant rounds up."""
    law = DiscreteGaussian(sigma=mechanism.width * G)
    low, high = 0.0, 1000.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        enough = law.delta(middle, sensitivity=G) <= delta
        low, high = (low, middle) if enough else (middle, high)
    return high


def _event(mechanism: Mechanism) -> dp_event.DpEvent:
    if mechanism.law == LAPLACE:  # on the grid: the continuous law would cost 1e-5 less
        return dp_event.DiscreteLaplaceDpEvent(float(1 / (mechanism.width * G)), G)
    return dp_event.GaussianDpEvent(float(mechanism.width))
