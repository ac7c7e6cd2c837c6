"""The door of the compiler: text in, DuckDB text with scans and output columns out."""

from dataclasses import dataclass

from ..errors import StatementError
from ..types import Type
from . import (  # noqa: F401  each registers its handlers
    aggregates,
    calls,
    conditionals,
    lists,
    literals,
    numbers,
    subqueries,
    texts,
    times,
    windows,
)
from .queries import compile_subquery
from .scope import Context, Scan, Scope
from .syntax import bind, parse_query


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """columns: (label, internal name as DuckDB text, type). scans: temporary views the text reads."""

    sql: str
    columns: tuple[tuple[str, str, Type], ...]
    scans: tuple[Scan, ...]


def compile_query(text: str, context: Context) -> CompiledQuery:
    """Raises QueryError: a syntax error, a type error, or a refusal by name."""
    try:
        query = parse_query(bind(text, context.parameters))
        sql, columns = compile_subquery(query, Scope(context))
    except RecursionError as error:
        raise StatementError("STACK_OVERFLOW", "the statement is too large; split it") from error
    shown = tuple((c.label or f"_col{i}", c.sql, c.type) for i, c in enumerate(columns))
    return CompiledQuery(sql, shown, tuple(context.scans))
