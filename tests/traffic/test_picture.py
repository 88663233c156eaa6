"""The picture of now, made of released windows: they fade, and then they are the past."""

import pyarrow as pa

from hubbub.crowd.gate import Released
from hubbub.products.traffic.declarations import LIVE_PASSAGE, TYPICAL, windows_of
from hubbub.products.traffic.flow import RoadFlow
from hubbub.products.traffic.picture import LivePicture
from hubbub.terms.time import SECOND, Instant
from traffic.crowd import LIMIT_KMH, ZONE, ask, passes, roads

ROADS = roads(20)
WINDOWS = windows_of(LIVE_PASSAGE)
FIRST = 6_000_000


def released(window: int, *, people: int, kmh: float) -> tuple[Released[pa.Table], Instant]:
    """Release a window of group 3 in which so many people drove along road 13."""
    end = WINDOWS.end(window, 3)
    at = Instant(end - 60 * SECOND)
    rows = passes((n, at, 13, 100, kmh) for n in range(people))
    block = WINDOWS.block(window, 3, zone=ZONE)
    return ask(LIVE_PASSAGE, rows, block, public=ROADS, seed=window), end


def picture(*windows: tuple[Released[pa.Table], Instant]) -> LivePicture:
    made = LivePicture(LIVE_PASSAGE, ROADS, zone=ZONE)
    for table, end in windows:
        made.add(table, end=end)
    return made


def road(made: LivePicture, now: int, number: int = 13) -> RoadFlow:
    flow = made.at(Instant(now))
    assert flow is not None
    assert len(flow.value.roads) == len(ROADS)
    return flow.value.roads[number]


def test_before_anything_is_released_there_is_no_picture() -> None:
    assert picture().at(WINDOWS.end(FIRST, 3)) is None


def test_what_was_released_a_minute_ago_is_live() -> None:
    window = released(FIRST, people=60, kmh=6)
    told = road(picture(window), window[1] + 60 * SECOND)
    assert (told.source, told.age_s) == ("live", 60)
    assert told.speed_kmh < 9


def test_a_road_that_nobody_drove_is_not_live() -> None:
    window = released(FIRST, people=60, kmh=6)
    assert road(picture(window), window[1] + 60 * SECOND, 3).source == "free-flow"


def test_what_was_released_long_ago_is_no_longer_live() -> None:
    window = released(FIRST, people=60, kmh=6)
    told = road(picture(window), window[1] + 1000 * SECOND)
    assert told.source == "typical"


def test_the_voice_of_a_window_fades() -> None:
    slow, fast = released(FIRST, people=30, kmh=5), released(FIRST + 1, people=30, kmh=25)
    turned = road(picture(slow, fast), fast[1] + 30 * SECOND).speed_kmh
    still = road(picture(slow), slow[1] + 30 * SECOND).speed_kmh
    alone = road(picture(fast), fast[1] + 30 * SECOND).speed_kmh
    assert still < turned < alone


def test_what_is_usual_at_an_hour_is_learnt_from_its_windows() -> None:
    days = 288  # windows of a day
    windows = [released(FIRST + n, people=40, kmh=8) for n in range(3)]
    told = road(picture(*windows), WINDOWS.end(FIRST + days, 3))
    assert told.source == "typical"
    assert told.speed_kmh < 12 < LIMIT_KMH


def test_a_picture_knows_every_release_that_it_is_made_of() -> None:
    windows = [released(FIRST + n, people=40, kmh=8) for n in range(6)]
    flow = picture(*windows).at(windows[-1][1])
    assert flow is not None
    assert flow.sources == frozenset().union(*(table.sources for table, _ in windows))


def test_the_usual_of_a_week_is_the_base_before_anything_is_live() -> None:
    block = TYPICAL.blocks.block(20_780, ZONE)
    monday = Instant((block.days[0] * 86_400 - 7200) * SECOND)  # Helsinki, in winter
    morning = Instant(monday + 8 * 3600 * SECOND)
    rows = passes((n, morning, 2, 100, 8) for n in range(2000))
    made = picture()
    made.add_week(ask(TYPICAL, rows, block, public=ROADS))
    week = 7 * 86_400 * SECOND
    told = road(made, morning + week, 2)
    assert (told.source, told.age_s) == ("typical", None)
    assert told.speed_kmh < 10
    assert road(made, morning + week + 12 * 3600 * SECOND, 2).source == "free-flow"


def test_a_quiet_part_of_the_day_leans_on_what_the_road_is_all_week() -> None:
    block = TYPICAL.blocks.block(20_780, ZONE)
    monday = Instant((block.days[0] * 86_400 - 7200) * SECOND)  # Helsinki, in winter
    morning, midday = (Instant(monday + hour * 3600 * SECOND) for hour in (8, 12))
    slow, fast = (
        [(morning, 2, 2000), (midday, 2, 25)],
        [
            (at, road, people)
            for road in range(3, 9)
            for at, people in ((morning, 900), (midday, 300))
        ],
    )
    drives = [(at, number, people, 5) for at, number, people in slow]
    drives += [(at, number, people, 25) for at, number, people in fast]
    people = iter(range(1_000_000))
    rows = passes(
        (next(people), at, number, 100, kmh)
        for at, number, count, kmh in drives
        for _ in range(count)
    )
    made = picture()
    made.add_week(ask(TYPICAL, rows, block, public=ROADS))
    noon = midday + 7 * 86_400 * SECOND
    assert road(made, noon, 2).speed_kmh < 10
    assert road(made, noon, 3).speed_kmh > 20
