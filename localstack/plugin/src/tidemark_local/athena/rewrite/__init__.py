"""A compiler from Athena's Trino SQL to DuckDB SQL.

Every node, function and type is on an allow-list with Trino's typing rules: what is not known here
is refused by name, so that nothing of DuckDB's own semantics can slip through.
"""

from .compile import CompiledQuery, compile_query
from .scope import Context, Scan, TableDefinition, ViewDefinition

__all__ = [
    "CompiledQuery",
    "Context",
    "Scan",
    "TableDefinition",
    "ViewDefinition",
    "compile_query",
]
