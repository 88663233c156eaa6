"""One person's own visits, for that person: in which cells of the week they count.

A cell is a place and an hour. The declaration's own bound and question say what counts, on that
person's rows alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pyarrow as pa
from ibis.expr import types as ir

from hubbub.crowd.blocks import Block
from hubbub.products.places.busyness import WEEK_HOURS
from hubbub.products.places.declarations import HOURS
from hubbub.products.places.numbers import PlaceNumbers
from hubbub.terms.catalogue import VISITS
from hubbub.terms.people import Personal
from hubbub.terms.places import PlaceId

type Engine = Callable[[ir.Table, Mapping[str, pa.Table]], pa.Table]


class OwnCell(NamedTuple):
    """A place in an hour of the week, and how many visits of one's own count there."""

    place: PlaceId
    weekday: int  # Monday is 0
    hour: int
    visits: int


class OwnVisits(Personal, frozen=True, kw_only=True):
    """What a person's own visits of a week are, and where they count, hour by hour."""

    visits: int
    cells: tuple[OwnCell, ...]


def own_visits(rows: pa.Table, *, week: Block, numbers: PlaceNumbers, engine: Engine) -> OwnVisits:
    """Tell in which cells one person's own visits of a week count."""
    keys_below = len(numbers.ids) * WEEK_HOURS
    relations = {VISITS.get_name(): rows, **week.relations()}
    weighed = HOURS.weighed(HOURS.question, keys_below=keys_below)
    keys = engine(weighed.select("key"), relations)["key"].to_pylist()
    counted = sorted((key % WEEK_HOURS, key, times) for key, times in Counter(keys).items())
    cells = (
        OwnCell(numbers.ids[key // WEEK_HOURS], weekday=at // 24, hour=at % 24, visits=times)
        for at, key, times in counted
    )
    return OwnVisits(visits=rows.num_rows, cells=tuple(cells))
