// F76: the impact of a change, before it is deployed
import { expect, it } from 'vitest';
import { compile } from '#define/compile.ts';
import {
  batchView,
  count,
  days,
  entity,
  featureService,
  float64,
  hours,
  int64,
  mean,
  onDemandView,
  parquetSource,
  pick,
  timestamp,
} from '#define/index.ts';
import { type Recompute, recomputeOf } from '#engine/materialize/recompute.ts';
import { objectKeys } from '#spec/layout.ts';
import { type Manifest, type View, viewSchema } from '#spec/manifest.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { streamViewOf, tableViewOf } from '#test/support/manifests.ts';
import { changesOf } from '../../../cli/deploy/changed-views.ts';
import { impactLines, impactsOf } from '../../../cli/deploy/impact.ts';

interface Shape {
  readonly version?: number;
  readonly window?: number;
  readonly latencyColumn?: boolean;
  readonly schedule?: number;
  readonly without?: boolean;
}

/** orders: mean and count; doubled reads the mean, again reads doubled; pricing serves again, counting the count. */
function repository({
  version = 1,
  window = days(7),
  latencyColumn = false,
  schedule = hours(1),
  without,
}: Shape): Manifest {
  const customer = entity('customer', { keys: { customer_id: int64() }, owner: 'crm' });
  const payments = parquetSource('payments', {
    location: latencyColumn ? 'payments-v2/' : 'payments/',
    schema: { customer_id: int64(), amount: float64(), at: timestamp() },
    eventTime: 'at',
  });
  const orders = batchView('orders', {
    entity: customer,
    source: payments,
    version,
    schedule,
    features: { amount_mean: mean('amount', { window }), orders_count: count({ window: days(1) }) },
  });
  const doubled = onDemandView('doubled', {
    inputs: { orders: pick(orders, ['amount_mean']) },
    outputs: { twice: float64() },
    owner: 'risk',
    transform: ({ orders: { amount_mean } }) => ({ twice: amount_mean === null ? null : amount_mean * 2 }),
  });
  const again = onDemandView('again', {
    inputs: { doubled },
    outputs: { four_times: float64() },
    owner: 'labs',
    transform: ({ doubled: { twice } }) => ({ four_times: twice === null ? null : twice * 2 }),
  });
  const pricing = featureService('pricing', [again.features.four_times], {
    owner: 'sales',
    tags: { model: 'price_net' },
  });
  const counting = featureService('counting', [orders.features.orders_count]);
  const extra = batchView('extra', {
    entity: customer,
    source: payments,
    schedule: hours(1),
    features: { extra_count_1d: count({ window: days(1) }) },
  });
  return compile(without ? [extra] : [extra, pricing, counting], { project: 'demo' });
}

/** As the API hands a declaration on. */
const overTheWire = (views: readonly View[]): View[] =>
  views.map((view) => viewSchema.parse(JSON.parse(JSON.stringify(view))));
const recompute = async (): Promise<Recompute> => ({ kind: 'ticks', ticks: 720, rows: 36_000 });
const impacts = (before: Manifest, after: Manifest) =>
  impactsOf(
    changesOf(after, new Map(before.views.map((view) => [`${view.name}@${view.version}`, view.definitionHash]))),
    {
      manifest: after,
      deployed: { views: overTheWire(before.views), services: before.services },
      recompute,
    },
  );
const impactOn = async (id: string, before: Shape, after: Shape) =>
  (await impacts(repository(before), repository(after))).find(({ view }) => view === id);

it('names what uses a changed feature, through chains of on-demand views, and leaves out what uses another feature', async () => {
  expect(await impactOn('orders@1', {}, { window: days(14) })).toEqual({
    change: 'changed',
    view: 'orders@1',
    before: 'orders@1',
    because: [],
    features: ['amount_mean'],
    dependents: {
      views: ['again@1', 'doubled@1'],
      features: ['again@1:four_times', 'doubled@1:twice'],
      services: ['pricing@1'],
      models: ['price_net'],
      owners: ['crm', 'labs', 'risk', 'sales'],
    },
    recompute: { kind: 'ticks', ticks: 720, rows: 36_000 },
  });
});

it.each([
  ['its source', { latencyColumn: true }, 'source payments or entity customer'],
  ['its schedule', { schedule: hours(2) }, 'scheduleMillis'],
])('takes every feature of a view for changed with %s', async (_, change, because) => {
  expect(await impactOn('orders@1', {}, change)).toMatchObject({
    because: [because],
    features: ['amount_mean', 'orders_count'],
    dependents: { services: ['counting@1', 'pricing@1'] },
  });
});

it('says of an on-demand view that its inputs changed, where its own code did not', async () => {
  expect(await impactOn('doubled@1', {}, { window: days(14) })).toMatchObject({
    because: ['its inputs orders@1'],
    dependents: { views: ['again@1'], services: ['pricing@1'] },
  });
});

it('compares a new version with the newest deployed one, and counts who has moved to it', async () => {
  expect(await impactOn('orders@3', { version: 2 }, { version: 3, window: days(14) })).toMatchObject({
    change: 'added',
    before: 'orders@2',
    features: ['amount_mean'],
    dependents: { services: ['pricing@1'] },
    recompute: { kind: 'ticks' },
  });
});

it('names the deployed services that a removed view had', async () => {
  expect(await impactOn('orders@1', {}, { without: true })).toMatchObject({
    change: 'removed',
    dependents: { views: ['again@1', 'doubled@1'], services: ['counting@1', 'pricing@1'] },
    recompute: { kind: 'none' },
  });
});

it('shows nobody and nothing to recompute of a view that is all new, and says no more than its name', async () => {
  const impact = await impactOn('orders@1', { without: true }, {});
  expect(impact).toMatchObject({ change: 'added', before: undefined, recompute: { kind: 'none' } });
  expect(impact && impactLines(impact)).toEqual([]);
});

it('prints one line for each kind of dependents', async () => {
  const impact = await impactOn('orders@1', {}, { window: days(14) });
  expect(impact && impactLines(impact)).toEqual([
    '    features: amount_mean',
    '    read by: again@1, doubled@1',
    '    their features: again@1:four_times, doubled@1:twice',
    '    services: pricing@1',
    '    models: price_net',
    '    owners: crm, labs, risk, sales',
    '    to recompute: 720 ticks, about 36,000 rows',
  ]);
});

it('counts the ticks that are covered, by the schedule that is wanted, and their rows by a run that tells how many a tick has', async () => {
  const [objects, records] = [new MemoryObjects(), new MemoryRecords()];
  const [hourly, twoHourly] = [repository({}), repository({ schedule: hours(2) })].map(
    ({ views }) => views.find(({ name }) => name === 'orders') ?? expect.fail('no view orders'),
  );
  if (!hourly || !twoHourly) expect.fail('no views');
  const covered = [{ fromMillis: 0, toMillis: days(30) }];
  const state = { kind: 'batch', fence: 1, publishedRun: 1, covered, onlinePending: [] };
  await objects.put(objectKeys.state(hourly), JSON.stringify(state));
  expect(await recomputeOf({ objects, records }, hourly, twoHourly)).toEqual({ kind: 'ticks', ticks: 360 });
  await records.put({
    group: 'run#orders@1',
    sort: '000000000001',
    body: {
      view: 'orders@1',
      kind: 'batch',
      run: 1,
      state: 'succeeded',
      step: 'finishing',
      execution: 'arn',
      requested: {},
      startedAtMillis: 0,
      ticks: 24,
      featureRows: 1200,
    },
  });
  expect(await recomputeOf({ objects, records }, hourly, hourly)).toEqual({ kind: 'ticks', ticks: 720, rows: 36_000 });
});

it('counts the source objects that a table view has read, and says so of what nobody counts', async () => {
  const [objects, records] = [new MemoryObjects(), new MemoryRecords()];
  const parts = { entity: 'customer', source: 'profiles' };
  const table = tableViewOf('profile', [{ name: 'city', type: 'string' }], parts);
  const stream = streamViewOf('clicks', [], parts);
  const state = { kind: 'table', fence: 1, objects: { 'a.parquet': '1', 'b.parquet': '2' }, visibleMillis: 0 };
  await objects.put(objectKeys.state(table), JSON.stringify(state));
  expect(await recomputeOf({ objects, records }, table, { ...table, version: 2 })).toEqual({
    kind: 'objects',
    objects: 2,
  });
  expect(await recomputeOf({ objects, records }, stream, stream)).toMatchObject({ kind: 'unknown' });
  expect(await recomputeOf({ objects, records }, table, stream)).toMatchObject({ kind: 'unknown' });
  const [onDemand] = repository({}).views.filter(({ kind }) => kind === 'onDemand');
  expect(onDemand && (await recomputeOf({ objects, records }, onDemand, onDemand))).toMatchObject({ kind: 'none' });
});
