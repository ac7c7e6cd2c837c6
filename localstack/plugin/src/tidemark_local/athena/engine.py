"""The DuckDB instance: one database, one connection per query, memory and disk bounded."""

import tempfile
from pathlib import Path

import duckdb

from .macros import create_statements

MEMORY_LIMIT = "3GB"
THREADS = 2


class Engine:
    """Connections share the memory limit and the macros; temporary views are each one's own."""

    def __init__(self, directory: Path) -> None:
        spill = directory / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        self.database = duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": THREADS,
                "temp_directory": str(spill),
                "allow_community_extensions": False,
                "autoinstall_known_extensions": False,
            }
        )
        for statement in ("SET TimeZone = 'UTC'", *create_statements()):
            self.database.execute(statement)

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = self.database.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        return connection


def working_directory() -> Path:
    """A folder of this process under TMPDIR."""
    return Path(tempfile.mkdtemp(prefix="tidemark-athena-"))
