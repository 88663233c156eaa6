"""The engine: an Ibis expression is compiled here, and nowhere else, and run by embedded DuckDB.

Ibis is a compiler only; the same expression compiles to Spark's SQL for a cluster.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from typing import Literal, NamedTuple

import duckdb
import ibis
import pyarrow as pa
from ibis.expr import operations as ops
from ibis.expr import types as ir

from hubbub.terms.errors import HubbubError


class Files(NamedTuple):
    """Parquet files, and what every row of theirs says in a column: it is not read there."""

    paths: Sequence[str]
    says: Mapping[str, int] = {}


type Relation = pa.Table | Sequence[Files]
"""What stands behind a table of an expression: rows in memory, or in files."""

type Dialect = Literal["duckdb", "pyspark"]


class RelationMissing(HubbubError):
    """An expression asks for a table that nothing stands behind."""

    def __init__(self, name: str) -> None:
        super().__init__(f"nothing stands behind the table {name!r}")
        self.name = name


def compile_sql(expression: ir.Table, dialect: Dialect = "duckdb") -> str:
    """Write `expression` in the SQL of `dialect`. What was written lately is remembered."""
    return _written(expression.op(), dialect)


@lru_cache(maxsize=64)
def _written(expression: ops.Relation, dialect: Dialect) -> str:
    return str(ibis.to_sql(expression.to_expr(), dialect=dialect))


def leaves(expression: ir.Table) -> dict[str, ops.UnboundTable]:
    """Find the tables that `expression` is made of, by name."""
    return {leaf.name: leaf for leaf in expression.op().find(ops.UnboundTable)}


class Engine:
    """Runs expressions over rows in memory and over files. It keeps nothing, and spills nothing."""

    def __init__(self, *, threads: int = 2, memory_mb: int = 1024) -> None:
        """Start an engine inside this process."""
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": "",  # people's rows do not spill to a file that nobody erases
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._duckdb = duckdb.connect(config=settings)

    def run(self, expression: ir.Table, relations: Mapping[str, Relation]) -> pa.Table:
        """Run `expression`, whose unbound tables are `relations` by name."""
        with self._duckdb.cursor() as session:
            for name, leaf in leaves(expression).items():
                if name not in relations:
                    raise RelationMissing(name)
                _stand_behind(session, leaf, relations[name])
            result: pa.Table = session.execute(compile_sql(expression)).to_arrow_table()
            return result


def _stand_behind(
    session: duckdb.DuckDBPyConnection, leaf: ops.UnboundTable, relation: Relation
) -> None:
    if isinstance(relation, pa.Table):
        session.register(leaf.name, relation)
    elif scans := [_scan(session, leaf, files) for files in relation if files.paths]:
        session.register(leaf.name, reduce(duckdb.DuckDBPyRelation.union, scans))
    else:
        schema = pa.schema([(name, str(kind)) for name, kind in leaf.schema.items()])
        session.register(leaf.name, schema.empty_table())


def _scan(
    session: duckdb.DuckDBPyConnection, leaf: ops.UnboundTable, files: Files
) -> duckdb.DuckDBPyRelation:
    rows = session.read_parquet([*files.paths], hive_partitioning=False)
    columns = []
    for name, kind in leaf.schema.items():
        column: duckdb.Expression = duckdb.ColumnExpression(name)
        if name in files.says:
            told = duckdb.ConstantExpression(files.says[name]).cast(duckdb.sqltype(str(kind)))
            column = told.alias(name)
        columns.append(column)
    return rows.select(*columns)
