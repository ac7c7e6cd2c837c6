"""Window functions and window specifications."""

from sqlglot import exp

from ..errors import NotSupportedError, StatementError, TypeMismatchError
from ..types import BIGINT, DOUBLE, INTEGERS, quoted
from .aggregates import AGGREGATES, compile_aggregate
from .casts import coerce, common_of
from .expressions import compile_expression, condition, handles
from .ordering import order_text
from .scope import Scope, Typed

RANKS = {
    "row_number": BIGINT,
    "rank": BIGINT,
    "dense_rank": BIGINT,
    "percent_rank": DOUBLE,
    "cume_dist": DOUBLE,
}
VALUES = ("lead", "lag", "first_value", "last_value", "nth_value")
WINDOW_ONLY = {*RANKS, *VALUES, "ntile"}


@handles(exp.Window)
def _window(node: exp.Expression, scope: Scope) -> Typed:
    call, nulls, filters = node.this, "", ()
    if isinstance(call, exp.IgnoreNulls | exp.RespectNulls):
        nulls = " IGNORE NULLS" if isinstance(call, exp.IgnoreNulls) else ""
        call = call.this
    if isinstance(call, exp.Filter):
        filters = (condition(call.expression.this, scope, "FILTER").sql,)
        call = call.this
    if not isinstance(call, exp.Anonymous):
        raise NotSupportedError(f"{call.sql('trino')[:60]} OVER")
    over = f" OVER {specification(node, scope)}"
    name = call.name.lower()
    if name in AGGREGATES:
        if nulls:
            raise StatementError("SYNTAX_ERROR", f"IGNORE NULLS on aggregate {name}")
        return compile_aggregate(call, scope, filters, over)
    if name not in WINDOW_ONLY or filters:
        raise NotSupportedError(f"window function {name}")
    values = [compile_expression(e, scope) for e in call.expressions]
    return _function(name, values, nulls, over)


def _function(name: str, values: list[Typed], nulls: str, over: str) -> Typed:
    if name in RANKS:
        if values:
            raise StatementError("FUNCTION_NOT_FOUND", f"{name} takes no arguments")
        return Typed(f"{name}(){over}", RANKS[name])
    for value in values[1:2]:
        if value.type.name not in INTEGERS:
            raise TypeMismatchError(f"{name}: offset must be an integer, got {value.type}")
    if name == "ntile":
        return Typed(f"ntile({coerce(values[0], BIGINT).sql}){over}", BIGINT)
    kind = values[0].type
    if len(values) == 3:
        kind = common_of([kind, values[2].type], name)
        values = [coerce(values[0], kind), values[1], coerce(values[2], kind)]
    arguments = ", ".join(v.sql for v in values)
    return Typed(f"{name}({arguments}{nulls}){over}", kind)


def specification(node: exp.Expression, scope: Scope) -> str:
    """The text after OVER: a window's name or its definition."""
    base = node.args.get("alias")
    partition, order, spec = (node.args.get(k) for k in ("partition_by", "order", "spec"))
    if base is not None and not (partition or order or spec):
        name = base.name.lower()
        if name not in scope.windows:
            raise StatementError("SYNTAX_ERROR", f"Window {name} is not defined")
        return quoted(name)
    parts = [quoted(base.name.lower())] if base is not None else []
    if partition:
        keys = ", ".join(compile_expression(p, scope).sql for p in partition)
        parts.append(f"PARTITION BY {keys}")
    if order:
        parts.append(f"ORDER BY {order_text(order.expressions, scope)}")
    if spec:
        parts.append(_frame(spec, scope))
    return f"({' '.join(parts)})"


def _frame(spec: exp.Expression, scope: Scope) -> str:
    kind = spec.args["kind"].upper()
    start = _bound(spec.args.get("start"), spec.args.get("start_side"), scope)
    end = _bound(spec.args.get("end"), spec.args.get("end_side"), scope)
    if spec.args.get("exclude"):
        raise NotSupportedError("EXCLUDE in a window frame")
    return f"{kind} BETWEEN {start} AND {end or 'CURRENT ROW'}"


def _bound(value: str | exp.Expression | None, side: str | None, scope: Scope) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else compile_expression(value, scope).sql
    return f"{text} {side.upper()}" if side else text
