"""Select items as ORDER BY and LIMIT see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ..errors import NotSupportedError, StatementError
from .expressions import compile_expression
from .scope import Column, Scope, Typed


@dataclass(frozen=True, slots=True)
class Projection:
    """One item of a select list. node: its expression, None for a column of an expanded star.

    column: the input column it is a plain copy of.
    """

    value: Typed
    name: str | None
    label: str | None
    node: exp.Expression | None
    column: Column | None = None


def ordinal(element: exp.Expression, projections: Sequence[Projection]) -> Projection:
    position = int(element.name) if element.name.isdigit() else 0
    if not 1 <= position <= len(projections):
        raise StatementError("INVALID_COLUMN_REFERENCE", f"position {element.name} is not in select list")
    return projections[position - 1]


def order_text(elements: Sequence[exp.Expression], scope: Scope) -> str:
    """ORDER BY inside windows and aggregates: input columns only."""
    return ", ".join(_direction(compile_expression(e.this, scope).sql, e) for e in elements)


def _direction(text: str, element: exp.Expression) -> str:
    nulls = "FIRST" if element.args.get("nulls_first") else "LAST"
    return f"{text} {'DESC' if element.args.get('desc') else 'ASC'} NULLS {nulls}"


def order_by(node: exp.Expression, scope: Scope, projections: list[Projection]) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    named = {p.name: i for i, p in reversed(list(enumerate(projections))) if p.name}
    items = []
    for element in order.expressions:
        key = element.this
        if isinstance(key, exp.Literal) and not key.is_string:
            position = projections.index(ordinal(key, projections))
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


def limit(node: exp.Expression, scope: Scope) -> str:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    text = ""
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
            raise NotSupportedError("FETCH .. WITH TIES or PERCENT")
        text = f" LIMIT {_count(limit.args['count'], scope)}"
    elif limit is not None and limit.expression.name.upper() != "ALL":
        text = f" LIMIT {_count(limit.expression, scope)}"
    return text + (f" OFFSET {_count(offset.expression, scope)}" if offset is not None else "")


def _count(node: exp.Expression, scope: Scope) -> int:
    value = compile_expression(node, scope).literal
    if not isinstance(value, int):
        raise StatementError("SYNTAX_ERROR", f"LIMIT and OFFSET take an integer, got {node.sql('trino')}")
    return value
