"""Log groups and EventBridge rules."""

from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

from tidemark_local.cloudformation.model import Properties, pick, succeeded


def finish_log_group(request: ResourceRequest[Properties], model: Properties) -> None:
    if days := model.get("RetentionInDays"):
        request.aws_client_factory.logs.put_retention_policy(
            logGroupName=model["LogGroupName"], retentionInDays=int(days)
        )


def update_log_group(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    model = {**pick(request.previous_state, "LogGroupName", "Arn"), **request.desired_state}
    if not model.get("RetentionInDays"):
        request.aws_client_factory.logs.delete_retention_policy(logGroupName=model["LogGroupName"])
    finish_log_group(request, model)
    return succeeded(model)


def update_rule(
    provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
) -> ProgressEvent[Properties]:
    """The old id is "<name>" or "<bus>|<name>". Targets that the new rule does not name are taken away."""
    name = request.previous_state["Id"].split("|")[-1]
    request.desired_state = {"Name": name, **request.desired_state}
    event = provider.create(request)
    if event.status == OperationStatus.SUCCESS:
        _remove_other_targets(request, name)
    return event


def _remove_other_targets(request: ResourceRequest[Properties], rule: str) -> None:
    events = request.aws_client_factory.events
    bus = {"EventBusName": name} if (name := request.desired_state.get("EventBusName")) else {}
    wanted = {target["Id"] for target in request.desired_state.get("Targets") or []}
    present = {target["Id"] for target in events.list_targets_by_rule(Rule=rule, **bus)["Targets"]}
    if others := sorted(present - wanted):
        events.remove_targets(Rule=rule, Ids=others, **bus)
