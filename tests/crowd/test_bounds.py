"""One unit's rows move the sums by no more than was declared: on the SQL that really runs."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from math import floor
from random import Random

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ibis.expr import types as ir

from crowd.morning import (
    ARRIVALS,
    DAY,
    DECLARATIONS,
    NOON,
    PASSAGE,
    PEOPLE,
    PLAN,
    ROADS,
    SPREAD,
    TIMES,
    VISITS,
    WEEK,
    WINDOWS,
    ZONE,
    Pass,
    arrow,
    ask,
    engine,
    measured,
)
from crowd.oracle import Counters, sums_of
from hubbub.crowd import bounds, summing
from hubbub.crowd.blocks import Block, Windows, day_number
from hubbub.crowd.bounds import DayPlan, OneNorm, SumPlan, Unit, bin_of, d_q, limit
from hubbub.crowd.declaration import BadDeclaration, Declaration
from hubbub.crowd.laws import G
from hubbub.crowd.measure import Count, Histogram, Measure, Presence
from hubbub.terms.purposes import LiveTraffic
from hubbub.terms.time import SECOND, Instant

INTEGERS = pa.schema([(name, pa.int32()) for name in ("value", "prior", "reach")])

type Sums = dict[tuple[int | str, ...], int]
type Live = Declaration[LiveTraffic]

MEASURES: list[Measure] = [
    Presence(counted="people"),
    ARRIVALS.measure,
    Count(counted="passes", rows_per_key_max=3),
    PASSAGE.measure,
    Histogram(value="distance", edges=(-100, 0, 200)),
]

WINDOW_US = 300 * SECOND
TWO_DAYS = Block(days=(DAY, DAY + 1), zone=ZONE)
MIDNIGHT = Instant(NOON + 12 * 3600 * SECOND)

subjects = st.one_of(st.none(), st.integers(-1, 3), st.just(2**63 - 1))
moments = st.one_of(
    st.none(),
    st.just(-5),
    st.integers(0, 3 * 300).map(lambda s: NOON + s * SECOND),
    st.integers(-300, 300).map(lambda s: MIDNIGHT + s * SECOND),
)
roads = st.one_of(st.none(), st.integers(-1, 7))
values = st.one_of(st.none(), st.integers(-G - 2, G + 2))
passes = st.builds(Pass, subjects, moments, roads, values)
histories = st.lists(passes, max_size=30)
crowded = st.one_of(
    histories,
    # Somebody who comes five hundred times in a day, twice as often to some road as to another.
    st.builds(
        lambda one, step: [
            one._replace(at=NOON + n * step * SECOND, segment=n % 4 % 3) for n in range(500)
        ],
        passes,
        st.integers(0, 9),
    ),
)
mornings = st.lists(
    st.builds(
        Pass,
        st.integers(0, 2),
        st.integers(0, 4 * 300 - 1).map(lambda s: NOON + s * SECOND),
        st.integers(0, 5),
        st.integers(-G, G),
    ),
    max_size=60,
)


@lru_cache
def measuring(measure: Measure) -> list[Live]:
    """Let each declaration measure something else, if its bound holds for that."""
    declarations = []
    for declaration in DECLARATIONS:
        with suppress(BadDeclaration):
            declarations.append(replace(declaration, **measured(measure)))
    return declarations


@lru_cache
def queries(declaration: Live) -> tuple[ir.Table, ir.Table]:
    """Write the weighed contributions, and the very expression that `release` runs."""
    block = blocks_of(declaration)[0]
    rows, _ = summing._rows(ask([], block, declaration), block)
    weighed = bounds.weighed(
        rows,
        declaration.keys,
        unit=declaration.unit,
        measure=declaration.measure,
        bound=declaration.bound,
        blocks=declaration.blocks,
    )
    return weighed, summing.query(declaration, rows.op())


def run(query: ir.Table, history: Sequence[Pass], block: Block) -> list[dict[str, int]]:
    """Run one of them."""
    relations = {"passes": arrow(history), "keys": ROADS.table, **block.relations()}
    found: list[dict[str, int]] = engine(query, relations).to_pylist()
    return found


def exact(history: Sequence[Pass], block: Block, declaration: Live) -> Counters:
    """Give the sums of a block before the noise."""
    measure = declaration.measure
    return {
        tuple(row[name] for name in measure.cell): tuple(row[name] for name in measure.counters)
        for row in run(queries(declaration)[1], history, block)
        if row["key"] is not None
    }


def all_sums(history: Sequence[Pass], declaration: Live) -> Sums:
    """Sum what is weighed for all windows of two days."""
    sums: Sums = {}
    for row in run(queries(declaration)[0], history, TWO_DAYS):
        for counter in declaration.measure.counters:
            cell = (row[name] for name in declaration.measure.cell)
            place = (row["window"], *cell, counter)
            sums[place] = sums.get(place, 0) + row[counter]
    return sums


def blocks_of(declaration: Live) -> list[Block]:
    """List the blocks that the test's rows can enter."""
    if isinstance(declaration.blocks, Windows):
        around_noon = WINDOWS.blocks_ended(NOON, Instant(NOON + 4 * WINDOW_US), zone=ZONE)
        around_midnight = WINDOWS.blocks_ended(
            Instant(MIDNIGHT - WINDOW_US), Instant(MIDNIGHT + 2 * WINDOW_US), zone=ZONE
        )
        return [*around_noon, *around_midnight]
    return [declaration.blocks.block(DAY, ZONE)]


def moved(before: Sums, after: Sums) -> list[int]:
    """Tell by how much each counter differs."""
    return [before.get(place, 0) - after.get(place, 0) for place in before.keys() | after.keys()]


def norm(differences: list[int], declaration: Live) -> int:
    """Give the norm that the declaration bounds, squared where it is the L2."""
    if isinstance(declaration.bound, OneNorm | SumPlan):
        return sum(map(abs, differences))
    return sum(difference**2 for difference in differences)


def unit_of(row: Pass, declaration: Live) -> tuple[int | None, ...]:
    """Name the unit that a row belongs to."""
    if declaration.unit is Unit.PERSON_DAY:
        return (row.subject, None if row.at is None else day_number(Instant(row.at), ZONE))
    if row.at is None or row.segment is None:
        return (row.subject, None, None)
    shift = row.segment % WINDOWS.groups * WINDOWS.phase_s * SECOND
    return (row.subject, row.segment, (row.at - shift) // WINDOW_US)


every_declaration = pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: d.name)
every_measure = pytest.mark.parametrize("measure", MEASURES, ids=lambda m: type(m).__name__)
whole = st.integers(0, 99)


@every_measure
@given(pick=whole, history=histories, at=whole)
def test_the_sums_are_those_of_the_rules(
    measure: Measure, pick: int, history: list[Pass], at: int
) -> None:
    """The rules once more, by other means."""
    declared = measuring(measure)
    declaration = declared[pick % len(declared)]
    blocks = blocks_of(declaration)
    block = blocks[at % len(blocks)]
    assert exact(history, block, declaration) == sums_of(history, block, declaration)


@every_declaration
def test_sums_are_whole_numbers_of_64_bits(declaration: Live) -> None:
    """DuckDB sums into 128 bits, which are slower, and no integers where they arrive."""
    block = blocks_of(declaration)[0]
    relations = {"passes": arrow(bad_morning(100)), "keys": ROADS.table, **block.relations()}
    kinds = {str(kind) for kind in engine(queries(declaration)[1], relations).schema.types}
    assert kinds == {"int32", "int64"}


def bad_morning(rows: int) -> list[Pass]:
    """Make many rows, half of them bad in some way, the same each time."""
    chance = Random(3)
    subjects = [None, -1, *range(12), 2**63 - 1]
    values = [None, -G - 1, G + 1, -G, G, *range(-1000, 1001, 125)]
    times = [None, -1, 2**62, 0, *(NOON + second * SECOND for second in range(0, 900, 7))]
    times += [MIDNIGHT + second * SECOND for second in range(-300, 300, 7)]
    return [
        Pass(
            chance.choice(subjects),
            chance.choice(times),
            chance.choice([None, -1, 6, *range(6)]),
            chance.choice(values),
        )
        for _ in range(rows)
    ]


@every_declaration
def test_bad_rows_drop_silently_and_good_ones_count(declaration: Live) -> None:
    history = bad_morning(600)
    heard = 0
    for block in blocks_of(declaration):
        sums = exact(history, block, declaration)
        assert sums == sums_of(history, block, declaration)
        heard += sum(map(sum, sums.values()))
    assert heard > 10 * G


@every_measure
@given(pick=whole, history=crowded.filter(bool), at=whole)
def test_one_unit_moves_all_sums_by_no_more_than_was_declared(
    measure: Measure, pick: int, history: list[Pass], at: int
) -> None:
    declared = measuring(measure)
    declaration = declared[pick % len(declared)]
    unit = unit_of(history[at % len(history)], declaration)
    neighbour = [row for row in history if unit_of(row, declaration) != unit]
    differences = moved(*(all_sums(rows, declaration) for rows in (history, neighbour)))
    assert norm(differences, declaration) <= limit(declaration.bound)


def added_block_by_block(arriving: list[tuple[Pass, int]]) -> dict[int, list[int]]:
    """Sum the plan's blocks one after the other, each from what had arrived by then, by person."""
    added: dict[int, list[int]] = {subject: [] for subject in range(3)}
    blocks = WINDOWS.blocks_ended(NOON, Instant(NOON + 4 * WINDOW_US), zone=ZONE)
    for number, block in enumerate(blocks):
        end = WINDOWS.end(block.window, block.group)
        arrived = [row for row, since in arriving if row.at < end and since <= number]
        for row in run(queries(PLAN)[0], arrived, block):
            if (row["window"], row["key"] % WINDOWS.groups) == (block.window, block.group):
                added[row["subject"]] += [row["up"], row["down"]]
    return added


@given(history=mornings, arrivals=st.lists(st.integers(0, 7), min_size=60, max_size=60))
def test_a_day_stays_within_its_plan_whatever_comes_late(
    history: list[Pass], arrivals: list[int]
) -> None:
    added = added_block_by_block(list(zip(history, arrivals, strict=False)))
    assert all(norm(counters, PLAN) <= limit(PLAN.bound) for counters in added.values())


def test_who_drives_everywhere_all_day_has_the_plan_and_no_more() -> None:
    driven = [
        Pass(subject, NOON + window * WINDOW_US + 200 * SECOND, road, G)
        for subject in range(3)
        for window in range(4)
        for road in range(6)
    ]
    added = added_block_by_block([(row, 0) for row in driven])
    assert all(norm(counters, PLAN) == limit(PLAN.bound) for counters in added.values())


@pytest.mark.parametrize("declaration", [WEEK, VISITS], ids=lambda declared: declared.name)
def test_a_day_adds_the_same_whatever_the_other_days_hold(
    declaration: Declaration[LiveTraffic],
) -> None:
    """Were they bounded together, one day less would make all others louder."""
    today = [Pass(1, NOON, 0, G)]
    tomorrow = [Pass(1, MIDNIGHT + n * SECOND, 1, G) for n in range(500)]
    alone, together = (all_sums(rows, declaration) for rows in (today, today + tomorrow))
    assert alone[0, 0, "up"] == together[0, 0, "up"]
    assert min(together[0, 0, "up"], together[0, 1, "up"]) > 0.9 * G


def test_five_hundred_passes_a_day_weigh_no_more_than_one_person() -> None:
    busy = [Pass(1, NOON + n * SECOND, n % 6, G) for n in range(500)]
    for declaration in (WEEK, VISITS):
        sums = moved(all_sums(busy, declaration), {})
        assert 0.9 * limit(declaration.bound) < norm(sums, declaration) <= limit(declaration.bound)


def test_a_person_is_counted_on_the_road_she_drove() -> None:
    """What is never counted too much is counted."""
    first = WINDOWS.blocks_ended(NOON, Instant(NOON + WINDOW_US), zone=ZONE)[-1]
    assert exact([Pass(1, NOON, 2, G)], first, PASSAGE) == {(2,): (G, 0)}
    assert exact([Pass(1, NOON, 2, -G), Pass(2, NOON, 2, 0)], first, PASSAGE) == {(2,): (512, 1536)}
    assert exact([Pass(0, NOON, 2, G)], first, PLAN) == {(2,): (G // 2, 0)}


def test_each_share_is_a_whole_number_before_it_is_added() -> None:
    """Three halves, each rounded up, are three: added first, they would be two."""
    first = WINDOWS.blocks_ended(NOON, Instant(NOON + WINDOW_US), zone=ZONE)[-1]
    barely = [Pass(subject, NOON, 2, 1 - G) for subject in range(3)]
    assert exact(barely, first, PASSAGE) == {(2,): (3, 3 * G - 3)}


def test_several_passes_in_one_window_are_one_of_their_mean() -> None:
    first = WINDOWS.blocks_ended(NOON, Instant(NOON + WINDOW_US), zone=ZONE)[-1]
    twice = [Pass(1, NOON, 2, G), Pass(1, NOON + SECOND, 2, 0)]
    assert exact(twice, first, PASSAGE) == {(2,): (768, 256)}


def test_who_comes_seldom_counts_as_often_as_she_came_and_no_more() -> None:
    """What is bounded is never scaled up: a bound of three makes no three of one."""
    (week,) = blocks_of(TIMES)
    often = [Pass(1, NOON + n * SECOND, road, G) for road in (2, 3) for n in range(9)]
    assert exact(often[:1], week, TIMES) == {(2,): (G,)}
    assert exact(often[:9], week, TIMES) == {(2,): (2 * G,)}
    assert exact(often[:1], week, PEOPLE) == {(2,): (G,)}
    assert exact(often, week, PEOPLE) == {(2,): (G,), (3,): (G,)}
    assert exact([*often, Pass(1, NOON, 4, G)], week, PEOPLE) == {
        (road,): (2 * G // 3,) for road in (2, 3, 4)
    }


def test_each_event_counts_until_the_day_is_full() -> None:
    (week,) = blocks_of(ARRIVALS)
    often = [Pass(1, NOON + n * SECOND, 2, G) for n in range(3)]
    assert exact(often[:1], week, ARRIVALS) == {(2,): (G,)}
    assert exact(often[:2], week, ARRIVALS) == {(2,): (2 * G,)}
    assert exact(often, week, ARRIVALS) == {(2,): (2 * G // 3 * 3,)}
    assert exact([*often, Pass(1, NOON, 4, G)], week, ARRIVALS) == {
        (2,): (3 * G // 2,),
        (4,): (G // 2,),
    }


def test_a_value_is_counted_in_its_bin() -> None:
    first = WINDOWS.blocks_ended(NOON, Instant(NOON + WINDOW_US), zone=ZONE)[-1]
    driven = [Pass(0, NOON, 2, 5), Pass(2, NOON, 2, -5), Pass(4, NOON, 2, -6), Pass(6, NOON, 2, G)]
    third = G // 3
    assert exact(driven, first, SPREAD) == {(2, 0): (2 * third,), (2, 1): (third,)}


def test_a_plan_takes_a_few_cells_of_all_that_somebody_is_in() -> None:
    """Which ones, her number and the cell's tell: no bin and no road is always first."""
    first = WINDOWS.blocks_ended(NOON, Instant(NOON + WINDOW_US), zone=ZONE)[-1]
    taken = set()
    for subject in range(0, 20, 2):  # theirs is the turn of the even roads
        driven = [Pass(subject, NOON, road, value) for road in (0, 2, 4) for value in (-9, 9)]
        sums = exact(driven, first, SPREAD)
        assert sums == sums_of(driven, first, SPREAD)
        assert [*sums.values()] == [(G // 3,)] * 3
        taken |= sums.keys()
    assert taken == {(road, number) for road in (0, 2, 4) for number in (0, 1)}


def test_turns_bring_every_road_to_everybody() -> None:
    """A person who drives all roads in all windows is heard on each group of roads."""
    blocks = WINDOWS.blocks_ended(NOON, Instant(NOON + 3 * WINDOW_US), zone=ZONE)
    driven = [
        Pass(1, NOON + window * WINDOW_US + 200 * SECOND, road, 0)
        for window in range(3)
        for road in range(6)
    ]
    heard = {block.group for block in blocks if exact(driven, block, PLAN)}
    assert heard == {0, 1}


@given(windows_max=st.integers(1, 288), keys_max=st.integers(1, 20))
def test_all_that_a_plan_counts_is_one_voice_at_most(windows_max: int, keys_max: int) -> None:
    weight = DayPlan(windows_max=windows_max, keys_max=keys_max).weight
    assert windows_max * keys_max * weight**2 <= G**2
    root = (windows_max * keys_max) ** 0.5
    assert weight > G / (root + 1) - 1, "and hardly less"


@given(windows_max=st.integers(1, 30), keys_max=st.integers(1, 30))
def test_all_that_a_plan_of_a_sum_counts_sums_to_one_voice_at_most(
    windows_max: int, keys_max: int
) -> None:
    weight = SumPlan(windows_max=windows_max, keys_max=keys_max).weight
    assert windows_max * keys_max * weight <= G < windows_max * keys_max * (weight + 1)
    assert weight <= DayPlan(windows_max=windows_max, keys_max=keys_max).weight


def test_the_plan_of_the_design_gives_a_sixth_to_each_window() -> None:
    assert DayPlan().weight == 170
    assert 36 * DayPlan().weight ** 2 <= G**2
    assert DayPlan(windows_max=1, keys_max=1).weight == G


@given(value=st.integers(-50, 50), edges=st.sets(st.integers(-50, 50), min_size=1))
def test_a_bin_is_the_number_of_edges_that_are_not_above(value: int, edges: set[int]) -> None:
    row = ibis.table({"value": "int64"}, name="row")
    asked = row.select(bin=bin_of(row["value"], edges=tuple(sorted(edges))))
    found = engine(asked, {"row": pa.table({"value": [value]})})["bin"][0].as_py()
    assert found == sum(edge <= value for edge in edges)


@given(value=st.integers(-5000, 5000), prior=st.integers(0, 2000), reach=st.integers(1, 2000))
@example(value=0, prior=0, reach=1)
def test_a_value_is_put_on_the_grid_around_its_prior(value: int, prior: int, reach: int) -> None:
    row = ibis.table({"value": "int32", "prior": "int32", "reach": "int32"}, name="row")
    asked = row.select(d_q=d_q(row["value"], prior=row["prior"], reach=row["reach"]))
    one = pa.table({"value": [value], "prior": [prior], "reach": [reach]}, schema=INTEGERS)
    found = engine(asked, {"row": one})["d_q"][0].as_py()
    d = Fraction(min(max(value - prior, -reach), reach), reach)
    assert found == floor(d * G)


@every_declaration
def test_every_question_is_written_for_spark_too(declaration: Live) -> None:
    for query in queries(declaration):
        assert "`calendar`" in str(ibis.to_sql(query, dialect="pyspark"))
