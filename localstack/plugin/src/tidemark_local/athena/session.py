"""One query at work: its connection, its scans on disk, and what it has read so far."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from .catalog import Catalog
from .errors import QueryCancelledError, QueryError, ScanLimitError
from .objects import Objects, S3Object
from .partitions import files_of
from .rewrite import CompiledQuery, Context, compile_query
from .scans import FileFactsCache, bytes_scanned, create_view, objects_of


@dataclass
class Session:
    """cutoff_bytes: BytesScannedCutoffPerQuery of the workgroup, None without a limit."""

    id: str
    database: str | None
    catalog: Catalog
    objects: Objects
    facts: FileFactsCache
    connection: duckdb.DuckDBPyConnection
    directory: Path
    cutoff_bytes: int | None = None
    parameters: list[str] = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    scanned_bytes: int = 0
    cancelled: bool = False
    on_progress: Callable[[int], None] = lambda _bytes: None

    def compile(self, text: str) -> CompiledQuery:
        context = Context(self.catalog.lookup, self.database, self.started, tuple(self.parameters))
        return compile_query(text, context)

    @contextmanager
    def prepared(self, compiled: CompiledQuery) -> Iterator[str]:
        """Yields the executable text while the files of its scans are held in the cache."""
        pinned: list[S3Object] = []
        try:
            for scan in compiled.scans:
                self.check()
                files = files_of(scan, self.catalog, self.objects, self.connection, self.started)
                wanted = objects_of(files)
                paths = self.objects.fetch(wanted)
                pinned += {o.cache_name: o for o in wanted}.values()
                facts = self.facts.get(paths, self.connection)
                self._count(bytes_scanned(scan, files, facts))
                create_view(scan, files, paths, facts, self.connection)
            self.check()
            yield compiled.sql
        except duckdb.InterruptException as error:
            raise QueryCancelledError from error
        except duckdb.Error as error:
            self.check()
            raise engine_failure(error) from error
        finally:
            self.objects.release_all(pinned)

    def check(self) -> None:
        if self.cancelled:
            raise QueryCancelledError

    def _count(self, size: int) -> None:
        self.scanned_bytes += size
        self.on_progress(self.scanned_bytes)
        if self.cutoff_bytes is not None and self.scanned_bytes > self.cutoff_bytes:
            raise ScanLimitError(
                f"Query cancelled: bytes scanned limit was exceeded ({self.scanned_bytes} bytes"
                f" would be scanned, the workgroup allows {self.cutoff_bytes})"
            )


def engine_failure(error: duckdb.Error) -> QueryError:
    """A DuckDB error in Trino's words. Our macros raise `NAME: text` themselves."""
    text = str(error).split("\n\nLINE")[0]
    text = text.removeprefix("Invalid Input Error: ")
    name, separator, rest = text.partition(": ")
    if separator and name.isupper():
        return QueryError(name, rest)
    if isinstance(error, duckdb.OutOfRangeException):
        return QueryError("NUMERIC_VALUE_OUT_OF_RANGE", text)
    if isinstance(error, duckdb.ConversionException):
        return QueryError("INVALID_CAST_ARGUMENT", text)
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError("EXCEEDED_LOCAL_MEMORY_LIMIT", text)
    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        if "must appear in the GROUP BY" in text:
            return QueryError("EXPRESSION_NOT_AGGREGATE", text)
        return QueryError("SYNTAX_ERROR", text)
    return QueryError("GENERIC_INTERNAL_ERROR", text)
