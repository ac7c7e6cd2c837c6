import * as z from 'zod/mini';
import { decimalText } from '#codec/event-json.ts';
import { deviationOf, floatUnit, meanOf } from '#semantics/exact-moments.ts';
import { bucketValue, exponentEnd } from '#semantics/stream/ddsketch.ts';
import { countDistinct } from '#semantics/stream/distinct.ts';
import { formatInstant, isInstant, utcDate } from '#semantics/time.ts';
import { compareTexts } from '#semantics/value.ts';
import { type ColumnType, decimalParts, isFloatType } from '#spec/value-type.ts';
import { type ColumnTally, inUnits, isNumber, type Range, sketchParts } from './column-tally.ts';

const count = z.int().check(z.nonnegative());
/** Beyond the range of float64: null. */
const float = z.nullable(z.number());

/** Ranks that are told of numbers, as their share of the rows. */
export const quantileRanks = ['0.01', '0.05', '0.25', '0.5', '0.75', '0.95', '0.99'] as const;
export const histogramBins = 20;
/** Most frequent values that are told. */
export const maximumTop = 20;

/** What deserves a look: no value, more nulls than values, one value in every row, values that are no finite numbers. */
export const columnWarnings = ['allNull', 'mostlyNull', 'constant', 'nan', 'infinity'] as const;
export type ColumnWarning = (typeof columnWarnings)[number];

const valueCountSchema = z.strictObject({ value: z.string(), count });
export type ValueCount = z.infer<typeof valueCountSchema>;

/** Statistics of one column over all rows. Members that make no sense for its type, or have no value to be made of, are absent. */
export const columnStatisticsSchema = z.strictObject({
  name: z.string(),
  /** Absent for a column of a type that features do not have, or with a value that cannot be read: only its nulls are counted. */
  type: z.optional(z.string()),
  rows: count,
  nulls: count,
  nullShare: z.number(),
  /** Of floats. Everything below is of the other values. */
  nans: z.optional(count),
  infinities: z.optional(count),
  /** Exact. int64 and decimals as strings of all their digits, timestamps and dates in ISO 8601 (numbers outside of years 0001..9999). */
  min: z.optional(z.union([z.number(), z.string()])),
  max: z.optional(z.union([z.number(), z.string()])),
  /** Of numbers: rounded once. The deviation is a sample's (n - 1), and needs two values. */
  mean: z.optional(float),
  stddev: z.optional(float),
  /**
   * Of numbers, by rank: exact up to 1,000 different values; beyond off by at most quantileRelativeError of themselves, where 0 stands for
   * magnitudes below 2^-30, and min and max for those from 2^63 on.
   */
  quantiles: z.optional(z.record(z.enum(quantileRanks), z.number())),
  /** Rows in 20 bins of equal width from min to max; the values are as near as those of quantiles. */
  histogram: z.optional(z.array(count)),
  /** Different values; above 1,000 an estimate with a standard error of 3.25 %, at most the number of values. */
  distinct: z.optional(z.strictObject({ count, isExact: z.boolean() })),
  /** The most frequent values of texts and integers, exactly, where there are at most 1,000 different ones of at most 100 characters. */
  top: z.optional(z.array(valueCountSchema)),
  /** Of bools: share of true among the values. */
  trueShare: z.optional(z.number()),
  /** Of texts (characters), bytes, and lists (elements). */
  lengths: z.optional(z.strictObject({ min: count, max: count })),
  warnings: z.array(z.enum(columnWarnings)),
});
export type ColumnStatistics = z.infer<typeof columnStatisticsSchema>;

/** What a tally tells of its column. */
export function columnStatistics(name: string, tally: ColumnTally): ColumnStatistics {
  const { type, rows, nulls, lengths } = tally;
  const nullShare = rows === 0 ? 0 : nulls / rows;
  if (type === undefined) return { name, rows, nulls, nullShare, warnings: nullWarnings(tally) };
  const values = rows - nulls;
  const distinct = tally.distinct && countDistinct(tally.distinct);
  const isExact = tally.distinct?.kind === 'exact';
  return {
    name,
    type,
    rows,
    nulls,
    nullShare,
    ...(isFloatType(type) ? { nans: tally.nans, infinities: tally.infinities } : {}),
    ...(tally.range ? rangeStatistics(type, tally, tally.range) : {}),
    ...(distinct === undefined ? {} : { distinct: { count: Math.min(Number(distinct), values), isExact } }),
    ...(isCategory(type) && tally.counts && values > 0 ? { top: valueCounts(tally.counts).slice(0, maximumTop) } : {}),
    ...(type === 'bool' && values > 0 ? { trueShare: (tally.counts?.get('true') ?? 0) / values } : {}),
    ...(lengths ? { lengths: { min: lengths[0], max: lengths[1] } } : {}),
    warnings: warningsOf(tally, distinct),
  };
}

/** Floats and times rarely repeat themselves; of bools the share is told. */
const isCategory = (type: ColumnType): boolean => type === 'string' || type === 'int32' || type === 'int64';

/** Values with their rows, the most frequent first, those of one frequency by their text. */
export const valueCounts = (counts: ReadonlyMap<string, number>): ValueCount[] =>
  [...counts]
    .map(([value, rows]) => ({ value, count: rows }))
    .sort((a, b) => b.count - a.count || compareTexts(a.value, b.value));

function rangeStatistics(
  type: ColumnType,
  tally: ColumnTally,
  range: Range<number | bigint>,
): Partial<ColumnStatistics> {
  const bounds = { min: boundOf(type, range[0]), max: boundOf(type, range[1]) };
  if (!isNumber(type)) return bounds;
  const moments = {
    count: tally.rows - tally.nulls - tally.nans - tally.infinities,
    sum: tally.sum,
    squares: tally.squares,
  };
  const unit = isFloatType(type) ? floatUnit : 10n ** BigInt(decimalParts(type)?.scale ?? 0);
  const [mean, stddev] = [meanOf(moments, unit), deviationOf(moments, unit)].map((value) =>
    value === undefined || Number.isFinite(value) ? value : null,
  );
  const sorted = weighted(type, tally, [inUnits(type, range[0]), inUnits(type, range[1])]);
  const histogram = histogramOf(sorted);
  return {
    ...bounds,
    ...(mean === undefined ? {} : { mean }),
    ...(stddev === undefined ? {} : { stddev }),
    quantiles: quantilesOf(sorted, moments.count),
    ...(histogram ? { histogram } : {}),
  };
}

/** A number and its rows. */
type Weighted = readonly [value: number, rows: number];

/** The numbers of a column in order: themselves where each is counted, else the middles of their buckets. */
function weighted(type: ColumnType, { counts, buckets }: ColumnTally, range: Range<number>): Weighted[] {
  const numbers: Weighted[] = counts
    ? [...counts].map(([text, rows]) => [inUnits(type, Number(text)), rows])
    : [...buckets].map(([bucket, rows]) => [withinRange(bucketValue(bucket, sketchParts), range), rows]);
  return numbers.sort(([a], [b]) => a - b);
}

/** A bucket's middle may lie beyond all values; the outermost buckets have none. */
function withinRange(value: number, [min, max]: Range<number>): number {
  if (value >= 2 ** exponentEnd) return max;
  return value <= -(2 ** exponentEnd) ? min : Math.min(Math.max(value, min), max);
}

/** The value of rank floor(quantile * (n - 1)), from 0 in the order of values. */
function quantilesOf(sorted: readonly Weighted[], rows: number): NonNullable<ColumnStatistics['quantiles']> {
  const found = quantileRanks.map((quantile) => {
    let before = Math.floor(Number(quantile) * (rows - 1));
    const holder = sorted.find(([, own]) => {
      before -= own;
      return before < 0;
    });
    return [quantile, holder?.[0] ?? 0] as const;
  });
  return Object.fromEntries(found) as Record<(typeof quantileRanks)[number], number>; // every rank has been given one
}

function histogramOf(sorted: readonly Weighted[]): number[] | undefined {
  const [least, greatest] = [sorted[0]?.[0] ?? 0, sorted.at(-1)?.[0] ?? 0];
  const width = (greatest - least) / histogramBins;
  if (!(width > 0) || !Number.isFinite(width)) return undefined;
  const bins = new Array<number>(histogramBins).fill(0);
  for (const [value, rows] of sorted) {
    const bin = Math.min(Math.floor((value - least) / width), histogramBins - 1);
    bins[bin] = (bins[bin] ?? 0) + rows;
  }
  return bins;
}

const dayMillis = 86_400_000;

function boundOf(type: ColumnType, value: number | bigint): number | string {
  const decimal = decimalParts(type);
  if (decimal) return decimalText(value, decimal.scale);
  if (typeof value === 'bigint') return String(value);
  if (type === 'timestamp') return isInstant(value) ? formatInstant(value) : value;
  if (type === 'date') return isInstant(value * dayMillis) ? utcDate(value * dayMillis) : value;
  return value;
}

function warningsOf(tally: ColumnTally, distinct: bigint | undefined): ColumnWarning[] {
  const { rows, nulls, nans, infinities } = tally;
  const isConstant = distinct === 1n && nulls + nans + infinities === 0 && rows > 1;
  return [
    ...nullWarnings(tally),
    ...(isConstant ? (['constant'] as const) : []),
    ...(nans > 0 ? (['nan'] as const) : []),
    ...(infinities > 0 ? (['infinity'] as const) : []),
  ];
}

function nullWarnings({ rows, nulls }: ColumnTally): ColumnWarning[] {
  if (rows > 0 && nulls === rows) return ['allNull'];
  return nulls * 2 > rows ? ['mostlyNull'] : [];
}
