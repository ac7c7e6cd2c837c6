import { type ParquetFile, readColumns, type WantedColumn } from '#codec/parquet-read.ts';
import type { EntityRead } from '#engine/feature-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { Value } from '#spec/value-type.ts';
import { stateColumn, valueColumn } from '#sql/training-set-sql.ts';
import type { StagedPart } from './work-files.ts';

/** What the join found of one view, per row of the part in spine order. */
export interface JoinedView {
  readonly read: EntityRead;
  /** rowStates of lib/sql/training-set-sql.ts. */
  readonly states: readonly Value[];
  /** By feature name. */
  readonly values: ReadonlyMap<string, readonly Value[]>;
}
/** By `view@version`. */
export type JoinedRows = ReadonlyMap<string, JoinedView>;

/**
 * Puts the rows of a part that one statement has unloaded, which come in any order and number of files, into spine order. Throws trainingSet.badJoin, which names
 * the row, unless every row of the part is there exactly once.
 */
export async function joinedRows(
  files: readonly ParquetFile[],
  reads: readonly EntityRead[],
  part: StagedPart,
): Promise<JoinedRows> {
  const wanted: WantedColumn[] = reads.flatMap(({ view, features }) => [
    { name: stateColumn(view), as: 'int32' as const },
    ...features.map(({ name, type }) => ({ name: valueColumn(view, name), as: type })),
  ]);
  const columns = wanted.map((): Value[] => new Array<Value>(part.rows).fill(null));
  const seen = new Uint8Array(part.rows);
  for (const file of files) {
    const [rowIds = [], ...values] = await readColumns(file, [{ name: 'row_id', as: 'int64' }, ...wanted]);
    const places = rowIds.map((rowId) => place(rowId, part, seen));
    for (const [position, column] of columns.entries()) {
      const source = values[position] ?? [];
      for (const [index, target] of places.entries()) column[target] = source[index] ?? null;
    }
  }
  const missing = seen.indexOf(0);
  if (missing >= 0) throw badJoin(part, `row ${part.firstRow + missing} did not come out of it`);
  let next = 0;
  return new Map(
    reads.map((read) => {
      const states = columns[next++] ?? [];
      const values = new Map(read.features.map(({ name }) => [name, columns[next++] ?? []] as const));
      return [viewId(read.view), { read, states, values }] as const;
    }),
  );
}

/** Position in the part of a row number, which must be one of the part's and come once. */
function place(rowId: Value, part: StagedPart, seen: Uint8Array): number {
  const position = Number(rowId) - part.firstRow;
  if (rowId === null || position < 0 || position >= part.rows)
    throw badJoin(
      part,
      `row ${rowId} came out of it, but the part has rows ${part.firstRow} to ${part.firstRow + part.rows - 1}`,
    );
  if (seen[position] !== 0) throw badJoin(part, `row ${rowId} came out of it more than once`);
  seen[position] = 1;
  return position;
}

const badJoin = (part: StagedPart, problem: string): TidemarkError =>
  new TidemarkError('trainingSet.badJoin', `the join of part ${part.part} lost or doubled rows: ${problem}`, {
    kind: 'failed',
    details: { part: part.part },
  });
