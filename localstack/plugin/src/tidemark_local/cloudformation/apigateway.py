"""Updates of REST APIs, which the API makes by patch operations."""

import json
from typing import Any

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, pick, succeeded


def update_rest_api(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    model = {**pick(request.previous_state, "RestApiId", "RootResourceId"), **request.desired_state}
    operations = _replace({"/name": model.get("Name"), "/description": model.get("Description")})
    request.aws_client_factory.apigateway.update_rest_api(restApiId=model["RestApiId"], patchOperations=operations)
    return succeeded(model)


def update_stage(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    """A change of any method or resource arrives here as another deployment."""
    old, new = request.previous_state, request.desired_state
    model = {"StageName": old["StageName"], **new}
    log = new.get("AccessLogSetting") or {}
    variables = new.get("Variables") or {}
    operations = _replace(
        {
            "/deploymentId": new.get("DeploymentId"),
            "/description": new.get("Description"),
            "/tracingEnabled": new.get("TracingEnabled"),
            "/accessLogSettings/destinationArn": log.get("DestinationArn"),
            "/accessLogSettings/format": log.get("Format"),
            **{f"/variables/{name}": value for name, value in variables.items()},
        }
    )
    gone = sorted(set(old.get("Variables") or {}) - set(variables))
    operations += [{"op": "remove", "path": f"/variables/{name}"} for name in gone]
    request.aws_client_factory.apigateway.update_stage(
        restApiId=model["RestApiId"], stageName=model["StageName"], patchOperations=operations
    )
    return succeeded(model)


def update_model(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    model = {**pick(request.previous_state, "Name", "ContentType"), **request.desired_state}
    operations = _replace({"/schema": json.dumps(model.get("Schema", {})), "/description": model.get("Description")})
    request.aws_client_factory.apigateway.update_model(
        restApiId=model["RestApiId"], modelName=model["Name"], patchOperations=operations
    )
    return succeeded(model)


def update_request_validator(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    model = {**pick(request.previous_state, "Name", "RequestValidatorId"), **request.desired_state}
    flags = ("ValidateRequestBody", "ValidateRequestParameters")
    operations = _replace({f"/{flag[0].lower()}{flag[1:]}": model.get(flag, False) for flag in flags})
    request.aws_client_factory.apigateway.update_request_validator(
        restApiId=model["RestApiId"], requestValidatorId=model["RequestValidatorId"], patchOperations=operations
    )
    return succeeded(model)


def _replace(values: dict[str, Any]) -> list[dict[str, str]]:
    """Values are text in patch operations; None means "not named by the template" and is left out."""
    return [
        {"op": "replace", "path": path, "value": str(value).lower() if isinstance(value, bool) else str(value)}
        for path, value in values.items()
        if value is not None
    ]
