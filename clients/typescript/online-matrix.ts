import { clientProblem } from './problem.ts';

/** Vectors of all entities as one matrix, row by row. */
export interface OnlineMatrix {
  /** Entities, features. */
  readonly shape: readonly [rows: number, columns: number];
  /** Null is the fill, or NaN without one; bools are 1 and 0; int64 is rounded. */
  readonly data: Float64Array | Float32Array;
  readonly meta: { readonly asOf: Date; readonly partial: boolean; readonly vectorHash: string };
}

const header = /^\{'descr': '<f(4|8)', 'fortran_order': False, 'shape': \((\d+), (\d+)\), \}/;

/** Reads an answer in .npy form. Throws client.badAnswer. */
export async function onlineMatrix(response: Response): Promise<OnlineMatrix> {
  const buffer = await response.arrayBuffer();
  const start = buffer.byteLength < 10 ? 0 : 10 + new DataView(buffer).getUint16(8, true);
  const [, width, rows, columns] =
    header.exec(new TextDecoder('latin1').decode(buffer.slice(10, start)))?.map(Number) ?? [];
  const [asOf, vectorHash] = ['as-of', 'vector-hash'].map((name) => response.headers.get(`x-tidemark-${name}`));
  if (width === undefined || rows === undefined || columns === undefined || !asOf || !vectorHash)
    throw clientProblem('client.badAnswer', 'the answer is no matrix; is the URL that of the API?');
  const length = rows * columns;
  return {
    shape: [rows, columns],
    // numbers begin at a multiple of 64 bytes, and every machine that runs JavaScript today is little-endian
    data: width === 4 ? new Float32Array(buffer, start, length) : new Float64Array(buffer, start, length),
    meta: { asOf: new Date(asOf), partial: response.headers.get('x-tidemark-partial') === 'true', vectorHash },
  };
}
