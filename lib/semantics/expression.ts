import type { ComparisonOperator, Expression, Literal } from '#spec/expression.ts';
import { type ColumnType, decimalParts, type Value } from '#spec/value-type.ts';
import { dayMillis, parseInstant } from './time.ts';
import { compareValues, toFloat32 } from './value.ts';

/** SQL's truth: null is unknown. */
export type Truth = boolean | null;

const verdicts: Record<ComparisonOperator, (order: number) => boolean> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

/** `12.3` at scale 2 is 1230n; more digits than the scale are cut by the definition's check before. */
function scaledDecimal(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const magnitude = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  return text.startsWith('-') ? -magnitude : magnitude;
}

/** A literal as a value of its column's type. */
function literalValue(literal: Literal, type: ColumnType): Value {
  const decimal = decimalParts(type);
  if (decimal) return scaledDecimal(String(literal), decimal.scale);
  if (type === 'int64') return BigInt(literal);
  if (type === 'float32') return toFloat32(Number(literal));
  if (type === 'date') return parseInstant(`${literal}T00:00:00Z`) / dayMillis;
  return literal;
}

function compare(op: ComparisonOperator, left: Value, right: Value): Truth {
  if (left === null || right === null) return null;
  // NaN equals nothing and is neither less nor greater.
  if (Number.isNaN(left)) return op === 'ne';
  return verdicts[op](compareValues(left, right));
}

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
/** False wins over unknown, unknown over true. */
const all = (truths: readonly Truth[]): Truth => (truths.includes(false) ? false : truths.includes(null) ? null : true);
const any = (truths: readonly Truth[]): Truth => not(all(truths.map(not)));

/**
 * Truth of a filter for one row (column values by name; an absent column is null) with SQL's three-valued logic: a row counts only where it is
 * true. `types` gives the type of every column that the expression names.
 */
export function evaluate(
  expression: Expression,
  row: Readonly<Record<string, Value>>,
  types: Readonly<Record<string, ColumnType>>,
): Truth {
  switch (expression.op) {
    case 'and':
      return all(expression.of.map((part) => evaluate(part, row, types)));
    case 'or':
      return any(expression.of.map((part) => evaluate(part, row, types)));
    case 'not':
      return not(evaluate(expression.of, row, types));
    case 'isNull':
      return (row[expression.column] ?? null) === null;
    case 'isNotNull':
      return (row[expression.column] ?? null) !== null;
    default: {
      const { column } = expression;
      const [value, type] = [row[column] ?? null, types[column] ?? 'string'];
      if (expression.op === 'in')
        return any(expression.values.map((item) => compare('eq', value, literalValue(item, type))));
      return compare(expression.op, value, literalValue(expression.value, type));
    }
  }
}
