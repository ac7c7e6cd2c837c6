"""Calls whose typing or text does not fit one line: units, formats, lambdas, variable arguments."""

import re

from sqlglot import exp

from ..errors import NotSupported, SyntaxFailure, TypeMismatch
from ..types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOATS,
    INTEGER,
    INTEGERS,
    JSON,
    TIMESTAMP,
    TIMESTAMPS,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    decimal,
    duckdb_type,
    map_of,
    quoted,
    row,
)
from . import operators
from .calls import apply, special
from .casts import cast, coerce, common_of
from .expressions import (
    choose,
    compile_expression,
    condition,
    handles,
    instant,
    literal_text,
    pack_row,
)
from .scope import Scope, Typed

UNIT_MICROS = {
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
CALENDAR_UNITS = {"month": 1, "quarter": 3, "year": 12}


def _values(nodes: list[exp.Expression], scope: Scope, low: int, high: int) -> list[Typed]:
    if not low <= len(nodes) <= high:
        raise SyntaxFailure("FUNCTION_NOT_FOUND", f"expected {low} to {high} arguments, got {len(nodes)}")
    return [compile_expression(n, scope) for n in nodes]


def _unit(value: Typed) -> str:
    unit = str(value.literal).lower()
    if unit not in UNIT_MICROS and unit not in CALENDAR_UNITS:
        raise NotSupported(f"unit {value.sql}; use a literal of {', '.join({**UNIT_MICROS, **CALENDAR_UNITS})}")
    return unit


def _time(value: Typed, where: str) -> Typed:
    if value.type.name not in (*TIMESTAMPS, "date"):
        raise TypeMismatch(f"{where} needs a date or timestamp, got {value.type}; cast it")
    return value


@special("date_diff")
def _date_diff(nodes: list[exp.Expression], scope: Scope) -> Typed:
    """Elapsed full units, where DuckDB's date_diff counts boundaries."""
    unit_value, a, b = _values(nodes, scope, 3, 3)
    unit = _unit(unit_value)
    kind = common_of([_time(a, "date_diff").type, _time(b, "date_diff").type], "date_diff")
    if kind.name == "date" and unit in ("millisecond", "second", "minute", "hour"):
        raise TypeMismatch(f"'{unit}' is not a valid DATE field")
    x, y = (coerce(v, kind).sql for v in (a, b))
    if kind.name == "date":
        x, y = f"CAST({x} AS TIMESTAMP)", f"CAST({y} AS TIMESTAMP)"
    if unit in CALENDAR_UNITS:
        return Typed(f"(datesub('month', {x}, {y}) // {CALENDAR_UNITS[unit]})", BIGINT)
    if unit == "millisecond":
        return Typed(f"(epoch_ms({y}) - epoch_ms({x}))", BIGINT)
    return Typed(f"((epoch_ms({y}) - epoch_ms({x})) // {UNIT_MICROS[unit] // 1000})", BIGINT)


@special("date_add")
def _date_add(nodes: list[exp.Expression], scope: Scope) -> Typed:
    unit_value, count, moment = _values(nodes, scope, 3, 3)
    unit, n = _unit(unit_value), coerce(count, BIGINT, "date_add").sql
    if _time(moment, "date_add").type.name == "date" and unit in ("millisecond", "second", "minute", "hour"):
        raise TypeMismatch(f"'{unit}' is not a valid DATE field")
    if unit in CALENDAR_UNITS:
        step = f"to_months(CAST({n} * {CALENDAR_UNITS[unit]} AS INTEGER))"
    else:
        step = f"to_microseconds({n} * {UNIT_MICROS[unit]})"
    sql = f"({moment.sql} + {step})"
    return Typed(f"CAST({sql} AS DATE)" if moment.type.name == "date" else sql, moment.type)


@special("date_trunc")
def _date_trunc(nodes: list[exp.Expression], scope: Scope) -> Typed:
    unit_value, moment = _values(nodes, scope, 2, 2)
    unit = _unit(unit_value)
    kind = _time(moment, "date_trunc").type
    return Typed(f"CAST(date_trunc('{unit}', {moment.sql}) AS {duckdb_type(kind)})", kind)


@special("date")
def _date(nodes: list[exp.Expression], scope: Scope) -> Typed:
    return cast(_values(nodes, scope, 1, 1)[0], DATE)


@special("now")
def _now(nodes: list[exp.Expression], scope: Scope) -> Typed:
    _values(nodes, scope, 0, 0)
    return instant(scope)


@special("to_iso8601")
def _to_iso8601(nodes: list[exp.Expression], scope: Scope) -> Typed:
    value = _time(_values(nodes, scope, 1, 1)[0], "to_iso8601")
    if value.type.name == "date":
        return cast(value, VARCHAR)
    zone = " || 'Z'" if value.type.name != "timestamp" else ""
    return Typed(f"replace(tm_timestamp_text({value.sql}, {value.type.precision}), ' ', 'T'){zone}", VARCHAR)


@handles(exp.Extract)
def _extract(node: exp.Expression, scope: Scope) -> Typed:
    name = node.this.name.lower()
    return apply(name if name not in ("from",) else "year", [compile_expression(node.expression, scope)])


# MySQL pattern letters (date_format, date_parse) in strftime's spelling.
_FORMAT = {
    **{c: f"%{c}" for c in "YmdHSjypb%"},
    "i": "%M", "s": "%S", "f": "%f", "T": "%H:%M:%S", "M": "%B", "c": "%-m", "e": "%-d",
    "h": "%I", "I": "%I", "a": "%a", "W": "%A", "k": "%-H", "l": "%-I", "r": "%I:%M:%S %p",
}


def _strftime_format(pattern: Typed) -> str:
    if not isinstance(pattern.literal, str):
        raise NotSupported("a date format that is not a literal")

    def letter(match: re.Match[str]) -> str:
        if match[1] not in _FORMAT:
            raise NotSupported(f"date format %{match[1]}")
        return _FORMAT[match[1]]

    return literal_text(re.sub(r"%(.)", letter, pattern.literal))


@special("date_format")
def _date_format(nodes: list[exp.Expression], scope: Scope) -> Typed:
    moment, pattern = _values(nodes, scope, 2, 2)
    moment = coerce(_time(moment, "date_format"), TIMESTAMP) if moment.type.name == "date" else moment
    return Typed(f"strftime({_time(moment, 'date_format').sql}, {_strftime_format(pattern)})", VARCHAR)


@special("date_parse")
def _date_parse(nodes: list[exp.Expression], scope: Scope) -> Typed:
    text, pattern = _values(nodes, scope, 2, 2)
    parsed = f"strptime({coerce(text, VARCHAR).sql}, {_strftime_format(pattern)})"
    return Typed(f"tm_round_timestamp(CAST({parsed} AS TIMESTAMP), 1000)", TIMESTAMP)


@special("coalesce")
def _coalesce(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = _values(nodes, scope, 2, 1000)
    kind = common_of([v.type for v in values], "COALESCE")
    return Typed(f"coalesce({', '.join(coerce(v, kind).sql for v in values)})", kind)


@special("nullif")
def _nullif(nodes: list[exp.Expression], scope: Scope) -> Typed:
    a, b = _values(nodes, scope, 2, 2)
    return Typed(f"CASE WHEN {operators.compare('EQ', a, b).sql} THEN NULL ELSE {a.sql} END", a.type)


@special("if")
def _if(nodes: list[exp.Expression], scope: Scope) -> Typed:
    test = condition(nodes[0], scope, "IF").sql
    _, yes, *no = _values(nodes, scope, 2, 3)
    return choose([test], [yes], no[0] if no else None)


@special("try")
def _try(nodes: list[exp.Expression], scope: Scope) -> Typed:
    raise NotSupported("TRY(..); use TRY_CAST, NULLIF or CASE")


@special("typeof")
def _typeof(nodes: list[exp.Expression], scope: Scope) -> Typed:
    kind = str(_values(nodes, scope, 1, 1)[0].type)
    return Typed(literal_text(kind), VARCHAR, kind)


@special("greatest", "least")
def _extreme(nodes: list[exp.Expression], scope: Scope) -> Typed:
    raise AssertionError("replaced below")


def _greatest_or_least(name: str):  # noqa: ANN202
    def form(nodes: list[exp.Expression], scope: Scope) -> Typed:
        values = _values(nodes, scope, 1, 100)
        kind = common_of([v.type for v in values], name)
        texts = [coerce(v, kind).sql for v in values]
        if kind.name in FLOATS:
            chosen = f"tm_{name}_float([{', '.join(texts)}])"
        else:
            chosen = f"{name}({', '.join(texts)})"
        missing = " OR ".join(f"{t} IS NULL" for t in texts)
        return Typed(f"CASE WHEN {missing} THEN NULL ELSE {chosen} END", kind)

    return form


special("greatest")(_greatest_or_least("greatest"))
special("least")(_greatest_or_least("least"))


@special("concat")
def _concat(nodes: list[exp.Expression], scope: Scope) -> Typed:
    return operators.concat(_values(nodes, scope, 2, 127))


@special("concat_ws")
def _concat_ws(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = [coerce(v, VARCHAR, "concat_ws").sql for v in _values(nodes, scope, 2, 127)]
    return Typed(f"concat_ws({', '.join(values)})", VARCHAR)


@special("abs", "ceil", "ceiling", "floor", "round", "truncate", "sign", "mod")
def _number(nodes: list[exp.Expression], scope: Scope) -> Typed:
    raise AssertionError("replaced below")


def _rounding(name: str):  # noqa: ANN202
    def form(nodes: list[exp.Expression], scope: Scope) -> Typed:
        values = _values(nodes, scope, 1, 2)
        if values[0].type.name != "decimal" and not (name == "mod" and any(v.type.name == "decimal" for v in values)):
            if name in ("round", "truncate") and len(values) == 2 and values[0].type.name in INTEGERS:
                raise NotSupported(f"{name} of an integer to digits")
            return apply(name, values)
        return _decimal_function(name, values)

    return form


def _decimal_function(name: str, values: list[Typed]) -> Typed:
    x, (p, s) = values[0], (values[0].type.args if values[0].type.name == "decimal" else (0, 0))
    if name == "mod":
        return operators.arithmetic("Mod", *values)
    if name == "abs":
        return Typed(f"abs({x.sql})", x.type)
    if name == "sign":
        return Typed(f"CAST(sign({x.sql}) AS DECIMAL(1,0))", decimal(1, 0))
    function = {"ceiling": "ceil", "truncate": "trunc"}.get(name, name)
    if len(values) == 1:
        whole = p - s if name == "truncate" else p - s + min(s, 1)  # type: ignore[operator, type-var]
        kind = decimal(max(1, min(38, whole)), 0)
        return Typed(f"CAST({function}({x.sql}) AS {duckdb_type(kind)})", kind)
    digits = values[1].literal
    if name != "round" or not isinstance(digits, int) or not 0 <= digits <= s:  # type: ignore[operator]
        raise NotSupported(f"{name} of a decimal takes literal digits from 0 to its scale")
    kind = decimal(min(38, p + 1), s)  # type: ignore[operator, arg-type]
    return Typed(f"CAST(round({x.sql}, {digits}) AS {duckdb_type(kind)})", kind)


for _name in ("abs", "ceil", "ceiling", "floor", "round", "truncate", "sign", "mod"):
    special(_name)(_rounding(_name))


@special("regexp_extract")
def _regexp_extract(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = _values(nodes, scope, 2, 3)
    if len(values) == 2:
        return apply("regexp_extract", values)
    if not isinstance(values[2].literal, int):
        raise NotSupported("regexp_extract with a group number that is not a literal")
    text, pattern = (coerce(v, VARCHAR, "regexp_extract").sql for v in values[:2])
    return Typed(f"tm_regexp_extract({text}, {pattern}, {values[2].literal})", VARCHAR)


@special("regexp_replace")
def _regexp_replace(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = _values(nodes, scope, 2, 3)
    if len(values) == 2:
        return apply("regexp_replace", values)
    replacement = values[2].literal
    if not isinstance(replacement, str):
        raise NotSupported("regexp_replace with a replacement that is not a literal")
    replacement = re.sub(r"\$(\d)", r"\\\1", replacement.replace("\\", "\\\\"))
    text, pattern = (coerce(v, VARCHAR, "regexp_replace").sql for v in values[:2])
    return Typed(f"regexp_replace({text}, {pattern}, {literal_text(replacement)}, 'g')", VARCHAR)


@handles(exp.Trim)
def _trim(node: exp.Expression, scope: Scope) -> Typed:
    if node.expression is not None or node.args.get("position"):
        raise NotSupported("TRIM with a character list or a side; use trim, ltrim or rtrim")
    return apply("trim", [compile_expression(node.this, scope)])


@handles(exp.Substring)
def _substring(node: exp.Expression, scope: Scope) -> Typed:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return apply("substr", [compile_expression(p, scope) for p in parts if p is not None])


@handles(exp.StrPosition)
def _position(node: exp.Expression, scope: Scope) -> Typed:
    return apply("strpos", [compile_expression(n, scope) for n in (node.this, node.args["substr"])])


@special("row")
def _row(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = _values(nodes, scope, 1, 500)
    return pack_row(values, row(*((None, v.type) for v in values)))


@handles(exp.Tuple)
def _tuple(node: exp.Expression, scope: Scope) -> Typed:
    return _row(node.expressions, scope)


@special("map")
def _map(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = _values(nodes, scope, 0, 2)
    if not values:
        return Typed("MAP {}", map_of(UNKNOWN, UNKNOWN))
    return apply("map", values)


@special("sequence")
def _sequence(nodes: list[exp.Expression], scope: Scope) -> Typed:
    start, stop, *steps = _values(nodes, scope, 2, 3)
    if start.type.name in INTEGERS:
        a, b = (coerce(v, BIGINT, "sequence").sql for v in (start, stop))
        step = coerce(steps[0], BIGINT, "sequence").sql if steps else f"CASE WHEN {a} <= {b} THEN 1 ELSE -1 END"
        size = f"({b} - {a}) // ({step}) + 1"
        return Typed(f"tm_sequence(generate_series({a}, {b}, {step}), {size})", array(BIGINT))
    kind = common_of([_time(start, "sequence").type, _time(stop, "sequence").type], "sequence")
    if steps and not operators.is_interval(steps[0].type):
        raise TypeMismatch("sequence over times needs an interval step")
    if not steps and kind.name != "date":
        raise SyntaxFailure("FUNCTION_NOT_FOUND", "sequence over timestamps needs a step")
    step = steps[0].sql if steps else "INTERVAL 1 DAY"
    a, b = (f"CAST({coerce(v, kind).sql} AS TIMESTAMP)" for v in (start, stop))
    series = f"generate_series({a}, {b}, {step})"
    return Typed(f"CAST(tm_sequence({series}, len({series})) AS {duckdb_type(array(kind))})", array(kind))


@special("array_join")
def _array_join(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = _values(nodes, scope, 2, 3)
    if values[0].type.name != "array":
        raise TypeMismatch(f"array_join needs an array, got {values[0].type}")
    texts = cast(values[0], array(VARCHAR)).sql
    if len(values) == 3:
        texts = f"list_transform({texts}, lambda tm_t: coalesce(tm_t, {values[2].sql}))"
    return Typed(f"array_to_string({texts}, {coerce(values[1], VARCHAR).sql})", VARCHAR)


@special("json_extract")
def _json_extract(nodes: list[exp.Expression], scope: Scope) -> Typed:
    document, path = _values(nodes, scope, 2, 2)
    if document.type.name not in ("varchar", "json"):
        raise TypeMismatch(f"json_extract needs varchar or json, got {document.type}")
    text = f"CASE WHEN json_valid({document.sql}) THEN json_extract({document.sql}, {path.sql}) END"
    return Typed(text, JSON)


def _lambda(node: exp.Expression, kinds: list[Type], scope: Scope) -> tuple[list[str], Typed]:
    """Compiles `x -> ..` with its variables bound. Returns DuckDB's variable names and the body."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != len(kinds):
        raise SyntaxFailure("SYNTAX_ERROR", f"expected a lambda of {len(kinds)} arguments")
    names = [scope.context.fresh("tm_x") for _ in kinds]
    bound = {v.name.lower(): Typed(n, k) for v, n, k in zip(node.expressions, names, kinds, strict=True)}
    return names, compile_expression(node.this, scope.with_variables(bound))


def _list_and_lambda(nodes: list[exp.Expression], scope: Scope, name: str) -> tuple[Typed, str, Typed]:
    if len(nodes) != 2:
        raise SyntaxFailure("FUNCTION_NOT_FOUND", f"{name} takes an array and a lambda")
    values = compile_expression(nodes[0], scope)
    if values.type.name != "array":
        raise TypeMismatch(f"{name} needs an array, got {values.type}")
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


@special("any_match", "all_match", "none_match")
def _match(nodes: list[exp.Expression], scope: Scope) -> Typed:
    raise AssertionError("replaced below")


def _matching(name: str):  # noqa: ANN202
    def form(nodes: list[exp.Expression], scope: Scope) -> Typed:
        values, x, body = _list_and_lambda(nodes, scope, name)
        test = coerce(body, BOOLEAN, name).sql
        return Typed(f"tm_{name}(list_transform({values.sql}, lambda {x}: {test}))", BOOLEAN)

    return form


for _name in ("any_match", "all_match", "none_match"):
    special(_name)(_matching(_name))


@special("reduce")
def _reduce(nodes: list[exp.Expression], scope: Scope) -> Typed:
    if len(nodes) != 4:
        raise SyntaxFailure("FUNCTION_NOT_FOUND", "reduce takes an array, a state and two lambdas")
    values, state = compile_expression(nodes[0], scope), compile_expression(nodes[1], scope)
    if values.type.name != "array":
        raise TypeMismatch(f"reduce needs an array, got {values.type}")
    if state.type == INTEGER and values.type.element.name in ("bigint", "double"):
        state = coerce(state, values.type.element)
    (s, x), step = _lambda(nodes[2], [state.type, values.type.element], scope)
    if step.type != state.type:
        raise TypeMismatch(f"reduce: state is {state.type}, lambda gives {step.type}; cast the state")
    kind, item = duckdb_type(state.type), duckdb_type(values.type.element)
    if kind != item:
        raise NotSupported(f"reduce of {values.type} to {state.type}: cast the elements first")
    folded = f"list_reduce({values.sql}, lambda {s}, {x}: CAST({step.sql} AS {kind}), {state.sql})"
    (variable,), final = _lambda(nodes[3], [state.type], scope)
    if final.sql == variable:
        return Typed(folded, final.type)
    return Typed(f"list_extract(list_transform([{folded}], lambda {variable}: {final.sql}), 1)", final.type)


__all__ = ["DOUBLE", "VARBINARY", "quoted"]
