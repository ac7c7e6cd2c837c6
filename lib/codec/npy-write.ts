import { utf8Bytes } from './utf8.ts';

export type NpyType = 'float32' | 'float64';

/**
 * A matrix in the .npy format of NumPy, version 1.0: the magic bytes, a header padded so that the numbers begin at a multiple of 64, then
 * rows x columns little-endian numbers row by row. `at` is asked for each, in that order.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyMatrix(
  shape: { readonly rows: number; readonly columns: number; readonly dtype: NpyType },
  at: (row: number, column: number) => number,
): Uint8Array<ArrayBuffer> {
  const { rows, columns, dtype } = shape;
  const width = dtype === 'float32' ? 4 : 8;
  const described = `{'descr': '<f${width}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const prefixBytes = 10; // magic, version, length of the header
  const headerBytes = Math.ceil((prefixBytes + described.length + 1) / 64) * 64 - prefixBytes;
  const start = prefixBytes + headerBytes;
  const bytes = new Uint8Array(start + rows * columns * width);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]); // \x93NUMPY, 1.0
  view.setUint16(8, headerBytes, true);
  bytes.set(utf8Bytes(`${described.padEnd(headerBytes - 1)}\n`), prefixBytes);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const offset = start + (row * columns + column) * width;
      if (dtype === 'float32') view.setFloat32(offset, at(row, column), true);
      else view.setFloat64(offset, at(row, column), true);
    }
  return bytes;
}
