"""CASE and the calls that choose between values, with one result type for all branches."""

from sqlglot import exp

from ..errors import NotSupportedError
from ..types import VARCHAR, literal_text
from . import operators
from .calls import arguments, special
from .casts import coerce, common_of
from .expressions import compile_expression, condition, handles
from .scope import Scope, Typed


def choose(tests: list[str], results: list[Typed], otherwise: Typed | None) -> Typed:
    """CASE with one result type for all branches."""
    branches = [*results, otherwise] if otherwise else results
    kind = common_of([b.type for b in branches], "CASE")
    whens = " ".join(
        f"WHEN {test} THEN {coerce(result, kind).sql}" for test, result in zip(tests, results, strict=True)
    )
    tail = f" ELSE {coerce(otherwise, kind).sql}" if otherwise else ""
    return Typed(f"CASE {whens}{tail} END", kind)


@handles(exp.Case)
def _case(node: exp.Expression, scope: Scope) -> Typed:
    whens, subject = node.args["ifs"], node.this
    tested = compile_expression(subject, scope) if subject is not None else None
    tests = []
    for branch in whens:
        if tested is None:
            tests.append(condition(branch.this, scope, "CASE WHEN").sql)
        else:
            tests.append(operators.compare("EQ", tested, compile_expression(branch.this, scope)).sql)
    results = [compile_expression(branch.args["true"], scope) for branch in whens]
    default = node.args.get("default")
    otherwise = compile_expression(default, scope) if default is not None else None
    return choose(tests, results, otherwise)


@handles(exp.If)
def _if(node: exp.Expression, scope: Scope) -> Typed:
    otherwise = node.args.get("false")
    return choose(
        [condition(node.this, scope, "IF").sql],
        [compile_expression(node.args["true"], scope)],
        compile_expression(otherwise, scope) if otherwise is not None else None,
    )


@special("if")
def _if_call(nodes: list[exp.Expression], scope: Scope) -> Typed:
    test = condition(nodes[0], scope, "IF").sql
    _, yes, *no = arguments(nodes, scope, 2, 3)
    return choose([test], [yes], no[0] if no else None)


@special("coalesce")
def _coalesce(nodes: list[exp.Expression], scope: Scope) -> Typed:
    values = arguments(nodes, scope, 2, 1000)
    kind = common_of([v.type for v in values], "COALESCE")
    return Typed(f"coalesce({', '.join(coerce(v, kind).sql for v in values)})", kind)


@special("nullif")
def _nullif(nodes: list[exp.Expression], scope: Scope) -> Typed:
    a, b = arguments(nodes, scope, 2, 2)
    return Typed(f"CASE WHEN {operators.compare('EQ', a, b).sql} THEN NULL ELSE {a.sql} END", a.type)


@special("try")
def _try(nodes: list[exp.Expression], scope: Scope) -> Typed:
    raise NotSupportedError("TRY(..); use TRY_CAST, NULLIF or CASE")


@special("typeof")
def _typeof(nodes: list[exp.Expression], scope: Scope) -> Typed:
    kind = str(arguments(nodes, scope, 1, 1)[0].type)
    return Typed(literal_text(kind), VARCHAR, kind)
