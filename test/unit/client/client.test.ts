import { describe, expect, it } from 'vitest';
import { createClient } from '#client/index.ts';
import type { Value } from '#spec/value-type.ts';
import { hourMillis, nowMillis } from '#test/unit/serve/shop.ts';
import { localServer } from './local-server.ts';
import { serveOverHttp } from './serve-over-http.ts';

const types = ['int32', 'int64', 'float32', 'float64', 'string', 'bool', 'timestamp', 'bytes', 'list_int64'];
const features = types.map((type) => `everything:a_${type}`);
const big = 9223372036854775807n;
const stored: readonly Value[] = [
  7,
  big,
  0.5,
  Number.NEGATIVE_INFINITY,
  'ü"',
  true,
  nowMillis,
  new Uint8Array([0, 255]),
  [big, null],
];
const basket = { amount: 30, voucher: 2n ** 60n, sizes: [1] };

describe('online features', () => {
  it('have the types of their features: int64 exact, timestamps as dates, bytes, lists, nulls', async () => {
    const { url, rows } = await serveOverHttp();
    await rows.store('everything', [big], { eventTimeMillis: nowMillis - hourMillis, values: stored });
    const client = createClient({ url, token: 'right' });
    const answer = await client.onlineFeatures({
      features,
      entities: [{ customer_id: big }, { customer_id: 1 }],
      eventTimes: true,
    });
    const named = (values: readonly unknown[]) =>
      Object.fromEntries(types.map((type, index) => [`everything__a_${type}`, values[index]]));
    expect(answer.rows[0]?.values).toEqual(
      named(stored.map((value, index) => (index === 6 ? new Date(nowMillis) : value))),
    );
    expect(answer.rows[1]?.values).toEqual(named(types.map(() => null)));
    expect(answer.rows.map(({ status }) => status.everything__a_int64)).toEqual(['PRESENT', 'MISSING']);
    expect(answer.rows.map(({ eventTimes }) => eventTimes?.everything__a_int32)).toEqual([
      new Date(nowMillis - hourMillis),
      null,
    ]);
    expect(answer.meta).toMatchObject({ asOf: new Date(nowMillis), service: undefined, partial: false });
  });

  it('come by column with the same values', async () => {
    const { url, rows } = await serveOverHttp();
    await rows.store('everything', [1n], { values: stored });
    const client = createClient({ url, token: 'right' });
    const request = { features, entities: [{ customer_id: 2 }, { customer_id: 1 }] };
    const [byRow, byColumn] = [await client.onlineFeatures(request), await client.onlineColumns(request)];
    expect(byColumn.names).toEqual(byRow.names);
    for (const name of byColumn.names) {
      expect(byColumn.columns[name]).toEqual(byRow.rows.map(({ values }) => values[name]));
      expect(byColumn.status[name]).toEqual(byRow.rows.map(({ status }) => status[name]));
    }
  });

  it('come as vectors that the model can refuse', async () => {
    const { url, rows } = await serveOverHttp();
    await rows.store('orders', [1n], { values: [4n, Number.NaN, null] });
    const client = createClient({ url, token: 'right' });
    const request = {
      features: ['orders:order_count', 'orders:spend', 'orders:ratio'],
      entities: [{ customer_id: 1 }],
    };
    expect((await client.onlineVectors(request)).rows).toEqual([
      { vector: [4, Number.NaN, null], status: Array(3).fill('PRESENT') },
    ]);
    const filled = await client.onlineVectors({ ...request, fill: -1 });
    expect(filled.rows[0]).toMatchObject({ vector: [4, Number.NaN, -1], filled: [2] });
    const { vectorHash } = filled.meta;
    await client.onlineVectors({ ...request, fill: -1, vectorHash });
    await expect(client.onlineVectors({ ...request, fill: 0, vectorHash })).rejects.toMatchObject({
      status: 409,
      code: 'serve.vectorMismatch',
    });
  });

  it('come as a matrix of either width, with the hash of the vectors', async () => {
    const { url, rows } = await serveOverHttp();
    await rows.store('orders', [1n], { values: [4n, Number.NaN, null] });
    const client = createClient({ url, token: 'right' });
    const request = {
      features: ['orders:order_count', 'orders:ratio'],
      entities: [{ customer_id: 1 }, { customer_id: 2 }],
    };
    const matrix = await client.onlineMatrix(request);
    expect([matrix.shape, matrix.data]).toEqual([[2, 2], new Float64Array([4, Number.NaN, 0, 0.5])]);
    const filled = await client.onlineMatrix({ ...request, fill: -1, dtype: 'float32' });
    expect(filled.data).toEqual(new Float32Array([4, -1, 0, 0.5]));
    const { meta } = await client.onlineVectors({ ...request, fill: -1 });
    expect(filled.meta).toEqual({ asOf: meta.asOf, partial: false, vectorHash: meta.vectorHash });
    await expect(client.onlineMatrix({ ...request, features: ['everything:a_string'] })).rejects.toMatchObject({
      status: 400,
      errors: [{ pointer: '/format', message: expect.stringContaining('everything__a_string (string)') }],
    });
  });

  it('take request fields beyond 2^53, and say where a request is wrong', async () => {
    const { url, rows } = await serveOverHttp();
    await rows.store('orders', [1n], { values: [4n, 10, 0] });
    const client = createClient({ url, token: 'right' });
    const entities = [{ customer_id: 1 }];
    const answer = await client.onlineFeatures({
      features: ['basket_features:voucher_plus_orders'],
      entities,
      request: [basket],
    });
    expect(answer.rows[0]?.values).toEqual({ basket_features__voucher_plus_orders: 2n ** 60n + 4n });
    await expect(
      client.onlineFeatures({ service: 'checkout', entities: [{ customer: 1 }], request: [basket] }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'serve.invalidRequest',
      errors: [{ pointer: '/entities/0/customer_id' }, { pointer: '/entities/0/customer' }],
    });
    await expect(createClient({ url, token: 'wrong' }).featureViews()).rejects.toMatchObject({ status: 401 });
  });
});

describe('the catalog', () => {
  it('describes views, and a service with its vector hash', async () => {
    const { url } = await serveOverHttp();
    const client = createClient({ url, token: 'right' });
    expect((await client.featureViews()).map(({ id, kind, entity }) => [id, kind, entity])).toContainEqual([
      'orders@1',
      'batch',
      'customer',
    ]);
    const service = await client.featureService('checkout');
    expect(service).toMatchObject({
      id: 'checkout@1',
      entities: [{ name: 'customer', keys: [{ name: 'customer_id', type: 'int64' }] }],
    });
    expect(service.features[0]).toEqual({ name: 'risky', type: 'bool', feature: 'risk@1:risky' });
    const { meta } = await client.onlineVectors({
      service: 'checkout',
      entities: [{ customer_id: 1 }],
      request: [basket],
    });
    expect(service.vectorHash).toBe(meta.vectorHash);
  });
});

describe('training sets', () => {
  const running = { id: 'ts 1', status: 'running', step: 'join' };
  const done = {
    id: 'ts 1',
    status: 'succeeded',
    files: [{ name: 'part-00000.parquet', url: 'https://files/0', sizeBytes: 9, rows: 3 }],
    dataset: { rows: 3, vectorHash: 'a'.repeat(64) },
  };
  const script = (...answers: readonly object[]) =>
    localServer(async (_, count) => ({ body: JSON.stringify(answers[Math.min(count, answers.length) - 1]) }));

  it('are started, and waited for until they are complete', async () => {
    const { url, asked } = await script({ id: 'ts 1', status: 'queued' }, running, done);
    const client = createClient({ url, token: 'right' });
    const { id } = await client.createTrainingSet({ service: 'checkout', spine: 's3://b/labels.parquet', lag: '2h' });
    const set = await client.awaitTrainingSet(id, { pollMillis: 1 });
    expect(set).toMatchObject({
      status: 'succeeded',
      files: done.files,
      vectorHash: 'a'.repeat(64),
      dataset: { rows: 3 },
    });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/training-sets',
      'GET /v1/training-sets/ts%201',
      'GET /v1/training-sets/ts%201',
    ]);
  });

  it('that fail throw the problem that they failed with', async () => {
    const error = { code: 'spine.noKeys', message: 'the spine has no column customer_id' };
    const { url } = await script(running, { id: 'ts 1', status: 'failed', error });
    const waiting = createClient({ url, token: 'right' }).awaitTrainingSet('ts 1', { pollMillis: 1 });
    await expect(waiting).rejects.toMatchObject({ code: error.code, detail: error.message });
  });

  it('that take longer than the caller waits throw client.timeout', async () => {
    const { url } = await script(running);
    const waiting = createClient({ url, token: 'right' }).awaitTrainingSet('ts 1', {
      pollMillis: 5,
      patienceMillis: 12,
    });
    await expect(waiting).rejects.toMatchObject({ code: 'client.timeout' });
  });
});

describe('a push', () => {
  it('tells what became of each event', async () => {
    const body = JSON.stringify({
      results: [
        { status: 'accepted', shard: 's0', sequence: '49' },
        { status: 'rejected', error: { code: 'push.wrongType', message: 'field total must be a number' } },
      ],
      accepted: 1,
      rejected: 1,
      failed: 0,
      delivery: 'atLeastOnce',
      visibleWithinMillis: 5000,
    });
    const { url, asked } = await localServer(async () => ({ body }));
    const at = new Date(nowMillis);
    const answer = await createClient({ url, token: 'right' }).push('orders', [
      { id: big, at, raw: new Uint8Array([1]), total: Number.NaN },
      {},
    ]);
    expect(answer.results).toEqual([
      { status: 'accepted', shard: 's0', sequence: '49' },
      { status: 'rejected', code: 'push.wrongType', message: 'field total must be a number' },
    ]);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      events: [{ id: String(big), at: at.toISOString(), raw: 'AQ==', total: 'NaN' }, {}],
    });
  });
});
