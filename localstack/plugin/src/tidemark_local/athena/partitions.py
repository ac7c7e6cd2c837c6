"""Which files one scan reads: registered or projected partitions, less what the predicate excludes."""

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

import duckdb

from .catalog import Catalog, Partition
from .errors import QueryError
from .objects import Objects, S3Object, is_hidden, split_uri
from .projection import is_projected, location_template, projected_values
from .rewrite import Scan
from .types import duckdb_type, quoted

LISTED_APART = 64  # more partitions than this are found by one walk over their common prefix
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """values: the partition's values as text, NULL for Hive's default partition."""

    object: S3Object
    values: tuple[str | None, ...]


def files_of(
    scan: Scan,
    catalog: Catalog,
    objects: Objects,
    connection: duckdb.DuckDBPyConnection,
    now: datetime,
) -> list[ScannedFile]:
    """The files to read, in partition then key order."""
    table = scan.table.glue
    keys = scan.table.partition_keys
    if not keys:
        partitions = [Partition((), table["StorageDescriptor"]["Location"])]
    elif is_projected(table):
        given = {k: _constants(v, connection) for k, v in scan.equalities.items()}
        template = location_template(table)
        partitions = [
            Partition(values, _filled(template, [k for k, _ in keys], values))
            for values in projected_values(table, given, now)
        ]
    else:
        partitions = list(catalog.partitions(scan.table.database, scan.table.name))
    partitions = _matching_partitions(scan, partitions, connection)
    return _matching_files(scan, _listed(table, partitions, objects), connection)


def _constants(texts: list[str], connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(f"SELECT {', '.join(texts)}").fetchone() or ()
    return [str(v) for v in dict.fromkeys(found) if v is not None]


def _filled(template: str, keys: list[str], values: tuple[str, ...]) -> str:
    for key, value in zip(keys, values, strict=True):
        template = template.replace(f"${{{key}}}", value)
    if "${" in template:
        raise QueryError("INVALID_TABLE_PROPERTY", f"storage.location.template: {template}")
    return template


def null_of(value: str) -> str | None:
    return None if value == HIVE_NULL else value


def _matching_partitions(
    scan: Scan, partitions: list[Partition], connection: duckdb.DuckDBPyConnection
) -> list[Partition]:
    """Evaluates the constraints that do not speak of "$path" over the partitions' typed values."""
    constraints = [c for c in scan.constraints if quoted("$path") not in c]
    if not constraints or not partitions:
        return partitions
    keys = scan.table.partition_keys
    rows = [[null_of(v) for v in p.values] for p in partitions]
    names = [quoted(k) for k, _ in keys]
    typed = ", ".join(
        f"CAST(list_extract(tm_values, {i + 1}) AS {duckdb_type(kind)}) AS {name}"
        for i, (name, (_, kind)) in enumerate(zip(names, keys, strict=True))
    )
    listed = f"SELECT unnest(from_json($rows, '[[\"VARCHAR\"]]')) AS tm_values, unnest(range({len(rows)})) AS tm_number"
    sql = (
        f"SELECT tm_number FROM (SELECT tm_number, {typed} FROM ({listed}))"
        f" WHERE {' AND '.join(constraints)} ORDER BY tm_number"
    )
    kept = _numbers(sql, rows, connection)
    return partitions if kept is None else [partitions[number] for number in kept]


def _listed(table: dict, partitions: list[Partition], objects: Objects) -> list[ScannedFile]:
    """Lists each partition's own prefix, or, with many, their common prefix once."""
    places = [(*split_uri(p.location.rstrip("/") + "/"), p) for p in partitions]
    if len(places) > LISTED_APART:
        return _listed_together(places, objects)
    listed = objects.below_each((bucket, prefix) for bucket, prefix, _ in places)
    return [
        ScannedFile(o, tuple(null_of(v) for v in p.values))
        for bucket, prefix, p in places
        for o in listed[bucket, prefix]
        if not is_hidden(o.key, prefix) and o.size
    ]


def _listed_together(places: list[tuple[str, str, Partition]], objects: Objects) -> list[ScannedFile]:
    """One listing of the longest common prefix per bucket: thousands of partitions cost one walk."""
    roots: dict[str, str] = {}
    for bucket, prefix, _ in places:
        roots[bucket] = _common_prefix(roots[bucket], prefix) if bucket in roots else prefix
    by_folder: dict[tuple[str, str], list[S3Object]] = {}
    wanted = {(bucket, prefix) for bucket, prefix, _ in places}
    for (bucket, _), found in objects.below_each(roots.items()).items():
        for item in found:
            folder = item.key.rpartition("/")[0] + "/"
            while folder and (bucket, folder) not in wanted:
                folder = folder[:-1].rpartition("/")[0]
                folder = f"{folder}/" if folder else ""
            if folder and not is_hidden(item.key, folder) and item.size:
                by_folder.setdefault((bucket, folder), []).append(item)
    return [
        ScannedFile(o, tuple(null_of(v) for v in p.values))
        for bucket, prefix, p in places
        for o in by_folder.get((bucket, prefix), ())
    ]


def _common_prefix(a: str, b: str) -> str:
    length = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:length]


def _matching_files(scan: Scan, files: list[ScannedFile], connection: duckdb.DuckDBPyConnection) -> list[ScannedFile]:
    constraints = [c for c in scan.constraints if quoted("$path") in c and not _other_keys(scan, c)]
    if not constraints or not files:
        return files
    sql = (
        """SELECT tm_number FROM (SELECT unnest(from_json($rows, '["VARCHAR"]')) AS "$path","""
        f" unnest(range({len(files)})) AS tm_number)"
        f" WHERE {' AND '.join(constraints)} ORDER BY tm_number"
    )
    kept = _numbers(sql, [f.object.uri for f in files], connection)
    return files if kept is None else [files[number] for number in kept]


def _numbers(sql: str, rows: list, connection: duckdb.DuckDBPyConnection) -> list[int] | None:
    """The numbers that a query over $rows, a JSON array of them, gives: DuckDB takes seconds to bind a long list.

    None: the predicate raises for some partition, and only the rows that are read may decide on that.
    """
    try:
        return [number for (number,) in connection.execute(sql, {"rows": json.dumps(rows)}).fetchall()]
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return None


def _other_keys(scan: Scan, constraint: str) -> bool:
    return any(quoted(k) in constraint for k, _ in scan.table.partition_keys)


def values_in_path(key: str, prefix: str, keys: list[str]) -> tuple[str, ...] | None:
    """`dt=2026-01-01/region=eu/` below the prefix to its values. None when it is not such a path."""
    folders = key[len(prefix) :].split("/")[:-1]
    if len(folders) < len(keys):
        return None
    values = []
    for name, folder in zip(keys, folders, strict=False):
        found, separator, value = folder.partition("=")
        if found.lower() != name or not separator:
            return None
        values.append(unquote(value))
    return tuple(values)
