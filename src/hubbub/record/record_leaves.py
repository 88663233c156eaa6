"""How the record's tables are called in expressions: what is behind a name, and who reads it."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.deal.reads import Read
from hubbub.record.engine import Relation
from hubbub.terms.errors import Refused
from hubbub.terms.purposes import PURPOSES, Category, Purpose, Recipient, RecipientKey
from hubbub.terms.time import Instant

PINGS_LEAF: Final = re.compile(r"record_pings_(?P<since>\d+)_(?P<until>\d+)(?P<in_time>_in_time)?")
PASSES_LEAF: Final = re.compile(r"record_passes_(?P<purpose>\d+)_(?P<since>\d+)_(?P<until>\d+)")
VISITS_LEAF: Final = re.compile(r"record_visits_(?P<since>\d+)_(?P<until>\d+)")
USE_LEAF: Final = re.compile(
    r"record_use_(?P<since>\d+)_(?P<until>\d+)_(?P<table>service_use|device_use|interactions)"
)
TAIL_LEAF: Final = "record_tail"
_DEAD_LEAF: Final = re.compile(
    r"record_dead_(?P<category>\d+)_(?P<purpose>\d+)_(?P<slot>\d+)_(?P<recipient>.+)"
)
_BY_INDEX: Final = {purpose.index: purpose for purpose in PURPOSES.values()}
_BY_NUMBER: Final = tuple(Category)


class UnpermittedRead(Refused):
    """An expression reaches people's rows by another way than gate 1."""

    def __init__(self) -> None:
        super().__init__("people's rows are run only as gate 1 permitted them")


def dead_leaf(category: Category, purpose: type[Purpose], recipient: Recipient) -> ir.Table:
    """Name the dead list of a cell in an expression."""
    cell = f"{category.number}_{purpose.index}_{recipient.slot}_{recipient.key}"
    return ibis.table({"receipt": "int64"}, name=f"record_dead_{cell}")


def dead_cell(name: str) -> tuple[Category, type[Purpose], Recipient] | None:
    """Tell of which cell a leaf is the dead list, if it is one."""
    found = _DEAD_LEAF.fullmatch(name)
    if found is None:
        return None
    recipient = Recipient(RecipientKey(found["recipient"]), int(found["slot"]))
    return _BY_NUMBER[int(found["category"])], _BY_INDEX[int(found["purpose"])], recipient


def dead_name(dead: pa.Table) -> str:
    """Name a dead list by what is on it."""
    receipts = np.sort(dead["receipt"].to_numpy())
    return sha256(receipts.astype("<i8").tobytes()).hexdigest()


def require_permitted(node: ops.Node) -> None:
    """Refuse rows about people that are not below a join with the dead list: a fuse, no gate."""
    waiting, seen = [node], {node}
    while waiting:
        node = waiting.pop()
        if isinstance(node, ops.JoinChain) and any(_closes(link) for link in node.rest):
            continue
        if isinstance(node, ops.UnboundTable) and any(
            leaf.fullmatch(node.name) for leaf in (PINGS_LEAF, PASSES_LEAF, VISITS_LEAF, USE_LEAF)
        ):
            raise UnpermittedRead
        children = set(node.__children__) - seen  # many a node is reached in more than one way
        waiting.extend(children)
        seen |= children


def reads_in(relations: Mapping[str, Relation]) -> Iterator[Read]:
    """Tell who reads what, by the names in an expression. Where there is no row, nobody does."""
    spans = [span for name, rows in relations.items() if (span := _span(name, rows)) is not None]
    if not spans:
        return
    for name, dead in relations.items():
        cell = dead_cell(name)
        if cell is not None:
            assert isinstance(dead, pa.Table), "a dead list is in memory"
            category, purpose, recipient = cell
            yield Read(
                what="rows",
                reader=(category.value, purpose.key, recipient.key),
                since=Instant(min(since for since, _ in spans)),
                until=Instant(max(until for _, until in spans)),
                dead=dead_name(dead),
            )


def _span(name: str, rows: Relation) -> tuple[int, int] | None:
    """Tell of what time the rows behind a leaf are."""
    if found := PINGS_LEAF.fullmatch(name):
        return (int(found["since"]), int(found["until"])) if len(rows) else None
    held = (PASSES_LEAF, VISITS_LEAF, USE_LEAF)
    if name == TAIL_LEAF or any(leaf.fullmatch(name) for leaf in held):
        assert isinstance(rows, pa.Table), "what was just committed or derived is in memory"
        at = pc.min_max(rows["at"])
        return (at["min"].as_py(), at["max"].as_py() + 1) if rows.num_rows else None
    return None


def _closes(link: ops.JoinLink) -> bool:
    return link.how == "anti" and any(
        _DEAD_LEAF.fullmatch(leaf.name) for leaf in link.table.find(ops.UnboundTable)
    )
