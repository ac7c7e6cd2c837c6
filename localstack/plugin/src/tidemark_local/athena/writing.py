"""UNLOAD and CREATE TABLE AS: rows to Parquet files under an empty S3 prefix, all or nothing."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from .errors import NotSupportedError, QueryError, StatementError
from .objects import split_uri
from .partitions import HIVE_NULL
from .rewrite import CompiledQuery
from .rewrite.casts import cast
from .rewrite.scope import Typed
from .session import Session
from .types import Type, duckdb_type, hive_type, in_milliseconds, quoted

MAX_PARTITIONS = 100
ROWS_PER_GROUP = 122_880
GROUPS_PER_FILE = 4
_COMPRESSIONS = {"snappy": "snappy", "gzip": "gzip", "zstd": "zstd", "lz4": "lz4", "none": "uncompressed"}


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """values: the partition's values, in the order of the partition keys."""

    uri: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    rows: int
    files: list[WrittenFile]
    columns: list[tuple[str, Type]]
    keys: list[tuple[str, Type]]


def listed_property(properties: dict, name: str) -> list[str]:
    value = properties.get(name, [])
    return [v.lower() for v in (value if isinstance(value, list) else [value])]


def compression_of(properties: dict) -> str:
    for name in ("format", "write_format"):
        form = str(properties.get(name, "PARQUET")).upper()
        if form != "PARQUET":
            raise NotSupportedError(f"format {form}: the local Athena writes PARQUET only")
    for name in ("compression", "write_compression", "parquet_compression"):
        if name in properties:
            wanted = str(properties[name]).lower()
            if wanted not in _COMPRESSIONS:
                raise QueryError("INVALID_TABLE_PROPERTY", f"{name} {properties[name]}")
            return _COMPRESSIONS[wanted]
    return "snappy"


def require_empty(session: Session, target: str) -> None:
    bucket, prefix = split_uri(target)
    if session.objects.below(bucket, prefix):
        raise QueryError("HIVE_PATH_ALREADY_EXISTS", f"Target directory already exists: {target}")


def write_query(session: Session, compiled: CompiledQuery, target: str, keys: list[str], compression: str) -> Written:
    """Writes below `target`, which ends with a slash. A failure leaves no object there."""
    labels = [label.lower() for label, _, _ in compiled.columns]
    if len(set(labels)) != len(labels):
        raise StatementError("DUPLICATE_COLUMN_NAME", f"columns are not unique: {', '.join(labels)}")
    if keys and labels[-len(keys) :] != keys:
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the"
            f" table properties: {keys}",
        )
    for _, _, kind in compiled.columns:
        hive_type(kind)
    directory = session.directory / "write"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        with session.prepared(compiled) as sql:
            rows = _copy(session, compiled, sql, directory, keys, compression)
        files = _upload(session, directory, target, len(keys), rows)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    typed = [(label, kind) for label, (_, _, kind) in zip(labels, compiled.columns, strict=True)]
    split = len(typed) - len(keys)
    return Written(rows, files, typed[:split], typed[split:])


def _copy(
    session: Session, compiled: CompiledQuery, sql: str, directory: Path, keys: list[str], compression: str
) -> int:
    items = []
    for label, internal, kind in compiled.columns:
        name = label.lower()
        if name in keys:
            text = f"CAST({internal} AS VARCHAR)"
            if kind.name == "timestamp":
                text = f"tm_timestamp_text({internal}, {kind.precision})"
            items.append(f"coalesce({text}, '{HIVE_NULL}') AS {quoted(name)}")
        else:
            rounded = cast(Typed(internal, kind), in_milliseconds(kind)).sql
            items.append(f"CAST({rounded} AS {duckdb_type(kind, True)}) AS {quoted(name)}")
    query = f"SELECT {', '.join(items)} FROM ({sql})"
    options = f"FORMAT parquet, COMPRESSION {compression}, ROW_GROUP_SIZE {ROWS_PER_GROUP}"
    connection = session.connection
    if keys:
        names = ", ".join(map(quoted, keys))
        connection.execute(f"SET partitioned_write_max_open_files = {MAX_PARTITIONS + 10}")
        options += f", PARTITION_BY ({names}), FILENAME_PATTERN 'part-{{i}}'"
    else:
        options += f", ROW_GROUPS_PER_FILE {GROUPS_PER_FILE}, FILENAME_PATTERN 'part-{{i}}'"
    target = str(directory).replace("'", "''")
    row = connection.execute(f"COPY ({query}) TO '{target}' ({options}, OVERWRITE_OR_IGNORE)").fetchone()
    return row[0] if row else 0


def _upload(session: Session, directory: Path, target: str, key_count: int, rows: int) -> list[WrittenFile]:
    local = sorted(p for p in directory.rglob("*.parquet")) if rows else []
    folders = {p.parent for p in local}
    if key_count and len(folders) > MAX_PARTITIONS:
        raise QueryError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MAX_PARTITIONS} open writers for partitions: {len(folders)}; split the statement",
        )
    bucket, prefix = split_uri(target)
    uploads, files = [], []
    for index, path in enumerate(local):
        folder = path.parent.relative_to(directory).as_posix()
        folder = "" if folder == "." else f"{folder}/"
        key = f"{prefix}{folder}{session.id}-{index:05d}.parquet"
        values = tuple(unquote(part.partition("=")[2]) for part in folder.split("/")[:key_count])
        uploads.append((path, bucket, key))
        files.append(WrittenFile(f"s3://{bucket}/{key}", values if key_count else ()))
    session.check()
    session.objects.upload(uploads)
    return files
