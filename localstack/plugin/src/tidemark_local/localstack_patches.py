"""The places where LocalStack itself must behave otherwise. Each says why."""

from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

_default_log_group_name = ExecutionEnvironment.get_log_group_name


def apply() -> None:
    ExecutionEnvironment.get_log_group_name = _log_group_name


def _log_group_name(environment: ExecutionEnvironment) -> str:
    """LocalStack writes to /aws/lambda/<function> even where the function names a log group of its own."""
    return environment.function_version.config.logging_config.get("LogGroup") or _default_log_group_name(environment)
