"""Trino's grammar by sqlglot, with its own function meanings switched off: names stay names."""

import re
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

from ..errors import StatementError

_KEPT_PARSERS = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM", "LISTAGG")


class TypedLiteral(exp.Expression):
    """`DECIMAL '1.05'`: differs from a cast, since the text decides precision and scale."""

    arg_types = {"this": True, "to": True}  # noqa: RUF012


def _typed_literal(_parser: object, this: exp.Expression, to: exp.DataType) -> exp.Expression:
    return TypedLiteral(this=this, to=to)


class TrinoSyntax(Trino):
    INDEX_OFFSET = 0

    class Parser(Trino.Parser):
        FUNCTIONS = {}  # noqa: RUF012
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _KEPT_PARSERS
        }
        COLUMN_OPERATORS = {  # noqa: RUF012
            token: parser for token, parser in Trino.Parser.COLUMN_OPERATORS.items() if token != TokenType.DCOLON
        }
        TYPE_LITERAL_PARSERS = dict.fromkeys(exp.DType, _typed_literal)


def parse(text: str) -> list[exp.Expression]:
    """The statements of `text`. Raises StatementError with the position, as Athena words it."""
    try:
        return [s for s in sqlglot.parse(text, read=TrinoSyntax) if s is not None]
    except (ParseError, TokenError) as error:
        raise StatementError("SYNTAX_ERROR", _position(error)) from error
    except RecursionError as error:
        raise StatementError("SYNTAX_ERROR", "the statement is nested too deeply") from error


def parse_query(text: str) -> exp.Query:
    statements = parse(text)
    if len(statements) != 1:
        raise StatementError("SYNTAX_ERROR", f"expected one statement, got {len(statements)}")
    query = statements[0]
    while isinstance(query, exp.Paren | exp.Subquery) and not query.args.get("alias"):
        if any(query.args.get(k) for k in ("order", "limit", "offset", "with_", "joins")):
            break
        query = query.this
    if not isinstance(query, exp.Query | exp.Values):
        raise StatementError("SYNTAX_ERROR", f"expected a query, got {type(query).__name__}")
    return query  # type: ignore[return-value]


def bind(text: str, parameters: Sequence[str]) -> str:
    """The text with each `?` replaced by its execution parameter, in the order they stand in the text.

    Raises StatementError when the numbers differ or a parameter is more than one constant expression.
    """
    remaining = list(parameters)
    found = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal found
        if match[0] != "?":
            return match[0]
        found += 1
        return f" {_constant(remaining.pop(0))} " if remaining else "?"

    bound = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\?""", replaced, text)
    if found != len(parameters):
        raise StatementError(
            "INVALID_PARAMETER_USAGE",
            f"Incorrect number of parameters: expected {found} but found {len(parameters)}",
        )
    return bound


def _constant(text: str) -> str:
    query = parse_query(f"SELECT {text}")
    if len(query.expressions) != 1 or query.args.get("from_") or query.find(exp.Column, exp.Subquery, exp.Alias):
        raise StatementError("INVALID_PARAMETER_USAGE", f"a parameter must be one constant, got {text}")
    return text if isinstance(query.expressions[0], exp.Literal) else f"({text})"


def _position(error: Exception) -> str:
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"line {first['line']}:{first['col']}: {first['description']} near '{first['highlight']}'"
    return re.sub(r"\x1b\[\d+m", "", str(error)).split("\n")[0]
