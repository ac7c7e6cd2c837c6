"""The Glue catalog where moto alone would answer differently from AWS."""

from typing import Any

import pytest
from moto.glue.models import glue_backends

from tidemark_local.glue.provider import glue

from .aws_calls import AwsCalls, RefusedError

COLUMNS = [{"Name": "ride_id", "Type": "bigint"}]


@pytest.fixture
def call() -> AwsCalls:
    glue_backends.reset()
    # The decorator wraps the factory for plux; create_service is the function itself.
    calls = AwsCalls(glue.factory().create_service())
    calls("CreateDatabase", DatabaseInput={"Name": "Rides"})
    return calls


def table(name: str = "trips", keys: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "Name": name,
        "StorageDescriptor": {"Columns": COLUMNS, "Location": "s3://lake/trips/"},
        "PartitionKeys": [{"Name": k, "Type": "string"} for k in keys],
    }


def partition(*values: str) -> dict[str, Any]:
    return {"Values": list(values), "StorageDescriptor": {"Columns": COLUMNS, "Location": f"s3://lake/{values[0]}/"}}


def test_descriptors_are_complete(call: AwsCalls) -> None:
    call("CreateTable", DatabaseName="rides", TableInput=table(keys=("dt",)))
    call("CreatePartition", DatabaseName="rides", TableName="trips", PartitionInput=partition("a"))
    answers = [
        call("GetTable", DatabaseName="rides", Name="trips")["Table"],
        call("GetTables", DatabaseName="rides")["TableList"][0],
        call("GetPartition", DatabaseName="rides", TableName="trips", PartitionValues=["a"])["Partition"],
        call("GetPartitions", DatabaseName="rides", TableName="trips")["Partitions"][0],
    ]
    for answer in answers:
        descriptor = answer["StorageDescriptor"]
        assert descriptor["NumberOfBuckets"] == 0
        assert descriptor["Compressed"] is False
        assert descriptor["BucketColumns"] == descriptor["SortColumns"] == []


def test_names_are_lower_case(call: AwsCalls) -> None:
    call("CreateTable", DatabaseName="RIDES", TableInput=table("Trips"))
    assert call("GetTable", DatabaseName="Rides", Name="TRIPS")["Table"]["Name"] == "trips"
    call("DeleteTable", DatabaseName="Rides", Name="Trips")
    assert call("GetTables", DatabaseName="rides")["TableList"] == []


def test_update_replaces_the_definition_and_fails_for_an_absent_table(call: AwsCalls) -> None:
    call("CreateTable", DatabaseName="rides", TableInput=table())
    call("UpdateTable", DatabaseName="rides", TableInput={**table(), "Parameters": {"a": "b"}})
    assert call("GetTable", DatabaseName="rides", Name="trips")["Table"]["Parameters"] == {"a": "b"}
    with pytest.raises(RefusedError, match="EntityNotFoundException"):
        call("UpdateTable", DatabaseName="rides", TableInput=table("absent"))


def test_batches_report_what_failed(call: AwsCalls) -> None:
    call("CreateTable", DatabaseName="rides", TableInput=table(keys=("dt",)))
    names = {"DatabaseName": "rides", "TableName": "trips"}
    assert call("BatchCreatePartition", **names, PartitionInputList=[partition("a"), partition("b")])["Errors"] == []
    again = call("BatchCreatePartition", **names, PartitionInputList=[partition("b"), partition("c")])["Errors"]
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in again] == [(["b"], "AlreadyExistsException")]
    wanted = [{"Values": [v]} for v in ("a", "c", "none")]
    found = call("BatchGetPartition", **names, PartitionsToGet=wanted)
    assert [p["Values"] for p in found["Partitions"]] == [["a"], ["c"]]
    assert found["UnprocessedKeys"] == []
    gone = call("BatchDeletePartition", **names, PartitionsToDelete=wanted)["Errors"]
    assert [(e["PartitionValues"], e["ErrorDetail"]["ErrorCode"]) for e in gone] == [
        (["none"], "EntityNotFoundException")
    ]


def test_partitions_page_and_split_into_segments(call: AwsCalls) -> None:
    call("CreateTable", DatabaseName="rides", TableInput=table(keys=("dt",)))
    names = {"DatabaseName": "rides", "TableName": "trips"}
    call("BatchCreatePartition", **names, PartitionInputList=[partition(f"{n:02}") for n in range(7)])
    token, values = None, []
    while True:
        more = {"NextToken": token} if token else {}
        page = call("GetPartitions", **names, MaxResults=3, **more)
        values += [p["Values"][0] for p in page["Partitions"]]
        token = page.get("NextToken")
        if not token:
            break
    assert values == [f"{n:02}" for n in range(7)]
    segments = [
        [p["Values"][0] for p in call("GetPartitions", **names, Segment=s)["Partitions"]]
        for s in ({"SegmentNumber": n, "TotalSegments": 3} for n in range(3))
    ]
    assert sorted(v for s in segments for v in s) == values
    chosen = call("GetPartitions", **names, Expression="dt >= '05'")["Partitions"]
    assert [p["Values"] for p in chosen] == [["05"], ["06"]]


def test_column_statistics_are_answered_empty(call: AwsCalls) -> None:
    call("CreateTable", DatabaseName="rides", TableInput=table())
    names = {"DatabaseName": "rides", "TableName": "trips"}
    answer = call("GetColumnStatisticsForTable", **names, ColumnNames=["ride_id"])
    assert (answer["ColumnStatisticsList"], answer["Errors"]) == ([], [])
    assert call("UpdateColumnStatisticsForTable", **names, ColumnStatisticsList=[])["Errors"] == []


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("GetTable", {"DatabaseName": "rides", "Name": "none"}, "EntityNotFoundException"),
        ("GetTable", {"DatabaseName": "none", "Name": "none"}, "EntityNotFoundException"),
        ("CreateTable", {"DatabaseName": "none", "TableInput": table()}, "EntityNotFoundException"),
        ("CreateDatabase", {"DatabaseInput": {"Name": "rides"}}, "AlreadyExistsException"),
        ("GetPartitions", {"DatabaseName": "rides", "TableName": "none"}, "EntityNotFoundException"),
        ("DeleteTable", {"DatabaseName": "rides", "Name": "none"}, "EntityNotFoundException"),
    ],
)
def test_errors_have_awss_codes(call: AwsCalls, operation: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        call(operation, **parameters)
    assert refused.value.code == code


def test_operations_without_a_handler_go_to_moto(call: AwsCalls) -> None:
    assert [d["Name"] for d in call("GetDatabases")["DatabaseList"]] == ["rides"]
