"""What a caller and the log see of a Node function."""

import json
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import MakeFunction

type Invocation = Callable[..., dict[str, str]]


def test_answers_with_the_handlers_result(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("export const handler = async (event) => ({ doubled: event.n * 2 });")
    result = function.invoke(invocation('{"n": 21}'))
    assert not result.is_error
    assert json.loads(result.payload) == {"doubled": 42}
    assert result.request_id == "request-1"


def test_undefined_is_null(make_function: MakeFunction, invocation: Invocation) -> None:
    assert make_function("export const handler = async () => {};").invoke(invocation()).payload == b"null"


def test_log_has_start_output_end_and_report(make_function: MakeFunction, invocation: Invocation) -> None:
    source = "export const handler = async () => { console.log('first\\nsecond', { a: 1 }); console.error('third'); };"
    function = make_function(source)
    lines = function.invoke(invocation()).logs.splitlines()
    assert lines[0] == "START RequestId: request-1 Version: $LATEST"
    assert re.fullmatch(r"\S+Z\trequest-1\tINFO\tfirst\rsecond \{ a: 1 \}", function.get_logs().split("\n")[0])
    assert re.search(r"request-1\tERROR\tthird", "\n".join(lines))
    assert lines[-2] == "END RequestId: request-1"
    assert re.fullmatch(
        r"REPORT RequestId: request-1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB"
        r"\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms",
        lines[-1],
    )


def test_each_invocation_has_its_own_log(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function(
        "export const handler = async (event) => { process.stdout.write('no newline ' + event.n); };"
    )
    first = function.invoke(invocation('{"n": 1}', "one")).logs
    second = function.invoke(invocation('{"n": 2}', "two")).logs
    assert "no newline 1" in first
    assert "no newline 1" not in second
    assert "no newline 2" in second
    assert "Init Duration" not in second


def test_module_state_persists_between_invocations(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("let n = 0; export const handler = async () => ({ n: ++n, pid: process.pid });")
    answers = [json.loads(function.invoke(invocation()).payload) for _ in range(3)]
    assert [answer["n"] for answer in answers] == [1, 2, 3]
    assert len({answer["pid"] for answer in answers}) == 1


def test_handler_error_keeps_its_name_message_and_trace(make_function: MakeFunction, invocation: Invocation) -> None:
    source = """
      class QuotaError extends Error { name = 'QuotaError'; }
      export const handler = async () => { throw new QuotaError('too many trips'); };
    """
    function = make_function(source)
    result = function.invoke(invocation())
    error = json.loads(result.payload)
    assert result.is_error
    assert error["errorType"] == "QuotaError"
    assert error["errorMessage"] == "too many trips"
    assert any("handler" in line for line in error["trace"])
    assert "too many trips" in result.logs
    assert json.loads(function.invoke(invocation()).payload) == error  # still there


def test_a_thrown_string_is_an_error(make_function: MakeFunction, invocation: Invocation) -> None:
    result = make_function("export const handler = async () => { throw 'plain'; };").invoke(invocation())
    assert json.loads(result.payload)["errorMessage"] == "plain"


def test_init_error_reaches_the_caller_and_the_log(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("throw new TypeError('TABLE_NAME is missing'); export const handler = async () => {};")
    result = function.invoke(invocation())
    error = json.loads(result.payload)
    assert result.is_error
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "TABLE_NAME is missing")
    assert "TABLE_NAME is missing" in result.logs
    assert re.search(
        r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: TypeError", result.logs
    )


def test_init_is_tried_again_at_the_next_invocation(
    make_function: MakeFunction, invocation: Invocation, tmp_path: object
) -> None:
    marker = f"{tmp_path}/second-time"
    source = f"""
      import {{ existsSync, writeFileSync }} from 'node:fs';
      if (!existsSync('{marker}')) {{ writeFileSync('{marker}', ''); throw new Error('not yet'); }}
      export const handler = async () => 'up';
    """
    function = make_function(source)
    assert json.loads(function.invoke(invocation()).payload)["errorMessage"] == "not yet"
    assert function.invoke(invocation()).payload == b'"up"'


@pytest.mark.parametrize(
    ("source", "error_type", "message"),
    [
        ("export const other = 1;", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        (
            "import 'no-such-package'; export const handler = () => {};",
            "Error",
            "Cannot find package 'no-such-package'",
        ),
        ("export const handler = {", "SyntaxError", "Unexpected end of input"),
        ("process.exit(3); export const handler = () => {};", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_init_errors_are_told_in_their_own_words(
    make_function: MakeFunction, invocation: Invocation, source: str, error_type: str, message: str
) -> None:
    error = json.loads(make_function(source).invoke(invocation()).payload)
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]


def test_a_missing_module_file_is_named(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("", environment={"_HANDLER": "gone.handler"})
    assert json.loads(function.invoke(invocation()).payload) == {
        "errorType": "Runtime.ImportModuleError",
        "errorMessage": "Error: Cannot find module 'gone'",
        "trace": json.loads(function.invoke(invocation()).payload)["trace"],
    }


def test_timeout_kills_the_process_and_its_children(make_function: MakeFunction, invocation: Invocation) -> None:
    source = """
      import { spawn } from 'node:child_process';
      const child = spawn('sleep', ['60']);
      export const handler = async (event) => {
        if (event.quick) return process.pid;
        console.log('child', child.pid, 'of', process.pid);
        await new Promise(() => setInterval(() => {}, 1000));
      };
    """
    function = make_function(source, timeout=1)
    old_pid = json.loads(function.invoke(invocation('{"quick": true}')).payload)
    started = time.monotonic()
    result = function.invoke(invocation())
    assert 0.9 < time.monotonic() - started < 3
    assert json.loads(result.payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: request-1 Error: Task timed out after 1.00 seconds",
    }
    assert "request-1 Task timed out after 1.00 seconds" in result.logs
    child_pid = int(re.search(r"child (\d+)", result.logs)[1])
    assert not _is_running(child_pid)
    assert not _is_running(old_pid)
    assert json.loads(function.invoke(invocation('{"quick": true}')).payload) != old_pid


def test_a_blocked_event_loop_times_out_too(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("export const handler = async () => { for (;;) {} };", timeout=1)
    assert json.loads(function.invoke(invocation()).payload)["errorType"] == "Sandbox.Timedout"


def test_crash_is_an_exit_error_and_the_next_invocation_has_a_new_process(
    make_function: MakeFunction, invocation: Invocation
) -> None:
    source = """
      let n = 0;
      export const handler = async (event) => { n++; if (event.exit) process.exit(event.exit); return n; };
    """
    function = make_function(source)
    assert function.invoke(invocation()).payload == b"1"
    result = function.invoke(invocation('{"exit": 7}', "crash"))
    message = "RequestId: crash Error: Runtime exited with error: exit status 7"
    assert json.loads(result.payload) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert message in result.logs
    assert function.invoke(invocation()).payload == b"1"


def test_a_killed_process_names_its_signal(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("export const handler = async () => { process.kill(process.pid, 'SIGKILL'); };")
    assert json.loads(function.invoke(invocation()).payload)["errorMessage"].endswith("signal: killed")


def test_an_unhandled_rejection_is_an_error(make_function: MakeFunction, invocation: Invocation) -> None:
    source = """
      export const handler = async () => {
        Promise.reject(new Error('forgotten'));
        await new Promise((done) => setTimeout(done, 3000));
      };
    """
    error = json.loads(make_function(source).invoke(invocation()).payload)
    assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert "forgotten" in error["errorMessage"]


def test_six_megabytes_travel_both_ways(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("export const handler = async (event) => event;")
    payload = json.dumps({"text": "x" * (6 * 1024 * 1024 - 100)}, separators=(",", ":"))
    result = function.invoke(invocation(payload))
    assert not result.is_error
    assert result.payload.decode() == payload


def test_unicode_survives(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("export const handler = async (event) => { console.log(event.s); return event; };")
    result = function.invoke(invocation(json.dumps({"s": "żółw 🐢"}, ensure_ascii=False)))
    assert json.loads(result.payload) == {"s": "żółw 🐢"}
    assert "żółw 🐢" in result.logs


def test_a_larger_answer_is_refused(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("export const handler = async () => 'x'.repeat(6 * 1024 * 1024 + 200);")
    result = function.invoke(invocation())
    assert result.is_error
    assert json.loads(result.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }


def test_an_answer_that_is_no_json_is_refused(make_function: MakeFunction, invocation: Invocation) -> None:
    error = json.loads(make_function("export const handler = async () => ({ n: 1n });").invoke(invocation()).payload)
    assert error["errorType"] == "Runtime.MarshalError"


def test_environments_run_side_by_side(make_function: MakeFunction, invocation: Invocation) -> None:
    source = """
      export const handler = async () => {
        await new Promise((done) => setTimeout(done, 400));
        return process.pid;
      };
    """
    functions = [make_function(source) for _ in range(4)]
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        pids = {result.payload for result in pool.map(lambda function: function.invoke(invocation()), functions)}
    assert len(pids) == 4
    assert time.monotonic() - started < 1.2


def test_stop_from_another_thread_ends_a_running_invocation(
    make_function: MakeFunction, invocation: Invocation
) -> None:
    function = make_function(
        "export const handler = async () => { await new Promise(() => setInterval(() => {}, 1000)); };"
    )
    threading.Timer(0.3, function.stop).start()
    started = time.monotonic()
    result = function.invoke(invocation())
    assert time.monotonic() - started < 3
    assert json.loads(result.payload)["errorType"] == "Runtime.ExitError"


def test_environment_is_clean_and_complete(
    make_function: MakeFunction, invocation: Invocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_HOST", "x")
    function = make_function("export const handler = async () => process.env;", environment={"TABLE_NAME": "t"})
    environment = json.loads(function.invoke(invocation()).payload)
    assert "A_SECRET_OF_THE_HOST" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["TABLE_NAME"] == "t"
    assert environment["AWS_ACCESS_KEY_ID"] == "000000000000"
    assert environment["AWS_SECRET_ACCESS_KEY"] == "test"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs24.x"
    assert environment["AWS_ENDPOINT_URL_DYNAMODB"].startswith("http://127.0.0.1:")
    assert environment["_X_AMZN_TRACE_ID"] == "Root=1"
    assert os.path.isdir(environment["LAMBDA_TASK_ROOT"])


def test_context_tells_the_invocation(make_function: MakeFunction, invocation: Invocation) -> None:
    source = (
        "export const handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });"
    )
    context = json.loads(make_function(source, timeout=5).invoke(invocation()).payload)
    assert context["awsRequestId"] == "request-1"
    assert context["functionName"] == "f"
    assert context["invokedFunctionArn"] == "arn:f"
    assert 4000 < context["left"] <= 5000


def test_commonjs_and_nested_handlers_load(make_function: MakeFunction, invocation: Invocation) -> None:
    function = make_function("exports.handler = async () => require('node:path').sep;", file="index.cjs")
    assert function.invoke(invocation()).payload == b'"/"'


def test_an_answer_to_a_custom_resource_goes_to_the_whole_url(
    make_function: MakeFunction, invocation: Invocation
) -> None:
    """As CDK's own handlers send it: by https, to the host name alone."""
    source = """
      import https from 'node:https';
      export const handler = (event) => new Promise((done, fail) => {
        const url = new URL(event.ResponseURL);
        const path = url.pathname + url.search;
        const options = { hostname: url.hostname, path, method: 'PUT', headers: { 'content-length': 2 } };
        https.request(options, (response) => done(response.statusCode)).on('error', fail).end('{}');
      });
    """
    from tidemark_local.cloudformation.response_listener import ResponseListener

    with ResponseListener() as listener:
        result = make_function(source).invoke(invocation(json.dumps({"ResponseURL": listener.url})))
        assert result.payload == b"200"
        assert listener.wait(1) == {}


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
