"""The entry point that LAMBDA_RUNTIME_EXECUTOR=local selects."""

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor


class LocalExecutorPlugin(RuntimeExecutorPlugin):
    name = "local"

    def load(self, *args: object, **kwargs: object) -> type[RuntimeExecutor]:
        from tidemark_local.lambda_executor.executor import ProcessExecutor

        return ProcessExecutor
