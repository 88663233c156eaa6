"""Spark gives the very integers that DuckDB gives, of everything that is declared.

The expressions are those that a release runs, through both gates; the rows are as bad as they come.
A cluster may so take the place of one machine without a release becoming another.
"""

from datetime import date
from itertools import cycle
from random import Random
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from bench.visits import simulated
from ibis.expr import types as ir

from crowd.morning import DAY, DECLARATIONS, NOON, ROADS, ZONE, arrow, engine
from crowd.test_bounds import TWO_DAYS, bad_morning, blocks_of, queries
from deal.test_gate_two import RESTING
from hubbub.crowd import summing
from hubbub.crowd.blocks import Block, Days, calendar
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.question import Question
from hubbub.deal.gate import permit
from hubbub.products.places.attribution import attributed, ground_of, relations
from hubbub.products.places.declarations import CountedPlaces
from hubbub.products.places.visits import visits_in
from hubbub.run.products import EVERY_DECLARATION
from hubbub.terms.catalogue import PASSES, PINGS, STAMP, VISITS
from hubbub.terms.places import Place, PlaceCategory, PlaceId
from hubbub.terms.purposes import OWN, Category, Places, Usage, cell_bit
from hubbub.terms.time import SECOND
from places.test_visits import IMPOSSIBLE, WEEK, table
from spark.conftest import Ask
from traffic.crowd import roads

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

CITY = roads(40)
PLACES = CountedPlaces([n % 3 for n in range(40)], [n // 4 + 40 for n in range(40)], spot_count=50)
HELD = {
    table.get_name(): ibis.table({**table.schema()} | STAMP, name="held")
    for table in (PASSES, VISITS)
}
DEAD = ibis.table({"receipt": "int64"}, name="dead")


def rows_of(answer: pa.Table) -> list[tuple[int | None, ...]]:
    """Give the rows in one order, and nothing but integers."""
    rows = [tuple(row.values()) for row in answer.to_pylist()]
    assert all(value is None or type(value) is int for row in rows for value in row)
    return sorted(rows, key=lambda row: [(value is not None, value) for value in row])


def added(weighed: ir.Table, declaration: Declaration[Any]) -> ir.Table:
    """Name what each contribution adds to which cell, in which window, of all blocks."""
    measure = declaration.measure
    return weighed.select("subject", "day", "window", *measure.cell, *measure.counters)


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda each: each.name)
def test_spark_gives_the_integers_of_duckdb(declaration: Declaration[Any], on_spark: Ask) -> None:
    weighed, query = queries(declaration)
    passes = {"passes": arrow(bad_morning(2000)), "keys": ROADS.table}

    def told(block: Block) -> int:
        return len(engine(query, {**passes, **block.relations()}))

    fullest = max(blocks_of(declaration), key=told)
    for asked, block in ((added(weighed, declaration), TWO_DAYS), (query, fullest)):
        relations = {**passes, **block.relations()}
        answer = rows_of(engine(asked, relations))
        assert len(answer) > 2
        assert rows_of(on_spark(asked, relations)) == answer


def city_morning(rows: int) -> pa.Table:
    """Drive through a city, sometimes in ways that nobody can, under deals that say no or ended."""
    chance = Random(7)
    columns = {
        "subject": [chance.choice([None, -1, 2**63 - 1, *range(200)]) for _ in range(rows)],
        "at": [
            NOON + chance.choice([0, -40_000, 150]) * SECOND + chance.randrange(300 * SECOND)
            for _ in range(rows)
        ],
        "segment": [chance.choice([None, -1, 40, *range(40)]) for _ in range(rows)],
        "distance_dm": [chance.choice([None, -5, 0, *range(200, 1100, 7)]) for _ in range(rows)],
        "time_ms": [chance.choice([None, -5, 0, *range(900, 99_999, 77)]) for _ in range(rows)],
        "receipt": [chance.choice([None, *range(9)]) for _ in range(rows)],
        "may": [chance.choice([None, 0, 1, -1, -1, -1]) for _ in range(rows)],
    }
    return pa.table(columns, schema=_schema("passes"))


def city_visits(rows: int) -> pa.Table:
    """Go out in a city, sometimes as nobody can, under the same deals."""
    chance, driven = Random(8), city_morning(rows)
    until = [
        None if at is None else at + chance.choice([-5, 0, *range(7200)]) * SECOND
        for at in driven["at"].to_pylist()
    ]
    place = [chance.choice([None, -1, 2**31 - 1, *range(42)]) for _ in range(rows)]
    columns = {**{n: driven[n] for n in driven.column_names}, "until": until, "place": place}
    names = _schema("visits").names
    return pa.table({name: columns[name] for name in names}, schema=_schema("visits"))


def _schema(table: str) -> pa.Schema:
    return pa.schema([(name, str(kind)) for name, kind in HELD[table].schema().items()])


MORNINGS = {"passes": city_morning, "visits": city_visits}


@pytest.mark.parametrize("declaration", EVERY_DECLARATION, ids=lambda each: each.name)
def test_spark_gives_the_integers_of_duckdb_through_both_gates(
    declaration: Declaration[Any], on_spark: Ask
) -> None:
    blocks = declaration.blocks
    block = (
        blocks.block(DAY, ZONE)
        if isinstance(blocks, Days)
        else blocks.block(NOON // (blocks.length_s * SECOND), 3 % blocks.groups, zone=ZONE)
    )
    asked_of = "visits" if declaration.purpose is Places else "passes"
    held = HELD[asked_of]
    question = Question(
        declaration=declaration,
        rows={
            asked_of: permit(held, declaration.purpose, OWN, category=Category.LOCATION, dead=DEAD)
        },
        keys=(PLACES if declaration.purpose is Places else CITY).keys_of(declaration),
        block=block,
        memory="the test's",
    )
    rows, public = summing._rows(question, block)
    given = {**public, "held": MORNINGS[asked_of](6000), "dead": pa.table({"receipt": [4, 5]})}
    given["calendar"] = calendar((DAY - 1, DAY, DAY + 1), ZONE)
    weighed = added(declaration.weighed(rows), declaration)
    closing = {"one_day": isinstance(blocks, Days), "keys_below": question.keys.below}
    asked_at_once, asked_by_day = (
        summing.query(declaration, rows.op(), **options) for options in ({}, closing)
    )
    for asked in (weighed, asked_at_once, asked_by_day):
        answer = rows_of(engine(asked, given))
        assert len(answer) > 2
        assert rows_of(on_spark(asked, given)) == answer


def interactions(rows: int) -> pa.Table:
    """Let people write to one another, with stamps and receipts as bad as they come."""
    chance = Random(11)
    receipts, stamps = [None, *range(9)], [None, 0, 1, -1, cell_bit(Usage, OWN)]
    numbers = {"other": [None, -1, *range(40)], "receipt": receipts, "other_receipt": receipts}
    choices = numbers | {"may": stamps, "other_may": stamps, "subject": [*range(40)]}
    columns = {
        name: [chance.choice(choices.get(name, [*range(9)])) for _ in range(rows)]
        for name in RESTING.schema()
    }
    return pa.table(columns, pa.schema([(n, str(kind)) for n, kind in RESTING.schema().items()]))


def test_spark_names_the_second_person_where_duckdb_does(on_spark: Ask) -> None:
    given = {"resting": interactions(3000), "dead": pa.table({"receipt": [4, 5, 5]})}
    asked = permit(RESTING, Usage, OWN, category=Category.INTERACTIONS, dead=DEAD).rows
    answer = rows_of(engine(asked, given))
    other = asked.columns.index("other")
    assert 100 < sum(row[other] is not None for row in answer) < len(answer) - 100
    assert rows_of(on_spark(asked, given)) == answer


def test_a_difference_is_seen(on_spark: Ask) -> None:
    """What the rules keep out: a fraction is cut off by one engine and rounded by the other."""
    halves = ibis.table({"n": "int64"}, name="halves")
    asked = halves.select(half=(halves.n / 2).cast("int64"))
    given = {"halves": pa.table({"n": [7]})}
    assert rows_of(on_spark(asked, given)) != rows_of(engine(asked, given))


@pytest.mark.timeout(500)  # three minutes where fourteen processes want two cores
def test_spark_finds_the_visits_and_their_places_that_duckdb_finds(on_spark: Ask) -> None:
    city, _, told = simulated(people=4, seed=31)
    places = [
        Place(id=PlaceId(f"n{nth}"), name="", category=category, lat_e6=lat, lon_e6=lon)
        for nth, (lat, lon, category) in enumerate(
            zip(*map(np.ndarray.tolist, city.degrees_e6(city.point)), cycle(PlaceCategory))
        )
    ]
    ground = ground_of(places, range(len(places)), zone=ZONE, monday=date(2026, 11, 2))
    pings = pa.concat_tables([told.pings, table([*IMPOSSIBLE])])
    given = {"pings": pings, **WEEK, **relations(ground)}
    asked = attributed(visits_in(PINGS))
    answer = rows_of(engine(asked, given))
    assert len(answer) > 25
    assert len({place for *_, place in answer}) > 5
    assert rows_of(on_spark(asked, given)) == answer
