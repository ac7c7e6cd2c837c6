"""How a function's process is started: its program and its clean environment."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from tidemark_local.settings import settings

_BOOTSTRAPS = Path(__file__).parent / "bootstrap"

# An access key of twelve digits *is* the account in LocalStack. A key of an assumed role would work as well, but
# these are the same for every caller, so what is seen with them is what the function sees.
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "test"}


class UnsupportedRuntimeError(Exception):
    pass


@dataclass(frozen=True)
class Launch:
    command: list[str]
    code: str
    environment: dict[str, str]


def plan_launch(version: FunctionVersion, given: Mapping[str, object], dynamodb_endpoint: str) -> Launch:
    """given: LocalStack's variables and the function's own. Nothing of LocalStack's own environment is passed on."""
    code = str(version.config.code.get_unzipped_code_location())
    runtime = str(version.config.runtime or "")
    environment = {
        "PATH": f"{settings().node_bin}:{settings().path}",
        "HOME": settings().temporary,
        "TMPDIR": settings().temporary,
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        **{name: str(value) for name, value in given.items()},
        **_CREDENTIALS,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "LAMBDA_TASK_ROOT": code,
        "LAMBDA_RUNTIME_DIR": str(_BOOTSTRAPS),
        "NODE_PATH": settings().lambda_modules,
        "TIDEMARK_CLOUD_ID": settings().cloud_id,
        "TZ": "UTC",
    }
    environment.pop("AWS_SESSION_TOKEN", None)
    return Launch(_command(runtime), code, environment)


def _command(runtime: str) -> list[str]:
    if runtime.startswith("nodejs"):
        return [f"{settings().node_bin}/node" if settings().node_bin else "node", str(_BOOTSTRAPS / "node.mjs")]
    if runtime.startswith("python"):
        return [sys.executable, "-u", str(_BOOTSTRAPS / "python.py")]
    raise UnsupportedRuntimeError(f"runtime {runtime or 'of an image'} cannot run here; use nodejs or python")
