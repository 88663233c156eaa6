"""Rows with stamps, and an engine to run questions on them: shared by the tests of gate 1."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import duckdb
import ibis
import pyarrow as pa
from ibis.expr import types as ir

from hubbub.deal.gate import Permitted, permit
from hubbub.terms.catalogue import STAMP
from hubbub.terms.purposes import OWN, Category, Purpose

VISITS = ibis.table({"subject": "int64", "road": "int32"}, name="passes")
"""What a product of these tests may ask about."""
RESTING = ibis.table({"subject": "int64", "road": "int32", **STAMP}, name="resting")
"""The same as it rests in the record."""
DEAD = ibis.table({"receipt": "int64"}, name="dead")


class Visit(NamedTuple):
    """One row."""

    subject: int
    road: int
    receipt: int | None
    may: int


def resting(rows: list[Visit]) -> pa.Table:
    """Lay `rows` down."""
    kinds = {"subject": pa.int64(), "road": pa.int32(), "receipt": pa.int64(), "may": pa.int64()}
    return pa.Table.from_pylist([row._asdict() for row in rows], pa.schema([*kinds.items()]))


def dead(receipts: AbstractSet[int]) -> pa.Table:
    """Write a dead list."""
    return pa.table({"receipt": pa.array(sorted(receipts), pa.int64())})


def permitted_for[For: Purpose](purpose: type[For]) -> Permitted[ir.Table, For]:
    """Permit the resting rows for `purpose`."""
    return permit(RESTING, purpose, OWN, category=Category.LOCATION, dead=DEAD)


def run(expression: ir.Table, relations: Mapping[str, pa.Table]) -> list[tuple[object, ...]]:
    """Run `expression` on tables in memory; give its rows in order."""
    with duckdb.connect() as engine:
        for name, table in relations.items():
            engine.register(name, table)
        found = engine.execute(str(ibis.to_sql(expression, dialect="duckdb"))).fetchall()
    return sorted(found, key=repr)
