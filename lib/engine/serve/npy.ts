import { type NpyType, npyMatrix } from '#codec/npy-write.ts';
import type { Served } from './serve-features.ts';

/**
 * The vectors of an answer as a matrix, a row for each entity: bools are 1 and 0, int64 is rounded to the type of the matrix, and a null is the fill, NaN without one. Of plans in which
 * notInVectors finds nothing.
 */
export function npyResponse(
  { rows }: Served,
  {
    columns,
    dtype,
    fill = Number.NaN,
  }: { readonly columns: number; readonly dtype: NpyType; readonly fill: number | undefined },
): Uint8Array<ArrayBuffer> {
  return npyMatrix({ rows: rows.length, columns, dtype }, (row, column) => {
    const value = rows[row]?.values[column] ?? null;
    return value === null ? fill : Number(value);
  });
}
