"""How a sandbox's work can end, and the words in which Lambda tells it to the caller."""

import json
import signal
from dataclasses import dataclass

# The limit of a synchronous answer: 6 MB and the 100 bytes that Lambda grants above.
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100


@dataclass(frozen=True)
class Outcome:
    """body: the handler's JSON, or Lambda's JSON about the error. note: a line that Lambda itself adds to the log."""

    body: bytes
    is_error: bool
    note: str | None = None


def answered(body: bytes) -> Outcome:
    if len(body) <= MAX_RESPONSE_BYTES:
        return Outcome(body, is_error=False)
    message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    return _failed("Function.ResponseSizeTooLarge", message, note=message)


def raised(body: bytes) -> Outcome:
    """The runtime has reported the handler's (or the module's) own error: it is passed on as it is."""
    return Outcome(body, is_error=True)


def timed_out(request_id: str, timeout_seconds: int) -> Outcome:
    text = f"Task timed out after {timeout_seconds}.00 seconds"
    return _failed("Sandbox.Timedout", f"RequestId: {request_id} Error: {text}", note=f"{request_id} {text}")


def exited(return_code: int, request_id: str | None = None) -> Outcome:
    """return_code as subprocess gives it: negative for a signal. request_id: None during the init."""
    how = f"exit status {return_code}"
    if return_code < 0:
        how = f"signal: {(signal.strsignal(-return_code) or str(-return_code)).lower()}"
    prefix = f"RequestId: {request_id} Error: " if request_id else ""
    message = f"{prefix}Runtime exited with error: {how}"
    return _failed("Runtime.ExitError", message, note=message)


def init_timed_out(limit_seconds: int) -> Outcome:
    text = f"Init phase timed out after {limit_seconds}.00 seconds"
    return _failed("Sandbox.Timedout", text, note=text)


def _failed(error_type: str, message: str, *, note: str) -> Outcome:
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Outcome(body, is_error=True, note=note)
