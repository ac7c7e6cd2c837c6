"""An API's own wording of the errors that API Gateway itself answers."""

import json
import re
from typing import Any

from localstack.http import Response
from localstack.services.apigateway.next_gen.execute_api.context import RestApiInvocationContext
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    BaseGatewayException,
    get_gateway_response_or_default,
)

_VARIABLE = re.compile(r"\$context\.(?P<name>[A-Za-z.]+)")
_HEADER = "gatewayresponse.header."


def customize(response: Response, exception: BaseGatewayException, context: RestApiInvocationContext) -> None:
    """Does nothing where the API has no gateway response for this kind of error (or for all of its class)."""
    own = context.deployment.rest_api.gateway_responses
    chosen = get_gateway_response_or_default(exception.type, own)
    if not any(chosen is candidate for candidate in own.values()) and chosen.get("defaultResponse", True):
        return
    template = (chosen.get("responseTemplates") or {}).get("application/json")
    if template is not None:
        response.set_data(render(template, variables(exception, context)))
    for name, value in (chosen.get("responseParameters") or {}).items():
        if name.startswith(_HEADER) and value.startswith("'"):
            response.headers[name.removeprefix(_HEADER)] = value.strip("'")


def variables(exception: BaseGatewayException, context: RestApiInvocationContext) -> dict[str, Any]:
    known = context.context_variables
    return {
        "error.message": exception.message,
        "error.messageString": json.dumps(exception.message),
        "error.responseType": str(exception.type),
        "error.validationErrorString": exception.message,
        "requestId": known.get("requestId", ""),
        "extendedRequestId": known.get("extendedRequestId", ""),
        "path": known.get("path", ""),
        "httpMethod": known.get("httpMethod", ""),
    }


def render(template: str, values: dict[str, Any]) -> str:
    """Context variables only: no template logic. An unknown variable is empty, as in API Gateway."""
    return _VARIABLE.sub(lambda match: str(values.get(match["name"], "")), template)
