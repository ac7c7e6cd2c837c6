import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '#lambdas/http/problem.ts';
import { serveApi } from './serve-api.ts';

const spend = { features: ['orders:spend'] };
const one = [{ customer_id: 1 }];
const basket = { amount: 30, voucher: 1, sizes: [1] };

let api: ReturnType<typeof serveApi>;
beforeEach(() => {
  api = serveApi();
});

/** No answer of any test of this file may show where the code runs. */
afterEach(() => {
  for (const body of api.bodies)
    expect(body).not.toMatch(/\.[cm]?[jt]s\b(?!on)|\/(var|work|home|tmp|usr)\/|node_modules|\bat \S+ \(/);
});

async function problemOf(body: object | string) {
  const result = await api.post(body);
  expect(result.headers['content-type']).toBe('application/problem+json');
  const problem = problemSchema.parse(JSON.parse(result.body));
  expect(problem.status).toBe(result.statusCode);
  return problem;
}
const errorsOf = async (body: object | string) =>
  Object.fromEntries(((await problemOf(body)).errors ?? []).map(({ pointer, message }) => [pointer, message]));

describe('a body that is no request', () => {
  it.each([
    ['', /is empty/],
    ['{"service":', /is not JSON: .*position|is not JSON: .*end/],
    ['{"service": checkout}', /is not JSON: .*checkout/],
    ['[]', /must be a JSON object/],
    ['null', /must be a JSON object/],
    ['"text"', /must be a JSON object/],
  ])('%j is answered 400', async (body, detail) => {
    const problem = await problemOf(body);
    expect(problem.status).toBe(400);
    expect(problem.detail).toMatch(detail);
  });

  it('an empty object names all that is missing', async () => {
    expect(await errorsOf({})).toEqual({
      '': 'names no features; send service or features',
      '/entities': 'is missing',
    });
  });

  it('more than a mebibyte is answered 413', async () => {
    const problem = await problemOf({ ...spend, entities: one, padding: 'x'.repeat(1024 * 1024) });
    expect(problem).toMatchObject({ status: 413, code: 'http.tooLarge' });
  });
});

describe('members of the request', () => {
  it('unknown ones are refused with those that are allowed', async () => {
    const errors = await errorsOf({ ...spend, entities: one, entity_rows: [] });
    expect(errors['/entity_rows']).toMatch(/allowed: service, features, entities, request, metadata, int64/);
  });

  it('service and features exclude each other', async () => {
    expect(await errorsOf({ ...spend, service: 'checkout', entities: one })).toEqual({
      '/features': 'stands beside service; send one of the two',
    });
  });

  it('wrong types and values are all reported at once', async () => {
    const errors = await errorsOf({ features: 'orders:spend', entities: {}, metadata: ['age'], int64: 'bigint' });
    expect(errors).toMatchObject({
      '/features': 'must be an array',
      '/entities': 'must be an array',
      '/metadata/0': 'must be one of "status", "eventTime", "ageMillis", "version", "type"',
      '/int64': 'must be one of "number", "string"',
    });
  });

  it('100 entities and 200 features are taken, one more is not', async () => {
    const entities = (count: number) => Array.from({ length: count }, (_, id) => ({ customer_id: id }));
    expect((await api.post({ ...spend, entities: entities(100) })).statusCode).toBe(200);
    expect(await errorsOf({ ...spend, entities: entities(101) })).toEqual({
      '/entities': 'must have at most 100 items',
    });
    expect(await errorsOf({ ...spend, entities: [] })).toEqual({ '/entities': 'must have at least 1 items' });
    const errors = await errorsOf({ features: Array(201).fill('orders:spend'), entities: one });
    expect(errors).toEqual({ '/features': 'must have at most 200 items' });
  });
});

describe('names', () => {
  it('an unknown service is 404 with the nearest name', async () => {
    const problem = await problemOf({ service: 'chekout', entities: one });
    expect(problem).toMatchObject({ status: 404, code: 'engine.unknownName' });
    expect(problem.detail).toMatch(/"chekout".*did you mean "checkout"/);
    expect(problem.errors?.[0]?.pointer).toBe('/service');
  });

  it('every unknown feature is pointed at', async () => {
    const features = ['orders:spend', 'orders:spent', 'order:spend', 'orders'];
    const problem = await problemOf({ features, entities: one });
    expect(problem.status).toBe(404);
    expect(problem.errors?.map((error) => error.pointer)).toEqual(['/features/1', '/features/2', '/features/3']);
    expect(problem.errors?.[0]?.message).toMatch(/did you mean "spend"/);
  });

  it('a version that is not deployed is 404', async () => {
    expect((await problemOf({ service: 'checkout@9', entities: one })).status).toBe(404);
  });

  it('a feature named twice is 400', async () => {
    expect(await problemOf({ features: ['orders:spend', 'orders@1:spend'], entities: one })).toMatchObject({
      status: 400,
      code: 'engine.duplicateFeature',
    });
  });

  it('a view that is not kept online is 400 and named', async () => {
    const problem = await problemOf({ features: ['archive:note'], entities: one });
    expect(problem).toMatchObject({ status: 400, code: 'serve.notOnline' });
    expect(problem.detail).toContain('archive@1');
  });
});

describe('entities', () => {
  it.each([
    [{}, /is missing; it must be int64/],
    [{ customer_id: null }, /got null/],
    [{ customer_id: '12a' }, /whole number.*"12a"/],
    [{ customer_id: 1.5 }, /whole number.*1\.5/],
    [{ customer_id: true }, /whole number/],
    [{ customer_id: [1] }, /whole number/],
  ])('%j is refused at its key', async (entity, message) => {
    const problem = await problemOf({ ...spend, entities: [{ customer_id: 1 }, entity] });
    expect(problem.status).toBe(400);
    expect(problem.errors).toEqual([{ pointer: '/entities/1/customer_id', message: expect.stringMatching(message) }]);
  });

  it('an int64 beyond 2^63 is refused', async () => {
    const errors = await errorsOf('{"features":["orders:spend"],"entities":[{"customer_id":9223372036854775808}]}');
    expect(errors['/entities/0/customer_id']).toMatch(/9223372036854775808/);
  });

  it('keys that no feature needs are refused with those that are allowed', async () => {
    const errors = await errorsOf({
      service: 'lanes',
      entities: [{ customer_id: 1, origin: 'a', target: 'b', lane: 1 }],
    });
    expect(errors).toEqual({
      '/entities/0/lane': 'is not used by these features; allowed: origin, target, customer_id',
    });
  });

  it('a key too long for the store is refused at its entity', async () => {
    const entity = { customer_id: 1, origin: 'x'.repeat(3000), target: 'b' };
    expect((await errorsOf({ service: 'lanes', entities: [entity] }))['/entities/0']).toMatch(/2048/);
  });

  it('all faults of all entities are reported, up to fifty', async () => {
    const entities = Array.from({ length: 60 }, () => ({ customer_id: 'x' }));
    const problem = await problemOf({ ...spend, entities });
    expect(problem.errors).toHaveLength(50);
    expect(problem.detail).toMatch(/and 59 more/);
  });
});

describe('request fields', () => {
  const share = { features: ['basket_features:share'], entities: [{ customer_id: 1 }, { customer_id: 2 }] };

  it('must be sent when a feature needs them', async () => {
    const errors = await errorsOf(share);
    expect(errors['/request']).toMatch(/amount \(float64\), voucher \(int64\), sizes \(list<int32>\)/);
  });

  it('are each pointed at', async () => {
    const items = [
      { amount: 'much', voucher: 1, sizes: ['S'] },
      { voucher: 2.5, sizes: 3, colour: 'red' },
    ];
    const errors = await errorsOf({ ...share, request: items });
    expect(Object.keys(errors).sort()).toEqual([
      '/request/0/amount',
      '/request/0/sizes',
      '/request/1/amount',
      '/request/1/colour',
      '/request/1/sizes',
      '/request/1/voucher',
    ]);
    expect(errors['/request/1/amount']).toMatch(/is missing; it must be float64 or null/);
  });

  it('come as no item, one, or one for each entity', async () => {
    const errors = await errorsOf({ ...share, request: [basket, basket, basket] });
    expect(errors).toEqual({ '/request': 'has 3 items for 2 entities; send one for all or one for each' });
  });

  it('are refused where no feature needs them', async () => {
    const errors = await errorsOf({ ...spend, entities: one, request: [{ amount: 1 }] });
    expect(errors).toEqual({ '/request/0/amount': 'is not used by these features; allowed: none' });
  });

  it('faults of entities and of request items come together', async () => {
    const errors = await errorsOf({
      ...share,
      entities: [{ customer_id: 'x' }],
      request: [{ ...basket, amount: 'y' }],
    });
    expect(Object.keys(errors)).toEqual(['/entities/0/customer_id', '/request/0/amount']);
  });
});

describe('access', () => {
  it.each([
    ['POST', '/v1/online-features'],
    ['GET', '/v1/feature-views'],
    ['GET', '/v1/feature-views/orders'],
    ['GET', '/v1/feature-services/checkout'],
    ['GET', '/v1/openapi.json'],
    ['GET', '/v1/nothing'],
  ])('%s %s needs a token', async (method, path) => {
    for (const authorization of ['', 'Bearer wrong']) {
      const result = await api.call(method, path, { headers: { authorization } });
      expect(result.statusCode).toBe(401);
      expect(result.headers['www-authenticate']).toMatch(/^Bearer/);
    }
    expect(api.rows.asked).toEqual([]);
  });

  it('health needs none', async () => {
    const result = await api.call('GET', '/v1/health', { headers: { authorization: '' } });
    expect(JSON.parse(result.body)).toEqual({ status: 'ok', definitionHash: 'a'.repeat(64) });
  });

  it('deep health asks the store, and is 503 when that does not answer', async () => {
    const query = { deep: '' };
    expect((await api.call('GET', '/v1/health', { query })).statusCode).toBe(200);
    api.rows.failing.add('health health');
    expect((await api.call('GET', '/v1/health', { query })).statusCode).toBe(503);
    expect((await api.call('GET', '/v1/health')).statusCode).toBe(200);
  });

  it('unknown routes are 404 and wrong methods 405', async () => {
    expect((await api.call('GET', '/v1/nothing')).statusCode).toBe(404);
    const wrong = await api.call('GET', '/v1/online-features');
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, 'POST']);
  });
});

it('a fault of the store is 500 without its message', async () => {
  api.rows.read = () =>
    Promise.reject(new Error('AccessDenied: arn:aws:dynamodb:eu-west-1:1:table/x at /var/task/index.mjs'));
  const problem = await problemOf({ ...spend, entities: one });
  expect(problem).toMatchObject({
    status: 500,
    code: 'http.internal',
    detail: 'internal error; report the request id',
  });
});

it('watches for leaks with a pattern that knows what a leak looks like', () => {
  const stack = new Error('x').stack ?? '';
  expect(stack).toMatch(/\.[cm]?[jt]s\b(?!on)|\bat \S+ \(/);
  expect(readFileSync(import.meta.filename, 'utf8')).toContain('node_modules');
});
