"""The sums before the noise are of permitted rows alone, in one order, and proved."""

import ibis
import pyarrow as pa
import pytest

from crowd.morning import DAY, NOON, ROADS, VISITS, ZONE, Pass, arrow, ask, engine
from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.laws import G
from hubbub.crowd.question import Question
from hubbub.crowd.summing import exact_sums, in_order
from hubbub.deal.gate import permit
from hubbub.terms.catalogue import PASSES_SCHEMA, STAMP
from hubbub.terms.purposes import OWN, Category, LiveTraffic
from hubbub.terms.time import SECOND

BLOCK = Days().block(DAY, ZONE)


def sums_without(rows: pa.Table, buried: set[int]) -> pa.Table:
    """Sum `rows` as they rest, of which the receipts in `buried` were taken back."""
    resting = ibis.table(PASSES_SCHEMA | STAMP, name="resting")
    dead = ibis.table({"receipt": "int64"}, name="dead")
    relations = {
        "resting": rows,
        "dead": pa.table({"receipt": pa.array(sorted(buried), pa.int64())}),
    }
    question = Question(
        declaration=VISITS,
        rows={"passes": permit(resting, LiveTraffic, OWN, category=Category.LOCATION, dead=dead)},
        keys=ROADS,
        block=BLOCK,
    )
    return exact_sums(
        question, BLOCK, engine=lambda asked, more: engine(asked, relations | {**more})
    )


def test_rows_that_were_taken_back_weigh_nothing_in_what_is_left() -> None:
    """Gate 1 comes before the bound: what is left of her is as if the rest had never been."""
    kept, taken_back = [Pass(1, NOON, 2, G)], [Pass(1, NOON + n, 4, G) for n in range(9)]
    receipts = pa.array([1] * len(kept) + [2] * len(taken_back), pa.int64())
    at = arrow([]).schema.get_field_index("receipt")
    both = arrow([*kept, *taken_back]).set_column(at, "receipt", receipts)
    assert sums_without(both, {2}).equals(sums_without(arrow(kept), set()))
    assert sums_without(both, {2})["up"].to_pylist() == [G]
    assert sums_without(both, set())["up"].to_pylist() == [G // 10, 9 * G // 10]


@pytest.mark.parametrize("days", [1, 2, 7])
def test_each_day_of_a_block_is_a_unit_of_its_own(days: int) -> None:
    """Whoever comes on every day has one voice on each."""
    daily = [Pass(1, NOON + n * 86_400 * SECOND, 2, G) for n in range(days)]
    block = Block(days=tuple(range(DAY, DAY + days)), zone=ZONE)
    question = ask(daily, block, VISITS)
    assert exact_sums(question, block, engine=engine)["up"].to_pylist() == [days * G]


def test_sums_of_nought_are_left_out_and_no_others() -> None:
    sums = pa.table({"key": [3, 1, 2], "up": [1, 0, 0], "down": [0, 0, 1]})
    assert in_order(sums, VISITS.measure)["key"].to_pylist() == [2, 3]
