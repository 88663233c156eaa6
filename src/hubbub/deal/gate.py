"""Gate 1: rows are read only for what their people agreed to. Only here is a `Permitted` made."""

from collections.abc import Callable, Iterable, Mapping
from typing import Never, final

import ibis
import pyarrow as pa
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.terms.catalogue import CATEGORIES, OTHER, OTHER_STAMP, STAMP
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import Category, Purpose, Recipient, cell_bit
from hubbub.terms.sealed import Sealed, _seal


class ReadRefused(Refused):
    """What was asked of people's rows is not something the deal lets anybody ask."""


@final
class Permitted[Rows, For: Purpose](Sealed):
    """Rows whose people agreed to `For`, and something derived from nothing else."""

    __slots__ = ("categories", "purpose", "recipient", "rows")

    rows: Rows
    categories: frozenset[Category]  # what kinds of data they are made of
    purpose: type[For]
    recipient: Recipient

    def __init_subclass__(cls) -> Never:
        """Refuse: a kind of `Permitted` would be a second way in."""
        raise TypeError("Permitted has no subclasses")


def permit[For: Purpose](
    rows: ir.Table,
    purpose: type[For],
    recipient: Recipient,
    *,
    category: Category,
    dead: ir.Table,
) -> Permitted[ir.Table, For]:
    """Keep the `rows` that came under a deal for (`purpose`, `recipient`) which is not `dead`.

    All of them are of one `category`. `dead` lists the receipts on which this very cell was closed.
    The rows keep their stamp, so that what is derived from them can be judged again, by the dead
    list of a later day. Where they name a second person, that name is left only if the second
    person's own stamp has this cell as well, and theirs is not dead either.
    """
    about_two = OTHER in rows.columns
    for column, kind in (STAMP | OTHER_STAMP if about_two else STAMP).items():
        if column not in rows.columns or str(rows.schema()[column]) != kind:
            raise ReadRefused(f"rows without `{column}` came under no deal")
    # A row of unknown receipt would survive an anti join, so it is dropped before.
    stamped = rows.filter(
        (rows["may"] & cell_bit(purpose, recipient)) != 0, rows["receipt"].notnull()
    )
    alive = stamped.anti_join(dead, "receipt")
    return _seal(
        Permitted,
        rows=_naming_who_agreed(alive, cell_bit(purpose, recipient), dead) if about_two else alive,
        categories=frozenset({category}),
        purpose=purpose,
        recipient=recipient,
    )


def collect[For: Purpose](
    permitted: Permitted[ir.Table, For], engine: Callable[[ir.Table], pa.Table]
) -> Permitted[pa.Table, For]:
    """Let `engine` run what was permitted. Rows keep their stamp, if they had one."""
    return derive(permitted, engine)


def derive[Rows, New, For: Purpose](
    permitted: Permitted[Rows, For], step: Callable[[Rows], New]
) -> Permitted[New, For]:
    """Take a pure `step` on permitted rows: the result is permitted for the same, no more."""
    genuine = _genuine(permitted)
    return _like(genuine, step(genuine.rows), genuine.categories)


def bind[For: Purpose](
    question: ir.Table,
    permitted: Mapping[str, Permitted[ir.Table, For]],
    *,
    public: frozenset[str] = frozenset(),
) -> Permitted[ir.Table, For]:
    """Put permitted rows, without their stamp, where `question` names a table of the catalogue.

    The tables named in `public` say nothing about people and stay as they are. Every other way to
    reach rows (raw SQL, tables already bound, functions of one's own) is refused, and so are
    clocks and dice.
    """
    one = _one_purpose(permitted.values())
    if kinds := ", ".join(strange(question)):
        raise ReadRefused(f"{kinds}: a question is made of the catalogue's tables and nothing else")
    behind = {leaf.name for rows in permitted.values() for leaf in _leaves(rows.rows.op())}
    if open_secrets := public & (behind | permitted.keys()):
        raise ReadRefused(f"{', '.join(sorted(open_secrets))}: about people, so not public")
    bound = {
        leaf: _under_stamp(leaf, permitted).op()
        for leaf in _leaves(question.op())
        if leaf.name not in public
    }
    categories = frozenset[Category]().union(
        *(permitted[leaf.name].categories for leaf in bound),
    )
    return _like(one, question.op().replace(bound).to_expr(), categories)


def strange(question: ir.Table) -> list[str]:
    """Name what no question may be made of: a way around the gate, functions, clocks, dice."""
    asked = question.op()
    found = [
        *(node for node in asked.find(ops.Relation) if not isinstance(node, _RELATIONS)),
        *asked.find(ops.Impure),
    ]
    return sorted({type(node).__name__ for node in found})


_SECOND = (OTHER, *OTHER_STAMP)

# What a question may be made of: a relation that is not here could be a way around the gate.
_RELATIONS = (
    ops.UnboundTable,
    ops.Project,
    ops.Filter,
    ops.Aggregate,
    ops.Distinct,
    ops.Sort,
    ops.Limit,
    ops.DropColumns,
    ops.DropNull,
    ops.FillNull,
    ops.Union,
    ops.Intersection,
    ops.Difference,
    ops.JoinChain,
    ops.JoinReference,
    ops.SelfReference,
)


def _naming_who_agreed(rows: ir.Table, bit: int, dead: ir.Table) -> ir.Table:
    """Take the second person out of all rows in which they did not agree to `bit`, or do no more.

    Their receipt goes too: it would tell who they are, and could be judged by a shorter dead list.
    """
    closed = dead.select(closed="receipt").distinct()  # else it could double rows
    judged = rows.left_join(closed, rows["other_receipt"] == closed["closed"])
    agreed = (
        ((judged["other_may"] & bit) != 0)
        & judged["other_receipt"].notnull()
        & judged["closed"].isnull()
    )
    named = {name: ibis.ifelse(agreed, judged[name], ibis.null("int64")) for name in _SECOND}
    return judged.mutate(**named).select(rows.columns)


def _leaves(expression: ops.Node) -> list[ops.UnboundTable]:
    return list(expression.find(ops.UnboundTable))


def _under_stamp[For: Purpose](
    leaf: ops.UnboundTable, permitted: Mapping[str, Permitted[ir.Table, For]]
) -> ir.Table:
    if leaf.name not in permitted:
        raise ReadRefused(f"{leaf.name}: no such table was permitted")
    rows = permitted[leaf.name].rows
    if permitted[leaf.name].categories != {CATEGORIES.get(leaf.name)}:
        raise ReadRefused(f"{leaf.name}: rows of another category were permitted")
    for column, kind in leaf.schema.items():
        if column in STAMP | OTHER_STAMP or rows.schema().get(column) != kind:
            raise ReadRefused(f"{leaf.name}.{column}: no such column may be asked for")
    return rows.select(*leaf.schema.names)


def _one_purpose[For: Purpose](
    permitted: Iterable[Permitted[ir.Table, For]],
) -> Permitted[ir.Table, For]:
    genuine = [_genuine(rows) for rows in permitted]
    if len({(rows.purpose, rows.recipient) for rows in genuine}) != 1:
        raise ReadRefused("a question is asked for one purpose and one recipient")
    return genuine[0]


def _genuine[Rows, For: Purpose](permitted: Permitted[Rows, For]) -> Permitted[Rows, For]:
    if type(permitted) is not Permitted:
        raise TypeError("only permitted rows are read")
    return permitted


def _like[Rows, New, For: Purpose](
    permitted: Permitted[Rows, For], rows: New, categories: frozenset[Category]
) -> Permitted[New, For]:
    return _seal(
        Permitted,
        rows=rows,
        categories=categories,
        purpose=permitted.purpose,
        recipient=permitted.recipient,
    )
