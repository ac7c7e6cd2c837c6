import { toBase64 } from '#codec/base64.ts';
import { valueHash } from '#codec/value-hash.ts';
import { floatUnits } from '#semantics/exact-moments.ts';
import {
  type BucketCounts,
  bucketOf,
  exponentEnd,
  minimumExponent,
  partsPerPower,
} from '#semantics/stream/ddsketch.ts';
import { addDistinct, copyDistinct, type DistinctState, mergeDistinct } from '#semantics/stream/distinct.ts';
import { isList } from '#semantics/value.ts';
import { type ColumnType, decimalParts, isFloatType, isIntegerType, type Value } from '#spec/value-type.ts';

/** Quantiles are off by at most this share of themselves. */
export const quantileRelativeError = 0.01;
export const sketchParts = partsPerPower(quantileRelativeError);
/** Different values up to here are counted exactly, and each by itself; beyond, their number is estimated. */
export const maximumCounted = 1_000;
/** A longer text is not kept: its column has no counts by value then. */
export const maximumCountedText = 100;

/** Least and greatest, both inclusive. */
export type Range<T> = readonly [T, T];

/**
 * What is kept of a column while its rows go by: bounded, whatever the rows are, and the same for the same values in any order and any
 * grouping. NaN and infinities are counted and take part in nothing else.
 */
export interface ColumnTally {
  /** Undefined where nothing but nulls can be told: for types that features do not have, and where some value cannot be read. */
  type: ColumnType | undefined;
  rows: number;
  nulls: number;
  nans: number;
  infinities: number;
  /** Of numbers and times: as values of the type. */
  range: Range<number | bigint> | undefined;
  /** Of numbers, in units of momentUnit: of the values and of their squares. */
  sum: bigint;
  squares: bigint;
  /** Of numbers: DDSketch, with one more bucket on either side for magnitudes of 2^63 and more. */
  readonly buckets: BucketCounts;
  distinct: DistinctState | undefined;
  /** Rows by text of the value; undefined beyond maximumCounted different values, for longer texts, bytes and lists. */
  counts: Map<string, number> | undefined;
  /** Of texts (characters), bytes and lists (elements). */
  lengths: Range<number> | undefined;
}

export const isNumber = (type: ColumnType): boolean =>
  isIntegerType(type) || isFloatType(type) || decimalParts(type) !== undefined;

export function emptyTally(type: ColumnType | undefined): ColumnTally {
  const none = { rows: 0, nulls: 0, nans: 0, infinities: 0, sum: 0n, squares: 0n } as const;
  return {
    type,
    ...none,
    range: undefined,
    buckets: new Map(),
    distinct: undefined,
    counts: new Map(),
    lengths: undefined,
  };
}

/** Adds values of the tally's type, in place. Each different value is looked at once: memory is that of the values. */
export function addValues(tally: ColumnTally, values: readonly Value[]): void {
  const rowsByValue = new Map<number | bigint | string | boolean, number>();
  for (const value of values) {
    tally.rows++;
    if (value === null) tally.nulls++;
    else if (isList(value)) addLength(tally, value.length);
    else {
      if (value instanceof Uint8Array) addLength(tally, value.length);
      const key = value instanceof Uint8Array ? toBase64(value) : value;
      rowsByValue.set(key, (rowsByValue.get(key) ?? 0) + 1);
    }
  }
  const { type } = tally;
  if (type !== undefined) for (const [value, rows] of rowsByValue) addValue(tally, { type, value, rows });
}

interface Counted {
  readonly type: ColumnType;
  /** Bytes as base64. */
  readonly value: number | bigint | string | boolean;
  readonly rows: number;
}

function addValue(tally: ColumnTally, counted: Counted): void {
  const { type, value, rows } = counted;
  if (Number.isNaN(value)) tally.nans += rows;
  else if (typeof value === 'number' && !Number.isFinite(value)) tally.infinities += rows;
  else {
    if (typeof value === 'string') {
      if (type === 'string') addLength(tally, codePoints(value));
    } else if (typeof value !== 'boolean') addNumber(tally, { type, value, rows });
    // base64 is the text by which bytes are hashed
    tally.distinct = addDistinct(tally.distinct, valueHash(type, value) ?? false, maximumCounted);
    addCount(tally, type === 'bytes' ? undefined : String(value === 0 ? 0 : value), rows);
  }
}

function addNumber(
  tally: ColumnTally,
  { type, value, rows }: { readonly type: ColumnType; readonly value: number | bigint; readonly rows: number },
): void {
  const number = value === 0 ? 0 : value; // never -0
  tally.range = widened(tally.range, [number, number]);
  if (!isNumber(type)) return; // times have an order, and no sums
  const units = isFloatType(type) ? floatUnits(Number(value)) : BigInt(value);
  tally.sum += units * BigInt(rows);
  tally.squares += units * units * BigInt(rows);
  addToBucket(tally.buckets, sketchBucket(inUnits(type, value)), rows);
}

/** A decimal's scaled number as what it means, an int64 as the nearest float64. */
export const inUnits = (type: ColumnType, value: number | bigint): number =>
  Number(value) / 10 ** (decimalParts(type)?.scale ?? 0);

/** The bucket of DDSketch; magnitudes of 2^63 and more share one on their side. */
const lastBucket = (exponentEnd - minimumExponent) * sketchParts + 1;
const sketchBucket = (x: number): number =>
  Math.abs(x) < 2 ** exponentEnd ? bucketOf(x, sketchParts) : Math.sign(x) * lastBucket;

const addToBucket = (buckets: BucketCounts, bucket: number, rows: number): void => {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + rows);
};

const codePoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

const addLength = (tally: ColumnTally, length: number): void => {
  tally.lengths = widened(tally.lengths, [length, length]);
};

function widened<T extends number | bigint>(a: Range<T> | undefined, b: Range<T> | undefined): Range<T> | undefined {
  if (!a || !b) return a ?? b;
  let [least, greatest] = a;
  if (b[0] < least) [least] = b;
  if (b[1] > greatest) [, greatest] = b;
  return [least, greatest];
}

/** `text` undefined, or too long: the column has values that are not kept. */
function addCount(tally: ColumnTally, text: string | undefined, rows: number): void {
  if (text === undefined || text.length > maximumCountedText) tally.counts = undefined;
  tally.counts?.set(text ?? '', (tally.counts.get(text ?? '') ?? 0) + rows);
  if (tally.counts && tally.counts.size > maximumCounted) tally.counts = undefined;
}

/** Adds all that `from` has seen to `into`, in place; `from` stays as it is. */
export function mergeTally(into: ColumnTally, from: ColumnTally): void {
  if (into.type !== from.type) into.type = undefined;
  into.rows += from.rows;
  into.nulls += from.nulls;
  into.nans += from.nans;
  into.infinities += from.infinities;
  into.range = widened(into.range, from.range);
  into.lengths = widened(into.lengths, from.lengths);
  into.sum += from.sum;
  into.squares += from.squares;
  for (const [bucket, rows] of from.buckets) addToBucket(into.buckets, bucket, rows);
  if (from.distinct)
    into.distinct = into.distinct
      ? mergeDistinct(into.distinct, from.distinct, maximumCounted)
      : copyDistinct(from.distinct);
  if (!from.counts) into.counts = undefined;
  else for (const [text, rows] of from.counts) addCount(into, text, rows);
}
