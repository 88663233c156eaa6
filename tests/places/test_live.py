"""Live levels: shown only where they are hardly chance, and never a number."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.products.places.live import (
    BUSIER_ABOVE,
    QUIETER_BELOW,
    SURE,
    TOO_FEW,
    counted_share,
    level_of,
    posterior,
)

counts = st.floats(-30, 500)
expected = st.floats(TOO_FEW, 300)


@given(told=counts, m=expected, windows=st.integers(1, 3))
def test_a_level_is_shown_iff_it_is_sure_enough_and_else_there_is_a_reason(
    told: float, m: float, windows: int
) -> None:
    likely = posterior(told, m, windows=windows)
    assert sum(likely.values()) == pytest.approx(1)
    level, reason = level_of(told, m, windows=windows)
    if level == "none":
        assert max(likely.values()) < SURE
        assert reason
    else:
        assert likely[level] >= SURE
        assert not reason


@given(m=expected, low=counts, more=st.floats(0, 100))
def test_who_counts_more_is_never_called_quieter(m: float, low: float, more: float) -> None:
    order = ("quieter", "usual", "busier")
    some, many = (level_of(told, m, windows=3)[0] for told in (low, low + more))
    if "none" not in (some, many):
        assert order.index(some) <= order.index(many)


def test_many_arrivals_are_busier_few_are_quieter_and_the_usual_is_usual() -> None:
    told = {ratio: level_of(ratio * 250, 250, windows=3)[0] for ratio in (0.4, 1.0, 2.2)}
    assert told == {0.4: "quieter", 1.0: "usual", 2.2: "busier"}


@pytest.mark.parametrize("told", [-9, 0, 30])
def test_where_few_come_there_is_no_level_whatever_was_counted(told: float) -> None:
    level, reason = level_of(told, TOO_FEW - 0.1, windows=3)
    assert (level, reason) == ("none", "too few people who share come here at this hour")


def test_what_is_shown_is_right_nine_times_in_ten_and_more() -> None:
    """By luck alone this fails once in a million: 5,000 looks, of which a third is shown."""
    dice = np.random.default_rng(Random(3).randrange(2**32))
    shown = right = 0
    for _ in range(5_000):
        ratio, m = float(np.exp(dice.normal(0, 0.4))), float(np.exp(dice.uniform(3, 5.5)))
        told = dice.poisson(m * ratio) + dice.laplace(0, 2, 3).sum()
        level, _ = level_of(told, m, windows=3)
        true = "quieter" if ratio < QUIETER_BELOW else "busier" if ratio > BUSIER_ABOVE else "usual"
        shown += level != "none"
        right += level == true
    assert shown > 1000
    assert right / shown > 0.9


def test_fewer_of_the_evenings_arrivals_count_than_of_the_mornings() -> None:
    day = np.zeros(24)
    day[8:22] = 10
    share = counted_share(np.tile(day, 7)).reshape(7, 24)[0]
    assert (np.diff(share[8:22]) < 0).all()
    assert share[8] > 1 > share[21]
