"""SELECT, set operations, VALUES and WITH: DuckDB text and the output columns."""

from collections.abc import Sequence

from sqlglot import exp

from ..errors import NotSupported, SyntaxFailure, TypeMismatch
from ..types import BOOLEAN, Type, duckdb_type, quoted
from .aggregates import AGGREGATES
from .casts import coerce, common_of, common_type
from .expressions import compile_expression, condition, handles
from .pruning import push
from .relations import compile_from
from .scope import Column, CommonTable, Scope, Typed, mark_used
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
        raise NotSupported("TABLE as a query")
    raise NotSupported(f"query {node.key.upper()}")


def _with(node: exp.Expression, scope: Scope) -> str:
    clause = node.args.get("with_")
    if clause is None:
        return ""
    if clause.args.get("recursive"):
        raise NotSupported("WITH RECURSIVE")
    texts = []
    for table in clause.expressions:
        name = table.alias.lower()
        text, columns = compile_subquery(table.this, scope)
        internal = quoted(scope.context.fresh(f"cte_{name}"))
        names = [c.name.lower() for c in table.args["alias"].args.get("columns") or []]
        if names and len(names) != len(columns):
            raise SyntaxFailure("MISMATCHED_COLUMN_ALIASES", f"'{name}' has {len(columns)} columns, got {len(names)}")
        if names:
            columns = [Column(new, c.sql, c.type, new, c.source) for new, c in zip(names, columns, strict=True)]
        references = sum(1 for t in node.find_all(exp.Table) if t.name.lower() == name and not t.db)
        scope.tables[name] = CommonTable(internal, tuple(columns), references)
        texts.append(f"{internal} AS ({text})")
    return f"WITH {', '.join(texts)} "


def _select(node: exp.Expression, scope: Scope) -> Compiled:
    for refused in ("connect", "qualify", "sample", "into", "match", "kind", "prewhere", "cluster"):
        if node.args.get(refused):
            raise NotSupported(f"{refused.upper()} in SELECT")
    source = compile_from(node, scope)
    where = node.args.get("where")
    filtered = ""
    if where is not None:
        filtered = f" WHERE {condition(where.this, scope, 'WHERE').sql}"
        push(where.this, scope, scope.relations)
    windows = _windows(node, scope)
    projections = _projections(node, scope)
    group, keys = _group(node, scope, projections)
    having = node.args.get("having")
    if having is not None:
        group += f" HAVING {condition(having.this, scope, 'HAVING').sql}"
    columns = _outputs(node, projections, keys)
    items = ", ".join(f"{p.value.sql} AS {c.sql}" for p, c in zip(projections, columns, strict=True))
    distinct = node.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise NotSupported("DISTINCT ON")
    text = f"SELECT {'DISTINCT ' if distinct else ''}{items}{source}{filtered}{group}{windows}"
    return text + _order(node, scope, projections) + _limit(node, scope), columns


class Projection:
    """One item of a select list. node: its expression, None for a column of an expanded star."""

    __slots__ = ("column", "label", "name", "node", "value")

    def __init__(
        self,
        value: Typed,
        name: str | None,
        label: str | None,
        node: exp.Expression | None,
        column: Column | None = None,
    ):
        self.value, self.name, self.label, self.node, self.column = value, name, label, node, column


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
    if any(
        item.args.get(k) or item.this.args.get(k)
        for k in ("except_", "replace", "rename")
        if isinstance(item.this, exp.Expression)
    ):
        raise NotSupported("* EXCEPT or REPLACE")
    table = item.table.lower() if isinstance(item, exp.Column) else None
    relations = [r for r in scope.relations if table is None or r.alias == table]
    if not relations:
        raise SyntaxFailure("SYNTAX_ERROR", f"SELECT *: '{table or ''}' is not in FROM")
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


def _group(node: exp.Expression, scope: Scope, projections: list[Projection]) -> tuple[str, set[str] | None]:
    """GROUP BY text and the texts of plain keys. None: the query does not aggregate."""
    group = node.args.get("group")
    if group is None:
        calls = (c for p in projections if p.node is not None for c in _own_calls(p.node))
        aggregates = any(calls) or node.args.get("having") is not None
        return "", set() if aggregates else None
    keys: set[str] = set()
    items, simple = [], True
    for element in group.expressions:
        if isinstance(element, exp.Rollup | exp.Cube | exp.GroupingSets):
            items.append(_grouping(element, scope, projections))
            simple = False
        else:
            text = _group_key(element, scope, projections)
            keys.add(text)
            items.append(text)
    for kind in ("rollup", "cube", "grouping_sets"):
        for element in group.args.get(kind) or []:
            items.append(_grouping(element, scope, projections))
            simple = False
    if group.args.get("all"):
        raise NotSupported("GROUP BY ALL")
    return f" GROUP BY {', '.join(items)}", keys if simple else set()


def _own_calls(node: exp.Expression) -> list[exp.Expression]:
    """Aggregate calls of this select: not those of windows, not those of subqueries."""
    if isinstance(node, exp.Query | exp.Subquery):
        return []
    if isinstance(node, exp.Window):
        inner = node.this.this if isinstance(node.this, exp.Filter) else node.this
        children = [*inner.expressions, *(node.args.get("partition_by") or [])]
        return [c for child in children for c in _own_calls(child)]
    own = [node] if isinstance(node, exp.Anonymous) and node.name.lower() in AGGREGATES else []
    if isinstance(node, exp.GroupConcat):
        own = [node]
    return own + [c for child in node.iter_expressions() for c in _own_calls(child)]


def _group_key(element: exp.Expression, scope: Scope, projections: list[Projection]) -> str:
    if isinstance(element, exp.Literal) and not element.is_string:
        return _ordinal(element, projections).value.sql
    return compile_expression(element, scope).sql


def _ordinal(element: exp.Expression, projections: Sequence[Projection]) -> Projection:
    position = int(element.name) if element.name.isdigit() else 0
    if not 1 <= position <= len(projections):
        raise SyntaxFailure("INVALID_COLUMN_REFERENCE", f"position {element.name} is not in select list")
    return projections[position - 1]


def _grouping(element: exp.Expression, scope: Scope, projections: list[Projection]) -> str:
    def keys(item: exp.Expression) -> str:
        if isinstance(item, exp.Rollup | exp.Cube):
            return _grouping(item, scope, projections)
        if isinstance(item, exp.Tuple):
            return f"({', '.join(_group_key(e, scope, projections) for e in item.expressions)})"
        inner = item.this if isinstance(item, exp.Paren) else item
        text = _group_key(inner, scope, projections)
        return f"({text})" if word == "GROUPING SETS" else text

    word = {"rollup": "ROLLUP", "cube": "CUBE"}.get(element.key, "GROUPING SETS")
    return f"{word} ({', '.join(keys(e) for e in element.expressions)})"


def order_text(elements: Sequence[exp.Expression], scope: Scope) -> str:
    """ORDER BY inside windows and aggregates: input columns only."""
    return ", ".join(_direction(compile_expression(e.this, scope).sql, e) for e in elements)


def _direction(text: str, element: exp.Expression) -> str:
    nulls = "FIRST" if element.args.get("nulls_first") else "LAST"
    return f"{text} {'DESC' if element.args.get('desc') else 'ASC'} NULLS {nulls}"


def _order(node: exp.Expression, scope: Scope, projections: list[Projection]) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    named = {p.name: i for i, p in reversed(list(enumerate(projections))) if p.name}
    items = []
    for element in order.expressions:
        key = element.this
        if isinstance(key, exp.Literal) and not key.is_string:
            position = projections.index(_ordinal(key, projections))
            items.append(_direction(str(position + 1), element))
        elif isinstance(key, exp.Column) and not key.table and key.name.lower() in named:
            items.append(_direction(str(named[key.name.lower()] + 1), element))
        else:
            items.append(_direction(_order_key(key, scope, projections, named), element))
    return f" ORDER BY {', '.join(items)}"


def _order_key(key: exp.Expression, scope: Scope, projections: list[Projection], named: dict[str, int]) -> str:
    """Output names win over input columns inside an ORDER BY expression, as in Trino."""

    def replaced(part: exp.Expression) -> exp.Expression:
        if isinstance(part, exp.Column) and not part.table and part.name.lower() in named:
            projection = projections[named[part.name.lower()]]
            if projection.node is not None:
                return exp.Paren(this=projection.node.copy())
        return part

    return compile_expression(key.copy().transform(replaced), scope).sql


def _limit(node: exp.Expression, scope: Scope) -> str:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    text = ""
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
            raise NotSupported("FETCH .. WITH TIES or PERCENT")
        text = f" LIMIT {_count(limit.args['count'], scope)}"
    elif limit is not None and limit.expression.name.upper() != "ALL":
        text = f" LIMIT {_count(limit.expression, scope)}"
    return text + (f" OFFSET {_count(offset.expression, scope)}" if offset is not None else "")


def _count(node: exp.Expression, scope: Scope) -> int:
    value = compile_expression(node, scope).literal
    if not isinstance(value, int):
        raise SyntaxFailure("SYNTAX_ERROR", f"LIMIT and OFFSET take an integer, got {node.sql('trino')}")
    return value


def _ordered(node: exp.Expression, text: str, columns: list[Column], scope: Scope) -> Compiled:
    """ORDER BY and LIMIT of a set operation, VALUES or bracketed query: output columns only."""
    if not any(node.args.get(k) for k in ("order", "limit", "offset")):
        return text, columns
    inner = Scope(scope.context, parent=scope.parent, tables=scope.tables)
    from .scope import Relation

    inner.relations = [Relation(None, [Column(c.name, c.sql, c.type) for c in columns])]
    projections = [Projection(Typed(c.sql, c.type), c.name, c.label, None) for c in columns]
    tail = _order(node, inner, projections) + _limit(node, inner)
    if node.args.get("limit") or node.args.get("offset"):
        columns = [Column(c.name, c.sql, c.type, c.label) for c in columns]
    return f"SELECT * FROM ({text}){tail}", columns


def _set_operation(node: exp.Expression, scope: Scope) -> Compiled:
    sides = [compile_subquery(side, scope) for side in (node.this, node.expression)]
    (left, a), (right, b) = sides
    word = node.key.upper()
    if len(a) != len(b):
        raise TypeMismatch(f"{word} query has different number of fields: {len(a)}, {len(b)}")
    kinds = [
        common_of([x.type, y.type], f"column {i + 1} in {word} query")
        for i, (x, y) in enumerate(zip(a, b, strict=True))
    ]
    distinct = node.args.get("distinct")
    both = f"{_as_types(left, a, kinds)} {word}{'' if distinct else ' ALL'} {_as_types(right, b, kinds)}"
    columns = []
    for x, y, kind in zip(a, b, kinds, strict=True):
        plain = word == "UNION" and x.type == kind == y.type and x.source and y.source
        columns.append(Column(x.name, x.sql, kind, x.label, (*x.source, *y.source) if plain else ()))
    return both, columns


def _as_types(text: str, columns: list[Column], kinds: list[Type]) -> str:
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
        raise SyntaxFailure("MISMATCHED_COLUMN_ALIASES", "VALUES rows have different numbers of columns")
    kinds = [common_of([v.type for v in column], "VALUES") for column in zip(*rows, strict=True)]
    texts = (f"({', '.join(coerce(v, k).sql for v, k in zip(r, kinds, strict=True))})" for r in rows)
    names = [f"_col{i}" for i in range(len(kinds))]
    text = f"SELECT * FROM (VALUES {', '.join(texts)}) AS v({', '.join(map(quoted, names))})"
    columns = [Column(None, quoted(n), k, n) for n, k in zip(names, kinds, strict=True)]
    return text, columns


def _nested(node: exp.Expression, scope: Scope) -> Compiled:
    if isinstance(node, exp.Subquery) and not any(node.args.get(k) for k in ("order", "limit", "offset", "with_")):
        return _nested(node.this, scope)
    return compile_subquery(node, scope.inner())


@handles(exp.Subquery)
def _scalar(node: exp.Expression, scope: Scope) -> Typed:
    text, columns = _nested(node, scope)
    if len(columns) != 1:
        raise NotSupported(f"a scalar subquery with {len(columns)} columns")
    return Typed(f"({text})", columns[0].type)


@handles(exp.Exists)
def _exists(node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"EXISTS ({_nested(node.this, scope)[0]})", BOOLEAN)


@handles(exp.In)
def _in(node: exp.Expression, scope: Scope) -> Typed:
    query = node.args.get("query")
    if query is None:
        if node.args.get("unnest") or node.args.get("field"):
            raise NotSupported(f"{node.sql('trino')[:60]}: IN takes a list or a query")
        value = compile_expression(node.this, scope)
        items = [compile_expression(e, scope) for e in node.expressions]
        kind = common_of([value.type, *(i.type for i in items)], "IN")
        listed = ", ".join(coerce(i, kind).sql for i in items)
        return Typed(f"({coerce(value, kind).sql} IN ({listed}))", BOOLEAN)
    text, columns = _nested(query, scope)
    if isinstance(node.this, exp.Tuple):
        values = [compile_expression(e, scope) for e in node.this.expressions]
    else:
        values = [compile_expression(node.this, scope)]
    return Typed(f"({_matched(values, text, columns, 'IN')})", BOOLEAN)


def _matched(values: list[Typed], text: str, columns: list[Column], word: str) -> str:
    if len(values) != len(columns):
        raise TypeMismatch(f"{word}: {len(values)} values against {len(columns)} columns")
    kinds = []
    for value, column in zip(values, columns, strict=True):
        kind = common_type(value.type, column.type)
        if kind is None:
            raise TypeMismatch(f"{word}: {value.type} cannot be compared with {column.type}; cast")
        kinds.append(kind)
    left = ", ".join(coerce(v, k).sql for v, k in zip(values, kinds, strict=True))
    side = f"({left})" if len(values) > 1 else left
    return f"{side} {word} {_as_types(text, columns, kinds)}"


@handles(exp.Any, exp.All)
def _quantified(node: exp.Expression, scope: Scope) -> Typed:
    quantifier = node.expression
    signs = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
    value = compile_expression(node.this, scope)
    text, columns = _nested(quantifier.this, scope)
    word = f"{signs[type(node).__name__]} {quantifier.key.upper()}"
    return Typed(f"({_matched([value], text, columns, word)})", BOOLEAN)
