"""What the runner (localstack/emulator-environment.ts) tells the plugin. No other module reads the environment."""

import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Settings:
    """cloud_id marks every process of this instance, so that the runner can stop them all."""

    cloud_id: str
    node_bin: str
    lambda_modules: str
    dynamodb_jars: str
    java_home: str
    path: str
    temporary: str


@cache
def settings() -> Settings:
    return Settings(
        cloud_id=os.environ.get("TIDEMARK_CLOUD_ID", ""),
        node_bin=os.environ.get("TIDEMARK_NODE_BIN", ""),
        lambda_modules=os.environ.get("TIDEMARK_LAMBDA_MODULES", ""),
        dynamodb_jars=os.environ.get("TIDEMARK_DYNAMODB_JARS", ""),
        java_home=os.environ.get("TIDEMARK_JAVA_HOME", ""),
        path=os.environ.get("PATH", "/usr/bin:/bin"),
        temporary=os.environ.get("TMPDIR", "/tmp"),
    )
