"""A real local cloud for the tests that need one."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

ROOT = Path(__file__).parents[3]

# The functions under test run on the project's Node, not on the host's.
os.environ.setdefault("TIDEMARK_NODE_BIN", str(ROOT / "node_modules" / ".bin"))

type Client = Callable[[str], Any]


@pytest.fixture(scope="session")
def cloud_endpoint() -> Iterator[str]:
    """TIDEMARK_TEST_ENDPOINT names a running cloud; without it one of our own is started, and stopped at the end."""
    if given := os.environ.get("TIDEMARK_TEST_ENDPOINT"):
        yield given
        return
    name = f"pytest-{os.getpid()}"
    try:
        yield json.loads(_run("up", "--name", name, "--port", "0", "--json"))["endpoint"]
    finally:
        _run("down", "--name", name)
        shutil.rmtree(ROOT / ".tidemark" / "run" / name, ignore_errors=True)  # its log


@pytest.fixture(scope="session")
def client(cloud_endpoint: str) -> Client:
    """client("s3") -> a boto3 client of that service in the cloud."""
    session = boto3.Session(aws_access_key_id="000000000000", aws_secret_access_key="test", region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=cloud_endpoint)


def _run(*arguments: str) -> str:
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [node, ROOT / "localstack" / "main.ts", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
