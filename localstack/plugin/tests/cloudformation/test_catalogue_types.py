"""Glue, Athena, dashboards and metric filters: created, updated in place, deleted."""

import json

import pytest
from botocore.exceptions import ClientError

from ..conftest import Client
from .conftest import Stack, Template


def _table(columns: list[str], name: str = "rows") -> Template:
    return {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Database"},
            "TableInput": {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "PartitionKeys": [{"Name": "dt", "Type": "string"}],
                "StorageDescriptor": {
                    "Columns": [{"Name": column, "Type": "bigint"} for column in columns],
                    "Location": "s3://nowhere/rows/",
                },
            },
        },
    }


def _database(name: str, description: str = "one") -> Template:
    return {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": "000000000000", "DatabaseInput": {"Name": name, "Description": description}},
    }


def test_glue_database_and_table(stack: Stack, client: Client) -> None:
    glue = client("glue")
    name = stack.name
    outputs = {"Database": {"Ref": "Database"}, "Table": {"Ref": "Table"}}
    assert stack.deploy({"Database": _database(name), "Table": _table(["a"])}, outputs) == {
        "Database": name,
        "Table": "rows",
    }
    glue.create_partition(
        DatabaseName=name, TableName="rows", PartitionInput={"Values": ["2026-01-01"], "StorageDescriptor": {}}
    )

    stack.deploy({"Database": _database(name, "two"), "Table": _table(["a", "b"])}, outputs)
    assert glue.get_database(Name=name)["Database"]["Description"] == "two"
    table = glue.get_table(DatabaseName=name, Name="rows")["Table"]
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["a", "b"]
    assert glue.get_partition(DatabaseName=name, TableName="rows", PartitionValues=["2026-01-01"])["Partition"]

    stack.deploy({"Database": _database(name, "two"), "Table": _table(["a"], name="other")}, outputs)
    assert [table["Name"] for table in glue.get_tables(DatabaseName=name)["TableList"]] == ["other"]

    stack.delete()
    with pytest.raises(ClientError, match="EntityNotFound"):
        glue.get_database(Name=name)


def test_athena_workgroup_and_named_query(stack: Stack, client: Client) -> None:
    athena = client("athena")

    def resources(cutoff: int, prefix: str) -> Template:
        configuration = {
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": cutoff,
            "ResultConfiguration": {"OutputLocation": f"s3://results/{prefix}/"},
        }
        properties = {"Name": stack.name, "RecursiveDeleteOption": True, "WorkGroupConfiguration": configuration}
        query = {"Database": "default", "QueryString": f"SELECT '{prefix}'", "Name": "q", "WorkGroup": stack.name}
        return {
            "Group": {"Type": "AWS::Athena::WorkGroup", "Properties": properties},
            "Query": {"Type": "AWS::Athena::NamedQuery", "Properties": query, "DependsOn": ["Group"]},
        }

    def workgroup() -> Template:
        return athena.get_work_group(WorkGroup=stack.name)["WorkGroup"]["Configuration"]

    outputs = stack.deploy(resources(20_000_000, "one"), {"Group": {"Ref": "Group"}, "Query": {"Ref": "Query"}})
    assert outputs["Group"] == stack.name
    query = athena.get_named_query(NamedQueryId=outputs["Query"])["NamedQuery"]
    assert query["QueryString"] == "SELECT 'one'"
    assert workgroup()["EnforceWorkGroupConfiguration"]

    outputs = stack.deploy(resources(30_000_000, "two"), {"Query": {"Ref": "Query"}})
    assert workgroup()["BytesScannedCutoffPerQuery"] == 30_000_000
    assert workgroup()["ResultConfiguration"]["OutputLocation"] == "s3://results/two/"
    query = athena.get_named_query(NamedQueryId=outputs["Query"])["NamedQuery"]
    assert query["QueryString"] == "SELECT 'two'"

    stack.delete()
    assert stack.name not in [group["Name"] for group in athena.list_work_groups()["WorkGroups"]]


def test_dashboard_and_metric_filter(stack: Stack, client: Client) -> None:
    cloudwatch, logs = client("cloudwatch"), client("logs")

    def resources(word: str) -> Template:
        body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": word}}]})
        transformation = {"MetricNamespace": "n", "MetricName": "m", "MetricValue": "1", "DefaultValue": 0}
        given = {"LogGroupName": {"Ref": "Group"}, "FilterPattern": word, "MetricTransformations": [transformation]}
        return {
            "Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}},
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
            "Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": given},
        }

    def filters(group: str) -> list[Template]:
        return logs.describe_metric_filters(logGroupName=group)["metricFilters"]

    outputs = stack.deploy(resources("one"), {"Dashboard": {"Ref": "Dashboard"}, "Group": {"Ref": "Group"}})
    assert [given["filterPattern"] for given in filters(outputs["Group"])] == ["one"]
    assert filters(outputs["Group"])[0]["metricTransformations"][0]["metricName"] == "m"

    assert stack.deploy(resources("two"), {"Dashboard": {"Ref": "Dashboard"}})["Dashboard"] == outputs["Dashboard"]
    assert [given["filterPattern"] for given in filters(outputs["Group"])] == ["two"]
    assert "two" in cloudwatch.get_dashboard(DashboardName=outputs["Dashboard"])["DashboardBody"]

    stack.delete()
    names = [entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]]
    assert outputs["Dashboard"] not in names


def test_an_unknown_type_fails_the_deployment_by_name(stack: Stack) -> None:
    with pytest.raises(Exception, match="AWS::WAFv2::WebACL|ChangeSetCreateComplete"):
        stack.deploy({"Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": {}}})
