"""Queries inside expressions: scalar, EXISTS, IN and quantified comparisons."""

from sqlglot import exp

from ..errors import NotSupportedError, TypeMismatchError
from ..types import BOOLEAN
from .casts import coerce, common_of, common_type
from .expressions import compile_expression, handles
from .queries import as_types, compile_subquery
from .scope import Column, Scope, Typed

type Compiled = tuple[str, list[Column]]


def _nested(node: exp.Expression, scope: Scope) -> Compiled:
    if isinstance(node, exp.Subquery) and not any(node.args.get(k) for k in ("order", "limit", "offset", "with_")):
        return _nested(node.this, scope)
    return compile_subquery(node, scope.inner())


@handles(exp.Subquery)
def _scalar(node: exp.Expression, scope: Scope) -> Typed:
    text, columns = _nested(node, scope)
    if len(columns) != 1:
        raise NotSupportedError(f"a scalar subquery with {len(columns)} columns")
    return Typed(f"({text})", columns[0].type)


@handles(exp.Exists)
def _exists(node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"EXISTS ({_nested(node.this, scope)[0]})", BOOLEAN)


@handles(exp.In)
def _in(node: exp.Expression, scope: Scope) -> Typed:
    query = node.args.get("query")
    if query is None:
        if node.args.get("unnest") or node.args.get("field"):
            raise NotSupportedError(f"{node.sql('trino')[:60]}: IN takes a list or a query")
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
        raise TypeMismatchError(f"{word}: {len(values)} values against {len(columns)} columns")
    kinds = []
    for value, column in zip(values, columns, strict=True):
        kind = common_type(value.type, column.type)
        if kind is None:
            raise TypeMismatchError(f"{word}: {value.type} cannot be compared with {column.type}; cast")
        kinds.append(kind)
    left = ", ".join(coerce(v, k).sql for v, k in zip(values, kinds, strict=True))
    side = f"({left})" if len(values) > 1 else left
    return f"{side} {word} {as_types(text, columns, kinds)}"


@handles(exp.Any, exp.All)
def _quantified(node: exp.Expression, scope: Scope) -> Typed:
    quantifier = node.expression
    signs = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
    value = compile_expression(node.this, scope)
    text, columns = _nested(quantifier.this, scope)
    word = f"{signs[type(node).__name__]} {quantifier.key.upper()}"
    return Typed(f"({_matched([value], text, columns, word)})", BOOLEAN)
