"""A function call: an aggregate, a special form, or a line of the allow-list; else refused by name."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlglot import exp

from ..errors import NotSupportedError, QueryError, StatementError, TypeMismatchError
from ..types import FLOATS, INTEGERS, TIMESTAMPS, Type, array, map_of, parse_type
from .casts import coerce, common_type
from .expressions import compile_expression, handles
from .scope import Scope, Typed
from .signatures import LINES

Special = Callable[[list[exp.Expression], Scope], Typed]
SPECIAL_FORMS: dict[str, Special] = {}


def special(*names: str) -> Callable[[Special], Special]:
    def register(form: Special) -> Special:
        SPECIAL_FORMS.update(dict.fromkeys(names, form))
        return form

    return register


def special_named(*names: str) -> Callable[[Callable[..., Typed]], Callable[..., Typed]]:
    """For a form shared by several functions: its first parameter is the function's name."""

    def register(form: Callable[..., Typed]) -> Callable[..., Typed]:
        SPECIAL_FORMS.update({name: partial(form, name) for name in names})
        return form

    return register


def arguments(nodes: list[exp.Expression], scope: Scope, low: int, high: int) -> list[Typed]:
    """The compiled arguments. Raises StatementError unless there are `low` to `high` of them."""
    if not low <= len(nodes) <= high:
        raise StatementError("FUNCTION_NOT_FOUND", f"expected {low} to {high} arguments, got {len(nodes)}")
    return [compile_expression(n, scope) for n in nodes]


@dataclass(frozen=True, slots=True)
class Signature:
    parameters: tuple[str, ...]
    returns: str
    text: str


def _split(arguments: str) -> tuple[str, ...]:
    parts = re.split(r",\s*(?![^(]*\))", arguments) if arguments else []
    return tuple(part.strip() for part in parts)


def _signatures() -> dict[str, list[Signature]]:
    table: dict[str, list[Signature]] = defaultdict(list)
    for line in LINES:
        head, text = line.split(" = ", 1)
        call, returns = head.rsplit(" -> ", 1)
        name, _, arguments = call.partition("(")
        table[name].append(Signature(_split(arguments[:-1]), returns, text))
    return dict(table)


SIGNATURES = _signatures()


@handles(exp.Anonymous)
def _call(node: exp.Expression, scope: Scope) -> Typed:
    from .aggregates import AGGREGATES, compile_aggregate
    from .windows import WINDOW_ONLY

    name = node.name.lower()
    if name in AGGREGATES:
        return compile_aggregate(node, scope)
    if name in WINDOW_ONLY:
        raise StatementError("MISSING_OVER", f"Window function {name} requires an OVER clause")
    if name in SPECIAL_FORMS:
        return SPECIAL_FORMS[name](node.expressions, scope)
    if name not in SIGNATURES:
        raise NotSupportedError(f"function {name} (unknown to Athena, or without an exact equal in the local Athena)")
    return apply(name, [compile_expression(e, scope) for e in node.expressions])


def apply(name: str, arguments: list[Typed]) -> Typed:
    """The first overload that fits the argument types. Raises TypeMismatchError when none does."""
    for signature in SIGNATURES[name]:
        if len(signature.parameters) != len(arguments):
            continue
        bound: dict[str, Type] = {}
        try:
            values = [
                _fit(value, parameter, bound) for value, parameter in zip(arguments, signature.parameters, strict=True)
            ]
        except QueryError:
            continue
        return _result(signature, values)
    got = ", ".join(str(a.type) for a in arguments)
    allowed = "; ".join(f"({', '.join(s.parameters)})" for s in SIGNATURES[name])
    raise TypeMismatchError(f"Unexpected parameters ({got}) for function {name}. Expected: {allowed}")


def _result(signature: Signature, values: list[Typed]) -> Typed:
    text = signature.text.format(*(v.sql for v in values))
    if signature.returns == "same":
        kind = values[0].type
        for value in values[1:]:
            if signature.parameters[1:] != ("integer",):
                kind = common_type(kind, value.type) or kind
        return Typed(f"CAST({text} AS {_same(kind)})", kind)
    kind = _template(signature.returns, _bindings(signature, values))
    if kind.name == "bigint":
        text = f"CAST({text} AS BIGINT)"
    return Typed(text, kind)


def _same(kind: Type) -> str:
    return {"real": "FLOAT"}.get(kind.name, kind.name.upper())


def _bindings(signature: Signature, values: list[Typed]) -> dict[str, Type]:
    bound: dict[str, Type] = {}
    for value, parameter in zip(values, signature.parameters, strict=True):
        _bind(value.type, parameter, bound)
    return bound


def _bind(kind: Type, parameter: str, bound: dict[str, Type]) -> None:
    if parameter in ("T", "K"):
        bound[parameter] = kind
    elif parameter == "array(array(T))":
        bound["T"] = kind.element.element
    elif parameter.startswith("array("):
        bound[parameter[6:-1]] = kind.element
    elif parameter.startswith("map("):
        bound["K"], bound["T"] = kind.key, kind.element


def _template(returns: str, bound: dict[str, Type]) -> Type:
    if returns in bound:
        return bound[returns]
    if returns.startswith("array(") and returns[6:-1] in bound:
        return array(bound[returns[6:-1]])
    if returns == "map(K,T)":
        return map_of(bound["K"], bound["T"])
    return parse_type(returns)


def _fit(value: Typed, parameter: str, bound: dict[str, Type]) -> Typed:
    """The value coerced to one parameter of a signature; generic parameters bind T and K."""
    kind = value.type
    match parameter:
        case "T" | "K":
            return coerce(value, bound[parameter])
        case "bigint" | "integer" if kind.name in INTEGERS:
            return value if parameter == "bigint" else coerce(value, Type("integer"))
        case "double" if kind.name in FLOATS:
            return value
        case "timestamp" if kind.name in (*TIMESTAMPS, "date"):
            return value if kind.name != "date" else coerce(value, Type("timestamp", (0,)))
        case "array(array(T))" if kind.name == "array" and kind.element.name == "array":
            return value
        case p if p.startswith("array(") and kind.name == "array":
            return _bound(value, p, bound)
        case p if p.startswith("map(") and kind.name == "map":
            return _bound(value, p, bound)
    if parameter.startswith(("array(", "map(")) or parameter == "timestamp":
        raise TypeMismatchError(f"expected {parameter}, got {kind}")
    return coerce(value, parse_type(parameter))


def _bound(value: Typed, parameter: str, bound: dict[str, Type]) -> Typed:
    _bind(value.type, parameter, bound)
    return value
