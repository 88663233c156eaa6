"""What traffic shares of whom: distinct people, each once in a window, at their speed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.crowd.laws import G
from hubbub.products.traffic.declarations import (
    DAY_PARTS,
    LIVE_DAY,
    LIVE_PASSAGE,
    TYPICAL,
    TYPICAL_SLOTS,
    live_declaration,
    speed_kmh,
    windows_of,
)
from hubbub.terms.time import SECOND, Instant
from traffic.crowd import LIMIT_KMH, ZONE, ask, passes, roads, value

# All noise here is Laplace of scale G / 4: 10 people off by luck is e^-40.
BLOCK = windows_of(LIVE_PASSAGE).block(6_000_000, 3, zone=ZONE)
IN_BLOCK = Instant(windows_of(LIVE_PASSAGE).end(6_000_000, 3) - 60 * SECOND)
ROADS = roads(20)


def counted(rows: pa.Table) -> dict[int, tuple[float, float]]:
    """Ask about a window: people and mean speed by road."""
    table = ask(LIVE_PASSAGE, rows, BLOCK, public=ROADS).value
    up, down = table["up"].to_numpy(), table["down"].to_numpy()
    mean = speed_kmh((up - down) / (up + down), np.full(len(up), LIMIT_KMH))
    return dict(zip(table["key"].to_pylist(), zip((up + down) / G, mean, strict=True), strict=True))


def test_a_road_with_many_people_shows_how_many_and_how_fast() -> None:
    people, kmh = counted(passes((n, IN_BLOCK, 3, 100, 20) for n in range(200)))[3]
    assert people == pytest.approx(200, abs=10)
    assert kmh == pytest.approx(20, rel=0.1)


def test_many_passes_of_one_person_are_one() -> None:
    cart = passes((1, Instant(IN_BLOCK + n), 3, 100, 3) for n in range(99))
    assert counted(cart)[3][0] < 10


def test_a_jam_of_many_is_a_jam() -> None:
    assert counted(passes((n, IN_BLOCK, 13, 100, 5) for n in range(99)))[13][1] < 7


def test_who_drove_little_of_a_road_does_not_count_for_it() -> None:
    rows = passes(
        [(n, IN_BLOCK, 3, 24, 20) for n in range(99)]
        + [(n, IN_BLOCK, 13, 26, 20) for n in range(99)]
    )
    found = counted(rows)
    assert found[3][0] < 10
    assert found[13][0] > 89


def test_roads_that_nobody_drove_get_noise_all_the_same() -> None:
    found = counted(passes([]))
    assert list(found) == [3, 13]
    assert all(people != 0 for people, _ in found.values())


def test_a_pass_counts_in_one_window_only() -> None:
    windows = windows_of(LIVE_PASSAGE)
    rows = passes((n, IN_BLOCK, 3, 100, 20) for n in range(99))
    around = [
        ask(LIVE_PASSAGE, rows, windows.block(6_000_000 + shift, 3, zone=ZONE), public=ROADS)
        for shift in (-1, 0, 1)
    ]
    sums = [(each.value["up"].to_numpy() + each.value["down"].to_numpy())[0] / G for each in around]
    assert [total > 50 for total in sums] == [False, True, False]


@given(kmh=st.floats(4.1, 35.5))
def test_a_speed_comes_back_as_it_was(kmh: float) -> None:
    mean = value(kmh)
    assert speed_kmh(np.array([mean]), np.array([LIMIT_KMH]))[0] == pytest.approx(kmh)


def test_usual_speeds_are_told_by_part_of_the_day() -> None:
    monday = TYPICAL.blocks.block(20_780, ZONE)  # type: ignore[union-attr]
    midnight = Instant((monday.days[0] * 86_400 - 7200) * SECOND)  # Helsinki, in winter
    morning = Instant(midnight + 8 * 3600 * SECOND)
    rows = passes((n, morning, 2, 100, 20) for n in range(2000))
    table = ask(TYPICAL, rows, monday, public=ROADS).value
    people = (table["up"].to_numpy() + table["down"].to_numpy()) / G
    assert len(people) == len(ROADS) * TYPICAL_SLOTS
    shown = np.flatnonzero(people > 1000)
    assert shown.tolist() == [2 * TYPICAL_SLOTS + DAY_PARTS.index(10)]


def test_the_default_hides_a_day_and_the_weaker_one_says_so() -> None:
    assert live_declaration("person-day") is LIVE_DAY
    assert live_declaration("passage") is LIVE_PASSAGE
    assert "one local day" in LIVE_DAY.promise().words
    assert "weaker" in LIVE_PASSAGE.promise().words
