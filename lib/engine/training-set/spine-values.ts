import { isInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Value } from '#spec/value-type.ts';
import type { SpineRows } from './spine-file.ts';
import type { SpineUse } from './spine-layout.ts';

/** Epoch milliseconds per row: from the column of event times, or the one instant of all rows. */
export function rowInstants(
  times: SpineUse | number | undefined,
  rows: Pick<SpineRows, 'count' | 'values'>,
  firstRow: number,
): number[] {
  if (times === undefined) throw new Error('the rows have neither event times nor one instant');
  if (typeof times === 'number') return new Array<number>(rows.count).fill(times);
  return usedValues(times, rows, firstRow).map((value, index) => {
    if (isInstant(value)) return value;
    throw badRow(
      times,
      firstRow + index,
      value === null ? 'is null; every label needs one' : 'is not in years 0001..9999',
    );
  });
}

/** A column's values in the type that is declared for its use; `firstRow` numbers them for messages. */
export function usedValues(use: SpineUse, rows: Pick<SpineRows, 'values'>, firstRow: number): Value[] {
  return rows.values(use.column).map((value, index) => {
    if (value === null) return null;
    try {
      return use.convert(value);
    } catch (error) {
      if (error instanceof RangeError) throw badRow(use, firstRow + index, error.message);
      throw error;
    }
  });
}

const badRow = ({ column, purpose }: SpineUse, row: number, problem: string): TidemarkError =>
  new TidemarkError(
    'trainingSet.badSpine',
    `column ${column} of the spine, ${purpose}, ${problem} in row ${row} (the first is row 0)`,
    { details: { column, row } },
  );

/** Least and greatest event time of at least one row, both inclusive. */
export interface EventRange {
  readonly minEventMillis: number;
  readonly maxEventMillis: number;
}

export function eventRange(times: readonly number[]): EventRange {
  let [minEventMillis, maxEventMillis] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const millis of times) {
    minEventMillis = Math.min(minEventMillis, millis);
    maxEventMillis = Math.max(maxEventMillis, millis);
  }
  return { minEventMillis, maxEventMillis };
}
