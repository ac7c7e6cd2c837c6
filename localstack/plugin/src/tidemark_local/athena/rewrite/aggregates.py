"""Aggregate functions, alone or over a window, with Trino's types, NULL and NaN rules."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import exp

from ..errors import NotSupportedError, StatementError, TypeMismatchError
from ..types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    FLOATS,
    INTEGER,
    INTEGERS,
    VARCHAR,
    Type,
    array,
    decimal,
    duckdb_type,
    map_of,
)
from . import operators
from .casts import coerce
from .expressions import compile_expression, condition, handles
from .ordering import order_text
from .scope import Scope, Typed


@dataclass(frozen=True, slots=True)
class Call:
    """One aggregate call. text(..) adds DISTINCT, ORDER BY, FILTER and OVER to a DuckDB call."""

    name: str
    values: list[Typed]
    distinct: bool = False
    order: str = ""
    filters: tuple[str, ...] = ()
    over: str = ""

    def text(self, function: str, arguments: str, extra_filter: str | None = None) -> str:
        filters = [*self.filters, *([extra_filter] if extra_filter else [])]
        chosen = f" FILTER (WHERE {' AND '.join(filters)})" if filters else ""
        distinct = "DISTINCT " if self.distinct else ""
        return f"{function}({distinct}{arguments}{self.order}){chosen}{self.over}"

    def need(self, *counts: int) -> None:
        if len(self.values) not in counts:
            raise StatementError(
                "FUNCTION_NOT_FOUND",
                f"Unexpected parameters for {self.name}: {len(self.values)} arguments",
            )

    def number(self, *counts: int) -> Typed:
        """The first argument, which must be a number."""
        self.need(*(counts or (1,)))
        value = self.values[0]
        if value.type.name == "unknown":
            return Typed("CAST(NULL AS BIGINT)", BIGINT)
        if not operators.is_number(value.type):
            raise TypeMismatchError(f"{self.name} needs a number, got {value.type}; cast it")
        return value


Aggregate = Callable[[Call], Typed]
AGGREGATES: dict[str, Aggregate] = {}


def aggregate(*names: str) -> Callable[[Aggregate], Aggregate]:
    def register(form: Aggregate) -> Aggregate:
        AGGREGATES.update(dict.fromkeys(names, form))
        return form

    return register


def compile_aggregate(node: exp.Expression, scope: Scope, filters: tuple[str, ...] = (), over: str = "") -> Typed:
    name, nodes = node.name.lower(), list(node.expressions)
    distinct, order = False, ""
    if nodes and isinstance(nodes[0], exp.Distinct):
        distinct, nodes = True, [*nodes[0].expressions, *nodes[1:]]
    if nodes and isinstance(nodes[-1], exp.Order):
        order = f" ORDER BY {order_text(nodes[-1].expressions, scope)}"
        nodes[-1] = nodes[-1].this
    if name == "count" and (not nodes or isinstance(nodes[0], exp.Star)):
        call = Call(name, [], False, "", filters, over)
        return Typed(call.text("count", "*"), BIGINT)
    values = [compile_expression(n, scope) for n in nodes]
    return AGGREGATES[name](Call(name, values, distinct, order, filters, over))


@handles(exp.Filter)
def _filter(node: exp.Expression, scope: Scope) -> Typed:
    call, test = node.this, condition(node.expression.this, scope, "FILTER").sql
    if isinstance(call, exp.Anonymous) and call.name.lower() in AGGREGATES:
        return compile_aggregate(call, scope, (test,))
    raise StatementError("SYNTAX_ERROR", f"FILTER after {call.sql('trino')[:60]}")


@aggregate("count")
def _count(call: Call) -> Typed:
    call.need(1)
    return Typed(call.text("count", call.values[0].sql), BIGINT)


@aggregate("count_if")
def _count_if(call: Call) -> Typed:
    call.need(1)
    test = coerce(call.values[0], BOOLEAN, "count_if").sql
    return Typed(call.text("count", "*", test), BIGINT)


@aggregate("sum")
def _sum(call: Call) -> Typed:
    value = call.number()
    text = call.text("sum", value.sql)
    match value.type.name:
        case name if name in INTEGERS:
            return Typed(f"CAST({text} AS BIGINT)", BIGINT)
        case "decimal":
            kind = decimal(38, value.type.scale)
            # The addition notices more than 38 digits, which DuckDB's sum does not.
            return Typed(f"({text} + CAST(0 AS {duckdb_type(kind)}))", kind)
        case name:
            return Typed(f"CAST({text} AS {duckdb_type(value.type)})", Type(name))


@aggregate("avg")
def _avg(call: Call) -> Typed:
    value = call.number()
    if value.type.name != "decimal":
        kind = value.type if value.type.name == "real" else DOUBLE
        return Typed(f"CAST({call.text('avg', value.sql)} AS {duckdb_type(kind)})", kind)
    total = Typed(call.text("sum", value.sql), decimal(38, value.type.scale))
    count = call.text("count", value.sql)
    mean = f"tm_divide_rounded({operators.unscaled(total)}, CAST(nullif({count}, 0) AS HUGEINT))"
    return Typed(operators.from_unscaled(mean, value.type), value.type)


@aggregate("min", "max")
def _extreme(call: Call) -> Typed:
    call.need(1)
    value = call.values[0]
    if value.type.name in ("map", "json"):
        raise TypeMismatchError(f"{call.name} of {value.type}: values cannot be ordered")
    plain = replace(call, distinct=False)
    text = plain.text(call.name, value.sql)
    if value.type.name in FLOATS:
        return Typed(f"coalesce({_without_nan(plain, call.name, value.sql, value.sql)}, {text})", value.type)
    return Typed(text, value.type)


def _without_nan(call: Call, function: str, arguments: str, key: str) -> str:
    return call.text(function, arguments, f"NOT isnan({key})")


@aggregate("max_by", "min_by")
def _by(call: Call) -> Typed:
    """NULL values count, NULL keys do not: DuckDB's arg_max would skip both."""
    call.need(2, 3)
    value, key = call.values[:2]
    function = "arg_max" if call.name == "max_by" else "arg_min"
    if len(call.values) == 3:
        packed = f"struct_pack(v := {value.sql}), {key.sql}, {call.values[2].sql}"
        taken = f"list_transform({call.text(function, packed)}, lambda tm_v: tm_v.v)"
        return Typed(taken, array(value.type))
    arguments = f"{value.sql}, {key.sql}"
    text = call.text(f"{function}_null", arguments)
    if key.type.name in FLOATS:
        boxed = f"struct_pack(v := {value.sql}), {key.sql}"
        first = _without_nan(call, function, boxed, key.sql)
        return Typed(f"struct_extract(coalesce({first}, {call.text(function, boxed)}), 'v')", value.type)
    return Typed(text, value.type)


@aggregate("array_agg")
def _array_agg(call: Call) -> Typed:
    call.need(1)
    return Typed(call.text("list", call.values[0].sql), array(call.values[0].type))


@aggregate("bool_and", "every", "bool_or")
def _booleans(call: Call) -> Typed:
    call.need(1)
    name = "bool_or" if call.name == "bool_or" else "bool_and"
    return Typed(call.text(name, coerce(call.values[0], BOOLEAN, call.name).sql), BOOLEAN)


@aggregate("arbitrary", "any_value")
def _arbitrary(call: Call) -> Typed:
    call.need(1)
    return Typed(call.text("any_value", call.values[0].sql), call.values[0].type)


_STATISTICS = {
    "stddev": "stddev_samp",
    "stddev_samp": "stddev_samp",
    "stddev_pop": "stddev_pop",
    "variance": "var_samp",
    "var_samp": "var_samp",
    "var_pop": "var_pop",
    "geometric_mean": "geomean",
}


@aggregate(*_STATISTICS)
def _statistic(call: Call) -> Typed:
    value = coerce(call.number(), DOUBLE, call.name).sql
    return Typed(call.text(_STATISTICS[call.name], value), DOUBLE)


@aggregate("corr", "covar_samp", "covar_pop", "regr_slope", "regr_intercept")
def _pair_statistic(call: Call) -> Typed:
    call.need(2)
    pair = ", ".join(coerce(v, DOUBLE, call.name).sql for v in call.values)
    return Typed(call.text(call.name, pair), DOUBLE)


@aggregate("approx_distinct")
def _approx_distinct(call: Call) -> Typed:
    """Another sketch than Athena's: compare with tolerance only."""
    call.need(1, 2)
    return Typed(call.text("approx_count_distinct", call.values[0].sql), BIGINT)


@aggregate("approx_percentile")
def _approx_percentile(call: Call) -> Typed:
    """Exact nearest rank here, a sketch in Athena: compare with tolerance only."""
    value = call.number(2)
    share = call.values[1]
    if share.type.name == "array":
        raise NotSupportedError("approx_percentile with several percentages")
    text = call.text("quantile_disc", f"{value.sql}, {coerce(share, DOUBLE).sql}")
    return Typed(text, value.type)


@aggregate("bitwise_and_agg", "bitwise_or_agg", "bitwise_xor_agg")
def _bits(call: Call) -> Typed:
    call.need(1)
    name = {"and": "bit_and", "or": "bit_or", "xor": "bit_xor"}[call.name.split("_")[1]]
    return Typed(call.text(name, coerce(call.values[0], BIGINT, call.name).sql), BIGINT)


@aggregate("histogram")
def _histogram(call: Call) -> Typed:
    call.need(1)
    value = call.values[0]
    kind = map_of(value.type, BIGINT)
    text = call.text("histogram", value.sql, f"{value.sql} IS NOT NULL")
    return Typed(f"CAST({text} AS {duckdb_type(kind)})", kind)


@aggregate("grouping")
def _grouping(call: Call) -> Typed:
    return Typed(f"CAST(grouping({', '.join(v.sql for v in call.values)}) AS INTEGER)", INTEGER)


@handles(exp.GroupConcat)
def _listagg(node: exp.Expression, scope: Scope) -> Typed:
    if not isinstance(node.this, exp.Order):
        raise StatementError("SYNTAX_ERROR", "LISTAGG needs WITHIN GROUP (ORDER BY ..)")
    value = coerce(compile_expression(node.this.this, scope), VARCHAR, "listagg").sql
    separator = node.args.get("separator")
    between = compile_expression(separator, scope).sql if separator is not None else "''"
    order = order_text(node.this.expressions, scope)
    return Typed(f"string_agg({value}, {between} ORDER BY {order})", VARCHAR)
