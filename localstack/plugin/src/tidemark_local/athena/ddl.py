"""Statements that change or describe the Glue catalog."""

import re
from fnmatch import fnmatchcase

from .catalog import VIEW_MARK, read_table, read_view
from .errors import QueryError, StatementError
from .objects import split_uri
from .partitions import HIVE_NULL, values_in_path
from .session import Session
from .statements import (
    AddPartitions,
    CreateDatabase,
    CreateExternalTable,
    CreateView,
    Drop,
    DropPartitions,
    RepairTable,
    Show,
    TableName,
)

DEFAULT_DATABASE = "default"


def located(session: Session, table: TableName) -> tuple[str, str]:
    return table.database or session.database or DEFAULT_DATABASE, table.name


def create_external_table(session: Session, plan: CreateExternalTable) -> None:
    database, name = located(session, plan.table)
    split_uri(plan.location)
    if not session.catalog.has_database(database):
        raise StatementError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
    if session.catalog.get_table(database, name):
        if plan.if_not_exists:
            return
        raise QueryError("TABLE_ALREADY_EXISTS", f"AlreadyExistsException(message:Table {name} already exists)")
    names = [n for n, _ in (*plan.columns, *plan.keys)]
    if len(set(names)) != len(names):
        raise StatementError("DUPLICATE_COLUMN_NAME", f"Column repeated in {name}")
    session.catalog.create_table(database, name, plan.location, plan.columns, plan.keys, plan.parameters)


def create_view(session: Session, plan: CreateView) -> None:
    database, name = located(session, plan.table)
    compiled = session.compile(plan.text)
    if not session.catalog.has_database(database):
        raise StatementError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
    labels = [label.lower() for label, _, _ in compiled.columns]
    if len(set(labels)) != len(labels):
        raise StatementError("DUPLICATE_COLUMN_NAME", f"columns of view {name} are not unique")
    columns = [(n, kind) for n, (_, _, kind) in zip(labels, compiled.columns, strict=True)]
    session.catalog.create_view(database, name, plan.text, columns, plan.replace)


def drop(session: Session, plan: Drop) -> None:
    client = session.catalog.client
    if plan.kind == "DATABASE":
        return _drop_database(session, plan)
    database, name = located(session, plan.table)
    table = session.catalog.get_table(database, name)
    if table is None:
        if plan.if_exists:
            return None
        raise StatementError("TABLE_NOT_FOUND", f"{plan.kind.title()} '{database}.{name}' does not exist")
    is_view = table.get("TableType") == "VIRTUAL_VIEW"
    if is_view != (plan.kind == "VIEW"):
        other = "VIEW" if is_view else "TABLE"
        raise QueryError("INVALID_TABLE_TYPE", f"'{database}.{name}' is a {other}; use DROP {other}")
    client.delete_table(DatabaseName=database, Name=name)
    return None


def _drop_database(session: Session, plan: Drop) -> None:
    name = plan.table.name
    if not session.catalog.has_database(name):
        if plan.if_exists:
            return
        raise StatementError("SCHEMA_NOT_FOUND", f"Schema '{name}' does not exist")
    tables = session.catalog.tables(name)
    if tables and not plan.cascade:
        raise QueryError(
            "SCHEMA_NOT_EMPTY",
            f"InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)",
        )
    for table in tables:
        session.catalog.client.delete_table(DatabaseName=name, Name=table["Name"])
    session.catalog.client.delete_database(Name=name)


def create_database(session: Session, plan: CreateDatabase) -> None:
    if session.catalog.has_database(plan.name):
        if plan.if_not_exists:
            return
        raise QueryError("SCHEMA_ALREADY_EXISTS", f"Database {plan.name} already exists")
    location = {"LocationUri": plan.location} if plan.location else {}
    session.catalog.client.create_database(DatabaseInput={"Name": plan.name, **location})


def _partitioned(session: Session, table: TableName) -> tuple[str, dict, list[str]]:
    database, name = located(session, table)
    glue = session.catalog.require_table(database, name)
    keys = [k["Name"].lower() for k in glue.get("PartitionKeys") or []]
    if not keys:
        raise QueryError("HIVE_METASTORE_ERROR", f"table {name} is not partitioned")
    return database, glue, keys


def default_location(glue: dict, keys: list[str], values: tuple[str, ...]) -> str:
    base = glue["StorageDescriptor"]["Location"].rstrip("/")
    folders = "/".join(f"{k}={v}" for k, v in zip(keys, values, strict=True))
    return f"{base}/{folders}/"


def _ordered_values(keys: list[str], given: dict[str, str]) -> tuple[str, ...]:
    if sorted(given) != sorted(keys):
        raise StatementError("SYNTAX_ERROR", f"partition spec {given} does not name the keys {', '.join(keys)}")
    return tuple(given[k] for k in keys)


def add_partitions(session: Session, plan: AddPartitions) -> None:
    database, glue, keys = _partitioned(session, plan.table)
    wanted = [(_ordered_values(keys, spec), place) for spec, place in plan.partitions]
    if not plan.if_not_exists:
        known = {p.values for p in session.catalog.partitions(database, glue["Name"])}
        for values, _ in wanted:
            if values in known:
                raise QueryError("ALREADY_EXISTS", f"Partition already exists: {list(values)}")
    session.catalog.add_partitions(
        database,
        glue,
        [(values, place or default_location(glue, keys, values)) for values, place in wanted],
    )


def drop_partitions(session: Session, plan: DropPartitions) -> None:
    database, glue, keys = _partitioned(session, plan.table)
    known = {p.values for p in session.catalog.partitions(database, glue["Name"])}
    for spec in plan.partitions:
        values = _ordered_values(keys, spec)
        if values not in known:
            if plan.if_exists:
                continue
            raise QueryError("HIVE_METASTORE_ERROR", f"Partition not found: {list(values)}")
        session.catalog.client.delete_partition(
            DatabaseName=database, TableName=glue["Name"], PartitionValues=list(values)
        )


def repair_table(session: Session, plan: RepairTable) -> list[str]:
    """Registers every key=value folder below the table's location. Returns what it added."""
    database, glue, keys = _partitioned(session, plan.table)
    bucket, prefix = split_uri(glue["StorageDescriptor"]["Location"].rstrip("/") + "/")
    known = {p.values for p in session.catalog.partitions(database, glue["Name"])}
    found = {}
    for item in session.objects.below(bucket, prefix):
        values = values_in_path(item.key, prefix, keys)
        if values is not None and values not in known and HIVE_NULL not in values:
            folders = item.key[len(prefix) :].split("/")[: len(keys)]
            found[values] = f"s3://{bucket}/{prefix}{'/'.join(folders)}/"
    session.catalog.add_partitions(database, glue, sorted(found.items()))
    return [f"Repair: Added partition to metastore {glue['Name']}:{'/'.join(v)}" for v in sorted(found)]


def show(session: Session, plan: Show) -> tuple[list[str], list[list[str]]]:
    """Column names and rows."""
    match plan.kind:
        case "DATABASES":
            return ["database_name"], _like(session.catalog.databases(), plan.pattern)
        case "TABLES" | "VIEWS":
            tables = session.catalog.tables(plan.database or session.database or DEFAULT_DATABASE)
            views = plan.kind == "VIEWS"
            names = [t["Name"] for t in tables if not views or t.get("TableType") == "VIRTUAL_VIEW"]
            return ["views" if views else "tab_name"], _like(names, plan.pattern)
    assert plan.table is not None
    database, name = located(session, plan.table)
    table = session.catalog.require_table(database, name)
    columns = [(c["Name"], c["Type"]) for c in table["StorageDescriptor"].get("Columns", [])]
    keys = [(c["Name"], c["Type"]) for c in table.get("PartitionKeys") or []]
    match plan.kind:
        case "PARTITIONS":
            _, _, names = _partitioned(session, plan.table)
            partitions = session.catalog.partitions(database, name)
            shown = sorted("/".join(f"{k}={v}" for k, v in zip(names, p.values, strict=True)) for p in partitions)
            return ["partition"], [[s] for s in shown]
        case "COLUMNS":
            return ["field"], [[n] for n, _ in (*columns, *keys)]
        case "TBLPROPERTIES":
            found = sorted(table.get("Parameters", {}).items())
            return ["prpt_name"], [[f"{k}\t{v}"] for k, v in found if plan.pattern in (None, k)]
        case "CREATE VIEW":
            if not (table.get("ViewOriginalText") or "").startswith(VIEW_MARK):
                raise QueryError("INVALID_TABLE_TYPE", f"'{database}.{name}' is not a view")
            text = f"CREATE VIEW {name} AS\n{read_view(database, table).sql}"
            return ["Create View"], [[line] for line in text.split("\n")]
        case "CREATE TABLE":
            read_table(database, table)
            return ["createtab_stmt"], [[line] for line in create_table_text(database, table)]
        case _:
            return ["col_name", "data_type", "comment"], _description(columns, keys)


def _description(columns: list[tuple[str, str]], keys: list[tuple[str, str]]) -> list[list[str]]:
    """Partition keys come twice, as Hive prints them: with the columns, then on their own."""
    rows = [[n, t, ""] for n, t in (*columns, *keys)]
    if keys:
        rows += [["", "", ""], ["# Partition Information", "", ""]]
        rows += [["# col_name", "data_type", "comment"], *([n, t, ""] for n, t in keys)]
    return rows


def create_table_text(database: str, table: dict) -> list[str]:
    def columns(items: list[dict]) -> list[str]:
        texts = [f"  `{c['Name']}` {c['Type']}" for c in items]
        return [t + ("," if i < len(texts) - 1 else ")") for i, t in enumerate(texts)]

    lines = [f"CREATE EXTERNAL TABLE `{database}.{table['Name']}`("]
    lines += columns(table["StorageDescriptor"]["Columns"])
    if table.get("PartitionKeys"):
        lines += ["PARTITIONED BY ( ", *columns(table["PartitionKeys"])]
    lines += ["STORED AS PARQUET", "LOCATION", f"  '{table['StorageDescriptor']['Location']}'"]
    pairs = sorted((k, v) for k, v in table.get("Parameters", {}).items() if k != "EXTERNAL")
    if pairs:
        lines.append("TBLPROPERTIES (")
        shown = [f"  '{k}'='{v}'" for k, v in pairs]
        lines += [t + ("," if i < len(shown) - 1 else ")") for i, t in enumerate(shown)]
    return lines


def _like(names: list[str], pattern: str | None) -> list[list[str]]:
    """Hive's SHOW patterns: `*` for any text, `|` between alternatives."""
    if pattern is None:
        return [[n] for n in names]
    choices = [re.sub("%", "*", p) for p in pattern.lower().split("|")]
    return [[n] for n in names if any(fnmatchcase(n, c) for c in choices)]
