import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeEntityKey } from '#codec/entity-key.ts';
import { packRow } from '#codec/packed-row.ts';
import { valuesResponseSchema } from '#lambdas/serve-features/event.ts';
import { findEntity, findStoredView } from '#spec/find.ts';
import type { FeatureService } from '#spec/manifest.ts';
import type { ServingPolicy } from '#spec/serving-policy.ts';
import { BoundedRows } from '#store/bounded-rows.ts';
import { DynamoOnlineRows } from '#store/dynamodb/online-rows.ts';
import { KeptRows } from '#store/kept-rows.ts';
import { FaultyTable, type TableFault, tableFaults } from './faulty-table.ts';
import { serveApi } from './serve-api.ts';
import { hourMillis, nowMillis, repository } from './shop.ts';

// The store's pauses between tries pass by the same clock as everything else here.
vi.mock('node:timers/promises', () => ({
  setTimeout: (millis: number) => new Promise<void>((done) => setTimeout(done, millis)),
}));

const { manifest } = repository;
const [checkout] = manifest.services as [FeatureService];
const serviceOf = (name: string, serving?: ServingPolicy): FeatureService => ({
  ...checkout,
  name,
  ...(serving && { serving }),
});
const quarter = 15 * 60_000;
const policies = {
  failing: serviceOf('failing'),
  defaulting: serviceOf('defaulting', { onUnavailable: { kind: 'default' } }),
  remembering: serviceOf('remembering', { onUnavailable: { kind: 'lastKnown', withinMillis: quarter } }),
  cached: serviceOf('cached', { cache: { ttlMillis: 5000, negativeTtlMillis: 5000 } }),
};
type Policy = keyof typeof policies;
const orders = findStoredView(manifest, 'orders');
const mostReads = 4;
/** What the caller waits. */
const deadlineMillis = 1000;
/** Time passes in such steps, and the code has a few turns of the event loop in each. */
const stepMillis = 10;

/** Not the global Date, which the guard of transforms puts back. */
let clockMillis = nowMillis;
const clock = () => clockMillis;
async function pass(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done));
  clockMillis += stepMillis;
  await vi.advanceTimersByTimeAsync(stepMillis);
}

let table: FaultyTable;
let api: ReturnType<typeof serveApi>;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clockMillis = nowMillis;
  table = new FaultyTable();
  const client = new DynamoDBClient({ region: 'eu-west-1' }); // writes, which nothing here makes
  const rows = new DynamoOnlineRows({ client, reads: table, tableName: 'rows', clock });
  api = serveApi(
    { ...repository, manifest: { ...manifest, services: Object.values(policies) } },
    { rows: new KeptRows(new BoundedRows(rows, mostReads), { clock }), clock },
  );
});
afterEach(() => {
  vi.useRealTimers();
});

let writes = 0;
async function store(id: number, spend: number, eventTimeMillis = nowMillis): Promise<void> {
  const packed = packRow(orders, { eventTimeMillis, deleted: false, marks: null, values: [BigInt(id), spend, 0] });
  const entityKey = encodeEntityKey(findEntity(manifest, 'customer'), [BigInt(id)]);
  await table.rows.writeNewer([{ entityKey, viewId: 'orders@1', order: String(writes++).padStart(9), packed }]);
}

/** Sends a request and lets time pass until it is answered. Features: risky and share of the basket and the spend, and the number of orders. */
async function ask(policy: Policy, ids: readonly number[], members: object = {}) {
  const startedAt = clock();
  let millis: number | undefined;
  const answering = api
    .call('POST', '/v1/online-features', {
      headers: { 'x-tidemark-deadline-ms': String(deadlineMillis) },
      body: JSON.stringify({
        service: policy,
        entities: ids.map((id) => ({ customer_id: id })),
        request: [{ amount: 30, voucher: 0, sizes: [] }],
        metadata: ['status', 'eventTime'],
        ...members,
      }),
    })
    .finally(() => {
      millis = clock() - startedAt;
    });
  while (millis === undefined) await pass();
  const { statusCode, body } = await answering;
  const json: unknown = JSON.parse(body);
  return { statusCode, millis, json, rows: statusCode === 200 ? valuesResponseSchema.parse(json).rows : [] };
}

const whole = { values: [true, 1, 3], status: ['PRESENT', 'PRESENT', 'PRESENT'] };
const fallen = (values: readonly unknown[]) => ({ values, status: ['FALLBACK', 'FALLBACK', 'FALLBACK'] });
const unread = { values: [null, null, null], status: ['ERROR', 'ERROR', 'ERROR'] };
/** The declared default of the count is 0; spend has none, so nothing is divided by it. */
const defaults = fallen([false, 0, null]);
const total = tableFaults.filter((fault) => fault !== 'half' && fault !== 'slow');

describe.each(total)('a table that is %s', (fault: TableFault) => {
  it('is answered by policy inside the deadline, and as ever once it is well', async () => {
    await store(1, 10);
    expect(await ask('remembering', [1])).toMatchObject({ statusCode: 200, rows: [whole] });
    table.fault = fault;
    await store(1, 20);

    const failed = await ask('failing', [1]);
    expect(failed).toMatchObject({ statusCode: 503, json: { code: 'serve.storeUnavailable' } });
    expect(failed.millis).toBeLessThanOrEqual(deadlineMillis + 2 * stepMillis);
    const defaulted = await ask('defaulting', [1, 2]);
    expect(defaulted).toMatchObject({
      statusCode: 200,
      rows: [defaults, defaults],
      json: { meta: { partial: false } },
    });
    expect(defaulted.millis).toBeLessThan(deadlineMillis);
    const remembered = await ask('remembering', [1, 2]);
    expect(remembered).toMatchObject({ statusCode: 200, rows: [fallen([true, 1, 3]), defaults] });
    expect(remembered.millis).toBeLessThan(deadlineMillis);
    expect(remembered.rows[0]?.eventTime).toEqual([null, new Date(nowMillis).toISOString(), null]);

    table.fault = undefined;
    for (const policy of ['failing', 'defaulting', 'remembering'] as const)
      expect(await ask(policy, [1])).toMatchObject({ statusCode: 200, rows: [{ ...whole, values: [false, 1, 1.5] }] });
  });
});

it.each([
  ['failing', unread, true],
  ['defaulting', defaults, false],
  ['remembering', fallen([true, 2, 3]), false],
] as const)(
  'half the keys unprocessed: the others are answered by the policy of a %s service',
  async (policy, other, partial) => {
    await store(1, 10);
    await store(2, 10);
    await ask('remembering', [1, 2]);
    table.fault = 'half';
    const answer = await ask(policy, [1, 2]);
    expect(answer).toMatchObject({ statusCode: 200, rows: [whole, other], json: { meta: { partial } } });
    expect(answer.millis).toBeLessThanOrEqual(deadlineMillis + (partial ? 2 * stepMillis : 0));
    table.fault = undefined;
    expect(await ask(policy, [1, 2])).toMatchObject({ rows: [whole, { status: whole.status }] });
  },
);

describe('a table that is slow', () => {
  it('is waited for, and reads beyond the bound are answered by policy at once', async () => {
    await store(1, 10);
    table.fault = 'slow';
    const answers = await Promise.all(Array.from({ length: mostReads + 3 }, () => ask('defaulting', [1])));
    expect(table.calls).toBe(mostReads);
    const told = answers.map(({ rows, millis = 0 }) => `${rows[0]?.status?.[0]} in ${millis - (millis % 100)} ms`);
    expect(told).toEqual([
      ...Array.from({ length: mostReads }, () => 'PRESENT in 400 ms'),
      ...Array.from({ length: 3 }, () => 'FALLBACK in 0 ms'),
    ]);
    expect(await ask('defaulting', [1])).toMatchObject({ rows: [whole] });
  });
});

it('a caller who wants nothing rather than a part is answered 503, whatever the policy', async () => {
  table.fault = 'throttling';
  const { statusCode, json } = await ask('defaulting', [1], { onPartial: 'fail' });
  expect({ statusCode, json }).toMatchObject({ statusCode: 503, json: { code: 'serve.partial' } });
});

it('a last known row that is beyond its time to live is not served: its default is', async () => {
  await store(1, 10, nowMillis - hourMillis + 100);
  expect(await ask('remembering', [1])).toMatchObject({ rows: [whole] });
  table.fault = 'stopped';
  clockMillis = nowMillis + 101;
  expect(await ask('remembering', [1])).toMatchObject({ statusCode: 200, rows: [defaults] });
});

it('a last known row is served no longer than the service says', async () => {
  await store(1, 10);
  await ask('remembering', [1]);
  table.fault = 'stopped';
  clockMillis = nowMillis + quarter - deadlineMillis;
  expect(await ask('remembering', [1])).toMatchObject({ rows: [fallen([true, 1, 3])] });
  clockMillis = nowMillis + quarter;
  expect(await ask('remembering', [1])).toMatchObject({ rows: [defaults] });
});

it('the catalog says how a service is answered', async () => {
  const told = await api.call('GET', '/v1/feature-services/remembering');
  expect(JSON.parse(told.body)).toMatchObject({ onUnavailable: { kind: 'lastKnown', withinMillis: quarter } });
  const other = await api.call('GET', '/v1/feature-services/failing');
  expect(Object.keys(JSON.parse(other.body))).not.toContain('onUnavailable');
});

describe('a cache', () => {
  it('spares reads for its time to live, tells how often, and is passed by for strong consistency', async () => {
    await store(1, 10);
    expect(await ask('cached', [1, 2])).toMatchObject({ rows: [whole, { status: ['PRESENT', 'MISSING', 'PRESENT'] }] });
    await store(1, 20);
    clockMillis = nowMillis + 5000;
    expect(await ask('cached', [1, 2])).toMatchObject({ rows: [whole, {}] });
    expect(table.calls).toBe(1);
    expect(await ask('cached', [1], { consistency: 'strong' })).toMatchObject({ rows: [{ values: [false, 1, 1.5] }] });
    expect(await ask('cached', [1])).toMatchObject({ rows: [{ values: [false, 1, 1.5] }] });
    expect(await ask('failing', [1])).toMatchObject({ rows: [{ values: [false, 1, 1.5] }] });
    expect(api.facts.map(({ served }) => served?.counts.cacheHits)).toEqual([0, 2, undefined, 1, undefined]);
  });

  it('does not hold a row beyond its time to live in the view', async () => {
    await store(1, 10, nowMillis - hourMillis + 100);
    expect(await ask('cached', [1])).toMatchObject({ rows: [whole] });
    clockMillis = nowMillis + 101;
    expect(await ask('cached', [1])).toMatchObject({ rows: [{ status: ['PRESENT', 'EXPIRED', 'PRESENT'] }] });
    expect(table.calls).toBe(1);
  });
});
