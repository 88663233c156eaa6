"""What the traffic product answers: how fast each road is now, and how sure that is."""

from typing import Literal

import msgspec

from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import Instant

type Source = Literal["live", "typical", "free-flow"]
"""Where a speed comes from: measured lately, usual at this hour, or what the map allows."""


class RoadFlow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Traffic on one road segment."""

    segment: SegmentNumber
    speed_kmh: float
    free_flow_kmh: float
    jam_factor: float  # 0 free .. 10 standing
    confidence: float  # above .7 live, above .5 usual, else what the map allows
    age_s: int | None  # since the newest measurement in it; None where nothing was measured lately
    source: Source


class LiveFlow(msgspec.Struct, frozen=True, kw_only=True):
    """Traffic on the roads of a city, as it was published at one time."""

    at: Instant
    roads: tuple[RoadFlow, ...]
