"""Tells at which place a visit was, as one expression for every engine.

What speaks for a place is added up, in 1024ths of the natural logarithm of a likelihood:

    near       -d^2 / (2 s^2): how far it is from where the phone was on average, s = 12 m
    arrives    how many are expected to arrive in that hour of the week, of all who come to it
    stays      nothing if it is open half-way through the visit, else what hours that are wrong, or
               only usual, leave
    lasts      how usual it is to stay that long at places of its kind (a lognormal law)

The place within 75 m for which most speaks is told; of equals the one with the lower number, and
none (-1) where there is no place so near. All that is known of places is public or was released
through gate 2 before: nobody's visits have a part in where anybody else is said to have been.

Joins are on equality of whole numbers only, and all that is added is whole, so that engines agree.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import CALENDAR, QUARTER_US
from hubbub.products.places.ground import SOUTH_E6, WEST_E6, Position, distance, square_apart
from hubbub.products.places.usual import HOURS, USUAL, Floats, open_shares
from hubbub.terms.catalogue import STAMP
from hubbub.terms.places import Place, PlaceCategory
from hubbub.terms.time import SECOND

REACH_M: Final = 75.0
OFF_M: Final = 12.0
"""How far off a visit's mean position is, in each direction."""
NOWHERE: Final = -1

NEARBY: Final[ir.Table] = ibis.table(
    {
        "cell_near": "int64",
        "place": "int32",
        "place_lat": "int64",
        "place_lon": "int64",
        "kind": "int32",
    },
    name="nearby",
)
"""Each place in each cell of the map from which it is within reach."""
CUSTOM: Final[ir.Table] = ibis.table(
    {"slot": "int64", "arrives": "int64", "stays": "int64"}, name="custom"
)
"""What speaks for a place in each hour of the week: slot = place * 168 + hour."""
LASTING: Final[ir.Table] = ibis.table({"lasts_slot": "int64", "lasts": "int64"}, name="lasting")
"""What speaks for a kind of places when somebody stays so long."""

_UNIT: Final = 1024
_NOTHING: Final = 1 << 40  # less than anything that is said
_CELL: Final = distance(100)
_COLUMNS: Final = 1 << 20  # more cells than there are around the earth
_CLOSED_BUT: Final = 0.02  # of those who come, so many do when its hours say that it is closed
_USUALLY_CLOSED_BUT: Final = 0.2  # the same where its own hours are not known
_STAY_US: Final = 300 * SECOND  # stays are told apart by five minutes
_STAYS: Final = 288  # of them in a day

type Integers = npt.NDArray[np.int64]


class Ground(NamedTuple):
    """The places of a city, each with its number, and when they are open."""

    places: tuple[Place, ...]
    numbers: tuple[int, ...]
    shares: Floats  # (places, 168): how much of each hour of the week each is open
    tells: npt.NDArray[np.bool_]  # whether it says so itself


def ground_of(
    places: Sequence[Place], numbers: Sequence[int], *, zone: ZoneInfo, monday: date
) -> Ground:
    """Look up the hours of places in the week of `monday`."""
    found = [open_shares(place, zone, monday) for place in places]
    return Ground(
        tuple(places),
        tuple(numbers),
        np.array([shares for shares, _ in found]).reshape(-1, HOURS),
        np.array([tells for _, tells in found], np.bool_),
    )


def relations(
    ground: Ground, expected: Floats | None = None, *, hours: range = range(HOURS)
) -> Mapping[str, pa.Table]:
    """Give the public tables that `attributed` asks, for visits that arrive in some `hours`.

    `expected`: how many arrive at each place (a row each, as in `ground`) in each hour of a week,
    in any unit, as far as releases tell. Without any, each place is as others of its kind.
    """
    if expected is None:
        expected = usually_expected(ground)
    return {
        NEARBY.get_name(): _nearby(ground),
        CUSTOM.get_name(): _custom(ground, expected, hours),
        LASTING.get_name(): _lasting(),
    }


def usually_expected(ground: Ground) -> Floats:
    """Spread what its kind usually draws over the hours in which each place is open."""
    drawn = np.array([USUAL[place.category].drawn for place in ground.places]).reshape(-1, 1)
    open_hours = np.maximum(ground.shares.sum(axis=1, keepdims=True), 1)
    expected: Floats = drawn * ground.shares / open_hours
    return expected


def attributed(visits: ir.Table) -> ir.Table:
    """Give each visit, as `visits_in` finds them, its place: the catalogue's VISITS, stamped."""
    kept = ["subject", "at", "until", *(name for name in STAMP if name in visits.columns)]
    lat, lon = visits.lat_e6.cast("int64") + SOUTH_E6, visits.lon_e6.cast("int64") + WEST_E6
    visits = visits.select(
        *kept,
        lat=lat,
        lon=lon,
        cell=_cell(lat, lon),
        lasting=ibis.least((visits.until - visits.at) // _STAY_US, _STAYS - 1),
        quarter=visits.at // QUARTER_US,
        half_way=((visits.at + visits.until) // 2) // QUARTER_US,
    )
    visits = visits.join(_clock("quarter", "hour"), "quarter")
    visits = visits.join(_clock("half_way", "hour_half_way"), "half_way")
    near = visits.left_join(NEARBY, visits.cell == NEARBY.cell_near)
    square = square_apart(Position(near.lat, near.lon), Position(near.place_lat, near.place_lon))
    near = near.mutate(square=square)
    near = near.mutate(near=ibis.coalesce(near.square <= distance(REACH_M) ** 2, False))
    place = near.near.ifelse(near.place, NOWHERE)
    near = near.select(
        *kept,
        "near",
        off=near.square * _UNIT // (2 * distance(OFF_M) ** 2),
        place=place,
        arrives_slot=place * HOURS + near.hour,
        stays_slot=place * HOURS + near.hour_half_way,
        lasts_slot=near.kind * _STAYS + near.lasting,
    )
    near = near.left_join(_custom_of("arrives"), "arrives_slot")
    near = near.left_join(_custom_of("stays"), "stays_slot").left_join(LASTING, "lasts_slot")
    says = ibis.coalesce(near.arrives + near.stays + near.lasts - near.off, -_NOTHING)
    near = near.mutate(says=near.near.ifelse(says, -2 * _NOTHING))
    best = ibis.window(group_by=kept, order_by=[ibis.desc("says"), "place"])
    near = near.mutate(nth=ibis.row_number().over(best))
    return near.filter(near.nth == 0).select(*kept, "place")


def _custom_of(what: str) -> ir.Table:
    """Look one thing up for a place in an hour."""
    custom = CUSTOM.view()
    return custom.select(what, **{f"{what}_slot": custom.slot})


def _clock(quarter: str, hour: str) -> ir.Table:
    """Tell the hour of the week of each quarter, under names of one's own."""
    clock = CALENDAR.view()
    of_week = (clock.weekday * 24 + clock.hour).cast("int32")
    return clock.select(**{quarter: clock.quarter, hour: of_week})


def _cell(lat: ir.IntegerValue, lon: ir.IntegerValue) -> ir.IntegerValue:
    return (lat // _CELL) * _COLUMNS + lon // _CELL


def _nearby(ground: Ground) -> pa.Table:
    """List each place in all cells that some point within its reach lies in."""
    lat = np.array([place.lat_e6 for place in ground.places], np.int64) + SOUTH_E6
    lon = np.array([place.lon_e6 for place in ground.places], np.int64) + WEST_E6
    reach = distance(REACH_M) + 1
    # A degree of longitude is shorter; the expression's cosine is off by a little.
    cosine = np.maximum(np.cos(np.radians((lat - SOUTH_E6) / 1e6)) - 0.002, 0.01)
    aside = np.ceil(reach / cosine).astype(np.int64)
    first, last = (lon - aside) // _CELL, (lon + aside) // _CELL
    rows = [
        (row * _COLUMNS + column, each)
        for each, (south, north, west, east) in enumerate(
            zip((lat - reach) // _CELL, (lat + reach) // _CELL, first, last, strict=True)
        )
        for row in range(south, north + 1)
        for column in range(west, east + 1)
    ]
    cells, of = np.array(rows, np.int64).reshape(-1, 2).T
    kinds = {category: number for number, category in enumerate(PlaceCategory)}
    kind = np.array([kinds[place.category] for place in ground.places], np.int64)
    columns = {
        "cell_near": cells,
        "place": np.array(ground.numbers, np.int64)[of],
        "place_lat": lat[of],
        "place_lon": lon[of],
        "kind": kind[of],
    }
    return _table(NEARBY, columns)


def _custom(ground: Ground, expected: Floats, hours: range) -> pa.Table:
    """Weigh each place in each hour."""
    closed = ground.shares <= 0
    mean = expected.mean(axis=1, keepdims=True) if len(expected) else expected
    least = np.maximum(mean * _CLOSED_BUT, 1e-6)
    arrives = np.log(np.maximum(np.where(closed, least, expected), least))
    but = np.where(ground.tells, _CLOSED_BUT, _USUALLY_CLOSED_BUT)[:, None]
    stays = np.log(np.where(ground.shares >= 0.5, 1.0, but))
    hour = np.array(hours, np.int64)
    columns = {
        "slot": (np.array(ground.numbers, np.int64)[:, None] * HOURS + hour).ravel(),
        "arrives": _whole(arrives[:, hour]),
        "stays": _whole(stays[:, hour]),
    }
    return _table(CUSTOM, columns)


def _lasting() -> pa.Table:
    """Weigh each kind by how long somebody stays."""
    kind = np.repeat(np.arange(len(PlaceCategory)), _STAYS)
    lasting = np.tile(np.arange(_STAYS), len(PlaceCategory))
    usual = [USUAL[category] for category in PlaceCategory]
    median_min, spread = (
        np.repeat([getattr(each, name) for each in usual], _STAYS)
        for name in ("stay_min", "spread")
    )
    off = np.log((lasting + 0.5) * 5 / median_min) / spread
    says = _whole(-(off**2) / 2 - np.log(spread))
    return _table(LASTING, {"lasts_slot": kind * _STAYS + lasting, "lasts": says})


def _whole(logarithms: Floats) -> Integers:
    return np.rint(logarithms * _UNIT).astype(np.int64).ravel()


def _table(of: ir.Table, columns: Mapping[str, Integers]) -> pa.Table:
    kinds = {name: str(kind) for name, kind in of.schema().items()}
    return pa.table({name: pa.array(columns[name], kind) for name, kind in kinds.items()})
