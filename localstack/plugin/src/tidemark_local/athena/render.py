"""Values as Athena shows them: in VarCharValue and, quoted, in the result CSV."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .types import Type, field_name

type Cell = str | None


def java_double(value: float, digits: int = 17) -> str:
    """Double.toString: 1.0, 1.0E10, 1.0E-5, NaN, Infinity."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value) if digits == 17 else _shortest_float(value)
    mantissa, _, exponent = text.lower().partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    power = int(exponent or 0)
    if value == 0:
        return f"{sign}0.0"
    if 1e-3 <= abs(value) < 1e7:
        return sign + f"{Decimal(text):f}".lstrip("-") if "." in f"{Decimal(text):f}" else f"{Decimal(text):f}.0"
    digits_text = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len((whole + fraction).lstrip("0"))
    power += len(whole) - 1 - leading
    digits_text = digits_text.rstrip("0") or "0"
    return f"{sign}{digits_text[0]}.{digits_text[1:] or '0'}E{power}"


def _shortest_float(value: float) -> str:
    """The shortest decimal that reads back as the same 32-bit float."""
    from struct import pack

    for precision in range(1, 10):
        text = f"{value:.{precision}g}"
        if pack("f", float(text)) == pack("f", value):
            return repr(float(text))
    return repr(value)


def renderer(kind: Type) -> Callable[[Any], Cell]:
    """A function from DuckDB's Python value to Athena's text; NULL stays None."""
    match kind.name:
        case "double":
            inner: Callable[[Any], str] = java_double
        case "real":
            inner = lambda v: java_double(v, 9)  # noqa: E731
        case "boolean":
            inner = lambda v: "true" if v else "false"  # noqa: E731
        case "timestamp" | "timestamp with time zone":
            zone = " UTC" if kind.name != "timestamp" else ""
            inner = lambda v: _timestamp(v, kind.precision) + zone  # noqa: E731
        case "varbinary":
            inner = lambda v: v.hex(" ")  # noqa: E731
        case "array":
            element = _nested(kind.element)
            inner = lambda v: f"[{', '.join(map(element, v))}]"  # noqa: E731
        case "map":
            key, value = _nested(kind.key), _nested(kind.element)
            inner = lambda v: (  # noqa: E731
                f"{{{', '.join(f'{key(k)}={value(x)}' for k, x in v.items())}}}"
            )
        case "row":
            fields = [(field_name(i, n), _nested(t)) for i, (n, t) in enumerate(kind.fields)]
            inner = lambda v: (  # noqa: E731
                f"{{{', '.join(f'{n}={show(v[n])}' for n, show in fields)}}}"
            )
        case "interval day to second" | "interval year to month":
            inner = _interval
        case _:
            inner = _plain
    return lambda v: None if v is None else inner(v)


def _nested(kind: Type) -> Callable[[Any], str]:
    show = renderer(kind)
    return lambda v: "null" if v is None else str(show(v))


def _plain(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _timestamp(value: datetime | date, digits: int) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else f"{value} 00:00:00.000000"
    text = text.rjust(26, "0")
    return text[:19] if digits == 0 else text[: 20 + digits]


def _interval(value: Any) -> str:
    total = round(value.total_seconds() * 1000)
    sign, total = ("-" if total < 0 else ""), abs(total)
    days, rest = divmod(total, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{sign}{days} {hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def csv_line(cells: list[Cell]) -> str:
    """All values quoted, NULL empty: Athena's result file."""
    return ",".join("" if c is None else '"' + c.replace('"', '""') + '"' for c in cells) + "\n"
