"""A street to drive along: straight east, in segments of 100 m, other numbers the other way."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from hubbub.products.traffic.matching import Fix, Leg, Stretch
from hubbub.products.traffic.trips import METRES_A_DEGREE_E6, Pass, Phone
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import SECOND, Instant

SEGMENT_M: Final = 100
WESTWARD: Final = 1000
"""The number of a segment driven west is that of the one driven east, and so much more."""
NOON: Final = Instant(1_800_000_000 * SECOND)


class Street:
    """A matcher that is never wrong: on the equator, metres are a plain function of longitude."""

    def match(self, fixes: Sequence[Fix]) -> list[Leg]:
        places = [fix.lon_e6 * METRES_A_DEGREE_E6 for fix in fixes]
        return [
            Leg(one.at, other.at, tuple(_stretches(begin, end, (other.at - one.at) / SECOND)))
            for (one, other), (begin, end) in zip(pairwise(fixes), pairwise(places), strict=True)
        ]


def _stretches(begin: float, end: float, time_s: float) -> Iterable[Stretch]:
    low, high = sorted((begin, end))
    cuts = [low, *range(int(low // 100 + 1) * 100, int(-(-high // 100)) * 100, 100), high]
    found = [
        Stretch(
            SegmentNumber(int(a // SEGMENT_M) + (WESTWARD if end < begin else 0)),
            b - a,
            time_s * (b - a) / (high - low) if high > low else time_s,
        )
        for a, b in pairwise(cuts)
    ]
    return found if end >= begin else reversed(found)


def drive(
    *, speed_mps: float, from_m: float = 0, metres: float = 1500, begin_s: int = 0, every_s: int = 5
) -> list[Fix]:
    """Drive along the street, east or (with metres < 0) west, and tell where every few seconds."""
    steps = int(abs(metres) / speed_mps / every_s)
    step_m = speed_mps * every_s * (1 if metres > 0 else -1)
    return [
        fix_at(from_m + n * step_m, begin_s + n * every_s, speed_mps=speed_mps)
        for n in range(steps + 1)
    ]


def stand(*, at_m: float, begin_s: int, for_s: int) -> list[Fix]:
    """Stand still."""
    return [fix_at(at_m, begin_s + s, speed_mps=0) for s in range(0, for_s, 5)]


def fix_at(metres: float, second: float, *, speed_mps: float) -> Fix:
    return Fix(
        at=Instant(round(NOON + second * SECOND)),
        lat_e6=0,
        lon_e6=round(metres / METRES_A_DEGREE_E6),
        speed_cms=round(speed_mps * 100),
    )


def passes_of(fixes: Iterable[Fix]) -> list[Pass]:
    """Follow one phone as its fixes come in, one at a time, and then for as long as it takes."""
    phone, street, found = Phone(), Street(), list[Pass]()
    now = NOON
    for fix in fixes:
        now = max(now, fix.at)
        phone.hear(fix)
        found += phone.advance(street, now)
    return [*found, *phone.advance(street, Instant(now + 3600 * SECOND))]


def segments(passes: Iterable[Pass]) -> list[int]:
    return [passed.segment for passed in passes]


def seconds(passed: Pass) -> float:
    """Tell when a pass was confirmed, in seconds after the beginning."""
    return (passed.at - NOON) / SECOND
