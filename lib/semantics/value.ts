import {
  type ColumnType,
  decimalParts,
  elementType,
  isListType,
  type ScalarType,
  type ScalarValue,
  type Value,
} from '#spec/value-type.ts';
import { isInstant } from './time.ts';

export const int32Min = -(2 ** 31);
export const int32Max = 2 ** 31 - 1;
export const int64Min = -(2n ** 63n);
export const int64Max = 2n ** 63n - 1n;

/** True for a bigint in [-2^63, 2^63). */
export const isInt64 = (value: bigint): boolean => value >= int64Min && value <= int64Max;
/** True for a whole number in [-2^31, 2^31). */
export const isInt32 = (value: number): boolean => Number.isInteger(value) && value >= int32Min && value <= int32Max;

/** Rounds a float64 to the nearest float32 (ties to even): done once, when a float32 value is written. */
export const toFloat32 = (value: number): number => Math.fround(value);

/** Order of texts by their UTF-8 bytes, which is the order of code points (not of JavaScript's UTF-16 units). */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  if (index === length) return Math.sign(a.length - b.length);
  return unitRank(a.charCodeAt(index)) < unitRank(b.charCodeAt(index)) ? -1 : 1;
}
/** Surrogates (code points from 0x10000 up) sort above U+E000..U+FFFF; the first units that differ decide. */
const unitRank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** Unsigned bytes, lexicographic, the shorter one first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(a.length - b.length);
}

/** NaN above infinity and equal to itself; -0 equals 0. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareScalars(a: ScalarValue, b: ScalarValue): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  throw new TypeError(`values of different types have no order: ${typeof a} and ${typeof b}`);
}

/**
 * The one order of values: -1, 0 or 1. Null lowest; false before true; NaN above infinity, -0 equal to 0; texts by UTF-8 bytes;
 * bytes unsigned; lists lexicographic (null elements lowest, the shorter list first). Both values must be of one type.
 */
export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (isList(a) && isList(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const order = compareValues(a[index] ?? null, b[index] ?? null);
      if (order !== 0) return order;
    }
    return Math.sign(a.length - b.length);
  }
  if (isList(a) || isList(b)) throw new TypeError('a list and a scalar have no order');
  return compareScalars(a, b);
}

/** True for a list value. Array.isArray does not narrow readonly arrays. */
export const isList = (value: Value): value is readonly (ScalarValue | null)[] => Array.isArray(value);

const shown = (value: unknown): string => {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'string')
    return `text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value !== null && typeof value === 'object' ? 'an object' : String(value);
};

const scalarChecks: Record<ScalarType, { readonly ok: (value: unknown) => boolean; readonly wanted: string }> = {
  int32: { ok: (value) => typeof value === 'number' && isInt32(value), wanted: 'a whole number in -2^31..2^31-1' },
  int64: { ok: (value) => typeof value === 'bigint' && isInt64(value), wanted: 'a bigint in -2^63..2^63-1' },
  float32: {
    ok: (value) => typeof value === 'number' && Object.is(toFloat32(value), value),
    wanted: 'a number that float32 holds exactly',
  },
  float64: { ok: (value) => typeof value === 'number', wanted: 'a number' },
  string: {
    ok: (value) => typeof value === 'string' && value.isWellFormed(),
    wanted: 'a string of valid Unicode',
  },
  bool: { ok: (value) => typeof value === 'boolean', wanted: 'true or false' },
  timestamp: { ok: isInstant, wanted: 'whole epoch milliseconds in years 0001..9999' },
  bytes: { ok: (value) => value instanceof Uint8Array, wanted: 'a Uint8Array' },
};

function checkDecimal(parts: { precision: number; scale: number }, value: unknown): string | undefined {
  const limit = 10n ** BigInt(parts.precision);
  if (typeof value === 'bigint' && value > -limit && value < limit) return undefined;
  return `must be a bigint of at most ${parts.precision} digits (scaled by 10^${parts.scale}), got ${shown(value)}`;
}

/**
 * What is wrong with a value of unknown origin as a value of `type`, or undefined when nothing is. Null is a value of every
 * type. float32 values must already be rounded (see toFloat32). A decimal is its scaled bigint, a date its epoch days.
 */
export function checkValue(type: ColumnType, value: unknown): string | undefined {
  if (value === null) return undefined;
  const decimal = decimalParts(type);
  if (decimal) return checkDecimal(decimal, value);
  if (type === 'date')
    return typeof value === 'number' && isInt32(value) ? undefined : `must be whole epoch days, got ${shown(value)}`;
  if (isListType(type)) {
    if (!Array.isArray(value)) return `must be a list, got ${shown(value)}`;
    for (const [index, item] of value.entries()) {
      const problem = checkValue(elementType(type), item);
      if (problem) return `item ${index} ${problem}`;
    }
    return undefined;
  }
  const check = scalarChecks[type as ScalarType]; // the column types that are left are scalars
  return check.ok(value) ? undefined : `must be ${check.wanted}, got ${shown(value)}`;
}
