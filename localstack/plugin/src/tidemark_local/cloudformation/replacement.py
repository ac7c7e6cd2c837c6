"""Whether an update replaces a resource: by the values of its create-only properties, not by what they refer to."""

from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_executor import ChangeSetModelExecutor
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import PreprocResource
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor


def apply() -> None:
    """
    LocalStack decides before references are resolved: a create-only property that refers to any changed resource
    would replace its owner, and the removal of the "old" one would then take away what was just put: a bucket's
    policy, an API's resources, a Glue table with its rows.
    """
    execute = ChangeSetModelExecutor._execute_resource_change

    def execute_resource_change(
        executor: ChangeSetModelExecutor, name: str, before: PreprocResource, after: PreprocResource
    ) -> None:
        is_update = not is_nothing(before) and not is_nothing(after) and before.resource_type == after.resource_type
        if is_update and after.requires_replacement:
            after.requires_replacement = _differs(before, after)
        execute(executor, name=name, before=before, after=after)

    ChangeSetModelExecutor._execute_resource_change = execute_resource_change


def _differs(before: PreprocResource, after: PreprocResource) -> bool:
    provider = ResourceProviderExecutor.try_load_resource_provider(after.resource_type)
    pointers = provider.SCHEMA.get("createOnlyProperties", []) if provider is not None else []
    names = [pointer.removeprefix("/properties/") for pointer in pointers]
    return any(before.properties.properties.get(name) != after.properties.properties.get(name) for name in names)
