import type { RawColumn } from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { rawColumnValues } from '#codec/raw-column-values.ts';
import { addValues, type ColumnTally, emptyTally } from './column-tally.ts';

/** Tallies of columns by name, in their order. */
export type DatasetTally = ReadonlyMap<string, ColumnTally>;

/** Tallies all rows of some columns, column by column: memory is that of one decoded column besides them. */
export const tallyColumns = (columns: readonly (RawColumn | TypedColumn)[]): DatasetTally =>
  new Map(
    columns.map((column) => {
      const { type, values } = 'type' in column ? column : readable(column);
      const tally = emptyTally(type);
      addValues(tally, values);
      return [column.name, tally];
    }),
  );

/** A column of a spine passes through whatever it holds; what cannot be read is no reason to build no dataset. */
function readable(column: RawColumn): ReturnType<typeof rawColumnValues> {
  try {
    return rawColumnValues(column);
  } catch {
    return { type: undefined, values: column.values.map((value) => (value === null ? null : true)) };
  }
}
