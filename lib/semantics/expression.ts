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

/** A row: column values by name; an absent column is null. */
type Row = Readonly<Record<string, Value>>;

/**
 * A filter ready to be asked for the truth of many rows, with SQL's three-valued logic: a row counts only where it is true. `types` gives the
 * type of every column that the expression names.
 */
export function truthOf(expression: Expression, types: Readonly<Record<string, ColumnType>>): (row: Row) => Truth {
  switch (expression.op) {
    case 'and':
    case 'or': {
      const parts = expression.of.map((part) => truthOf(part, types));
      const together = expression.op === 'and' ? all : any;
      return (row) => together(parts.map((part) => part(row)));
    }
    case 'not': {
      const part = truthOf(expression.of, types);
      return (row) => not(part(row));
    }
    case 'isNull':
      return (row) => (row[expression.column] ?? null) === null;
    case 'isNotNull':
      return (row) => (row[expression.column] ?? null) !== null;
    case 'in': {
      const { column, values } = expression;
      const literals = values.map((value) => literalValue(value, types[column] ?? 'string'));
      return (row) => any(literals.map((literal) => compare('eq', row[column] ?? null, literal)));
    }
    default: {
      const { op, column, value } = expression;
      const literal = literalValue(value, types[column] ?? 'string');
      return (row) => compare(op, row[column] ?? null, literal);
    }
  }
}
