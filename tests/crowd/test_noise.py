"""The noise is what the promise says it is: its law, its width, its size of error."""

from collections import Counter
from fractions import Fraction
from math import exp

import numpy as np
import opendp.prelude as dp
import pytest
from scipy import stats

from crowd.morning import seeded
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G, Noise
from hubbub.crowd.noise import Integers, draw, table

COUNT = 200_000
LAWS = (
    DiscreteLaplace(scale=2),
    DiscreteLaplace(scale=G // 4),
    DiscreteGaussian(sigma=Fraction(5)),
    DiscreteGaussian(sigma=Fraction(1488, 1000) * G),
)
every_law = pytest.mark.parametrize("law", LAWS, ids=str)


def weights(law: Noise, values: Integers) -> list[float]:
    """Give the law's weights by its definition, in floats."""
    if isinstance(law, DiscreteLaplace):
        return [exp(-abs(x) / law.scale) for x in values.tolist()]
    return [exp(-(x**2) / (2 * float(law.sigma) ** 2)) for x in values.tolist()]


def binned(values: Integers, expected: list[float], seen: Counter[int]) -> tuple[list[float], ...]:
    """Join neighbouring values until 50 are expected in each bin."""
    bins_expected, bins_seen = [0.0], [0.0]
    for value, weight in zip(values.tolist(), expected, strict=True):
        if bins_expected[-1] >= 50:
            bins_expected.append(0.0)
            bins_seen.append(0.0)
        bins_expected[-1] += weight
        bins_seen[-1] += seen[value]
    bins_expected[-2] += bins_expected.pop()  # the last may be thin
    bins_seen[-2] += bins_seen.pop()
    return bins_expected, bins_seen


@every_law
def test_draws_follow_their_law(law: Noise) -> None:
    """Luck: none, the seed is fixed; another would fail once in 10,000."""
    drawn = draw(law, COUNT, entropy=seeded(1))
    reach = int(max(abs(drawn))) + 1
    values = np.arange(-reach, reach + 1)
    density = weights(law, values)
    expected = [COUNT * weight / sum(density) for weight in density]
    bins_expected, bins_seen = binned(values, expected, Counter(drawn.tolist()))
    scale = sum(bins_seen) / sum(bins_expected)
    p = stats.chisquare(bins_seen, [e * scale for e in bins_expected]).pvalue
    assert p > 1e-4
    assert np.std(drawn) == pytest.approx(law.deviation, rel=0.02)


@every_law
def test_half_the_noise_does_not_pass_for_the_whole(law: Noise) -> None:
    """The test above can fail."""
    half = draw(law, COUNT, entropy=seeded(1)) // 2
    assert np.std(half) < 0.6 * law.deviation


def opendp_draws(law: Noise, count: int) -> list[int]:
    """Draw by OpenDP."""
    vector = dp.vector_domain(dp.atom_domain(T="i64"))
    if isinstance(law, DiscreteLaplace):
        mechanism = dp.m.make_laplace(vector, dp.l1_distance(T="i64"), scale=float(law.scale))
    else:
        mechanism = dp.m.make_gaussian(vector, dp.l2_distance(T=float), scale=float(law.sigma))
    return list(mechanism([0] * count))


@pytest.mark.parametrize(
    "law", [DiscreteLaplace(scale=7), DiscreteGaussian(sigma=Fraction(5))], ids=str
)
def test_opendp_draws_the_same(law: Noise) -> None:
    """Luck: OpenDP's draws cannot be seeded; this fails by chance once in 1e9 runs."""
    dp.enable_features("contrib")
    theirs = Counter(opendp_draws(law, 60_000))
    ours = Counter(draw(law, 60_000, entropy=seeded(2)).tolist())
    often = [value for value in ours if ours[value] + theirs[value] >= 40]
    pairs = np.array([[ours[v] for v in often], [theirs[v] for v in often]])
    assert stats.chi2_contingency(pairs).pvalue > 1e-9


@every_law
def test_the_table_is_within_2_to_the_minus_100_of_its_law(law: Noise) -> None:
    assert table(law).total_variation < Fraction(1, 1 << 100)


@pytest.mark.parametrize("law", LAWS[::2], ids=str)
def test_the_thresholds_are_the_running_sum(law: Noise) -> None:
    made = table(law)
    values = np.arange(made.least, -made.least + 1)
    running = np.cumsum(weights(law, values)) / sum(weights(law, values))
    assert np.allclose(made.upper / 2.0**64, running[:-1], atol=1e-12)


def word(value: int) -> bytes:
    """Write one 64-bit word as the sampler reads it."""
    return value.to_bytes(8, "little")


def test_a_tie_in_the_upper_word_is_settled_by_the_lower() -> None:
    law = DiscreteLaplace(scale=2)
    made = table(law)
    middle = -made.least - 1
    upper, lower = int(made.upper[middle]), int(made.lower[middle])
    below = draw(law, 1, entropy=lambda _: word(upper) + word(lower - 1))
    above = draw(law, 1, entropy=lambda _: word(upper) + word(lower))
    assert above - below == 1


def test_the_ends_of_the_randomness_are_the_ends_of_the_table() -> None:
    law = DiscreteLaplace(scale=2)
    made = table(law)
    assert draw(law, 1, entropy=bytes) == made.least
    assert draw(law, 1, entropy=lambda n: b"\xff" * n) == -made.least


def test_the_noise_is_the_randomness_and_nothing_else() -> None:
    law = DiscreteLaplace(scale=G)
    once, again = (draw(law, 1000, entropy=seeded(3)) for _ in range(2))
    other = draw(law, 1000, entropy=seeded(4))
    assert (once == again).all()
    assert (once != other).mean() > 0.9


def test_every_draw_takes_as_much_randomness() -> None:
    asked: list[int] = []

    def entropy(count: int) -> bytes:
        asked.append(count)
        return seeded(5)(count)

    draw(DiscreteLaplace(scale=2), 10, entropy=entropy)
    draw(DiscreteGaussian(sigma=Fraction(5)), 10, entropy=entropy)
    assert asked == [160, 160]
