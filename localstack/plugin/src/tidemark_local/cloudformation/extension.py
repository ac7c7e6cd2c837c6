"""Completes LocalStack's own resource types: settings that their create ignores, and updates that they lack."""

from collections.abc import Callable
from dataclasses import dataclass

from localstack.services.cloudformation.deployment_utils import check_not_found_exception
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceProviderExecutor,
    ResourceRequest,
)

from tidemark_local.cloudformation.model import Properties, failed

type Finish = Callable[[ResourceRequest[Properties], Properties], None]
type Update = Callable[[ResourceProvider[Properties], ResourceRequest[Properties]], ProgressEvent[Properties]]


@dataclass(frozen=True)
class Extension:
    """finish: runs after each successful create with the model. update: instead of LocalStack's "not implemented"."""

    finish: Finish | None = None
    update: Update | None = None


def apply(extensions: dict[str, Extension]) -> None:
    """LocalStack loads a provider for each operation on a resource: that is where the extension is put around it."""
    load = ResourceProviderExecutor.try_load_resource_provider

    def load_extended(resource_type: str) -> ResourceProvider[Properties] | None:
        provider = load(resource_type)
        if provider is None:
            return None
        _extend(provider, extensions.get(resource_type, Extension()))
        _tell_failures(provider)
        return provider

    ResourceProviderExecutor.try_load_resource_provider = staticmethod(load_extended)


def update_by_create(carried: dict[str, str] | None = None, kept: tuple[str, ...] = ()) -> Update:
    """
    For types whose create is a "put". carried: property that create must be given -> where the old model has it.
    kept: properties of the old model that create would make anew, such as a random id.
    """

    def update(
        provider: ResourceProvider[Properties], request: ResourceRequest[Properties]
    ) -> ProgressEvent[Properties]:
        old = request.previous_state
        given = {name: old[source] for name, source in (carried or {}).items() if source in old}
        request.desired_state = {**given, **request.desired_state}
        event = provider.create(request)
        if event.status == OperationStatus.SUCCESS:
            event.resource_model = {**event.resource_model, **{name: old[name] for name in kept if name in old}}
        return event

    return update


def _extend(provider: ResourceProvider[Properties], extension: Extension) -> None:
    create = provider.create

    def create_and_finish(request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        event = create(request)
        if event.status == OperationStatus.SUCCESS and extension.finish is not None:
            extension.finish(request, event.resource_model)
        return event

    provider.create = create_and_finish
    if extension.update is not None:
        provider.update = lambda request: extension.update(provider, request)


def _tell_failures(provider: ResourceProvider[Properties]) -> None:
    """
    Where an update or a delete throws, LocalStack says "failed to delete" and no more, and takes "not found" during
    an update for success. Only a delete of what is gone is one.
    """
    update, delete = provider.update, provider.delete

    def update_telling(request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        try:
            return update(request)
        except NotImplementedError:
            raise  # LocalStack then leaves the resource as it is, and says so in its log
        except Exception as error:  # whatever it is, it belongs into the stack's events
            return failed(f"{type(error).__name__}: {error}")

    def delete_telling(request: ResourceRequest[Properties]) -> ProgressEvent[Properties]:
        try:
            return delete(request)
        except Exception as error:
            if check_not_found_exception(error, request.resource_type, request.desired_state):
                raise  # LocalStack takes it for success
            return failed(f"{type(error).__name__}: {error}")

    provider.update = update_telling
    provider.delete = delete_telling
