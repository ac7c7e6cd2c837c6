"""Deploys templates to the cloud, as CDK does: by change sets."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ..conftest import Client

type Template = dict[str, Any]


class DeploymentError(Exception):
    """Holds the reasons of all failed resources."""


@dataclass
class Stack:
    name: str
    client: Client

    def deploy(self, resources: Template, outputs: Template | None = None) -> dict[str, str]:
        """Creates or updates the stack. Returns its outputs."""
        template = {
            "Resources": resources,
            "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
        }
        cloudformation = self.client("cloudformation")
        change_set = f"c-{uuid.uuid4().hex[:8]}"
        kind = "UPDATE" if self._exists() else "CREATE"
        given = {"StackName": self.name, "ChangeSetName": change_set}
        cloudformation.create_change_set(**given, ChangeSetType=kind, TemplateBody=json.dumps(template))
        cloudformation.get_waiter("change_set_create_complete").wait(**given, WaiterConfig={"Delay": 1})
        cloudformation.execute_change_set(**given)
        return self._wait(f"stack_{kind.lower()}_complete")

    def delete(self) -> None:
        self.client("cloudformation").delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def _exists(self) -> bool:
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return any(stack["StackName"] == self.name for stack in stacks)

    def _wait(self, waiter: str) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        try:
            cloudformation.get_waiter(waiter).wait(StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        except Exception as error:
            events = cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
            reasons = [
                event.get("ResourceStatusReason") or "" for event in events if "FAILED" in event["ResourceStatus"]
            ]
            raise DeploymentError("; ".join(filter(None, reasons))) from error
        if waiter == "stack_delete_complete":
            return {}
        described = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


@pytest.fixture
def stack(client: Client) -> Iterator[Stack]:
    made = Stack(f"t{uuid.uuid4().hex[:8]}", client)
    yield made
    if made._exists():
        made.delete()


@pytest.fixture
def function_code(client: Client) -> Callable[[str], Template]:
    """function_code(source) -> the Code property of a function with that index.mjs."""
    import io
    import zipfile

    bucket = f"code-{uuid.uuid4().hex[:12]}"
    client("s3").create_bucket(Bucket=bucket)

    def upload(source: str) -> Template:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("index.mjs", source)
        key = f"{uuid.uuid4().hex}.zip"
        client("s3").put_object(Bucket=bucket, Key=key, Body=archive.getvalue())
        return {"S3Bucket": bucket, "S3Key": key}

    return upload


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}


def function_resource(code: Template, **properties: Any) -> Template:
    given = {"Runtime": "nodejs24.x", "Handler": "index.handler", "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Code": code}
    return {"Type": "AWS::Lambda::Function", "Properties": {**given, "Timeout": 10, **properties}}
