"""A small lake on moto's S3 and Glue, and an Athena over it, without LocalStack around them."""

import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from .lake import Athena, Lake, MemoryPreparedStatements

from moto import mock_aws  # isort: skip  after boto3, which it patches
from tidemark_local.athena.engine import Engine
from tidemark_local.athena.executions import Executions
from tidemark_local.athena.objects import Objects


@pytest.fixture(scope="session")
def lake() -> Iterator[Lake]:
    with mock_aws(config={"core": {"service_whitelist": None}}), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3, glue = boto3.client("s3"), boto3.client("glue")
        s3.create_bucket(Bucket="lake")
        s3.create_bucket(Bucket="results")
        glue.create_database(DatabaseInput={"Name": "fs"})
        yield Lake(s3, glue)


@pytest.fixture(scope="session")
def athena(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Athena]:
    directory: Path = tmp_path_factory.mktemp("athena")
    executions = Executions(
        Objects(lake.s3, directory), lake.glue, Engine(directory), directory, MemoryPreparedStatements()
    )
    yield Athena(executions)
    executions.close()


@pytest.fixture
def location() -> str:
    return f"s3://lake/t{time.monotonic_ns()}/"
