import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow, type StoredRow } from '#codec/packed-row.ts';
import { findEntity, findStoredView } from '#spec/find.ts';
import { manifestSchema } from '#spec/manifest.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';

const described = { description: 'of the shop', owner: 'shop', tags: {} };
const hash = (letter: string): string => letter.repeat(64);
const formula = { kind: 'count' as const, windowMillis: 3_600_000 };
const feature = (name: string, type: string) => ({ name, type, ...described });

/** Instant at which the tests ask. */
export const nowMillis = 1_760_000_000_000;
export const hourMillis = 3_600_000;

/** A repository with every kind of view and every type of value. */
export const repository: Repository = {
  manifest: manifestSchema.parse({
    manifestVersion: 1,
    project: 'shop',
    hash: hash('a'),
    entities: [
      { name: 'customer', keys: [{ name: 'customer_id', type: 'int64' }], ...described },
      {
        name: 'lane',
        keys: [
          { name: 'origin', type: 'string' },
          { name: 'target', type: 'string' },
        ],
        ...described,
      },
    ],
    sources: [
      {
        kind: 'request',
        name: 'basket',
        schema: [
          { name: 'amount', type: 'float64' },
          { name: 'voucher', type: 'int64' },
          { name: 'sizes', type: 'list<int32>' },
        ],
        ...described,
      },
    ],
    views: [
      {
        kind: 'batch',
        name: 'orders',
        version: 1,
        definitionHash: hash('1'),
        ...described,
        entity: 'customer',
        source: 'order_events',
        online: true,
        layout: '11111111',
        ttlMillis: hourMillis,
        delayMillis: 0,
        scheduleMillis: hourMillis,
        recomputeTicks: 0,
        features: [
          { ...feature('order_count', 'int64'), default: '0', formula },
          { ...feature('spend', 'float64'), formula },
          { ...feature('ratio', 'float32'), default: 0.5, formula },
        ],
      },
      {
        kind: 'table',
        name: 'everything',
        version: 2,
        definitionHash: hash('2'),
        ...described,
        entity: 'customer',
        source: 'profiles',
        online: true,
        layout: '22222222',
        delayMillis: 0,
        features: ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list<int64>'].map(
          (type) => ({ ...feature(`a_${type.replace('<', '_').replace('>', '')}`, type), column: 'x' }),
        ),
      },
      {
        kind: 'table',
        name: 'lane_stats',
        version: 1,
        definitionHash: hash('3'),
        ...described,
        entity: 'lane',
        source: 'lanes',
        online: true,
        layout: '33333333',
        ttlMillis: 1000,
        delayMillis: 0,
        features: [{ ...feature('minutes', 'int32'), column: 'minutes' }],
      },
      {
        kind: 'table',
        name: 'archive',
        version: 1,
        definitionHash: hash('4'),
        ...described,
        entity: 'customer',
        source: 'archive',
        online: false,
        layout: '44444444',
        delayMillis: 0,
        features: [{ ...feature('note', 'string'), column: 'note' }],
      },
      {
        kind: 'onDemand',
        name: 'basket_features',
        version: 1,
        definitionHash: hash('5'),
        ...described,
        inputs: [
          { kind: 'view', name: 'orders', view: 'orders', version: 1, features: ['spend', 'order_count'] },
          { kind: 'request', name: 'basket', source: 'basket' },
        ],
        features: [feature('share', 'float64'), feature('voucher_plus_orders', 'int64')],
        transformHash: hash('6'),
      },
      {
        kind: 'onDemand',
        name: 'risk',
        version: 1,
        definitionHash: hash('7'),
        ...described,
        inputs: [{ kind: 'view', name: 'basket', view: 'basket_features', version: 1, features: ['share'] }],
        features: [feature('risky', 'bool')],
        transformHash: hash('8'),
      },
      {
        kind: 'onDemand',
        name: 'basket_size',
        version: 1,
        definitionHash: hash('9'),
        ...described,
        inputs: [{ kind: 'request', name: 'basket', source: 'basket' }],
        features: [feature('size', 'int32'), feature('hour', 'int32')],
        transformHash: hash('9'),
      },
    ],
    services: [
      {
        name: 'checkout',
        version: 1,
        definitionHash: hash('c'),
        ...described,
        features: [
          { view: 'risk', version: 1, feature: 'risky', name: 'risky' },
          { view: 'orders', version: 1, feature: 'order_count', name: 'orders__order_count' },
          { view: 'basket_features', version: 1, feature: 'share', name: 'share' },
        ],
      },
      {
        name: 'lanes',
        version: 3,
        definitionHash: hash('d'),
        ...described,
        features: [
          { view: 'lane_stats', version: 1, feature: 'minutes', name: 'minutes' },
          { view: 'orders', version: 1, feature: 'spend', name: 'spend' },
        ],
      },
    ],
  }),
  transforms: {
    'basket_features@1': ({ orders, basket }) => {
      const [amount, spend] = [basket?.amount, orders?.spend];
      if (amount === -1) throw new Error('amount -1 of customer 7 at /var/task/define/shop.ts:10');
      return {
        share: typeof amount === 'number' && typeof spend === 'number' ? amount / spend : null,
        voucher_plus_orders: BigInt(String(basket?.voucher ?? 0)) + BigInt(String(orders?.order_count ?? 0)),
      };
    },
    'risk@1': ({ basket }) => ({ risky: typeof basket?.share === 'number' && basket.share > 2 }),
    'basket_size@1': ({ basket }, { asOf }) => ({
      size: Array.isArray(basket?.sizes) ? basket.sizes.length : null,
      hour: new Date(asOf).getUTCHours(),
    }),
  },
};

/** Online rows in memory with what was asked of them; keys named in `failing` cannot be read, those in `behind` only strongly. */
export class WatchedRows extends MemoryOnlineRows {
  readonly asked: string[] = [];
  readonly failing = new Set<string>();
  /** Written, but not where eventual reads look. */
  readonly behind = new Set<string>();

  override async read(...[addresses, options]: Parameters<MemoryOnlineRows['read']>) {
    this.asked.push(...addresses.map((address) => `${address.viewId} ${address.entityKey}`));
    const outcomes = await super.read(addresses, options);
    return outcomes.map((outcome, index) => {
      const address = `${addresses[index]?.viewId} ${addresses[index]?.entityKey}`;
      if (this.failing.has(address)) return { kind: 'failed' as const, reason: 'throttled' };
      return this.behind.has(address) && options.consistent !== true ? { kind: 'absent' as const } : outcome;
    });
  }

  /** Stores a row of a view, of this instant and without marks unless `row` says otherwise; returns its address. */
  async store(view: string, keys: readonly Value[], row: Partial<StoredRow>): Promise<string> {
    const stored = findStoredView(repository.manifest, view);
    const entity = findEntity(repository.manifest, stored.entity);
    const packed = packRow(stored, { eventTimeMillis: nowMillis, deleted: false, marks: null, values: [], ...row });
    return this.storeText(view, encodeEntityKey(entity, keys), packed);
  }

  async storeText(view: string, entityKey: string, packed: string): Promise<string> {
    const stored = findStoredView(repository.manifest, view);
    const viewId = `${stored.name}@${stored.version}`;
    await this.writeNewer([{ entityKey, viewId, order: `${this.asked.length}`, packed }]);
    return `${viewId} ${entityKey}`;
  }
}
