"""One statement's text to a plan. Statements without a plan are refused by their name."""

import re
from dataclasses import dataclass, field

from .errors import NotSupportedError, StatementError

_NAME = r'(?:"[^"]+"|`[^`]+`|\w+)'
_TABLE = rf"(?P<table>{_NAME}(?:\.{_NAME}){{0,2}})"


@dataclass(frozen=True, slots=True)
class TableName:
    """database: None means the query's own."""

    database: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Query:
    text: str


@dataclass(frozen=True, slots=True)
class Explain:
    text: str


@dataclass(frozen=True, slots=True)
class Unload:
    text: str
    target: str
    properties: dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class CreateTableAs:
    table: TableName
    text: str
    properties: dict[str, str | list[str]]
    if_not_exists: bool
    with_data: bool


@dataclass(frozen=True, slots=True)
class CreateExternalTable:
    table: TableName
    columns: list[tuple[str, str]]
    keys: list[tuple[str, str]]
    location: str
    parameters: dict[str, str]
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class CreateView:
    table: TableName
    text: str
    replace: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """kind: TABLE, VIEW or DATABASE (name then holds the database)."""

    kind: str
    table: TableName
    if_exists: bool
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class CreateDatabase:
    name: str
    if_not_exists: bool
    location: str | None


@dataclass(frozen=True, slots=True)
class AddPartitions:
    table: TableName
    partitions: list[tuple[dict[str, str], str | None]]
    if_not_exists: bool


@dataclass(frozen=True, slots=True)
class DropPartitions:
    table: TableName
    partitions: list[dict[str, str]]
    if_exists: bool


@dataclass(frozen=True, slots=True)
class RepairTable:
    table: TableName


@dataclass(frozen=True, slots=True)
class Show:
    """kind: TABLES, VIEWS, DATABASES, PARTITIONS, COLUMNS, CREATE TABLE, CREATE VIEW, TBLPROPERTIES, DESCRIBE."""

    kind: str
    table: TableName | None = None
    database: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Prepare:
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Execute:
    name: str
    parameters: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Deallocate:
    name: str


type Statement = (
    Query | Explain | Unload | CreateTableAs | CreateExternalTable | CreateView | Drop
    | CreateDatabase | AddPartitions | DropPartitions | RepairTable | Show | Prepare | Execute
    | Deallocate
)  # fmt: skip


def strip_comments(text: str) -> str:
    """Leading and inner comments out, strings and quoted names kept, a final semicolon removed."""
    kept = re.sub(
        r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)|--[^\n]*|/\*.*?\*/""",
        lambda m: m[1] or " ",
        text,
        flags=re.S,
    )
    return kept.strip().rstrip(";").strip()


def parse_statement(text: str) -> Statement:
    """Raises StatementError for an ill-formed statement, NotSupportedError for one that has no plan."""
    bare = strip_comments(text)
    if not bare:
        raise StatementError("SYNTAX_ERROR", "the statement is empty")
    words = re.match(r"\(*\s*(\w+)(?:\s+(\w+))?(?:\s+(\w+))?", bare)
    first = words[1].upper() if words else ""
    if first in ("SELECT", "WITH", "VALUES", "TABLE"):
        return Query(bare)
    parser = _PARSERS.get(first)
    plan = parser(bare) if parser else None
    if plan is None:
        raise refusal(bare)
    return plan


_HINTS = {
    "INSERT": "INSERT INTO is not supported by the local Athena: write new files with UNLOAD or CTAS",
    "DELETE": "DELETE is not supported by the local Athena: it needs an Iceberg table",
    "UPDATE": "UPDATE is not supported by the local Athena: it needs an Iceberg table",
    "MERGE": "MERGE is not supported by the local Athena: it needs an Iceberg table",
}


def refusal(text: str) -> NotSupportedError:
    words = re.findall(r"[A-Za-z_]+", text)[:4]
    first = words[0].upper() if words else text[:20]
    if first in _HINTS:
        return NotSupportedError(_HINTS[first])
    return NotSupportedError(f"{' '.join(words).upper()} .. is not supported by the local Athena")


def unquoted(name: str) -> str:
    return name.strip('"`').lower()


def table_name(text: str) -> TableName:
    parts = [unquoted(p) for p in re.findall(_NAME, text)]
    return TableName(parts[-2] if len(parts) > 1 else None, parts[-1])


def _match(pattern: str, text: str) -> re.Match[str] | None:
    return re.fullmatch(pattern, text, re.S | re.I)


def balanced(text: str, start: int) -> int:
    """Index after the bracket that closes the one at `start`; strings are skipped."""
    depth = 0
    for token in re.finditer(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|[()]""", text[start:]):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return start + token.end()
    raise StatementError("SYNTAX_ERROR", "unbalanced brackets")


def properties(text: str) -> dict[str, str | list[str]]:
    """`format = 'PARQUET', partitioned_by = ARRAY['dt']` to a dict with lower-case names."""
    result: dict[str, str | list[str]] = {}
    pattern = r"""\s*(\w+)\s*=\s*(ARRAY\s*\[[^\]]*\]|'(?:[^']|'')*'|[\w.+-]+)\s*(?:,|$)"""
    position = 0
    while position < len(text.rstrip()):
        found = re.compile(pattern, re.I | re.S).match(text, position)
        if found is None:
            raise StatementError("SYNTAX_ERROR", f"properties near '{text[position : position + 30]}'")
        value = found[2]
        if value.upper().startswith("ARRAY"):
            result[found[1].lower()] = [_string(v) for v in re.findall(r"'(?:[^']|'')*'", value)]
        else:
            result[found[1].lower()] = _string(value)
        position = found.end()
    return result


def _string(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _unload(text: str) -> Statement | None:
    opening = text.find("(")
    end = balanced(text, opening) if opening > 0 else 0
    tail = _match(r"\s*TO\s*('(?:[^']|'')*')\s*WITH\s*\((.*)\)", text[end:])
    if not end or tail is None:
        raise StatementError("SYNTAX_ERROR", "UNLOAD (query) TO 's3://..' WITH (format = 'PARQUET') expected")
    return Unload(text[opening + 1 : end - 1].strip(), _string(tail[1]), properties(tail[2]))


def _create(text: str) -> Statement | None:
    from .ddl_syntax import create_external_table

    if m := _match(rf"CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+{_TABLE}\s+AS\s+(?P<query>.*)", text):
        return CreateView(table_name(m["table"]), m["query"], bool(m[1]))
    if m := _match(
        rf"CREATE\s+(?:DATABASE|SCHEMA)\s+(IF\s+NOT\s+EXISTS\s+)?(?P<name>{_NAME})"
        r"(?:\s+COMMENT\s+'[^']*')?(?:\s+LOCATION\s+'(?P<location>[^']*)')?",
        text,
    ):
        return CreateDatabase(unquoted(m["name"]), bool(m[1]), m["location"])
    if re.match(r"CREATE\s+EXTERNAL\s+TABLE\b", text, re.I):
        return create_external_table(text)
    if m := re.match(rf"CREATE\s+TABLE\s+(IF\s+NOT\s+EXISTS\s+)?{_TABLE}\s*(?P<with>WITH\s*(?=\())?", text, re.I):
        end, given = m.end(), {}
        if m["with"]:
            end = balanced(text, m.end())
            given = properties(text[m.end() + 1 : end - 1])
        query = re.match(r"\s*AS\s+(.*?)(\s+WITH\s+(NO\s+)?DATA)?$", text[end:], re.I | re.S)
        if query:
            no_data = bool(query[3])
            return CreateTableAs(table_name(m["table"]), query[1], given, bool(m[1]), not no_data)
        raise NotSupportedError("CREATE TABLE without AS; use CREATE EXTERNAL TABLE")
    return None


def _drop(text: str) -> Statement | None:
    if m := _match(rf"DROP\s+(TABLE|VIEW)\s+(IF\s+EXISTS\s+)?{_TABLE}", text):
        return Drop(m[1].upper(), table_name(m["table"]), bool(m[2]))
    if m := _match(rf"DROP\s+(?:DATABASE|SCHEMA)\s+(IF\s+EXISTS\s+)?({_NAME})(\s+CASCADE|\s+RESTRICT)?", text):
        cascade = (m[3] or "").strip().upper() == "CASCADE"
        return Drop("DATABASE", TableName(None, unquoted(m[2])), bool(m[1]), cascade)
    return None


def partition_values(text: str) -> dict[str, str]:
    """`dt = '2026-01-01', hour = 5` to values as text."""
    pairs = re.findall(rf"({_NAME})\s*=\s*('(?:[^']|'')*'|[\w.-]+)", text)
    return {unquoted(name): _string(value) for name, value in pairs}


def _alter(text: str) -> Statement | None:
    head = rf"ALTER\s+TABLE\s+{_TABLE}\s+"
    if m := _match(head + r"ADD\s+(IF\s+NOT\s+EXISTS\s+)?(?P<rest>PARTITION\s*\(.*)", text):
        clauses = re.findall(
            r"PARTITION\s*\(((?:[^()']|'(?:[^']|'')*')*)\)(?:\s*LOCATION\s*'([^']*)')?", m["rest"], re.I
        )
        partitions = [(partition_values(spec), place or None) for spec, place in clauses]
        return AddPartitions(table_name(m["table"]), partitions, bool(m[2]))
    if m := _match(head + r"DROP\s+(IF\s+EXISTS\s+)?(?P<rest>PARTITION\s*\(.*)", text):
        clauses = re.findall(r"PARTITION\s*\(((?:[^()']|'(?:[^']|'')*')*)\)", m["rest"], re.I)
        return DropPartitions(table_name(m["table"]), [partition_values(c) for c in clauses], bool(m[2]))
    return None


def _msck(text: str) -> Statement | None:
    m = _match(rf"MSCK\s+REPAIR\s+TABLE\s+{_TABLE}", text)
    return RepairTable(table_name(m["table"])) if m else None


def _show(text: str) -> Statement | None:
    if m := _match(rf"SHOW\s+(TABLES|VIEWS)(?:\s+(?:IN|FROM)\s+({_NAME}))?(?:\s+(?:LIKE\s+)?'([^']*)')?", text):
        return Show(m[1].upper(), database=unquoted(m[2]) if m[2] else None, pattern=m[3])
    if m := _match(r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+(?:LIKE\s+)?'([^']*)')?", text):
        return Show("DATABASES", pattern=m[1])
    if m := _match(rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_TABLE}(?:\s+(?:IN|FROM)\s+(?P<db>{_NAME}))?", text):
        table = table_name(m["table"])
        return Show("COLUMNS", TableName(unquoted(m["db"]) if m["db"] else table.database, table.name))
    if m := _match(
        rf"SHOW\s+(PARTITIONS|CREATE\s+TABLE|CREATE\s+VIEW|TBLPROPERTIES)\s+{_TABLE}(?:\s*\(\s*'(?P<key>[^']*)'\s*\))?",
        text,
    ):
        return Show(re.sub(r"\s+", " ", m[1].upper()), table_name(m["table"]), pattern=m["key"])
    return None


def _describe(text: str) -> Statement | None:
    m = _match(rf"(?:DESCRIBE|DESC)\s+(?:(?:EXTENDED|FORMATTED)\s+)?{_TABLE}", text)
    return Show("DESCRIBE", table_name(m["table"])) if m else None


def _explain(text: str) -> Statement | None:
    if re.match(r"EXPLAIN\s+(ANALYZE|\()", text, re.I):
        return None
    return Explain(re.sub(r"^EXPLAIN\s+", "", text, flags=re.I))


def _prepare(text: str) -> Statement | None:
    m = _match(rf"PREPARE\s+({_NAME})\s+FROM\s+(.*)", text)
    return Prepare(unquoted(m[1]), m[2]) if m else None


def _execute(text: str) -> Statement | None:
    m = _match(rf"EXECUTE\s+({_NAME})(?:\s+USING\s+(.*))?", text)
    return Execute(unquoted(m[1]), split_list(m[2]) if m[2] else []) if m else None


def _deallocate(text: str) -> Statement | None:
    m = _match(rf"DEALLOCATE\s+PREPARE\s+({_NAME})", text)
    return Deallocate(unquoted(m[1])) if m else None


def split_list(text: str) -> list[str]:
    """Splits at commas outside strings and brackets."""
    parts, depth, start = [], 0, 0
    for token in re.finditer(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[(\[<>\])]|,""", text):
        depth += {"(": 1, "[": 1, "<": 1, ")": -1, "]": -1, ">": -1}.get(token[0], 0)
        if token[0] == "," and depth == 0:
            parts.append(text[start : token.start()].strip())
            start = token.end()
    return [*parts, text[start:].strip()]


_PARSERS = {
    "UNLOAD": _unload,
    "CREATE": _create,
    "DROP": _drop,
    "ALTER": _alter,
    "MSCK": _msck,
    "SHOW": _show,
    "DESCRIBE": _describe,
    "DESC": _describe,
    "EXPLAIN": _explain,
    "PREPARE": _prepare,
    "EXECUTE": _execute,
    "DEALLOCATE": _deallocate,
}
