"""What becomes a pass, and what never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.products.traffic.matching import Fix, Leg
from hubbub.products.traffic.trips import TRIMMED_M, Pass, Phone
from hubbub.terms.time import SECOND, Instant
from traffic.street import (
    NOON,
    WESTWARD,
    Street,
    drive,
    fix_at,
    passes_of,
    seconds,
    segments,
    stand,
)


def test_a_car_passes_along_the_middle_of_its_trip_at_its_speed() -> None:
    passes = passes_of(drive(speed_mps=10))
    assert segments(passes) == list(range(2, 13))
    for passed in passes:
        assert passed.distance_m / passed.time_s == pytest.approx(10, rel=0.01)


@given(metres=st.integers(450, 3000), speed_mps=st.floats(5, 25), begin_s=st.integers(0, 60))
def test_what_is_near_either_end_of_a_trip_never_becomes_a_pass(
    metres: int, speed_mps: float, begin_s: int
) -> None:
    fixes = drive(speed_mps=speed_mps, metres=metres, begin_s=begin_s)
    end_m = int(metres / speed_mps / 5) * speed_mps * 5
    for segment in segments(passes_of(fixes)):
        assert segment * 100 + 100 > TRIMMED_M
        assert segment * 100 + 100 <= end_m - TRIMMED_M + 1


def test_a_short_trip_has_no_pass() -> None:
    assert passes_of(drive(speed_mps=10, metres=390)) == []


def test_a_walk_never_colours_a_road() -> None:
    assert passes_of(drive(speed_mps=2, metres=2000)) == []


def test_who_drives_and_walks_on_is_not_slow_on_the_road_walked() -> None:
    drove = drive(speed_mps=10)
    walked = drive(speed_mps=1.5, from_m=1500, metres=900, begin_s=155)
    found = passes_of([*drove, *walked])
    assert set(range(2, 13)) <= set(segments(found)) <= set(range(2, 15))
    assert all(p.distance_m / p.time_s > 9 for p in found)


def test_who_walks_and_then_drives_is_not_slow_on_the_road_walked() -> None:
    walked = drive(speed_mps=1.5, metres=600)
    drove = drive(speed_mps=10, from_m=600, begin_s=405)
    found = segments(passes_of([*walked, *drove]))
    assert found
    assert min(found) >= 6


def test_a_car_in_a_queue_is_still_a_car() -> None:
    free = drive(speed_mps=10, metres=600)
    crept: list[Fix] = []
    for n in range(30):  # stop and go: 20 m at 4 m/s, then 25 s of standing
        begin_s, place_m = 65 + 30 * n, 600 + 20 * n
        crept.append(fix_at(place_m, begin_s, speed_mps=4))
        crept += stand(at_m=place_m + 20, begin_s=begin_s + 5, for_s=25)
    on = drive(speed_mps=10, from_m=1200, metres=600, begin_s=65 + 30 * 30)
    slow = {p.segment: p for p in passes_of([*free, *crept, *on])}[8]
    assert slow.distance_m / slow.time_s < 1


def test_a_road_driven_the_other_way_is_another_road() -> None:
    found = segments(passes_of(drive(speed_mps=10, from_m=1500, metres=-1500)))
    assert found == [WESTWARD + n for n in range(12, 1, -1)]


def test_a_pass_is_told_only_when_its_trip_went_on_beyond_it() -> None:
    for passed in passes_of(drive(speed_mps=10)):
        left_s = (passed.segment + 1) * 10
        assert seconds(passed) >= left_s + 20


def test_a_long_silence_ends_a_trip() -> None:
    before = drive(speed_mps=10, metres=1050)
    after = drive(speed_mps=10, from_m=1050, metres=1000, begin_s=105 + 121)
    assert segments(passes_of([*before, *after])) == [*range(2, 8), *range(12, 18)]


def test_a_short_silence_ends_no_trip() -> None:
    before = drive(speed_mps=10, metres=1000)
    after = drive(speed_mps=10, from_m=1900, metres=1000, begin_s=190)
    assert segments(passes_of([*before, *after])) == list(range(2, 26))


def test_standing_for_long_ends_a_trip() -> None:
    before = drive(speed_mps=10, metres=1050)
    stood = stand(at_m=1050, begin_s=110, for_s=700)
    after = drive(speed_mps=10, from_m=1050, metres=1000, begin_s=810)
    assert segments(passes_of([*before, *stood, *after])) == [*range(2, 8), *range(12, 18)]


def test_standing_at_a_light_ends_no_trip() -> None:
    before = drive(speed_mps=10, metres=950)
    stood = stand(at_m=950, begin_s=100, for_s=90)
    after = drive(speed_mps=10, from_m=950, metres=1050, begin_s=190)
    found = {p.segment: p.time_s for p in passes_of([*before, *stood, *after])}
    assert found[9] == pytest.approx(100, abs=6)


@given(order=st.permutations(range(31)), twice=st.sets(st.integers(0, 30)))
def test_order_and_repetition_change_nothing(order: list[int], twice: set[int]) -> None:
    fixes = drive(speed_mps=10)
    phone, street = Phone(), Street()
    for n in [*order, *twice]:
        phone.hear(fixes[n])
    found = list(phone.advance(street, Instant(NOON + 3600 * SECOND)))
    assert [*map(_told, found)] == [*map(_told, passes_of(fixes))]


def test_a_fix_each_second_says_the_same_as_one_in_five() -> None:
    often = passes_of(drive(speed_mps=10, metres=1550, every_s=1))
    assert segments(often) == list(range(2, 13))
    assert [p.time_s for p in often] == pytest.approx([10] * 11, rel=0.05)


@given(since=st.integers(0, 900))
def test_after_a_restart_the_same_passes_come_again(since: int) -> None:
    fixes = drive(speed_mps=6, metres=12_000)
    again = passes_of(fix for fix in fixes if fix.at >= NOON + since * SECOND)
    warm_s = since + 180  # trips begin anew where feeding begins, so their ends are trimmed
    assert [_told(p) for p in again if seconds(p) > warm_s] == [
        _told(p) for p in passes_of(fixes) if seconds(p) > warm_s
    ]


def test_a_leg_too_fast_to_be_true_is_not_driven() -> None:
    fixes = drive(speed_mps=10, metres=700)
    jumped = drive(speed_mps=10, from_m=1410, metres=750, begin_s=75)
    found = {p.segment: p for p in passes_of([*fixes, *jumped])}
    assert list(found) == [2, 3, 4, 5, 6, *range(14, 19)]
    assert found[14].distance_m == pytest.approx(90, abs=1)


def test_a_phone_remembers_the_last_minutes_only() -> None:
    phone, street = Phone(), Street()
    for fix in drive(speed_mps=10, metres=20_000):
        phone.hear(fix)
        list(phone.advance(street, fix.at))
    assert len(phone._fixes) < 30


class _Lost:
    """Finds no way."""

    def match(self, fixes: object) -> list[Leg]:
        del fixes
        return []


def test_who_is_nowhere_on_the_map_has_no_pass() -> None:
    phone = Phone()
    for fix in drive(speed_mps=10):
        phone.hear(fix)
    assert list(phone.advance(_Lost(), Instant(NOON + 3600 * SECOND))) == []


def test_a_pass_does_not_print_what_it_says() -> None:
    assert repr(passes_of(drive(speed_mps=10))[0]) == "<Pass>"


def _told(passed: Pass) -> tuple[int, int, float, float]:
    return passed.at, passed.segment, round(passed.distance_m, 3), round(passed.time_s, 3)
