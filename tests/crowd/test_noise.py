"""The noise is what the promise says it is: its law, its width, its size of error."""

from collections import Counter
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import opendp.prelude as dp
import pytest
from scipy import stats

from crowd.morning import seeded
from hubbub.crowd import noise
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G, Noise
from hubbub.crowd.noise import Integers, Table, draw, table
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL

COUNT = 200_000
SMALL = (DiscreteLaplace(scale=2), DiscreteGaussian(sigma=Fraction(5)))
IN_USE = dict.fromkeys(declared.noise for declared in (LIVE_DAY, LIVE_PASSAGE, TYPICAL))
LAWS = (*SMALL, *IN_USE)
every_law = pytest.mark.parametrize("law", LAWS, ids=str)


def weights(law: Noise, values: Integers) -> npt.NDArray[np.float64]:
    """Give the law's weights by its definition, in floats."""
    if isinstance(law, DiscreteLaplace):
        return np.exp(-np.abs(values) / law.scale)
    return np.exp(-(values**2) / (2 * float(law.sigma) ** 2))


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
    expected = (COUNT * density / density.sum()).tolist()
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


def opendp_draws(law: Noise, count: int) -> Integers:
    """Draw by OpenDP."""
    vector = dp.vector_domain(dp.atom_domain(T="i64"))
    if isinstance(law, DiscreteLaplace):
        mechanism = dp.m.make_laplace(vector, dp.l1_distance(T="i64"), scale=float(law.scale))
    else:
        mechanism = dp.m.make_gaussian(vector, dp.l2_distance(T=float), scale=float(law.sigma))
    return np.array(mechanism([0] * count))


def two_sample_p(ours: Integers, theirs: Integers) -> float:
    """Tell how likely two samples differ as much by chance, in bins of as many of ours."""
    edges = np.unique(np.quantile(ours, np.linspace(0, 1, 65)[1:-1]))
    pairs = [np.bincount(np.searchsorted(edges, sample)) for sample in (ours, theirs)]
    return float(stats.chi2_contingency(np.array(pairs)).pvalue)


@every_law
def test_opendp_draws_the_same(law: Noise) -> None:
    """Luck: OpenDP's draws cannot be seeded; this fails by chance once in 1e9 runs."""
    dp.enable_features("contrib")
    theirs = opendp_draws(law, COUNT // 4)
    assert two_sample_p(draw(law, COUNT, entropy=seeded(2)), theirs) > 1e-9


@every_law
def test_noise_a_tenth_narrower_does_not_pass_for_opendps(law: Noise) -> None:
    """The test above can fail."""
    drawn = draw(law, 2 * COUNT, entropy=seeded(2))
    narrow = np.round(drawn[COUNT:] * 0.9).astype(np.int64)
    assert two_sample_p(drawn[:COUNT], narrow) < 1e-9


def shares(made: Table) -> dict[int, int]:
    """Count the 128-bit words that give each value, by what the columns say."""
    height, found = 1 << (128 - made.column_bits), Counter[int]()
    columns = zip(
        made.edge_upper.tolist(), made.edge_lower.tolist(), made.jump.tolist(), strict=True
    )
    for column, (upper, lower, jump) in enumerate(columns):
        edge = (upper << 64) + lower
        assert 0 <= edge <= height
        found[made.least + column] += edge
        found[made.least + column + jump] += height - edge
    return {value: count for value, count in found.items() if count}


def ideal(law: Noise, reach: int) -> list[Decimal]:
    """Give the law's chances of 0, 1, 2 ... `reach`, in decimals of their own."""
    if isinstance(law, DiscreteLaplace):
        ratio, growth = (Decimal(-1) / law.scale).exp(), Decimal(1)
        beyond = ratio ** (reach + 1) / (1 - ratio)
    else:
        ratio = (-(Decimal(law.sigma.denominator) ** 2) / (2 * law.sigma.numerator**2)).exp()
        growth, beyond = ratio**2, Decimal(0)  # 14 sigma away, below 1e-42
    weights = [Decimal(1)]
    for _ in range(reach):
        weights.append(weights[-1] * ratio)
        ratio *= growth
    total = 2 * (sum(weights) + beyond) - 1
    return [weight / total for weight in weights]


@every_law
def test_the_table_is_within_2_to_the_minus_100_of_its_law(law: Noise) -> None:
    """Half of the sum over all values of |what the words give - what the law says|, computed."""
    given = shares(table(law))
    assert sum(given.values()) == 1 << 128
    with localcontext(prec=80):  # 100,000 steps wrong by 1e-80 each are wrong by 1e-70 at most
        chances, word = ideal(law, max(given)), Decimal(1 << 128)
        apart = [abs(given[x] / word - chances[abs(x)]) for x in given]
        outside = 1 - 2 * sum(chances) + chances[0]
        distance = (sum(apart) + outside) / 2
        stated = table(law).total_variation
        assert distance < Decimal(stated.numerator) / stated.denominator
    assert stated < Fraction(1, 1 << 100)


def test_a_short_column_is_filled_up_by_one_value_and_a_full_one_is_left_alone() -> None:
    full = 1 << 126
    half = full // 2
    for given, edges, jumps in (
        ([half, full + half, half, full + half], [half, full, half, full], [1, 0, 1, 0]),
        ([full, half, full + half, full], [full, half, full, full], [0, 1, 0, 0]),
        ([2 * full, full, full], [full, full, full, 0], [0, 0, 0, -3]),
    ):
        assert noise._columns(given, 2) == (edges, jumps)


def word(column: int, rest: int, *, column_bits: int) -> bytes:
    """Write one 128-bit word as the sampler reads it."""
    whole = (column << (128 - column_bits)) + rest
    return (whole >> 64).to_bytes(8, "little") + (whole % (1 << 64)).to_bytes(8, "little")


def test_a_word_gives_the_columns_own_value_below_its_edge_and_the_other_from_there_on() -> None:
    law = DiscreteLaplace(scale=2)
    made, height = table(law), 1 << (128 - table(law).column_bits)
    checked = 0
    for column, jump in enumerate(made.jump.tolist()):
        edge = (int(made.edge_upper[column]) << 64) + int(made.edge_lower[column])
        own = made.least + column
        expected = {0: own, edge - 1: own, edge: own + jump, height - 1: own + jump}
        if not 0 < edge < height:
            continue
        for rest, value in expected.items():
            taken = word(column, rest, column_bits=made.column_bits)
            assert draw(law, 1, entropy=lambda _, taken=taken: taken) == value
            checked += 1
    assert checked > 100


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
