import { setTimeout as wait } from 'node:timers/promises';
import { TidemarkError } from '#spec/errors.ts';
import type { OnlineRows, ReadOutcome, RowAddress } from '#store/online-rows.ts';
import type { ServeAddresses, Wanted } from './addresses.ts';
import { type Cell, defaults, ofLastKnown, rowCell, torn, unread, windowsCell } from './cells.ts';
import type { ServePlan } from './plan.ts';
import { storeDeadline } from './policy.ts';

/** How the store is read. */
export interface ReadCall {
  readonly plan: ServePlan;
  /** The one instant of all cells, epoch milliseconds: when the request came. */
  readonly asOfMillis: number;
  readonly deadlineMillis: number;
  /** `strong` sees every write acknowledged before the call; `eventual` may miss the latest. */
  readonly consistency: 'eventual' | 'strong';
}

export interface ReadCells {
  /** In the order of what is wanted. */
  readonly cells: readonly Cell[];
  /** States whose two items were not of one hand-over at first. */
  readonly torn: number;
  /** Items that were not asked of the store; undefined where the plan has no cache. */
  readonly cacheHits: number | undefined;
  readonly storeMillis: number;
}

/** Pauses between tries to read both items of one hand-over: a transaction takes a few milliseconds to be done everywhere. */
const firstPauseMillis = 5;
const longestPauseMillis = 80;

/**
 * Reads what is wanted: one read of the store for everything, and strongly consistent ones, until the deadline, of states that it caught
 * between two hand-overs. Throws serve.storeUnavailable (kind unavailable) when not a single key could be read.
 */
export async function readCells(
  rows: Pick<OnlineRows, 'read'>,
  { addresses, wanted }: ServeAddresses,
  call: ReadCall,
): Promise<ReadCells> {
  const { kept, fallsBack, isCached } = call.plan.policy;
  if (addresses.length === 0) return { cells: [], torn: 0, cacheHits: undefined, storeMillis: 0 };
  const startedAt = performance.now();
  const isStrong = call.consistency === 'strong';
  const outcomes = await rows.read(addresses, {
    deadlineMillis: storeDeadline(call),
    consistent: isStrong,
    kept,
    isWholeEntity: call.plan.readsWholeEntity,
  });
  let storeMillis = performance.now() - startedAt;
  const cacheHits = isCached && !isStrong ? outcomes.filter((outcome) => isFrom('cache', outcome)).length : undefined;
  const cells = wanted.map((one) => cellOf(call, one, { outcomes, address: one.address, isStrong }));
  const tornAt = cells.flatMap((cell, index) => (cell === torn ? [index] : []));
  if (tornAt.length > 0) {
    const rereadAt = performance.now();
    await readAgain(rows, { addresses, wanted, cells, tornAt, endsAt: startedAt + millisLeft(call) }, call);
    storeMillis += performance.now() - rereadAt;
  }
  if (fallsBack) return { cells: cells.map(orDefaults), torn: tornAt.length, cacheHits, storeMillis };
  if (cells.every((cell) => cell === unread))
    throw new TidemarkError(
      'serve.storeUnavailable',
      `none of ${cells.length} keys could be read before the deadline`,
      {
        kind: 'unavailable',
      },
    );
  return { cells, torn: tornAt.length, cacheHits, storeMillis };
}

const millisLeft = (call: ReadCall): number => storeDeadline(call) - call.asOfMillis;

const orDefaults = (cell: Cell): Cell => (cell === unread || cell === torn ? defaults : cell);

const isFrom = (from: 'cache' | 'lastKnown', outcome: ReadOutcome | undefined): boolean =>
  outcome !== undefined && outcome.kind !== 'failed' && outcome.from === from;

interface Read {
  readonly outcomes: readonly ReadOutcome[];
  /** Index of the first outcome of what is wanted. */
  readonly address: number;
  readonly isStrong: boolean;
}

function cellOf({ plan, asOfMillis }: ReadCall, { read: index }: Wanted, { outcomes, address, isStrong }: Read): Cell {
  const read = plan.reads[index];
  if (read === undefined) return unread;
  const [head, closed] = [outcomes[address], read.kind === 'row' ? undefined : outcomes[address + 1]];
  const cell =
    read.kind === 'row' ? rowCell(read, head, asOfMillis) : windowsCell(read, { head, closed, isStrong }, asOfMillis);
  return isFrom('lastKnown', head) || isFrom('lastKnown', closed) ? ofLastKnown(cell) : cell;
}

interface Torn {
  readonly addresses: readonly RowAddress[];
  readonly wanted: readonly Wanted[];
  readonly cells: Cell[];
  readonly tornAt: readonly number[];
  /** Of performance.now(). */
  readonly endsAt: number;
}

async function readAgain(
  rows: Pick<OnlineRows, 'read'>,
  { addresses, wanted, cells, tornAt, endsAt }: Torn,
  call: ReadCall,
): Promise<void> {
  let left = tornAt;
  for (let pauseMillis = firstPauseMillis; ; pauseMillis = Math.min(pauseMillis * 2, longestPauseMillis)) {
    const pairs = left.flatMap((index) => {
      const address = wanted[index]?.address ?? 0;
      return addresses.slice(address, address + 2);
    });
    const outcomes = await rows.read(pairs, {
      deadlineMillis: storeDeadline(call),
      consistent: true,
      kept: call.plan.policy.kept,
    });
    left.forEach((index, pair) => {
      const one = wanted[index];
      if (one) cells[index] = cellOf(call, one, { outcomes, address: 2 * pair, isStrong: true });
    });
    left = left.filter((index) => cells[index] === torn);
    if (left.length === 0 || performance.now() + pauseMillis >= endsAt) return;
    await wait(pauseMillis);
  }
}
