"""LocalStack's `glue` service: moto's catalog with AWS's answers where moto's differ."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.spec import load_service
from localstack.services.moto import _proxy_moto, call_moto_with_request
from localstack.services.plugins import Service, aws_provider
from moto.core.exceptions import RESTError
from moto.glue.models import glue_backends

from .shapes import complete_descriptor, complete_table, lower_case_names, page

type Handler = Callable[[RequestContext, dict], Any]
PAGE_PARTITIONS = 1000
PAGE_TABLES = 100


def get_table(context: RequestContext, request: dict) -> dict:
    answer = call_moto_with_request(context, _named(request))
    return {"Table": complete_table(dict(answer["Table"]))}


def _named(request: dict) -> dict:
    changed = lower_case_names(request)
    return {**changed, "Name": changed["Name"].lower()} if changed.get("Name") else changed


def get_tables(context: RequestContext, request: dict) -> dict:
    request = lower_case_names(request)
    wanted = {k: v for k, v in request.items() if k not in ("MaxResults", "NextToken")}
    tables = call_moto_with_request(context, wanted)["TableList"]
    size = min(request.get("MaxResults") or PAGE_TABLES, PAGE_TABLES)
    items, token = page([complete_table(dict(t)) for t in tables], request.get("NextToken"), size)
    return {"TableList": items, **({"NextToken": token} if token else {})}


def create_table(context: RequestContext, request: dict) -> Any:
    return call_moto_with_request(context, lower_case_names(request))


def update_table(context: RequestContext, request: dict) -> Any:
    """An absent table is EntityNotFoundException, and its name cannot change."""
    request = lower_case_names(request)
    call_moto_with_request(context, request)
    return {}


def change_named(context: RequestContext, request: dict) -> Any:
    return call_moto_with_request(context, _named(request))


def change_partitions(context: RequestContext, request: dict) -> Any:
    return call_moto_with_request(context, lower_case_names(request))


def get_partition(context: RequestContext, request: dict) -> dict:
    answer = call_moto_with_request(context, lower_case_names(request))
    return {"Partition": complete_descriptor(dict(answer["Partition"]))}


def get_partitions(context: RequestContext, request: dict) -> dict:
    """Segments are honoured: each partition is in exactly one of them."""
    request = lower_case_names(request)
    try:
        found = glue_backends[context.account_id][context.region].get_partitions(
            request["DatabaseName"], request["TableName"], request.get("Expression") or None
        )
    except RESTError as error:
        raise CommonServiceException(error.error_type, error.message, status_code=error.code) from error
    segment = request.get("Segment")
    if segment:
        found = found[segment["SegmentNumber"] :: segment["TotalSegments"]]
    size = min(request.get("MaxResults") or PAGE_PARTITIONS, PAGE_PARTITIONS)
    chosen, token = page(found, request.get("NextToken"), size)
    items = [complete_descriptor(p.as_dict()) for p in chosen]
    if request.get("ExcludeColumnSchema"):
        for item in items:
            item["StorageDescriptor"] = {**item["StorageDescriptor"], "Columns": []}
    return {"Partitions": items, **({"NextToken": token} if token else {})}


def batch_get_partition(context: RequestContext, request: dict) -> dict:
    answer = call_moto_with_request(context, lower_case_names(request))
    items = [complete_descriptor(dict(p)) for p in answer.get("Partitions") or []]
    return {"Partitions": items, "UnprocessedKeys": []}


def batch_create_partition(context: RequestContext, request: dict) -> dict:
    answer = call_moto_with_request(context, lower_case_names(request))
    return {"Errors": answer.get("Errors") or []}


def batch_delete_partition(context: RequestContext, request: dict) -> dict:
    answer = call_moto_with_request(context, lower_case_names(request))
    return {"Errors": answer.get("Errors") or []}


def no_statistics(_context: RequestContext, _request: dict) -> dict:
    return {"ColumnStatisticsList": [], "Errors": []}


def statistics_accepted(_context: RequestContext, _request: dict) -> dict:
    return {"Errors": []}


def statistics_deleted(_context: RequestContext, _request: dict) -> dict:
    return {}


HANDLERS: dict[str, Handler] = {
    "CreateTable": create_table,
    "GetTable": get_table,
    "GetTables": get_tables,
    "UpdateTable": update_table,
    "DeleteTable": change_named,
    "CreateDatabase": change_named,
    "GetDatabase": change_named,
    "UpdateDatabase": change_named,
    "DeleteDatabase": change_named,
    "CreatePartition": change_partitions,
    "UpdatePartition": change_partitions,
    "DeletePartition": change_partitions,
    "BatchUpdatePartition": change_partitions,
    "GetPartition": get_partition,
    "GetPartitions": get_partitions,
    "BatchGetPartition": batch_get_partition,
    "BatchCreatePartition": batch_create_partition,
    "BatchDeletePartition": batch_delete_partition,
    "GetColumnStatisticsForTable": no_statistics,
    "GetColumnStatisticsForPartition": no_statistics,
    "UpdateColumnStatisticsForTable": statistics_accepted,
    "UpdateColumnStatisticsForPartition": statistics_accepted,
    "DeleteColumnStatisticsForTable": statistics_deleted,
    "DeleteColumnStatisticsForPartition": statistics_deleted,
}


class GlueProvider:
    service = "glue"


def dispatch_table(_provider: GlueProvider) -> dict[str, Handler]:
    return {**dict.fromkeys(load_service("glue").operation_names, _proxy_moto), **HANDLERS}


@aws_provider()
def glue() -> Service:
    return Service.for_provider(GlueProvider(), dispatch_table_factory=dispatch_table)
