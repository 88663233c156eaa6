"""The simulated city itself: its places on a plane, how big each is, and when it is used.

Places are a public table, one row each: `lat_e6`, `lon_e6` and `kind` (where in PlaceCategory it
is), all int32, and `open`: 168 booleans, by hour of the week from Monday 0:00 on, or null where a
place keeps its kind's hours. `town` makes such a table up; `on_the_map` makes one of real places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.products.places.usual import open_shares
from hubbub.run.simulated.dice import dice_of
from hubbub.run.simulated.kinds import HOURS, KINDS
from hubbub.terms.places import Place, PlaceCategory

type Floats = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.int64]
type Mask = npt.NDArray[np.bool_]
type Column = npt.NDArray[Any]

METRES_A_DEGREE: Final = 111_320
CENTRE_E6: Final = (60_170_000, 24_940_000)
"""Helsinki's, for towns that are made up."""

_OPEN: Final = pa.list_(pa.bool_(), HOURS)
_QUIET: Final = 0.02
_KINDS: Final = tuple(KINDS[category] for category in PlaceCategory)


@dataclass(frozen=True, kw_only=True)
class City:
    """Places on a plane, how big each is, and how much of its week falls in each hour."""

    origin_e6: tuple[int, int]
    point: Floats  # (places, 2): metres east and north of the origin
    kind: Integers
    by_hour: Floats  # (places, HOURS): visits that are to be expected, in shares of all

    def degrees_e6(self, point: Floats) -> tuple[Integers, Integers]:
        """Give latitudes and longitudes of points."""
        north, east = metres_of(self.origin_e6[0])
        return (
            np.rint(point[:, 1] / north).astype(np.int64) + self.origin_e6[0],
            np.rint(point[:, 0] / east).astype(np.int64) + self.origin_e6[1],
        )


def town(places: int, *, seed: int) -> pa.Table:
    """Make places up: a centre with a quarter of them, and twelve districts within 4 km."""
    dice = dice_of(seed)
    shares = np.array([kind.share for kind in _KINDS])
    centres = np.vstack([np.zeros((1, 2)), dice.uniform(-4000, 4000, (12, 2))])
    of = dice.choice(13, places, p=[0.28, *[0.06] * 12])
    point = centres[of] + dice.normal(0, 1, (places, 2)) * np.where(of == 0, 600, 350)[:, None]
    north, east = metres_of(CENTRE_E6[0])
    columns = {
        "lat_e6": np.rint(point[:, 1] / north).astype(np.int64) + CENTRE_E6[0],
        "lon_e6": np.rint(point[:, 0] / east).astype(np.int64) + CENTRE_E6[1],
        "kind": dice.choice(len(_KINDS), places, p=shares / shares.sum()),
    }
    table = pa.table({name: pa.array(column, pa.int32()) for name, column in columns.items()})
    return table.append_column("open", pa.nulls(places, _OPEN))


def on_the_map(places: Sequence[Place], *, zone: ZoneInfo, monday: date) -> pa.Table:
    """Take real places, with the hours of the week of `monday` where they tell them."""
    kinds = {category: number for number, category in enumerate(PlaceCategory)}
    open_ = [open_shares(place, zone, monday) for place in places]
    return pa.table(
        {
            "lat_e6": pa.array([place.lat_e6 for place in places], pa.int32()),
            "lon_e6": pa.array([place.lon_e6 for place in places], pa.int32()),
            "kind": pa.array([kinds[place.category] for place in places], pa.int32()),
            "open": pa.array(
                [(shares >= 0.5).tolist() if is_told else None for shares, is_told in open_], _OPEN
            ),
        }
    )


def city_of(places: pa.Table, *, seed: int) -> City:
    """Give places their sizes, and each its own week."""
    dice = dice_of(seed)
    columns = (places[name].to_numpy() for name in ("lat_e6", "lon_e6", "kind"))
    lat, lon, kind = (column.astype(np.int64) for column in columns)
    origin = int(np.median(lat)), int(np.median(lon))
    north, east = metres_of(origin[0])
    usual = np.array([each.week() for each in _KINDS])
    is_open = usual[kind] > 0
    told = [row for row, hours in enumerate(places["open"].to_pylist()) if hours is not None]
    if told:
        is_open[told] = places["open"].take(told).to_pylist()
    by_hour = _earlier_or_later(usual[kind], dice.normal(0, 1, len(kind)))
    by_hour *= np.repeat(dice.lognormal(0, 0.15, (len(kind), 7)), 24, axis=1)
    by_hour *= dice.lognormal(0, 0.1, (len(kind), HOURS))
    # Somebody comes in every hour in which it is open, also where its kind's are shut then.
    by_hour = np.where(is_open, np.maximum(by_hour, _QUIET), 0)
    size = dice.lognormal(0, 1.1, len(kind)) * np.array([each.size for each in _KINDS])[kind]
    by_hour *= (size / np.maximum(by_hour.sum(axis=1), 1e-9))[:, None]
    return City(
        origin_e6=origin,
        point=np.column_stack([(lon - origin[1]) * east, (lat - origin[0]) * north]),
        kind=kind,
        by_hour=by_hour / by_hour.sum(),
    )


def _earlier_or_later(weeks: Floats, hours: Floats) -> Floats:
    """Put each week off by some hours, or forward."""
    whole = np.floor(hours).astype(np.int64)
    part = (hours - whole)[:, None]
    place = np.arange(len(weeks))[:, None]
    at = np.arange(HOURS) - whole[:, None]
    moved: Floats = weeks[place, at % HOURS] * (1 - part) + weeks[place, (at - 1) % HOURS] * part
    return moved


def metres_of(lat_e6: int) -> tuple[float, float]:
    """Give the metres of a millionth of a degree, north and east."""
    north = METRES_A_DEGREE / 1e6
    return north, north * float(np.cos(np.radians(lat_e6 / 1e6)))
