"""Statements end to end over S3 objects: what they answer, write, register and refuse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidemark_local.athena.catalog import view_text
from tidemark_local.athena.types import parse_type

from .lake import Athena, Lake


def rides(count: int = 3) -> pa.Table:
    return pa.table({"ride_id": pa.array(range(count), pa.int64()), "city": ["Bern"] * count})


@pytest.fixture
def ride_table(lake: Lake, athena: Athena, location: str) -> Any:
    name = lake.name("rides")
    lake.put(f"{location}a.parquet", rides())
    athena.run(f"CREATE EXTERNAL TABLE {name} (ride_id bigint, city string) STORED AS PARQUET LOCATION '{location}'")
    return name


def test_select_reads_the_objects_of_a_table(athena: Athena, ride_table: str) -> None:
    assert athena.rows(f"SELECT ride_id, city FROM {ride_table} ORDER BY ride_id DESC LIMIT 2") == [
        ["2", "Bern"],
        ["1", "Bern"],
    ]


def test_result_csv_is_quoted_and_null_is_empty(lake: Lake, athena: Athena) -> None:
    execution = athena.run("SELECT 'a\"b' AS x, CAST(NULL AS varchar) AS y, '' AS z")
    assert execution.output == f"s3://results/out/{execution.id}.csv"
    assert lake.text(execution.output) == '"x","y","z"\n"a""b",,""\n'


def test_unload_writes_parquet_and_a_manifest(lake: Lake, athena: Athena, ride_table: str, location: str) -> None:
    target = location.replace("lake/", "lake/unload-")
    execution = athena.run(
        f"UNLOAD (SELECT ride_id, city, TIMESTAMP '2026-01-01 00:00:00.123' AS at FROM {ride_table})"
        f" TO '{target}' WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )
    keys = lake.keys(target)
    assert lake.text(execution.outcome.manifest) == "".join(f"s3://lake/{k}\n" for k in keys)
    assert execution.outcome.update_count == 3
    written = lake.read(target)
    assert written.num_rows == 3
    assert written.schema.field("at").type == pa.timestamp("ms")
    assert written["at"][0].as_py() == datetime(2026, 1, 1, 0, 0, 0, 123000)


def test_unload_partitions_by_the_last_columns(lake: Lake, athena: Athena, location: str) -> None:
    athena.run(
        "UNLOAD (SELECT x, d FROM (VALUES (1, DATE '2026-01-01'), (2, DATE '2026-01-02'), (3, NULL)) AS t (x, d))"
        f" TO '{location}' WITH (format = 'PARQUET', partitioned_by = ARRAY['d'])"
    )
    folders = sorted(k.split("/")[1] for k in lake.keys(location))
    assert folders == ["d=2026-01-01", "d=2026-01-02", "d=__HIVE_DEFAULT_PARTITION__"]


def test_unload_fails_when_the_target_is_not_empty(lake: Lake, athena: Athena, location: str) -> None:
    lake.put(f"{location}old.parquet", rides())
    assert "HIVE_PATH_ALREADY_EXISTS" in athena.fails(
        f"UNLOAD (SELECT 1 AS x) TO '{location}' WITH (format = 'PARQUET')"
    )
    assert len(lake.keys(location)) == 1


def test_unload_fails_over_a_hundred_partitions_and_leaves_nothing(lake: Lake, athena: Athena, location: str) -> None:
    text = "SELECT x, x AS p FROM UNNEST(sequence(1, {})) AS t (x)"
    reason = athena.fails(
        f"UNLOAD ({text.format(101)}) TO '{location}' WITH (format = 'PARQUET', partitioned_by = ARRAY['p'])"
    )
    assert "HIVE_TOO_MANY_OPEN_PARTITIONS" in reason
    assert lake.keys(location) == []
    athena.run(f"UNLOAD ({text.format(100)}) TO '{location}' WITH (format = 'PARQUET', partitioned_by = ARRAY['p'])")
    assert len(lake.keys(location)) == 100


def test_unload_of_a_failing_query_leaves_nothing(lake: Lake, athena: Athena, location: str) -> None:
    reason = athena.fails(
        "UNLOAD (SELECT 10 / (x - 5) AS y FROM UNNEST(sequence(1, 9)) AS t (x))"
        f" TO '{location}' WITH (format = 'PARQUET')"
    )
    assert reason == "DIVISION_BY_ZERO: Division by zero"
    assert lake.keys(location) == []


def test_unload_of_no_rows_writes_no_file(lake: Lake, athena: Athena, location: str) -> None:
    execution = athena.run(f"UNLOAD (SELECT 1 AS x WHERE false) TO '{location}' WITH (format = 'PARQUET')")
    assert lake.keys(location) == []
    assert lake.text(execution.outcome.manifest) == ""


def test_ctas_registers_table_and_partitions(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name("made")
    athena.run(
        f"CREATE TABLE {name} WITH (external_location = '{location}', format = 'PARQUET', partitioned_by = ARRAY['dt'],"
        " write_compression = 'ZSTD') AS SELECT * FROM (VALUES (1, 1.50, '2026-01-01'), (2, 2.50, '2026-01-02'))"
        " AS t (id, price, dt)"
    )
    assert athena.rows(f"SELECT id, price, dt FROM {name} ORDER BY id") == [
        ["1", "1.50", "2026-01-01"],
        ["2", "2.50", "2026-01-02"],
    ]
    table = lake.glue.get_table(DatabaseName="fs", Name=name)["Table"]
    assert [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]] == [
        ("id", "int"),
        ("price", "decimal(3,2)"),
    ]
    assert athena.rows(f"SHOW PARTITIONS {name}") == [["dt=2026-01-01"], ["dt=2026-01-02"]]


def test_ctas_that_fails_leaves_neither_table_nor_object(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name("broken")
    athena.fails(
        f"CREATE TABLE {name} WITH (external_location = '{location}') AS SELECT 1 / (x - 1) AS y"
        " FROM (VALUES 1) AS t (x)"
    )
    assert lake.keys(location) == []
    assert "TABLE_NOT_FOUND" in athena.fails(f"SELECT * FROM {name}")


def test_ctas_without_a_location_writes_below_the_results(lake: Lake, athena: Athena) -> None:
    name = lake.name("made")
    execution = athena.run(f"CREATE TABLE {name} AS SELECT 1 AS x")
    assert len(lake.keys(f"s3://results/out/tables/{execution.id}/")) == 1
    assert athena.rows(f"SELECT x FROM {name}") == [["1"]]


def test_column_types_come_from_glue_not_from_the_file(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(
        f"{location}a.parquet",
        pa.table(
            {
                "SMALL": pa.array([1], pa.int32()),
                "price": pa.array([Decimal("1.5")], pa.decimal128(10, 1)),
                "at": pa.array([datetime(2026, 1, 1, 0, 0, 0, 1500)], pa.timestamp("us")),
                "utc": pa.array([datetime(1960, 1, 1, 0, 0, 0, 499)], pa.timestamp("us", "UTC")),
                "day": pa.array([date(2026, 1, 2)]),
                "tags": pa.array([["a", None]]),
                "point": pa.array([{"y": 2, "X": 1}]),
                "counts": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            }
        ),
    )
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (small bigint, price decimal(18,2), at timestamp, utc timestamp, day date,"
        " tags array<string>, point struct<x:bigint,y:bigint,z:string>, counts map<string,bigint>, absent double)"
        f" STORED AS PARQUET LOCATION '{location}'"
    )
    assert athena.rows(f"SELECT * FROM {name}") == [
        [
            "1",
            "1.50",
            "2026-01-01 00:00:00.002",
            "1960-01-01 00:00:00.000",
            "2026-01-02",
            "[a, null]",
            "{x=1, y=2, z=null}",
            "{k=1}",
            None,
        ]
    ]
    assert athena.rows(f"SELECT point.x + small, counts['k'], cardinality(tags) FROM {name}") == [["2", "1", "2"]]


def test_a_file_whose_type_contradicts_glue_is_bad_data(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(f"{location}a.parquet", pa.table({"x": ["text"]}))
    athena.run(f"CREATE EXTERNAL TABLE {name} (x bigint) STORED AS PARQUET LOCATION '{location}'")
    assert "HIVE_BAD_DATA" in athena.fails(f"SELECT x FROM {name}")


def test_files_of_several_schemas_are_matched_by_name(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(f"{location}a.parquet", pa.table({"b": ["x"], "a": pa.array([1], pa.int64())}))
    lake.put(f"{location}b.parquet", pa.table({"a": pa.array([2], pa.int32())}))
    lake.put(f"{location}_SUCCESS.parquet", pa.table({"a": pa.array([9], pa.int64())}))
    lake.put(f"{location}.hidden/c.parquet", pa.table({"a": pa.array([9], pa.int64())}))
    lake.put(f"{location}sub/d.parquet", pa.table({"A": pa.array([3], pa.int64())}))
    athena.run(f"CREATE EXTERNAL TABLE {name} (a bigint, b string) STORED AS PARQUET LOCATION '{location}'")
    assert athena.rows(f"SELECT a, b FROM {name} ORDER BY a") == [["1", "x"], ["2", None], ["3", None]]


def test_a_table_without_objects_is_empty_with_its_types(athena: Athena, lake: Lake, location: str) -> None:
    name = lake.name()
    athena.run(f"CREATE EXTERNAL TABLE {name} (a decimal(10,2)) STORED AS PARQUET LOCATION '{location}'")
    execution = athena.run(f"SELECT a, sum(a) AS s FROM {name} GROUP BY a")
    assert [str(c.type) for c in execution.outcome.results.columns] == ["decimal(10, 2)", "decimal(38, 2)"]
    assert execution.outcome.results.rows == 0


def test_views_expand_in_their_own_database_and_names(
    lake: Lake, athena: Athena, ride_table: str, location: str
) -> None:
    view, outer = lake.name("v"), lake.name("v")
    athena.run(f"CREATE VIEW {view} AS WITH x AS (SELECT * FROM {ride_table}) SELECT ride_id AS id, city FROM x")
    athena.run(f"CREATE OR REPLACE VIEW {outer} AS SELECT id * 2 AS twice FROM {view}")
    rows = athena.rows(
        f"WITH x AS (SELECT 1 AS nothing), {ride_table} AS (SELECT 7 AS y) SELECT twice FROM fs.{outer} ORDER BY 1",
        database="other",
    )
    assert rows == [["0"], ["2"], ["4"]]
    assert "already exists" in athena.fails(f"CREATE VIEW {view} AS SELECT 1 AS a")
    assert athena.rows(f"SHOW CREATE VIEW {outer}")[1] == [f"SELECT id * 2 AS twice FROM {view}"]
    athena.run(f"DROP VIEW {outer}")
    assert "TABLE_NOT_FOUND" in athena.fails(f"SELECT * FROM {outer}")


def test_drop_table_and_database(lake: Lake, athena: Athena, location: str) -> None:
    name, database = lake.name(), lake.name("db")
    athena.run(f"CREATE DATABASE IF NOT EXISTS {database}")
    athena.run(f"CREATE EXTERNAL TABLE {database}.{name} (x int) STORED AS PARQUET LOCATION '{location}'")
    assert "not empty" in athena.fails(f"DROP DATABASE {database}")
    assert athena.rows(f"SHOW TABLES IN {database}") == [[name]]
    athena.run(f"DROP TABLE {database}.{name}")
    assert "TABLE_NOT_FOUND" in athena.fails(f"DROP TABLE {database}.{name}")
    athena.run(f"DROP TABLE IF EXISTS {database}.{name}")
    athena.run(f"DROP SCHEMA {database}")
    assert [database] not in athena.rows("SHOW DATABASES")


def test_show_and_describe(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name("shown")
    athena.run(
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `{name}` (`a` int COMMENT 'x, y', b decimal(10, 2))"
        f" PARTITIONED BY (dt string) STORED AS PARQUET LOCATION '{location}' TBLPROPERTIES ('owner' = 'rides')"
    )
    assert athena.rows(f"SHOW COLUMNS IN {name}") == [["a"], ["b"], ["dt"]]
    assert athena.rows(f"DESCRIBE {name}")[:3] == [["a", "int", ""], ["b", "decimal(10,2)", ""], ["dt", "string", ""]]
    assert ["owner\trides"] in athena.rows(f"SHOW TBLPROPERTIES {name}")
    text = "\n".join(r[0] for r in athena.rows(f"SHOW CREATE TABLE {name}"))
    athena.run(f"DROP TABLE {name}")
    athena.run(text.replace(f"`fs.{name}`", name))
    assert athena.rows(f"SHOW TABLES '{name[:-1]}*'")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("INSERT INTO t VALUES 1", "INSERT INTO"),
        ("DELETE FROM t", "DELETE"),
        ("MERGE INTO t USING s ON 1=1", "MERGE"),
        ("CREATE EXTERNAL TABLE t (x int) STORED AS TEXTFILE LOCATION 's3://lake/x/'", "TEXTFILE"),
        ("CREATE EXTERNAL TABLE t (x int) LOCATION 's3://lake/x/'", "STORED AS PARQUET"),
        ("VACUUM t", "VACUUM"),
        ("ALTER TABLE t RENAME TO u", "ALTER TABLE"),
        ("CREATE TABLE t WITH (table_type = 'ICEBERG') AS SELECT 1 AS x", "ICEBERG"),
        ("UNLOAD (SELECT 1 AS x) TO 's3://lake/csv/' WITH (format = 'TEXTFILE')", "TEXTFILE"),
        ("GRANT SELECT ON t TO u", "GRANT"),
    ],
)
def test_statements_outside_the_list_are_refused_by_name(athena: Athena, text: str, named: str) -> None:
    assert named in athena.fails(text)


def test_explain_shows_a_plan(athena: Athena, ride_table: str) -> None:
    assert len(athena.rows(f"EXPLAIN SELECT count(*) FROM {ride_table}")) > 3


def test_prepared_statements_take_parameters(athena: Athena, ride_table: str) -> None:
    athena.run(f"PREPARE one FROM SELECT city FROM {ride_table} WHERE ride_id = ? AND city = ?")
    assert athena.rows("EXECUTE one USING 1, 'Bern'") == [["Bern"]]
    assert athena.rows("EXECUTE one", parameters=["2", "'Bern'"]) == [["Bern"]]
    athena.run("DEALLOCATE PREPARE one")
    assert "not found" in athena.fails("EXECUTE one USING 1, 'Bern'")


def test_execution_parameters_fill_question_marks(athena: Athena) -> None:
    assert athena.rows("SELECT ? AS a, ? || 'x' AS b", parameters=["DATE '2026-01-01'", "'y'"]) == [
        ["2026-01-01", "yx"]
    ]
    text = "SELECT ?, '?' FROM (VALUES 1, 2, 3) AS t (x) WHERE x > ? AND x <> ? ORDER BY x LIMIT ?"
    assert athena.rows(text, parameters=["-7", "1", "-3", "1"]) == [["-7", "?"]]
    assert "one constant" in athena.fails("SELECT ?", parameters=["1, 2"])
    assert "one constant" in athena.fails("SELECT ? FROM (VALUES 1) AS t (x)", parameters=["x"])
    assert "Incorrect number of parameters" in athena.fails("SELECT ?", parameters=["1", "2"])
    assert "Incorrect number of parameters" in athena.fails("SELECT ?, ?", parameters=["1"])


def test_written_parquet_is_not_utc_adjusted(lake: Lake, athena: Athena, location: str) -> None:
    athena.run(f"UNLOAD (SELECT TIMESTAMP '2026-01-01 00:00:00' AS at) TO '{location}' WITH (format = 'PARQUET')")
    (key,) = lake.keys(location)
    body = lake.s3.get_object(Bucket="lake", Key=key)["Body"].read()
    column = pq.ParquetFile(pa.BufferReader(body)).schema.column(0)
    assert '"isAdjustedToUTC":false' in column.logical_type.to_json()


def test_a_view_gives_the_types_it_was_declared_with(lake: Lake, athena: Athena) -> None:
    name = lake.name("v")
    athena.run(f"CREATE VIEW {name} AS SELECT BIGINT '1' AS id")
    glue = lake.glue.get_table(DatabaseName="fs", Name=name)["Table"]
    narrower = view_text("SELECT 1 AS id", [("id", parse_type("bigint"))], "fs")
    update = {k: glue[k] for k in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    lake.glue.update_table(DatabaseName="fs", TableInput={**update, "ViewOriginalText": narrower})
    assert athena.rows(f"SELECT typeof(id) FROM {name}") == [["bigint"]]
    stale = view_text("SELECT 'x' AS id", [("id", parse_type("bigint"))], "fs")
    lake.glue.update_table(DatabaseName="fs", TableInput={**update, "ViewOriginalText": stale})
    assert "VIEW_IS_STALE" in athena.fails(f"SELECT * FROM {name}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT a.x, b.y FROM (VALUES (1, 2)) AS a (x, k) JOIN (VALUES (2, 3)) AS b (k, y) USING (k)", [["1", "3"]]),
        ("SELECT * FROM (VALUES (1, 2)) AS a (x, k) JOIN (VALUES (2, 3)) AS b (k, y) USING (k)", [["2", "1", "3"]]),
        ("SELECT k FROM (VALUES 1) AS a (k) FULL JOIN (VALUES 2) AS b (k) USING (k) ORDER BY k", [["1"], ["2"]]),
        ("SELECT t.x, u.n, u.o FROM (VALUES ARRAY[5, 6]) AS t (x) CROSS JOIN UNNEST(t.x) WITH ORDINALITY AS u (n, o)",
         [["[5, 6]", "5", "1"], ["[5, 6]", "6", "2"]]),
        ("SELECT id, n FROM (VALUES (1, ARRAY[7]), (2, NULL)) AS t (id, x) LEFT JOIN UNNEST(x) AS u (n) ON true "
         "ORDER BY id", [["1", "7"], ["2", None]]),
        ("SELECT k, v FROM UNNEST(map(ARRAY['a', 'b'], ARRAY[1, 2])) AS t (k, v) ORDER BY k", [["a", "1"], ["b", "2"]]),
        ("SELECT a, b FROM UNNEST(ARRAY[ROW(1, 'x'), ROW(2, 'y')]) AS t (a, b) ORDER BY a", [["1", "x"], ["2", "y"]]),
        ("SELECT * FROM UNNEST(ARRAY[1, 2], ARRAY['x']) AS t (a, b)", [["1", "x"], ["2", None]]),
        ("SELECT x, sum(y), grouping(x) FROM (VALUES (1, 2), (3, 4)) AS t (x, y) GROUP BY GROUPING SETS ((x), ()) "
         "ORDER BY 1", [["1", "2", "0"], ["3", "4", "0"], [None, "6", "1"]]),
        ("SELECT x FROM (VALUES 1, 2, 3) AS t (x) ORDER BY x OFFSET 1 LIMIT 1", [["2"]]),
        ("(SELECT 2 AS x UNION ALL SELECT 1) ORDER BY x FETCH FIRST 1 ROWS ONLY", [["1"]]),
        ("SELECT 1 UNION SELECT 1.5 ORDER BY 1", [["1.0"], ["1.5"]]),
        ("SELECT 1 EXCEPT SELECT 1", []),
        ("SELECT x FROM (VALUES 1, 2) AS t (x) WHERE x = (SELECT max(y) FROM (VALUES 2) AS u (y) WHERE y >= x)",
         [["2"]]),
        ("SELECT x FROM (VALUES 1, 2) AS t (x) WHERE EXISTS (SELECT 1 FROM (VALUES 2) AS u (y) WHERE y = x)", [["2"]]),
        ("SELECT x FROM (VALUES 1, 2) AS t (x) WHERE x NOT IN (SELECT y FROM (VALUES 1, NULL) AS u (y))", []),
        ("SELECT x FROM (VALUES (1, 'a'), (2, 'b')) AS t (x, y) WHERE (x, y) IN (SELECT 2, 'b')", [["2"]]),
        ("SELECT x FROM (VALUES 1, 2) AS t (x) WHERE x > ALL (SELECT 1)", [["2"]]),
        ("SELECT (SELECT sum(n) FROM UNNEST(t.x) AS u (n)) FROM (VALUES ARRAY[1, 2]) AS t (x)", [["3"]]),
        ("SELECT x AS y, -x AS x FROM (VALUES 1, 2) AS t (x) ORDER BY x", [["2", "-2"], ["1", "-1"]]),
        ("SELECT x / 2, count(*) FROM (VALUES 1, 2, 3) AS t (x) GROUP BY 1 ORDER BY 1", [["0", "1"], ["1", "2"]]),
        ("SELECT count(*) FROM (VALUES (1, 0), (4, 2)) AS t (x, y) WHERE y <> 0 AND x / y = 2", [["1"]]),
        ("SELECT X, T.x FROM (VALUES 1) AS t (X)", [["1", "1"]]),
        ("SELECT sum(sum(x)) OVER (ORDER BY y) FROM (VALUES (1, 1), (2, 2)) AS t (x, y) GROUP BY y ORDER BY 1",
         [["1"], ["3"]]),
        ("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a, b", [["1", "2"]]),
        ("WITH a (y) AS (SELECT 1) SELECT y FROM a", [["1"]]),
        ("SELECT t.r.a.b FROM (SELECT CAST(ROW(ROW(1)) AS ROW(a ROW(b integer))) AS r) t", [["1"]]),
        ("SELECT 'it''s', \"X y\" FROM (SELECT 1 AS \"X y\")", [["it's", "1"]]),
    ],
)  # fmt: skip
def test_query_shapes(athena: Athena, query: str, expected: list[list[str | None]]) -> None:
    assert athena.rows(query) == expected


def test_long_statements(athena: Athena) -> None:
    many = " OR ".join(f"x = {n}" for n in range(2000))
    assert athena.rows(f"SELECT count(*) FROM (VALUES 1999, 2000) AS t (x) WHERE {many}") == [["1"]]
    assert athena.rows(f"SELECT count(*) FROM ({' UNION ALL '.join(['SELECT 1 AS x'] * 300)})") == [["300"]]
    assert athena.rows(f"SELECT {' + '.join(['1'] * 300)}") == [["300"]]
    listed = ", ".join(f"'{n:040}'" for n in range(5000))
    assert athena.rows(f"SELECT '{7:040}' IN ({listed})") == [["true"]]


def test_written_timestamps_are_rounded_to_milliseconds(lake: Lake, athena: Athena, location: str) -> None:
    athena.run(
        "UNLOAD (SELECT TIMESTAMP '1960-01-01 00:00:00.000500' AS a,"
        " ARRAY[TIMESTAMP '2026-01-01 00:00:00.000600'] AS b,"
        f" map(ARRAY[1], ARRAY[TIMESTAMP '2026-01-01 00:00:00.0004']) AS c) TO '{location}' WITH (format = 'PARQUET')"
    )
    (row,) = lake.read(location).to_pylist()
    assert row["a"] == datetime(1960, 1, 1, 0, 0, 0, 1000)
    assert row["b"] == [datetime(2026, 1, 1, 0, 0, 0, 1000)]
    assert row["c"] == [(1, datetime(2026, 1, 1))]
