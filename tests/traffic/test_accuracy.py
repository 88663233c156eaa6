"""A comparison by epsilon is worth something only if both sides pay the same for the same."""

from typing import Any

import numpy as np
import pytest
from bench.epsilon import STILL, as_wide, at_epsilon
from bench.recipe import answer, told

from hubbub.crowd.declaration import Declaration
from hubbub.crowd.noise import draw
from hubbub.products.traffic.declarations import LIVE_DAY, LIVE_PASSAGE, TYPICAL

SURE = 1e9  # an epsilon that leaves no noise to speak of
PLANS = pytest.mark.parametrize("plan", [LIVE_DAY, LIVE_PASSAGE, TYPICAL], ids=lambda p: p.name)


@PLANS
def test_still_noise_is_one_number_that_can_be_taken_out(plan: Declaration[Any]) -> None:
    assert len(set(draw(plan.noise, 100, entropy=STILL).tolist())) == 1
    assert len(set(draw(plan.noise, 100, entropy=np.random.default_rng(1).bytes).tolist())) > 50


@PLANS
def test_a_plan_at_its_own_epsilon_has_its_own_noise(plan: Declaration[Any]) -> None:
    again = at_epsilon(plan, plan.epsilon)
    assert float(again.noise.spread) == pytest.approx(float(plan.noise.spread), rel=1e-3)


@PLANS
def test_half_of_epsilon_takes_more_noise(plan: Declaration[Any]) -> None:
    assert at_epsilon(plan, plan.epsilon / 2).noise.spread > 1.8 * plan.noise.spread


@PLANS
def test_a_picture_is_told_how_wide_the_noise_in_a_count_is(plan: Declaration[Any]) -> None:
    wide = as_wide(plan, 12.0)
    in_a_count = wide.noise.deviation * 2**0.5 / wide.bound.weight
    assert in_a_count == pytest.approx(12.0, rel=0.01)


def test_the_recipe_counts_a_unit_once_in_a_cell_and_gives_its_mean() -> None:
    rows = told(np.array([1, 1, 2]), np.array([3, 3, 3]), np.array([0.0, 1.0, -0.5]))
    found = answer(rows, 5, cells_max=9, epsilon=SURE, dice=np.random.default_rng(1))
    assert found.counts.round(3).tolist() == [0, 0, 0, 2, 0]
    assert found.means()[3] == pytest.approx(0.0, abs=1e-3)


def test_the_recipe_keeps_no_more_cells_of_a_unit_than_it_was_told() -> None:
    unit, cell = np.repeat(np.arange(50), 20), np.tile(np.arange(20), 50)
    rows = told(unit, cell, np.ones(1000))
    found = answer(rows, 20, cells_max=3, epsilon=SURE, dice=np.random.default_rng(1))
    assert found.counts.sum() == pytest.approx(150, abs=1e-3)
    assert (found.counts.round() > 0).all(), "which cells it keeps is left to chance"


def test_the_recipe_pays_for_every_cell_it_keeps_and_for_count_and_sum() -> None:
    rows = told(np.array([0]), np.array([0]), np.array([1.0]))
    found = answer(rows, 100_000, cells_max=3, epsilon=2, dice=np.random.default_rng(1))
    assert found.scale == 3
    # The mean of |Laplace| is its scale: 100,000 draws miss it by 2 % with a chance below 1e-9.
    assert np.abs(found.counts[1:]).mean() == pytest.approx(3, rel=0.02)
    assert np.abs(found.sums[1:]).mean() == pytest.approx(3, rel=0.02)
    assert np.corrcoef(found.counts[1:], found.sums[1:])[0, 1] == pytest.approx(0, abs=0.02)


def test_the_recipe_shows_what_clears_its_floor_and_no_more() -> None:
    rows = told(np.arange(40), np.zeros(40, dtype=np.int64), np.ones(40))
    found = answer(rows, 1000, cells_max=1, epsilon=2, dice=np.random.default_rng(1))
    shown = found.is_shown(10, luck=0.01)
    assert shown[0]
    assert not shown[1:].any()  # 10 people by luck alone: a chance of 2e-5 each
