"""The real matcher, on a town of its own: which road, which way, how far and how long."""

from collections import defaultdict
from itertools import pairwise
from math import hypot

import pytest

from hubbub.products.traffic.matching import OFF_THE_MAP, Fix, Leg
from hubbub.record.roads.city import City, build_city
from hubbub.terms.time import SECOND, Instant
from roads.rig import quiet
from roads.town import degrees, write_extract

LONG = {"highway": "residential"}
WAYS = {
    1: ([(0, 0), (400, 0), (800, 0)], {**LONG, "name": "East Street"}),
    2: ([(800, 0), (800, 600)], {**LONG, "name": "North Street"}),
    3: ([(400, 0), (400, -300)], {**LONG, "name": "South Street"}),
}
THERE = [(0, 0), (800, 0), (800, 600)]
SPEED_MPS = 8


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> City:
    folder = tmp_path_factory.mktemp("longtown")
    pbf = write_extract(folder / "longtown.osm.pbf", WAYS)
    return build_city(pbf, folder / "city", name="Longtown", progress=quiet)


def along(corners: list[tuple[int, int]], *, off_m: float = 3, every_s: int = 5) -> list[Fix]:
    """Drive from corner to corner, always some metres beside the middle of the road."""
    fixes: list[Fix] = []
    left_m = 0.0
    for (x, y), (to_x, to_y) in pairwise(corners):
        length_m = hypot(to_x - x, to_y - y)
        while left_m < length_m:
            share = left_m / length_m
            lon, lat = degrees(
                (round(x + (to_x - x) * share + off_m), round(y + (to_y - y) * share - off_m))
            )
            at = Instant((len(fixes) * every_s + 1_800_000_000) * SECOND)
            fixes.append(Fix(at, round(lat * 1e6), round(lon * 1e6), SPEED_MPS * 100))
            left_m += SPEED_MPS * every_s
        left_m -= length_m
    return fixes


def by_segment(legs: list[Leg]) -> dict[int, tuple[float, float]]:
    """Sum metres and seconds by segment."""
    sums: defaultdict[int, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for leg in legs:
        for segment, distance_m, time_s in leg.stretches:
            metres, seconds = sums[segment]
            sums[segment] = (metres + distance_m, seconds + time_s)
    return dict(sums)


def test_a_drive_is_put_on_its_roads_with_its_distance_and_time(town: City) -> None:
    fixes = along(THERE)
    found = by_segment(town.matcher().match(fixes))
    driven = sum(metres for metres, _ in found.values())
    assert driven == pytest.approx(1360, abs=60)
    assert sum(seconds for _, seconds in found.values()) == pytest.approx(170, abs=10)
    names = {town.segments[number].name for number in found if number != OFF_THE_MAP}
    assert names == {"East Street", "North Street"}


def test_the_way_back_is_another_road(town: City) -> None:
    there = by_segment(town.matcher().match(along(THERE)))
    back = by_segment(town.matcher().match(along(THERE[::-1])))
    assert {town.segments[number].name for number in back} == {"East Street", "North Street"}
    assert not there.keys() & back.keys()


def test_legs_follow_each_other_in_time(town: City) -> None:
    fixes = along(THERE)
    legs = town.matcher().match(fixes)
    assert all(leg.since < leg.until for leg in legs)
    assert all(one.until <= other.since for one, other in pairwise(legs))


def test_a_phone_that_stands_does_not_creep(town: City) -> None:
    fixes = along(THERE)[:20]
    stood = [
        Fix(Instant(fixes[-1].at + n * 5 * SECOND), fixes[-1].lat_e6, fixes[-1].lon_e6 + shake, 0)
        for n, shake in enumerate([60, -60] * 10, 1)
    ]
    moved = by_segment(town.matcher().match(fixes))
    stands = by_segment(town.matcher().match([*fixes, *stood]))
    total = sum(metres for metres, _ in stands.values()) - sum(m for m, _ in moved.values())
    assert total < 15


def test_who_is_far_from_every_road_has_no_way(town: City) -> None:
    lost = [Fix(Instant(n * 5 * SECOND), 10_000_000 + n, 10_000_000, 500) for n in range(10)]
    assert town.matcher().match(lost) == []
