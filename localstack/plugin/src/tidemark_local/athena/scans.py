"""One temporary view per scan: cached Parquet files as rows of the table's Glue types."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .errors import NotSupportedError, QueryError
from .objects import S3Object
from .partitions import ScannedFile
from .rewrite import Scan
from .types import FLOATS, INTEGERS, Type, duckdb_type, field_name, quoted

_INTEGER_IDS = {
    *("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger", "ubigint"),
}
_READABLE = {
    **dict.fromkeys(INTEGERS, _INTEGER_IDS),
    **dict.fromkeys(FLOATS, {"float", "double"}),
    "decimal": {"decimal", *_INTEGER_IDS},
    "varchar": {"varchar", "blob", "enum", "uuid"},
    "varbinary": {"blob", "varchar"},
    "boolean": {"boolean"},
    "date": {"date"},
    "unknown": {"null"},
}
_TIMESTAMP_IDS = {
    "timestamp",
    "timestamp with time zone",
    "timestamp_s",
    "timestamp_ms",
    "timestamp_ns",
}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """schema: identity of the file's Parquet schema. sizes: compressed bytes by column."""

    schema: str
    sizes: dict[str, int]


class FileFactsCache:
    """Footers are read once per object content."""

    def __init__(self) -> None:
        self._facts: dict[str, FileFacts] = {}
        self._lock = threading.Lock()

    def get(self, files: dict[str, Path], connection: duckdb.DuckDBPyConnection) -> dict[str, FileFacts]:
        """Facts by cache name. Raises QueryError for a file that is not Parquet."""
        missing = {str(path): name for name, path in files.items() if name not in self._facts}
        if missing:
            try:
                read = _read_facts(list(missing), connection)
            except (duckdb.InvalidInputException, duckdb.IOException) as error:
                raise QueryError("HIVE_BAD_DATA", f"not a valid Parquet file: {error}") from error
            with self._lock:
                self._facts.update({missing[path]: facts for path, facts in read.items()})
        return {name: self._facts[name] for name in files}


def _read_facts(paths: list[str], connection: duckdb.DuckDBPyConnection) -> dict[str, FileFacts]:
    schemas = connection.execute(
        "SELECT file_name, string_agg(concat_ws(':', name, type, type_length, num_children,"
        " converted_type, scale, precision, logical_type), ',')"
        " FROM parquet_schema($paths) GROUP BY file_name",
        {"paths": paths},
    ).fetchall()
    sizes: dict[str, dict[str, int]] = {}
    for path, column, size in connection.execute(
        "SELECT file_name, lower(split_part(path_in_schema, ', ', 1)), sum(total_compressed_size)"
        " FROM parquet_metadata($paths) GROUP BY ALL",
        {"paths": paths},
    ).fetchall():
        sizes.setdefault(path, {})[column] = int(size)
    return {path: FileFacts(schema, sizes.get(path, {})) for path, schema in schemas}


def bytes_scanned(scan: Scan, files: Iterable[ScannedFile], facts: dict[str, FileFacts]) -> int:
    """Compressed bytes of the columns the query reads, in the files it reads."""
    return sum(
        size for file in files for column, size in facts[file.object.cache_name].sizes.items() if column in scan.used
    )


def create_view(
    scan: Scan,
    files: list[ScannedFile],
    paths: dict[str, Path],
    facts: dict[str, FileFacts],
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Files of one Parquet schema are read together; each column is cast to its Glue type."""
    groups: dict[str, list[ScannedFile]] = {}
    for file in files:
        groups.setdefault(facts[file.object.cache_name].schema, []).append(file)
    parts = [_read_group(scan, group, paths, connection) for group in groups.values()]
    body = " UNION ALL ".join(parts) or _empty(scan)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {scan.name} AS {body}")


def _empty(scan: Scan) -> str:
    columns = (*scan.table.columns, *scan.table.partition_keys)
    items = [f"CAST(NULL AS {duckdb_type(kind)}) AS {quoted(name)}" for name, kind in columns]
    return f"SELECT {', '.join([*items, 'CAST(NULL AS VARCHAR) AS "$path"'])} WHERE false"


def _read_group(
    scan: Scan,
    group: list[ScannedFile],
    paths: dict[str, Path],
    connection: duckdb.DuckDBPyConnection,
) -> str:
    local = [str(paths[f.object.cache_name]) for f in group]
    relation = connection.sql(f"SELECT * FROM read_parquet({_text_list(local[:1])})")
    found = {name.lower(): (name, kind) for name, kind in zip(relation.columns, relation.types, strict=True)}
    items = []
    for name, kind in scan.table.columns:
        if name not in found:
            items.append(f"CAST(NULL AS {duckdb_type(kind)}) AS {quoted(name)}")
            continue
        actual, stored = found[name]
        try:
            text = read_expression(quoted(actual), stored, kind)
        except NotSupportedError as error:
            raise QueryError(
                "HIVE_BAD_DATA",
                f"Field {name}'s type {stored} in Parquet file {group[0].object.uri} is"
                f" incompatible with type {kind} defined in table schema",
            ) from error
        items.append(f"{text} AS {quoted(name)}")
    for index, (name, kind) in enumerate(scan.table.partition_keys):
        text = _per_file([f.values[index] for f in group])
        items.append(f"CAST({text} AS {duckdb_type(kind)}) AS {quoted(name)}")
    used_path = "$path" in scan.used
    path = _per_file([f.object.uri for f in group]) if used_path else "CAST(NULL AS VARCHAR)"
    items.append(f'{path} AS "$path"')
    return f"SELECT {', '.join(items)} FROM read_parquet({_text_list(local)})"


def _text(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def _text_list(values: list[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _per_file(values: list[str | None]) -> str:
    """A value that depends on the file only: one literal, or a list indexed by the file's number."""
    if len(set(values)) == 1:
        return f"CAST({_text(values[0])} AS VARCHAR)"
    listed = f"[{', '.join(map(_text, values))}]"
    return f"list_extract(CAST({listed} AS VARCHAR[]), CAST(file_index AS BIGINT) + 1)"


def read_expression(x: str, stored: "duckdb.DuckDBPyType", kind: Type) -> str:
    """A stored column as its Glue type. Raises NotSupportedError for a pair that Athena refuses."""
    if kind.name == "timestamp" and stored.id in _TIMESTAMP_IDS:
        if stored.id in ("timestamp_ms", "timestamp_s"):
            return f"CAST({x} AS TIMESTAMP)"
        # Athena's timestamp(3) rounds finer digits half up.
        return f"tm_round_timestamp(CAST({x} AS TIMESTAMP), 1000)"
    if kind.name == "array" and stored.id in ("list", "array"):
        (_, child), *_ = stored.children
        element = read_expression("tm_e", child, kind.element)
        return x if element == "tm_e" else f"list_transform({x}, lambda tm_e: {element})"
    if kind.name == "row" and stored.id == "struct":
        return _read_struct(x, stored, kind)
    if kind.name == "map" and stored.id == "map":
        children = dict(stored.children)
        for child, wanted in ((children["key"], kind.key), (children["value"], kind.element)):
            read_expression("x", child, wanted)
        return f"CAST({x} AS {duckdb_type(kind)})"
    if stored.id not in _READABLE.get(kind.name, ()):
        raise NotSupportedError(f"{stored} as {kind}")
    return x if str(stored) == duckdb_type(kind) else f"CAST({x} AS {duckdb_type(kind)})"


def _read_struct(x: str, stored: "duckdb.DuckDBPyType", kind: Type) -> str:
    children = {name.lower(): (name, child) for name, child in stored.children}
    fields = []
    for index, (name, wanted) in enumerate(kind.fields):
        target = field_name(index, name)
        if target in children:
            actual, child = children[target]
            text = read_expression(f"struct_extract({x}, {_text(actual)})", child, wanted)
        else:
            text = f"CAST(NULL AS {duckdb_type(wanted)})"
        fields.append(f"{quoted(target)} := {text}")
    return f"CASE WHEN {x} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"


def objects_of(files: Iterable[ScannedFile]) -> list[S3Object]:
    return [f.object for f in files]
