import type { ColumnType } from '#spec/value-type.ts';
import { elementType, isFloatType, isListType, type ScalarType } from '#spec/value-type.ts';
import { toMillis } from './text.ts';
import { literal, sqlType } from './types.ts';

/** One field of an order key: a never-null expression and its type, since engines differ on nulls inside compared rows. */
export interface OrderField {
  readonly expression: string;
  readonly type: string;
}

const zeroOf: Readonly<Record<ScalarType, string>> = {
  int32: literal(0, 'int32'),
  int64: literal('0', 'int64'),
  float32: literal(0, 'float32'),
  float64: literal(0, 'float64'),
  string: literal('', 'string'),
  bool: 'false',
  timestamp: literal('0', 'int64'),
  bytes: literal('', 'bytes'),
};

const orderType = (type: ScalarType): string => (type === 'timestamp' ? 'bigint' : sqlType(type));

/** Rank of a value: 0 null, 1 value, 2 NaN (above infinity). */
const rank = (value: string, type: ScalarType): string =>
  isFloatType(type)
    ? `CASE WHEN ${value} IS NULL THEN 0 WHEN is_nan(${value}) THEN 2 ELSE 1 END`
    : `CASE WHEN ${value} IS NULL THEN 0 ELSE 1 END`;

function comparable(value: string, type: ScalarType): string {
  if (isFloatType(type))
    return `CASE WHEN ${value} IS NULL OR is_nan(${value}) OR ${value} = 0 THEN ${zeroOf[type]} ELSE ${value} END`;
  return `COALESCE(${type === 'timestamp' ? toMillis(value) : value}, ${zeroOf[type]})`;
}

/** Order fields of a feature column: null lowest, NaN above infinity, -0 as 0, lists element by element. */
export function columnOrder(value: string, type: ColumnType): OrderField[] {
  if (isListType(type)) {
    const element = elementType(type);
    const elements = `transform(${value}, x -> CAST(ROW(${rank('x', element)}, ${comparable('x', element)}) AS ROW(r integer, v ${orderType(element)})))`;
    const listType = `array(ROW(r integer, v ${orderType(element)}))`;
    return [
      { expression: `CASE WHEN ${value} IS NULL THEN 0 ELSE 1 END`, type: 'integer' },
      { expression: `COALESCE(${elements}, CAST(ARRAY[] AS ${listType}))`, type: listType },
    ];
  }
  const scalar = type as ScalarType; // feature columns are lists or scalars
  return [
    { expression: rank(value, scalar), type: 'integer' },
    { expression: comparable(value, scalar), type: orderType(scalar) },
  ];
}

/** A typed ROW of expressions with fields f0, f1, ...: positional names need no quoting and cannot clash. */
export const rowOf = (fields: readonly OrderField[]): string =>
  `CAST(ROW(${fields.map(({ expression }) => expression).join(', ')}) AS ${rowType(fields)})`;

export const rowType = (fields: readonly OrderField[]): string =>
  `ROW(${fields.map(({ type }, index) => `f${index} ${type}`).join(', ')})`;

export const nullRow = (fields: readonly OrderField[]): string => `CAST(NULL AS ${rowType(fields)})`;
