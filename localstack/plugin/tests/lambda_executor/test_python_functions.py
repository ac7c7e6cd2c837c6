"""What a caller and the log see of a Python function."""

import json
import re
from collections.abc import Callable
from functools import partial

import pytest

from .conftest import MakeFunction

type Invocation = Callable[..., dict[str, str]]


@pytest.fixture
def make_python(make_function: MakeFunction) -> MakeFunction:
    return partial(make_function, file="app.py", runtime="python3.13")


def test_answers_and_keeps_module_state(make_python: MakeFunction, invocation: Invocation) -> None:
    function = make_python("n = 0\ndef handler(event, context):\n  global n\n  n += 1\n  return {'n': n, **event}\n")
    assert json.loads(function.invoke(invocation('{"a": 1}')).payload) == {"n": 1, "a": 1}
    assert json.loads(function.invoke(invocation('{"a": 1}')).payload) == {"n": 2, "a": 1}


def test_prints_to_the_log(make_python: MakeFunction, invocation: Invocation) -> None:
    logs = make_python("def handler(event, context):\n  print('hello')\n").invoke(invocation()).logs
    assert re.match(r"START .*\nhello\nEND .*\nREPORT ", logs)


def test_handler_error_keeps_its_name_and_message(make_python: MakeFunction, invocation: Invocation) -> None:
    source = "class QuotaError(Exception): pass\ndef handler(event, context):\n  raise QuotaError('too many')\n"
    result = make_python(source).invoke(invocation())
    error = json.loads(result.payload)
    assert result.is_error
    assert (error["errorType"], error["errorMessage"], error["requestId"]) == ("QuotaError", "too many", "request-1")
    assert "QuotaError: too many" in result.logs


def test_init_error_reaches_the_caller_and_the_log(make_python: MakeFunction, invocation: Invocation) -> None:
    result = make_python("import no_such_module\n").invoke(invocation())
    assert json.loads(result.payload)["errorType"] == "ModuleNotFoundError"
    assert "No module named 'no_such_module'" in result.logs


def test_timeout_and_crash(make_python: MakeFunction, invocation: Invocation) -> None:
    source = "import os, time\ndef handler(event, context):\n  os._exit(4) if event else time.sleep(30)\n"
    function = make_python(source, timeout=1)
    assert json.loads(function.invoke(invocation()).payload)["errorType"] == "Sandbox.Timedout"
    assert "exit status 4" in json.loads(function.invoke(invocation('{"exit": 1}')).payload)["errorMessage"]


def test_context_tells_the_invocation(make_python: MakeFunction, invocation: Invocation) -> None:
    source = "def handler(event, context):\n  return [context.aws_request_id, context.get_remaining_time_in_millis()]\n"
    request_id, left_millis = json.loads(make_python(source).invoke(invocation()).payload)
    assert request_id == "request-1"
    assert 4000 < left_millis <= 5000
