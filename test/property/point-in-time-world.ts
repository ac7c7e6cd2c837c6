import type { Column, Manifest } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { batchViewOf, entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { Random } from '#test/support/random.ts';
import type { OracleRow } from '../oracle/point-in-time.ts';
import type { OracleValue } from '../oracle/values.ts';

/** Random feature rows and labels of the point-in-time property test: three views of one entity, one of another, all edges hit on purpose. */
const hour = 3_600_000;
/** So that the midnight and the streams of stream-world.ts lie between the rows. */
/** Four hours before a midnight at which the join cuts the rows of an entity into brackets. */
export const start = Date.UTC(2025, 11, 7, 20);
export const delayMillis = 90_000;
export const batchDelayMillis = 10 * 60_000;
export const ttlMillis = 2 * hour;
export const batchTtlMillis = 3 * hour;

const trip = entityOf('trip', [
  { name: 'case_id', type: 'int64' },
  { name: 'zone', type: 'string' },
]);
const shop = entityOf('shop', [{ name: 'shop_id', type: 'string' }]);

const readings = sourceOf(
  'readings',
  [
    { name: 'case_id', type: 'int64' },
    { name: 'zone', type: 'string' },
    { name: 'seen_at', type: 'timestamp' },
    { name: 'made_at', type: 'timestamp' },
    { name: 'gone', type: 'bool' },
    { name: 'total', type: 'int64' },
    { name: 'rate', type: 'float64' },
    { name: 'word', type: 'string' },
    { name: 'marks', type: 'list<float64>' },
  ],
  { eventTime: 'seen_at', createdTime: 'made_at', deleted: 'gone' },
);
const shops = sourceOf('shops', [
  { name: 'shop_id', type: 'string' },
  { name: 'size', type: 'int32' },
  { name: 'run', type: 'bool' },
]);
const events = sourceOf('events', [...trip.keys, { name: 'at', type: 'timestamp' }], { eventTime: 'at' });

export const readingView = tableViewOf(
  'reading',
  [
    { name: 'total', type: 'int64', default: '-9007199254740993' },
    { name: 'rate', type: 'float64' },
    { name: 'word', type: 'string', default: "it's" },
    { name: 'marks', type: 'list<float64>' },
  ],
  { entity: 'trip', source: 'readings', ttlMillis, delayMillis },
);
export const foreverView = tableViewOf('forever', [{ name: 'word', type: 'string' }], {
  entity: 'trip',
  source: 'readings',
});
export const countView = batchViewOf(
  'counts',
  [{ name: 'n', type: 'int64', formula: { kind: 'count', windowMillis: hour }, default: '0' }],
  { entity: 'trip', source: 'events', scheduleMillis: hour, delayMillis: batchDelayMillis, ttlMillis: batchTtlMillis },
);
export const shopView = tableViewOf(
  'shop_facts',
  [
    { name: 'size', type: 'int32' },
    { name: 'run', type: 'bool', default: false },
  ],
  { entity: 'shop', source: 'shops' },
);

export const manifest: Manifest = manifestOf({
  entities: [shop, trip],
  sources: [events, readings, shops],
  views: [countView, foreverView, readingView, shopView],
});

export interface BatchRow {
  readonly caseId: number;
  readonly zone: string;
  readonly tick: number;
  readonly run: 1 | 2;
  readonly replaces: boolean;
  readonly n: bigint | null;
}

export interface Label {
  readonly caseId: number | null;
  readonly zone: string | null;
  readonly shopId: string | null;
  readonly eventTime: number;
}

export interface World {
  readonly readings: readonly Readonly<Record<string, OracleValue>>[];
  readonly shops: readonly Readonly<Record<string, OracleValue>>[];
  readonly counts: readonly BatchRow[];
  /** When run 2 was published. */
  readonly publishedAt: number;
  readonly labels: readonly Label[];
}

export const keyOf = (caseId: unknown, zone: unknown): string | null =>
  caseId === null || zone === null ? null : JSON.stringify([String(caseId), zone]);

const zones = ['', 'z', 'Ω', 'a,b', '\u{1f600}'];
const rates = [0, -0, 1.5, -2.25, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1];
const totals = [0n, 1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n];
const lists = [[], [1], [1, 2], [1, null], [Number.NaN], [-0], [0]];
const orNull = <T>(random: Random, value: T): T | null => (random.chance(0.1) ? null : value);

export function randomWorld(seed: number, cases: number): World {
  const random = new Random(seed);
  const publishedAt = start + 7 * hour + 12_345;
  const world = { readings: [] as Record<string, OracleValue>[], counts: [] as BatchRow[], labels: [] as Label[] };
  const shops = Array.from({ length: 40 }, (_, at) => ({
    shop_id: orNull(random, `s${at % 30}`),
    size: orNull(random, at),
    run: orNull(random, random.chance(0.5)),
  }));
  for (let caseId = 0; caseId < cases; caseId++) {
    const zone = random.pick(zones);
    const times: number[] = [];
    for (let left = random.integer(0, 6); left > 0; left--) {
      const seenAt = times.length > 0 && random.chance(0.3) ? random.pick(times) : start + random.integer(0, 10 * hour);
      times.push(seenAt);
      const row = reading(random, { caseId, zone: orNull(random, zone), seenAt });
      world.readings.push(row);
      if (random.chance(0.1)) world.readings.push(row);
    }
    const ticks = Array.from({ length: 9 }, (_, at) => start + at * hour).filter(() => random.chance(0.4));
    for (const tick of ticks) {
      world.counts.push({
        caseId,
        zone,
        tick,
        run: 1,
        replaces: false,
        n: orNull(random, BigInt(random.integer(0, 9))),
      });
      if (random.chance(0.3))
        world.counts.push({
          caseId,
          zone,
          tick,
          run: 2,
          replaces: true,
          n: orNull(random, BigInt(random.integer(10, 19))),
        });
    }
    const edges = [
      ...times.flatMap((time) => [time, time + delayMillis, time + ttlMillis, time + delayMillis + ttlMillis]),
      ...ticks.flatMap((tick) => [tick, tick + batchDelayMillis, tick + batchTtlMillis]),
      publishedAt,
    ];
    for (let left = random.integer(1, 4); left > 0; left--) {
      const eventTime = random.chance(0.6)
        ? random.pick(edges) + random.pick([-1, 0, 0, 1])
        : start + random.integer(-hour, 12 * hour);
      const isOther = random.chance(0.05);
      const label = {
        caseId: orNull(random, isOther ? -caseId - 1 : caseId),
        zone: orNull(random, zone),
        shopId: orNull(random, `s${random.integer(0, 35)}`),
        eventTime,
      };
      world.labels.push(label);
      if (random.chance(0.1)) world.labels.push(label);
    }
  }
  // An unsorted spine: rows come in any order.
  for (let at = world.labels.length - 1; at > 0; at--) {
    const other = random.integer(0, at);
    const [a, b] = [world.labels[at], world.labels[other]];
    if (a && b) [world.labels[at], world.labels[other]] = [b, a];
  }
  return { ...world, shops, publishedAt };
}

function reading(
  random: Random,
  { caseId, zone, seenAt }: { caseId: number; zone: string | null; seenAt: number },
): Record<string, OracleValue> {
  const madeAt = orNull(random, random.chance(0.5) ? seenAt : seenAt + random.integer(-1000, 2 * hour));
  return {
    case_id: BigInt(caseId),
    zone,
    seen_at: random.chance(0.02) ? null : seenAt,
    made_at: madeAt,
    gone: random.chance(0.1) ? true : orNull(random, false),
    total: orNull(random, random.pick(totals)),
    rate: orNull(random, random.pick(rates)),
    word: orNull(random, random.pick(['', 'a', 'é', 'zz', '\uffff', '\u{10000}'])),
    marks: orNull(random, random.pick(lists)),
  };
}

/** Rows of the reading table as the oracle wants them, with the features of one view. */
export function readingRows(world: World, features: readonly string[], delay: number): OracleRow[] {
  return world.readings
    .filter(({ zone, seen_at }) => zone !== null && seen_at !== null)
    .map((row) => ({
      key: keyOf(row.case_id, row.zone) ?? '',
      eventTime: Number(row.seen_at),
      createdTime: row.made_at === null ? null : Number(row.made_at),
      run: 0,
      availableAt: Number(row.seen_at) + delay,
      deleted: row.gone === true,
      values: features.map((feature) => row[feature] ?? null),
    }));
}

export const shopRows = (world: World): OracleRow[] =>
  world.shops
    .filter(({ shop_id }) => shop_id !== null)
    .map((row) => ({
      key: String(row.shop_id),
      eventTime: 0,
      createdTime: null,
      run: 0,
      availableAt: undefined,
      deleted: false,
      values: [row.size ?? null, row.run ?? null],
    }));

export const countRows = (world: World): OracleRow[] =>
  world.counts.map(({ caseId, zone, tick, run, replaces, n }) => ({
    key: keyOf(caseId, zone) ?? '',
    eventTime: tick,
    createdTime: null,
    run,
    availableAt: replaces ? Math.max(tick + batchDelayMillis, world.publishedAt) : tick + batchDelayMillis,
    deleted: false,
    values: [n],
  }));

/** A column of records, typed as the schema says. */
export const columnsOf = (schema: readonly Column[], rows: readonly Readonly<Record<string, OracleValue>>[]) =>
  schema.map(({ name, type }) => ({ name, type, values: rows.map((row) => (row[name] ?? null) as Value) })); // the generator follows the schema
