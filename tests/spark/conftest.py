"""A Spark on this machine, started once, that answers what DuckDB answers."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ibis
import pyarrow as pa
import pytest
from ibis.expr import operations as ops
from ibis.expr import types as ir

from conftest import missing_for_spark

type Ask = Callable[[ir.Table, Mapping[str, pa.Table]], pa.Table]

SETTINGS = {
    # Short questions on little rows: what is compiled should be compiled fast.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start a Spark; without one the test is skipped, and the summary says so."""
    if missing := missing_for_spark():
        pytest.skip(missing)
    sql = importlib.import_module("pyspark.sql")
    builder = sql.SparkSession.builder.master("local[2]").appName("hubbub")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    folder = tmp_path_factory.mktemp("spark")
    session = builder.config("spark.sql.warehouse.dir", str(folder)).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture
def on_spark(spark_session: Any) -> Ask:
    """Run an expression on Spark, as the gate's engine does."""

    def ask(expression: ir.Table, relations: Mapping[str, pa.Table]) -> pa.Table:
        for leaf in expression.op().find(ops.UnboundTable):
            spark_session.createDataFrame(relations[leaf.name]).createOrReplaceTempView(leaf.name)
        return spark_session.sql(str(ibis.to_sql(expression, dialect="pyspark"))).toArrow()

    return ask
