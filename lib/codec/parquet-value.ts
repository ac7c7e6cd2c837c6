import type { SchemaElement } from 'hyparquet';
import { isInt32, isInt64, isList, toFloat32 } from '#semantics/value.ts';
import { TidemarkError } from '#spec/errors.ts';
import {
  type ColumnType,
  decimalParts,
  elementType,
  isListType,
  type ScalarValue,
  type Value,
} from '#spec/value-type.ts';
import {
  type ColumnElements,
  decimalScale,
  integerAnnotation,
  leafType,
  listItem,
  timestampUnit,
} from './parquet-schema.ts';

/** A value as the file holds it: by physical type, text already decoded; null for a missing value. */
export type RawScalar = number | bigint | boolean | string | Uint8Array | null;
export type RawValue = RawScalar | readonly RawScalar[];

type ReadScalar = (raw: Exclude<RawScalar, null>) => ScalarValue;

const bad = (problem: string): TidemarkError => new TidemarkError('codec.invalidParquetValue', problem);

/** Divides rounding up: a time finer than a millisecond is never seen too early. */
const divideUp = (value: bigint, divisor: bigint): bigint =>
  value / divisor + (value > 0n && value % divisor !== 0n ? 1n : 0n);

const unitsPerMilli = { MILLIS: 1n, MICROS: 1000n, NANOS: 1_000_000n } as const;
/** Two's complement, most significant byte first. */
function signedBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, value);
}

/** Fixed-width two's complement of a decimal written as bytes. */
function toSignedBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let index = length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Reads a leaf's physical value as the type that leafType gives it. */
function leafReader(element: SchemaElement): ReadScalar {
  if (decimalScale(element) !== undefined)
    return (raw) => (raw instanceof Uint8Array ? signedBytes(raw) : BigInt(raw as number | bigint)); // decimals are whole or bytes
  // The Parquet library turns INT96 into nanoseconds since the epoch by itself.
  if (element.type === 'INT96') return (raw) => Number(divideUp(BigInt(raw as bigint), unitsPerMilli.NANOS));
  const unit = timestampUnit(element);
  if (unit) return (raw) => Number(divideUp(BigInt(raw as bigint), unitsPerMilli[unit])); // INT64 comes as bigint
  const integer = integerAnnotation(element);
  if (integer && !integer.isSigned && integer.bitWidth === 32) return (raw) => BigInt(Number(raw) >>> 0);
  if (integer && !integer.isSigned && integer.bitWidth === 64)
    return (raw) => {
      const value = BigInt.asUintN(64, BigInt(raw as bigint)); // INT64 comes as bigint
      if (!isInt64(value)) throw bad(`${value} is beyond int64; store it as a string or a decimal`);
      return value;
    };
  return (raw) => (raw instanceof Uint8Array ? raw.slice() : raw); // a copy: the view would keep the whole chunk in memory
}

type Convert = (value: ScalarValue) => ScalarValue;
const unchanged: Convert = (value) => value;

const toInt32: Convert = (value) => {
  if (isInt32(Number(value))) return Number(value);
  throw bad(`${value} is beyond int32; declare the column int64`);
};
const exactNumber: Convert = (value) => {
  const number = Number(value);
  if (typeof value === 'bigint' && BigInt(number) !== value)
    throw bad(`${value} has more digits than float64 keeps; declare the column int64`);
  return number;
};
/** Widenings, and narrowings that lose nothing, from the file's type to the wanted one. */
const conversions: Readonly<Record<string, Convert>> = {
  'int32 int64': (value) => BigInt(Number(value)),
  'int64 int32': toInt32,
  'int32 float64': unchanged,
  'int64 float64': exactNumber,
  'int32 float32': (value) => toFloat32(Number(value)),
  'int64 float32': (value) => toFloat32(Number(exactNumber(value))),
  'float32 float64': unchanged,
  'float64 float32': (value) => toFloat32(Number(value)),
  'date timestamp': (value) => Number(value) * 86_400_000,
};

function conversion(from: ColumnType | undefined, to: ColumnType): Convert {
  const decimals = decimalParts(from ?? '');
  if (from === to || (decimals && decimalParts(to)?.scale === decimals.scale)) return unchanged;
  const found = conversions[`${from} ${to}`];
  if (found) return found;
  throw bad(
    `the file has ${from ?? 'a type that is not read'}, wanted is ${to}; change the declared type or cast the file`,
  );
}

/**
 * A reader of a column's raw values as values of `wanted`: the file's own type, or one that loses nothing (int32 as int64, float32 as
 * float64, a date as its midnight in UTC; int64 as int32 or float64 where the value fits). Throws codec.invalidParquetValue at
 * once for types that do not fit, and per value for one that does not.
 */
export function parquetValueReader(elements: ColumnElements, wanted: ColumnType): (raw: RawValue | undefined) => Value {
  const item = listItem(elements);
  const leaf = item ?? elements[0];
  if (isListType(wanted) !== (item !== undefined) || (!item && elements.length > 1))
    throw bad(
      `the file has ${item ? 'a list' : elements.length > 1 ? 'a nested column' : 'single values'}, wanted is ${wanted}`,
    );
  const read = leafReader(leaf);
  const convert = conversion(leafType(leaf), isListType(wanted) ? elementType(wanted) : wanted);
  const readScalar = (raw: RawScalar | undefined): ScalarValue | null =>
    raw === null || raw === undefined ? null : convert(read(raw));
  if (!item) return (raw) => readScalar(Array.isArray(raw) ? null : (raw as RawScalar | undefined)); // a scalar column
  return (raw) => (Array.isArray(raw) ? raw.map(readScalar) : null);
}

/** The raw form of a value of `type` as writtenElements lays it down. */
export function rawValueWriter(type: ColumnType): (value: Value) => RawValue {
  const decimal = decimalParts(type);
  if (decimal && decimal.precision > 18)
    return (value) => (typeof value === 'bigint' ? toSignedBytes(value, 16) : null);
  const scalar = isListType(type) ? elementType(type) : type;
  const write = (value: ScalarValue | null): RawScalar =>
    scalar === 'timestamp' && typeof value === 'number' ? BigInt(value) : value;
  return (value) => (isList(value) ? value.map(write) : write(value));
}
