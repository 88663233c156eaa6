"""What the traffic product shares, of whom, and how it is hidden: two plans of live, one of usual.

The value of a pass is v / (v + c), where c is a quarter of what one may drive on the road. It lies
within 0..1 whatever was driven, whole numbers give it exactly, and it tells 4 from 8 km/h as well
as 12 from 24. Its mean is near total distance by total time: a mean of speeds hides who stood, and
a mean of paces drowns in noise.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, Literal

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import CALENDAR, QUARTER_US, Days, Newest, Windows
from hubbub.crowd.bounds import DayPlan, OneNorm, TwoNorm, Unit, d_q
from hubbub.crowd.declaration import Declaration, Floor
from hubbub.crowd.keys import PublicKeys
from hubbub.crowd.laws import DiscreteGaussian, DiscreteLaplace, G
from hubbub.crowd.measure import TwoCounters
from hubbub.crowd.structure import Denoiser
from hubbub.terms.catalogue import PASSES
from hubbub.terms.purposes import LiveTraffic, Traffic
from hubbub.terms.roads import RoadSegment

type LivePromise = Literal["person-day", "passage"]
"""What live traffic hides: all of a person's day, or, weaker, one passage."""

type Numbers = npt.NDArray[np.float64]
type Whole = npt.NDArray[np.int32]

HALF_SPEED: Final = 0.25
"""Of what one may drive: the speed whose value is one half."""
SHARE: Final = 4096
"""Steps from standing (0) to infinitely fast."""
PRIOR: Final = 2360
REACH: Final = SHARE // 4
"""From 0.12 to 1.2 of what one may drive."""
DRIVEN_MIN: Final = 4
"""Who drove less than one in so many of a road's metres tells little about the road."""

DAY_PARTS: Final = (6, 10, 15, 19, 24)
"""The hours at which night, morning, midday, evening and late evening end."""
TYPICAL_SLOTS: Final = 2 * len(DAY_PARTS)
"""Parts of a working day, then of a day of the weekend."""

ROADS: Final[ir.Table] = ibis.table(
    {"key": "int32", "half_cms": "int32", "length_dm": "int32"}, name="roads"
)
"""What is public of each road segment."""
ROAD_SLOTS: Final[ir.Table] = ibis.table(
    {
        "key": "int32",
        "segment": "int32",
        "slot": "int32",
        "road_class": "int32",
        "half_cms": "int32",
        "length_dm": "int32",
    },
    name="road_slots",
)
"""The same for each part of a day."""


class Roads:
    """What is public of all road segments of a city, in the order of their numbers."""

    def __init__(self, segments: Sequence[RoadSegment]) -> None:
        assert all(n == road.number for n, road in enumerate(segments)), "roads are in order"
        self.limit_kmh: Numbers = np.array([road.limit_kmh for road in segments], dtype=float)
        self.road_class = np.array([road.road_class for road in segments], dtype=np.int64)
        self._length_m: Numbers = np.array([road.length_m for road in segments], dtype=float)

    def __len__(self) -> int:
        """Count the segments."""
        return len(self.limit_kmh)

    @cached_property
    def keys(self) -> PublicKeys:
        """Give the public keys of live traffic."""
        return PublicKeys(pa.table({"key": _numbers(len(self)), **self._known(1)}))

    def keys_of(self, declaration: Declaration[Any]) -> PublicKeys:
        """Give the public keys that a declaration of traffic is about."""
        return self.slot_keys if declaration.keys is ROAD_SLOTS else self.keys

    @cached_property
    def slot_keys(self) -> PublicKeys:
        """Give the public keys of usual speeds: each road in each part of a day."""
        keys = _numbers(len(self) * TYPICAL_SLOTS)
        segment, slot = keys // TYPICAL_SLOTS, keys % TYPICAL_SLOTS
        return PublicKeys(
            pa.table(
                {
                    "key": keys,
                    "segment": segment,
                    "slot": slot,
                    "road_class": self.road_class[segment].astype(np.int32),
                    **self._known(TYPICAL_SLOTS),
                }
            )
        )

    def _known(self, times: int) -> dict[str, Whole]:
        half_cms = np.rint(self.limit_kmh * HALF_SPEED / 0.036)
        columns = {"half_cms": half_cms, "length_dm": np.rint(self._length_m * 10)}
        return {name: np.repeat(each.astype(np.int32), times) for name, each in columns.items()}


def _value(passed: ir.Table) -> ir.IntegerValue:
    """Give v / (v + c) on the grid. Decimetres x 10,000 and milliseconds x cm/s are alike."""
    driven = passed.distance_dm.cast("int64") * 10_000
    halved = passed.time_ms.cast("int64") * passed.half_cms
    share = (driven * SHARE) // ibis.greatest(driven + halved, 1)
    return d_q(share, prior=ibis.literal(PRIOR), reach=ibis.literal(REACH))


def _driven(passed: ir.Table) -> ir.BooleanValue:
    """Tell whether enough of the road was driven, and a time was taken."""
    driven = passed.distance_dm.cast("int64") * DRIVEN_MIN >= passed.length_dm
    return driven & (passed.time_ms > 0)


def _live_question() -> ir.Table:
    passed = PASSES.join(ROADS, PASSES.segment == ROADS.key)
    return passed.filter(_driven(passed)).select("subject", "at", "key", d_q=_value(passed))


def _typical_question() -> ir.Table:
    timed = PASSES.mutate(quarter=PASSES.at // QUARTER_US).join(CALENDAR, "quarter")
    part = sum((timed.hour >= end).cast("int32") for end in DAY_PARTS[:-1])
    weekend = (timed.weekday >= 5).cast("int32")
    timed = timed.mutate(slot=(weekend * len(DAY_PARTS) + part).cast("int32"))
    passed = timed.join(ROAD_SLOTS, ["segment", "slot"])
    return passed.filter(_driven(passed)).select("subject", "at", "key", d_q=_value(passed))


_MEASURE: Final = TwoCounters(
    value="speed", prior="0.576 of v / (v + limit / 4)", reach="0.25 of it"
)

LIVE_DAY: Final = Declaration(
    name="traffic.live.day",
    purpose=LiveTraffic,
    question=_live_question(),
    keys=ROADS,
    key_word="road",
    unit=Unit.PERSON_DAY,
    measure=_MEASURE,
    bound=DayPlan(windows_max=12, keys_max=3),
    noise=DiscreteGaussian(sigma=Fraction(1488, 1000) * G),
    epsilon=4,
    delta=1e-9,
    blocks=Windows(length_s=300, groups=10),
    floor=Floor(people=10, luck=0.01),
    combination=Newest(blocks=3),
)
"""Live traffic that hides a person's whole day. It takes a big city to show something."""

LIVE_PASSAGE: Final = Declaration(
    name="traffic.live",
    purpose=LiveTraffic,
    question=_live_question(),
    keys=ROADS,
    key_word="road",
    unit=Unit.PASSAGE,
    measure=_MEASURE,
    bound=OneNorm(),
    noise=DiscreteLaplace(scale=G // 4),
    epsilon=4,
    delta=0,
    blocks=Windows(length_s=300, groups=10),
    floor=Floor(people=3, luck=0.05),
    combination=Newest(blocks=3),
)
"""Live traffic that hides one passage only: the weaker promise, and named so wherever it shows."""

TYPICAL: Final = Declaration(
    name="traffic.typical",
    purpose=Traffic,
    question=_typical_question(),
    keys=ROAD_SLOTS,
    key_word="road",
    unit=Unit.PERSON_DAY,
    measure=_MEASURE,
    bound=TwoNorm(),
    noise=DiscreteGaussian(sigma=Fraction(5496, 1000) * G),
    epsilon=1,
    delta=1e-9,
    blocks=Days(days=7),
    floor=Floor(people=10, luck=0.01),
    combination=Newest(blocks=4),
    denoiser=Denoiser(
        matrix=("segment", "slot"),
        categories=("road_class",),
        scales=(len(DAY_PARTS), TYPICAL_SLOTS),
    ),
)
"""The usual speeds of a week, by part of the day."""


def live_declaration(promise: LivePromise) -> Declaration[LiveTraffic]:
    """Give the plan of live traffic that the operator chose."""
    return LIVE_DAY if promise == "person-day" else LIVE_PASSAGE


def windows_of(declaration: Declaration[LiveTraffic]) -> Windows:
    """Give the windows that a plan of live traffic is released in."""
    assert isinstance(declaration.blocks, Windows), "live traffic is released in windows"
    return declaration.blocks


def typical_slot(shown: datetime) -> int:
    """Tell in which part of a working day or of the weekend a local time is."""
    part = sum(shown.hour >= end for end in DAY_PARTS[:-1])
    return (shown.weekday() >= 5) * len(DAY_PARTS) + part


def speed_kmh(mean: Numbers, limit_kmh: Numbers) -> Numbers:
    """Turn means of the value (-1..1) back into speeds: v = c x / (1 - x)."""
    share = (PRIOR + REACH * np.clip(mean, -1.0, 1.0)) / SHARE
    return HALF_SPEED * limit_kmh * share / (1 - share)


def _numbers(count: int) -> Whole:
    return np.arange(count, dtype=np.int32)
