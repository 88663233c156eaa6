"""Turns one phone's fixes, as they come in, into its passes along road segments.

A phone's way is cut into trips. What is within 200 m of either end of a trip never becomes a pass,
nor does a walk: who sees every pass sees neither doors nor walkers.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from math import cos, hypot, radians
from typing import Final, NamedTuple

from hubbub.products.traffic.matching import OFF_THE_MAP, Fix, Leg, Matcher
from hubbub.terms.people import Personal
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import SECOND, Instant

THINNED_S: Final = 4
"""At most one fix in so many seconds is matched: one a second gains nothing over one in five."""
CHUNK_S: Final = 30
"""How much of a way is settled at a time."""
PAST_CHUNK_S: Final = 120
"""The same where nobody waits: less is matched twice, and passes are confirmed later."""
BEHIND_S: Final = 30
"""How much is matched again before a chunk, so that it fits on to the last one."""
AHEAD_S: Final = 10
"""How much is matched beyond a chunk: a road is often told from its neighbour only later."""
GAP_S_MAX: Final = 120
"""A longer silence ends a trip."""
STANDING_S_MAX: Final = 600
"""Standing longer ends a trip, at the place where the standing began."""
STANDING_M_MAX: Final = 40.0
"""Who moved less is standing: a phone's noise moves, too."""
TRIMMED_M: Final = 200.0
"""What is cut off both ends of a trip."""
SPEED_MPS_MAX: Final = 40.0
"""A faster leg is an error of the fixes or of the matching."""
CAR_CMS_MIN: Final = 300
"""Walkers do not reach 3 m/s; a car does so in more than one fix of twenty (p95 of a trip)."""
CAR_FIXES_MIN: Final = 2
"""One fast fix may be noise."""
METRES_A_DEGREE_E6: Final = 0.111_195
"""Metres in a millionth of a degree of latitude."""


class Pass(Personal, frozen=True, gc=False):
    """One phone's way along one segment. `at`: when its trip had gone on far enough beyond it."""

    at: Instant
    segment: SegmentNumber
    distance_m: float
    time_s: float


class _Pace(NamedTuple):
    """How many of a trip's fixes were fast, up to some point of it."""

    fixes: int
    fast: int

    def of_a_car(self, since: "_Pace") -> bool:
        """Tell whether the 95th percentile of speed since an earlier point is a car's."""
        fast = self.fast - since.fast
        return fast >= CAR_FIXES_MIN and fast * 20 > self.fixes - since.fixes


_START: Final = _Pace(0, 0)


class _Waiting(NamedTuple):
    """A pass that is driven, but not yet far enough from the end of its trip."""

    segment: SegmentNumber
    distance_m: float
    time_s: float
    entered: _Pace
    left: _Pace
    confirmed_m: float  # how far the trip must have come


class Trip:
    """One drive so far."""

    def __init__(self) -> None:
        self._way_m = 0.0
        self._pace = _START
        self._here: SegmentNumber = OFF_THE_MAP
        self._entered = _START
        self._distance_m = self._time_s = 0.0
        self._waiting: deque[_Waiting] = deque()

    def drive(self, leg: Leg) -> None:
        """Go on by one leg."""
        for segment, distance_m, time_s in leg.stretches:
            if segment != self._here:
                self._leave()
                self._here, self._entered = segment, self._pace
            self._way_m += distance_m
            if self._way_m - distance_m >= TRIMMED_M:
                self._distance_m += distance_m
                self._time_s += time_s

    @property
    def ever_fast(self) -> bool:
        """Tell whether any fix so far was faster than a walker."""
        return self._pace.fast > 0

    def hear(self, fix: Fix) -> None:
        """Note how fast the phone is."""
        self._pace = _Pace(self._pace.fixes + 1, self._pace.fast + _fast(fix))

    def confirm(self, at: Instant) -> Iterator[Pass]:
        """Give the passes that the trip has gone on beyond; drop what was walked."""
        while self._waiting and self._waiting[0].confirmed_m <= self._way_m:
            found = self._waiting.popleft()
            if found.left.of_a_car(_START) and self._pace.of_a_car(found.entered):
                yield Pass(at, found.segment, found.distance_m, found.time_s)

    def _leave(self) -> None:
        if self._here != OFF_THE_MAP and self._distance_m > 0:
            self._waiting.append(
                _Waiting(
                    self._here,
                    self._distance_m,
                    self._time_s,
                    self._entered,
                    self._pace,
                    self._way_m + TRIMMED_M,
                )
            )
        self._distance_m = self._time_s = 0.0


class Phone:
    """One phone's fixes of the last minutes, and its trip.

    What it gives depends on the fixes alone, not on when or in which order they came: chunks lie
    on a fixed grid of the phone's own time. A fix that comes after its chunk was settled is late.
    """

    def __init__(self, *, chunk_s: int = CHUNK_S) -> None:
        self._chunk_us = chunk_s * SECOND
        self._fixes: list[Fix] = []  # by time, no two in one cell of THINNED_S
        self._settled = Instant(0)
        self._trip = Trip()
        self._last: Fix | None = None  # the last settled one
        self._stood: Fix | None = None  # where the phone was when it last moved

    @property
    def silent_at(self) -> Instant:
        """Tell when the phone will have been silent for long, if nothing more is heard."""
        return _silence_after(self._fixes[-1]) if self._fixes else Instant(0)

    def hear(self, fix: Fix) -> None:
        """Take a fix, in any order. A late one, or a second one in a short while, is not taken."""
        if fix.at <= self._settled:
            return
        index = bisect_left(self._fixes, fix.at, key=_at)
        if index and _cell(self._fixes[index - 1]) == _cell(fix):
            return
        if index < len(self._fixes) and _cell(self._fixes[index]) == _cell(fix):
            self._fixes[index] = fix  # the earliest stays, whichever came first
        else:
            self._fixes.insert(index, fix)

    def advance(self, matcher: Matcher, now: Instant) -> Iterator[Pass]:
        """Settle every chunk that enough was heard beyond, and give the passes it confirms.

        A long silence, up to the next fix or to `now`, settles what came before it.
        """
        while (begin := bisect_right(self._fixes, self._settled, key=_at)) < len(self._fixes):
            until = Instant(-(-self._fixes[begin].at // self._chunk_us) * self._chunk_us)
            seen = bisect_left(self._fixes, until + AHEAD_S * SECOND, key=_at)
            silent = _silence_after(self._fixes[seen - 1])
            coming = self._fixes[seen].at if seen < len(self._fixes) else now
            if seen == len(self._fixes) and coming < silent:
                return
            end = bisect_right(self._fixes, until, key=_at)
            legs = self._legs(matcher, begin=begin, seen=seen)
            for fix in self._fixes[begin:end]:
                self._go(fix, legs.get(fix.at))
            # Not the time of hearing: the same fixes give the same passes after a restart.
            yield from self._trip.confirm(min(coming, silent))
            self._settled = until
            del self._fixes[: self._behind(end)]

    def _legs(self, matcher: Matcher, *, begin: int, seen: int) -> dict[Instant, Leg]:
        """Match from before a chunk to beyond it; the legs by when they end."""
        if not self._trip.ever_fast and not any(map(_fast, self._fixes[begin:seen])):
            return {}  # a walk: it never becomes a pass, so its way need not be known
        shown = self._fixes[self._behind(begin) : seen]
        return {leg.until: leg for run in _runs(shown) for leg in matcher.match(run)}

    def _behind(self, begin: int) -> int:
        """Find the first fix that is matched again with the chunk that begins at `begin`."""
        if begin == 0:
            return 0
        since = self._fixes[begin - 1].at - BEHIND_S * SECOND
        return bisect_left(self._fixes, since, key=_at)

    def _go(self, fix: Fix, leg: Leg | None) -> None:
        """Drive the trip on by one fix; begin another where it ends."""
        last, self._last = self._last, fix
        if last is None or fix.at - last.at > GAP_S_MAX * SECOND:
            self._trip, self._stood = Trip(), fix
        elif self._stood is None or metres(self._stood, fix) > STANDING_M_MAX:
            self._stood = fix
        elif fix.at - self._stood.at > STANDING_S_MAX * SECOND:
            self._trip, self._stood = Trip(), fix
        self._trip.hear(fix)
        if leg is not None and last is not None and leg.since <= last.at and _possible(leg):
            self._trip.drive(leg)


def metres(one: Fix, other: Fix) -> float:
    """Measure the straight way between two fixes that are near each other."""
    north = (other.lat_e6 - one.lat_e6) * METRES_A_DEGREE_E6
    east = (other.lon_e6 - one.lon_e6) * METRES_A_DEGREE_E6 * cos(radians(one.lat_e6 / 1e6))
    return hypot(north, east)


def _at(fix: Fix) -> Instant:
    return fix.at


def _cell(fix: Fix) -> int:
    return fix.at // (THINNED_S * SECOND)


def _silence_after(fix: Fix) -> Instant:
    return Instant(fix.at + GAP_S_MAX * SECOND)


def _runs(fixes: Sequence[Fix]) -> Iterator[Sequence[Fix]]:
    """Cut where a phone was silent for long; one fix alone has no way."""
    begin = 0
    for index in range(1, len(fixes) + 1):
        if index == len(fixes) or fixes[index].at - fixes[index - 1].at > GAP_S_MAX * SECOND:
            if index - begin > 1:
                yield fixes[begin:index]
            begin = index


def _fast(fix: Fix) -> bool:
    return fix.speed_cms > CAR_CMS_MIN


def _possible(leg: Leg) -> bool:
    """Tell whether a leg can have been driven as it was matched."""
    time_s = (leg.until - leg.since) / SECOND
    distance_m = sum(stretch.distance_m for stretch in leg.stretches)
    return time_s <= GAP_S_MAX and distance_m <= SPEED_MPS_MAX * time_s
