"""The sums before the noise: whole numbers, bounded and proved. They are nobody's to see.

One query gives the sums and the most that any unit adds, so that the proof is of the very rows that
were summed, and the costly part of both, the cells, is made once.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial, reduce

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.crowd import bounds
from hubbub.crowd.blocks import Block, Days
from hubbub.crowd.declaration import Declaration
from hubbub.crowd.measure import Measure
from hubbub.crowd.question import Question
from hubbub.deal.gate import bind, derive
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import Purpose

type Engine = Callable[[ir.Table, Mapping[str, pa.Table]], pa.Table]
"""Runs an expression over the relations that come with it, and over those that it has itself."""

_PROOF = ("norm", "least")


class BoundBroken(Refused):
    """One unit adds more than was declared, so nothing is released. The debit stays."""

    def __init__(self, *, name: str, limit: int) -> None:
        super().__init__(f"{name}: somebody adds more than the declared {limit}")
        self.name, self.limit = name, limit


class PurposeDiffers(Refused):
    """The rows were permitted for another purpose than the product declares."""


def exact_sums[For: Purpose](question: Question[For], block: Block, *, engine: Engine) -> pa.Table:
    """Sum what is asked of `block`: the counters of each cell where somebody was."""
    declared = question.declaration
    rows, relations = _rows(question, block)
    one_day = isinstance(declared.blocks, Days) and len(block.days) == 1
    asked = query(declared, rows.op(), one_day=one_day, keys_below=question.keys.below)
    found = engine(asked, relations)
    _prove(declared, found.filter(pc.is_null(found["key"])))
    return in_order(found.filter(pc.is_valid(found["key"])), declared.measure)


def in_order(sums: pa.Table, measure: Measure) -> pa.Table:
    """Write sums in one way: by cell, without those of nought, so that equal sums are equal."""
    added = [pc.greater(sums[name], 0) for name in measure.counters]
    sums = sums.filter(reduce(pc.or_, added)).sort_by(
        [(name, "ascending") for name in measure.cell]
    )
    return sums.select([*measure.cell, *measure.counters]).combine_chunks()


def _rows[For: Purpose](
    question: Question[For], block: Block
) -> tuple[ir.Table, dict[str, pa.Table]]:
    """Put permitted rows where the question names the catalogue, and list what comes with it."""
    declared = question.declaration
    keys = question.keys
    public = {**keys.beside, declared.keys.get_name(): keys.table, **block.relations()}
    held = {
        name: rows.rows for name, rows in question.rows.items() if isinstance(rows.rows, pa.Table)
    }
    permitted = {name: derive(rows, partial(_named, name)) for name, rows in question.rows.items()}
    bound = bind(declared.question, permitted, public=frozenset(public))
    if bound.purpose is not declared.purpose:
        raise PurposeDiffers(f"{declared.name} reads rows for {declared.purpose.key} only")
    return bound.rows, {**public, **held}


def _named(name: str, rows: ir.Table | pa.Table) -> ir.Table:
    if isinstance(rows, ir.Table):
        return rows
    return ibis.table({field.name: str(field.type) for field in rows.schema}, name=name)


@lru_cache(maxsize=64)
def query[For: Purpose](
    declared: Declaration[For],
    rows: ops.Node,
    *,
    one_day: bool = False,
    keys_below: int | None = None,
) -> ir.Table:
    """Write the sums and, in a row without a key, the proof: once for a product.

    The block is a relation of theirs.
    """
    weighed = declared.weighed(rows.to_expr(), one_day=one_day, keys_below=keys_below)
    sums, worst = declared.sums(weighed), declared.worst(weighed)
    nothing = {name: ibis.null(kind) for name, kind in sums.schema().items()}
    unproved = {name: ibis.null("int64") for name in _PROOF}
    columns = [*nothing, *_PROOF]
    return sums.mutate(**unproved).select(columns).union(worst.mutate(**nothing).select(columns))


def _prove[For: Purpose](declared: Declaration[For], proof: pa.Table) -> None:
    """Refuse unless no unit adds more than was declared, nor less than nothing."""
    limit = bounds.limit(declared.bound)
    ((norm, least),) = zip(*(proof[name].to_pylist() for name in _PROOF), strict=True)
    if norm is not None and (norm > limit or least < 0):
        raise BoundBroken(name=declared.name, limit=limit)
