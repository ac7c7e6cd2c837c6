"""The Lambda Runtime API (2018-06-01) for one process, on a loopback port of its own."""

import queue
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

_POST_PATH = re.compile(r"/2018-06-01/runtime/(?:init/error|invocation/(?P<request>[^/]+)/(?P<what>response|error))$")


@dataclass(frozen=True)
class Invocation:
    request_id: str
    function_arn: str
    trace_id: str
    payload: bytes
    deadline_millis: int


@dataclass(frozen=True)
class RuntimeEvent:
    """kind "next": the process asks for work, so its init is over. request_id: of a response or an error."""

    kind: Literal["next", "response", "error", "init_error", "exit", "stop"]
    request_id: str = ""
    body: bytes = b""


class RuntimeApi:
    """Turns the process's HTTP calls into events, and hands it one invocation at a time."""

    def __init__(self, events: "queue.Queue[RuntimeEvent]") -> None:
        self.events = events
        self.work: queue.Queue[Invocation | None] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="lambda-runtime-api", daemon=True
        ).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self.work.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    api: RuntimeApi


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write per answer and no Nagle: header and body sent apart would wait 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if not self.path.endswith("/runtime/invocation/next"):
            self._answer(404)
            return
        api = self.server.api
        api.events.put(RuntimeEvent("next"))
        invocation = api.work.get()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_millis),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        self._answer(200, headers, invocation.payload)

    def do_POST(self) -> None:
        body = self._read_body()
        match = _POST_PATH.search(self.path)
        if match is None:
            self._answer(404)
            return
        self._answer(202)
        kind = match["what"] or "init_error"
        self.server.api.events.put(RuntimeEvent(kind, match["request"] or "", body))

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the function's own output is the log."""
