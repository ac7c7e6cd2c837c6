"""What `tidemark deploy` writes of a deployment: `.tidemark/<target>.json`."""

import json
from dataclasses import dataclass
from pathlib import Path

from .errors import TidemarkError


@dataclass(frozen=True)
class Target:
    """A deployment. `endpoint` only where it is not on AWS itself."""

    api_url: str
    api_token: str
    bucket: str
    region: str
    endpoint: str | None


def read_target(name_or_file: str | Path) -> Target:
    """
    A target by its file, or by its name: then `.tidemark/<name>.json` in this folder or the nearest one above it.
    Raises TidemarkError client.noTarget, client.badTarget.
    """
    file = _find(name_or_file)
    try:
        members = json.loads(file.read_text())
        return Target(
            api_url=members["apiUrl"],
            api_token=members["apiToken"],
            bucket=members["bucket"],
            region=members["region"],
            endpoint=members.get("endpoint"),
        )
    except (ValueError, KeyError, TypeError) as cause:
        raise TidemarkError(
            "client.badTarget", f"{file} holds no target of this version; deploy again with tidemark deploy"
        ) from cause


def _find(name_or_file: str | Path) -> Path:
    if str(name_or_file).endswith(".json"):
        candidates = [Path(name_or_file)]
    else:
        here = Path.cwd()
        candidates = [folder / ".tidemark" / f"{name_or_file}.json" for folder in (here, *here.parents)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise TidemarkError("client.noTarget", f"no deployment {name_or_file}: there is no {candidates[0]}")
