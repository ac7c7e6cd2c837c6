"""A statement's plan carried out: what each kind reads, writes and answers."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import ddl
from .errors import NotSupportedError, QueryError, StatementError
from .objects import split_uri
from .render import Cell, csv_line, renderer
from .results import ResultColumn, ResultSet
from .rewrite import CompiledQuery
from .session import Session
from .statements import (
    AddPartitions,
    CreateDatabase,
    CreateExternalTable,
    CreateTableAs,
    CreateView,
    Drop,
    DropPartitions,
    Explain,
    Query,
    RepairTable,
    Show,
    Statement,
    Unload,
)
from .types import VARCHAR, hive_type
from .writing import Written, compression_of, listed_property, require_empty, write_query

FETCH_ROWS = 10_000


@dataclass
class Outcome:
    """output: the object that GetQueryExecution reports. manifest: the list of written data files.

    undo: removes what a statement has written, for one that is cancelled in its last instant.
    """

    results: ResultSet = field(default_factory=ResultSet)
    output: str | None = None
    manifest: str | None = None
    update_count: int | None = None
    undo: Callable[[], None] = lambda: None


def statement_type(plan: Statement) -> tuple[str, str]:
    """StatementType and SubstatementType of GetQueryExecution."""
    match plan:
        case Query():
            return "DML", "SELECT"
        case Unload():
            return "DML", "UNLOAD"
        case CreateTableAs():
            return "DDL", "CREATE_TABLE_AS_SELECT"
        case Explain():
            return "UTILITY", "EXPLAIN"
        case Show(kind="DESCRIBE"):
            return "UTILITY", "DESCRIBE_TABLE"
        case Show():
            return "UTILITY", f"SHOW_{plan.kind.replace(' ', '_')}"
        case Drop():
            return "DDL", f"DROP_{plan.kind}"
        case _:
            names = {
                CreateExternalTable: "CREATE_TABLE",
                CreateView: "CREATE_VIEW",
                CreateDatabase: "CREATE_DATABASE",
                AddPartitions: "ALTER_TABLE_ADD_PARTITION",
                DropPartitions: "ALTER_TABLE_DROP_PARTITION",
                RepairTable: "MSCK_REPAIR_TABLE",
            }
            return "DDL", names.get(type(plan), type(plan).__name__.upper())


def run(plan: Statement, session: Session, output_base: str) -> Outcome:
    """output_base: `s3://bucket/prefix/<id>`, to which the kind of result adds its ending."""
    match plan:
        case Query(text):
            return _select(session, text, output_base)
        case Unload():
            return _unload(session, plan, output_base)
        case CreateTableAs():
            return _create_table_as(session, plan, output_base)
        case Explain(text):
            return _explain(session, text, output_base)
        case Show():
            names, rows = ddl.show(session, plan)
            return _text_result(session, names, rows, f"{output_base}.txt")
        case RepairTable():
            lines = ddl.repair_table(session, plan)
            return _text_result(session, [], [[line] for line in lines], f"{output_base}.txt")
        case CreateExternalTable():
            ddl.create_external_table(session, plan)
        case CreateView():
            ddl.create_view(session, plan)
        case CreateDatabase():
            ddl.create_database(session, plan)
        case Drop():
            ddl.drop(session, plan)
        case AddPartitions():
            ddl.add_partitions(session, plan)
        case DropPartitions():
            ddl.drop_partitions(session, plan)
        case _:
            raise NotSupportedError(type(plan).__name__)
    return _text_result(session, [], [], f"{output_base}.txt")


def _select(session: Session, text: str, output_base: str) -> Outcome:
    compiled = session.compile(text)
    results = ResultSet([ResultColumn(label, kind) for label, _, kind in compiled.columns])
    with session.prepared(compiled) as sql:
        rows = _rows(session, compiled, sql)
        results.write(session.directory / "rows.jsonl", rows)
    session.check()
    output = f"{output_base}.csv"
    _put_csv(session, results, output)
    return Outcome(results, output)


def _rows(session: Session, compiled: CompiledQuery, sql: str) -> Iterator[list[Cell]]:
    cursor = session.connection.execute(sql)
    show = [renderer(kind) for _, _, kind in compiled.columns]
    while batch := cursor.fetchmany(FETCH_ROWS):
        for row in batch:
            yield [render(value) for render, value in zip(show, row, strict=True)]


def _put_csv(session: Session, results: ResultSet, output: str) -> None:
    path = session.directory / "result.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_line([c.label for c in results.columns]))
        for start in range(0, results.rows, FETCH_ROWS):
            file.writelines(csv_line(row) for row in results.read(start, FETCH_ROWS))
    bucket, key = split_uri(output)
    session.objects.upload([(path, bucket, key)])
    path.unlink()


def _text_result(session: Session, names: list[str], rows: list[list[str]], output: str) -> Outcome:
    """Utility statements: a tab-separated text object; the rows have no header."""
    results = ResultSet([ResultColumn(n, VARCHAR) for n in names], has_header=False)
    results.write(session.directory / "rows.jsonl", rows)
    bucket, key = split_uri(output)
    body = "".join("\t".join(row) + "\n" for row in rows).encode()
    session.objects.put(bucket, key, body, "text/plain")
    return Outcome(results, output)


def _explain(session: Session, text: str, output_base: str) -> Outcome:
    compiled = session.compile(text)
    with session.prepared(compiled) as sql:
        plan = session.connection.execute(f"EXPLAIN {sql}").fetchall()
    rows = [[line] for _, shown in plan for line in shown.split("\n")]
    return _text_result(session, ["Query Plan"], rows, f"{output_base}.txt")


def _manifest(session: Session, written: Written, output_base: str) -> str:
    uri = f"{output_base}-manifest.csv"
    bucket, key = split_uri(uri)
    body = "".join(f"{f.uri}\n" for f in written.files).encode()
    session.objects.put(bucket, key, body, "text/csv")
    return uri


def _unload(session: Session, plan: Unload, output_base: str) -> Outcome:
    target = plan.target.rstrip("/") + "/"
    compression = compression_of(plan.properties)
    keys = listed_property(plan.properties, "partitioned_by")
    unknown = set(plan.properties) - {
        *("format", "compression", "partitioned_by", "compression_level", "field_delimiter"),
    }
    if "format" not in plan.properties or unknown:
        raise StatementError("INVALID_PROPERTY", f"UNLOAD properties: format is required, {sorted(unknown)} unknown")
    compiled = session.compile(plan.text)
    require_empty(session, target)
    written = write_query(session, compiled, target, keys, compression)
    try:
        manifest = _manifest(session, written, output_base)
        session.check()
    except BaseException:
        _remove(session, written)
        raise
    results = ResultSet([ResultColumn("rows", VARCHAR)], has_header=False)
    return Outcome(results, manifest, manifest, written.rows, lambda: _remove(session, written))


def _remove(session: Session, written: Written) -> None:
    session.objects.remove([split_uri(f.uri) for f in written.files])


_TABLE_PROPERTIES = {
    *("format", "external_location", "partitioned_by", "write_compression", "parquet_compression"),
    *("is_external", "table_type", "compression_level"),
}


def _create_table_as(session: Session, plan: CreateTableAs, output_base: str) -> Outcome:
    database, name = ddl.located(session, plan.table)
    unknown = set(plan.properties) - _TABLE_PROPERTIES
    if unknown or str(plan.properties.get("table_type", "HIVE")).upper() != "HIVE":
        raise NotSupportedError(f"table properties {', '.join(sorted(unknown)) or 'table_type ICEBERG'}")
    if session.catalog.get_table(database, name):
        if plan.if_not_exists:
            return _text_result(session, [], [], f"{output_base}.txt")
        raise QueryError("TABLE_ALREADY_EXISTS", f"Table '{database}.{name}' already exists")
    if not session.catalog.has_database(database):
        raise StatementError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist")
    parent = output_base.rpartition("/")[0]
    location = str(plan.properties.get("external_location") or f"{parent}/tables/{session.id}")
    location = location.rstrip("/") + "/"
    keys = listed_property(plan.properties, "partitioned_by")
    compression = compression_of(plan.properties)
    text = plan.text if plan.with_data else f"SELECT * FROM ({plan.text}) WHERE false"
    compiled = session.compile(text)
    require_empty(session, location)
    written = write_query(session, compiled, location, keys, compression)
    created = False

    def undo() -> None:
        _remove(session, written)
        if created:
            session.catalog.client.delete_table(DatabaseName=database, Name=name)

    try:
        _register(session, database, name, location, written)
        created = True
        _add_partitions(session, database, name, written)
        manifest = _manifest(session, written, output_base)
        session.check()
    except BaseException:
        undo()
        raise
    results = ResultSet([ResultColumn("rows", VARCHAR)], has_header=False)
    return Outcome(results, manifest, manifest, written.rows, undo)


def _register(session: Session, database: str, name: str, location: str, written: Written) -> None:
    session.catalog.create_table(
        database,
        name,
        location,
        [(n, hive_type(t)) for n, t in written.columns],
        [(n, hive_type(t)) for n, t in written.keys],
        {"has_encrypted_data": "false", "classification": "parquet"},
    )


def _add_partitions(session: Session, database: str, name: str, written: Written) -> None:
    if not written.keys:
        return
    table = session.catalog.require_table(database, name)
    places = {f.values: f"{f.uri.rpartition('/')[0]}/" for f in written.files}
    session.catalog.add_partitions(database, table, sorted(places.items()))


def clean(session: Session) -> None:
    """Removes what only a running query needs; its result rows stay for GetQueryResults."""
    shutil.rmtree(session.directory / "write", ignore_errors=True)
    (session.directory / "result.csv").unlink(missing_ok=True)
