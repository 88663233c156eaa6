"""A box on the map, as it is asked for."""

import math
from typing import NamedTuple

from hubbub.outlet.problems import BadParameter


class Box(NamedTuple):
    """Degrees: what is asked about."""

    west: float
    south: float
    east: float
    north: float

    def touches(self, other: "Box") -> bool:
        """Tell whether the two have a point in common."""
        return (
            self.west <= other.east
            and other.west <= self.east
            and self.south <= other.north
            and other.south <= self.north
        )


def read_box(field: str, text: str) -> Box:
    """Read a box as the parameter `field` gives it."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise BadParameter(field, expected="four numbers: west,south,east,north in degrees")
    box = Box(*numbers)
    if not (-180 <= box.west < box.east <= 180):
        raise BadParameter(field, expected="-180 <= west < east <= 180")
    if not (-90 <= box.south < box.north <= 90):
        raise BadParameter(field, expected="-90 <= south < north <= 90")
    return box
