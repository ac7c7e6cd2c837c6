import * as z from 'zod/mini';
import { readStepJson } from '#engine/stored-json.ts';
import { entityViewOfRun, type RunReference, runFiles, selectionQuery } from './run-files.ts';
import { checkLease } from './run-lock.ts';
import type { RunPorts } from './run-ports.ts';
import { queryResultSchema } from './run-query.ts';
import { updateRunRecord } from './run-record.ts';

/** Rows of one item: few enough that a retried item repeats little, enough that starting a function is worth it. */
export const rowsPerItem = 50_000;
/** More items than this make the map slow; items of larger runs hold more rows instead. */
export const maximumItems = 900;

/** Rows [rowStart, rowEnd) of a Parquet file. */
export const sliceSchema = z.strictObject({ key: z.string(), rowStart: z.int(), rowEnd: z.int() });
/** One item of the map that writes the online store. */
export const itemSchema = z.strictObject({ number: z.int(), rows: z.int(), slices: z.array(sliceSchema) });
export type RowSlice = z.infer<typeof sliceSchema>;
export type RowItem = z.infer<typeof itemSchema>;

/** How many rows were selected for the online store, and in how many items they are written. */
export const selectionSchema = z.strictObject({ rows: z.int(), items: z.int() });

/** Cuts files into items of at most `rowsPerItem` rows (more when there would be over 900 items); small files share an item. */
export function itemsOf(files: readonly { readonly key: string; readonly rows: number }[]): RowItem[] {
  const total = files.reduce((sum, { rows }) => sum + rows, 0);
  const size = Math.max(rowsPerItem, Math.ceil(total / maximumItems));
  const items: { rows: number; slices: RowSlice[] }[] = [];
  for (const { key, rows } of files) {
    let rowStart = 0;
    while (rowStart < rows) {
      const open = items.at(-1);
      const item = open && open.rows < size ? open : { rows: 0, slices: [] };
      if (item !== open) items.push(item);
      const rowEnd = Math.min(rows, rowStart + size - item.rows);
      item.slices.push({ key, rowStart, rowEnd });
      item.rows += rowEnd - rowStart;
      rowStart = rowEnd;
    }
  }
  return items.map((item, number) => ({ number, ...item }));
}

export interface SplitRun {
  readonly run: RunReference;
  readonly items: number;
  /** Key of the JSON array of items. */
  readonly itemsKey: string;
}

/** Writes the items of the run's selection down. Throws engine.missingFile, materialize.superseded. */
export async function splitRows(
  ports: Pick<RunPorts, 'manifest' | 'objects' | 'locks' | 'records'>,
  run: RunReference,
): Promise<SplitRun> {
  const view = entityViewOfRun(ports.manifest, run);
  await checkLease(ports, view, run);
  const files = runFiles(view, run.lease.fence);
  const result = await readStepJson(ports.objects, files.queryResult(selectionQuery), queryResultSchema);
  const items = itemsOf(result.files);
  const rows = items.reduce((sum, item) => sum + item.rows, 0);
  await ports.objects.put(files.items, JSON.stringify(items));
  await ports.objects.put(files.selection, JSON.stringify({ rows, items: items.length }));
  const change = { run: run.lease.fence, step: 'writing', items: items.length, rowsSelected: rows } as const;
  await updateRunRecord(ports.records, view, change);
  return { run, items: items.length, itemsKey: files.items };
}
