"""What the traffic product asks of a map matcher, and the fixes and ways they exchange."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from hubbub.terms.people import Personal
from hubbub.terms.roads import SegmentNumber
from hubbub.terms.time import Instant

OFF_THE_MAP: Final = SegmentNumber(-1)
"""Stands for a stretch of way that is no road segment of the city."""


class Fix(Personal, frozen=True, gc=False):
    """Where a phone was; `speed_cms` is -1 where the phone did not tell."""

    at: Instant
    lat_e6: int
    lon_e6: int
    speed_cms: int


class Stretch(NamedTuple):
    """A way along one segment, or off the map."""

    segment: SegmentNumber
    distance_m: float
    time_s: float


class Leg(NamedTuple):
    """The way between two fixes that were put on the map one after the other."""

    since: Instant
    until: Instant
    stretches: tuple[Stretch, ...]


class Matcher(Protocol):
    """Puts fixes on the roads. One caller at a time: engines of this kind crash when shared."""

    def match(self, fixes: Sequence[Fix]) -> list[Leg]:
        """Give the legs of the most likely way, in order; nothing where no way is found.

        A leg is missing where the way between two fixes is not known.
        """
        ...
