"""A function made of a few files, run by the real executor in real processes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tidemark_local.lambda_executor.executor import ProcessExecutor

type MakeFunction = Callable[..., ProcessExecutor]


@pytest.fixture
def make_function(tmp_path: Path) -> Iterator[MakeFunction]:
    """make(source, ...) -> a started executor. file: where the source goes; its extension decides the language."""
    made: list[ProcessExecutor] = []

    def make(
        source: str,
        *,
        file: str = "index.mjs",
        timeout: int = 5,
        runtime: str = "nodejs24.x",
        environment: dict[str, str] | None = None,
    ) -> ProcessExecutor:
        code = tmp_path / f"function-{len(made)}"
        code.mkdir()
        (code / file).write_text(source)
        config = SimpleNamespace(
            code=SimpleNamespace(get_unzipped_code_location=lambda: code),
            runtime=runtime,
            timeout=timeout,
            memory_size=256,
        )
        version = SimpleNamespace(
            id=SimpleNamespace(qualifier="$LATEST"), config=config, qualified_arn="arn:aws:lambda:::function:f"
        )
        executor = ProcessExecutor(f"executor-{len(made)}", version)
        made.append(executor)
        executor.start(
            {
                "_HANDLER": f"{file.rsplit('.', 1)[0]}.handler",
                "AWS_LAMBDA_FUNCTION_NAME": "f",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 256,
                "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
                "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
                "AWS_SESSION_TOKEN": "of the role",
                **(environment or {}),
            }
        )
        return executor

    yield make
    for executor in made:
        executor.stop()


@pytest.fixture
def invocation() -> Callable[..., dict[str, Any]]:
    def build(payload: str = "{}", request_id: str = "request-1") -> dict[str, Any]:
        return {"invoke-id": request_id, "invoked-function-arn": "arn:f", "payload": payload, "trace-id": "Root=1"}

    return build
