"""What is shown of a road: live where many were counted, else its usual speed, and it says so."""

import numpy as np
import pytest

from hubbub.products.traffic.blend import Past, Recent, Tally, blend
from hubbub.products.traffic.flow import RoadFlow
from hubbub.terms.time import Instant
from traffic.crowd import LIMIT_KMH, roads, value

ONE = roads(1)
FLOOR = 3.0
NOISE = 0.25  # the variance of what one window's counter is off by


def tally(people: float, kmh: float = 20.0, *, blocks: int = 1) -> Tally:
    mean = value(kmh)
    return Tally(np.array([people]), np.array([people * mean]), np.array([NOISE * blocks]))


def shown(
    now: Tally | None,
    past: Tally | None = None,
    *,
    week: Tally | None = None,
    part: Tally | None = None,
    age_s: float = 40,
) -> RoadFlow:
    nothing = Tally(np.zeros(1), np.zeros(1), np.zeros(1))
    recent = Recent(
        tally=now or nothing,
        floor=np.array([FLOOR]),
        age_s=np.array([age_s]),
        faded=now or nothing,
    )
    hours = {} if past is None else {8: past}
    told = part or week or nothing
    known = Past(hours, week or told, told, told.people)
    flow = blend(ONE, recent, known, hour=8, at=Instant(0))
    return flow.roads[0]


def test_a_road_where_nobody_was_ever_counted_shows_what_one_may_drive() -> None:
    road = shown(None)
    assert (road.source, road.speed_kmh, road.age_s) == ("free-flow", LIMIT_KMH, None)
    assert road.confidence <= 0.5
    assert road.jam_factor == 0


def test_a_road_with_a_past_and_nobody_now_shows_its_usual_speed_and_says_so() -> None:
    road = shown(None, tally(100, 12, blocks=12))
    assert (road.source, road.age_s) == ("typical", None)
    assert road.speed_kmh == pytest.approx(12, rel=0.1)
    assert 0.5 < road.confidence <= 0.7


def test_a_road_where_many_are_counted_is_live() -> None:
    road = shown(tally(60, 6), tally(100, 20, blocks=12))
    assert (road.source, road.age_s) == ("live", 40)
    assert road.speed_kmh == pytest.approx(6, rel=0.15)
    assert road.confidence > 0.7


def test_a_few_cars_do_not_make_a_road_live() -> None:
    road = shown(tally(FLOOR - 0.1, 3), tally(100, 20, blocks=12))
    assert road.source == "typical"
    assert road.speed_kmh == pytest.approx(20, rel=0.1)


def test_the_latest_speed_never_wins_alone() -> None:
    road = shown(tally(4, 4), tally(100, 20, blocks=12))
    assert road.source == "live"
    assert 5 < road.speed_kmh < 19


def test_noise_alone_is_no_past() -> None:
    road = shown(None, tally(3, 4, blocks=12))
    assert road.source == "free-flow"


def test_less_than_nobody_is_nobody() -> None:
    road = shown(tally(-2, 4), tally(-3, 4, blocks=12))
    assert road.source == "free-flow"
    assert road.speed_kmh == LIMIT_KMH


def test_a_jam_is_told_from_what_is_free() -> None:
    free = shown(tally(60, 28), tally(100, 28, blocks=12))
    jam = shown(tally(60, 4), tally(100, 28, blocks=12))
    assert free.jam_factor < 2
    assert jam.jam_factor > 7


def test_a_road_that_is_always_slow_is_not_free() -> None:
    road = shown(tally(60, 4), tally(1000, 4, blocks=12))
    assert road.free_flow_kmh >= 0.5 * LIMIT_KMH
    assert road.jam_factor > 5


def test_nothing_is_faster_than_one_may_drive() -> None:
    assert shown(tally(60, 36), tally(100, 36, blocks=12)).speed_kmh == LIMIT_KMH


def test_noise_is_weighed_against_people() -> None:
    past = tally(1000, 20, blocks=12)
    quiet = shown(tally(10, 6), past)
    now = tally(10, 6)
    loud = shown(now._replace(noise=np.array([100.0])), past)
    assert quiet.speed_kmh < loud.speed_kmh


def test_the_usual_of_a_week_is_shown_where_nothing_else_is_known() -> None:
    road = shown(None, week=tally(400, 12)._replace(noise=np.array([60.0])))
    assert road.source == "typical"
    assert road.speed_kmh == pytest.approx(12, rel=0.1)


def test_a_part_of_the_day_with_few_people_leans_on_the_whole_week() -> None:
    few, many = tally(4, 20, blocks=4), tally(400, 8, blocks=40)
    alone, leaning = shown(None, part=few), shown(None, part=few, week=many)
    assert (alone.source, leaning.source) == ("typical", "typical")
    assert leaning.speed_kmh < 12 < alone.speed_kmh


def test_a_part_of_the_day_with_many_people_speaks_for_itself() -> None:
    road = shown(None, part=tally(400, 6, blocks=4), week=tally(900, 20, blocks=40))
    assert road.speed_kmh == pytest.approx(6, rel=0.1)


def test_the_same_hour_of_the_last_days_and_of_the_weeks_are_heard_together() -> None:
    slow, fast = tally(10, 6, blocks=4), tally(100, 20, blocks=12)
    both = shown(None, slow, part=fast).speed_kmh
    assert shown(None, slow).speed_kmh + 1 < both < shown(None, part=fast).speed_kmh - 1


def test_hours_of_noise_do_not_talk_over_what_weeks_told() -> None:
    week = tally(400, 20)._replace(noise=np.array([60.0]))
    noise = tally(120, 4)._replace(noise=np.array([3600.0]))  # two deviations of it
    quiet, loud = shown(None, week=week), shown(None, noise, week=week)
    assert loud.speed_kmh == pytest.approx(quiet.speed_kmh, rel=0.15)


def test_hours_of_a_crowd_are_heard_over_what_weeks_told() -> None:
    week = tally(400, 20)._replace(noise=np.array([60.0]))
    assert shown(None, tally(400, 4, blocks=12), week=week).speed_kmh < 8


def test_a_week_of_noise_says_nothing() -> None:
    assert shown(None, week=tally(20, 4)._replace(noise=np.array([60.0]))).source == "free-flow"
