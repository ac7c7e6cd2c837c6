"""LocalStack's `athena` service: the query operations here, everything else by moto."""

import atexit
import shutil
import threading
from collections.abc import Callable
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.connect import connect_to
from localstack.aws.spec import load_service
from localstack.services.moto import _proxy_moto
from localstack.services.plugins import Service, ServiceLifecycleHook, aws_provider
from moto.athena.models import AthenaBackend, PreparedStatement, athena_backends

from .engine import Engine, working_directory
from .errors import InvalidRequestError
from .executions import Executions, Request
from .objects import Objects
from .operations import describe, runtime_statistics
from .stored_objects import read_stored
from .workgroups import settings_for

type Handler = Callable[[RequestContext, dict], Any]
MAX_LISTED = 50


class MotoPreparedStatements:
    """Those of the API. moto keeps one statement per name: a second workgroup's replaces the first's."""

    def __init__(self, backend: AthenaBackend) -> None:
        self.backend = backend

    def get(self, workgroup: str, name: str) -> str | None:
        found = self.backend.prepared_statements.get(name)
        return found.query_statement if found and found.workgroup == workgroup else None

    def put(self, workgroup: str, name: str, text: str) -> None:
        self.backend.prepared_statements[name] = PreparedStatement(name, workgroup, text, "")  # type: ignore[arg-type]

    def delete(self, workgroup: str, name: str) -> bool:
        return self.backend.prepared_statements.pop(name, None) is not None


class AthenaProvider(ServiceLifecycleHook):
    """One engine for all accounts and regions; executions per account and region."""

    service = "athena"

    def __init__(self) -> None:
        self._executions: dict[tuple[str, str], Executions] = {}
        self._engine: Engine | None = None
        self._directory = working_directory()
        self._lock = threading.Lock()
        atexit.register(self.on_before_stop)

    def on_before_stop(self) -> None:
        with self._lock:
            for executions in self._executions.values():
                executions.close()
            self._executions.clear()
            shutil.rmtree(self._directory, ignore_errors=True)

    def executions(self, context: RequestContext) -> Executions:
        account, region = context.account_id, context.region
        with self._lock:
            if (account, region) not in self._executions:
                self._engine = self._engine or Engine(self._directory)
                clients = connect_to(aws_access_key_id=account, region_name=region)
                self._executions[account, region] = Executions(
                    Objects(clients.s3, self._directory, read_stored),
                    clients.glue,
                    self._engine,
                    self._directory,
                    MotoPreparedStatements(athena_backends[account][region]),
                )
            return self._executions[account, region]

    def handlers(self) -> dict[str, Handler]:
        return {
            "StartQueryExecution": self.start_query_execution,
            "StopQueryExecution": self.stop_query_execution,
            "GetQueryExecution": self.get_query_execution,
            "BatchGetQueryExecution": self.batch_get_query_execution,
            "ListQueryExecutions": self.list_query_executions,
            "GetQueryResults": self.get_query_results,
            "GetQueryRuntimeStatistics": self.get_query_runtime_statistics,
            "GetWorkGroup": self.get_work_group,
            "UpdateWorkGroup": self.update_work_group,
            "DeletePreparedStatement": self.delete_prepared_statement,
            "DeleteNamedQuery": self.delete_named_query,
        }

    def start_query_execution(self, context: RequestContext, request: dict) -> dict:
        name = request.get("WorkGroup") or "primary"
        workgroup = athena_backends[context.account_id][context.region].get_work_group(name)
        settings = settings_for(name, workgroup, request.get("ResultConfiguration"))
        scope = request.get("QueryExecutionContext") or {}
        query = Request(
            request["QueryString"],
            scope.get("Database"),
            scope.get("Catalog"),
            list(request.get("ExecutionParameters") or []),
            request.get("ClientRequestToken"),
        )
        return {"QueryExecutionId": self.executions(context).start(query, settings)}

    def stop_query_execution(self, context: RequestContext, request: dict) -> dict:
        self.executions(context).stop(request["QueryExecutionId"])
        return {}

    def get_query_execution(self, context: RequestContext, request: dict) -> dict:
        execution = self.executions(context).get(request["QueryExecutionId"])
        return {"QueryExecution": describe(execution)}

    def batch_get_query_execution(self, context: RequestContext, request: dict) -> dict:
        found, missing = [], []
        for execution_id in request["QueryExecutionIds"]:
            try:
                found.append(describe(self.executions(context).get(execution_id)))
            except InvalidRequestError as error:
                missing.append(
                    {
                        "QueryExecutionId": execution_id,
                        "ErrorCode": "INVALID_QUERY_EXECUTION_ID",
                        "ErrorMessage": str(error),
                    }
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def list_query_executions(self, context: RequestContext, request: dict) -> dict:
        ids = self.executions(context).list_ids(request.get("WorkGroup") or "primary")
        start = int(request.get("NextToken") or 0)
        end = start + (request.get("MaxResults") or MAX_LISTED)
        more = {"NextToken": str(end)} if end < len(ids) else {}
        return {"QueryExecutionIds": ids[start:end], **more}

    def get_query_results(self, context: RequestContext, request: dict) -> dict:
        return self.executions(context).results(
            request["QueryExecutionId"], request.get("NextToken"), request.get("MaxResults")
        )

    def get_query_runtime_statistics(self, context: RequestContext, request: dict) -> dict:
        execution = self.executions(context).get(request["QueryExecutionId"])
        return {"QueryRuntimeStatistics": runtime_statistics(execution)}

    def get_work_group(self, context: RequestContext, request: dict) -> Any:
        backend = athena_backends[context.account_id][context.region]
        if request["WorkGroup"] not in backend.work_groups:
            raise InvalidRequestError(f"WorkGroup {request['WorkGroup']} is not found.")
        return _proxy_moto(context, request)

    def update_work_group(self, context: RequestContext, request: dict) -> dict:
        backend = athena_backends[context.account_id][context.region]
        workgroup = backend.work_groups.get(request["WorkGroup"])
        if workgroup is None:
            raise InvalidRequestError(f"WorkGroup {request['WorkGroup']} is not found.")
        if request.get("State"):
            workgroup.state = request["State"]
        if request.get("Description") is not None:
            workgroup.description = request["Description"]
        apply_updates(workgroup.configuration, request.get("ConfigurationUpdates") or {})
        return {}

    def delete_prepared_statement(self, context: RequestContext, request: dict) -> dict:
        backend = athena_backends[context.account_id][context.region]
        backend.prepared_statements.pop(request["StatementName"], None)
        return {}

    def delete_named_query(self, context: RequestContext, request: dict) -> dict:
        backend = athena_backends[context.account_id][context.region]
        backend.named_queries.pop(request["NamedQueryId"], None)
        return {}


def apply_updates(configuration: dict, updates: dict) -> None:
    """UpdateWorkGroup's ConfigurationUpdates, where `Remove<Name>` clears a setting."""
    updates = dict(updates)
    results = updates.pop("ResultConfigurationUpdates", None) or {}
    if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
        configuration.pop("BytesScannedCutoffPerQuery", None)
    configuration.update(updates)
    current = configuration.setdefault("ResultConfiguration", {})
    for name, value in results.items():
        if name.startswith("Remove"):
            if value:
                current.pop(name.removeprefix("Remove"), None)
        else:
            current[name] = value


def guarded(handler: Handler) -> Handler:
    def call(context: RequestContext, request: dict) -> Any:
        try:
            return handler(context, request)
        except InvalidRequestError as error:
            raise CommonServiceException(
                "InvalidRequestException", str(error), status_code=400, sender_fault=True
            ) from error

    return call


def dispatch_table(provider: AthenaProvider) -> dict[str, Handler]:
    own = {name: guarded(handler) for name, handler in provider.handlers().items()}
    return {**dict.fromkeys(load_service("athena").operation_names, _proxy_moto), **own}


@aws_provider()
def athena() -> Service:
    return Service.for_provider(AthenaProvider(), dispatch_table_factory=dispatch_table)
