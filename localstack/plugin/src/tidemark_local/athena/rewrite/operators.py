"""Arithmetic, comparison and concatenation with Trino's result types, overflow and NaN rules."""

from ..errors import NotSupportedError, TypeMismatchError
from ..types import (
    BIGINT,
    BOOLEAN,
    DAY_INTERVAL,
    FLOATS,
    INTEGER,
    INTEGERS,
    MONTH_INTERVAL,
    TIMESTAMPS,
    VARBINARY,
    VARCHAR,
    Type,
    decimal,
    duckdb_type,
)
from .casts import as_decimal, coerce, common_type
from .scope import Typed

INTERVAL_UNITS = {
    "SECOND": DAY_INTERVAL,
    "MINUTE": DAY_INTERVAL,
    "HOUR": DAY_INTERVAL,
    "DAY": DAY_INTERVAL,
    "MONTH": MONTH_INTERVAL,
    "YEAR": MONTH_INTERVAL,
}
_SIGNS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "Mod": "%"}
_COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


def integer(value: int) -> Typed:
    kind = INTEGER if -(2**31) <= value < 2**31 else BIGINT
    return Typed(f"CAST({value} AS {kind.name.upper()})", kind, value)


def interval(value: str, unit: str, negative: bool) -> Typed:
    sign = "-" if negative else ""
    return Typed(f"({sign}INTERVAL '{value}' {unit})", INTERVAL_UNITS[unit])


def is_number(kind: Type) -> bool:
    return kind.name in (*INTEGERS, *FLOATS, "decimal")


def is_interval(kind: Type) -> bool:
    return kind in (DAY_INTERVAL, MONTH_INTERVAL)


def require_number(value: Typed, where: str) -> None:
    if not is_number(value.type) and not is_interval(value.type):
        raise TypeMismatchError(f"{where} needs a number, got {value.type}")


def arithmetic(operation: str, a: Typed, b: Typed) -> Typed:
    sign = _SIGNS[operation]
    if "unknown" in (a.type.name, b.type.name):
        other = b.type if a.type.name == "unknown" else a.type
        kind = other if is_number(other) else Type("integer")
        return Typed(f"CAST(NULL AS {duckdb_type(kind)})", kind)
    if not (is_number(a.type) and is_number(b.type)):
        return _time_arithmetic(sign, a, b)
    if "decimal" in (a.type.name, b.type.name) and not {a.type.name, b.type.name} & set(FLOATS):
        return _decimal_arithmetic(sign, a, b)
    kind = common_type(a.type, b.type)
    assert kind is not None
    x, y = coerce(a, kind).sql, coerce(b, kind).sql
    if kind.name in FLOATS:
        return Typed(f"CAST(({x} {sign} {y}) AS {duckdb_type(kind)})", kind)
    if sign == "/":
        if isinstance(b.literal, int) and b.literal != 0:
            return Typed(f"({x} // {y})", kind)
        return Typed(f"tm_divide({x}, {y})", kind)
    if sign == "%":
        return Typed(f"tm_modulus({x}, {y})", kind)
    return Typed(f"({x} {sign} {y})", kind)


def _decimal_arithmetic(sign: str, a: Typed, b: Typed) -> Typed:
    x, y = as_decimal(a.type), as_decimal(b.type)
    left, right = coerce(a, x).sql, coerce(b, y).sql
    whole = max(x.precision - x.scale, y.precision - y.scale)
    scale = max(x.scale, y.scale)
    match sign:
        case "+" | "-":
            kind = decimal(min(38, whole + scale + 1), scale)
        case "*":
            kind = decimal(min(38, x.precision + y.precision), x.scale + y.scale)
            if kind.scale > 38:
                raise TypeMismatchError(f"scale of {x} * {y} exceeds 38 digits; cast to a smaller scale")
        case "/":
            return divide_decimals(Typed(left, x), Typed(right, y))
        case _:
            smaller = min(x.precision - x.scale, y.precision - y.scale)
            kind = decimal(min(38, smaller + scale), scale)
            return Typed(
                f"CAST(tm_modulus({left}, {right}) AS {duckdb_type(kind)})",
                kind,
            )
    return Typed(f"CAST(({left} {sign} {right}) AS {duckdb_type(kind)})", kind)


def divide_decimals(a: Typed, b: Typed) -> Typed:
    """Trino: scale max(s1, s2), digits p1 + s2 + max(s2 - s1, 0), half away from zero."""
    x, y = a.type, b.type
    scale = max(x.scale, y.scale)
    kind = decimal(min(38, x.precision + y.scale + max(y.scale - x.scale, 0)), scale)
    rescale = scale - x.scale + y.scale
    dividend = f"{unscaled(a)} * {10**rescale}::HUGEINT"
    return Typed(from_unscaled(f"tm_divide_rounded({dividend}, {unscaled(b)})", kind), kind)


def unscaled(value: Typed) -> str:
    """A decimal's digits as an integer: 1.05 is 105. Overflow is an error, as it should be."""
    if value.type.scale == 0:
        return f"CAST({value.sql} AS HUGEINT)"
    factor = value.type.scale
    return f"CAST({value.sql} * CAST('1{'0' * factor}' AS DECIMAL({factor + 1},0)) AS HUGEINT)"


def from_unscaled(digits: str, kind: Type) -> str:
    if kind.scale == 0:
        return f"CAST({digits} AS {duckdb_type(kind)})"
    unit = f"CAST('0.{'0' * (kind.scale - 1)}1' AS DECIMAL({kind.scale},{kind.scale}))"
    return f"CAST(CAST({digits} AS DECIMAL({38 - kind.scale},0)) * {unit} AS {duckdb_type(kind)})"


def _time_arithmetic(sign: str, a: Typed, b: Typed) -> Typed:
    x, y = a.type, b.type
    if sign in "+-" and is_interval(y) and x.name in TIMESTAMPS:
        return Typed(f"({a.sql} {sign} {b.sql})", x)
    if sign == "+" and is_interval(x) and y.name in TIMESTAMPS:
        return Typed(f"({b.sql} + {a.sql})", y)
    if sign in "+-" and is_interval(y) and x.name == "date":
        return Typed(f"CAST(({a.sql} {sign} {b.sql}) AS DATE)", x)
    if sign == "+" and is_interval(x) and y.name == "date":
        return Typed(f"CAST(({b.sql} + {a.sql}) AS DATE)", y)
    if sign in "+-" and is_interval(x) and x == y:
        return Typed(f"({a.sql} {sign} {b.sql})", x)
    if sign == "-" and x.name in TIMESTAMPS and y.name in TIMESTAMPS:
        return Typed(f"({a.sql} - {b.sql})", DAY_INTERVAL)
    if sign == "*" and is_interval(x) and y.name in INTEGERS:
        return Typed(f"({a.sql} * {b.sql})", x)
    if sign == "*" and is_interval(y) and x.name in INTEGERS:
        return Typed(f"({b.sql} * {a.sql})", y)
    raise TypeMismatchError(f"Cannot apply operator: {x} {sign} {y}")


def compare(operation: str, a: Typed, b: Typed) -> Typed:
    kind = common_type(a.type, b.type)
    if kind is None:
        sign = _COMPARISONS.get(operation, "IS DISTINCT FROM")
        raise TypeMismatchError(f"Cannot apply operator: {a.type} {sign} {b.type}")
    if kind.name == "map" and operation not in ("EQ", "NEQ", "NullSafeEQ", "NullSafeNEQ"):
        raise TypeMismatchError(f"{kind} cannot be ordered")
    x, y = coerce(a, kind).sql, coerce(b, kind).sql
    if operation == "NullSafeEQ":
        return Typed(f"({x} IS NOT DISTINCT FROM {y})", BOOLEAN)
    if operation == "NullSafeNEQ":
        return Typed(f"({x} IS DISTINCT FROM {y})", BOOLEAN)
    plain = f"({x} {_COMPARISONS[operation]} {y})"
    if kind.name not in FLOATS:
        return Typed(plain, BOOLEAN)
    return Typed(_ieee(operation, plain, (a, x), (b, y)), BOOLEAN)


def _ieee(operation: str, plain: str, a: tuple[Typed, str], b: tuple[Typed, str]) -> str:
    """DuckDB: NaN equals NaN and is greater than all. Trino: every comparison with NaN is false."""
    checks = {
        "EQ": ("AND NOT", [a]) if _may_be_nan(b[0]) else ("", []),
        "NEQ": ("OR", [a]) if _may_be_nan(b[0]) else ("", []),
        "LT": ("AND NOT", [b]),
        "LTE": ("AND NOT", [b]),
        "GT": ("AND NOT", [a]),
        "GTE": ("AND NOT", [a]),
    }
    word, sides = checks[operation]
    guarded = [f" {word} isnan({text})" for side, text in sides if _may_be_nan(side)]
    return f"({plain}{''.join(guarded)})" if guarded else plain


def _may_be_nan(value: Typed) -> bool:
    return value.type.name in FLOATS and value.literal is None


def concat(values: list[Typed]) -> Typed:
    kinds = {v.type.name for v in values} - {"unknown"}
    if kinds <= {"varchar"}:
        joined = " || ".join(coerce(v, VARCHAR, "concat").sql for v in values)
        return Typed(f"({joined})", VARCHAR)
    if kinds == {"varbinary"}:
        return Typed(f"({' || '.join(coerce(v, VARBINARY).sql for v in values)})", VARBINARY)
    if kinds == {"array"}:
        kind = values[0].type
        for value in values[1:]:
            kind = common_type(kind, value.type) or kind
        result = coerce(values[0], kind).sql
        for value in values[1:]:
            result = f"tm_concat_lists({result}, {coerce(value, kind).sql})"
        return Typed(result, kind)
    if len(kinds) > 1:
        raise TypeMismatchError(f"concat needs one type, got {' and '.join(sorted(kinds))}; cast")
    raise NotSupportedError(f"concat of {', '.join(kinds)}")
