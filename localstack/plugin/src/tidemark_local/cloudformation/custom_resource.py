"""Every `Custom::*` type and AWS::CloudFormation::CustomResource: a Lambda is called and answers to a URL."""

import json
import threading
import uuid
from typing import Any

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, failed, schema, succeeded
from tidemark_local.cloudformation.response_listener import ResponseListener

_DEFAULT_TIMEOUT_SECONDS = 600
# Where the model keeps the template's own properties, apart from the attributes that the handler returned.
_GIVEN = "TidemarkGivenProperties"


class CustomResourceProvider(ResourceProvider[Properties]):
    TYPE = "AWS::CloudFormation::CustomResource"
    SCHEMA = schema(TYPE, identifier="PhysicalResourceId", create_only=["ServiceToken"])

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        given = request.desired_state
        return _finish(given, _call(request, {"RequestType": "Create", "ResourceProperties": given}), None)

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """A handler that answers with another physical id has made a new resource: the old one is deleted."""
        given = request.desired_state
        old = request.previous_state
        old_id = old["PhysicalResourceId"]
        old_given = old.get(_GIVEN, {})
        event = {
            "RequestType": "Update",
            "PhysicalResourceId": old_id,
            "ResourceProperties": given,
            "OldResourceProperties": old_given,
        }
        done = _finish(given, _call(request, event), old_id)
        if done.resource_model and done.resource_model["PhysicalResourceId"] != old_id:
            _call(request, {"RequestType": "Delete", "PhysicalResourceId": old_id, "ResourceProperties": old_given})
        return done

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        old = request.previous_state
        if not old.get("PhysicalResourceId"):
            return succeeded({})  # it was never made
        answer = _call(
            request,
            {
                "RequestType": "Delete",
                "PhysicalResourceId": old["PhysicalResourceId"],
                "ResourceProperties": old.get(_GIVEN, {}),
            },
        )
        return succeeded({}) if answer.get("Status") == "SUCCESS" else failed(_reason(answer))


def _call(request: ResourceRequest[Properties], event: Properties) -> Properties:
    """The handler's answer, or one that says FAILED when it gave none."""
    properties = event["ResourceProperties"]
    timeout_seconds = int(properties.get("ServiceTimeout") or _DEFAULT_TIMEOUT_SECONDS)
    with ResponseListener() as listener:
        payload = {
            **_as_strings(event),
            "ResponseURL": listener.url,
            "StackId": _stack_id(request),
            "RequestId": str(uuid.uuid4()),
            "ResourceType": request.resource_type,
            "LogicalResourceId": request.logical_resource_id,
            "ServiceToken": properties["ServiceToken"],
        }

        def invoke() -> None:
            result = request.aws_client_factory.lambda_.invoke(
                FunctionName=properties["ServiceToken"], Payload=json.dumps(payload)
            )
            if result.get("FunctionError"):  # it will never answer: do not wait for the timeout
                listener.answer({"Status": "FAILED", "Reason": result["Payload"].read().decode()})

        threading.Thread(target=_reporting_errors(invoke, listener), name="custom-resource", daemon=True).start()
        return listener.wait(timeout_seconds)


def _reporting_errors(invoke: Any, listener: ResponseListener) -> Any:
    def run() -> None:
        try:
            invoke()
        except Exception as error:  # whatever it is, the deployment must learn of it
            listener.answer({"Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"})

    return run


def _finish(given: Properties, answer: Properties, old_id: str | None) -> ProgressEvent[Properties]:
    if answer.get("Status") != "SUCCESS":
        return failed(_reason(answer))
    physical_id = answer.get("PhysicalResourceId") or old_id or str(uuid.uuid4())
    attributes = {name: value if isinstance(value, (dict, list)) else str(value) for name, value in _data(answer)}
    return succeeded({**given, **attributes, "PhysicalResourceId": physical_id, _GIVEN: given})


def _data(answer: Properties) -> list[tuple[str, Any]]:
    return list((answer.get("Data") or {}).items())


def _reason(answer: Properties) -> str:
    return answer.get("Reason") or "the custom resource's handler answered without Status SUCCESS and without a Reason"


def _stack_id(request: ResourceRequest[Properties]) -> str:
    stacks = request.aws_client_factory.cloudformation.describe_stacks(StackName=request.stack_name)["Stacks"]
    return stacks[0]["StackId"]


def _as_strings(value: Any) -> Any:
    """CloudFormation hands every scalar to a custom resource as text: true becomes "true"."""
    if isinstance(value, dict):
        return {name: _as_strings(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_strings(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)
