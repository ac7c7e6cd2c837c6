"""The Python runtime of a Lambda function: asks the Runtime API for invocations and calls the handler."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

_API = "/2018-06-01/runtime"
_END_MARK = "\x00tidemark-end\x00\n"


class Context:
    def __init__(self, headers: http.client.HTTPMessage) -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_millis = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_millis - int(time.time() * 1000))


class RuntimeApi:
    def __init__(self) -> None:
        self._connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def next(self) -> tuple[http.client.HTTPMessage, bytes]:
        self._connection.request("GET", f"{_API}/invocation/next")
        answer = self._connection.getresponse()
        return answer.headers, answer.read()

    def post(self, path: str, body: bytes) -> None:
        print(_END_MARK, end="", flush=True)
        self._connection.request("POST", f"{_API}/{path}", body)
        self._connection.getresponse().read()


def describe(error: BaseException, request_id: str = "") -> bytes:
    trace = traceback.format_tb(error.__traceback__)
    fields = {"errorMessage": str(error), "errorType": type(error).__name__, "requestId": request_id}
    return json.dumps({**fields, "stackTrace": trace}).encode()


def load_handler() -> Callable[[Any, Context], Any]:
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def serve(api: RuntimeApi, handler: Callable[[Any, Context], Any]) -> None:
    while True:
        headers, payload = api.next()
        context = Context(headers)
        request_id = context.aws_request_id
        try:
            body = json.dumps(handler(json.loads(payload), context)).encode()
        except Exception as error:
            traceback.print_exc()
            api.post(f"invocation/{request_id}/error", describe(error, request_id))
        else:
            api.post(f"invocation/{request_id}/response", body)


def main() -> None:
    api = RuntimeApi()
    try:
        handler = load_handler()
    except Exception as error:
        traceback.print_exc()
        api.post("init/error", describe(error))
        sys.exit(1)
    try:
        serve(api, handler)
    except (ConnectionError, http.client.HTTPException):
        sys.exit(0)  # the Runtime API is gone, and so is the cloud


main()
