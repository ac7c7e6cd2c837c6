import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import type { AggregatePorts } from '#engine/ingest/aggregate-batch.ts';
import { createCutReader } from '#engine/ingest/cuts.ts';
import { itemBytes } from '#engine/ingest/entity-state.ts';
import { defaultHandOver } from '#engine/ingest/hand-over-rule.ts';
import { viewsOfSource } from '#engine/ingest/source-views.ts';
import type { Formula } from '#spec/aggregation.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { RowAddress } from '#store/online-rows.ts';
import type { WindowItem, WindowItems, WindowWrite } from '#store/window-items.ts';
import { entityOf, manifestOf, streamSourceOf, streamViewOf } from '#test/support/manifests.ts';

const minute = 60_000;
const hour = 60 * minute;
/** No hop divides it. */
export const startMillis = Date.UTC(2026, 0, 10, 0, 7);

const windows = [
  { name: '1h', windowMillis: hour, hopMillis: minute },
  { name: '24h', windowMillis: 24 * hour, hopMillis: 15 * minute },
  { name: '7d', windowMillis: 7 * 24 * hour, hopMillis: 3 * hour },
];
const aggregates = ['count', 'sum', 'mean', 'min', 'max'] as const;

/** Three windows of the default hops, five aggregates of each. */
const view = streamViewOf(
  'card_activity',
  windows.flatMap(({ name, windowMillis, hopMillis }) =>
    aggregates.map((kind) => {
      const window = { windowMillis, hopMillis };
      const scaled = kind === 'sum' || kind === 'mean' ? { scale: 2 } : {};
      const formula: Formula =
        kind === 'count' ? { kind, ...window } : { kind, column: 'amount', ...scaled, ...window };
      return { name: `${kind}_${name}`, type: kind === 'count' ? ('int64' as const) : ('float64' as const), formula };
    }),
  ),
  { entity: 'card', source: 'payments' },
);
const source = streamSourceOf(
  'payments',
  [
    { name: 'card_id', type: 'int64' },
    { name: 'payment_id', type: 'string' },
    { name: 'amount', type: 'float64' },
    { name: 'at', type: 'timestamp' },
  ],
  { eventTime: 'at', eventId: 'payment_id', partitionBy: ['card_id'], entities: ['card'] },
);
const manifest = manifestOf({
  entities: [entityOf('card', [{ name: 'card_id', type: 'int64' }])],
  sources: [source],
  views: [view],
});

/** Ports of a consumer of the payments over a store of items. */
export function paymentPorts(items: WindowItems, handOver = defaultHandOver): AggregatePorts {
  const views = viewsOfSource(manifest, source);
  const clock = Date.now;
  return {
    items,
    online: new MemoryOnlineRows(),
    cuts: createCutReader(
      { objects: new MemoryObjects(), clock },
      source,
      views.windowed.map(({ id }) => id),
    ),
    clock,
    views,
    rules: { source, retentionMillis: 7 * 24 * hour, handOver },
    accept: recordAcceptor(manifest, source),
  };
}

export interface Payment {
  /** Position in the stream. */
  readonly number: number;
  readonly card: number;
  /** After startMillis; it arrives 300 ms later. */
  readonly atMillis: number;
}

const encoder = new TextEncoder();

export const paymentRecord = ({ number, card, atMillis }: Payment): StreamRecord => {
  const amount = ((number * 7919) % 100_000) / 100;
  const at = new Date(startMillis + atMillis).toISOString();
  return {
    shard: 'shardId-000000000000',
    sequence: String(number + 1).padStart(56, '0'),
    arrivalMillis: startMillis + atMillis + 300,
    data: encoder.encode(JSON.stringify({ card_id: card, payment_id: `payment-${number}`, amount, at })),
  };
};

/** Counts what DynamoDB bills for writes: started KB of the greater of the item before and after, twice in a transaction. */
export class BilledItems implements WindowItems {
  writes = 0;
  units = 0;
  readonly bytes = new Map<string, number>();
  readonly #items: WindowItems;

  constructor(items: WindowItems) {
    this.#items = items;
  }

  read(addresses: readonly RowAddress[]): Promise<readonly (WindowItem | undefined)[]> {
    return this.#items.read(addresses);
  }

  write(item: WindowItem): Promise<WindowWrite> {
    this.#bill([item], 1);
    return this.#items.write(item);
  }

  writeBoth(items: readonly [WindowItem, WindowItem]): Promise<WindowWrite> {
    this.#bill(items, 2);
    return this.#items.writeBoth(items);
  }

  #bill(items: readonly WindowItem[], times: number): void {
    for (const item of items) {
      const address = `${item.viewId} ${item.entityKey}`;
      const bytes = itemBytes(item);
      this.writes++;
      this.units += times * Math.ceil(Math.max(bytes, this.bytes.get(address) ?? 0) / 1024);
      this.bytes.set(address, bytes);
    }
  }
}
