import type { ReadWindows } from '#codec/window-state.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { countsUntilMillis } from '#semantics/stream/interval.ts';
import type { Value } from '#spec/value-type.ts';
import type { ReadOutcome } from '#store/online-rows.ts';
import type { RowRead, StreamRead } from './read.ts';

/** What one read gives at the instant of the request; ERROR: there may be something, but this answer does not know what. */
export interface Cell {
  readonly state: 'PRESENT' | 'MISSING' | 'EXPIRED' | 'ERROR';
  /** By slot of a feature. */
  readonly values: readonly Value[];
  /** By slot of a feature (rowMarks), or null where every value is present. */
  readonly marks: string | null;
  /** Of a stored row; null for static and absent ones and for windows. */
  readonly eventTimeMillis: number | null;
  /** False where something of it is not known (which the offline store may know): on-demand features of it are ERROR. */
  readonly isWhole: boolean;
  /** Stands in for what the store did not give. */
  readonly isFallback: boolean;
}

const noCell = (state: 'MISSING' | 'ERROR'): Cell => ({
  state,
  values: [],
  marks: null,
  eventTimeMillis: null,
  isWhole: state !== 'ERROR',
  isFallback: false,
});
export const missing = noCell('MISSING');
/** Defaults in place of what was not read. */
export const defaults: Cell = { ...missing, isFallback: true };
/** Not read before the deadline. */
export const unread = noCell('ERROR');
/** Of an unknown layout, or a text that no writer of ours can have written: one bad value, not a bad answer. */
export const notUnderstood = noCell('ERROR');
/** The two items of a state are not of one hand-over. */
export const torn = noCell('ERROR');

/** A stored row at an instant: time to live and tombstones applied. */
export function rowCell(read: RowRead, outcome: ReadOutcome | undefined, asOfMillis: number): Cell {
  if (outcome === undefined || outcome.kind === 'failed') return unread;
  if (outcome.kind === 'absent') return missing;
  const unpacked = orUndefined(() => read.unpack(outcome.packed));
  if (unpacked?.kind !== 'row') return notUnderstood;
  const { eventTimeMillis, deleted, marks, values } = unpacked.row;
  if (deleted) return missing;
  const expired = eventTimeMillis !== null && asOfMillis - eventTimeMillis > read.ttlMillis;
  return { state: expired ? 'EXPIRED' : 'PRESENT', values, marks, eventTimeMillis, isWhole: true, isFallback: false };
}

/** The items of an entity's state as they were read together; `isStrong`: by a strongly consistent read. */
export interface StatePair {
  readonly head: ReadOutcome | undefined;
  readonly closed: ReadOutcome | undefined;
  readonly isStrong: boolean;
}

/**
 * The windows of an entity at an instant. Without a state they are empty: an entity of which nothing has come has a window too. `torn`
 * asks for both items once more.
 */
export function windowsCell(read: StreamRead, pair: StatePair, asOfMillis: number): Cell {
  const states = statesOf(read, pair, asOfMillis);
  return 'windows' in states ? finished(read, states.windows, asOfMillis) : states.cell;
}

type Windows = Extract<ReadWindows, { kind: 'windows' }>;
type States = { readonly windows: readonly Windows[] } | { readonly cell: Cell };

function statesOf(read: StreamRead, { head, closed, isStrong }: StatePair, asOfMillis: number): States {
  if (head === undefined || head.kind === 'failed') return { cell: unread };
  // Dropped for its age, the first item says that nothing else matters; a lagging read may just not have found it.
  if (head.kind === 'absent') return closed?.kind === 'absent' || isStrong ? { windows: [] } : { cell: torn };
  const first = orUndefined(() => read.unpack(head.packed));
  if (first?.kind !== 'windows') return { cell: notUnderstood };
  // What was handed over is needed by no window any more, whether or not the store has dropped it.
  if (first.closedUntilMillis === null || asOfMillis >= first.closedUntilMillis) return { windows: [first] };
  if (closed === undefined || closed.kind === 'failed') return { cell: unread };
  if (closed.kind === 'absent') return { cell: torn };
  const second = orUndefined(() => read.unpack(closed.packed));
  if (second?.kind !== 'windows') return { cell: notUnderstood };
  return first.handOvers === second.handOvers ? { windows: [first, second] } : { cell: torn };
}

function finished({ plan }: StreamRead, windows: readonly Windows[], asOfMillis: number): Cell {
  const states = windows.map(({ state, lostUntilMillis }) => ({ ...state, lostUntilMillis }));
  const { values, marks } = finishWindows(plan, states, asOfMillis);
  const isWhole = windows.every(
    ({ lostUntilMillis }) => lostUntilMillis === null || !reachesBack(plan, lostUntilMillis, asOfMillis),
  );
  return { state: 'PRESENT', values, marks, eventTimeMillis: null, isWhole, isFallback: false };
}

/** True where a window that is read at the instant may miss events which arrived until then. */
const reachesBack = ({ features, windows }: StreamRead['plan'], lostUntilMillis: number, asOfMillis: number): boolean =>
  features.some(({ aggregations }) =>
    aggregations.some(({ window: index }) => {
      const window = windows[index];
      return window !== undefined && asOfMillis < countsUntilMillis(lostUntilMillis, window);
    }),
  );

/** A cell of what the store gave earlier. Two items of different hand-overs stay apart as long as the store cannot be asked again. */
export function ofLastKnown(cell: Cell): Cell {
  if (cell === torn) return unread;
  return cell.state === 'ERROR' ? cell : { ...cell, isFallback: true };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
