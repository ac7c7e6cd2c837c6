"""Implicit coercions and explicit casts with Trino's results, including its errors."""

import re

from ..errors import NotSupportedError, TypeMismatchError
from ..types import (
    DOUBLE,
    FLOATS,
    INTEGER_DIGITS,
    INTEGERS,
    REAL,
    TIMESTAMPS,
    Type,
    array,
    decimal,
    duckdb_type,
    field_name,
    map_of,
    quoted,
    row,
)
from .scope import Typed


def as_decimal(kind: Type) -> Type:
    return decimal(INTEGER_DIGITS[kind.name], 0) if kind.name in INTEGERS else kind


def common_type(a: Type, b: Type) -> Type | None:
    """The type both sides of a comparison, CASE, UNION or IN are read as. None: Trino refuses."""
    if a == b or b.name == "unknown":
        return a
    if a.name == "unknown":
        return b
    names = {a.name, b.name}
    if names <= set(INTEGERS):
        return a if INTEGERS.index(a.name) > INTEGERS.index(b.name) else b
    if names <= {*INTEGERS, "decimal"}:
        a, b = as_decimal(a), as_decimal(b)
        scale = max(a.scale, b.scale)
        whole = max(a.precision - a.scale, b.precision - b.scale)
        return decimal(min(38, whole + scale), scale)
    if names <= {*INTEGERS, "decimal", *FLOATS}:
        return DOUBLE if "double" in names else REAL
    if names <= {"date", *TIMESTAMPS}:
        digits = max(k.precision if k.name in TIMESTAMPS else 0 for k in (a, b))
        zoned = "timestamp with time zone" in names
        return Type("timestamp with time zone" if zoned else "timestamp", (digits,))
    if names == {"array"}:
        element = common_type(a.element, b.element)
        return array(element) if element else None
    if names == {"map"}:
        key, value = common_type(a.key, b.key), common_type(a.element, b.element)
        return map_of(key, value) if key and value else None
    if names == {"row"} and len(a.fields) == len(b.fields):
        kinds = [common_type(x, y) for (_, x), (_, y) in zip(a.fields, b.fields, strict=True)]
        names_ = [x or y for (x, _), (y, _) in zip(a.fields, b.fields, strict=True)]
        return None if None in kinds else row(*zip(names_, kinds, strict=True))  # type: ignore[arg-type]
    if names == {"varchar", "json"} or len(names) > 1:
        return None
    return a


def common_of(kinds: list[Type], where: str) -> Type:
    result = Type("unknown")
    for kind in kinds:
        merged = common_type(result, kind)
        if merged is None:
            raise TypeMismatchError(f"{where}: types {result} and {kind} have no common type; cast one")
        result = merged
    return result


def coerce(value: Typed, target: Type, where: str = "argument") -> Typed:
    """The value as `target` where Trino does so silently. Raises TypeMismatchError otherwise."""
    if value.type == target:
        return value
    if common_type(value.type, target) != target and not _same_but_names(value.type, target):
        raise TypeMismatchError(f"{where} must be {target}, got {value.type}; cast it")
    return cast(value, target)


def _same_but_names(a: Type, b: Type) -> bool:
    merged = common_type(a, b)
    return merged is not None and duckdb_type(merged) == duckdb_type(b)


STRING_FORMS = {
    **dict.fromkeys(INTEGERS, r"[+-]?[0-9]+"),
    "double": r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*|NaN|[+-]?Infinity",
    "real": r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*|NaN|[+-]?Infinity",
    "decimal": r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*",
    "boolean": r"(?i:true|false|t|f|1|0)",
    "date": r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*",
    "timestamp": r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?)?\s*",
}


def cast(value: Typed, target: Type, safe: bool = False) -> Typed:
    """CAST, or TRY_CAST if safe. Raises NotSupportedError where DuckDB cannot give Trino's answer."""
    source = value.type
    if source == target:
        return value
    if source.name == "unknown":
        return Typed(f"CAST({value.sql} AS {duckdb_type(target)})", target)
    if duckdb_type(source) == duckdb_type(target) and not _holds_time(target):
        return Typed(value.sql, target, value.literal)
    return Typed(_cast_sql(value, target, safe), target)


def _holds_time(kind: Type) -> bool:
    """Whether equal DuckDB types may still differ in a timestamp's precision."""
    if kind.name == "row":
        return any(_holds_time(t) for _, t in kind.fields)
    if kind.name in ("array", "map"):
        return any(_holds_time(t) for t in kind.args)  # type: ignore[arg-type]
    return kind.name in TIMESTAMPS


def _cast_sql(value: Typed, target: Type, safe: bool) -> str:
    x, source = value.sql, value.type
    plain = f"{'TRY_CAST' if safe else 'CAST'}({x} AS {duckdb_type(target)})"
    match (source.name, target.name):
        case ("varchar", name) if name in STRING_FORMS:
            return _from_string(value, target, safe)
        case (a, b) if a in INTEGERS and b in (*INTEGERS, "decimal", *FLOATS, "boolean", "varchar"):
            return plain
        case ("decimal", b) if b in (*INTEGERS, "decimal", *FLOATS, "boolean", "varchar"):
            return plain
        case (a, b) if a in FLOATS and b in INTEGERS:
            return plain.replace(f"({x} AS", f"(round({x}) AS", 1)
        case (a, "decimal") if a in FLOATS:
            text = f"CAST({x} AS VARCHAR)"
            return plain.replace(f"({x} AS", f"({text} AS", 1)
        case (a, b) if a in FLOATS and b in (*FLOATS, "boolean"):
            return plain
        case (a, "varchar") if a in FLOATS:
            raise NotSupportedError(f"CAST({source} AS varchar): digits differ between engines; cast to decimal first")
        case ("boolean", b) if b in (*INTEGERS, "decimal", *FLOATS, "varchar"):
            return plain
        case ("date", "varchar"):
            return plain
        case ("date", b) if b in TIMESTAMPS:
            return plain
        case (a, "date") if a in TIMESTAMPS:
            return plain
        case (a, b) if a in TIMESTAMPS and b in TIMESTAMPS:
            return _change_precision(x, source, target)
        case (a, "varchar") if a in TIMESTAMPS:
            zone = " || ' UTC'" if a != "timestamp" else ""
            return f"tm_timestamp_text({x}, {source.precision}){zone}"
        case ("array", "array"):
            element = cast(Typed("tm_e", source.element), target.element, safe)
            return f"list_transform({x}, lambda tm_e: {element.sql})"
        case ("map", "map"):
            key = cast(Typed("tm_e.key", source.key), target.key, safe)
            item = cast(Typed("tm_e.value", source.element), target.element, safe)
            pairs = f"list_transform(map_entries({x}), lambda tm_e: struct_pack(k := {key.sql}, v := {item.sql}))"
            return f"CASE WHEN {x} IS NOT NULL THEN map_from_entries({pairs}) END"
        case ("row", "row") if len(source.fields) == len(target.fields):
            return _cast_row(x, source, target, safe)
        case ("json", "varchar") | ("varchar", "json") | ("json", _) | (_, "json"):
            raise NotSupportedError(f"CAST({source} AS {target}); use json_extract_scalar or json_parse")
    raise TypeMismatchError(f"Cannot cast {source} to {target}")


def _change_precision(x: str, source: Type, target: Type) -> str:
    if target.precision >= source.precision:
        return x
    if target.precision > 6:
        raise NotSupportedError(f"{target}: at most 6 digits of a second")
    return f"tm_round_timestamp({x}, {10 ** (6 - target.precision)})"


def _cast_row(x: str, source: Type, target: Type, safe: bool) -> str:
    fields = []
    pairs = zip(source.fields, target.fields, strict=True)
    for index, ((name, kind), (wanted, wanted_kind)) in enumerate(pairs):
        taken = Typed(f"struct_extract({x}, '{field_name(index, name)}')", kind)
        fields.append(f"{quoted(field_name(index, wanted))} := {cast(taken, wanted_kind, safe).sql}")
    return f"CASE WHEN {x} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"


def _from_string(value: Typed, target: Type, safe: bool) -> str:
    form = STRING_FORMS[target.name]
    wanted = duckdb_type(target)
    if target.name in TIMESTAMPS and target.precision > 6:
        raise NotSupportedError(f"{target}: at most 6 digits of a second")
    text = f"trim({value.sql})" if target.name in ("double", "real", "decimal") else value.sql
    parsed = f"{'TRY_CAST' if safe else 'CAST'}({text} AS {wanted})"
    if target.name == "timestamp":
        parsed = _change_precision(parsed, Type("timestamp", (6,)), target)
    if isinstance(value.literal, str) and re.fullmatch(form, value.literal):
        return parsed
    message = f"'INVALID_CAST_ARGUMENT: Cannot cast ''' || {value.sql} || ''' to {target}'"
    otherwise = f"CAST(NULL AS {wanted})" if safe else f"error({message})"
    escaped = form.replace("'", "''")
    return f"CASE WHEN NOT regexp_full_match({value.sql}, '{escaped}') THEN {otherwise} ELSE {parsed} END"
