"""Literals and intervals."""

import re

from sqlglot import exp

from ..errors import NotSupportedError, StatementError
from ..types import (
    BOOLEAN,
    DOUBLE,
    INTEGERS,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    Type,
    decimal,
    duckdb_type,
    literal_text,
    parse_type,
)
from . import operators
from .casts import STRING_FORMS, cast
from .expressions import handles
from .scope import Scope, Typed
from .syntax import TypedLiteral


@handles(exp.Literal)
def _literal(node: exp.Expression, _scope: Scope) -> Typed:
    text = node.name
    if node.is_string:
        return Typed(literal_text(text), VARCHAR, text)
    if re.fullmatch(r"\d+", text):
        if int(text) >= 2**63:
            raise StatementError("NUMERIC_VALUE_OUT_OF_RANGE", f"Invalid numeric literal: {text}")
        return operators.integer(int(text))
    if re.search(r"[eE]", text):
        return Typed(f"CAST('{text}' AS DOUBLE)", DOUBLE, text)
    return _decimal_literal(text)


def _decimal_literal(text: str) -> Typed:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text.strip()):
        raise StatementError("INVALID_LITERAL", f"'{text}' is not a valid decimal literal")
    whole, _, fraction = text.strip().lstrip("+-").partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > 38:
        raise StatementError("INVALID_LITERAL", f"decimal {text} has more than 38 digits")
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
        raise StatementError("SYNTAX_ERROR", f"not a literal: {node.this.sql('trino')}")
    text, name = node.this.name, node.args["to"].this.value.lower()
    if name in ("decimal", "bigdecimal"):
        return _decimal_literal(text)
    if name.startswith("timestamp"):
        return _timestamp_literal(text)
    kind = parse_type(node.args["to"].sql("trino"))
    if kind.name == "json":
        raise NotSupportedError("JSON literals; use json_parse")
    if kind.name not in STRING_FORMS and kind.name != "varchar":
        raise NotSupportedError(f"a literal of type {kind}")
    if kind.name != "varchar" and not re.fullmatch(STRING_FORMS[kind.name], text):
        raise StatementError("INVALID_LITERAL", f"'{text}' is not a valid {kind} literal")
    value = int(text) if kind.name in INTEGERS else None
    return Typed(cast(Typed(literal_text(text), VARCHAR, text), kind).sql, kind, value)


def _timestamp_literal(text: str) -> Typed:
    body, _, zone = text.partition("UTC") if text.endswith("UTC") else (text, "", "")
    zoned = body != text or zone != ""
    body = body.rstrip()
    if not re.fullmatch(STRING_FORMS["timestamp"], body):
        hint = "; only UTC, up to 6 digits of a second" if re.search(r"[+-]\d\d|/", body[10:]) else ""
        raise StatementError("INVALID_LITERAL", f"'{text}' is not a valid timestamp literal{hint}")
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
        raise NotSupportedError(f"{node.sql('trino')}: intervals are INTERVAL '<integer>' <unit>")
    if not re.fullmatch(r"[+-]?\d+(\.\d{1,3})?", value.name) or ("." in value.name and name != "SECOND"):
        raise StatementError("INVALID_LITERAL", f"Invalid INTERVAL: {node.sql('trino')}")
    return operators.interval(value.name, name, negative)
