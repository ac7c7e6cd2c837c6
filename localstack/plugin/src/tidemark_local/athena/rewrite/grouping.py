"""GROUP BY with its ordinals and grouping sets, and where aggregates make a query aggregate."""

from sqlglot import exp

from ..errors import NotSupportedError
from .aggregates import AGGREGATES
from .expressions import compile_expression
from .ordering import Projection, ordinal
from .scope import Scope


def group_by(node: exp.Expression, scope: Scope, projections: list[Projection]) -> tuple[str, set[str] | None]:
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
        raise NotSupportedError("GROUP BY ALL")
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
        return ordinal(element, projections).value.sql
    return compile_expression(element, scope).sql


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
