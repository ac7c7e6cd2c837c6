import type { Expression, Literal } from '#spec/expression.ts';
import type { Column } from '#spec/manifest.ts';
import { type ColumnType, isFloatType } from '#spec/value-type.ts';
import { quoted } from './text.ts';
import { literal } from './types.ts';

const symbols = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

/** The filter as SQL over the source's columns, with the same three-valued logic as semantics/expression. */
export function whereSql(expression: Expression, schema: readonly Column[]): string {
  const typeOf = (column: string): ColumnType => schema.find(({ name }) => name === column)?.type ?? 'string';
  switch (expression.op) {
    case 'and':
    case 'or':
      return `(${expression.of.map((part) => whereSql(part, schema)).join(expression.op === 'and' ? ' AND ' : ' OR ')})`;
    case 'not':
      return `(NOT ${whereSql(expression.of, schema)})`;
    case 'isNull':
      return `(${quoted(expression.column)} IS NULL)`;
    case 'isNotNull':
      return `(${quoted(expression.column)} IS NOT NULL)`;
    case 'in': {
      const { column, values } = expression;
      return `(${values.map((value) => comparison('eq', { column, value, type: typeOf(column) })).join(' OR ')})`;
    }
    default:
      return comparison(expression.op, { ...expression, type: typeOf(expression.column) });
  }
}

function comparison(
  op: keyof typeof symbols,
  { column, value, type }: { column: string; value: Literal; type: ColumnType },
): string {
  const compared = `${quoted(column)} ${symbols[op]} ${literal(value, type)}`;
  // NaN equals nothing and is neither less nor greater; engines disagree unless it is said.
  return isFloatType(type)
    ? `(CASE WHEN is_nan(${quoted(column)}) THEN ${op === 'ne'} ELSE ${compared} END)`
    : `(${compared})`;
}
