"""Helpers of the tests: put Parquet files, register tables, run statements to their end."""

import io
import itertools
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tidemark_local.athena.executions import Execution, Executions, Request
from tidemark_local.athena.objects import split_uri
from tidemark_local.athena.workgroups import QuerySettings

_NUMBERS = itertools.count()


class MemoryPreparedStatements:
    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}

    def get(self, workgroup: str, name: str) -> str | None:
        return self.texts.get((workgroup, name))

    def put(self, workgroup: str, name: str, text: str) -> None:
        self.texts[workgroup, name] = text

    def delete(self, workgroup: str, name: str) -> bool:
        return self.texts.pop((workgroup, name), None) is not None


@dataclass
class Lake:
    s3: Any
    glue: Any

    def put(self, uri: str, table: pa.Table, **options: Any) -> int:
        """Writes one Parquet object. Returns its size."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer, **options)
        bucket, key = split_uri(uri)
        self.s3.put_object(Bucket=bucket, Key=key, Body=buffer.getvalue())
        return buffer.tell()

    def keys(self, uri: str) -> list[str]:
        bucket, prefix = split_uri(uri)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [o["Key"] for page in pages for o in page.get("Contents", ())]

    def read(self, uri: str) -> pa.Table:
        bucket, _ = split_uri(uri)
        tables = [
            pq.read_table(io.BytesIO(self.s3.get_object(Bucket=bucket, Key=k)["Body"].read())) for k in self.keys(uri)
        ]
        return pa.concat_tables(tables)

    def text(self, uri: str) -> str:
        bucket, key = split_uri(uri)
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    def name(self, prefix: str = "t") -> str:
        return f"{prefix}{next(_NUMBERS)}"


@dataclass
class Athena:
    executions: Executions

    def start(
        self,
        text: str,
        database: str | None = "fs",
        parameters: list[str] | None = None,
        cutoff_bytes: int | None = None,
        token: str | None = None,
    ) -> str:
        settings = QuerySettings("primary", "s3://results/out/", cutoff_bytes, {}, {})
        request = Request(text, database, None, parameters or [], token)
        return self.executions.start(request, settings)

    def wait(self, execution_id: str) -> Execution:
        execution = self.executions.get(execution_id)
        assert execution.ended.wait(60), execution.state
        return execution

    def run(self, text: str, **options: Any) -> Execution:
        """Runs a statement that must succeed."""
        execution = self.wait(self.start(text, **options))
        assert execution.state == "SUCCEEDED", execution.reason
        return execution

    def fails(self, text: str, **options: Any) -> str:
        """Runs a statement that must fail. Returns the reason."""
        execution = self.wait(self.start(text, **options))
        assert execution.state == "FAILED", execution.state
        return execution.reason or ""

    def rows(self, text: str, **options: Any) -> list[list[str | None]]:
        """Every row of a query, as rendered, without the header."""
        execution = self.run(text, **options)
        assert execution.outcome is not None
        return execution.outcome.results.read(0, 10_000_000)

    def value(self, expression: str) -> str | None:
        return self.rows(f"SELECT {expression}")[0][0]
