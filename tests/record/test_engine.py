"""The engine: one expression, two dialects, rows in memory or in files, and nothing kept."""

from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubbub.record.engine import Engine, Files, RelationMissing, compile_sql

SALES = ibis.table({"road": "int64", "cars": "int32"}, name="sales")
CARS_BY_ROAD = SALES.group_by("road").agg(cars=SALES["cars"].sum()).order_by("road")
ROWS = pa.table({"road": [1, 2, 1], "cars": pa.array([10, 20, 30], pa.int32())})


def test_rows_in_memory_and_rows_in_files_give_the_same(tmp_path: Path) -> None:
    paths = [str(tmp_path / "day=2026-11-23" / f"{part}'s.parquet") for part in range(2)]
    Path(paths[0]).parent.mkdir()
    pq.write_table(ROWS.slice(0, 1), paths[0])
    pq.write_table(ROWS.slice(1), paths[1])
    engine = Engine()
    expected = [{"road": 1, "cars": 40}, {"road": 2, "cars": 20}]
    assert engine.run(CARS_BY_ROAD, {"sales": ROWS}).to_pylist() == expected
    assert engine.run(CARS_BY_ROAD, {"sales": [Files(paths)]}).to_pylist() == expected


def test_what_is_told_of_files_is_not_read_of_them_and_of_the_others_it_is(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{part}.parquet") for part in range(3)]
    for path in paths:
        pq.write_table(ROWS, path)
    files = [Files(paths[:1]), Files(paths[1:], {"cars": 7, "bikes": 9})]
    expected = [{"road": 1, "cars": 40 + 4 * 7}, {"road": 2, "cars": 20 + 2 * 7}]
    assert Engine().run(CARS_BY_ROAD, {"sales": files}).to_pylist() == expected


@pytest.mark.parametrize("nothing", [[], [Files([])]])
def test_no_file_at_all_is_an_empty_table(nothing: list[Files]) -> None:
    assert Engine().run(CARS_BY_ROAD, {"sales": nothing}).num_rows == 0


def test_a_table_that_nothing_stands_behind_is_named() -> None:
    with pytest.raises(RelationMissing, match="sales"):
        Engine().run(CARS_BY_ROAD, {"roads": ROWS})


def test_the_engine_keeps_nothing_of_a_run() -> None:
    engine = Engine()
    engine.run(CARS_BY_ROAD, {"sales": ROWS})
    with pytest.raises(RelationMissing):
        engine.run(CARS_BY_ROAD, {})
    views = "SELECT count(*) FROM duckdb_views() WHERE NOT internal"
    assert engine._duckdb.execute(views).fetchall() == [(0,)]


def test_the_engine_spills_no_rows_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine = Engine(memory_mb=64)
    assert engine._duckdb.execute("SELECT current_setting('temp_directory')").fetchall() == [("",)]
    engine.run(CARS_BY_ROAD, {"sales": ROWS})
    assert list(tmp_path.iterdir()) == []


def test_the_same_expression_is_written_for_a_cluster() -> None:
    assert '"sales"' in compile_sql(CARS_BY_ROAD)
    assert "`sales`" in compile_sql(CARS_BY_ROAD, "pyspark")
