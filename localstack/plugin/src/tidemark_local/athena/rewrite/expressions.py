"""One expression node to DuckDB text and Trino type. A node class that is not here is refused."""

import re
from collections.abc import Callable

from sqlglot import exp

from ..errors import NotSupported, SyntaxFailure, TypeMismatch
from ..types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGERS,
    TIMESTAMP_TZ,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    decimal,
    duckdb_type,
    field_name,
    parse_type,
    quoted,
)
from . import operators
from .casts import STRING_FORMS, cast, coerce, common_of
from .scope import Scope, Typed, mark_used
from .syntax import TypedLiteral

Handler = Callable[[exp.Expression, Scope], Typed]
HANDLERS: dict[type[exp.Expression], Handler] = {}


def handles(*nodes: type[exp.Expression]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(nodes, handler))
        return handler

    return register


def compile_expression(node: exp.Expression, scope: Scope) -> Typed:
    handler = HANDLERS.get(type(node))
    if handler is None:
        raise NotSupported(f"{node.key.upper()} in `{node.sql('trino')[:120]}`")
    return handler(node, scope)


def literal_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def integer(value: int) -> Typed:
    kind = INTEGER if -(2**31) <= value < 2**31 else BIGINT
    return Typed(f"CAST({value} AS {kind.name.upper()})", kind, value)


@handles(exp.Literal)
def _literal(node: exp.Expression, _scope: Scope) -> Typed:
    text = node.name
    if node.is_string:
        return Typed(literal_text(text), VARCHAR, text)
    if re.fullmatch(r"\d+", text):
        if int(text) >= 2**63:
            raise SyntaxFailure("NUMERIC_VALUE_OUT_OF_RANGE", f"Invalid numeric literal: {text}")
        return integer(int(text))
    if re.search(r"[eE]", text):
        return Typed(f"CAST('{text}' AS DOUBLE)", DOUBLE)
    return _decimal_literal(text)


def _decimal_literal(text: str) -> Typed:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text.strip()):
        raise SyntaxFailure("INVALID_LITERAL", f"'{text}' is not a valid decimal literal")
    whole, _, fraction = text.strip().lstrip("+-").partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > 38:
        raise SyntaxFailure("INVALID_LITERAL", f"decimal {text} has more than 38 digits")
    kind = decimal(max(digits, 1), len(fraction))
    return Typed(f"CAST('{text.strip()}' AS {duckdb_type(kind)})", kind)


@handles(exp.Null)
def _null(_node: exp.Expression, _scope: Scope) -> Typed:
    return Typed("NULL", UNKNOWN)


@handles(exp.Boolean)
def _boolean(node: exp.Expression, _scope: Scope) -> Typed:
    return Typed("true" if node.this else "false", BOOLEAN)


@handles(exp.HexString)
def _hex(node: exp.Expression, _scope: Scope) -> Typed:
    return Typed(f"unhex('{node.name}')", VARBINARY)


@handles(TypedLiteral)
def _typed_literal(node: exp.Expression, _scope: Scope) -> Typed:
    if not (isinstance(node.this, exp.Literal) and node.this.is_string):
        raise SyntaxFailure("SYNTAX_ERROR", f"not a literal: {node.this.sql('trino')}")
    text, name = node.this.name, node.args["to"].this.value.lower()
    if name in ("decimal", "bigdecimal"):
        return _decimal_literal(text)
    if name.startswith("timestamp"):
        return _timestamp_literal(text)
    kind = parse_type(node.args["to"].sql("trino"))
    if kind.name == "json":
        raise NotSupported("JSON literals; use json_parse")
    if kind.name not in STRING_FORMS and kind.name != "varchar":
        raise NotSupported(f"a literal of type {kind}")
    if kind.name != "varchar" and not re.fullmatch(STRING_FORMS[kind.name], text):
        raise SyntaxFailure("INVALID_LITERAL", f"'{text}' is not a valid {kind} literal")
    value = int(text) if kind.name in INTEGERS else None
    return Typed(cast(Typed(literal_text(text), VARCHAR, text), kind).sql, kind, value)


def _timestamp_literal(text: str) -> Typed:
    body, _, zone = text.partition("UTC") if text.endswith("UTC") else (text, "", "")
    zoned = body != text or zone != ""
    body = body.rstrip()
    if not re.fullmatch(STRING_FORMS["timestamp"], body):
        hint = "; only UTC, up to 6 digits of a second" if re.search(r"[+-]\d\d|/", body[10:]) else ""
        raise SyntaxFailure("INVALID_LITERAL", f"'{text}' is not a valid timestamp literal{hint}")
    digits = len(body.strip().partition(".")[2])
    kind = Type("timestamp with time zone" if zoned else "timestamp", (digits,))
    return Typed(f"CAST({literal_text(body.strip())} AS TIMESTAMP)", kind)


@handles(exp.Interval)
def _interval(node: exp.Expression, _scope: Scope) -> Typed:
    value, unit = node.this, node.args.get("unit")
    name = unit.name.upper() if isinstance(unit, exp.Var) else ""
    negative = isinstance(value, exp.Neg)
    value = value.this if negative else value
    if name not in operators.INTERVAL_UNITS or not isinstance(value, exp.Literal):
        raise NotSupported(f"{node.sql('trino')}: intervals are INTERVAL '<integer>' <unit>")
    if not re.fullmatch(r"[+-]?\d+(\.\d{1,3})?", value.name) or ("." in value.name and name != "SECOND"):
        raise SyntaxFailure("INVALID_LITERAL", f"Invalid INTERVAL: {node.sql('trino')}")
    return operators.interval(value.name, name, negative)


@handles(exp.Paren)
def _paren(node: exp.Expression, scope: Scope) -> Typed:
    inner = compile_expression(node.this, scope)
    return Typed(f"({inner.sql})", inner.type, inner.literal)


@handles(exp.Column, exp.Dot, exp.Identifier)
def _column(node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node, exp.Dot) and not isinstance(node.this, exp.Column | exp.Dot):
        return _fields(compile_expression(node.this, scope), [node.expression.name.lower()])
    parts = _parts(node)
    if parts[0] in scope.variables:
        return _fields(scope.variables[parts[0]], parts[1:])
    found = scope.find(parts)
    if found is None and isinstance(node, exp.Dot) and not isinstance(_root(node), exp.Column):
        return _fields(compile_expression(node.this, scope), parts[-1:])
    if found is None:
        raise SyntaxFailure("COLUMN_NOT_FOUND", f"Column '{'.'.join(parts)}' cannot be resolved")
    column, rest = found
    mark_used(column)
    return _fields(Typed(column.sql, column.type), rest)


def _root(node: exp.Expression) -> exp.Expression:
    return _root(node.this) if isinstance(node, exp.Dot) else node


def _parts(node: exp.Expression) -> list[str]:
    if isinstance(node, exp.Dot):
        return [*_parts(node.this), node.expression.name.lower()]
    if isinstance(node, exp.Column):
        if isinstance(node.this, exp.Star):
            raise SyntaxFailure("SYNTAX_ERROR", "* is only allowed in a select list")
        return [part.name.lower() for part in node.parts]
    return [node.name.lower()]


def _fields(value: Typed, names: list[str] | tuple[str, ...]) -> Typed:
    for name in names:
        for index, (field, kind) in enumerate(value.type.fields):
            if field == name:
                actual = field_name(index, field)
                value = Typed(f"struct_extract({value.sql}, {literal_text(actual)})", kind)
                break
        else:
            raise SyntaxFailure("COLUMN_NOT_FOUND", f"{value.type} has no field '{name}'")
    return value


@handles(exp.Cast, exp.TryCast)
def _cast(node: exp.Expression, scope: Scope) -> Typed:
    safe, to = isinstance(node, exp.TryCast), node.args["to"]
    target = parse_type(to.sql("trino"))
    row_call = node.this
    if (
        target.name == "row"
        and isinstance(row_call, exp.Anonymous)
        and row_call.name.lower() == "row"
        and len(row_call.expressions) == len(target.fields)
    ):
        values = [compile_expression(e, scope) for e in row_call.expressions]
        pairs = zip(values, target.fields, strict=True)
        return pack_row([cast(v, kind, safe) for v, (_, kind) in pairs], target)
    result = cast(compile_expression(node.this, scope), target, safe)
    if target.name == "varchar" and to.expressions:
        return Typed(f"left({result.sql}, {int(to.expressions[0].name)})", VARCHAR)
    return result


def pack_row(values: list[Typed], kind: Type) -> Typed:
    names = [quoted(field_name(i, name)) for i, (name, _) in enumerate(kind.fields)]
    fields = ", ".join(
        f"{name} := {cast(v, t).sql}" for name, v, (_, t) in zip(names, values, kind.fields, strict=True)
    )
    return Typed(f"struct_pack({fields})", kind)


@handles(exp.Array)
def _array(node: exp.Expression, scope: Scope) -> Typed:
    values = [compile_expression(e, scope) for e in node.expressions]
    kind = common_of([v.type for v in values], "ARRAY") if values else UNKNOWN
    items = ", ".join(coerce(v, kind).sql for v in values)
    return Typed(f"CAST([{items}] AS {duckdb_type(array(kind))})", array(kind))


@handles(exp.Bracket)
def _subscript(node: exp.Expression, scope: Scope) -> Typed:
    if len(node.expressions) != 1:
        raise SyntaxFailure("SYNTAX_ERROR", f"one subscript expected: {node.sql('trino')}")
    value = compile_expression(node.this, scope)
    index = compile_expression(node.expressions[0], scope)
    match value.type.name:
        case "array":
            return Typed(f"tm_subscript({value.sql}, {coerce(index, BIGINT).sql})", value.type.element)
        case "map":
            key = coerce(index, value.type.key, "map key")
            return Typed(f"tm_map_value({value.sql}, {key.sql})", value.type.element)
        case "row" if isinstance(index.literal, int):
            if not 1 <= index.literal <= len(value.type.fields):
                raise SyntaxFailure("SYNTAX_ERROR", f"{value.type} has no field {index.literal}")
            name, kind = value.type.fields[index.literal - 1]
            field = field_name(index.literal - 1, name)
            return Typed(f"struct_extract({value.sql}, {literal_text(field)})", kind)
    raise TypeMismatch(f"{value.type} cannot be subscripted by {index.type}")


@handles(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
def _arithmetic(node: exp.Expression, scope: Scope) -> Typed:
    a = compile_expression(node.this, scope)
    b = compile_expression(node.expression, scope)
    return operators.arithmetic(type(node).__name__, a, b)


@handles(exp.Neg)
def _negate(node: exp.Expression, scope: Scope) -> Typed:
    literal = node.this
    if isinstance(literal, exp.Literal) and not literal.is_string and literal.name.isdigit():
        return integer(-int(literal.name))
    value = compile_expression(node.this, scope)
    operators.require_number(value, "-")
    return Typed(f"(-{value.sql})", value.type)


@handles(exp.DPipe)
def _concat(node: exp.Expression, scope: Scope) -> Typed:
    sides = [compile_expression(n, scope) for n in (node.this, node.expression)]
    return operators.concat(sides)


@handles(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
def _compare(node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node.expression, exp.Any | exp.All):
        return HANDLERS[type(node.expression)](node, scope)
    a = compile_expression(node.this, scope)
    b = compile_expression(node.expression, scope)
    return operators.compare(type(node).__name__, a, b)


@handles(exp.And, exp.Or)
def _logic(node: exp.Expression, scope: Scope) -> Typed:
    """Flattened: a chain of a thousand ORs must not nest a thousand calls."""
    word = type(node).__name__.upper()
    operands = [condition(n, scope, word).sql for n in node.flatten()]
    return Typed(f"({f' {word} '.join(operands)})", BOOLEAN)


@handles(exp.Not)
def _not(node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"(NOT {condition(node.this, scope, 'NOT').sql})", BOOLEAN)


def condition(node: exp.Expression, scope: Scope, where: str) -> Typed:
    return coerce(compile_expression(node, scope), BOOLEAN, where)


@handles(exp.Is)
def _is(node: exp.Expression, scope: Scope) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise NotSupported(f"{node.sql('trino')}: IS takes NULL")
    return Typed(f"({compile_expression(node.this, scope).sql} IS NULL)", BOOLEAN)


@handles(exp.Between)
def _between(node: exp.Expression, scope: Scope) -> Typed:
    value = compile_expression(node.this, scope)
    low = operators.compare("GTE", value, compile_expression(node.args["low"], scope))
    high = operators.compare("LTE", value, compile_expression(node.args["high"], scope))
    return Typed(f"({low.sql} AND {high.sql})", BOOLEAN)


@handles(exp.Like, exp.Escape)
def _like(node: exp.Expression, scope: Scope) -> Typed:
    like = node.this if isinstance(node, exp.Escape) else node
    value = coerce(compile_expression(like.this, scope), VARCHAR, "LIKE")
    pattern = coerce(compile_expression(like.expression, scope), VARCHAR, "LIKE pattern")
    escape = ""
    if isinstance(node, exp.Escape):
        escape = f" ESCAPE {compile_expression(node.expression, scope).sql}"
    return Typed(f"({value.sql} LIKE {pattern.sql}{escape})", BOOLEAN)


@handles(exp.Case)
def _case(node: exp.Expression, scope: Scope) -> Typed:
    whens, subject = node.args["ifs"], node.this
    tested = compile_expression(subject, scope) if subject is not None else None
    tests = []
    for branch in whens:
        if tested is None:
            tests.append(condition(branch.this, scope, "CASE WHEN").sql)
        else:
            tests.append(operators.compare("EQ", tested, compile_expression(branch.this, scope)).sql)
    results = [compile_expression(branch.args["true"], scope) for branch in whens]
    default = node.args.get("default")
    otherwise = compile_expression(default, scope) if default is not None else None
    return choose(tests, results, otherwise)


@handles(exp.If)
def _if(node: exp.Expression, scope: Scope) -> Typed:
    otherwise = node.args.get("false")
    return choose(
        [condition(node.this, scope, "IF").sql],
        [compile_expression(node.args["true"], scope)],
        compile_expression(otherwise, scope) if otherwise is not None else None,
    )


def choose(tests: list[str], results: list[Typed], otherwise: Typed | None) -> Typed:
    """CASE with one result type for all branches."""
    branches = [*results, otherwise] if otherwise else results
    kind = common_of([b.type for b in branches], "CASE")
    whens = " ".join(
        f"WHEN {test} THEN {coerce(result, kind).sql}" for test, result in zip(tests, results, strict=True)
    )
    tail = f" ELSE {coerce(otherwise, kind).sql}" if otherwise else ""
    return Typed(f"CASE {whens}{tail} END", kind)


@handles(exp.AtTimeZone)
def _at_time_zone(node: exp.Expression, scope: Scope) -> Typed:
    value, zone = compile_expression(node.this, scope), node.args["zone"]
    if not isinstance(zone, exp.Literal) or zone.name.upper() not in ("UTC", "Z", "+00:00"):
        raise NotSupported(f"AT TIME ZONE {zone.sql('trino')}: only 'UTC'")
    return Typed(value.sql, Type("timestamp with time zone", (value.type.precision,)))


def instant(scope: Scope) -> Typed:
    """now(): one value for the whole statement."""
    text = scope.context.started.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return Typed(f"CAST('{text}' AS TIMESTAMP)", TIMESTAMP_TZ)


@handles(exp.CurrentTimestamp)
def _now(_node: exp.Expression, scope: Scope) -> Typed:
    return instant(scope)


@handles(exp.Localtimestamp)
def _local_now(_node: exp.Expression, scope: Scope) -> Typed:
    return cast(instant(scope), Type("timestamp", (3,)))


@handles(exp.CurrentDate)
def _today(_node: exp.Expression, scope: Scope) -> Typed:
    return cast(instant(scope), DATE)


@handles(exp.Placeholder)
def _parameter(_node: exp.Expression, scope: Scope) -> Typed:
    from .syntax import parse_query

    context = scope.context
    if context.used_parameters >= len(context.parameters):
        raise SyntaxFailure(
            "INVALID_PARAMETER_USAGE",
            f"Incorrect number of parameters: expected {context.used_parameters + 1} or more"
            f" but found {len(context.parameters)}",
        )
    text = context.parameters[context.used_parameters]
    context.used_parameters += 1
    return compile_expression(parse_query(f"SELECT {text}").expressions[0], Scope(context))
