"""Query executions: states, stopping, paging, tokens, limits, several at once."""

import threading
import time
from typing import Any

import pyarrow as pa
import pytest

from tidemark_local.athena.errors import InvalidRequestError
from tidemark_local.athena.executions import Executions, Request
from tidemark_local.athena.operations import describe, runtime_statistics
from tidemark_local.athena.workgroups import settings_for

from .lake import Athena, Lake

SLOW = (
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a (x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b (x)"
    " CROSS JOIN UNNEST(sequence(1, 10000)) AS c (x) WHERE a.x * b.x + c.x = 17"
)


def texts(page: dict[str, Any]) -> list[list[str | None]]:
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]


def test_the_header_is_the_first_row_of_the_first_page_only(athena: Athena) -> None:
    execution = athena.run("SELECT x, NULLIF(x, 2) AS y FROM UNNEST(sequence(1, 3)) AS t (x)")
    first = athena.executions.results(execution.id, None, 2)
    assert texts(first) == [["x", "y"], ["1", "1"]]
    second = athena.executions.results(execution.id, first["NextToken"], 2)
    assert texts(second) == [["2", None], ["3", "3"]]
    assert second["ResultSet"]["Rows"][0]["Data"][1] == {}
    assert "NextToken" not in second


def test_pages_of_a_large_result_join_without_gap(athena: Athena) -> None:
    execution = athena.run("SELECT x FROM UNNEST(sequence(1, 2500)) AS t (x) ORDER BY x")
    token, rows = None, []
    while True:
        page = athena.executions.results(execution.id, token, None)
        rows += texts(page)
        token = page.get("NextToken")
        if token is None:
            break
    assert rows == [["x"], *([str(n)] for n in range(1, 2501))]


def test_column_metadata_has_athenas_type_names(athena: Athena) -> None:
    execution = athena.run(
        "SELECT 1 AS a, CAST(1 AS real) AS b, 1.50 AS c, 'x' AS d, TIMESTAMP '2026-01-01 00:00:00.000' AS e,"
        " ARRAY[1] AS f, CAST(ROW(1) AS ROW(x integer)) AS g, now() AS h, 1.5e0"
    )
    columns = athena.executions.results(execution.id, None, None)["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(c["Name"], c["Type"], c["Precision"], c["Scale"]) for c in columns[:5]] == [
        ("a", "integer", 10, 0),
        ("b", "float", 0, 0),
        ("c", "decimal", 3, 2),
        ("d", "varchar", 2147483647, 0),
        ("e", "timestamp", 3, 0),
    ]
    assert [c["Type"] for c in columns[5:]] == ["array", "row", "timestamp with time zone", "double"]
    assert columns[8]["Name"] == "_col8"


def test_results_of_an_unfinished_or_failed_query_are_refused(athena: Athena) -> None:
    failed = athena.wait(athena.start("SELECT nosuch"))
    with pytest.raises(InvalidRequestError, match="Final query state: FAILED"):
        athena.executions.results(failed.id, None, None)
    with pytest.raises(InvalidRequestError, match="was not found"):
        athena.executions.results("none", None, None)


def test_a_failed_query_tells_reason_and_category(athena: Athena) -> None:
    status = describe(athena.wait(athena.start("SELECT nosuch")))["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"] == "COLUMN_NOT_FOUND: Column 'nosuch' cannot be resolved"
    assert status["AthenaError"]["ErrorCategory"] == 2
    assert status["AthenaError"]["Retryable"] is False


def test_description_of_a_finished_query(athena: Athena) -> None:
    execution = athena.run("SELECT 1 AS x")
    shown = describe(execution)
    assert (shown["StatementType"], shown["SubstatementType"], shown["WorkGroup"]) == ("DML", "SELECT", "primary")
    assert shown["ResultConfiguration"]["OutputLocation"].endswith(f"{execution.id}.csv")
    assert shown["Statistics"]["TotalExecutionTimeInMillis"] >= shown["Statistics"]["EngineExecutionTimeInMillis"] - 1
    assert runtime_statistics(execution)["Rows"]["OutputRows"] == 1


def test_stop_interrupts_a_running_query(athena: Athena) -> None:
    execution_id = athena.start(SLOW)
    execution = athena.executions.get(execution_id)
    while execution.state == "QUEUED":
        time.sleep(0.005)
    time.sleep(0.1)
    began = time.monotonic()
    athena.executions.stop(execution_id)
    assert athena.wait(execution_id).state == "CANCELLED"
    assert time.monotonic() - began < 2
    athena.executions.stop(execution_id)
    assert athena.value("1") == "1"


def test_stop_of_an_unload_leaves_nothing_behind(lake: Lake, athena: Athena, location: str) -> None:
    execution_id = athena.start(f"UNLOAD ({SLOW.replace('count(*)', 'a.x')}) TO '{location}' WITH (format = 'PARQUET')")
    time.sleep(0.2)
    athena.executions.stop(execution_id)
    athena.wait(execution_id)
    assert lake.keys(location) == []


def test_stop_of_a_queued_query_never_runs_it(athena: Athena) -> None:
    running = [athena.start(SLOW) for _ in range(4)]
    queued = athena.start("SELECT 1")
    athena.executions.stop(queued)
    for execution_id in running:
        athena.executions.stop(execution_id)
        athena.wait(execution_id)
    assert athena.executions.get(queued).state == "CANCELLED"
    assert athena.executions.get(queued).session is None


def test_a_finished_query_keeps_its_state_when_stopped(athena: Athena) -> None:
    execution = athena.run("SELECT 1")
    athena.executions.stop(execution.id)
    assert execution.state == "SUCCEEDED"


def test_the_same_token_starts_one_query(athena: Athena) -> None:
    token = "t" * 32
    first = athena.start("SELECT 1", token=token)
    assert athena.start("SELECT 1", token=token) == first
    with pytest.raises(InvalidRequestError, match="Idempotent"):
        athena.start("SELECT 2", token=token)


def test_queries_run_at_the_same_time_with_their_own_scans(lake: Lake, athena: Athena) -> None:
    def make(number: int) -> str:
        name, place = lake.name("many"), f"s3://lake/parallel/{number}/"
        lake.put(f"{place}a.parquet", pa.table({"x": [number] * 1000}))
        athena.run(f"CREATE EXTERNAL TABLE {name} (x bigint) STORED AS PARQUET LOCATION '{place}'")
        return name

    names = [make(n) for n in range(6)]
    ids = [(n, athena.start(f"SELECT sum(x) FROM {name}")) for n, name in enumerate(names) for _ in range(10)]
    for number, execution_id in ids:
        outcome = athena.wait(execution_id).outcome
        assert outcome is not None
        assert outcome.results.read(0, 1) == [[str(number * 1000)]]


def test_two_ctas_of_one_table_let_one_win(lake: Lake, athena: Athena) -> None:
    name = lake.name("race")
    ids = [athena.start(f"CREATE TABLE {name} AS SELECT {n} AS x") for n in range(4)]
    states = [athena.wait(i).state for i in ids]
    assert states.count("SUCCEEDED") == 1
    winner = states.index("SUCCEEDED")
    assert athena.rows(f"SELECT x FROM {name}") == [[str(winner)]]


def test_bytes_scanned_cutoff_cancels(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(f"{location}a.parquet", pa.table({"x": list(range(5000))}))
    athena.run(f"CREATE EXTERNAL TABLE {name} (x bigint) STORED AS PARQUET LOCATION '{location}'")
    execution = athena.wait(athena.start(f"SELECT sum(x) FROM {name}", cutoff_bytes=100))
    assert execution.state == "CANCELLED"
    assert "bytes scanned limit was exceeded" in (execution.reason or "")


def test_an_object_is_fetched_once_per_content(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(f"{location}a.parquet", pa.table({"x": [1]}))
    athena.run(f"CREATE EXTERNAL TABLE {name} (x bigint) STORED AS PARQUET LOCATION '{location}'")
    assert athena.rows(f"SELECT x FROM {name}") == [["1"]]
    lake.put(f"{location}a.parquet", pa.table({"x": [2]}))
    assert athena.rows(f"SELECT x FROM {name}") == [["2"]]


def test_no_pin_is_left_and_eviction_spares_pinned_files(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    for number in range(5):
        lake.put(f"{location}{number}.parquet", pa.table({"x": [number]}))
    athena.run(f"CREATE EXTERNAL TABLE {name} (x bigint) STORED AS PARQUET LOCATION '{location}'")
    objects = athena.executions.objects
    cached = objects.cache_bytes
    try:
        objects.cache_bytes = 1
        threads = [threading.Thread(target=athena.rows, args=(f"SELECT sum(x) FROM {name}",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert athena.rows(f"SELECT sum(x) FROM {name} a") == [["10"]]
    finally:
        objects.cache_bytes = cached
    assert objects.pinned == 0


REQUEST = Request("SELECT 1", None, None, [], None)
GROUP = {"State": "ENABLED", "Configuration": {"ResultConfiguration": {"OutputLocation": "s3://own/x"}}}


def test_an_enforced_workgroup_wins_over_the_callers_location() -> None:
    assert settings_for("w", GROUP, {"OutputLocation": "s3://mine/y"}).output == "s3://own/x/"
    free = {**GROUP, "Configuration": {**GROUP["Configuration"], "EnforceWorkGroupConfiguration": False}}
    assert settings_for("w", free, {"OutputLocation": "s3://mine/y"}).output == "s3://mine/y/"
    assert settings_for("w", free, None).output == "s3://own/x/"


@pytest.mark.parametrize(
    ("workgroup", "requested", "message"),
    [
        (None, None, "WorkGroup w is not found"),
        ({**GROUP, "State": "DISABLED"}, None, "is disabled"),
        ({"Configuration": {}}, None, "No output location provided"),
        (
            {"Configuration": {"EnforceWorkGroupConfiguration": False}},
            {"OutputLocation": "/tmp/x"},
            "not a valid S3 path",
        ),
    ],
)
def test_requests_that_start_nothing(workgroup: Any, requested: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        settings_for("w", workgroup, requested)


def test_an_empty_or_oversized_text_starts_nothing(athena: Athena) -> None:
    for text in ("  ", "SELECT '" + "x" * 262_144 + "'"):
        with pytest.raises(InvalidRequestError):
            athena.start(text)


def test_missing_result_bucket_fails_the_query(lake: Lake, athena: Athena) -> None:
    executions: Executions = athena.executions
    settings = settings_for("w", {"Configuration": {}}, {"OutputLocation": "s3://nosuchbucket/x/"})
    execution = athena.wait(executions.start(REQUEST, settings))
    assert execution.state == "FAILED"
    assert "nosuchbucket" in (execution.reason or "")
