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
  'distinct',
] as const;
export type ColumnAggregate = (typeof columnAggregates)[number];

/** Default number of decimal digits that a float keeps in exact sums: round(x * 10^scale), half away from zero. */
export const defaultScale = 6;

/** Counts rows (events) of the window, all or where the filter is true. */
export const countSchema = z.strictObject({
  kind: z.literal('count'),
  windowMillis: z.int().check(z.positive()),
  where: z.optional(expressionSchema),
});

/** Aggregates one column over (t - windowMillis, t]. `scale` is present exactly for sum, mean, variance and stddev of floats. */
export const columnAggregationSchema = z.strictObject({
  kind: z.enum(columnAggregates),
  column: z.string(),
  windowMillis: z.int().check(z.positive()),
  where: z.optional(expressionSchema),
  scale: z.optional(z.int().check(z.minimum(0), z.maximum(12))),
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
