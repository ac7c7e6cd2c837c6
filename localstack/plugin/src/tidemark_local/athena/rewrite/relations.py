"""FROM: tables, views, common tables, subqueries, VALUES, UNNEST and joins become relations."""

from collections.abc import Sequence

from sqlglot import exp

from ..errors import NotSupportedError, StatementError, TypeMismatchError
from ..types import BIGINT, VARCHAR, Type, duckdb_type, field_name, quoted
from .casts import coerce, common_of, common_type
from .expressions import compile_expression, condition
from .pruning import push
from .scope import (
    Column,
    Relation,
    Scan,
    Scope,
    TableDefinition,
    Typed,
    ViewDefinition,
    aliased,
    identifier,
)
from .syntax import parse_query

MAX_VIEW_DEPTH = 16


def compile_from(select: exp.Expression, scope: Scope) -> str:
    """The FROM clause text. Fills scope.relations and scope.merged."""
    source = select.args.get("from_")
    if source is None:
        return ""
    text = _relation(source.this, scope)
    for laterals in select.args.get("laterals") or []:
        raise NotSupportedError(f"LATERAL VIEW {laterals.sql('hive')[:40]}; use CROSS JOIN UNNEST")
    for join in [*(source.this.args.get("joins") or []), *(select.args.get("joins") or [])]:
        text = _join(text, join, scope)
    return f" FROM {text}"


def _relation(node: exp.Expression, scope: Scope) -> str:
    """Adds the relation to the scope. Returns its text with a unique alias."""
    for refused in ("pivots", "sample", "match_recognize", "version", "when"):
        if node.args.get(refused):
            raise NotSupportedError(f"{refused} in `{node.sql('trino')[:80]}`")
    if isinstance(node, exp.Paren | exp.Subquery) and isinstance(node.this, exp.Table):
        inner = node.this
        text = _relation(inner, scope)
        for join in [*(inner.args.get("joins") or []), *(node.args.get("joins") or [])]:
            text = _join(text, join, scope)
        return f"({text})"
    if isinstance(node, exp.Unnest):
        return _unnest(node, scope)
    if isinstance(node, exp.Lateral):
        return "LATERAL " + _derived(node.this, node.args.get("alias"), scope, scope)
    if isinstance(node, exp.Table):
        return _named(node, scope)
    if isinstance(node, exp.Subquery | exp.Values):
        outer = scope.parent
        alias = node.args.get("alias")
        inner = node.this if isinstance(node, exp.Subquery) else node
        return _derived(inner if not _ordered(node) else node, alias, scope, outer)
    raise NotSupportedError(f"{node.key.upper()} in FROM")


def _ordered(node: exp.Expression) -> bool:
    return any(node.args.get(k) for k in ("order", "limit", "offset", "with_"))


def _derived(query: exp.Expression, alias: exp.Expression | None, scope: Scope, outer: Scope | None) -> str:
    from .queries import compile_subquery

    if isinstance(query, exp.Subquery) and not _ordered(query):
        query = query.this
    visible = Scope(scope.context, parent=outer, tables=scope.tables, variables=scope.variables)
    text, columns = compile_subquery(query, visible)
    return _add(scope, f"({text})", columns, alias)


def _add(
    scope: Scope,
    text: str,
    columns: Sequence[Column],
    alias: exp.Expression | None,
    name: str | None = None,
    database: str | None = None,
) -> str:
    internal = scope.context.fresh("r")
    shown = identifier(alias.this) if alias is not None and alias.this is not None else name
    renamed = [c.name.lower() for c in (alias.args.get("columns") or [])] if alias else []
    result = aliased(columns, internal)
    if renamed:
        visible = [c for c in result if not c.hidden]
        if len(renamed) != len(visible):
            raise StatementError(
                "MISMATCHED_COLUMN_ALIASES",
                f"Column alias list has {len(renamed)} entries but '{shown}' has {len(visible)} columns",
            )
        result = [Column(new, c.sql, c.type, new, c.source) for new, c in zip(renamed, visible, strict=True)]
    if shown and any(r.alias == shown and r.database == database for r in scope.relations):
        raise StatementError("SYNTAX_ERROR", f"Table alias '{shown}' is used twice")
    scope.relations.append(Relation(shown, result, database if alias is None else None))
    return f"{text} AS {internal}"


def _named(node: exp.Expression, scope: Scope) -> str:
    parts = [p.name.lower() for p in node.parts]  # type: ignore[attr-defined]
    alias, context = node.args.get("alias"), scope.context
    if isinstance(node.this, exp.Anonymous | exp.Func):
        raise NotSupportedError(f"table function {node.this.name}")
    if len(parts) == 1 and parts[0] in scope.tables:
        common = scope.tables[parts[0]]
        columns = common.columns
        if common.references > 1:
            columns = [Column(c.name, c.sql, c.type, c.label) for c in columns]
        return _add(scope, common.internal_name, columns, alias, parts[0])
    catalog = parts[-3] if len(parts) == 3 else None
    database = parts[-2] if len(parts) > 1 else context.database
    if database is None:
        raise StatementError("MISSING_SCHEMA_NAME", f"no database is set for table {parts[-1]}")
    found = context.lookup(catalog, database, parts[-1])
    if isinstance(found, ViewDefinition):
        return _view(found, alias, scope)
    return _scan(found, alias, scope)


def _scan(table: TableDefinition, alias: exp.Expression | None, scope: Scope) -> str:
    scan = Scan(scope.context.fresh("tm_scan"), table)
    scope.context.scans.append(scan)
    columns = [
        Column(name, quoted(name), kind, name, ((scan, name),))
        for name, kind in (*table.columns, *table.partition_keys)
    ]
    columns.append(Column("$path", quoted("$path"), VARCHAR, "$path", ((scan, "$path"),), hidden=True))
    return _add(scope, scan.name, columns, alias, table.name, table.database)


def _view(view: ViewDefinition, alias: exp.Expression | None, scope: Scope) -> str:
    """Expanded as a subquery with its own database; no name of the caller is visible inside."""
    from .queries import as_types, compile_subquery

    context = scope.context
    if context.view_depth >= MAX_VIEW_DEPTH:
        raise StatementError("VIEW_IS_RECURSIVE", f"view {view.name} refers to itself")
    database, context.database = context.database, view.schema
    context.view_depth += 1
    try:
        text, columns = compile_subquery(parse_query(view.sql), Scope(context))
    finally:
        context.database = database
        context.view_depth -= 1
    if len(columns) != len(view.columns):
        raise StatementError("VIEW_IS_STALE", f"view {view.name} is stale; it must be re-created")
    for column, (name, kind) in zip(columns, view.columns, strict=True):
        if duckdb_type(column.type) != duckdb_type(kind) and common_type(column.type, kind) != kind:
            raise StatementError(
                "VIEW_IS_STALE",
                f"view {view.name} is stale: column {name} is {column.type}, was {kind}; it must be re-created",
            )
    text = as_types(text, columns, [kind for _, kind in view.columns])
    typed = [
        Column(name, c.sql, kind, name, c.source if duckdb_type(c.type) == duckdb_type(kind) else ())
        for c, (name, kind) in zip(columns, view.columns, strict=True)
    ]
    return _add(scope, text, typed, alias, view.name, view.database)


def _unnest(node: exp.Expression, scope: Scope) -> str:
    """Lists side by side, padded with NULL; an array of rows gives one column per field."""
    values = [compile_expression(e, scope) for e in node.expressions]
    lists, outputs = _unnested(values)
    offset = node.args.get("offset")
    if offset:
        sizes = ", ".join(f"coalesce(len({text}), 0)" for text in lists)
        lists.append(f"range(1, greatest({sizes}) + 1)" if lists else "range(0)")
        outputs.append((f"u{len(lists) - 1}", BIGINT))
    picked = ", ".join(f"unnest({text}) AS u{i}" for i, text in enumerate(lists))
    columns = [
        Column(None if offset and i == len(outputs) - 1 else f"_col{i}", quoted(f"c{i}"), kind)
        for i, (_, kind) in enumerate(outputs)
    ]
    shown = ", ".join(f"{text} AS {quoted(f'c{i}')}" for i, (text, _) in enumerate(outputs))
    if isinstance(offset, exp.Identifier):
        alias = node.args["alias"]
        alias.append("columns", offset)
    text = f"(SELECT {shown} FROM (SELECT {picked}))"
    lateral = "LATERAL " if any(r.columns for r in scope.relations) or scope.parent else ""
    return lateral + _add(scope, text, columns, node.args.get("alias"))


def _unnested(values: list[Typed]) -> tuple[list[str], list[tuple[str, Type]]]:
    lists: list[str] = []
    outputs: list[tuple[str, Type]] = []
    for value in values:
        name = f"u{len(lists)}"
        if value.type.name == "map":
            lists += [f"map_keys({value.sql})", f"map_values({value.sql})"]
            outputs += [(name, value.type.key), (f"u{len(lists) - 1}", value.type.element)]
        elif value.type.name != "array":
            raise TypeMismatchError(f"UNNEST needs an array or map, got {value.type}")
        elif value.type.element.name == "row":
            lists.append(value.sql)
            for index, (field, kind) in enumerate(value.type.element.fields):
                outputs.append((f"struct_extract({name}, '{field_name(index, field)}')", kind))
        else:
            lists.append(value.sql)
            outputs.append((name, value.type.element))
    return lists, outputs


def _join(left: str, join: exp.Expression, scope: Scope) -> str:
    side = (join.args.get("side") or "").upper()
    kind = (join.args.get("kind") or "").upper()
    if join.args.get("method") or kind in ("SEMI", "ANTI") or join.args.get("hint"):
        raise NotSupportedError(f"{join.args.get('method') or kind} JOIN")
    before = len(scope.relations)
    right = _relation(join.this, scope)
    on, using = join.args.get("on"), join.args.get("using")
    if using:
        return f"{left} {side} JOIN {right} ON {_using(using, before, side, scope)}"
    if on is None:
        if side:
            raise StatementError("SYNTAX_ERROR", f"{side} JOIN needs ON or USING")
        return f"{left} CROSS JOIN {right}"
    test = condition(on, scope, "JOIN ON")
    relations = scope.relations
    prunable = {"": relations, "LEFT": relations[before:], "RIGHT": relations[:before]}
    push(on, scope, prunable.get(side, []))
    return f"{left} {side} JOIN {right} ON {test.sql}"


def _using(names: list[exp.Expression], before: int, side: str, scope: Scope) -> str:
    """Merged columns: found once without a qualifier, first in SELECT *."""
    tests = []
    for node in names:
        name = node.name.lower()
        a = scope.merged.get(name) or _one(scope.relations[:before], name)
        b = _one(scope.relations[before:], name)
        kind = common_of([a.type, b.type], f"USING ({name})")
        x, y = (coerce(Typed(c.sql, c.type), kind).sql for c in (a, b))
        tests.append(f"{x} = {y}")
        merged = {"": x, "LEFT": x, "RIGHT": y}.get(side, f"coalesce({x}, {y})")
        source = {"": a.source, "LEFT": a.source, "RIGHT": b.source}.get(side, ())
        scope.merged[name] = Column(name, merged, kind, name, source)
        for column in (a, b):
            for scan, used in column.source:
                scan.used.add(used)
    return " AND ".join(tests)


def _one(relations: list[Relation], name: str) -> Column:
    found = [c for r in relations for c in r.columns if c.name == name]
    if len(found) != 1:
        raise StatementError("COLUMN_NOT_FOUND", f"USING column '{name}' is missing or ambiguous")
    return found[0]
