"""An execution in the shape of Athena's API answers."""

from datetime import UTC, datetime
from typing import Any

from .executions import Execution


def describe(execution: Execution) -> dict[str, Any]:
    """The QueryExecution structure."""
    settings, request = execution.settings, execution.request
    status: dict[str, Any] = {
        "State": execution.state,
        "SubmissionDateTime": execution.submitted,
    }
    if execution.reason:
        status["StateChangeReason"] = execution.reason
    if execution.completed:
        status["CompletionDateTime"] = execution.completed
    if execution.error:
        status["AthenaError"] = execution.error
    kind, detail = execution.statement
    answer: dict[str, Any] = {
        "QueryExecutionId": execution.id,
        "Query": request.text,
        "StatementType": kind,
        "SubstatementType": detail,
        "ResultConfiguration": {**settings.result_configuration, "OutputLocation": execution.output},
        "QueryExecutionContext": {k: v for k, v in (("Database", request.database), ("Catalog", request.catalog)) if v},
        "Status": status,
        "Statistics": _statistics(execution),
        "WorkGroup": settings.workgroup,
        "EngineVersion": settings.engine_version,
    }
    if request.parameters:
        answer["ExecutionParameters"] = request.parameters
    return answer


def _total_millis(execution: Execution) -> int:
    end = execution.completed or datetime.now(UTC)
    return int((end - execution.submitted).total_seconds() * 1000)


def _statistics(execution: Execution) -> dict[str, Any]:
    statistics: dict[str, Any] = {
        "EngineExecutionTimeInMillis": execution.engine_millis,
        "DataScannedInBytes": execution.scanned_bytes,
        "TotalExecutionTimeInMillis": _total_millis(execution),
        "QueryQueueTimeInMillis": execution.queue_millis,
        "ServiceProcessingTimeInMillis": 0,
    }
    if execution.outcome and execution.outcome.manifest:
        statistics["DataManifestLocation"] = execution.outcome.manifest
    return statistics


def runtime_statistics(execution: Execution) -> dict[str, Any]:
    outcome = execution.outcome
    rows = outcome.update_count if outcome and outcome.update_count is not None else 0
    return {
        "Timeline": {
            "QueryQueueTimeInMillis": execution.queue_millis,
            "EngineExecutionTimeInMillis": execution.engine_millis,
            "TotalExecutionTimeInMillis": _total_millis(execution),
        },
        "Rows": {
            "InputBytes": execution.scanned_bytes,
            "OutputRows": rows or (outcome.results.rows if outcome else 0),
        },
    }
