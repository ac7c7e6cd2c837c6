"""What a workgroup decides for a query: where results go, how much may be scanned, whether it runs."""

from dataclasses import dataclass

from .errors import InvalidRequestError


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """output: prefix ending in a slash. cutoff_bytes: None for no limit."""

    workgroup: str
    output: str
    cutoff_bytes: int | None
    result_configuration: dict
    engine_version: dict


def settings_for(name: str, workgroup: dict | None, requested: dict | None) -> QuerySettings:
    """workgroup: the answer of GetWorkGroup. requested: the call's ResultConfiguration."""
    if workgroup is None:
        raise InvalidRequestError(f"WorkGroup {name} is not found.")
    if workgroup.get("State", "ENABLED") != "ENABLED":
        raise InvalidRequestError(f"WorkGroup {name} is disabled.")
    configuration = workgroup.get("Configuration") or {}
    own = dict(configuration.get("ResultConfiguration") or {})
    wanted = {k: v for k, v in (requested or {}).items() if v}
    enforced = configuration.get("EnforceWorkGroupConfiguration", True) and own.get("OutputLocation")
    chosen = own if enforced else {**own, **wanted}
    location = chosen.get("OutputLocation")
    if not location:
        raise InvalidRequestError(
            "No output location provided. An output location is required either through the"
            " Workgroup result configuration setting or as an API input."
        )
    if not location.startswith("s3://") or not location[5:].split("/")[0]:
        raise InvalidRequestError(f"outputLocation is not a valid S3 path: {location}")
    return QuerySettings(
        name,
        location.rstrip("/") + "/",
        configuration.get("BytesScannedCutoffPerQuery"),
        chosen,
        configuration.get("EngineVersion")
        or {
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
    )
