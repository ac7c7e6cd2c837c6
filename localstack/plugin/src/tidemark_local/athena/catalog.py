"""Glue as the compiler sees it: tables with Trino types, views with their SQL, partitions."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors import NotSupportedError, QueryError, StatementError
from .rewrite import TableDefinition, ViewDefinition
from .types import Type, hive_type, parse_type

CATALOG = "awsdatacatalog"
VIEW_MARK = "/* Presto View: "
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


@dataclass(frozen=True, slots=True)
class Partition:
    """A registered partition: its values as text, and where its files are."""

    values: tuple[str, ...]
    location: str


def view_text(sql: str, columns: list[tuple[str, Type]], database: str) -> str:
    document = {
        "originalSql": sql,
        "catalog": CATALOG,
        "schema": database,
        "columns": [{"name": n, "type": str(t)} for n, t in columns],
    }
    return f"{VIEW_MARK}{base64.b64encode(json.dumps(document).encode()).decode()} */"


class Catalog:
    """client: a boto3 Glue client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self._creating = threading.Lock()

    def get_table(self, database: str, name: str) -> dict | None:
        try:
            return self.client.get_table(DatabaseName=database, Name=name)["Table"]
        except self.client.exceptions.EntityNotFoundException:
            return None

    def require_table(self, database: str, name: str) -> dict:
        table = self.get_table(database, name)
        if table is None:
            if not self.has_database(database):
                raise StatementError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
            raise StatementError("TABLE_NOT_FOUND", f"Table '{CATALOG}.{database}.{name}' does not exist")
        return table

    def has_database(self, name: str) -> bool:
        try:
            self.client.get_database(Name=name)
        except self.client.exceptions.EntityNotFoundException:
            return False
        return True

    def lookup(self, catalog: str | None, database: str, name: str) -> TableDefinition | ViewDefinition:
        if catalog not in (None, CATALOG):
            raise StatementError("CATALOG_NOT_FOUND", f"Catalog '{catalog}' does not exist")
        if database == "information_schema":
            raise NotSupportedError("information_schema; use SHOW TABLES, SHOW COLUMNS or the Glue API")
        table = self.require_table(database, name)
        if table.get("TableType") == "VIRTUAL_VIEW":
            return read_view(database, table)
        return read_table(database, table)

    def partitions(self, database: str, name: str) -> Iterator[Partition]:
        pages = self.client.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
        for page in pages:
            for item in page["Partitions"]:
                yield Partition(tuple(item["Values"]), item["StorageDescriptor"]["Location"])

    def databases(self) -> list[str]:
        pages = self.client.get_paginator("get_databases").paginate()
        return sorted(d["Name"] for page in pages for d in page["DatabaseList"])

    def tables(self, database: str) -> list[dict]:
        if not self.has_database(database):
            raise StatementError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
        pages = self.client.get_paginator("get_tables").paginate(DatabaseName=database)
        return sorted((t for page in pages for t in page["TableList"]), key=lambda t: t["Name"])

    def create_table(
        self,
        database: str,
        name: str,
        location: str,
        columns: list[tuple[str, str]],
        keys: list[tuple[str, str]],
        parameters: dict[str, str],
    ) -> None:
        """columns and keys: names with Hive types. Raises QueryError if the name is taken."""
        self._create_once(
            database,
            {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", **parameters},
                "PartitionKeys": [{"Name": n, "Type": t} for n, t in keys],
                "StorageDescriptor": {
                    **PARQUET,
                    "Columns": [{"Name": n, "Type": t} for n, t in columns],
                    "Location": location,
                },
            },
        )

    def _create_once(self, database: str, table_input: dict) -> None:
        """One of several queries that create a table of the same name at the same time wins."""
        name = table_input["Name"]
        with self._creating:
            if self.get_table(database, name):
                raise QueryError("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists")
            self.client.create_table(DatabaseName=database, TableInput=table_input)

    def create_view(self, database: str, name: str, sql: str, columns: list[tuple[str, Type]], replace: bool) -> None:
        existing = self.get_table(database, name)
        if existing and not (replace and existing.get("TableType") == "VIRTUAL_VIEW"):
            raise QueryError("TABLE_ALREADY_EXISTS", f"Table or view '{database}.{name}' already exists")
        table_input = {
            "Name": name,
            "TableType": "VIRTUAL_VIEW",
            "Parameters": {"presto_view": "true", "comment": "Presto View"},
            "ViewOriginalText": view_text(sql, columns, database),
            "ViewExpandedText": "/* Presto View */",
            "PartitionKeys": [],
            "StorageDescriptor": {
                "Columns": [{"Name": n, "Type": _view_column_type(t)} for n, t in columns],
                "Location": "",
                "SerdeInfo": {},
            },
        }
        if existing:
            self.client.update_table(DatabaseName=database, TableInput=table_input)
        else:
            self._create_once(database, table_input)

    def add_partitions(self, database: str, table: dict, partitions: list[tuple[tuple[str, ...], str]]) -> None:
        """Registers values with their locations; one that exists already is left as it is."""
        descriptor = {k: v for k, v in table["StorageDescriptor"].items() if k in ("Columns", *PARQUET)}
        inputs = [
            {"Values": list(values), "StorageDescriptor": {**descriptor, "Location": location}}
            for values, location in partitions
        ]
        for start in range(0, len(inputs), 100):
            self.client.batch_create_partition(
                DatabaseName=database,
                TableName=table["Name"],
                PartitionInputList=inputs[start : start + 100],
            )


def _view_column_type(kind: Type) -> str:
    try:
        return hive_type(kind)
    except NotSupportedError:
        return str(kind)


def read_view(database: str, table: dict) -> ViewDefinition:
    text = table.get("ViewOriginalText") or ""
    if not text.startswith(VIEW_MARK):
        raise NotSupportedError(f"view {table['Name']} is not a Presto view; create it with CREATE VIEW")
    document = json.loads(base64.b64decode(text.removeprefix(VIEW_MARK).removesuffix(" */").strip()))
    return ViewDefinition(
        database,
        table["Name"],
        document["originalSql"],
        document.get("catalog") or CATALOG,
        (document.get("schema") or database).lower(),
        tuple((c["name"].lower(), parse_type(c["type"])) for c in document["columns"]),
    )


def read_table(database: str, table: dict) -> TableDefinition:
    descriptor = table.get("StorageDescriptor") or {}
    library = (descriptor.get("SerdeInfo") or {}).get("SerializationLibrary", "")
    if table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG":
        raise NotSupportedError(f"table {table['Name']} is an Iceberg table; the local Athena reads Parquet")
    if "parquet" not in (library + descriptor.get("InputFormat", "")).lower():
        raise NotSupportedError(f"table {table['Name']}: format {library or 'unknown'}; only Parquet is read")

    def typed(columns: list[dict] | None) -> tuple[tuple[str, Type], ...]:
        return tuple((c["Name"].lower(), parse_type(c["Type"])) for c in columns or ())

    return TableDefinition(
        database,
        table["Name"],
        typed(descriptor.get("Columns")),
        typed(table.get("PartitionKeys")),
        table,
    )
