"""Gate 1: what a product's question may be made of, and what it never sees."""

from collections.abc import Callable
from typing import NoReturn

import ibis
import pyarrow as pa
import pytest
from ibis.expr import operations as ops
from ibis.expr import types as ir
from ibis.formats import TableProxy

from deal.visits import DEAD, RESTING, VISITS, Visit, dead, permitted_for, resting, run
from hubbub.deal.gate import ReadRefused, bind, derive, permit
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Traffic, cell_bit

TRAFFIC = cell_bit(Traffic, OWN)
ROADS = ibis.table({"road": "int32", "limit_kmh": "int32"}, name="roads")
ROWS = [Visit(1, 7, 1, TRAFFIC), Visit(2, 7, 2, TRAFFIC), Visit(3, 8, 3, 0)]
RELATIONS = {"resting": resting(ROWS), "dead": dead({1})}


def bound(question: ir.Table, *, public: frozenset[str] = frozenset()) -> ir.Table:
    """Bind `question` to the visits permitted for traffic."""
    return bind(question, {"passes": permitted_for(Traffic)}, public=public).rows


def test_a_question_is_bound_to_permitted_rows() -> None:
    answer = bind(VISITS, {"passes": permitted_for(Traffic)})
    assert answer.purpose is Traffic
    assert run(answer.rows, RELATIONS) == [(2, 7)]


def test_a_question_never_sees_the_stamp() -> None:
    assert bound(VISITS).columns == ("subject", "road")
    peeking = ibis.table({"subject": "int64", "receipt": "int64"}, name="passes")
    with pytest.raises(ReadRefused, match=r"passes\.receipt"):
        bound(peeking)


def test_both_sides_of_a_join_with_itself_are_bound() -> None:
    others = VISITS.view()
    pairs = VISITS.join(others, [VISITS["road"] == others["road"]]).count().as_table()
    assert run(bound(pairs), RELATIONS) == [(1,)]


def test_a_table_within_a_condition_is_bound_too() -> None:
    busy = VISITS.filter(VISITS["road"].isin(VISITS.view()["road"]))
    above = VISITS.filter(VISITS["subject"] >= VISITS.view()["subject"].min())
    assert run(bound(busy), RELATIONS) == run(bound(above), RELATIONS) == [(2, 7)]


def test_what_is_public_stays_as_it_is() -> None:
    limits = VISITS.join(ROADS, "road").select("subject", "limit_kmh")
    relations = {**RELATIONS, "roads": pa.table({"road": [7], "limit_kmh": [50]})}
    found = run(bound(limits, public=frozenset({"roads"})), relations)
    assert found == [(2, 50)]


def test_what_is_not_said_to_be_public_is_refused() -> None:
    with pytest.raises(ReadRefused, match="roads: no such table"):
        bound(VISITS.join(ROADS, "road"))


@pytest.mark.parametrize("name", ["passes", "resting", "dead"])
def test_what_is_about_people_cannot_be_said_to_be_public(name: str) -> None:
    table = {"passes": VISITS, "resting": RESTING, "dead": DEAD}[name]
    with pytest.raises(ReadRefused, match=f"{name}: about people"):
        bound(table, public=frozenset({name}))


def test_rows_as_they_rest_are_not_asked_directly() -> None:
    with pytest.raises(ReadRefused, match="resting: no such table"):
        bound(RESTING)


@pytest.mark.parametrize(
    "table",
    [
        ibis.table({"subject": "int64", "name": "string"}, name="passes"),
        ibis.table({"subject": "int32"}, name="passes"),
    ],
    ids=["a column it has not", "a column of another kind"],
)
def test_a_table_is_asked_for_the_columns_it_has(table: ir.Table) -> None:
    with pytest.raises(ReadRefused, match=r"passes\.\w+: no such column"):
        bound(table)


class _Rows(TableProxy[pa.Table]):
    """What stands behind a memtable, without the libraries that Ibis wants for one."""

    def to_frame(self) -> NoReturn:
        raise AssertionError("nobody reads it")

    to_pyarrow = to_polars = to_frame


def _table_of_ones_own() -> ir.Table:
    rows = _Rows(pa.table({"subject": [1], "road": [7]}))
    return ops.InMemoryTable(name="own", schema=VISITS.schema(), data=rows).to_expr()


def _bound_already() -> ir.Table:
    engine = ibis.duckdb.connect()
    engine.raw_sql("create table passes as select 1::bigint subject, 7::int road")
    return engine.table("passes")


def _raw_sql() -> ir.Table:
    return ibis.duckdb.connect().sql("select 1::bigint subject, 7::int road")


def _raw_sql_on_a_question() -> ir.Table:
    query, schema = "select * from resting", VISITS.schema()
    return ops.SQLStringView(parent=VISITS, query=query, schema=schema).to_expr()


@ibis.udf.scalar.python
def _out(value: int) -> int:
    return value


@ibis.udf.scalar.builtin(name="getenv")
def _environment(name: str) -> str: ...


@ibis.udf.agg.builtin(name="list")
def _everybody(subject: int) -> str: ...


STRANGE: dict[str, Callable[[], ir.Table]] = {
    "a table of the asker's own": _table_of_ones_own,
    "a table already bound": _bound_already,
    "raw SQL": _raw_sql,
    "raw SQL on a catalogue table": _raw_sql_on_a_question,
    "a function of one's own": lambda: VISITS.mutate(x=_out(VISITS["subject"])),
    "a function of the engine": lambda: VISITS.mutate(x=_environment(ibis.literal("HOME"))),
    "a sum of one's own": lambda: VISITS.agg(x=_everybody(VISITS["subject"])),
    "dice": lambda: VISITS.mutate(x=ibis.random()),
    "a clock": lambda: VISITS.mutate(x=ibis.now()),
    "today": lambda: VISITS.mutate(x=ibis.today()),
    "a drawn sample": lambda: VISITS.sample(0.5, method="block"),
    "a table in a condition": lambda: VISITS.filter(
        VISITS["road"].isin(_table_of_ones_own()["road"])
    ),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_question_is_made_of_the_catalogue_and_nothing_else(kind: str) -> None:
    with pytest.raises(ReadRefused, match="nothing else"):
        bound(STRANGE[kind]())


def test_all_that_a_question_may_not_be_made_of_is_named() -> None:
    asked = VISITS.mutate(x=ibis.now()).sample(0.5, method="block")
    with pytest.raises(ReadRefused, match=r"^Sample, TimestampNow: a question is made of the"):
        bound(asked)


def test_a_question_is_for_one_purpose() -> None:
    other = permit(RESTING, LiveTraffic, OWN, category=Category.LOCATION, dead=DEAD)
    both = {"passes": permitted_for(Traffic), "live": other}
    with pytest.raises(ReadRefused, match="one purpose"):
        bind(VISITS, both)


def test_a_question_needs_permitted_rows() -> None:
    with pytest.raises(ReadRefused, match="one purpose"):
        bind(VISITS, {})


def test_a_product_may_ask_much() -> None:
    """The allowed kinds are enough for what products do, bound and run."""
    daily = VISITS.mutate(day=VISITS["subject"] // 7).distinct()
    counted = daily.group_by("road", "day").agg(n=daily.count()).drop_null()
    first = counted.mutate(
        rank=ibis.row_number().over(group_by="road", order_by=[ibis.desc("n"), "day"])
    ).filter(lambda t: t["rank"] < 3)
    both = first.union(first).intersect(first).difference(first.filter(first["n"] > 9))
    asked = both.fill_null(0).drop("rank").order_by("road").limit(5)
    assert run(bound(asked), RELATIONS) == [(7, 0, 1)]


def test_rows_of_another_category_are_not_bound_where_locations_are_asked_for() -> None:
    rows = permit(RESTING, Traffic, OWN, category=Category.DEVICE, dead=DEAD)
    with pytest.raises(ReadRefused, match="passes: rows of another category"):
        bind(VISITS, {"passes": rows})


def test_a_table_whose_category_nobody_knows_is_not_bound() -> None:
    unknown = ibis.table({"subject": "int64", "road": "int32"}, name="elsewhere")
    with pytest.raises(ReadRefused, match="elsewhere: rows of another category"):
        bind(unknown, {"elsewhere": permitted_for(Traffic)})


def test_what_is_derived_keeps_the_category_of_what_it_was_made_of() -> None:
    answer = bind(VISITS, {"passes": permitted_for(Traffic)})
    assert answer.categories == derive(answer, lambda rows: rows).categories == {Category.LOCATION}
