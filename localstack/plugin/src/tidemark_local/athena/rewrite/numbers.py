"""Rounding, extremes and decimal results that depend on precision and scale."""

from sqlglot import exp

from ..errors import NotSupportedError
from ..types import FLOATS, INTEGERS, decimal, duckdb_type
from . import operators
from .calls import apply, arguments, special_named
from .casts import coerce, common_of
from .scope import Scope, Typed


@special_named("greatest", "least")
def _extreme(name: str, nodes: list[exp.Expression], scope: Scope) -> Typed:
    """NULL if any argument is; NaN loses against every number."""
    values = arguments(nodes, scope, 1, 100)
    kind = common_of([v.type for v in values], name)
    texts = [coerce(v, kind).sql for v in values]
    chosen = f"{name}({', '.join(texts)})"
    if kind.name in FLOATS:
        chosen = f"tm_{name}_float([{', '.join(texts)}])"
    missing = " OR ".join(f"{t} IS NULL" for t in texts)
    return Typed(f"CASE WHEN {missing} THEN NULL ELSE {chosen} END", kind)


@special_named("abs", "ceil", "ceiling", "floor", "round", "truncate", "sign", "mod")
def _number(name: str, nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 1, 2)
    if name == "mod" and any(v.type.name == "decimal" for v in values):
        return operators.arithmetic("Mod", *values)
    if values[0].type.name == "decimal":
        return _of_decimal(name, values)
    if name in ("round", "truncate") and len(values) == 2 and values[0].type.name in INTEGERS:
        raise NotSupportedError(f"{name} of an integer to digits")
    return apply(name, values)


def _of_decimal(name: str, values: list[Typed]) -> Typed:
    x, precision, scale = values[0], values[0].type.precision, values[0].type.scale
    if name == "abs":
        return Typed(f"abs({x.sql})", x.type)
    if name == "sign":
        return Typed(f"CAST(sign({x.sql}) AS DECIMAL(1,0))", decimal(1, 0))
    if len(values) == 1:
        function = {"ceiling": "ceil", "truncate": "trunc"}.get(name, name)
        whole = precision - scale + (0 if name == "truncate" else min(scale, 1))
        kind = decimal(max(1, min(38, whole)), 0)
        return Typed(f"CAST({function}({x.sql}) AS {duckdb_type(kind)})", kind)
    digits = values[1].literal
    if name != "round" or not isinstance(digits, int) or not 0 <= digits <= scale:
        raise NotSupportedError(f"{name} of a decimal takes literal digits from 0 to its scale")
    kind = decimal(min(38, precision + 1), scale)
    return Typed(f"CAST(round({x.sql}, {digits}) AS {duckdb_type(kind)})", kind)
