"""A person's own rows go to that person, and to nobody else."""

from collections.abc import Callable

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibis.expr import types as ir

from hubbub.deal.own import NotTheirs, derive_own, own
from hubbub.terms.people import Subject

ROWS = ibis.table({"subject": "int64", "at": "int64"}, name="rows")
ANN, BOB = Subject(1), Subject(2)
KEPT = [(1, 30), (2, 10), (1, 20), (3, 10)]


def kept(rows: list[tuple[int, int]]) -> pa.Table:
    columns = {"subject": [row[0] for row in rows], "at": [row[1] for row in rows]}
    return pa.table({name: pa.array(column, pa.int64()) for name, column in columns.items()})


def engine(rows: list[tuple[int, int]]) -> Callable[[ir.Table], pa.Table]:
    def run(asked: ir.Table) -> pa.Table:
        with duckdb.connect() as session:
            session.register("rows", kept(rows))
            return session.execute(str(ibis.to_sql(asked, dialect="duckdb"))).to_arrow_table()

    return run


def test_everybody_gets_what_is_theirs_oldest_first() -> None:
    theirs = own(ROWS, ANN, engine=engine(KEPT)).hand_over(to=ANN)
    assert theirs["at"].to_pylist() == [20, 30]
    assert own(ROWS, Subject(9), engine=engine(KEPT)).hand_over(to=Subject(9)).num_rows == 0


def test_nobody_gets_what_is_somebody_elses() -> None:
    with pytest.raises(NotTheirs):
        own(ROWS, ANN, engine=engine(KEPT)).hand_over(to=BOB)


@given(rows=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), max_size=8))
def test_what_others_gave_changes_nothing(rows: list[tuple[int, int]]) -> None:
    alone = [row for row in rows if row[0] == ANN]
    with_others = own(ROWS, ANN, engine=engine(rows)).hand_over(to=ANN)
    assert with_others.equals(own(ROWS, ANN, engine=engine(alone)).hand_over(to=ANN))


def test_an_engine_that_gives_too_much_is_caught() -> None:
    with pytest.raises(NotTheirs, match=r"^a person's own rows go to that person alone$"):
        own(ROWS, ANN, engine=lambda _asked: kept(KEPT))


def test_what_is_made_of_ones_own_is_ones_own() -> None:
    times = derive_own(own(ROWS, ANN, engine=engine(KEPT)), lambda rows: rows["at"].to_pylist())
    assert times.hand_over(to=ANN) == [20, 30]
    with pytest.raises(NotTheirs):
        times.hand_over(to=BOB)


def test_nothing_is_made_of_what_is_nobodys_own() -> None:
    with pytest.raises(TypeError):
        derive_own(kept(KEPT), len)  # type: ignore[arg-type]
