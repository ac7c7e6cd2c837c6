"""AWS::Athena::WorkGroup and AWS::Athena::NamedQuery."""

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, already_gone_is_fine, pick, schema, succeeded


class AthenaWorkGroupProvider(ResourceProvider[Properties]):
    TYPE = "AWS::Athena::WorkGroup"
    SCHEMA = schema(TYPE, identifier="Name", create_only=["Name"])

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        model = request.desired_state
        request.aws_client_factory.athena.create_work_group(
            Name=model["Name"],
            Configuration=model.get("WorkGroupConfiguration", {}),
            **pick(model, "Description", "Tags"),
        )
        return succeeded({"State": "ENABLED", **model})

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        model = request.desired_state
        request.aws_client_factory.athena.update_work_group(
            WorkGroup=model["Name"],
            ConfigurationUpdates=_updates(model.get("WorkGroupConfiguration", {})),
            **pick(model, "Description", "State"),
        )
        return succeeded({"State": "ENABLED", **model})

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        old = request.previous_state
        with already_gone_is_fine("InvalidRequestException"):
            request.aws_client_factory.athena.delete_work_group(
                WorkGroup=old["Name"], RecursiveDeleteOption=old.get("RecursiveDeleteOption", False)
            )
        return succeeded({})


def _updates(configuration: Properties) -> Properties:
    """UpdateWorkGroup names two of the settings otherwise, and takes a missing cutoff for "leave it as it is"."""
    updates = {name: value for name, value in configuration.items() if name != "ResultConfiguration"}
    if (results := configuration.get("ResultConfiguration")) is not None:
        updates["ResultConfigurationUpdates"] = results
    if "BytesScannedCutoffPerQuery" not in configuration:
        updates["RemoveBytesScannedCutoffPerQuery"] = True
    return updates


class AthenaNamedQueryProvider(ResourceProvider[Properties]):
    """Every property replaces it, as in AWS."""

    TYPE = "AWS::Athena::NamedQuery"
    SCHEMA = schema(
        TYPE, identifier="NamedQueryId", create_only=["Name", "Database", "Description", "QueryString", "WorkGroup"]
    )

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        model = request.desired_state
        given = pick(model, "Database", "Description", "QueryString", "WorkGroup")
        name = model.get("Name") or request.logical_resource_id
        created = request.aws_client_factory.athena.create_named_query(Name=name, **given)
        return succeeded({**model, "NamedQueryId": created["NamedQueryId"]})

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        with already_gone_is_fine("InvalidRequestException"):
            request.aws_client_factory.athena.delete_named_query(NamedQueryId=request.previous_state["NamedQueryId"])
        return succeeded({})
