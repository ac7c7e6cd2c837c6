import type { TypedColumn } from '#codec/parquet-write.ts';
import type { FeaturePlan } from '#engine/feature-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { splitNames } from './dataset-options.ts';
import type { PlacedRows } from './deal-rows.ts';
import type { TrainingSetRequest } from './request.ts';
import { placeRows } from './row-placement.ts';
import type { SpineFile } from './spine-file.ts';
import { type SpineLayout, usesOf } from './spine-layout.ts';
import { rowInstants, usedValues } from './spine-values.ts';

export const emptySpine = (): TidemarkError =>
  new TidemarkError('trainingSet.emptySpine', 'the spine has no rows; it needs at least one label');

export interface RowsToRead {
  readonly request: Pick<TrainingSetRequest, 'split' | 'sample'>;
  readonly plan: FeaturePlan;
  readonly layout: SpineLayout;
  /** The one instant of all rows, where they have no times of their own. */
  readonly asOfMillis?: number | undefined;
  readonly firstRow: number;
  readonly blockRows: number;
}

/**
 * The rows of a spine from `firstRow` on, checked, with times, keys and their places in the dataset; before any query is paid for.
 * Throws trainingSet.badSpine, emptySpine, badSplit.
 */
export async function* placedRows(file: SpineFile, options: RowsToRead): AsyncGenerator<PlacedRows> {
  const { request, plan, layout, asOfMillis, blockRows } = options;
  const read = [...new Set(usesOf(layout).map(({ column }) => column))];
  let { firstRow } = options;
  for await (const rows of file.parts({ firstRow, partRows: blockRows, read })) {
    const times = rowInstants(layout.eventTime ?? asOfMillis, rows, firstRow);
    const keys = layout.keys.map(
      (use): TypedColumn => ({ name: use.target, type: use.type, values: usedValues(use, rows, firstRow) }),
    );
    // only checked: finishing converts them again
    for (const use of layout.requestFields) usedValues(use, rows, firstRow);
    const byColumn = new Map(keys.map(({ name, values }) => [name, values]));
    const places = placeRows({ times, keys: byColumn }, { ...request, entities: plan.entities });
    yield { firstRow, count: rows.count, columns: rows.columns, times, keys, places };
    firstRow += rows.count;
  }
  if (firstRow === 0) throw emptySpine();
}

/** How many splits the rows of a dataset are dealt to: one where it is not split. */
export const splitCount = ({ split }: Pick<TrainingSetRequest, 'split'>): number =>
  Math.max(1, splitNames(split).length);
