"""The URL to which a custom resource's handler PUTs its answer."""

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, Self


class ResponseListener:
    """Takes one answer; later ones are dropped."""

    def __init__(self) -> None:
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.listener = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/custom-resource-response?signature=none"

    def answer(self, body: dict[str, Any]) -> None:
        self._answers.put(body)

    def wait(self, timeout_seconds: float) -> dict[str, Any]:
        try:
            return self._answers.get(timeout=timeout_seconds)
        except queue.Empty:
            return {"Status": "FAILED", "Reason": f"no answer from the custom resource within {timeout_seconds} s"}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(HTTPServer):
    listener: ResponseListener


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.listener.answer(json.loads(body))

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
