"""One expression node to DuckDB text and Trino type. A node class that is not here is refused."""

from collections.abc import Callable

from sqlglot import exp

from ..errors import NotSupportedError, StatementError, TypeMismatchError
from ..types import (
    BIGINT,
    BOOLEAN,
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    duckdb_type,
    field_name,
    literal_text,
    parse_type,
    quoted,
)
from . import operators
from .casts import cast, coerce, common_of
from .scope import Scope, Typed, mark_used

Handler = Callable[[exp.Expression, Scope], Typed]
HANDLERS: dict[type[exp.Expression], Handler] = {}


def handles(*nodes: type[exp.Expression]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(nodes, handler))
        return handler

    return register


def compile_expression(node: exp.Expression, scope: Scope) -> Typed:
    handler = HANDLERS.get(type(node))
    if handler is None:
        raise NotSupportedError(f"{node.key.upper()} in `{node.sql('trino')[:120]}`")
    return handler(node, scope)


@handles(exp.Paren)
def _paren(node: exp.Expression, scope: Scope) -> Typed:
    inner = compile_expression(node.this, scope)
    return Typed(f"({inner.sql})", inner.type, inner.literal)


@handles(exp.Column, exp.Dot, exp.Identifier)
def _column(node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node, exp.Dot) and not isinstance(node.this, exp.Column | exp.Dot):
        return _fields(compile_expression(node.this, scope), [node.expression.name.lower()])
    parts = _parts(node)
    if parts[0] in scope.variables:
        return _fields(scope.variables[parts[0]], parts[1:])
    found = scope.find(parts)
    if found is None and isinstance(node, exp.Dot) and not isinstance(_root(node), exp.Column):
        return _fields(compile_expression(node.this, scope), parts[-1:])
    if found is None:
        raise StatementError("COLUMN_NOT_FOUND", f"Column '{'.'.join(parts)}' cannot be resolved")
    column, rest = found
    mark_used(column)
    return _fields(Typed(column.sql, column.type), rest)


def _root(node: exp.Expression) -> exp.Expression:
    return _root(node.this) if isinstance(node, exp.Dot) else node


def _parts(node: exp.Expression) -> list[str]:
    if isinstance(node, exp.Dot):
        return [*_parts(node.this), node.expression.name.lower()]
    if isinstance(node, exp.Column):
        if isinstance(node.this, exp.Star):
            raise StatementError("SYNTAX_ERROR", "* is only allowed in a select list")
        return [part.name.lower() for part in node.parts]
    return [node.name.lower()]


def _fields(value: Typed, names: list[str] | tuple[str, ...]) -> Typed:
    for name in names:
        for index, (field, kind) in enumerate(value.type.fields):
            if field == name:
                actual = field_name(index, field)
                value = Typed(f"struct_extract({value.sql}, {literal_text(actual)})", kind)
                break
        else:
            raise StatementError("COLUMN_NOT_FOUND", f"{value.type} has no field '{name}'")
    return value


@handles(exp.Cast, exp.TryCast)
def _cast(node: exp.Expression, scope: Scope) -> Typed:
    safe, to = isinstance(node, exp.TryCast), node.args["to"]
    target = parse_type(to.sql("trino"))
    row_call = node.this
    if (
        target.name == "row"
        and isinstance(row_call, exp.Anonymous)
        and row_call.name.lower() == "row"
        and len(row_call.expressions) == len(target.fields)
    ):
        values = [compile_expression(e, scope) for e in row_call.expressions]
        pairs = zip(values, target.fields, strict=True)
        return pack_row([cast(v, kind, safe) for v, (_, kind) in pairs], target)
    result = cast(compile_expression(node.this, scope), target, safe)
    if target.name == "varchar" and to.expressions:
        return Typed(f"left({result.sql}, {int(to.expressions[0].name)})", VARCHAR)
    return result


def pack_row(values: list[Typed], kind: Type) -> Typed:
    names = [quoted(field_name(i, name)) for i, (name, _) in enumerate(kind.fields)]
    fields = ", ".join(
        f"{name} := {cast(v, t).sql}" for name, v, (_, t) in zip(names, values, kind.fields, strict=True)
    )
    return Typed(f"struct_pack({fields})", kind)


@handles(exp.Array)
def _array(node: exp.Expression, scope: Scope) -> Typed:
    values = [compile_expression(e, scope) for e in node.expressions]
    kind = common_of([v.type for v in values], "ARRAY") if values else UNKNOWN
    items = ", ".join(coerce(v, kind).sql for v in values)
    return Typed(f"CAST([{items}] AS {duckdb_type(array(kind))})", array(kind))


@handles(exp.Bracket)
def _subscript(node: exp.Expression, scope: Scope) -> Typed:
    if len(node.expressions) != 1:
        raise StatementError("SYNTAX_ERROR", f"one subscript expected: {node.sql('trino')}")
    value = compile_expression(node.this, scope)
    index = compile_expression(node.expressions[0], scope)
    match value.type.name:
        case "array":
            return Typed(f"tm_subscript({value.sql}, {coerce(index, BIGINT).sql})", value.type.element)
        case "map":
            key = coerce(index, value.type.key, "map key")
            return Typed(f"tm_map_value({value.sql}, {key.sql})", value.type.element)
        case "row" if isinstance(index.literal, int):
            if not 1 <= index.literal <= len(value.type.fields):
                raise StatementError("SYNTAX_ERROR", f"{value.type} has no field {index.literal}")
            name, kind = value.type.fields[index.literal - 1]
            field = field_name(index.literal - 1, name)
            return Typed(f"struct_extract({value.sql}, {literal_text(field)})", kind)
    raise TypeMismatchError(f"{value.type} cannot be subscripted by {index.type}")


@handles(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
def _arithmetic(node: exp.Expression, scope: Scope) -> Typed:
    a = compile_expression(node.this, scope)
    b = compile_expression(node.expression, scope)
    return operators.arithmetic(type(node).__name__, a, b)


@handles(exp.Neg)
def _negate(node: exp.Expression, scope: Scope) -> Typed:
    literal = node.this
    if isinstance(literal, exp.Literal) and not literal.is_string and literal.name.isdigit():
        return operators.integer(-int(literal.name))
    value = compile_expression(node.this, scope)
    operators.require_number(value, "-")
    return Typed(f"(-{value.sql})", value.type)


@handles(exp.DPipe)
def _concat(node: exp.Expression, scope: Scope) -> Typed:
    sides = [compile_expression(n, scope) for n in (node.this, node.expression)]
    return operators.concat(sides)


@handles(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
def _compare(node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node.expression, exp.Any | exp.All):
        return HANDLERS[type(node.expression)](node, scope)
    a = compile_expression(node.this, scope)
    b = compile_expression(node.expression, scope)
    return operators.compare(type(node).__name__, a, b)


@handles(exp.And, exp.Or)
def _logic(node: exp.Expression, scope: Scope) -> Typed:
    """Flattened: a chain of a thousand ORs must not nest a thousand calls."""
    word = type(node).__name__.upper()
    operands = [condition(n, scope, word).sql for n in node.flatten()]
    return Typed(f"({f' {word} '.join(operands)})", BOOLEAN)


@handles(exp.Not)
def _not(node: exp.Expression, scope: Scope) -> Typed:
    return Typed(f"(NOT {condition(node.this, scope, 'NOT').sql})", BOOLEAN)


def condition(node: exp.Expression, scope: Scope, where: str) -> Typed:
    return coerce(compile_expression(node, scope), BOOLEAN, where)


@handles(exp.Is)
def _is(node: exp.Expression, scope: Scope) -> Typed:
    if not isinstance(node.expression, exp.Null):
        raise NotSupportedError(f"{node.sql('trino')}: IS takes NULL")
    return Typed(f"({compile_expression(node.this, scope).sql} IS NULL)", BOOLEAN)


@handles(exp.Between)
def _between(node: exp.Expression, scope: Scope) -> Typed:
    value = compile_expression(node.this, scope)
    low = operators.compare("GTE", value, compile_expression(node.args["low"], scope))
    high = operators.compare("LTE", value, compile_expression(node.args["high"], scope))
    return Typed(f"({low.sql} AND {high.sql})", BOOLEAN)


@handles(exp.Like, exp.Escape)
def _like(node: exp.Expression, scope: Scope) -> Typed:
    like = node.this if isinstance(node, exp.Escape) else node
    value = coerce(compile_expression(like.this, scope), VARCHAR, "LIKE")
    pattern = coerce(compile_expression(like.expression, scope), VARCHAR, "LIKE pattern")
    escape = ""
    if isinstance(node, exp.Escape):
        escape = f" ESCAPE {compile_expression(node.expression, scope).sql}"
    return Typed(f"({value.sql} LIKE {pattern.sql}{escape})", BOOLEAN)
