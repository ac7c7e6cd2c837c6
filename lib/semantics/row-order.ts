import type { Value } from '#spec/value-type.ts';
import { compareValues } from './value.ts';

/** What decides which row of an entity is the latest. */
export interface OrderedRow {
  /** Null for static rows: read as 0. */
  readonly eventTimeMillis: number | null;
  /** Null or absent: the event time. */
  readonly createdTimeMillis?: number | null;
  /** Number of the publishing run; 0 for rows of a table view. */
  readonly run?: number;
  /** Table views only: the features in manifest order. A batch row's order ends at its run. */
  readonly values?: readonly Value[];
  /** Table views only: tombstones come last among equals. */
  readonly deleted?: boolean;
}

const byNumber = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Order of two rows of one view: -1, 0 or 1; the greatest is the latest. By (eventTime, createdTime or else eventTime, run, features,
 * tombstone), see ARCHITECTURE "Row order". Rows must have values of one type per position.
 */
export function compareRows(a: OrderedRow, b: OrderedRow): number {
  const [timeA, timeB] = [a.eventTimeMillis ?? 0, b.eventTimeMillis ?? 0];
  const times = byNumber(timeA, timeB) || byNumber(a.createdTimeMillis ?? timeA, b.createdTimeMillis ?? timeB);
  if (times !== 0) return times;
  const runs = byNumber(a.run ?? 0, b.run ?? 0);
  return runs || compareFeatures(a, b) || byNumber(Number(a.deleted ?? false), Number(b.deleted ?? false));
}

function compareFeatures(a: OrderedRow, b: OrderedRow): number {
  const [left, right] = [a.values ?? [], b.values ?? []];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareValues(left[index] ?? null, right[index] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}
