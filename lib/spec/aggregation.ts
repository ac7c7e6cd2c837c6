import * as z from 'zod/mini';
import { expressionSchema } from './expression.ts';

/** Aggregates that read one column; nulls, and NaN or infinities of floats, are ignored. */
export const columnAggregates = [
  'sum',
  'mean',
  'min',
  'max',
  'variance',
  'stddev',
  'first',
  'last',
  'lastN',
  'distinct',
  'approxQuantile',
] as const;
export type ColumnAggregate = (typeof columnAggregates)[number];

/** Default number of decimal digits that a float keeps in exact sums: round(x * 10^scale), half away from zero. */
export const defaultScale = 6;

/**
 * Both or neither of a stream view's window: its tail is aligned down to a multiple of hopMillis, so an event counts at t iff
 * max(eventTime, availableAt) <= t < ceil(eventTime / hopMillis) * hopMillis + windowMillis. Absent in batch views.
 */
const hopMillis = z.optional(z.int().check(z.positive()));

/** Counts rows (events) of the window, all or where the filter is true. */
export const countSchema = z.strictObject({
  kind: z.literal('count'),
  windowMillis: z.int().check(z.positive()),
  hopMillis,
  where: z.optional(expressionSchema),
});

/** Registers of the HyperLogLog that counts distinct values beyond `exactUpTo`: the standard error is 1.04 / sqrt(1024) = 3.25 %. */
export const distinctRegisters = 1024;
/** Distinct values that a stream's window counts exactly unless the definition says otherwise, and the most that it may say. */
export const defaultExactUpTo = 64;
export const maximumExactUpTo = 1000;
/** Values that `last(n)` may keep at most. */
export const maximumLimit = 100;

/**
 * Aggregates one column over (t - windowMillis, t]. `scale` is present exactly for sum, mean, variance and stddev of floats; `limit` for
 * lastN (a list of the last `limit` values by (event time, value), oldest first); `exactUpTo` for distinct of a stream view (more values
 * are estimated); `quantile` (0 to 1) and `relativeError` for approxQuantile (stream views).
 */
export const columnAggregationSchema = z.strictObject({
  kind: z.enum(columnAggregates),
  column: z.string(),
  windowMillis: z.int().check(z.positive()),
  hopMillis,
  where: z.optional(expressionSchema),
  scale: z.optional(z.int().check(z.minimum(0), z.maximum(12))),
  limit: z.optional(z.int().check(z.positive(), z.maximum(maximumLimit))),
  exactUpTo: z.optional(z.int().check(z.positive(), z.maximum(maximumExactUpTo))),
  quantile: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  relativeError: z.optional(z.number().check(z.positive(), z.maximum(0.25))),
});

export const aggregationSchema = z.union([countSchema, columnAggregationSchema]);
export type Aggregation = z.infer<typeof aggregationSchema>;
export type ColumnAggregation = z.infer<typeof columnAggregationSchema>;

/** numerator / denominator in float64; null where the denominator's window is empty or its value is 0. */
export const ratioSchema = z.strictObject({
  kind: z.literal('ratio'),
  numerator: aggregationSchema,
  denominator: aggregationSchema,
});
export const formulaSchema = z.union([countSchema, columnAggregationSchema, ratioSchema]);
export type Formula = z.infer<typeof formulaSchema>;

/** The aggregations of a formula: itself, or numerator then denominator of a ratio. */
export const aggregationsOf = (formula: Formula): readonly Aggregation[] =>
  formula.kind === 'ratio' ? [formula.numerator, formula.denominator] : [formula];
