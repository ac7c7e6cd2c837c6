"""Small helpers that every provider of this package uses."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent

Properties = dict[str, Any]


def schema(type_name: str, *, identifier: str, create_only: Iterable[str] = ()) -> dict[str, Any]:
    """identifier: the property that Ref gives. create_only: properties whose change replaces the resource."""
    return {
        "typeName": type_name,
        "primaryIdentifier": [f"/properties/{identifier}"],
        "createOnlyProperties": [f"/properties/{name}" for name in create_only],
    }


def succeeded(model: Properties) -> ProgressEvent[Properties]:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def failed(message: str) -> ProgressEvent[Properties]:
    return ProgressEvent(status=OperationStatus.FAILED, resource_model={}, message=message)


def generated_name(stack_name: str, logical_id: str) -> str:
    """<stack>-<logical id>-<12 random>, as CloudFormation names what the template does not."""
    return f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12]}"


def pick(properties: Properties, *names: str) -> Properties:
    return {name: properties[name] for name in names if properties.get(name) is not None}


@contextmanager
def already_gone_is_fine(*codes: str) -> Iterator[None]:
    """A delete may be repeated, and a resource may have been deleted by hand."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
