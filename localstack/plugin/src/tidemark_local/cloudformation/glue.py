"""AWS::Glue::Database and AWS::Glue::Table."""

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceProvider, ResourceRequest

from tidemark_local.cloudformation.model import Properties, already_gone_is_fine, generated_name, schema, succeeded

_GONE = "EntityNotFoundException"


class GlueDatabaseProvider(ResourceProvider[Properties]):
    TYPE = "AWS::Glue::Database"
    SCHEMA = schema(TYPE, identifier="DatabaseName", create_only=["CatalogId", "DatabaseName"])

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        model = request.desired_state
        given = model["DatabaseInput"]
        name = model.get("DatabaseName") or given.get("Name")
        name = name or generated_name(request.stack_name, request.logical_resource_id).lower()
        request.aws_client_factory.glue.create_database(DatabaseInput={**given, "Name": name})
        return succeeded({**model, "DatabaseName": name})

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        name = request.previous_state["DatabaseName"]
        given = request.desired_state["DatabaseInput"]
        request.aws_client_factory.glue.update_database(Name=name, DatabaseInput={**given, "Name": name})
        return succeeded({**request.desired_state, "DatabaseName": name})

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        with already_gone_is_fine(_GONE):
            request.aws_client_factory.glue.delete_database(Name=request.previous_state["DatabaseName"])
        return succeeded({})


class GlueTableProvider(ResourceProvider[Properties]):
    """`Id` is what Ref gives: the table's name."""

    TYPE = "AWS::Glue::Table"
    SCHEMA = schema(TYPE, identifier="Id", create_only=["CatalogId", "DatabaseName"])

    def create(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        model = request.desired_state
        given = model["TableInput"]
        name = given.get("Name") or generated_name(request.stack_name, request.logical_resource_id).lower()
        request.aws_client_factory.glue.create_table(
            DatabaseName=model["DatabaseName"], TableInput={**given, "Name": name}
        )
        return succeeded({**model, "Id": name})

    def update(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        """Partitions stay. Another name is another table, as in AWS."""
        old_name = request.previous_state["Id"]
        name = request.desired_state["TableInput"].get("Name") or old_name
        if name != old_name:
            created = self.create(request)
            self.delete(request)
            return created
        given = {**request.desired_state["TableInput"], "Name": name}
        database = request.desired_state["DatabaseName"]
        request.aws_client_factory.glue.update_table(DatabaseName=database, TableInput=given)
        return succeeded({**request.desired_state, "Id": name})

    def delete(self, request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        old = request.previous_state
        with already_gone_is_fine(_GONE):
            request.aws_client_factory.glue.delete_table(DatabaseName=old["DatabaseName"], Name=old["Id"])
        return succeeded({})
