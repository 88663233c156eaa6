"""Gate 1: which rows may be read, and for what."""

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deal.visits import DEAD, RESTING, VISITS, Visit, dead, permitted_for, resting, run
from hubbub.deal.gate import Permitted, ReadRefused, bind, collect, derive, permit
from hubbub.terms.purposes import OWN, Category, LiveTraffic, Places, Purpose, Traffic, cell_bit

TRAFFIC, LIVE, PLACES = (cell_bit(purpose, OWN) for purpose in (Traffic, LiveTraffic, Places))

purposes = st.sampled_from([Traffic, LiveTraffic, Places])
masks = st.frozensets(purposes).map(
    lambda chosen: sum(cell_bit(purpose, OWN) for purpose in chosen)
)
visits = st.builds(
    Visit,
    subject=st.integers(1, 4),
    road=st.integers(1, 3),
    receipt=st.one_of(st.none(), st.integers(1, 6)),
    may=masks,
)
dead_lists = st.sets(st.integers(1, 6))


def roads_of(rows: list[Visit], buried: set[int], purpose: type[Purpose]) -> object:
    """Ask which people were on which road, through the gate."""
    people = VISITS.group_by("road").agg(n=VISITS["subject"].nunique(), rows=VISITS.count())
    question = bind(people, {"passes": permitted_for(purpose)})
    return run(question.rows, {"resting": resting(rows), "dead": dead(buried)})


def covered(row: Visit, buried: set[int], purpose: type[Purpose]) -> bool:
    """Tell by the words of the deal, in plain Python, whether `row` may be read."""
    granted = row.may // cell_bit(purpose, OWN) % 2 == 1
    return granted and row.receipt is not None and row.receipt not in buried


@given(rows=st.lists(visits, max_size=20), buried=dead_lists, purpose=purposes)
def test_an_answer_is_what_it_were_if_uncovered_rows_had_never_been(
    rows: list[Visit], buried: set[int], purpose: type[Purpose]
) -> None:
    rest = [row for row in rows if covered(row, buried, purpose)]
    assert roads_of(rows, buried, purpose) == roads_of(rest, set(), purpose)
    assert sum(answer[2] for answer in roads_of(rows, buried, purpose)) == len(rest)


@given(rows=st.lists(visits, max_size=20), buried=dead_lists, moved=st.integers(4, 9))
def test_what_an_uncovered_row_says_changes_nothing(
    rows: list[Visit], buried: set[int], moved: int
) -> None:
    other = [
        row if covered(row, buried, Traffic) else row._replace(road=moved, subject=moved)
        for row in rows
    ]
    assert roads_of(rows, buried, Traffic) == roads_of(other, buried, Traffic)


def test_a_granted_row_is_read() -> None:
    assert roads_of([Visit(1, 7, 1, TRAFFIC)], set(), Traffic) == [(7, 1, 1)]


def test_a_row_is_not_read_for_another_purpose() -> None:
    rows = [Visit(1, 7, 1, TRAFFIC), Visit(2, 7, 2, PLACES)]
    assert roads_of(rows, set(), LiveTraffic) == []
    assert roads_of(rows, set(), Places) == [(7, 1, 1)]


def test_a_row_on_the_dead_list_is_not_read_and_its_neighbour_is() -> None:
    rows = [Visit(1, 7, 1, TRAFFIC), Visit(2, 7, 2, TRAFFIC)]
    assert roads_of(rows, {1}, Traffic) == [(7, 1, 1)]


def test_a_row_without_a_receipt_is_not_read() -> None:
    assert roads_of([Visit(1, 7, None, TRAFFIC)], set(), Traffic) == []


@pytest.mark.parametrize("bit", range(62))
def test_every_bit_of_a_stamp_stands_alone(bit: int) -> None:
    """A mask of 62 bits survives the engine's arithmetic: a float would lose the lowest."""
    everything_else = (1 << 62) - 1 - (1 << bit)
    rows = [Visit(1, 1, 1, everything_else)]
    readable = roads_of(rows, set(), Traffic)
    assert readable == ([] if 1 << bit == TRAFFIC else [(1, 1, 1)])


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark"])
def test_permitted_rows_compile_for_one_machine_and_for_a_cluster(dialect: str) -> None:
    sql = str(ibis.to_sql(permitted_for(Traffic).rows, dialect=dialect))
    assert "ANTI JOIN" in sql
    assert f"& {TRAFFIC}" in sql


@pytest.mark.parametrize("column", ["receipt", "may"])
def test_rows_without_a_whole_stamp_are_refused(column: str) -> None:
    with pytest.raises(ReadRefused, match=column):
        permit(RESTING.drop(column), Traffic, OWN, category=Category.LOCATION, dead=DEAD)
    with pytest.raises(ReadRefused, match=column):
        permit(
            RESTING.cast({column: "string"}), Traffic, OWN, category=Category.LOCATION, dead=DEAD
        )


def test_what_is_collected_keeps_its_stamp_and_can_be_judged_again() -> None:
    rows = [Visit(1, 7, 1, TRAFFIC | LIVE), Visit(2, 8, 2, TRAFFIC)]

    def engine(expression: ibis.Table) -> pa.Table:
        found = run(expression, {"resting": resting(rows), "dead": dead(set())})
        return resting([Visit(*row) for row in found])

    collected = collect(permitted_for(Traffic), engine)
    later = bind(VISITS, {"passes": permitted_for(Traffic)})
    assert collected.rows == resting(rows)
    assert run(later.rows, {"resting": collected.rows, "dead": dead({1})}) == [(2, 8)]


def test_what_is_derived_is_permitted_for_the_same_and_for_nothing_else() -> None:
    counted = derive(permitted_for(LiveTraffic), lambda rows: rows.count())
    assert isinstance(counted, Permitted)
    assert (counted.purpose, counted.recipient) == (LiveTraffic, OWN)


def test_only_permitted_rows_are_derived_from() -> None:
    class Looks:
        rows, purpose, recipient = RESTING, Traffic, OWN

    with pytest.raises(TypeError, match="only permitted"):
        derive(Looks(), lambda rows: rows)
    with pytest.raises(TypeError, match="only permitted"):
        bind(VISITS, {"passes": Looks()})
