"""The `athena` service as API clients see it: workgroups, query operations, errors."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.athena.models import athena_backends
from moto.core import DEFAULT_ACCOUNT_ID

from tidemark_local.athena.engine import Engine
from tidemark_local.athena.executions import FINAL, Executions
from tidemark_local.athena.objects import Objects
from tidemark_local.athena.provider import AthenaProvider, MotoPreparedStatements, apply_updates, dispatch_table

from ..glue.aws_calls import AwsCalls, RefusedError
from .lake import Lake

from localstack.services.plugins import Service  # isort: skip

OUTPUT = {"OutputLocation": "s3://results/provider/"}


@pytest.fixture(scope="module")
def call(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCalls]:
    directory: Path = tmp_path_factory.mktemp("provider")
    prepared = MotoPreparedStatements(athena_backends[DEFAULT_ACCOUNT_ID]["us-east-1"])
    executions = Executions(
        Objects(boto3.client("s3"), directory), boto3.client("glue"), Engine(directory), directory, prepared
    )
    provider = AthenaProvider()
    provider.executions = lambda _context: executions  # type: ignore[method-assign]
    yield AwsCalls(Service.for_provider(provider, dispatch_table_factory=dispatch_table))
    executions.close()


def finished(call: AwsCalls, text: str, **parameters: Any) -> dict[str, Any]:
    """The QueryExecution of a statement that has run to its end."""
    started = call("StartQueryExecution", QueryString=text, **{"ResultConfiguration": OUTPUT, **parameters})
    while True:
        execution = call("GetQueryExecution", **started)["QueryExecution"]
        if execution["Status"]["State"] in FINAL:
            return execution
        time.sleep(0.005)


def test_a_query_runs_from_start_to_results(call: AwsCalls, lake: Lake) -> None:
    context = {"Database": "fs", "Catalog": "AwsDataCatalog"}
    execution = finished(call, "SELECT ? AS x", ExecutionParameters=["7"], QueryExecutionContext=context)
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert execution["QueryExecutionContext"] == context
    assert lake.text(execution["ResultConfiguration"]["OutputLocation"]) == '"x"\n"7"\n'
    page = call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert [r["Data"][0]["VarCharValue"] for r in page["ResultSet"]["Rows"]] == ["x", "7"]
    statistics = call("GetQueryRuntimeStatistics", QueryExecutionId=execution["QueryExecutionId"])
    assert statistics["QueryRuntimeStatistics"]["Rows"]["OutputRows"] == 1


def test_an_unknown_catalog_fails_the_query(call: AwsCalls) -> None:
    execution = finished(call, "SELECT 1", QueryExecutionContext={"Catalog": "elsewhere"})
    assert "CATALOG_NOT_FOUND" in execution["Status"]["StateChangeReason"]


def test_a_workgroup_decides_on_output_and_cutoff(call: AwsCalls) -> None:
    configuration = {
        "EnforceWorkGroupConfiguration": True,
        "ResultConfiguration": {"OutputLocation": "s3://results/enforced/"},
        "BytesScannedCutoffPerQuery": 10_000_000,
    }
    call("CreateWorkGroup", Name="enforced", Configuration=configuration)
    execution = finished(call, "SELECT 1", WorkGroup="enforced")
    assert execution["ResultConfiguration"]["OutputLocation"].startswith("s3://results/enforced/")
    assert execution["WorkGroup"] == "enforced"
    assert execution["QueryExecutionId"] in call("ListQueryExecutions", WorkGroup="enforced")["QueryExecutionIds"]
    call("UpdateWorkGroup", WorkGroup="enforced", State="DISABLED")
    with pytest.raises(RefusedError, match="disabled") as refused:
        call("StartQueryExecution", QueryString="SELECT 1", WorkGroup="enforced")
    assert refused.value.code == "InvalidRequestException"
    assert call("GetWorkGroup", WorkGroup="enforced")["WorkGroup"]["State"] == "DISABLED"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("StartQueryExecution", {"QueryString": "SELECT 1", "WorkGroup": "absent", "ResultConfiguration": OUTPUT}),
        ("StartQueryExecution", {"QueryString": "SELECT 1"}),
        ("GetQueryExecution", {"QueryExecutionId": "absent"}),
        ("StopQueryExecution", {"QueryExecutionId": "absent"}),
        ("GetQueryResults", {"QueryExecutionId": "absent"}),
        ("GetWorkGroup", {"WorkGroup": "absent"}),
        ("UpdateWorkGroup", {"WorkGroup": "absent"}),
    ],
)
def test_wrong_requests_are_invalid_request_exceptions(
    call: AwsCalls, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(RefusedError) as refused:
        call(operation, **parameters)
    assert refused.value.code == "InvalidRequestException"


def test_batch_get_separates_unknown_ids(call: AwsCalls) -> None:
    known = finished(call, "SELECT 1")["QueryExecutionId"]
    answer = call("BatchGetQueryExecution", QueryExecutionIds=[known, "absent"])
    assert [e["QueryExecutionId"] for e in answer["QueryExecutions"]] == [known]
    assert [e["QueryExecutionId"] for e in answer["UnprocessedQueryExecutionIds"]] == ["absent"]


def test_list_pages_from_newest_to_oldest(call: AwsCalls) -> None:
    call("CreateWorkGroup", Name="listed", Configuration={})
    ids = [finished(call, f"SELECT {n}", WorkGroup="listed")["QueryExecutionId"] for n in range(3)]
    first = call("ListQueryExecutions", WorkGroup="listed", MaxResults=2)
    rest = call("ListQueryExecutions", WorkGroup="listed", NextToken=first["NextToken"])
    assert first["QueryExecutionIds"] + rest["QueryExecutionIds"] == ids[::-1]


def test_prepared_statements_of_the_api_are_executed(call: AwsCalls) -> None:
    call("CreatePreparedStatement", StatementName="one", WorkGroup="primary", QueryStatement="SELECT ? + 1 AS x")
    execution = finished(call, "EXECUTE one", ExecutionParameters=["1"])
    page = call("GetQueryResults", QueryExecutionId=execution["QueryExecutionId"])
    assert page["ResultSet"]["Rows"][1]["Data"][0]["VarCharValue"] == "2"
    finished(call, "PREPARE two FROM SELECT 5 AS x")
    got = call("GetPreparedStatement", StatementName="two", WorkGroup="primary")
    assert got["PreparedStatement"]["QueryStatement"] == "SELECT 5 AS x"
    call("DeletePreparedStatement", StatementName="two", WorkGroup="primary")
    assert "not found" in finished(call, "EXECUTE two")["Status"]["StateChangeReason"]


def test_updates_remove_and_set_single_settings() -> None:
    configuration = {"BytesScannedCutoffPerQuery": 1, "ResultConfiguration": {"OutputLocation": "s3://a/"}}
    updates = {
        "RemoveBytesScannedCutoffPerQuery": True,
        "EnforceWorkGroupConfiguration": False,
        "ResultConfigurationUpdates": {"RemoveOutputLocation": True, "ExpectedBucketOwner": "1"},
    }
    apply_updates(configuration, updates)
    assert configuration == {
        "EnforceWorkGroupConfiguration": False,
        "ResultConfiguration": {"ExpectedBucketOwner": "1"},
    }


def test_named_queries_and_catalogs_go_to_moto(call: AwsCalls) -> None:
    created = call("CreateNamedQuery", Name="n", Database="fs", QueryString="SELECT 1", WorkGroup="primary")
    assert call("GetNamedQuery", **created)["NamedQuery"]["QueryString"] == "SELECT 1"
    call("DeleteNamedQuery", **created)
    assert created["NamedQueryId"] not in call("ListNamedQueries", WorkGroup="primary").get("NamedQueryIds", [])
