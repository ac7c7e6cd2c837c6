"""The lines that Lambda itself writes to a function's log."""

import json
import math

from tidemark_local.lambda_executor.outcomes import Outcome


def start_line(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}\n"


def init_failure_line(outcome: Outcome, init_millis: float) -> str:
    try:
        error_type = json.loads(outcome.body).get("errorType")
    except (ValueError, AttributeError):
        error_type = "Unknown"
    return f"INIT_REPORT Init Duration: {init_millis:.2f} ms\tPhase: init\tStatus: error\tError Type: {error_type}\n"


def end_lines(
    request_id: str,
    *,
    duration_millis: float,
    init_millis: float | None,
    memory_mebibytes: int,
    used_mebibytes: int,
    note: str | None,
) -> list[str]:
    """init_millis: None unless this invocation was the first of its process. note: why Lambda ended it."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration_millis:.2f} ms",
        f"Billed Duration: {math.ceil(duration_millis)} ms",
        f"Memory Size: {memory_mebibytes} MB",
        f"Max Memory Used: {used_mebibytes} MB",
    ]
    if init_millis is not None:
        fields.append(f"Init Duration: {init_millis:.2f} ms")
    lines = [note] if note else []
    return [f"{line}\n" for line in (*lines, f"END RequestId: {request_id}", "\t".join(fields))]
