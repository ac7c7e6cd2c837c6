import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import { findEntity } from '#spec/find.ts';
import { type EncodedRow, encodeRow, type SelectedRow } from './encode-row.ts';
import { writeUnits } from './run-cost.ts';
import { type RunReference, runFiles, viewOfRun } from './run-files.ts';
import type { RunPorts } from './run-ports.ts';
import { readSelectedRows } from './selected-rows.ts';
import type { RowItem } from './split-rows.ts';

/** Rows handed to the online store in one call: enough to keep its connections busy, few enough that memory stays flat. */
const rowsPerCall = 2_000;

const count = z.int().check(z.nonnegative());
/** What became of the rows of one item. */
export const rowItemResultSchema = z.strictObject({
  number: z.int(),
  read: count,
  written: count,
  /** Not written because a greater row stood. */
  older: count,
  /** Rows that the online store cannot hold. */
  failed: count,
  firstFailure: z.optional(z.string()),
  writeUnits: count,
});
export type RowItemResult = z.infer<typeof rowItemResultSchema>;

/**
 * Writes the rows of an item to the online store, newer rows winning, and puts the counts where reconciliation looks for them.
 * Rows that cannot be stored are counted, with the first reason, and do not stop the others. Repeating an item gives the same
 * rows. Rejects when the store does; then the item has no result.
 */
export async function writeRows(
  ports: Pick<RunPorts, 'manifest' | 'objects' | 'online'>,
  run: RunReference,
  item: RowItem,
): Promise<RowItemResult> {
  const view = viewOfRun(ports.manifest, run);
  const entity = findEntity(ports.manifest, view.entity);
  const result = { number: item.number, read: 0, written: 0, older: 0, failed: 0, writeUnits: 0 };
  let firstFailure: string | undefined;

  const encoded = (selected: SelectedRow): EncodedRow | undefined => {
    try {
      return encodeRow(view, entity, selected);
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      firstFailure ??= error.message;
      return undefined;
    }
  };
  const write = async (rows: readonly EncodedRow[]): Promise<void> => {
    const { written, older } = await ports.online.writeNewer(rows.map(({ row }) => row));
    result.written += written;
    result.older += older;
  };

  // While one block is on its way, the next one is read and encoded.
  let writing: Promise<void> = Promise.resolve();
  for await (const rows of readSelectedRows(ports.objects, {
    view,
    entity,
    slices: item.slices,
    rowsPerBlock: rowsPerCall,
  })) {
    const block = rows.map(encoded).filter((row) => row !== undefined);
    result.read += rows.length;
    result.failed += rows.length - block.length;
    result.writeUnits += block.reduce((sum, { itemBytes }) => sum + writeUnits(itemBytes), 0);
    await writing;
    writing = write(block);
    // Awaited one block later, or below: a rejection in between is not an unhandled one.
    writing.catch(() => undefined);
  }
  await writing;
  const written = { ...result, ...(firstFailure === undefined ? {} : { firstFailure }) };
  const key = runFiles(view, run.lease.fence).itemResult(item.number);
  await ports.objects.put(key, JSON.stringify(written));
  return written;
}
