"""What names mean at one place of a query: columns, relations, common table expressions, scans."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlglot import exp

from ..errors import StatementError
from ..types import Type


@dataclass(frozen=True, slots=True)
class Typed:
    """A compiled expression: DuckDB text and its Trino type.

    literal: the Python value of a plain literal, for arguments that must be known while compiling.
    """

    sql: str
    type: Type
    literal: str | int | None = None


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """A Glue table of Parquet files. `glue` is the answer of GetTable."""

    database: str
    name: str
    columns: tuple[tuple[str, Type], ...]
    partition_keys: tuple[tuple[str, Type], ...]
    glue: dict


@dataclass(frozen=True, slots=True)
class ViewDefinition:
    database: str
    name: str
    sql: str
    catalog: str
    schema: str
    columns: tuple[tuple[str, Type], ...]


@dataclass(slots=True)
class Scan:
    """One reference to a table. constraints: texts over partition keys and "$path" that every
    wanted row satisfies. used: names of the columns that the query reads."""

    name: str
    table: TableDefinition
    used: set[str] = field(default_factory=set)
    constraints: list[str] = field(default_factory=list)
    equalities: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """name: lower case, None when it cannot be referenced. source: scan columns it is a plain copy of."""

    name: str | None
    sql: str
    type: Type
    label: str | None = None
    source: tuple[tuple[Scan, str], ...] = ()
    hidden: bool = False


@dataclass(slots=True)
class Relation:
    """What one FROM item offers. alias: None when its columns have no qualifier."""

    alias: str | None
    columns: list[Column]
    database: str | None = None


@dataclass(frozen=True, slots=True)
class CommonTable:
    internal_name: str
    columns: tuple[Column, ...]
    references: int


@dataclass
class Context:
    """State of one compilation. lookup: (catalog, database, table) to a definition."""

    lookup: Callable[[str | None, str, str], TableDefinition | ViewDefinition]
    database: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    parameters: Sequence[str] = ()
    scans: list[Scan] = field(default_factory=list)
    view_depth: int = 0
    _names: int = 0

    def fresh(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}_{self._names}"


@dataclass
class Scope:
    """Names visible to expressions. aggregates: whether aggregate functions may appear here."""

    context: Context
    relations: list[Relation] = field(default_factory=list)
    parent: "Scope | None" = None
    tables: dict[str, CommonTable] = field(default_factory=dict)
    variables: dict[str, Typed] = field(default_factory=dict)
    merged: dict[str, Column] = field(default_factory=dict)
    windows: set[str] = field(default_factory=set)
    aggregates: bool = False

    def inner(self, **changes: object) -> "Scope":
        """A scope for a subquery: sees this scope's columns as outer ones."""
        return Scope(self.context, parent=self, tables=dict(self.tables), variables=self.variables, **changes)  # type: ignore[arg-type]

    def with_variables(self, variables: dict[str, Typed]) -> "Scope":
        return Scope(
            self.context,
            self.relations,
            self.parent,
            self.tables,
            {**self.variables, **variables},
            self.merged,
            self.windows,
            self.aggregates,
        )

    def find(self, parts: Sequence[str]) -> tuple[Column, Sequence[str]] | None:
        """The column that `a.b.c` starts with, and the row fields that remain. None if unknown here."""
        for taken in range(min(len(parts) - 1, 3), 0, -1):
            for relation in self.relations:
                if not _names_relation(relation, parts[:taken]):
                    continue
                if found := _only([c for c in relation.columns if c.name == parts[taken]], parts):
                    return found, parts[taken + 1 :]
        if parts[0] in self.merged:
            return self.merged[parts[0]], parts[1:]
        columns = [c for r in self.relations for c in r.columns if c.name == parts[0]]
        if found := _only(columns, parts):
            return found, parts[1:]
        return self.parent.find(parts) if self.parent else None


def _names_relation(relation: Relation, parts: Sequence[str]) -> bool:
    if relation.alias != parts[-1]:
        return False
    return len(parts) == 1 or relation.database == parts[-2]


def _only(columns: list[Column], parts: Sequence[str]) -> Column | None:
    if len(columns) > 1:
        raise StatementError("SYNTAX_ERROR", f"Column '{'.'.join(parts)}' is ambiguous")
    return columns[0] if columns else None


def mark_used(column: Column) -> None:
    for scan, name in column.source:
        scan.used.add(name)


def aliased(columns: Sequence[Column], alias_sql: str) -> list[Column]:
    """The same columns seen through a FROM alias."""
    return [Column(c.name, f"{alias_sql}.{c.sql}", c.type, c.label, c.source, c.hidden) for c in columns]


def identifier(node: exp.Expression | None) -> str | None:
    """An identifier as Trino compares it: lower case."""
    return node.name.lower() if node is not None and node.name else None
