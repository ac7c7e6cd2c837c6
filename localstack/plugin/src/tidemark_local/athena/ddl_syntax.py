"""Hive's CREATE EXTERNAL TABLE, clause by clause, for Parquet tables."""

import re

from .errors import NotSupportedError, StatementError
from .statements import (
    _NAME,
    _TABLE,
    CreateExternalTable,
    balanced,
    split_list,
    table_name,
    unquoted,
)
from .types import parse_type

_HEAD = re.compile(rf"CREATE\s+EXTERNAL\s+TABLE\s+(IF\s+NOT\s+EXISTS\s+)?{_TABLE}\s*(?=\()", re.I)
_PARQUET_SERDE = "parquet"


def create_external_table(text: str) -> CreateExternalTable:
    head = _HEAD.match(text)
    if head is None:
        raise StatementError("SYNTAX_ERROR", "CREATE EXTERNAL TABLE name (column type, ..) expected")
    end = balanced(text, head.end())
    columns = _columns(text[head.end() + 1 : end - 1])
    keys: list[tuple[str, str]] = []
    location, parameters, formats = None, {}, []
    rest = text[end:].strip()
    while rest:
        rest, clause, value = _clause(rest)
        match clause:
            case "PARTITIONED BY":
                keys = _columns(value)
            case "LOCATION":
                location = value
            case "TBLPROPERTIES":
                parameters = _pairs(value)
            case "STORED AS" | "ROW FORMAT":
                formats.append(value)
    for name in formats:
        if _PARQUET_SERDE not in name.lower():
            raise NotSupportedError(f"table format {name}: the local Athena reads PARQUET only")
    if not formats:
        raise NotSupportedError("a table without STORED AS PARQUET (TEXTFILE is Hive's default)")
    if location is None:
        raise StatementError("SYNTAX_ERROR", "LOCATION 's3://..' is missing")
    return CreateExternalTable(table_name(head["table"]), columns, keys, location, parameters, bool(head[1]))


def _clause(rest: str) -> tuple[str, str, str]:
    """The rest after the first clause, its name, its value."""
    if m := re.match(r"PARTITIONED\s+BY\s*(?=\()", rest, re.I):
        end = balanced(rest, m.end())
        return rest[end:].strip(), "PARTITIONED BY", rest[m.end() + 1 : end - 1]
    if m := re.match(r"TBLPROPERTIES\s*(?=\()", rest, re.I):
        end = balanced(rest, m.end())
        return rest[end:].strip(), "TBLPROPERTIES", rest[m.end() + 1 : end - 1]
    if m := re.match(r"LOCATION\s+'([^']*)'", rest, re.I):
        return rest[m.end() :].strip(), "LOCATION", m[1]
    if m := re.match(r"COMMENT\s+'[^']*'", rest, re.I):
        return rest[m.end() :].strip(), "COMMENT", ""
    if m := re.match(r"STORED\s+AS\s+INPUTFORMAT\s+'([^']*)'\s+OUTPUTFORMAT\s+'[^']*'", rest, re.I):
        return rest[m.end() :].strip(), "STORED AS", m[1]
    if m := re.match(r"STORED\s+AS\s+(\w+)", rest, re.I):
        return rest[m.end() :].strip(), "STORED AS", m[1]
    if m := re.match(r"ROW\s+FORMAT\s+SERDE\s+'([^']*)'(?:\s+WITH\s+SERDEPROPERTIES\s*\([^)]*\))?", rest, re.I):
        return rest[m.end() :].strip(), "ROW FORMAT", m[1]
    raise NotSupportedError(f"clause {' '.join(rest.split()[:3])} of CREATE EXTERNAL TABLE")


def _columns(text: str) -> list[tuple[str, str]]:
    result = []
    for part in split_list(text):
        found = re.fullmatch(rf"({_NAME})\s+(.*?)(?:\s+COMMENT\s+'(?:[^']|'')*')?", part, re.I | re.S)
        if found is None:
            raise StatementError("SYNTAX_ERROR", f"column definition '{part}'")
        kind = re.sub(r"\s+", "", found[2]).lower()
        parse_type(kind)
        result.append((unquoted(found[1]), kind))
    return result


def _pairs(text: str) -> dict[str, str]:
    pairs = re.findall(r"""['"]([^'"]+)['"]\s*=\s*['"]([^'"]*)['"]""", text)
    return dict(pairs)
