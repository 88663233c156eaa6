"""The two laws cost what their sources say, and an accountant agrees."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from crowd.morning import seeded
from hubbub.crowd.book import GAUSSIAN, LAPLACE, Mechanism, mechanism
from hubbub.crowd.cost import epsilon
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G, Noise
from hubbub.crowd.noise import draw
from hubbub.products.traffic.declarations import LIVE_DAY, TYPICAL
from hubbub.terms.purposes import Purpose

LAPLACE_1 = Mechanism(LAPLACE, Fraction(1))
GAUSSIAN_WEEK = Mechanism(GAUSSIAN, Fraction(5496, 1000))
GAUSSIAN_DAY = Mechanism(GAUSSIAN, Fraction(1488, 1000))


def test_laplace_noise_never_fails_from_its_epsilon_on() -> None:
    law = DiscreteLaplace(scale=G)
    assert law.delta(1, sensitivity=G) == 0
    assert law.delta(0.999, sensitivity=G) == 1
    assert law.delta(1.999, sensitivity=2 * G) == 1


@pytest.mark.parametrize(
    ("sigma", "epsilon_at", "delta"), [("5.495", 1, 1.0016e-9), ("1.488", 4, 9.950e-10)]
)
def test_gaussian_noise_fails_as_balle_and_wang_say(
    sigma: str, epsilon_at: float, delta: float
) -> None:
    law = DiscreteGaussian(sigma=Fraction(sigma) * G)
    assert law.delta(epsilon_at, sensitivity=G) == pytest.approx(delta, rel=1e-4)


def summed_delta(law: DiscreteGaussian, epsilon: float) -> float:
    """Sum max(0, P(z) - e^epsilon P(z + G)) over the integers, in 40 digits."""
    with localcontext(prec=40):
        ratio = (-(Decimal(law.sigma.denominator) ** 2) / (2 * law.sigma.numerator**2)).exp()
        growth, weights, reach = ratio**2, [Decimal(1)], 14 * int(law.sigma)
        for _ in range(reach + G):
            weights.append(weights[-1] * ratio)
            ratio *= growth
        grown, total = Decimal(epsilon).exp(), 2 * sum(weights) - 1
        lost = sum(max(weights[z] - grown * weights[z + G], 0) for z in range(reach))
        return float(lost / total)


@pytest.mark.parametrize("declared", [LIVE_DAY, TYPICAL], ids=lambda declared: declared.name)
def test_the_declared_delta_holds_on_whole_numbers_too(declared: Declaration[Purpose]) -> None:
    assert isinstance(declared.noise, DiscreteGaussian)
    exact = summed_delta(declared.noise, declared.epsilon)
    assert exact <= declared.delta
    assert exact == pytest.approx(declared.noise.delta(declared.epsilon, sensitivity=G), rel=1e-6)


@pytest.mark.parametrize("shares", [(1, 1), (3, 1), (1,) * 8], ids=str)
@pytest.mark.parametrize("delta", [0.5, 1e-2, 1e-6, 1e-9])
def test_what_is_spread_over_cells_costs_no_more_than_in_one(
    shares: tuple[int, ...], delta: float
) -> None:
    """For the ledger, which accounts for one cell: docs/know/proofs.md, lemma 9."""
    parts = [Mechanism(LAPLACE, Fraction(sum(shares), share)) for share in shares]
    spread = epsilon([*parts, GAUSSIAN_WEEK], delta=delta)
    assert spread <= epsilon([LAPLACE_1, GAUSSIAN_WEEK], delta=delta) + 1e-3


@pytest.mark.parametrize("law", [DiscreteLaplace(scale=G), DiscreteGaussian(sigma=Fraction(2 * G))])
@pytest.mark.parametrize("luck", [0.2, 0.01])
@pytest.mark.parametrize("draws", [1, 2])
def test_a_margin_is_passed_by_luck_as_rarely_as_it_says(
    law: Noise, luck: float, draws: int
) -> None:
    """Luck: none, the seed is fixed; 200,000 sums stay within five deviations."""
    sums = draw(law, 200_000 * draws, entropy=seeded(6)).reshape(draws, -1).sum(axis=0)
    passed = np.mean(sums > law.margin(luck, draws=draws))
    assert passed == pytest.approx(luck, abs=5 * (luck / 200_000) ** 0.5)


def test_a_margin_of_laplace_noise_is_of_one_counter_or_of_two() -> None:
    for draws in (0, 3):
        with pytest.raises(AssertionError, match=r"^a count is the sum of one counter or of two$"):
            DiscreteLaplace(scale=G).margin(0.01, draws=draws)


def test_one_mechanism_costs_what_its_law_says() -> None:
    assert epsilon([LAPLACE_1], delta=0) == 1
    assert 0.999 < epsilon([GAUSSIAN_WEEK], delta=1e-9) <= 1
    assert 3.99 < epsilon([GAUSSIAN_DAY], delta=1e-9) <= 4


def test_nothing_costs_nothing() -> None:
    assert epsilon([], delta=1e-9) == 0


@pytest.mark.parametrize("alone", [LAPLACE_1, GAUSSIAN_WEEK, GAUSSIAN_DAY])
def test_the_accountant_agrees_with_the_laws(alone: Mechanism) -> None:
    """Hardly any noise beside much: the accountant's answer is that of the noisy one."""
    faint = Mechanism(LAPLACE, Fraction(10**6))
    assert epsilon([alone, faint], delta=1e-9) == pytest.approx(
        epsilon([alone], delta=1e-9), rel=1e-3
    )


def test_many_cost_more_than_one_and_less_than_their_sum() -> None:
    together = epsilon([GAUSSIAN_DAY, GAUSSIAN_WEEK, LAPLACE_1], delta=1e-8)
    alone = [epsilon([each], delta=1e-8) for each in (GAUSSIAN_DAY, GAUSSIAN_WEEK, LAPLACE_1)]
    assert max(alone) < together < sum(alone)
    assert epsilon([LAPLACE_1, GAUSSIAN_DAY, GAUSSIAN_WEEK], delta=1e-8) == together


def test_a_mechanism_is_its_width_over_what_a_unit_adds() -> None:
    assert mechanism(DiscreteLaplace(scale=G // 4), sensitivity=G) == Mechanism(
        LAPLACE, Fraction(1, 4)
    )
    assert mechanism(DiscreteGaussian(sigma=Fraction(3 * G)), sensitivity=2 * G) == Mechanism(
        GAUSSIAN, Fraction(3, 2)
    )
