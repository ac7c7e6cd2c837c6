import type { RawColumn } from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { leftOut } from './row-placement.ts';

type Column = RawColumn | TypedColumn;

/** Rows with all their columns: the spine's own, event times (epoch milliseconds) and keys. */
export interface Rows {
  readonly count: number;
  readonly columns: readonly Column[];
  readonly times: readonly number[];
  readonly keys: readonly TypedColumn[];
}

/** Consecutive rows of the spine, each with the number of its split, or leftOut. */
export interface PlacedRows extends Rows {
  /** Row number in the spine of the first. */
  readonly firstRow: number;
  readonly places: readonly number[];
}

/** Rows of one split, in the order of the spine. */
export interface DealtRows extends Rows {
  readonly split: number;
  /** Row number in the spine from which on the rows of this split have not been dealt. */
  readonly nextRow: number;
}

export interface DealOptions {
  /** Rows of every part but a split's last. */
  readonly partRows: number;
  /** By split: rows of the spine before this one have been dealt already. */
  readonly nextRows: readonly number[];
}

/**
 * Deals the rows of a spine to splits, in parts. A part comes when the row that fills it does, the incomplete ones after the last row; so the
 * parts do not depend on how the rows came in blocks, nor on where an earlier call stopped. Memory: a part of every split, and a block.
 */
export async function* dealRows(
  blocks: AsyncIterable<PlacedRows>,
  { partRows, nextRows }: DealOptions,
): AsyncGenerator<DealtRows> {
  const hands = nextRows.map((nextRow) => ({ nextRow, pieces: [] as Rows[], rows: 0 }));
  let endRow = 0;
  for await (const block of blocks) {
    endRow = block.firstRow + block.count;
    const picked = hands.map((): number[] => []);
    for (const [at, place] of block.places.entries()) {
      const [hand, rows] = [hands[place], picked[place]];
      if (place === leftOut || !hand || !rows || block.firstRow + at < hand.nextRow) continue;
      rows.push(at);
      if (hand.rows + rows.length < partRows) continue;
      hand.nextRow = block.firstRow + at + 1;
      yield { ...joined([...hand.pieces, pick(block, rows)]), split: place, nextRow: hand.nextRow };
      [hand.pieces, hand.rows] = [[], 0];
      picked[place] = [];
    }
    for (const [place, hand] of hands.entries()) {
      const rows = picked[place] ?? [];
      if (rows.length > 0) hand.pieces.push(pick(block, rows));
      hand.rows += rows.length;
    }
  }
  for (const [split, { pieces, rows }] of hands.entries())
    if (rows > 0) yield { ...joined(pieces), split, nextRow: endRow };
}

/** The rows at these positions, ascending. */
function pick(block: Rows, rows: readonly number[]): Rows {
  if (rows.length === block.count) return block;
  return {
    count: rows.length,
    columns: block.columns.map((column) =>
      'type' in column
        ? { ...column, values: valuesAt(column.values, rows) }
        : { ...column, values: valuesAt(column.values, rows) },
    ),
    times: valuesAt(block.times, rows),
    keys: block.keys.map((column) => ({ ...column, values: valuesAt(column.values, rows) })),
  };
}

function valuesAt<T>(values: readonly T[], rows: readonly number[]): T[] {
  const taken = rows.map((row) => values[row] as T); // rows of the block
  return taken.some((value) => value instanceof Uint8Array) ? copied(taken) : taken;
}

/**
 * Bytes in a buffer of their own: a view would keep the page that it lies in until the part is full. One buffer for all, as small ones cost
 * more than what they hold; equal texts of a page are one object, and stay one.
 */
function copied<T>(values: readonly T[]): T[] {
  const copies = new Map<T, T>();
  let length = 0;
  for (const value of values) if (value instanceof Uint8Array) length += value.length;
  const buffer = new Uint8Array(length);
  let end = 0;
  return values.map((value) => {
    if (!(value instanceof Uint8Array)) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    buffer.set(value, end);
    const copy = buffer.subarray(end, end + value.length) as Uint8Array & T;
    end += value.length;
    copies.set(value, copy);
    return copy;
  });
}

function joined(pieces: readonly Rows[]): Rows {
  const [first] = pieces;
  if (!first) throw new Error('no rows to join');
  if (pieces.length === 1) return first;
  return {
    count: pieces.reduce((sum, { count }) => sum + count, 0),
    columns: first.columns.map((column, at) =>
      'type' in column
        ? { ...column, values: pieces.flatMap(({ columns }) => valuesOf<TypedColumn>(columns[at])) }
        : { ...column, values: pieces.flatMap(({ columns }) => valuesOf<RawColumn>(columns[at])) },
    ),
    times: pieces.flatMap(({ times }) => times),
    keys: first.keys.map((column, at) => ({ ...column, values: pieces.flatMap(({ keys }) => keys[at]?.values ?? []) })),
  };
}

/** The column stands at the same place in every piece, so it is of the first one's kind. */
const valuesOf = <T extends Column>(column: Column | undefined): T['values'] => (column?.values ?? []) as T['values'];
