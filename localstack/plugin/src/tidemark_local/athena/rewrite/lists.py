"""Arrays, maps and rows: constructors, sequences, and functions that take a lambda."""

from sqlglot import exp

from ..errors import NotSupportedError, StatementError, TypeMismatchError
from ..types import BIGINT, BOOLEAN, INTEGERS, UNKNOWN, VARCHAR, Type, array, duckdb_type, map_of, row
from . import operators
from .calls import apply, arguments, special, special_named
from .casts import cast, coerce, common_of, common_type
from .expressions import compile_expression, handles, pack_row
from .scope import Scope, Typed
from .times import require_time


@special("row")
def _row(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 1, 500)
    return pack_row(values, row(*((None, v.type) for v in values)))


@handles(exp.Tuple)
def _tuple(node: exp.Expression, scope: Scope) -> Typed:
    return _row(node.expressions, scope)


@special("map")
def _map(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 0, 2)
    if not values:
        return Typed("MAP {}", map_of(UNKNOWN, UNKNOWN))
    return apply("map", values)


@special("sequence")
def _sequence(nodes: list[exp.Expression], scope: Scope) -> Typed:
    start, stop, *steps = arguments(nodes, scope, 2, 3)
    if start.type.name in INTEGERS:
        a, b = (coerce(v, BIGINT, "sequence").sql for v in (start, stop))
        step = coerce(steps[0], BIGINT, "sequence").sql if steps else f"CASE WHEN {a} <= {b} THEN 1 ELSE -1 END"
        size = f"({b} - {a}) // ({step}) + 1"
        return Typed(f"tm_sequence(generate_series({a}, {b}, {step}), {size})", array(BIGINT))
    kind = common_of([require_time(start, "sequence").type, require_time(stop, "sequence").type], "sequence")
    if steps and not operators.is_interval(steps[0].type):
        raise TypeMismatchError("sequence over times needs an interval step")
    if not steps and kind.name != "date":
        raise StatementError("FUNCTION_NOT_FOUND", "sequence over timestamps needs a step")
    step = steps[0].sql if steps else "INTERVAL 1 DAY"
    a, b = (f"CAST({coerce(v, kind).sql} AS TIMESTAMP)" for v in (start, stop))
    series = f"generate_series({a}, {b}, {step})"
    return Typed(f"CAST(tm_sequence({series}, len({series})) AS {duckdb_type(array(kind))})", array(kind))


@special("array_join")
def _array_join(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 2, 3)
    if values[0].type.name != "array":
        raise TypeMismatchError(f"array_join needs an array, got {values[0].type}")
    texts = cast(values[0], array(VARCHAR)).sql
    if len(values) == 3:
        texts = f"list_transform({texts}, lambda tm_t: coalesce(tm_t, {values[2].sql}))"
    return Typed(f"array_to_string({texts}, {coerce(values[1], VARCHAR).sql})", VARCHAR)


def _lambda(node: exp.Expression, kinds: list[Type], scope: Scope) -> tuple[list[str], Typed]:
    """Compiles `x -> ..` with its variables bound. Returns DuckDB's variable names and the body."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(kinds):
        raise StatementError("SYNTAX_ERROR", f"expected a lambda of {len(kinds)} arguments")
    names = [scope.context.fresh("tm_x") for _ in kinds]
    bound = {v.name.lower(): Typed(n, k) for v, n, k in zip(node.expressions, names, kinds, strict=True)}
    return names, compile_expression(node.this, scope.with_variables(bound))


def _list_and_lambda(nodes: list[exp.Expression], scope: Scope, name: str) -> tuple[Typed, str, Typed]:
    if len(nodes) != 2:
        raise StatementError("FUNCTION_NOT_FOUND", f"{name} takes an array and a lambda")
    values = compile_expression(nodes[0], scope)
    if values.type.name != "array":
        raise TypeMismatchError(f"{name} needs an array, got {values.type}")
    (variable,), body = _lambda(nodes[1], [values.type.element], scope)
    return values, variable, body


@special("transform")
def _transform(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values, x, body = _list_and_lambda(nodes, scope, "transform")
    return Typed(f"list_transform({values.sql}, lambda {x}: {body.sql})", array(body.type))


@special("filter")
def _filter(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values, x, body = _list_and_lambda(nodes, scope, "filter")
    test = coerce(body, BOOLEAN, "filter").sql
    return Typed(f"list_filter({values.sql}, lambda {x}: {test})", values.type)


@special_named("any_match", "all_match", "none_match")
def _match(name: str, nodes: list[exp.Expression], scope: Scope) -> Typed:
    values, x, body = _list_and_lambda(nodes, scope, name)
    test = coerce(body, BOOLEAN, name).sql
    return Typed(f"tm_{name}(list_transform({values.sql}, lambda {x}: {test}))", BOOLEAN)


@special("reduce")
def _reduce(nodes: list[exp.Expression], scope: Scope) -> Typed:
    if len(nodes) != 4:
        raise StatementError("FUNCTION_NOT_FOUND", "reduce takes an array, a state and two lambdas")
    values, state = compile_expression(nodes[0], scope), compile_expression(nodes[1], scope)
    if values.type.name != "array":
        raise TypeMismatchError(f"reduce needs an array, got {values.type}")
    if common_type(state.type, values.type.element) != state.type:
        raise NotSupportedError(f"reduce of {values.type} to {state.type}: cast the state or the elements")
    values = cast(values, array(state.type))
    (s, x), step = _lambda(nodes[2], [state.type, state.type], scope)
    if step.type != state.type:
        raise TypeMismatchError(f"reduce: state is {state.type}, lambda gives {step.type}; cast the state")
    kind = duckdb_type(state.type)
    folded = f"list_reduce({values.sql}, lambda {s}, {x}: CAST({step.sql} AS {kind}), {state.sql})"
    (variable,), final = _lambda(nodes[3], [state.type], scope)
    if final.sql == variable:
        return Typed(folded, final.type)
    return Typed(f"list_extract(list_transform([{folded}], lambda {variable}: {final.sql}), 1)", final.type)
