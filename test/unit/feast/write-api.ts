import { compile } from '#define/compile.ts';
import {
  batchView,
  bool,
  count,
  days,
  entity,
  feature,
  float32,
  hours,
  int32,
  int64,
  minutes,
  onDemandView,
  parquetSource,
  streamSource,
  streamView,
  string,
  tableView,
  timestamp,
} from '#define/index.ts';
import { adminGrants, type Grants } from '#engine/access/grants.ts';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { writeRoutes } from '#lambdas/write-features/routes.ts';
import type { Manifest } from '#spec/manifest.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { RunInput } from '#store/runs.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';

export const nowMillis = Date.UTC(2026, 0, 31, 9, 30);

const shopper = entity('shopper', { keys: { shopper_id: int64() }, owner: 'growth' });
const timed = { shopper_id: int64(), at: timestamp() };

const profiles = parquetSource('profiles', {
  location: 'profiles/',
  schema: {
    ...timed,
    made: timestamp(),
    gone: bool(),
    city: string(),
    score: float32(),
    since: timestamp(),
    note: string(),
  },
  eventTime: 'at',
  createdTime: 'made',
  deleted: 'gone',
});
const profile = tableView('profile', {
  entity: shopper,
  source: profiles,
  ttl: days(30),
  features: { city: feature(), rating: feature('score'), since: feature() },
});
const stock = parquetSource('stock', {
  location: 'stock/',
  partitionedBy: { dt: 'at' },
  schema: { ...timed, left: int64() },
  eventTime: 'at',
});
const stockLevels = tableView('stock_levels', {
  entity: shopper,
  source: stock,
  delay: minutes(5),
  features: { left: feature() },
});
const visits = parquetSource('visits', { location: 'visits/', schema: timed, eventTime: 'at' });
const visitCounts = batchView('visit_counts', {
  entity: shopper,
  source: visits,
  schedule: hours(1),
  ttl: days(1),
  features: { visits_24h: count({ window: hours(24) }) },
});
const shops = parquetSource('shops', { location: 'shops/', schema: { shopper_id: int64(), shop: string() } });
const homeShop = tableView('home_shop', { entity: shopper, source: shops, features: { shop: feature() } });
const bought = parquetSource('bought', {
  location: 's3://elsewhere/bought/',
  schema: { ...timed, brand: string() },
  eventTime: 'at',
});
const brands = tableView('brands', { entity: shopper, source: bought, features: { brand: feature() } });
const clicks = streamSource('clicks', {
  schema: { ...timed, click_id: string(), page: string() },
  eventTime: 'at',
  eventId: 'click_id',
});
const lastClick = tableView('last_click', {
  entity: shopper,
  source: clicks,
  features: { page: feature(), click_id: feature() },
});
const clickCounts = streamView('click_counts', {
  entity: shopper,
  source: clicks,
  features: { clicks_1h: count({ window: hours(1) }) },
});
const greeting = onDemandView('greeting', {
  inputs: { profile },
  owner: 'growth',
  description: 'of the shopper',
  outputs: { city_length: int64() },
  transform: ({ profile: { city } }) => ({ city_length: city === null ? null : BigInt(city.length) }),
});

/** A manifest with a view of every kind, over sources that rows can be written to and others. */
export const manifest: Manifest = compile(
  [profile, stockLevels, visitCounts, homeShop, brands, lastClick, clickCounts, greeting],
  { project: 'shop' },
);

const lanes = parquetSource('lanes', {
  location: 'lanes/',
  schema: { origin: string(), target: string(), minutes: int32(), at: timestamp() },
  eventTime: 'at',
});
const laneStats = tableView('lane_stats', {
  entity: entity('lane', { keys: { origin: string(), target: string() }, owner: 'routes' }),
  source: lanes,
  features: { minutes: feature() },
});
const orders = tableView('orders', { entity: shopper, source: visits, features: { last_at: feature('at') } });
/** What the recorded writes are about. */
export const lanesManifest: Manifest = compile([laneStats, orders], { project: 'shop' });

/** The handler of Feast's routes that write, over ports in memory. */
export function writeApi(of = manifest) {
  const objects = new MemoryObjects();
  const online = new MemoryOnlineRows();
  const stream = new MemoryEventStream({ shards: 1, clock: () => nowMillis });
  const started: RunInput[] = [];
  const reported: { source: string; rows: number }[] = [];
  const done: { outcome: 'succeeded' | 'failed' | 'running' } = { outcome: 'succeeded' };
  const caller: { grants: Grants } = { grants: adminGrants };
  const { logger } = createTelemetry('write-features', { project: 'shop', stage: 'dev' });
  logger.setLogLevel('SILENT');
  const ports = {
    manifest: of,
    objects,
    online,
    streamOf: () => stream,
    clock: () => nowMillis,
    report: (fact: { source: string; rows: number }) => void reported.push(fact),
    runs: {
      start: async (input: RunInput) => `run-${started.push(input)}`,
      settled: async () => done.outcome,
    },
  };
  const handlerOf = (changed: Partial<typeof ports> = {}) =>
    createHttpHandler({
      routes: writeRoutes({ ...ports, ...changed }),
      identify: async () => ({ id: 'test', grants: caller.grants }),
      logger,
    });
  const call = async (path: string, body: unknown, changed: Partial<typeof ports> = {}) => {
    const [route = '', search = ''] = path.split('?');
    const query = Object.fromEntries(new URLSearchParams(search));
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return handlerOf(changed)(proxyEvent('POST', route, { body: text, query }), lambdaContext());
  };
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of objects.list('')) found.push(key);
    return found;
  };
  return { objects, online, stream, started, reported, done, caller, call, keys };
}

/** Class and message of an error in Feast's envelope. */
export const errorOf = (body: string): { module: string; class: string; message: string } =>
  JSON.parse(JSON.parse(body));
