import { TidemarkError } from '#spec/errors.ts';
import type { RowItemResult } from './write-rows.ts';

/** Sums over the items of a run. */
export interface RowCounts {
  readonly read: number;
  readonly written: number;
  readonly older: number;
  readonly failed: number;
  readonly writeUnits: number;
}

export const sumOf = (results: readonly RowItemResult[]): RowCounts =>
  results.reduce<RowCounts>(
    (sum, item) => ({
      read: sum.read + item.read,
      written: sum.written + item.written,
      older: sum.older + item.older,
      failed: sum.failed + item.failed,
      writeUnits: sum.writeUnits + item.writeUnits,
    }),
    { read: 0, written: 0, older: 0, failed: 0, writeUnits: 0 },
  );

/**
 * Checks that no selected row was lost: every item has a result, rows read are the rows selected, and each was written or found
 * older. Does not trust the map, which may report success though items have failed. Throws materialize.rowsLost,
 * materialize.rowsFailed.
 */
export function reconcile(
  view: string,
  selected: { readonly rows: number; readonly items: number },
  results: readonly RowItemResult[],
): RowCounts {
  const counts = sumOf(results);
  if (counts.failed > 0) {
    const first = results.find(({ failed }) => failed > 0)?.firstFailure ?? 'no reason given';
    throw new TidemarkError(
      'materialize.rowsFailed',
      `${counts.failed} of ${selected.rows} rows of ${view} could not be stored online; the first: ${first}`,
      { kind: 'failed', details: { view, ...counts } },
    );
  }
  const settled = counts.written + counts.older;
  if (results.length !== selected.items || counts.read !== selected.rows || settled !== counts.read)
    throw new TidemarkError(
      'materialize.rowsLost',
      `${selected.rows} rows of ${view} were selected for the online store in ${selected.items} items, but ${results.length} items were finished, with ${counts.read} rows read, ${counts.written} written and ${counts.older} older; run again`,
      { kind: 'failed', details: { view, selected, ...counts } },
    );
  return counts;
}
