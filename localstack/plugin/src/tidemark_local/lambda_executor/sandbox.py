"""One process of a function: started, given invocations, killed."""

import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress

from tidemark_local.lambda_executor import outcomes
from tidemark_local.lambda_executor.launch import Launch
from tidemark_local.lambda_executor.log import SandboxLog
from tidemark_local.lambda_executor.outcomes import Outcome
from tidemark_local.lambda_executor.runtime_api import Invocation, RuntimeApi, RuntimeEvent

# Lambda gives an init 10 s. A shared two-core machine gets more, so that load is not taken for a fault.
INIT_LIMIT_SECONDS = 60
_LOG_FLUSH_SECONDS = 0.5


class Sandbox:
    """Not for two invocations at once; `kill` may come from any thread at any time."""

    def __init__(self, launch: Launch) -> None:
        self._events: queue.Queue[RuntimeEvent] = queue.Queue()
        self._api = RuntimeApi(self._events)
        self._kill_lock = threading.Lock()
        self._is_killed = False
        self._started = time.monotonic()
        self.log = SandboxLog()
        self.init_millis: float | None = None
        self._process = subprocess.Popen(
            launch.command,
            cwd=launch.code,
            env={**launch.environment, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        threading.Thread(target=self._watch, name="lambda-output", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_for_init(self) -> Outcome | None:
        """None when the process asks for work; else what went wrong, and the process is dead."""
        event = self._next_event(INIT_LIMIT_SECONDS)
        self.init_millis = (time.monotonic() - self._started) * 1000
        if event is not None and event.kind == "next":
            return None
        self.log.wait_for_mark(_LOG_FLUSH_SECONDS)
        self.kill()
        if event is None:
            return outcomes.init_timed_out(INIT_LIMIT_SECONDS)
        if event.kind == "init_error":
            return outcomes.raised(event.body)
        return outcomes.exited(self._process.returncode)

    def run(self, invocation: Invocation, timeout_seconds: int) -> Outcome:
        """Returns within the timeout. After a timeout or an exit the process is dead."""
        self.log.expect_mark()
        self._api.work.put(invocation)
        deadline = time.monotonic() + timeout_seconds
        while (event := self._next_event(deadline - time.monotonic())) is not None:
            if event.kind in ("exit", "stop"):
                self.kill()
                return outcomes.exited(self._process.returncode, invocation.request_id)
            if event.request_id == invocation.request_id:
                self.log.wait_for_mark(_LOG_FLUSH_SECONDS)
                return outcomes.answered(event.body) if event.kind == "response" else outcomes.raised(event.body)
        self.kill()
        return outcomes.timed_out(invocation.request_id, timeout_seconds)

    def peak_memory_mebibytes(self) -> int:
        with suppress(OSError, StopIteration, ValueError), open(f"/proc/{self._process.pid}/status") as status:
            peak = next(line for line in status if line.startswith("VmHWM:"))
            return int(peak.split()[1]) // 1024
        return 0

    def kill(self) -> None:
        """Ends the process and its children, and whoever waits for them. Again is no error and does nothing."""
        with self._kill_lock:
            if self._is_killed:
                return
            self._is_killed = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._events.put(RuntimeEvent("stop"))
        self._api.close()

    def _next_event(self, timeout_seconds: float) -> RuntimeEvent | None:
        try:
            return self._events.get(timeout=max(0, timeout_seconds))
        except queue.Empty:
            return None

    def _watch(self) -> None:
        self.log.pump(self._process.stdout)
        self._process.wait()
        self._events.put(RuntimeEvent("exit"))
