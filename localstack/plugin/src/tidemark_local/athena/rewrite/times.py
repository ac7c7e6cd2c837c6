"""Dates, timestamps and instants: units, formats, the statement's own now()."""

import re

from sqlglot import exp

from ..errors import NotSupportedError, TypeMismatchError
from ..types import BIGINT, DATE, TIMESTAMP, TIMESTAMP_TZ, TIMESTAMPS, VARCHAR, Type, duckdb_type, literal_text
from .calls import apply, arguments, special
from .casts import cast, coerce, common_of
from .expressions import compile_expression, handles
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


def instant(scope: Scope) -> Typed:
    """now(): one value for the whole statement."""
    text = scope.context.started.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return Typed(f"CAST('{text}' AS TIMESTAMP)", TIMESTAMP_TZ)


def _unit(value: Typed) -> str:
    unit = str(value.literal).lower()
    if unit not in UNIT_MICROS and unit not in CALENDAR_UNITS:
        raise NotSupportedError(f"unit {value.sql}; use a literal of {', '.join({**UNIT_MICROS, **CALENDAR_UNITS})}")
    return unit


def require_time(value: Typed, where: str) -> Typed:
    if value.type.name not in (*TIMESTAMPS, "date"):
        raise TypeMismatchError(f"{where} needs a date or timestamp, got {value.type}; cast it")
    return value


@special("date_diff")
def _date_diff(nodes: list[exp.Expression], scope: Scope) -> Typed:
    """Elapsed full units, where DuckDB's date_diff counts boundaries."""
    unit_value, a, b = arguments(nodes, scope, 3, 3)
    unit = _unit(unit_value)
    kind = common_of([require_time(a, "date_diff").type, require_time(b, "date_diff").type], "date_diff")
    if kind.name == "date" and unit in ("millisecond", "second", "minute", "hour"):
        raise TypeMismatchError(f"'{unit}' is not a valid DATE field")
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
    unit_value, count, moment = arguments(nodes, scope, 3, 3)
    unit, n = _unit(unit_value), coerce(count, BIGINT, "date_add").sql
    if require_time(moment, "date_add").type.name == "date" and unit in ("millisecond", "second", "minute", "hour"):
        raise TypeMismatchError(f"'{unit}' is not a valid DATE field")
    n = f"CAST({n} AS INTEGER)"  # of 32 bits in Trino, which fails beyond
    if unit in CALENDAR_UNITS:
        step = f"to_months({n} * {CALENDAR_UNITS[unit]})"
    else:
        step = f"to_microseconds({n} * {UNIT_MICROS[unit]}::BIGINT)"
    sql = f"({moment.sql} + {step})"
    return Typed(f"CAST({sql} AS DATE)" if moment.type.name == "date" else sql, moment.type)


@special("date_trunc")
def _date_trunc(nodes: list[exp.Expression], scope: Scope) -> Typed:
    unit_value, moment = arguments(nodes, scope, 2, 2)
    unit = _unit(unit_value)
    kind = require_time(moment, "date_trunc").type
    return Typed(f"CAST(date_trunc('{unit}', {moment.sql}) AS {duckdb_type(kind)})", kind)


@special("date")
def _date(nodes: list[exp.Expression], scope: Scope) -> Typed:
    return cast(arguments(nodes, scope, 1, 1)[0], DATE)


@special("now")
def _now(nodes: list[exp.Expression], scope: Scope) -> Typed:
    arguments(nodes, scope, 0, 0)
    return instant(scope)


@handles(exp.AtTimeZone)
def _at_time_zone(node: exp.Expression, scope: Scope) -> Typed:
    value, zone = compile_expression(node.this, scope), node.args["zone"]
    if not isinstance(zone, exp.Literal) or zone.name.upper() not in ("UTC", "Z", "+00:00"):
        raise NotSupportedError(f"AT TIME ZONE {zone.sql('trino')}: only 'UTC'")
    return Typed(value.sql, Type("timestamp with time zone", (value.type.precision,)))


@handles(exp.CurrentTimestamp)
def _now(_node: exp.Expression, scope: Scope) -> Typed:
    return instant(scope)


@handles(exp.Localtimestamp)
def _local_now(_node: exp.Expression, scope: Scope) -> Typed:
    return cast(instant(scope), Type("timestamp", (3,)))


@handles(exp.CurrentDate)
def _today(_node: exp.Expression, scope: Scope) -> Typed:
    return cast(instant(scope), DATE)


@special("to_iso8601")
def _to_iso8601(nodes: list[exp.Expression], scope: Scope) -> Typed:
    value = require_time(arguments(nodes, scope, 1, 1)[0], "to_iso8601")
    if value.type.name == "date":
        return cast(value, VARCHAR)
    zone = " || 'Z'" if value.type.name != "timestamp" else ""
    return Typed(f"replace(tm_timestamp_text({value.sql}, {value.type.precision}), ' ', 'T'){zone}", VARCHAR)


EXTRACTED = {
    *("year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy"),
    *("year_of_week", "yow", "hour", "minute", "second"),
}


@handles(exp.Extract)
def _extract(node: exp.Expression, scope: Scope) -> Typed:
    field = node.this.name.lower()
    if field not in EXTRACTED:
        raise NotSupportedError(f"EXTRACT({field.upper()} ..)")
    return apply(field, [compile_expression(node.expression, scope)])


# MySQL pattern letters (date_format, date_parse) in strftime's spelling.
_FORMAT = {
    **{c: f"%{c}" for c in "YmdHSjypb%"},
    "i": "%M",
    "s": "%S",
    "f": "%f",
    "T": "%H:%M:%S",
    "M": "%B",
    "c": "%-m",
    "e": "%-d",
    "h": "%I",
    "I": "%I",
    "a": "%a",
    "W": "%A",
    "k": "%-H",
    "l": "%-I",
    "r": "%I:%M:%S %p",
}


def _strftime_format(pattern: Typed) -> str:
    if not isinstance(pattern.literal, str):
        raise NotSupportedError("a date format that is not a literal")

    def letter(match: re.Match[str]) -> str:
        if match[1] not in _FORMAT:
            raise NotSupportedError(f"date format %{match[1]}")
        return _FORMAT[match[1]]

    return literal_text(re.sub(r"%(.)", letter, pattern.literal))


@special("date_format")
def _date_format(nodes: list[exp.Expression], scope: Scope) -> Typed:
    moment, pattern = arguments(nodes, scope, 2, 2)
    moment = coerce(require_time(moment, "date_format"), TIMESTAMP) if moment.type.name == "date" else moment
    return Typed(f"strftime({require_time(moment, 'date_format').sql}, {_strftime_format(pattern)})", VARCHAR)


@special("date_parse")
def _date_parse(nodes: list[exp.Expression], scope: Scope) -> Typed:
    text, pattern = arguments(nodes, scope, 2, 2)
    parsed = f"strptime({coerce(text, VARCHAR).sql}, {_strftime_format(pattern)})"
    return Typed(f"tm_round_timestamp(CAST({parsed} AS TIMESTAMP), 1000)", TIMESTAMP)
