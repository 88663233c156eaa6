"""Distances on the ground in whole numbers, the same for every engine.

Positions count millionths of a degree from the south pole and the 180th meridian on, so that none
is below nought; distances, millionths of a degree of latitude.
"""

from typing import Final, NamedTuple

import ibis
from ibis.expr import types as ir

SOUTH_E6, WEST_E6 = 90_000_000, 180_000_000
"""What makes latitudes and longitudes >= 0."""

_COSINE: Final = 1024
_FAR_E6: Final = 20_000  # two kilometres: what is further away is as good as that
_METRES_A_DEGREE: Final = 111_320


class Position(NamedTuple):
    """Where something is."""

    lat: ir.IntegerValue
    lon: ir.IntegerValue


def square_apart(here: Position, there: Position) -> ir.IntegerValue:
    """Square the distance between two positions."""
    north, east = (
        ibis.least((mine - other).abs(), _FAR_E6) for mine, other in zip(here, there, strict=True)
    )
    # Bhaskara I, 7th century: cos(x) = (32400 - 4 x^2) / (32400 + x^2), x in degrees; off by 0.0016
    hundredths = (here.lat - SOUTH_E6).abs() // 10_000
    square = hundredths * hundredths
    cosine = ((324_000_000 - 4 * square) * _COSINE) // (324_000_000 + square)
    east = (east * cosine) // _COSINE
    return north * north + east * east


def distance(metres: float) -> int:
    """Turn metres into a distance."""
    return int(metres * 1_000_000 / _METRES_A_DEGREE)
