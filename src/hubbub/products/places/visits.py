"""Finds visits in pings, as one expression for every engine: who stayed where, and how long.

Rules, in the order they are applied:

1. A ping counts if it is somewhere on earth, to 100 m or better, at a time since 1970. One that
   does not tell how exact it is counts as exact to 30 m.
2. All pings of a person in one minute are one spot: their mean, each weighed by 1 / accuracy^2. So
   it does not matter in which order, how often or how many times over they came.
3. A spot goes on with the stay before it if it is no further away than 27 m and 0.45 m/s more, 80 m
   at most: nobody walks that slowly. In between the phone may be silent for 90 minutes.
4. Stays of less than 90 s are forgotten: jumps of a position, and corners of a way. Those that are
   side by side then, within 45 m and 20 minutes of each other, are one. Then the same with those of
   less than 5 minutes: what is left is told.
5. Home and desk: where somebody spent 8 hours of all that is read, counting all within 100 m.
   Stays there are dropped, whatever place is next door: nobody is counted at home or at work.
6. Whoever has not been seen for a night - 36 hours from the first stay to the last - is not counted
   yet: it cannot be known where home is.

Joins are on equality of the person only; every division is of whole numbers >= 0 below 2^52 (a
phone tells less than 30,000 pings a minute), where the engines' floor(a / b) is exact, so that they
give equal integers. Where someone lives astride the 180th meridian, means are wrong.
"""

from collections.abc import Sequence
from typing import Final

import ibis
from ibis.expr import datatypes as dt
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.terms.catalogue import PINGS
from hubbub.terms.time import SECOND

ACCURACY_DM_MAX: Final = 1000
ACCURACY_DM_MIN: Final = 50
"""No phone knows better than 5 m, whatever it says."""
ACCURACY_DM_UNTOLD: Final = 300
MINUTE_US: Final = 60 * SECOND
SILENCE_US: Final = 90 * MINUTE_US
STAY_US_MIN: Final = 90 * SECOND
ASIDE_US: Final = 20 * MINUTE_US
VISIT_US_MIN: Final = 5 * MINUTE_US
HOME_US: Final = 8 * 60 * MINUTE_US
SEEN_US_MIN: Final = 36 * 60 * MINUTE_US

_AT_MAX: Final = 1 << 51
_SOUTH_E6, _WEST_E6 = 90_000_000, 180_000_000  # what makes latitudes and longitudes >= 0
_COSINE: Final = 1024
_FAR_E6: Final = 20_000  # two kilometres: what is further away is as good as that
_METRES_A_DEGREE: Final = 111_320
_SPAN: Final = ("since", "until", "lat", "lon")


def visits_in(pings: ir.Table) -> ir.Table:
    """Find the visits that `pings` tell of."""
    stays = _joined(_spots(pings), reach_m=(27, 80), apart_us=SILENCE_US)
    for least_us in (STAY_US_MIN, VISIT_US_MIN):
        stays = stays.filter(stays.until - stays.since >= least_us)
        stays = _joined(stays, reach_m=(45, 45), apart_us=ASIDE_US)
    return _away(stays).select(
        "subject",
        "until",
        at="since",
        lat_e6=(ibis._.lat - _SOUTH_E6).cast("int32"),
        lon_e6=(ibis._.lon - _WEST_E6).cast("int32"),
    )


def _spots(pings: ir.Table) -> ir.Table:
    """Take what a phone told within a minute as one: where it was on average."""
    told = pings.filter(
        pings.subject >= 0,
        pings.at.between(0, _AT_MAX),
        pings.lat_e6.between(-_SOUTH_E6, _SOUTH_E6),
        pings.lon_e6.between(-_WEST_E6, _WEST_E6),
        pings.accuracy_dm <= ACCURACY_DM_MAX,
    )
    untold = told.accuracy_dm < 0
    exact = ibis.greatest(untold.ifelse(ACCURACY_DM_UNTOLD, told.accuracy_dm), ACCURACY_DM_MIN)
    exact = exact.cast("int64")
    told = told.mutate(minute=told.at // MINUTE_US, weight=ACCURACY_DM_MAX**2 // (exact * exact))
    spots = told.group_by("subject", "minute").agg(
        since=told.at.min(),
        until=told.at.max(),
        weight=_total(told.weight),
        lat=_total(told.weight * (told.lat_e6.cast("int64") + _SOUTH_E6)),
        lon=_total(told.weight * (told.lon_e6.cast("int64") + _WEST_E6)),
    )
    return spots.select(
        "subject",
        "since",
        "until",
        weight=ibis.least(spots.weight, 400),
        lat=spots.lat // spots.weight,
        lon=spots.lon // spots.weight,
    )


def _joined(parts: ir.Table, *, reach_m: tuple[int, int], apart_us: int) -> ir.Table:
    """Make one stay of parts that follow each other within reach.

    That is so many metres at once, 45 cm more with each second, and so many metres at most.
    """
    own = ibis.window(group_by="subject", order_by="since")
    before = {f"{name}_before": parts[name].lag().over(own) for name in _SPAN}
    parts = parts.mutate(nth=ibis.row_number().over(own), **before)
    passed_s = (parts.since - parts.since_before) // SECOND
    reach = ibis.least(_e6(reach_m[0]) + _e6(45) * passed_s // 100, _e6(reach_m[1]))
    near = _square_apart(parts, [parts.lat_before, parts.lon_before]) <= reach * reach
    goes_on = near & (parts.since - parts.until_before <= apart_us)
    parts = parts.mutate(new=ibis.cases((goes_on, 0), else_=1))
    # How many were new so far follows from numbers of rows, which cost less than a sum so far.
    alike = ibis.row_number().over(group_by=["subject", "new"], order_by="since")
    parts = parts.mutate(alike=alike)
    parts = parts.mutate(stay=(parts.new == 1).ifelse(parts.alike + 1, parts.nth - parts.alike))
    stays = parts.group_by("subject", "stay").agg(
        since=parts.since.min(),
        until=parts.until.max(),
        weight=_total(parts.weight),
        lat=_total(parts.weight * parts.lat),
        lon=_total(parts.weight * parts.lon),
    )
    return stays.select(
        "subject",
        "since",
        "until",
        "weight",
        lat=stays.lat // stays.weight,
        lon=stays.lon // stays.weight,
    )


def _away(stays: ir.Table) -> ir.Table:
    """Drop stays at home and at the desk, and whoever's home cannot be known yet."""
    people = stays.group_by("subject").agg(first=stays.since.min(), last=stays.until.max())
    people = people.filter(people["last"] - people["first"] >= SEEN_US_MIN)
    stays = stays.join(people.select("subject"), "subject")
    others = stays.view()
    others = others.select(
        "subject",
        spent_us=others.until - others.since,
        lat_there=others.lat,
        lon_there=others.lon,
    )
    pairs = stays.join(others, "subject")
    near = _square_apart(pairs, [pairs.lat_there, pairs.lon_there]) <= _e6(100) ** 2
    pairs = pairs.filter(near)
    spent = pairs.group_by("subject", *_SPAN).agg(spent_us=_total(pairs.spent_us))
    return spent.filter(spent.spent_us < HOME_US)


def _square_apart(here: ir.Table, there: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    """Square the distance between two positions, in millionths of a degree of latitude."""
    north, east = (
        ibis.least((mine - other).abs(), _FAR_E6)
        for mine, other in zip((here.lat, here.lon), there, strict=True)
    )
    # Bhaskara I, 7th century: cos(x) = (32400 - 4 x^2) / (32400 + x^2), x in degrees; off by 0.0016
    hundredths = (here.lat - _SOUTH_E6).abs() // 10_000
    square = hundredths * hundredths
    cosine = ((324_000_000 - 4 * square) * _COSINE) // (324_000_000 + square)
    east = (east * cosine) // _COSINE
    return north * north + east * east


def _e6(metres: int) -> int:
    """Turn metres into millionths of a degree of latitude."""
    return metres * 1_000_000 // _METRES_A_DEGREE


def _total(whole: ir.IntegerValue) -> ir.IntegerValue:
    """Sum into 64 bits: DuckDB's sums have 128, and Ibis' own `cast` sees no need."""
    return ops.Cast(whole.sum(), dt.int64).to_expr()


VISITS: Final[ir.Table] = visits_in(PINGS)
"""Visits: `subject`, `at` (arrival) and `until` (departure) in microseconds, `lat_e6`, `lon_e6`."""
