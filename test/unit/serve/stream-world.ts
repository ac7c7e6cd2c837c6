import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { packWindows } from '#codec/window-state.ts';
import { planServing } from '#engine/serve/plan.ts';
import { type ServeCall, type Served, serveFeatures } from '#engine/serve/serve-features.ts';
import type { StreamEvent } from '#semantics/stream/event.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, emptyState } from '#semantics/stream/window-state.ts';
import { viewId } from '#spec/find.ts';
import { closedSortKey, onlineSortKey } from '#spec/layout.ts';
import type { Manifest, OnDemandView } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { OnlineRows, ReadOptions, ReadOutcome, RowAddress } from '#store/online-rows.ts';
import { entityOf, manifestOf, streamSourceOf, streamViewOf, tableViewOf } from '#test/support/manifests.ts';

/** Rides of drivers: windows over a stream, its newest ride, and what is computed from both. */
export const minute = 60_000;
export const hour = 60 * minute;
/** When the tests ask; not on the edge of a tile. */
export const now = Date.UTC(2026, 5, 1, 12, 0, 30);
const described = { description: '', tags: {} };

const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const rides = streamSourceOf(
  'rides',
  [
    { name: 'driver_id', type: 'int64' },
    { name: 'at', type: 'timestamp' },
    { name: 'fare', type: 'float64' },
  ],
  { eventTime: 'at', entities: ['driver'] },
);
const short = { windowMillis: hour, hopMillis: minute };
const long = { windowMillis: 24 * hour, hopMillis: 15 * minute };
const fare = { column: 'fare', scale: 6 };
export const live = streamViewOf(
  'live',
  [
    { name: 'rides_1h', type: 'int64', formula: { kind: 'count', ...short } },
    { name: 'fare_1h', type: 'float64', formula: { kind: 'sum', ...fare, ...short } },
    { name: 'mean_24h', type: 'float64', formula: { kind: 'mean', ...fare, ...long }, default: -1 },
    { name: 'max_24h', type: 'float64', formula: { kind: 'max', column: 'fare', ...long } },
    {
      name: 'recent_share',
      type: 'float64',
      formula: { kind: 'ratio', numerator: { kind: 'count', ...short }, denominator: { kind: 'count', ...long } },
    },
  ],
  { entity: 'driver', source: 'rides', layout: '11111111' },
);
const newest = tableViewOf('newest', [{ name: 'fare', type: 'float64' }], {
  entity: 'driver',
  source: 'rides',
  layout: '22222222',
});
const level: OnDemandView = {
  kind: 'onDemand',
  name: 'level',
  version: 1,
  definitionHash: '0'.repeat(64),
  transformHash: '0'.repeat(64),
  inputs: [
    { kind: 'view', name: 'live', view: 'live', version: 1, features: ['rides_1h', 'mean_24h'] },
    { kind: 'view', name: 'newest', view: 'newest', version: 1, features: ['fare'] },
  ],
  features: [{ name: 'text', type: 'string', ...described }],
  ...described,
};

export const manifest: Manifest = manifestOf({
  entities: [driver],
  sources: [rides],
  views: [level, live, newest],
});
export const repository: Repository = {
  manifest,
  transforms: {
    'level@1': ({ live: windows, newest: row }) => ({ text: `${windows?.rides_1h} ${windows?.mean_24h} ${row?.fare}` }),
  },
};

export const allFeatures = live.features.map(({ name }) => `live:${name}`);
export const keyOf = (id: number): string => encodeEntityKey(driver, [BigInt(id)]);
export const headOf = (id: number): RowAddress => ({ entityKey: keyOf(id), viewId: onlineSortKey(live) });
export const closedOf = (id: number): RowAddress => ({ entityKey: keyOf(id), viewId: closedSortKey(live) });

/** A ride that arrived when it happened, `agoMillis` before the tests ask. */
export const ride = (agoMillis: number, fareOf: number): StreamEvent => ({
  row: { driver_id: 1n, at: now - agoMillis, fare: fareOf },
  eventTimeMillis: now - agoMillis,
  arrivalMillis: now - agoMillis,
  hashes: {},
});

export interface ItemParts {
  readonly handOvers?: number;
  readonly closedUntilMillis?: number | null;
  readonly lostUntilMillis?: number | null;
}

/** Text of an item that holds the rides. */
export function packed(events: readonly StreamEvent[], parts: ItemParts = {}, view = live): string {
  const plan = planWindows(view, rides);
  const state = addEvents(plan, emptyState, events);
  return packWindows(view, plan, {
    handOvers: parts.handOvers ?? 0,
    closedUntilMillis: parts.closedUntilMillis ?? null,
    lostUntilMillis: parts.lostUntilMillis ?? null,
    state,
  });
}

export const newestRow = (fareOf: number): string =>
  packRow(newest, { eventTimeMillis: now, deleted: false, marks: null, values: [fareOf] });
export const newestOf = (id: number): RowAddress => ({ entityKey: keyOf(id), viewId: viewId(newest) });

const textOf = ({ entityKey, viewId: sortKey }: RowAddress): string => `${sortKey} ${entityKey}`;

/** A store of which eventual reads may lag, item by item, and whose reads may fail. */
export class LaggingRows implements Pick<OnlineRows, 'read'> {
  readonly asked: { readonly addresses: readonly string[]; readonly isStrong: boolean }[] = [];
  readonly #items = new Map<string, string>();
  readonly #seen = new Map<string, string | undefined>();
  readonly #failing = new Set<string>();
  /** Strong reads before this many still find what eventual ones do. */
  lastsForReads = 0;

  /** What stands, and what eventual reads see of it: `lag` is an older text, or null for nothing. */
  put(address: RowAddress, text: string, lag?: string | null): this {
    this.#items.set(textOf(address), text);
    if (lag !== undefined) this.#seen.set(textOf(address), lag ?? undefined);
    return this;
  }

  fail(address: RowAddress): this {
    this.#failing.add(textOf(address));
    return this;
  }

  async read(addresses: readonly RowAddress[], { consistent }: ReadOptions): Promise<readonly ReadOutcome[]> {
    const lags = consistent !== true || this.lastsForReads-- > 0;
    this.asked.push({ addresses: addresses.map(({ viewId: sortKey }) => sortKey), isStrong: consistent === true });
    return addresses.map(textOf).map((address): ReadOutcome => {
      if (this.#failing.has(address)) return { kind: 'failed', reason: 'throttled' };
      const text = lags && this.#seen.has(address) ? this.#seen.get(address) : this.#items.get(address);
      return text === undefined ? { kind: 'absent' } : { kind: 'found', packed: text };
    });
  }
}

/** Serves features of drivers at the tests' instant. */
export function serve(
  rows: Pick<OnlineRows, 'read'>,
  { features = allFeatures, ids = [1], ...call }: Partial<ServeCall> & { features?: string[]; ids?: number[] } = {},
): Promise<Served> {
  const plan = planServing(repository, { features });
  return serveFeatures(rows, {
    plan,
    entityKeys: ids.map((id) => plan.entities.map(() => keyOf(id))),
    request: [],
    asOfMillis: now,
    deadlineMillis: (call.asOfMillis ?? now) + 2000,
    consistency: 'eventual',
    ...call,
  });
}
