import type { Expression } from '#spec/expression.ts';
import type { Column } from '#spec/manifest.ts';
import { type ColumnType, decimalParts, isFloatType } from '#spec/value-type.ts';
import { double, quoted } from './text.ts';
import { sqlType, withoutNegativeZero } from './types.ts';
import { whereSql } from './where.ts';

/** A column as an aggregate reads it: its values where the filter is true. */
export interface EventValue {
  readonly column: string;
  readonly type: ColumnType;
  readonly where?: Expression | undefined;
}

/** An EventValue as the exact integer round(x * 10^scale); values of `bound` or more in magnitude are beyond. */
export interface ExactValue extends EventValue {
  /** Decimal digits after the point that the integers carry. */
  readonly scale: number;
  /** Exclusive, a power of two; undefined: every value fits. */
  readonly bound?: number | undefined;
}

type Schema = readonly Column[];

/** What one event contributes where its filter is true, else null. */
export const filtered = (where: Expression | undefined, schema: Schema, expression: string): string =>
  where ? `CASE WHEN ${whereSql(where, schema)} THEN ${expression} END` : expression;

/** The event's usable value: null where the filter is not true, the value is null, NaN or infinite; -0 is 0. */
export function usableValue({ column, type, where }: EventValue, schema: Schema): string {
  const name = quoted(column);
  const usable = isFloatType(type) ? `CASE WHEN is_finite(${name}) THEN ${withoutNegativeZero(name, type)} END` : name;
  return filtered(where, schema, usable);
}

/** 1 where the event has a usable value, else null (bigint). */
export const countsValue = (value: EventValue, schema: Schema): string =>
  `CAST(CASE WHEN ${usableValue(value, schema)} IS NOT NULL THEN 1 END AS bigint)`;

/** The value as an integer: round(x * 10^scale) half away from zero (a double), an integer column as it is, a decimal without its point. */
function scaled(value: ExactValue, schema: Schema): string {
  const usable = usableValue(value, schema);
  const decimal = decimalParts(value.type);
  if (decimal) return `${usable} * CAST('1${'0'.repeat(decimal.scale)}' AS decimal(${decimal.scale + 1},0))`;
  return isFloatType(value.type) ? `round(CAST(${usable} AS double) * 1e${value.scale})` : usable;
}

const isWithin = (value: ExactValue, schema: Schema): string | undefined =>
  value.bound === undefined ? undefined : `abs(CAST(${scaled(value, schema)} AS double)) < ${double(value.bound)}`;

/** The exact integer as decimal(38,0); null where there is none or it is beyond. */
export function exactInteger(value: ExactValue, schema: Schema): string {
  const number = scaled(value, schema);
  // Through bigint: a double below 2^53 that is an integer converts exactly.
  const integer = isFloatType(value.type)
    ? `CAST(CAST(${number} AS bigint) AS decimal(38,0))`
    : `CAST(${number} AS decimal(38,0))`;
  const within = isWithin(value, schema);
  return within ? `CASE WHEN ${within} THEN ${integer} END` : integer;
}

/** Its square as decimal(38,0). */
export function exactSquare(value: ExactValue, schema: Schema): string {
  const factor = `CAST(${exactInteger(value, schema)} AS decimal(19,0))`;
  return `CAST(${factor} * ${factor} AS decimal(38,0))`;
}

/** 1 where the value is beyond its bound, else null (bigint); undefined where none can be. */
export function countsBeyond(value: ExactValue, schema: Schema): string | undefined {
  const within = isWithin(value, schema);
  return within && `CAST(CASE WHEN NOT (${within}) THEN 1 END AS bigint)`;
}

/** Type of the row that decides first and last: the order is (event time, value). */
export const timedType = (type: ColumnType): string => `ROW(t bigint, v ${sqlType(type)})`;

/** The usable value with its event time (`timeMillis`, bigint), or null. */
export function timedValue(value: EventValue, schema: Schema, timeMillis: string): string {
  const usable = usableValue(value, schema);
  return `CASE WHEN ${usable} IS NOT NULL THEN CAST(ROW(${timeMillis}, ${usable}) AS ${timedType(value.type)}) END`;
}

/** Decimal digits after the point that a column's exact integers carry. */
export const scaleOf = ({ scale = 0 }: { readonly scale?: number | undefined }, type: ColumnType): number =>
  decimalParts(type)?.scale ?? (isFloatType(type) ? scale : 0);
