"""What the plugin does when LocalStack starts."""

from localstack.http import Request, Response
from localstack.runtime import hooks
from localstack.services.edge import ROUTER

from tidemark_local.settings import settings

STATUS_PATH = "/_tidemark/status"

_ready = {"gateway": False}


@hooks.on_infra_start(name="tidemark_patch_localstack", priority=100)
def patch_localstack() -> None:
    from tidemark_local import dynamodb_server, localstack_patches

    dynamodb_server.patch()
    localstack_patches.apply()


@hooks.on_infra_start(name="tidemark_start_dynamodb", priority=90)
def start_dynamodb() -> None:
    from tidemark_local import dynamodb_server

    dynamodb_server.start_in_background()


@hooks.on_infra_start(name="tidemark_register_status")
def register_status() -> None:
    ROUTER.add(STATUS_PATH, _status, methods=["GET"])


@hooks.on_infra_ready(name="tidemark_mark_ready")
def mark_ready() -> None:
    _ready["gateway"] = True


def _status(request: Request, **_: object) -> Response:
    """{"ready", "cloudId", "dynamodb": {"endpoint", "isUp"}}; ready = every call will be answered."""
    from tidemark_local import dynamodb_server

    dynamodb = {"endpoint": dynamodb_server.endpoint(), "isUp": dynamodb_server.is_up()}
    body = {"ready": _ready["gateway"] and dynamodb["isUp"], "cloudId": settings().cloud_id, "dynamodb": dynamodb}
    return Response.for_json(body)
