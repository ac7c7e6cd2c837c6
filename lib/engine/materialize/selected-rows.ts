import { openParquet, type ParquetFile, readColumns, type WantedColumn } from '#codec/parquet-read.ts';
import type { Entity, StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { selectionColumns } from '#sql/newest-rows.ts';
import type { Objects } from '#store/objects.ts';
import { objectSource } from '../object-source.ts';
import type { SelectedRow } from './encode-row.ts';
import type { RowSlice } from './split-rows.ts';

/** Rows decoded at a time: a column chunk is decoded from its start for each read, so fewer would cost more time than they save memory. */
const rowsPerRead = 25_000;

export interface SelectedRowsOptions {
  readonly view: StoredView;
  readonly entity: Entity;
  readonly slices: readonly RowSlice[];
  readonly rowsPerBlock: number;
}

/** The selected rows of Parquet slices in blocks of at most `rowsPerBlock`, in the files' order. */
export async function* readSelectedRows(
  objects: Pick<Objects, 'getRange' | 'head'>,
  options: SelectedRowsOptions,
): AsyncGenerator<SelectedRow[]> {
  const wanted = wantedColumns(options);
  for (const slice of options.slices) {
    const file = await openParquet(await objectSource(objects, slice.key));
    for (const range of readRanges(file, slice)) {
      const columns = await readColumns(file, wanted, range);
      const rows = range.rowEndExclusive - range.rowStart;
      for (let start = 0; start < rows; start += options.rowsPerBlock)
        yield rowsOf(options, columns, { start, end: Math.min(rows, start + options.rowsPerBlock) });
    }
  }
}

const wantedColumns = ({ view, entity }: SelectedRowsOptions): WantedColumn[] => [
  { name: selectionColumns.eventMillis, as: 'int64' },
  { name: selectionColumns.createdMillis, as: 'int64' },
  { name: selectionColumns.run, as: 'int64' },
  { name: selectionColumns.deleted, as: 'bool' },
  { name: selectionColumns.marks, as: 'string' },
  ...entity.keys.map(({ name, type }) => ({ name, as: type })),
  ...view.features.map(({ name, type }) => ({ name, as: type })),
];

/** The slice cut at the file's row groups and at `rowsPerRead`. */
function readRanges(file: ParquetFile, { rowStart, rowEnd }: RowSlice) {
  const ranges: { readonly rowStart: number; readonly rowEndExclusive: number }[] = [];
  let groupStart = 0;
  for (const group of file.metadata.row_groups) {
    const groupEnd = groupStart + Number(group.num_rows);
    const end = Math.min(groupEnd, rowEnd);
    for (let start = Math.max(groupStart, rowStart); start < end; start += rowsPerRead)
      ranges.push({ rowStart: start, rowEndExclusive: Math.min(end, start + rowsPerRead) });
    groupStart = groupEnd;
  }
  return ranges;
}

function rowsOf(
  { view, entity }: SelectedRowsOptions,
  columns: readonly (readonly Value[])[],
  { start, end }: { readonly start: number; readonly end: number },
): SelectedRow[] {
  const [eventMillis = [], createdMillis = [], runs = [], deleted = [], marks = [], ...rest] = columns;
  const keyColumns = rest.slice(0, entity.keys.length);
  const featureColumns = rest.slice(entity.keys.length, entity.keys.length + view.features.length);
  return Array.from({ length: end - start }, (_, offset) => {
    const index = start + offset;
    const mark = marks[index];
    return {
      eventTimeMillis: millisOf(eventMillis[index]),
      createdTimeMillis: millisOf(createdMillis[index]),
      run: millisOf(runs[index]) ?? 0,
      deleted: deleted[index] === true,
      marks: typeof mark === 'string' ? mark : null,
      keys: keyColumns.map((column) => column[index] ?? null),
      features: featureColumns.map((column) => column[index] ?? null),
    };
  });
}

const millisOf = (value: Value | undefined): number | null => (typeof value === 'bigint' ? Number(value) : null);
