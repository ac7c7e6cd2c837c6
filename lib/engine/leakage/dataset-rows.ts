import { type ParquetFile, readColumns, type WantedColumn } from '#codec/parquet-read.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';

/** A complete training set, wherever its files lie. */
export interface OpenedDataset {
  readonly manifest: DatasetManifest;
  /** Opens one of the manifest's files. */
  readonly open: (name: string) => Promise<ParquetFile>;
}

/** Rows of a block; memory is that of one block of the wanted columns. */
const blockRows = 20_000;

/** Consecutive rows: `columns` in the order in which they were wanted. */
export interface RowBlock {
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: readonly (readonly Value[])[];
}

/** The wanted columns of all rows in order, block by block. Throws codec.unknownParquetColumn. */
export async function* rowBlocks(dataset: OpenedDataset, wanted: readonly WantedColumn[]): AsyncIterable<RowBlock> {
  let firstRow = 0;
  for (const { name } of dataset.manifest.files) {
    const file = await dataset.open(name);
    for (let rowStart = 0; rowStart < file.rowCount; rowStart += blockRows) {
      const rowEndExclusive = Math.min(file.rowCount, rowStart + blockRows);
      const columns = await readColumns(file, wanted, { rowStart, rowEndExclusive });
      yield { firstRow: firstRow + rowStart, rows: rowEndExclusive - rowStart, columns };
    }
    firstRow += file.rowCount;
  }
}

/** Every how-many-th row a sample takes, so that it has at most `sampleRows` of `rows`, evenly spread: the same each time. */
export const sampleStride = (rows: number, sampleRows: number): number => Math.max(1, Math.ceil(rows / sampleRows));

/** Type of a column of the dataset as its first file has it; undefined where there is none, or none that can be read. */
export async function columnType(dataset: OpenedDataset, column: string): Promise<ColumnType | undefined> {
  const [first] = dataset.manifest.files;
  const file = first && (await dataset.open(first.name));
  return file?.columns.find(({ name }) => name === column)?.type;
}
