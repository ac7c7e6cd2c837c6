import * as z from 'zod/mini';
import { classBalance, classBalanceSchema } from './class-balance.ts';
import { columnStatistics, columnStatisticsSchema } from './column-statistics.ts';
import { type ColumnTally, emptyTally, mergeTally, quantileRelativeError } from './column-tally.ts';
import type { DatasetTally } from './tally-columns.ts';
import { fromTallyJson, tallyJsonSchema, toTallyJson } from './tally-json.ts';

/** `datasets/<id>/statistics.json`: what a training set holds, column by column. Equal for equal rows, however they were cut into parts. */
export const datasetStatisticsSchema = z.strictObject({
  statisticsVersion: z.literal(1),
  rows: z.int().check(z.nonnegative()),
  /** Quantiles are off by at most this share of themselves. */
  quantileRelativeError: z.number(),
  /** In column order: those of the spine, then the features. */
  columns: z.array(columnStatisticsSchema),
  /** Of the column that the request names as its label. */
  label: z.optional(
    z.strictObject({
      column: z.string(),
      balance: classBalanceSchema,
      /** By split, where the dataset is split. */
      splits: z.optional(z.record(z.string(), classBalanceSchema)),
    }),
  ),
});
export type DatasetStatistics = z.infer<typeof datasetStatisticsSchema>;

const datasetTallySchema = z.array(z.strictObject({ name: z.string(), tally: tallyJsonSchema }));

/** What a step writes down of the rows of its part. `split`: the one that all of them belong to, where the dataset is split. */
export const partStatisticsSchema = z.strictObject({ columns: datasetTallySchema, split: z.optional(z.string()) });
type PartStatistics = z.infer<typeof partStatisticsSchema>;

export const partStatistics = (tally: DatasetTally, split?: string): PartStatistics => ({
  columns: [...tally].map(([name, column]) => ({ name, tally: toTallyJson(column) })),
  ...(split === undefined ? {} : { split }),
});

/** Merges what steps have written down: in any order the result is the same. Its size does not grow with the parts. */
export class MergedStatistics {
  readonly #columns = new Map<string, ColumnTally>();
  /** Of the label, by split. */
  readonly #splits = new Map<string, ColumnTally>();
  readonly #label: string | undefined;
  readonly #splitNames: readonly string[];

  /** `label`: the column whose classes are counted; `splits`: those of the dataset, in order. */
  constructor(label?: string, splits: readonly string[] = []) {
    this.#label = label;
    this.#splitNames = splits;
  }

  add({ columns, split }: PartStatistics): void {
    for (const { name, tally: json } of columns) {
      const tally = fromTallyJson(json);
      mergeInto(this.#columns, name, tally);
      if (name === this.#label && split !== undefined) mergeInto(this.#splits, split, tally);
    }
  }

  /** Statistics of all rows so far. */
  statistics(): DatasetStatistics {
    const column = this.#label;
    const label = column === undefined ? undefined : this.#columns.get(column);
    return {
      statisticsVersion: 1,
      rows: this.#columns.values().next().value?.rows ?? 0,
      quantileRelativeError,
      columns: [...this.#columns].map(([name, tally]) => columnStatistics(name, tally)),
      ...(column !== undefined && label ? { label: this.#labelStatistics(column, label) } : {}),
    };
  }

  #labelStatistics(column: string, label: ColumnTally): NonNullable<DatasetStatistics['label']> {
    const splits = this.#splitNames.flatMap((name) => {
      const tally = this.#splits.get(name);
      return tally ? [[name, classBalance(column, tally)] as const] : [];
    });
    return {
      column,
      balance: classBalance(column, label),
      ...(splits.length > 0 ? { splits: Object.fromEntries(splits) } : {}),
    };
  }
}

function mergeInto(tallies: Map<string, ColumnTally>, name: string, from: ColumnTally): void {
  const tally = tallies.get(name) ?? emptyTally(from.type);
  mergeTally(tally, from);
  tallies.set(name, tally);
}
