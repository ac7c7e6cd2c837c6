"""Custom resources by a function that answers to the response URL."""

from collections.abc import Callable

import pytest

from ..conftest import Client
from .conftest import ROLE, DeploymentError, Stack, Template, function_resource

# Answers by https to the host alone, as CDK's own handlers do.
HANDLER = """
import https from 'node:https';
export const handler = async (event) => {
  console.log(JSON.stringify(event));
  const given = event.ResourceProperties;
  if (given.Throw === 'true') throw new Error('cannot even answer');
  const answer = {
    Status: given.Fail === 'true' ? 'FAILED' : 'SUCCESS', Reason: 'as asked',
    PhysicalResourceId: `thing-${given.Id}`, StackId: event.StackId,
    RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
    Data: { Echo: [event.RequestType, given.Value, typeof given.Flag, event.OldResourceProperties?.Value].join(' ') },
  };
  const body = JSON.stringify(answer);
  const url = new URL(event.ResponseURL);
  const options = {
    hostname: url.hostname, path: url.pathname + url.search, method: 'PUT',
    headers: { 'content-type': '', 'content-length': Buffer.byteLength(body) },
  };
  await new Promise((done, fail) => https.request(options, done).on('error', fail).end(body));
};
"""


def _resources(code: Template, **given: object) -> Template:
    token = {"Fn::GetAtt": ["Function", "Arn"]}
    return {
        "Role": ROLE,
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {}},
        "Function": function_resource(code, LoggingConfig={"LogGroup": {"Ref": "Log"}}),
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": token, **given},
        },
    }


OUTPUTS = {"Id": {"Ref": "Thing"}, "Echo": {"Fn::GetAtt": ["Thing", "Echo"]}, "Log": {"Ref": "Log"}}


def test_create_update_replace_delete(stack: Stack, client: Client, function_code: Callable[[str], Template]) -> None:
    code = function_code(HANDLER)
    made = stack.deploy(_resources(code, Id=1, Value="one", Flag=True), OUTPUTS)
    assert made["Id"] == "thing-1"
    assert made["Echo"] == "Create one string "

    changed = stack.deploy(_resources(code, Id=1, Value="two", Flag=True), OUTPUTS)
    assert (changed["Id"], changed["Echo"]) == ("thing-1", "Update two string one")

    replaced = stack.deploy(_resources(code, Id=2, Value="two", Flag=True), OUTPUTS)
    assert replaced["Id"] == "thing-2"
    requests = [line for line in _messages(client, made["Log"]) if '"RequestType"' in line]
    assert '"RequestType":"Delete"' in requests[-1]
    assert '"PhysicalResourceId":"thing-1"' in requests[-1]
    assert "arn:aws:cloudformation:us-east-1:000000000000:stack/" in requests[0]

    stack.delete()


def test_a_failed_answer_fails_the_deployment_with_its_reason(
    stack: Stack, function_code: Callable[[str], Template]
) -> None:
    with pytest.raises(DeploymentError, match="as asked"):
        stack.deploy(_resources(function_code(HANDLER), Id=1, Value="one", Fail=True), OUTPUTS)


def test_a_handler_that_throws_fails_the_deployment_at_once(
    stack: Stack, function_code: Callable[[str], Template]
) -> None:
    with pytest.raises(DeploymentError, match="cannot even answer"):
        stack.deploy(_resources(function_code(HANDLER), Id=1, Value="one", Throw=True), OUTPUTS)


def _messages(client: Client, log_group: str) -> list[str]:
    return [event["message"] for event in client("logs").filter_log_events(logGroupName=log_group)["events"]]
