import { checkValue, isInt32, isInt64 } from '#semantics/value.ts';
import type { Literal } from '#spec/expression.ts';
import type { JsonValue } from '#spec/json-value.ts';
import {
  type ColumnType,
  decimalParts,
  elementType,
  type FeatureType,
  isFloatType,
  isListType,
} from '#spec/value-type.ts';
import type { DefaultLiteral } from '../aggregates.ts';
import type { FilterLiteral } from '../filters.ts';
import { instantOf } from './instant.ts';
import { shown } from './problems.ts';

/** A literal in its JSON form, or what is wrong with it. */
export type Encoded<TJson> = { readonly json: TJson } | { readonly problem: string };

const wants = (what: string, got: unknown): { readonly problem: string } => ({
  problem: `must be ${what}, got ${shown(got)}`,
});

/** A filter's literal as the column's type compares with it. */
export function encodeLiteral(value: FilterLiteral, type: ColumnType): Encoded<Literal> {
  if (isListType(type) || type === 'bytes') return { problem: `cannot be compared: the column is ${type}` };
  const decimal = decimalParts(type);
  if (decimal) return encodeDecimal(value, { ...decimal, type });
  switch (type) {
    case 'int32':
      return typeof value !== 'string' && typeof value !== 'boolean' && isInt32(Number(value))
        ? { json: Number(value) }
        : wants('a whole number in -2^31..2^31-1', value);
    case 'int64':
      return encodeInt64(value);
    case 'bool':
      return typeof value === 'boolean' ? { json: value } : wants('true or false', value);
    case 'string':
      return typeof value === 'string' && value.isWellFormed() ? { json: value } : wants('a text', value);
    case 'timestamp':
      return encodeInstant(value);
    case 'date':
      return typeof value === 'string' && isDay(value) ? { json: value } : wants('a day as yyyy-MM-dd', value);
    default:
      return typeof value === 'number' && Number.isFinite(value) ? { json: value } : wants('a finite number', value);
  }
}

function encodeInt64(value: unknown): Encoded<string> {
  if (typeof value === 'bigint' && isInt64(value)) return { json: value.toString() };
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { json: String(value) };
  return wants('a whole number (beyond 2^53 a bigint, as 9007199254740993n)', value);
}

function encodeInstant(value: FilterLiteral): Encoded<number> {
  if (typeof value === 'number')
    return checkValue('timestamp', value) === undefined
      ? { json: value }
      : wants('whole epoch milliseconds in years 0001..9999', value);
  if (typeof value !== 'string') return wants('epoch milliseconds or ISO 8601 with an offset', value);
  const instant = instantOf(value);
  return 'millis' in instant ? { json: instant.millis } : instant;
}

function encodeDecimal(
  value: FilterLiteral,
  { precision, scale, type }: { precision: number; scale: number; type: string },
): Encoded<string> {
  const match = /^(-?)0*(\d*)(?:\.(\d+))?$/.exec(typeof value === 'boolean' ? '' : String(value));
  const [, sign = '', whole = '', fraction = ''] = match ?? [];
  const digits = fraction.replace(/0+$/, '');
  if (!match || String(value) === '' || whole.length > precision - scale || digits.length > scale)
    return wants(`a ${type}, as a number or text`, value);
  const text = `${whole || '0'}${digits ? `.${digits}` : ''}`;
  return { json: text === '0' ? text : `${sign}${text}` };
}

function isDay(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return match !== null && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
}

/** A feature's default in the JSON form of its type; float32 is rounded once, as every stored value is. */
export function encodeDefault(value: DefaultLiteral, type: FeatureType): Encoded<JsonValue> {
  const typed = isListType(type)
    ? Array.isArray(value)
      ? value.map((item) => asValue(item, elementType(type)))
      : value
    : asValue(value, type);
  const problem = typed === null ? 'must be a value: without a default it is null anyway' : checkValue(type, typed);
  if (problem) return { problem };
  return { json: Array.isArray(typed) ? typed.map(jsonOf) : jsonOf(typed) };
}

/** Numbers as the type holds them: int64 as bigint, float32 rounded; everything else as it is. */
function asValue(value: unknown, type: FeatureType): unknown {
  if (type === 'int64' && typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (type === 'float32' && typeof value === 'number') return toFiniteFloat32(value);
  return value;
}
/** A finite number that overflows float32 stays as it is, so that the check refuses it. */
const toFiniteFloat32 = (value: number): number =>
  Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? value : Math.fround(value);

/** Web standard function of every JavaScript runtime that the pure rooms' type library leaves out. */
declare const btoa: (binary: string) => string;

function jsonOf(value: unknown): string | number | boolean | null {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : String(value);
  if (value instanceof Uint8Array) return btoa(String.fromCharCode(...value));
  return value as string | boolean | null; // checkValue has let nothing else through
}

/** True for values that are numbers once stored. */
export const isNumeric = (type: FeatureType): boolean => type === 'int32' || type === 'int64' || isFloatType(type);
