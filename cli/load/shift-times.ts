import { bytesSource, openParquet, type ParquetFile, readColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import type { Column } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';

/** Columns of a Parquet file with every timestamp moved by a constant number of milliseconds. */
export async function shiftedColumns(
  bytes: Uint8Array,
  schema: readonly Column[],
  byMillis: number,
): Promise<TypedColumn[]> {
  const file = await openParquet(bytesSource(bytes));
  const values = await readColumns(
    file,
    schema.map(({ name, type }) => ({ name, as: type })),
  );
  const shift = (type: string, value: Value): Value =>
    type === 'timestamp' && typeof value === 'number' ? value + byMillis : value;
  return schema.map(({ name, type }, at) => ({
    name,
    type,
    values: (values[at] ?? []).map((value) => shift(type, value)),
  }));
}

/** As shiftedColumns, for a file whose own types are taken. */
export async function shiftedFile(bytes: Uint8Array, byMillis: number): Promise<Uint8Array> {
  const file = await openParquet(bytesSource(bytes));
  return writeParquet(await shiftedColumns(bytes, ownSchema(file), byMillis));
}

const ownSchema = (file: ParquetFile): Column[] =>
  file.columns.map(({ name, type }) => ({ name, type: type ?? 'string' }));

/** The greatest value of a timestamp column, in epoch milliseconds. */
export async function greatestInstant(bytes: Uint8Array, column: string): Promise<number> {
  const [values = []] = await readColumns(await openParquet(bytesSource(bytes)), [{ name: column, as: 'timestamp' }]);
  let greatest = Number.NEGATIVE_INFINITY;
  for (const value of values) if (typeof value === 'number' && value > greatest) greatest = value;
  return greatest;
}
