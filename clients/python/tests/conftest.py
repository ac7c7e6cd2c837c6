"""A real HTTP server that answers as a test says, and a client of it that never really pauses."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tidemark import Client


@dataclass
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # what becomes of the request: answered, or the connection is closed without a word after reading it
    is_answered: bool = True


@dataclass
class Seen:
    method: str
    path: str
    body: Any
    headers: dict[str, str]


class ScriptedApi:
    """Gives `answers` in turn, the last one for ever; `seen` has every request."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.seen: list[Seen] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_arguments):
                pass

            def do_GET(self):  # noqa: N802
                self.answer("GET")

            def do_POST(self):  # noqa: N802
                self.answer("POST")

            def answer(self, method):
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                api.seen.append(Seen(method, self.path, json.loads(content) if content else None, dict(self.headers)))
                answer = api.answers.pop(0) if len(api.answers) > 1 else api.answers[0]
                if not answer.is_answered:
                    self.close_connection = True
                    return
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in {**answer.headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    server = ScriptedApi()
    yield server
    server.close()


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the client of this test made, in seconds."""
    return []


@pytest.fixture
def client_of(api: ScriptedApi, pauses: list[float]) -> Callable[..., Client]:
    return lambda **options: Client(api.url, "secret", sleep=pauses.append, **options)


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


def problem(status: int, code: str, **members: Any) -> Answer:
    body = {"status": status, "code": code, "title": "Title", "detail": "detail", "requestId": "r-1", **members}
    return Answer(body, status, {"content-type": "application/problem+json"})


@pytest.fixture(name="problem")
def problem_fixture() -> Callable[..., Answer]:
    return problem
