"""Which roads are shown depends on noised counts alone, and few are shown by luck."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from crowd.morning import PASSAGE, PEOPLE, PLAN, TIMES, seeded
from hubbub.crowd.declaration import Floor
from hubbub.crowd.floor import clears_floor, people
from hubbub.crowd.laws import G
from hubbub.crowd.noise import draw

ROADS = 20_000


def roads_with(count: int) -> pa.Table:
    """Noise as many roads with `count` people on each."""
    noise = draw(PASSAGE.noise, 2 * ROADS, entropy=seeded(9)).reshape(2, -1)
    return pa.table({"key": np.arange(ROADS), "up": count * G + noise[0], "down": noise[1]})


@pytest.mark.parametrize("floor", [Floor(people=10, luck=0.05), Floor(people=3, luck=0.01)])
def test_a_road_with_too_few_people_is_shown_by_luck_only(floor: Floor) -> None:
    declared = replace(PASSAGE, floor=floor)
    shown = clears_floor(declared, roads_with(floor.people)).mean()
    assert 0.8 * floor.luck < shown < 1.2 * floor.luck
    assert clears_floor(declared, roads_with(0)).mean() < floor.luck / 5


def test_a_road_with_a_crowd_is_shown() -> None:
    declared = replace(PASSAGE, floor=Floor(people=10, luck=0.01))
    assert clears_floor(declared, roads_with(30)).mean() > 0.99


def test_people_are_counted_in_people() -> None:
    table = pa.table({"key": [0, 1], "up": [5 * G, -G], "down": [2 * G, G // 2]})
    assert people(PASSAGE, table).tolist() == [7, -0.5]
    assert people(PLAN, table).tolist() == [14, -1]
    often = pa.table({"key": [0], "count": [8 * G]})
    assert people(TIMES, often).tolist() == [4], "four who came twice are four"


def test_one_counter_has_the_noise_of_one() -> None:
    noise = draw(PEOPLE.noise, ROADS, entropy=seeded(9))
    table = pa.table({"key": np.arange(ROADS), "count": PEOPLE.floor.people * G + noise})
    assert clears_floor(PEOPLE, table).mean() == pytest.approx(PEOPLE.floor.luck, rel=0.2)


def test_a_road_that_shows_exactly_the_floor_is_shown() -> None:
    """Ten people and the margin of two, to the step; one step less is not enough."""
    declared: Any = SimpleNamespace(
        floor=Floor(people=10),
        measure=PEOPLE.measure,
        noise=SimpleNamespace(margin=lambda luck, *, draws: 2 * G * draws * (luck == 0.01)),
        cell_max=G,
    )
    table = pa.table({"key": [0, 1], "count": [12 * G, 12 * G - 1]})
    assert clears_floor(declared, table).tolist() == [True, False]
