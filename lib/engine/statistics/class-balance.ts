import * as z from 'zod/mini';
import { maximumClasses } from '#engine/leakage/label-profile.ts';
import { columnStatistics, columnStatisticsSchema, valueCounts } from './column-statistics.ts';
import type { ColumnTally } from './column-tally.ts';

const count = z.int().check(z.nonnegative());

/** How often a label has each of its values. */
export const classBalanceSchema = z.strictObject({
  rows: count,
  nulls: count,
  /** The most frequent first, of at most 50 classes by their text; `share` is of the rows with a label. */
  classes: z.optional(z.array(z.strictObject({ value: z.string(), count, share: z.number() }))),
  /** Of a label with more values: their distribution. */
  distribution: z.optional(columnStatisticsSchema),
});
export type ClassBalance = z.infer<typeof classBalanceSchema>;

export function classBalance(column: string, tally: ColumnTally): ClassBalance {
  const { rows, nulls, nans, infinities, counts } = tally;
  const special = [
    ...(nans > 0 ? [['NaN', nans] as const] : []),
    ...(infinities > 0 ? [['infinite', infinities] as const] : []),
  ];
  const all = counts && new Map([...counts, ...special]);
  if (!all || all.size > maximumClasses) return { rows, nulls, distribution: columnStatistics(column, tally) };
  const classes = valueCounts(all).map((one) => ({ ...one, share: one.count / (rows - nulls) }));
  return { rows, nulls, classes };
}
