"""Which predicates can leave files unread: conjuncts over partition keys or "$path" of one scan."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from ..errors import QueryError
from ..types import VARCHAR, Type, quoted
from .expressions import compile_expression
from .scope import Column, Relation, Scan, Scope

# Not strict in NULL: pushing them below an outer join would change its result.
_LENIENT_NODES = (exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Case, exp.If, exp.Query, exp.Window)
_LENIENT_CALLS = ("coalesce", "if", "nullif", "concat_ws", "try", "rand", "random", "array_join")


def conjuncts(node: exp.Expression) -> list[exp.Expression]:
    if isinstance(node, exp.Paren):
        return conjuncts(node.this)
    if isinstance(node, exp.And):
        return [c for side in node.flatten() for c in conjuncts(side)]
    return [node]


def push(node: exp.Expression, scope: Scope, relations: list[Relation]) -> None:
    """Records each usable conjunct at the scans its columns are plain copies of."""
    allowed = {id(c) for r in relations for c in r.columns}
    for conjunct in conjuncts(node):
        if _strict(conjunct):
            _push_one(conjunct, scope, allowed)


def _strict(node: exp.Expression) -> bool:
    if any(node.find_all(*_LENIENT_NODES)):
        return False
    return not any(c.name.lower() in _LENIENT_CALLS for c in node.find_all(exp.Anonymous))


def _push_one(conjunct: exp.Expression, scope: Scope, allowed: set[int]) -> None:
    names = [[p.name.lower() for p in c.parts] for c in conjunct.find_all(exp.Column)]
    found: dict[tuple[str, ...], Column] = {}
    for parts in names:
        match = scope.find(parts)
        if match is None or match[1] or not match[0].source:
            return
        if id(match[0]) not in allowed and match[0].name not in scope.merged:
            return
        found[tuple(parts)] = match[0]
    if not found:
        return
    columns = list(found.values())
    for scan, _ in columns[0].source:
        keys = {**dict(scan.table.partition_keys), "$path": VARCHAR}
        mapped = {
            parts: name
            for parts, column in found.items()
            for owner, name in column.source
            if owner is scan and name in keys
        }
        if len(mapped) == len(found):
            _record(conjunct, scope, scan, {p: (n, keys[n]) for p, n in mapped.items()})


@dataclass
class _PartitionScope(Scope):
    """Resolves the conjunct's names to the scan's partition columns and to nothing else."""

    mapped: dict[tuple[str, ...], tuple[str, Type]] = field(default_factory=dict)

    def find(self, parts: Sequence[str]) -> tuple[Column, Sequence[str]] | None:
        target = self.mapped.get(tuple(parts))
        return (Column(target[0], quoted(target[0]), target[1]), ()) if target else None


def _record(
    conjunct: exp.Expression,
    scope: Scope,
    scan: Scan,
    mapped: dict[tuple[str, ...], tuple[str, Type]],
) -> None:
    inner = _PartitionScope(scope.context, mapped=mapped)
    try:
        scan.constraints.append(compile_expression(conjunct, inner).sql)
        _record_equality(conjunct, inner, scan)
    except QueryError:
        return


def _record_equality(conjunct: exp.Expression, inner: _PartitionScope, scan: Scan) -> None:
    """`key = constant` and `key IN (constants)`: the values that an injected projection takes."""
    if isinstance(conjunct, exp.EQ):
        pairs = [(conjunct.this, [conjunct.expression]), (conjunct.expression, [conjunct.this])]
    elif isinstance(conjunct, exp.In) and conjunct.expressions:
        pairs = [(conjunct.this, conjunct.expressions)]
    else:
        return
    for side, constants in pairs:
        parts = tuple(p.name.lower() for p in side.parts) if isinstance(side, exp.Column) else ()
        if parts in inner.mapped and not any(n.find(exp.Column) for n in constants):
            values = [compile_expression(c, inner).sql for c in constants]
            scan.equalities.setdefault(inner.mapped[parts][0], values)
