"""
Values on the wire and in Python, by declared type.

int32, int64 -> int (exact); float32, float64 -> float (NaN and infinities too); bool -> bool; string -> str;
timestamp -> datetime in UTC; bytes -> bytes; list<T> -> list, whose elements may be None. Null is None.
"""

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from .errors import TidemarkError

Value = int | float | bool | str | datetime | bytes | list[Any] | None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_scalars: dict[str, Callable[[Any], Any]] = {
    "int32": int,
    "int64": int,  # a number with all its digits, or those as a string
    "float32": float,  # float() reads "NaN", "Infinity" and "-Infinity", and whole numbers
    "float64": float,
    "bool": bool,
    "string": str,
    "timestamp": _instant,
    "bytes": lambda text: base64.b64decode(text, validate=True),
}


def decode(type_name: str, value: Any) -> Value:
    """A JSON value (of `json.loads`) of a declared type as a Python value. Raises TidemarkError client.badValue."""
    if value is None:
        return None
    is_list = type_name.startswith("list<")
    scalar = _scalars.get(type_name[5:-1] if is_list else type_name)
    if scalar is None:
        return value  # of a type that this version does not know: as it stands in the answer
    try:
        if is_list:
            return [None if element is None else scalar(element) for element in value]
        return scalar(value)
    except (TypeError, ValueError) as cause:
        raise TidemarkError("client.badValue", f"the API answered {value!r} for a value of type {type_name}") from cause


def encode(value: Any) -> Any:
    """
    A Python value as JSON for a request: instants with their offset, NaN and infinities by name, bytes as base64,
    decimals as text, dates as 2026-01-31. Scalars and arrays of numpy and pandas too; their missing values are null.
    Raises TidemarkError client.badValue for datetimes without a zone, whose instant nobody knows.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _special(value)
    if type(value).__name__ in ("NAType", "NaTType"):  # pandas.NA, pandas.NaT
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TidemarkError(
                "client.badValue", f"{value} has no time zone; write value.replace(tzinfo=UTC) if it is UTC"
            )
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(name): encode(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(element) for element in value]
    if hasattr(value, "tolist"):  # numpy: scalars become Python's own, arrays lists
        return encode(value.tolist())
    raise TidemarkError("client.badValue", f"{type(value).__name__} is no value of a feature, key or event: {value!r}")


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def to_json(body: Any) -> bytes:
    """`encode` as the bytes of a request body; integers keep all their digits."""
    return json.dumps(encode(body), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
