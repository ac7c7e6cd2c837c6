"""Errors of the client. Callers switch on the class or on `code` (`room.problem`), never on the text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class TidemarkError(Exception):
    """Whatever the client raises. `code` is `room.problem`; the message says what was wrong and how to mend it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MissingDependencyError(TidemarkError, ImportError):
    """An optional package is not installed; the message names the one to install."""


class UnreachableError(TidemarkError):
    """
    No answer came in all tries. `sent` is True where a request may have reached the API, so that nobody knows whether
    it was carried out.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__("client.unreachable", message)
        self.sent = sent


class TrainingSetError(TidemarkError):
    """A training set failed, with the code and message of its build, or was not complete in time."""


class PushStoppedError(TidemarkError):
    """
    A push ended after some of its events: `report.results` has those before, so go on with event
    `len(report.results)`. What became of the up to 500 events from there on is told by the cause.
    """

    def __init__(self, report: Any, cause: TidemarkError) -> None:
        super().__init__(cause.code, f"stopped after {len(report.results)} events: {cause}")
        self.report = report


@dataclass(frozen=True)
class FieldError:
    """One fault of a request; `pointer` is the JSON pointer of the member, '' for the whole body."""

    pointer: str
    message: str


class ApiError(TidemarkError):
    """The API answered with problem details (RFC 9457). `request_id` is what the logs of the deployment tell it by."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        faults = problem.get("errors") or []
        self.status = status
        self.request_id: str | None = problem.get("requestId")
        self.errors = tuple(FieldError(fault.get("pointer", ""), fault.get("message", "")) for fault in faults)
        # The detail of several faults tells the first of them only.
        faults_text = "; ".join(f"{fault.pointer} {fault.message}" for fault in self.errors)
        text = faults_text or problem.get("detail") or problem.get("title") or f"the API answered {status}"
        request = f" (request {self.request_id})" if status >= 500 and self.request_id else ""
        super().__init__(problem.get("code") or "client.apiError", f"{text}{request}")


class BadRequestError(ApiError):
    """400, 405, 413: the request can never be answered as it is; `errors` has each fault."""


class UnauthorizedError(ApiError):
    """401, 403: no token, or not the deployment's."""


class NotFoundError(ApiError):
    """404: no such route, service, view, feature or training set."""


class ConflictError(ApiError):
    """409: the id is taken."""


class UnavailableError(ApiError):
    """429, 502, 503, 504: it may succeed later; the client has tried again already."""


class ServerError(ApiError):
    """500: the fault is the deployment's."""


def api_error(status: int, problem: Mapping[str, Any]) -> ApiError:
    """The error of an answer that is not a success; `problem` is its body, {} where that is no JSON object."""
    if status in (401, 403):
        return UnauthorizedError(status, problem)
    if status in (429, 502, 503, 504):
        return UnavailableError(status, problem)
    known = {404: NotFoundError, 409: ConflictError}.get(status)
    return (known or (ServerError if status >= 500 else BadRequestError))(status, problem)
