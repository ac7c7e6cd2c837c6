"""SELECT, set operations, VALUES and WITH: DuckDB text and the output columns."""

from sqlglot import exp

from ..errors import NotSupportedError, StatementError, TypeMismatchError
from ..types import Type, duckdb_type, quoted
from .casts import coerce, common_of
from .expressions import compile_expression, condition
from .grouping import group_by
from .ordering import Projection, limit, order_by
from .pruning import push
from .relations import compile_from
from .scope import Column, CommonTable, Relation, Scope, Typed, mark_used
from .windows import specification

type Compiled = tuple[str, list[Column]]


def compile_subquery(node: exp.Expression, scope: Scope) -> Compiled:
    """Any query. scope: its parent is the outer query, its tables the visible common tables."""
    visible = Scope(
        scope.context,
        parent=scope.parent,
        tables=dict(scope.tables),
        variables=scope.variables,
    )
    prefix = _with(node, visible)
    text, columns = _body(node, visible)
    return prefix + text, columns


def _body(node: exp.Expression, scope: Scope) -> Compiled:
    if isinstance(node, exp.Select):
        return _select(node, scope)
    if isinstance(node, exp.SetOperation):
        return _ordered(node, *_set_operation(node, scope), scope)
    if isinstance(node, exp.Values):
        return _ordered(node, *_values(node, scope), scope)
    if isinstance(node, exp.Subquery | exp.Paren):
        return _ordered(node, *compile_subquery(node.this, scope), scope)
    if isinstance(node, exp.Table):
        raise NotSupportedError("TABLE as a query")
    raise NotSupportedError(f"query {node.key.upper()}")


def _with(node: exp.Expression, scope: Scope) -> str:
    clause = node.args.get("with_")
    if clause is None:
        return ""
    if clause.args.get("recursive"):
        raise NotSupportedError("WITH RECURSIVE")
    texts = []
    for table in clause.expressions:
        name = table.alias.lower()
        text, columns = compile_subquery(table.this, scope)
        internal = quoted(scope.context.fresh(f"cte_{name}"))
        names = [c.name.lower() for c in table.args["alias"].args.get("columns") or []]
        if names and len(names) != len(columns):
            raise StatementError("MISMATCHED_COLUMN_ALIASES", f"'{name}' has {len(columns)} columns, got {len(names)}")
        if names:
            columns = [Column(new, c.sql, c.type, new, c.source) for new, c in zip(names, columns, strict=True)]
        references = sum(1 for t in node.find_all(exp.Table) if t.name.lower() == name and not t.db)
        scope.tables[name] = CommonTable(internal, tuple(columns), references)
        texts.append(f"{internal} AS ({text})")
    return f"WITH {', '.join(texts)} "


def _select(node: exp.Expression, scope: Scope) -> Compiled:
    for refused in ("connect", "qualify", "sample", "into", "match", "kind", "prewhere", "cluster"):
        if node.args.get(refused):
            raise NotSupportedError(f"{refused.upper()} in SELECT")
    source = compile_from(node, scope)
    where = node.args.get("where")
    filtered = ""
    if where is not None:
        filtered = f" WHERE {condition(where.this, scope, 'WHERE').sql}"
        push(where.this, scope, scope.relations)
    windows = _windows(node, scope)
    projections = _projections(node, scope)
    group, keys = group_by(node, scope, projections)
    having = node.args.get("having")
    if having is not None:
        group += f" HAVING {condition(having.this, scope, 'HAVING').sql}"
    columns = _outputs(node, projections, keys)
    items = ", ".join(f"{p.value.sql} AS {c.sql}" for p, c in zip(projections, columns, strict=True))
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise NotSupportedError("DISTINCT ON")
    text = f"SELECT {'DISTINCT ' if distinct else ''}{items}{source}{filtered}{group}{windows}"
    return text + order_by(node, scope, projections) + limit(node, scope), columns


def _projections(node: exp.Expression, scope: Scope) -> list[Projection]:
    result: list[Projection] = []
    for item in node.expressions:
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            result += _star(item, scope)
            continue
        inner = item.this if isinstance(item, exp.Alias) else item
        value = compile_expression(inner, scope)
        label = item.alias if isinstance(item, exp.Alias) else None
        if label is None and isinstance(inner, exp.Column | exp.Dot):
            label = inner.name
        column = _plain_column(inner, scope)
        result.append(Projection(value, label.lower() if label else None, label, inner, column))
    return result


def _plain_column(node: exp.Expression, scope: Scope) -> Column | None:
    if not isinstance(node, exp.Column) or node.name.lower() in scope.variables:
        return None
    found = scope.find([p.name.lower() for p in node.parts])
    return found[0] if found and not found[1] else None


def _star(item: exp.Expression, scope: Scope) -> list[Projection]:
    star = item.this if isinstance(item, exp.Column) else item
    if any(star.args.get(k) for k in ("except_", "replace", "rename")):
        raise NotSupportedError("* with EXCEPT, REPLACE or RENAME")
    table = item.table.lower() if isinstance(item, exp.Column) else None
    relations = [r for r in scope.relations if table is None or r.alias == table]
    if not relations:
        raise StatementError("SYNTAX_ERROR", f"SELECT *: '{table or ''}' is not in FROM")
    columns = list(scope.merged.values()) if table is None else []
    columns += [
        c for r in relations for c in r.columns if not c.hidden and not (table is None and c.name in scope.merged)
    ]
    for column in columns:
        mark_used(column)
    return [Projection(Typed(c.sql, c.type), c.name, c.label or c.name, None, c) for c in columns]


def _outputs(node: exp.Expression, projections: list[Projection], keys: set[str] | None) -> list[Column]:
    """Lineage survives where removing rows below cannot change the rows kept above."""
    limited = node.args.get("limit") or node.args.get("offset")
    windowed = any(p.node is not None and p.node.find(exp.Window) for p in projections)
    taken: set[str] = set()
    columns = []
    for index, p in enumerate(projections):
        internal = p.name or f"_col{index}"
        if internal in taken:
            internal = f"{internal}__{index}"
        taken.add(internal)
        keeps = p.column is not None and not limited and not windowed
        if keys is not None:
            keeps = keeps and p.value.sql in keys
        source = p.column.source if keeps and p.column else ()
        columns.append(Column(p.name, quoted(internal), p.value.type, p.label or f"_col{index}", source))
    return columns


def _windows(node: exp.Expression, scope: Scope) -> str:
    texts = []
    for window in node.args.get("windows") or []:
        name = window.this.name.lower()
        definition = window.copy()
        definition.set("this", None)
        texts.append(f"{quoted(name)} AS {specification(definition, scope)}")
        scope.windows.add(name)
    return f" WINDOW {', '.join(texts)}" if texts else ""


def _ordered(node: exp.Expression, text: str, columns: list[Column], scope: Scope) -> Compiled:
    """ORDER BY and LIMIT of a set operation, VALUES or bracketed query: output columns only."""
    if not any(node.args.get(k) for k in ("order", "limit", "offset")):
        return text, columns
    inner = Scope(scope.context, parent=scope.parent, tables=scope.tables)

    inner.relations = [Relation(None, [Column(c.name, c.sql, c.type) for c in columns])]
    projections = [Projection(Typed(c.sql, c.type), c.name, c.label, None) for c in columns]
    tail = order_by(node, inner, projections) + limit(node, inner)
    if node.args.get("limit") or node.args.get("offset"):
        columns = [Column(c.name, c.sql, c.type, c.label) for c in columns]
    return f"SELECT * FROM ({text}){tail}", columns


def _set_operation(node: exp.Expression, scope: Scope) -> Compiled:
    sides = [compile_subquery(side, scope) for side in (node.this, node.expression)]
    (left, a), (right, b) = sides
    word = node.key.upper()
    if len(a) != len(b):
        raise TypeMismatchError(f"{word} query has different number of fields: {len(a)}, {len(b)}")
    kinds = [
        common_of([x.type, y.type], f"column {i + 1} in {word} query")
        for i, (x, y) in enumerate(zip(a, b, strict=True))
    ]
    distinct = node.args.get("distinct")
    both = f"{as_types(left, a, kinds)} {word}{'' if distinct else ' ALL'} {as_types(right, b, kinds)}"
    columns = []
    for x, y, kind in zip(a, b, kinds, strict=True):
        plain = word == "UNION" and x.type == kind == y.type and x.source and y.source
        columns.append(Column(x.name, x.sql, kind, x.label, (*x.source, *y.source) if plain else ()))
    return both, columns


def as_types(text: str, columns: list[Column], kinds: list[Type]) -> str:
    if all(duckdb_type(c.type) == duckdb_type(k) for c, k in zip(columns, kinds, strict=True)):
        return f"({text})"
    items = ", ".join(f"{coerce(Typed(c.sql, c.type), k).sql} AS {c.sql}" for c, k in zip(columns, kinds, strict=True))
    return f"(SELECT {items} FROM ({text}))"


def _values(node: exp.Expression, scope: Scope) -> Compiled:
    rows = [
        [compile_expression(e, scope) for e in (r.expressions if isinstance(r, exp.Tuple) else [r])]
        for r in node.expressions
    ]
    if len({len(r) for r in rows}) != 1:
        raise StatementError("MISMATCHED_COLUMN_ALIASES", "VALUES rows have different numbers of columns")
    kinds = [common_of([v.type for v in column], "VALUES") for column in zip(*rows, strict=True)]
    texts = (f"({', '.join(coerce(v, k).sql for v, k in zip(r, kinds, strict=True))})" for r in rows)
    names = [f"_col{i}" for i in range(len(kinds))]
    text = f"SELECT * FROM (VALUES {', '.join(texts)}) AS v({', '.join(map(quoted, names))})"
    columns = [Column(None, quoted(n), k, n) for n, k in zip(names, kinds, strict=True)]
    return text, columns
