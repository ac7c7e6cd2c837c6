"""The places where LocalStack itself must behave otherwise. Each says why."""

import re

from localstack import config
from localstack.services.apigateway.next_gen.execute_api.handlers.gateway_exception import GatewayExceptionHandler
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmWorker
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

from tidemark_local import gateway_responses
from tidemark_local.cloudformation import extension, replacement
from tidemark_local.cloudformation.extensions import EXTENSIONS

_API_URL = re.compile(r"^https?://(?P<api>[a-z0-9]+)\.execute-api\.[a-z]+-[a-z]+-\d\.[^/]+/?(?P<path>.*)$")

_default_log_group_name = ExecutionEnvironment.get_log_group_name
_default_state_update = EsmWorker.update_esm_state_in_store
_default_gateway_error = GatewayExceptionHandler.create_exception_response


def apply() -> None:
    extension.apply(EXTENSIONS)
    replacement.apply()
    EsmWorker.update_esm_state_in_store = _update_mapping_state
    ExecutionEnvironment.get_log_group_name = _log_group_name
    ChangeSetModelPreproc._perform_static_replacements = staticmethod(reachable_url)
    GatewayExceptionHandler.create_exception_response = _gateway_error


def reachable_url(value: str) -> str:
    """LocalStack's own form of an API's URL has the API's id in a host name that no resolver here knows."""
    match = _API_URL.match(value)
    if match is None:
        return value
    return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_aws/execute-api/{match['api']}/{match['path']}"


def _log_group_name(environment: ExecutionEnvironment) -> str:
    """LocalStack writes to /aws/lambda/<function> even where the function names a log group of its own."""
    return environment.function_version.config.logging_config.get("LogGroup") or _default_log_group_name(environment)


def _update_mapping_state(worker: EsmWorker, state: EsmState) -> None:
    """An update replaces the worker. The old one's last word, "disabled", would overwrite the new one's "enabled"."""
    present = worker._state.event_source_mappings.get(worker.uuid, {}).get("State")
    if not (state == EsmState.DISABLED and present == EsmState.ENABLED):
        _default_state_update(worker, state)


def _gateway_error(handler: GatewayExceptionHandler, exception: Exception, context: object) -> object:
    """LocalStack stores the templates and headers of gateway responses, and answers with its own."""
    response = _default_gateway_error(handler, exception, context)
    gateway_responses.customize(response, exception, context)
    return response
