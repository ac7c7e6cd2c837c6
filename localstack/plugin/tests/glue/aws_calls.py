"""Calls of a LocalStack service without LocalStack's gateway around it."""

from typing import Any

from botocore.parsers import create_parser
from localstack.aws.forwarder import create_aws_request_context
from localstack.services.plugins import Service
from moto.core import DEFAULT_ACCOUNT_ID


class RefusedError(AssertionError):
    """The service answered with an AWS error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class AwsCalls:
    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The parsed answer. Raises RefusedError with the error's code."""
        context = create_aws_request_context(self.service.name(), operation, parameters=parameters, region="us-east-1")
        context.account_id = DEFAULT_ACCOUNT_ID
        response = self.service.skeleton.invoke(context)
        parser = create_parser(context.service.protocol)
        raw = {"headers": dict(response.headers), "status_code": response.status_code, "body": response.data}
        answer = parser.parse(raw, context.operation.output_shape)
        if response.status_code >= 300:
            raise RefusedError(answer["Error"]["Code"], answer["Error"]["Message"])
        answer.pop("ResponseMetadata", None)
        return answer
