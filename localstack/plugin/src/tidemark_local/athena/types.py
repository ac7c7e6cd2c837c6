"""Trino types: read from Trino and Hive spellings, written as DuckDB, Hive and Athena ones.

Inside DuckDB every timestamp is TIMESTAMP (microseconds) and every instant with a zone is UTC;
precision is kept in the Trino type and applied by casts. Only Parquet files get TIMESTAMP_MS.
"""

import re
from dataclasses import dataclass

from .errors import NotSupportedError

type Argument = "int | Type | tuple[str | None, Type]"


@dataclass(frozen=True, slots=True)
class Type:
    """name: lower-case Trino base name. args: precision and scale, element types, or row fields."""

    name: str
    args: tuple["int | Type | tuple[str | None, Type]", ...] = ()

    def __str__(self) -> str:
        if self.name == "row":
            fields = (f"{name} {kind}" if name else str(kind) for name, kind in self.fields)
            return f"row({', '.join(fields)})"
        if self.name == "timestamp with time zone":
            return f"timestamp({self.precision}) with time zone"
        return f"{self.name}({', '.join(map(str, self.args))})" if self.args else self.name

    @property
    def precision(self) -> int:
        return self.args[0] if self.args else 3  # type: ignore[return-value]

    @property
    def scale(self) -> int:
        return self.args[1]  # type: ignore[return-value]

    @property
    def fields(self) -> tuple[tuple[str | None, "Type"], ...]:
        return self.args if self.name == "row" else ()  # type: ignore[return-value]

    @property
    def element(self) -> "Type":
        return self.args[-1]  # type: ignore[return-value]

    @property
    def key(self) -> "Type":
        return self.args[0]  # type: ignore[return-value]


UNKNOWN, BOOLEAN, VARCHAR, VARBINARY = (Type(n) for n in ("unknown", "boolean", "varchar", "varbinary"))
TINYINT, SMALLINT, INTEGER, BIGINT = (Type(n) for n in ("tinyint", "smallint", "integer", "bigint"))
REAL, DOUBLE, DATE, JSON = (Type(n) for n in ("real", "double", "date", "json"))
TIMESTAMP, TIMESTAMP_TZ = Type("timestamp", (3,)), Type("timestamp with time zone", (3,))
DAY_INTERVAL, MONTH_INTERVAL = Type("interval day to second"), Type("interval year to month")

INTEGERS = ("tinyint", "smallint", "integer", "bigint")
INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}
FLOATS = ("real", "double")
TIMESTAMPS = ("timestamp", "timestamp with time zone")


def decimal(precision: int, scale: int) -> Type:
    return Type("decimal", (precision, scale))


def array(element: Type) -> Type:
    return Type("array", (element,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", (key, value))


def row(*fields: tuple[str | None, Type]) -> Type:
    return Type("row", fields)


ALIASES = {
    "string": "varchar",
    "int": "integer",
    "float": "real",
    "binary": "varbinary",
    "struct": "row",
    "numeric": "decimal",
    "dec": "decimal",
    "text": "varchar",
}
PLAIN = {
    *INTEGERS,
    *FLOATS,
    *("boolean", "varchar", "varbinary", "date", "json", "unknown"),
    *("interval day to second", "interval year to month"),
}
_TOKEN = re.compile(r'\s*("(?:[^"]|"")*"|`[^`]*`|\w+|[(),:<>])')


def parse_type(text: str) -> Type:
    """Reads `array<struct<a:int>>`, `row(a bigint)`, `decimal(10,2)`, `timestamp(3)`: both spellings."""
    tokens = _TOKEN.findall(text)
    kind, rest = _parse(tokens, text)
    if rest or "".join(tokens) != re.sub(r"\s+", "", text):
        raise NotSupportedError(f"column type {text}")
    return kind


def _parse(tokens: list[str], text: str) -> tuple[Type, list[str]]:
    if not tokens:
        raise NotSupportedError(f"column type {text}")
    raw, rest = tokens[0].lower(), tokens[1:]
    name = ALIASES.get(raw, raw)
    groups: list[list[str]] = []
    if rest and rest[0] in "(<":
        groups, rest = _groups(rest)
    if name == "array":
        return array(_whole(groups[0], text)), rest
    if name == "map":
        return map_of(_whole(groups[0], text), _whole(groups[1], text)), rest
    if name == "row":
        return row(*(_field(group, text) for group in groups)), rest
    if name == "decimal":
        numbers = [int(group[0]) for group in groups] or [10 if raw == "decimal" else 38]
        return decimal(numbers[0], numbers[1] if len(numbers) > 1 else 0), rest
    if name in ("timestamp", "time"):
        digits = int(groups[0][0]) if groups else 3
        if [t.lower() for t in rest[:3]] == ["with", "time", "zone"]:
            return Type(f"{name} with time zone", (digits,)), rest[3:]
        return Type(name, (digits,)), rest
    if name == "double" and rest[:1] == ["precision"]:
        rest = rest[1:]
    if name == "interval":
        return Type(" ".join([name, *rest])), []
    if name not in PLAIN:
        raise NotSupportedError(f"type {text}")
    return Type(name), rest


def _groups(tokens: list[str]) -> tuple[list[list[str]], list[str]]:
    """Splits a bracketed argument list at its own commas. Returns the parts and what follows."""
    depth, parts = 0, [[]]  # type: ignore[var-annotated]
    for index, token in enumerate(tokens):
        depth += (token in "(<") - (token in ")>")
        if depth == 0:
            return parts, tokens[index + 1 :]
        if token == "," and depth == 1:
            parts.append([])
        elif not (token in "(<" and depth == 1 and index == 0):
            parts[-1].append(token)
    raise NotSupportedError(f"unclosed bracket in type {' '.join(tokens)}")


def _whole(tokens: list[str], text: str) -> Type:
    kind, rest = _parse(tokens, text)
    if rest:
        raise NotSupportedError(f"column type {text}")
    return kind


def _field(tokens: list[str], text: str) -> tuple[str | None, Type]:
    if len(tokens) > 1 and tokens[1] == ":":
        return tokens[0].strip('`"').lower(), _whole(tokens[2:], text)
    try:
        return None, _whole(tokens, text)
    except NotSupportedError:
        return tokens[0].strip('`"').lower(), _whole(tokens[1:], text)


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def literal_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def field_name(index: int, name: str | None) -> str:
    """A row field's name in DuckDB, where every struct field needs one."""
    return name or f"field{index}"


_DUCKDB = {"varbinary": "BLOB", "real": "FLOAT", "unknown": "INTEGER", "uuid": "UUID"}


def duckdb_type(kind: Type, milliseconds: bool = False) -> str:
    """milliseconds: timestamps as TIMESTAMP_MS, for Parquet files as Athena writes them."""
    match kind.name:
        case "array":
            return duckdb_type(kind.element, milliseconds) + "[]"
        case "map":
            return f"MAP({duckdb_type(kind.key, milliseconds)}, {duckdb_type(kind.element, milliseconds)})"
        case "row":
            fields = (
                f"{quoted(field_name(i, name))} {duckdb_type(t, milliseconds)}"
                for i, (name, t) in enumerate(kind.fields)
            )
            return f"STRUCT({', '.join(fields)})"
        case "decimal":
            return f"DECIMAL({kind.precision},{kind.scale})"
        case "timestamp" | "timestamp with time zone":
            return "TIMESTAMP_MS" if milliseconds else "TIMESTAMP"
        case "interval day to second" | "interval year to month":
            return "INTERVAL"
        case "time":
            return "TIME"
        case name:
            return _DUCKDB.get(name, name.upper())


def in_milliseconds(kind: Type) -> Type:
    """The same type with every timestamp at Hive's three digits."""
    match kind.name:
        case "timestamp":
            return TIMESTAMP
        case "array" | "map":
            return Type(kind.name, tuple(in_milliseconds(t) for t in kind.args))  # type: ignore[arg-type]
        case "row":
            return row(*((name, in_milliseconds(t)) for name, t in kind.fields))
        case _:
            return kind


_HIVE = {"varchar": "string", "integer": "int", "real": "float", "varbinary": "binary"}


def hive_type(kind: Type) -> str:
    """The spelling Glue stores. Raises NotSupportedError for types no Hive table can hold."""
    match kind.name:
        case "array":
            return f"array<{hive_type(kind.element)}>"
        case "map":
            return f"map<{hive_type(kind.key)},{hive_type(kind.element)}>"
        case "row":
            fields = (f"{field_name(i, name)}:{hive_type(t)}" for i, (name, t) in enumerate(kind.fields))
            return f"struct<{','.join(fields)}>"
        case "decimal":
            return f"decimal({kind.precision},{kind.scale})"
        case "timestamp":
            return "timestamp"
        case name if name in PLAIN and name not in ("json", "unknown") and "interval" not in name:
            return _HIVE.get(name, name)
        case _:
            raise NotSupportedError(f"a column of type {kind} cannot be written to a Hive table; cast it")


def athena_type(kind: Type) -> str:
    """The type name in ResultSetMetadata and in SHOW COLUMNS: base name, no arguments."""
    return "float" if kind.name == "real" else kind.name


def precision_and_scale(kind: Type) -> tuple[int, int]:
    """ColumnInfo's Precision and Scale, as Athena fills them."""
    match kind.name:
        case "decimal":
            return kind.precision, kind.scale
        case "varchar" | "json":
            return 2147483647, 0
        case "varbinary":
            return 1073741824, 0
        case "double":
            return 17, 0
        case "timestamp" | "timestamp with time zone":
            return kind.precision, 0
        case name:
            return INTEGER_DIGITS.get(name, 0), 0
