"""HTTP to the API: kept connections, timeouts, tries again with growing pauses, errors from problem details."""

import http.client
import json
import random
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import ApiError, TidemarkError, UnreachableError, api_error

_passing_statuses = frozenset({429, 502, 503, 504})
# Servers close connections that rest, some after 5 s; a request that meets the closing fails without being at fault.
_longest_rest_seconds = 4.0


@dataclass(frozen=True)
class Retries:
    """
    Up to `attempts` tries. Before try n + 1 a random pause of up to `first_pause_seconds` * 2**(n - 1), at most
    `longest_pause_seconds`; or what the answer's Retry-After asks for, within the same limit.
    """

    attempts: int = 5
    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 5.0

    def pause_seconds(self, attempt: int, retry_after: str | None = None) -> float:
        """Pause after try `attempt`, counted from 1."""
        if retry_after is not None and retry_after.isdigit():
            return min(float(retry_after), self.longest_pause_seconds)
        most = min(self.first_pause_seconds * 2 ** (attempt - 1), self.longest_pause_seconds)
        return random.uniform(most / 2, most)  # noqa: S311, spreads clients, guards nothing


@dataclass(frozen=True)
class _Answer:
    status: int
    retry_after: str | None
    body: bytes


class Transport:
    """
    Calls one API with its token. Safe for threads: each keeps a connection of its own. `timeout_seconds` is of a
    single try's connecting, sending and each wait for bytes.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_seconds: float = 10.0,
        retries: Retries | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise TidemarkError("client.badUrl", f"url must be http:// or https:// with a host, got {url!r}")
        self.url = url.rstrip("/")
        self._parts = urlsplit(self.url)
        self._headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        self._timeout_seconds = timeout_seconds
        self._retries = retries or Retries()
        self._sleep = sleep
        self._kept = threading.local()

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        return self._call("GET", path, None, lambda _error: True)

    def post(self, path: str, body: bytes, *, is_safe_to_repeat: Callable[[TidemarkError], bool] | None = None) -> Any:
        """
        The JSON of a POST. A request that fails in passing (429, 502, 503, 504, no answer) is tried again where
        `is_safe_to_repeat(error)` says so; absent: always. One that was never sent is always tried again.
        """
        return self._call("POST", path, body, is_safe_to_repeat or (lambda _error: True))

    def _call(self, method: str, path: str, body: bytes | None, may_repeat: Callable[[TidemarkError], bool]) -> Any:
        for attempt in range(1, self._retries.attempts + 1):
            retry_after = None
            try:
                answer = self._send(method, path, body)
                if answer.status < 400:
                    return _json(answer)
                error: TidemarkError = api_error(answer.status, _problem(answer.body))
                retry_after = answer.retry_after
            except UnreachableError as unreachable:
                error = unreachable
            is_passing = (isinstance(error, ApiError) and error.status in _passing_statuses) or isinstance(
                error, UnreachableError
            )
            was_sent = not isinstance(error, UnreachableError) or error.sent
            is_last = attempt == self._retries.attempts
            if is_last or not is_passing or (was_sent and not may_repeat(error)):
                raise error
            self._sleep(self._retries.pause_seconds(attempt, retry_after))
        raise AssertionError("attempts must be at least 1")

    def _send(self, method: str, path: str, body: bytes | None) -> _Answer:
        """One try. Raises UnreachableError."""
        connection = self._connection()
        sent = False
        try:
            if connection.sock is None:
                connection.connect()
            headers = {**self._headers, **({} if body is None else {"content-type": "application/json"})}
            sent = True
            connection.request(method, f"{self._parts.path}{path}", body=body, headers=headers)
            response = connection.getresponse()
            content = response.read()
            self._kept.used_at = time.monotonic()
            return _Answer(response.status, response.getheader("retry-after"), content)
        except (OSError, http.client.HTTPException) as cause:
            connection.close()
            reason = "it did not answer in time" if isinstance(cause, TimeoutError) else str(cause) or repr(cause)
            raise UnreachableError(f"cannot reach the API at {self.url}: {reason}", sent=sent) from cause

    def _connection(self) -> http.client.HTTPConnection:
        """The thread's connection, opened again where it has rested so long that the other end may be closing it."""
        kept: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept is not None and time.monotonic() - getattr(self._kept, "used_at", 0.0) > _longest_rest_seconds:
            kept.close()
        if kept is None:
            port, host = self._parts.port, self._parts.hostname or ""
            kept = (
                http.client.HTTPSConnection(
                    host, port, timeout=self._timeout_seconds, context=ssl.create_default_context()
                )
                if self._parts.scheme == "https"
                else http.client.HTTPConnection(host, port, timeout=self._timeout_seconds)
            )
            self._kept.connection = kept
        return kept


def download(
    url: str, *, timeout_seconds: float, retries: Retries, sleep: Callable[[float], None] = time.sleep
) -> bytes:
    """The bytes behind a link that needs no token (a presigned one). Raises UnreachableError, ApiError."""
    for attempt in range(1, retries.attempts + 1):
        try:
            with urllib.request.urlopen(url, timeout=timeout_seconds) as response:  # noqa: S310, a link of the API
                return response.read()
        except urllib.error.HTTPError as cause:
            if cause.code not in _passing_statuses | {500} or attempt == retries.attempts:
                raise api_error(cause.code, {}) from cause
        except (OSError, http.client.HTTPException) as cause:
            if attempt == retries.attempts:
                # the link itself grants access, so it is not shown
                raise UnreachableError(f"cannot read a file from {urlsplit(url).netloc}: {cause}", sent=True) from cause
        sleep(retries.pause_seconds(attempt))
    raise AssertionError("attempts must be at least 1")


def _json(answer: _Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError as cause:
        raise TidemarkError(
            "client.notJson", f"the answer ({answer.status}) is no JSON: is the url that of the API?"
        ) from cause


def _problem(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {}  # not from Tidemark: a proxy's page, say
    return problem if isinstance(problem, dict) else {}
