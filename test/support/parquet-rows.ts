import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

export type ParquetScalar = number | bigint | string | boolean | null;
export type ParquetRow = Readonly<Record<string, ParquetScalar | readonly ParquetScalar[]>>;

const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** All rows of a Parquet file, read without the product's own reader; timestamps as epoch milliseconds, moved by a constant. */
export async function parquetRows(bytes: Uint8Array, shiftMillis = 0): Promise<ParquetRow[]> {
  const rows = await parquetReadObjects({ file: bufferOf(bytes), compressors });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value instanceof Date ? value.getTime() + shiftMillis : (value ?? null),
      ]),
    ),
  );
}
