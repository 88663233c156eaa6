"""Gate 1, rows about two people: the second one is named only if both agreed, and still do."""

from collections.abc import Set as AbstractSet
from typing import NamedTuple

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deal.visits import DEAD, dead, run
from hubbub.deal.gate import Permitted, ReadRefused, bind, collect, permit
from hubbub.terms.catalogue import INTERACTIONS, INTERACTIONS_SCHEMA, OTHER_STAMP, STAMP
from hubbub.terms.purposes import (
    OWN,
    Category,
    Improvement,
    Recipient,
    RecipientKey,
    Usage,
    cell_bit,
)

RESTING = ibis.table(INTERACTIONS_SCHEMA | STAMP | OTHER_STAMP, name="resting")
USAGE, IMPROVEMENT = cell_bit(Usage, OWN), cell_bit(Improvement, OWN)
PARTNER = Recipient(RecipientKey("partner"), slot=1)
ANN, BOB = 1, 2


class Wrote(NamedTuple):
    """Somebody wrote to somebody: a row of `subject`, which names `other`."""

    subject: int
    other: int | None
    receipt: int | None
    may: int | None
    other_receipt: int | None
    other_may: int | None
    at: int = 0
    until: int = 1
    kind: int = 0
    times: int = 1
    room: int = 7


def resting(rows: list[Wrote]) -> pa.Table:
    kinds = [(name, str(kind)) for name, kind in RESTING.schema().items()]
    return pa.Table.from_pylist([row._asdict() for row in rows], pa.schema(kinds))


def permitted(
    rows: ibis.Table = RESTING, recipient: Recipient = OWN
) -> Permitted[ibis.Table, Usage]:
    return permit(rows, Usage, recipient, category=Category.INTERACTIONS, dead=DEAD)


def read(
    rows: list[Wrote], buried: AbstractSet[int] = frozenset(), recipient: Recipient = OWN
) -> list[tuple[object, ...]]:
    """Read who wrote to whom, through the gate, as a product does."""
    asked = bind(
        INTERACTIONS.select("subject", "other"), {"interactions": permitted(recipient=recipient)}
    )
    return run(asked.rows, {"resting": resting(rows), "dead": dead(buried)})


def agreed(may: int | None, receipt: int | None, buried: set[int]) -> bool:
    """Tell by the words of the deal, in plain Python, whether a cell is live."""
    return may is not None and bool(may & USAGE) and receipt is not None and receipt not in buried


masks = st.sampled_from([None, 0, USAGE, IMPROVEMENT, USAGE | IMPROVEMENT])
receipts = st.one_of(st.none(), st.integers(1, 4))
rows_about_two = st.builds(
    Wrote,
    subject=st.integers(1, 3),
    other=st.one_of(st.none(), st.integers(1, 3)),
    receipt=receipts,
    may=masks,
    other_receipt=receipts,
    other_may=masks,
    at=st.just(0),
    until=st.just(1),
    kind=st.just(0),
    times=st.just(1),
    room=st.just(7),
)


@settings(max_examples=40)
@given(rows=st.lists(rows_about_two, max_size=12), buried=st.sets(st.integers(1, 4)))
@example(rows=[Wrote(ANN, BOB, 1, USAGE, 2, USAGE)], buried=set())
@example(rows=[Wrote(ANN, BOB, 1, USAGE, 2, USAGE)], buried={1})
@example(rows=[Wrote(ANN, BOB, 1, USAGE, 2, USAGE)], buried={2})
@example(rows=[Wrote(ANN, BOB, 1, USAGE, 2, IMPROVEMENT)], buried=set())
@example(rows=[Wrote(ANN, BOB, 1, USAGE, None, USAGE)], buried=set())
def test_the_other_is_named_iff_both_hold_a_live_cell(rows: list[Wrote], buried: set[int]) -> None:
    expected = [
        (row.subject, row.other if agreed(row.other_may, row.other_receipt, buried) else None)
        for row in rows
        if agreed(row.may, row.receipt, buried)
    ]
    assert read(rows, buried) == sorted(expected, key=repr)


def test_what_two_did_is_a_row_of_each_and_either_may_take_theirs_back() -> None:
    both = [Wrote(ANN, BOB, 1, USAGE, 2, USAGE), Wrote(BOB, ANN, 2, USAGE, 1, USAGE)]
    assert read(both) == [(ANN, BOB), (BOB, ANN)]
    assert read(both, {1}) == [(BOB, None)]
    assert read(both, {2}) == [(ANN, None)]
    assert read(both, {1, 2}) == []


def test_who_agrees_again_is_not_named_in_what_was_before() -> None:
    """Bob took receipt 2 back and agreed again with receipt 3."""
    before, after = Wrote(ANN, BOB, 1, USAGE, 2, USAGE), Wrote(ANN, BOB, 1, USAGE, 3, USAGE)
    assert read([before, after], {2}) == [(ANN, BOB), (ANN, None)]


def test_the_others_yes_for_another_recipient_names_nobody() -> None:
    both = USAGE | cell_bit(Usage, PARTNER)
    rows = [Wrote(ANN, BOB, 1, both, 2, USAGE), Wrote(BOB, ANN, 2, USAGE, 1, both)]
    assert read(rows, recipient=PARTNER) == [(ANN, None)]
    assert read(rows) == [(ANN, BOB), (BOB, ANN)]


def test_a_name_that_was_taken_out_does_not_come_back() -> None:
    """What is collected is judged again later: by then the dead list may be another one."""
    rows = [Wrote(ANN, BOB, 1, USAGE, 2, USAGE)]

    def engine(buried: set[int]) -> pa.Table:
        relations = {"resting": resting(rows), "dead": dead(buried)}
        return resting(
            [Wrote(**row) for row in _dicts(permitted().rows, run(permitted().rows, relations))]
        )

    collected = collect(permitted(), lambda _: engine({2}))
    again = {"resting": collected.rows, "dead": dead(set())}
    assert run(permitted().rows.select(*RESTING.columns), again) == [
        (ANN, 0, 1, 0, 1, 7, None, 1, USAGE, None, None)
    ]


def test_a_name_is_judged_again_by_the_dead_list_of_a_later_day() -> None:
    rows = resting([Wrote(ANN, BOB, 1, USAGE, 2, USAGE)])
    collected = collect(permitted(), lambda _: rows)
    later = permitted().rows.select("subject", "other")
    assert run(later, {"resting": collected.rows, "dead": dead(set())}) == [(ANN, BOB)]
    assert run(later, {"resting": collected.rows, "dead": dead({2})}) == [(ANN, None)]


def test_a_dead_list_that_repeats_itself_doubles_no_row() -> None:
    rows = [Wrote(ANN, BOB, 1, USAGE, 2, USAGE)]
    twice = pa.table({"receipt": pa.array([2, 2, 2], pa.int64())})
    found = run(permitted().rows.select("subject"), {"resting": resting(rows), "dead": twice})
    assert found == [(ANN,)]


@pytest.mark.parametrize("column", [*OTHER_STAMP])
def test_rows_that_name_somebody_without_their_stamp_are_refused(column: str) -> None:
    with pytest.raises(ReadRefused, match=column):
        permitted(RESTING.drop(column))
    with pytest.raises(ReadRefused, match=column):
        permitted(RESTING.cast({column: "string"}))


@pytest.mark.parametrize("column", [*OTHER_STAMP])
def test_no_product_sees_the_stamp_of_the_other(column: str) -> None:
    asked = ibis.table(INTERACTIONS_SCHEMA | {column: "int64"}, name="interactions")
    with pytest.raises(ReadRefused, match=column):
        bind(asked, {"interactions": permitted()})


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark"])
def test_rows_about_two_compile_for_one_machine_and_for_a_cluster(dialect: str) -> None:
    assert "LEFT" in str(ibis.to_sql(permitted().rows, dialect=dialect))


def _dicts(rows: ibis.Table, found: list[tuple[object, ...]]) -> list[dict[str, object]]:
    return [dict(zip(rows.columns, row, strict=True)) for row in found]
