"""Finds visits in pings, as one expression for every engine: who stayed where, and how long.

Rules, in the order they are applied:

1. A ping counts if it is somewhere on earth, to 100 m or better, on a day of the calendar. One that
   does not tell how exact it is counts as exact to 30 m.
2. A local day of a person stands alone, as if there were no other: what somebody adds to a day
   follows from that day's pings. Under another receipt, somebody begins anew.
3. All pings of a person in one minute are one spot: their mean, each weighed by 1 / accuracy^2. So
   it does not matter in which order, how often or how many times over they came.
4. A spot goes on with the stay before it if it is no further away than 27 m and 0.45 m/s more, 80 m
   at most: nobody walks that slowly. In between the phone may be silent for 90 minutes.
5. Stays of less than 90 s are forgotten: jumps of a position, and corners of a way. Those that are
   side by side then, within 45 m and 20 minutes of each other, are one. Then the same with those of
   less than 5 minutes: what is left is told.
6. Home and desk: where the day's first stay was, and where somebody spent 3 hours of the day,
   counting all within 100 m. Stays there are dropped, whatever place is next door: nobody is
   counted at home or at work. Nor twice where a visit lasts beyond midnight.
7. Whose first stay began at 10 or later is not counted that day: it cannot be known where they
   woke up.

Joins are on equality of whole numbers only; every division is of whole numbers >= 0 below 2^52 (a
phone tells less than 30,000 pings a minute), where the engines' floor(a / b) is exact, so that they
give equal integers. Where someone lives astride the 180th meridian, means are wrong.
"""

from typing import Final

import ibis
from ibis.expr import datatypes as dt
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.crowd.blocks import CALENDAR, QUARTER_US
from hubbub.products.places.ground import SOUTH_E6, WEST_E6, Position, distance, square_apart
from hubbub.terms.catalogue import STAMP
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
HOME_M: Final = 100
HOME_US: Final = 180 * MINUTE_US
SEEN_BEFORE_HOUR: Final = 10

_AT_MAX: Final = 1 << 51
_SPAN: Final = ("since", "until", "lat", "lon")
_DAYS: Final = 1 << 16  # more than there are since 1970
_SUBJECT_MAX: Final = 1 << 35


def visits_in(pings: ir.Table) -> ir.Table:
    """Find the visits that `pings`, with or without their stamp, tell of on the calendar's days.

    `at` is the arrival and `until` the departure in microseconds, `lat_e6` and `lon_e6` the mean.
    """
    stays = _joined(_spots(pings), reach_m=(27, 80), apart_us=SILENCE_US)
    for least_us in (STAY_US_MIN, VISIT_US_MIN):
        stays = stays.filter(stays.until - stays.since >= least_us)
        stays = _joined(stays, reach_m=(45, 45), apart_us=ASIDE_US)
    return _away(stays).select(
        "until",
        *_stamp(stays),
        subject=ibis._.person_day // _DAYS,
        at="since",
        lat_e6=(ibis._.lat - SOUTH_E6).cast("int32"),
        lon_e6=(ibis._.lon - WEST_E6).cast("int32"),
    )


def _spots(pings: ir.Table) -> ir.Table:
    """Take what a phone told within a minute as one: where it was on average."""
    told = pings.filter(
        pings.subject.between(0, _SUBJECT_MAX),
        pings.at.between(0, _AT_MAX),
        pings.lat_e6.between(-SOUTH_E6, SOUTH_E6),
        pings.lon_e6.between(-WEST_E6, WEST_E6),
        pings.accuracy_dm <= ACCURACY_DM_MAX,
    )
    untold = told.accuracy_dm < 0
    exact = ibis.greatest(untold.ifelse(ACCURACY_DM_UNTOLD, told.accuracy_dm), ACCURACY_DM_MIN)
    exact = exact.cast("int64")
    told = told.mutate(minute=told.at // MINUTE_US, weight=ACCURACY_DM_MAX**2 // (exact * exact))
    spots = told.group_by("subject", "minute", *_stamp(told)[:1]).agg(
        since=told.at.min(),
        until=told.at.max(),
        weight=_total(told.weight),
        lat=_total(told.weight * (told.lat_e6.cast("int64") + SOUTH_E6)),
        lon=_total(told.weight * (told.lon_e6.cast("int64") + WEST_E6)),
        **_narrowest(told),
    )
    spots = spots.mutate(quarter=spots.minute // (QUARTER_US // MINUTE_US))
    spots = spots.join(CALENDAR.select("quarter", "day"), "quarter")
    return spots.select(
        "since",
        "until",
        *_stamp(spots),
        person_day=spots.subject * _DAYS + spots.day,
        weight=ibis.least(spots.weight, 400),
        lat=spots.lat // spots.weight,
        lon=spots.lon // spots.weight,
    )


def _joined(parts: ir.Table, *, reach_m: tuple[int, int], apart_us: int) -> ir.Table:
    """Make one stay of parts that follow each other within reach, under one receipt.

    That is so many metres at once, 45 cm more with each second, and so many metres at most.
    """
    order = ["since", *_stamp(parts)[:1]]
    own = ibis.window(group_by="person_day", order_by=order)
    compared = (*_SPAN, *_stamp(parts)[:1])
    before = {f"{name}_before": parts[name].lag().over(own) for name in compared}
    parts = parts.mutate(nth=ibis.row_number().over(own), **before)
    passed_s = (parts.since - parts.since_before) // SECOND
    at_once, at_most = map(distance, reach_m)
    reach = ibis.least(at_once + distance(45) * passed_s // 100, at_most)
    last = Position(parts.lat_before, parts.lon_before)
    goes_on = square_apart(_where(parts), last) <= reach * reach
    goes_on &= parts.since - parts.until_before <= apart_us
    if "receipt" in parts.columns:
        goes_on &= parts.receipt == parts.receipt_before
    parts = parts.mutate(new=ibis.cases((goes_on, 0), else_=1))
    # How many were new so far follows from numbers of rows, which cost less than a sum so far.
    alike = ibis.row_number().over(group_by=["person_day", "new"], order_by=order)
    parts = parts.mutate(alike=alike)
    parts = parts.mutate(stay=(parts.new == 1).ifelse(parts.alike + 1, parts.nth - parts.alike))
    stays = parts.group_by("person_day", "stay").agg(
        since=parts.since.min(),
        until=parts.until.max(),
        weight=_total(parts.weight),
        lat=_total(parts.weight * parts.lat),
        lon=_total(parts.weight * parts.lon),
        **{name: parts[name].min() for name in _stamp(parts)[:1]},
        **_narrowest(parts),
    )
    return stays.select(
        "person_day",
        "since",
        "until",
        "weight",
        *_stamp(stays),
        lat=stays.lat // stays.weight,
        lon=stays.lon // stays.weight,
    )


def _away(stays: ir.Table) -> ir.Table:
    """Drop stays at home and at the desk, and days of which it cannot be known where home is."""
    stays = stays.mutate(quarter=stays.since // QUARTER_US)
    stays = stays.join(CALENDAR.select("quarter", "hour"), "quarter")
    first = stays.since == stays.since.min().over(group_by="person_day")
    begun = stays.hour.min().over(group_by="person_day")
    stays = stays.mutate(is_first=first, woke_hour=begun)
    stays = stays.filter(stays.woke_hour < SEEN_BEFORE_HOUR)
    others = stays.view()
    others = others.select(
        "person_day",
        spent_us=others.is_first.ifelse(HOME_US, others.until - others.since),
        lat_there=others.lat,
        lon_there=others.lon,
    )
    pairs = stays.join(others, "person_day")
    apart = square_apart(_where(pairs), Position(pairs.lat_there, pairs.lon_there))
    pairs = pairs.filter(apart <= distance(HOME_M) ** 2)
    spent = pairs.group_by("person_day", *_SPAN, *_stamp(stays))
    spent = spent.agg(spent_us=_total(pairs.spent_us))
    return spent.filter(spent.spent_us < HOME_US)


def _where(parts: ir.Table) -> Position:
    return Position(parts.lat, parts.lon)


def _stamp(parts: ir.Table) -> list[str]:
    """Name the columns of the stamp, where rows have one."""
    return [name for name in STAMP if name in parts.columns]


def _narrowest(parts: ir.Table) -> dict[str, ir.IntegerValue]:
    """Let what is made of rows be read for what all of them may be read for, and no more."""
    return {"may": parts.may.bit_and()} if "may" in parts.columns else {}


def _total(whole: ir.IntegerValue) -> ir.IntegerValue:
    """Sum into 64 bits: DuckDB's sums have 128, and Ibis' own `cast` sees no need."""
    return ops.Cast(whole.sum(), dt.int64).to_expr()
