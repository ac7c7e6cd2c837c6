"""Strings, patterns and JSON where a line of the allow-list is not enough."""

import re

from sqlglot import exp

from ..errors import NotSupportedError, TypeMismatchError
from ..types import JSON, VARCHAR, literal_text
from . import operators
from .calls import apply, arguments, special
from .casts import coerce
from .expressions import compile_expression, handles
from .scope import Scope, Typed


@special("concat")
def _concat(nodes: list[exp.Expression], scope: Scope) -> Typed:
    return operators.concat(arguments(nodes, scope, 2, 127))


@special("concat_ws")
def _concat_ws(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = [coerce(v, VARCHAR, "concat_ws").sql for v in arguments(nodes, scope, 2, 127)]
    return Typed(f"concat_ws({', '.join(values)})", VARCHAR)


@special("regexp_extract")
def _regexp_extract(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 2, 3)
    if len(values) == 2:
        return apply("regexp_extract", values)
    if not isinstance(values[2].literal, int):
        raise NotSupportedError("regexp_extract with a group number that is not a literal")
    text, pattern = (coerce(v, VARCHAR, "regexp_extract").sql for v in values[:2])
    return Typed(f"tm_regexp_extract({text}, {pattern}, {values[2].literal})", VARCHAR)


@special("regexp_replace")
def _regexp_replace(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 2, 3)
    if len(values) == 2:
        return apply("regexp_replace", values)
    replacement = values[2].literal
    if not isinstance(replacement, str):
        raise NotSupportedError("regexp_replace with a replacement that is not a literal")
    replacement = re.sub(r"\$(\d)", r"\\\1", replacement.replace("\\", "\\\\"))
    text, pattern = (coerce(v, VARCHAR, "regexp_replace").sql for v in values[:2])
    return Typed(f"regexp_replace({text}, {pattern}, {literal_text(replacement)}, 'g')", VARCHAR)


@handles(exp.Trim)
def _trim(node: exp.Expression, scope: Scope) -> Typed:
    if node.expression is not None or node.args.get("position"):
        raise NotSupportedError("TRIM with a character list or a side; use trim, ltrim or rtrim")
    return apply("trim", [compile_expression(node.this, scope)])


@handles(exp.Substring)
def _substring(node: exp.Expression, scope: Scope) -> Typed:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return apply("substr", [compile_expression(p, scope) for p in parts if p is not None])


@handles(exp.StrPosition)
def _position(node: exp.Expression, scope: Scope) -> Typed:
    return apply("strpos", [compile_expression(n, scope) for n in (node.this, node.args["substr"])])


@special("json_extract")
def _json_extract(nodes: list[exp.Expression], scope: Scope) -> Typed:
    document, path = arguments(nodes, scope, 2, 2)
    if document.type.name not in ("varchar", "json"):
        raise TypeMismatchError(f"json_extract needs varchar or json, got {document.type}")
    text = f"CASE WHEN json_valid({document.sql}) THEN json_extract({document.sql}, {path.sql}) END"
    return Typed(text, JSON)
