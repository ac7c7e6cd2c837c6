"""LocalStack's runtime executor: one per execution environment, which serves one invocation at a time."""

import logging
import time
from collections.abc import Mapping

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from tidemark_local.lambda_executor.launch import Launch, plan_launch
from tidemark_local.lambda_executor.outcomes import Outcome
from tidemark_local.lambda_executor.report import end_lines, init_failure_line, start_line
from tidemark_local.lambda_executor.runtime_api import Invocation
from tidemark_local.lambda_executor.sandbox import Sandbox

LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"


class ProcessExecutor(RuntimeExecutor):
    """
    A process that crashed, timed out or could not initialize is replaced at the next invocation, as in Lambda.
    A failed init is told by the invocation that needed it: LocalStack drops the log of an environment that fails
    to start, and the log is where its reason is.
    """

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._launch: Launch | None = None
        self._sandbox: Sandbox | None = None
        self._init_failure: Outcome | None = None
        self._is_stopped = False

    def start(self, env_vars: Mapping[str, object]) -> None:
        from tidemark_local import dynamodb_server

        self._launch = plan_launch(self.function_version, env_vars, dynamodb_server.endpoint())
        self._start_sandbox()
        if self._is_stopped:
            raise RuntimeError(f"{self.function_version.qualified_arn} was stopped while it started")

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        request_id = payload["invoke-id"]
        sandbox = self._ready_sandbox()
        version = self.function_version
        lines = [start_line(request_id, version.id.qualifier)]
        started = time.monotonic()
        if self._init_failure is not None:
            outcome, self._init_failure = self._init_failure, None
            lines += [sandbox.log.take(), init_failure_line(outcome, sandbox.init_millis or 0)]
            init_millis = None
        else:
            timeout_seconds = int(version.config.timeout)
            outcome = sandbox.run(_invocation(payload, timeout_seconds), timeout_seconds)
            lines += [sandbox.log.take()]
            init_millis, sandbox.init_millis = sandbox.init_millis, None  # told once, by the first invocation
        duration_millis = (time.monotonic() - started) * 1000
        lines += end_lines(
            request_id,
            duration_millis=duration_millis,
            init_millis=init_millis,
            memory_mebibytes=int(version.config.memory_size),
            used_mebibytes=sandbox.peak_memory_mebibytes(),
            note=outcome.note,
        )
        return InvocationResult(request_id, outcome.body, outcome.is_error, "".join(lines))

    def stop(self) -> None:
        """May come while `start` or `invoke` runs in another thread: both then end with an exit error."""
        self._is_stopped = True
        if self._sandbox is not None:
            self._sandbox.kill()

    def get_logs(self) -> str:
        return self._sandbox.log.text() if self._sandbox else ""

    def get_address(self) -> str:
        return _HOST

    def get_endpoint_from_executor(self) -> str:
        return _HOST

    def get_runtime_endpoint(self) -> str:
        """Only LocalStack's own container init calls it."""
        return f"http://{_HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: the next version may run the same unpacked code. LocalStack deletes it with the function."""

    def _ready_sandbox(self) -> Sandbox:
        if self._init_failure is None and (self._sandbox is None or not self._sandbox.is_alive):
            return self._start_sandbox()
        return self._sandbox

    def _start_sandbox(self) -> Sandbox:
        if self._sandbox is not None:
            self._sandbox.kill()  # it has ended, but what it started may still run
        self._sandbox = Sandbox(self._launch)
        if self._is_stopped:
            self._sandbox.kill()
        self._init_failure = self._sandbox.wait_for_init()
        if self._init_failure is not None:
            LOG.warning("init of %s failed: %s", self.function_version.qualified_arn, self._init_failure.body.decode())
        return self._sandbox


def _invocation(payload: dict[str, str], timeout_seconds: int) -> Invocation:
    return Invocation(
        request_id=payload["invoke-id"],
        function_arn=payload["invoked-function-arn"],
        trace_id=payload.get("trace-id", ""),
        payload=payload["payload"].encode(),
        deadline_millis=int((time.time() + timeout_seconds) * 1000),
    )
