import { afterEach, describe, expect, it, vi } from 'vitest';
import { grantsByRoles, type Principal } from '#engine/access/grants.ts';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { rateLimiter } from '#lambdas/http/rate-limiter.ts';
import type { Route } from '#lambdas/http/router.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { accessSchema } from '#spec/access.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';
import { accessApi, order } from './access-api.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const roles = {
  limited: { read: { views: ['orders'] }, push: ['orders'], limits: { perSecond: 100, burst: 400 } },
  timed: { read: { views: ['orders'] }, serverTiming: true },
  plain: { read: { views: ['orders'] } },
};
const body = (entities: number, features = ['orders:spend', 'orders:ratio']) => ({
  features,
  entities: Array.from({ length: entities }, (_, index) => ({ customer_id: index })),
});
const post = '/v1/online-features';

describe('limits of a role (OWASP API4:2023 unrestricted resource consumption)', () => {
  it('answer 429 with Retry-After once a caller has used up entities times features', async () => {
    const { call, tokenOf, state } = await accessApi({ roles });
    const { token } = await tokenOf(['limited']);
    for (const entities of [100, 100])
      expect((await call('POST', post, { token, body: body(entities) })).status).toBe(200);
    const refused = await call('POST', post, { token, body: body(100) });
    expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([429, 'access.throttled', '2']);
    state.nowMillis += 1999;
    expect((await call('POST', post, { token, body: body(100) })).status).toBe(429);
    state.nowMillis += 1;
    expect((await call('POST', post, { token, body: body(100) })).status).toBe(200);
  });

  it('are of each caller by itself, and of nobody without limits', async () => {
    const { call, tokenOf } = await accessApi({ roles });
    const [one, other, free] = [await tokenOf(['limited']), await tokenOf(['limited']), await tokenOf(['plain'])];
    for (const { token } of [one, other])
      for (const status of [200, 200, 429])
        expect((await call('POST', post, { token, body: body(100) })).status).toBe(status);
    for (const token of [free.token, 'right'])
      for (let n = 0; n < 5; n++) expect((await call('POST', post, { token, body: body(100) })).status).toBe(200);
  });

  it('refuse at once what is more than a burst: waiting would not help', async () => {
    const { call, tokenOf } = await accessApi({
      roles: { tiny: { ...roles.limited, limits: { perSecond: 1, burst: 5 } } },
    });
    const { token } = await tokenOf(['tiny']);
    const refused = await call('POST', post, { token, body: body(3) });
    expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([
      413,
      'access.overBurst',
      undefined,
    ]);
  });

  it('stop a mass read: of a crawl over thousands of entities no more is answered than they allow', async () => {
    const { call, tokenOf, state, rows } = await accessApi({ roles });
    const { token } = await tokenOf(['limited']);
    let answered = 0;
    for (let request = 0; request <= 100; request++) {
      state.nowMillis += 10; // a second from the first to the last
      const entities = Array.from({ length: 100 }, (_, index) => ({ customer_id: request * 100 + index }));
      const { status } = await call('POST', post, { token, body: { features: ['orders:spend'], entities } });
      if (status === 200) answered += 100;
    }
    expect(answered).toBe(500); // a burst of 400 and a second's 100
    expect(rows.asked).toHaveLength(500);
  });

  it('count pushed events one by one', async () => {
    const { call, tokenOf } = await accessApi({ roles });
    const { token } = await tokenOf(['limited']);
    const events = Array.from({ length: 250 }, (_, index) => ({ ...order, order_id: `o-${index}` }));
    const statuses = [];
    for (let n = 0; n < 2; n++)
      statuses.push((await call('POST', '/v1/push/orders', { token, body: { events } })).status);
    expect(statuses).toEqual([200, 429]);
  });

  it('hold for several roles together: the greatest that is declared', () => {
    const access = accessSchema.parse({
      roles: { ...roles, large: { limits: { perSecond: 50, burst: 9000 } } },
    });
    expect(grantsByRoles(access)(['limited', 'large', 'plain']).limits).toEqual({ perSecond: 100, burst: 9000 });
    expect(grantsByRoles(access)(['plain']).limits).toBeUndefined();
  });

  it('keep a bounded number of callers', () => {
    const charge = rateLimiter(() => 0);
    const grants = grantsByRoles(accessSchema.parse({ roles }))(['limited']);
    const caller = (n: number): Principal => ({ id: `jwt:${n}`, grants });
    charge(caller(0), 400);
    expect(() => charge(caller(0), 1)).toThrow(/limit is used up/);
    for (let n = 1; n <= 10_000; n++) charge(caller(n), 400);
    charge(caller(0), 1); // forgotten, so new
    expect(() => charge(caller(10_000), 1)).toThrow(/limit is used up/);
  });
});

describe('deadline', () => {
  it('of the client ends the reading of the store, if it is earlier than ours', async () => {
    const { call, tokenOf, rows, state } = await accessApi({ roles });
    const { token } = await tokenOf(['plain']);
    const read = vi.spyOn(rows, 'read');
    for (const [text, millis] of [
      ['50', 50],
      ['60000', 3000],
      [undefined, 3000],
    ] as const) {
      await call('POST', post, {
        token,
        body: body(1),
        headers: text === undefined ? {} : { 'X-Tidemark-Deadline-Ms': text },
      });
      expect(read.mock.lastCall?.[1].deadlineMillis).toBe(state.nowMillis + millis);
    }
  });

  it.each(['0', '-1', '1.5', '60001', 'soon', '1e3', ''])('%j is refused', async (text) => {
    const { call } = await accessApi({ roles });
    const { status, json } = await call('POST', post, {
      token: 'right',
      body: body(1),
      headers: { 'x-tidemark-deadline-ms': text },
    });
    expect([status, json.code]).toEqual([400, 'http.badDeadline']);
  });
});

describe('onPartial', () => {
  it.each([
    ['values', 200],
    ['fail', 503],
    [undefined, 200],
  ])('%s answers %i where a part could not be read', async (onPartial, status) => {
    const { call, rows } = await accessApi({ roles });
    rows.failing.add(await rows.store('orders', [1n], { values: [1n, 1, 1] }));
    const answer = await call('POST', post, { token: 'right', body: { ...body(2), onPartial } });
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.json.meta.partial).toBe(true);
    else expect(answer.json.code).toBe('serve.partial');
  });
});

describe('metadata', () => {
  it('tells ages and versions where asked, and nothing of what is masked', async () => {
    const { call, tokenOf, rows, state } = await accessApi({ roles, unreadable: 'mask' });
    await rows.store('orders', [8n], { values: [1n, 1, 1], eventTimeMillis: state.nowMillis - 1500 });
    const asked = {
      features: ['orders:spend', 'everything:a_string'],
      entities: [{ customer_id: 8 }, { customer_id: 7 }],
      metadata: ['ageMillis', 'version'],
    };
    const all = await call('POST', post, { token: 'right', body: asked });
    expect(all.json.versions).toEqual(['orders@1', 'everything@2']);
    expect(all.json.rows.map(({ ageMillis }: { ageMillis: unknown }) => ageMillis)).toEqual([
      [1500, null],
      [0, 0],
    ]);
    expect(Object.keys(all.json.rows[0])).toEqual(['entity', 'values', 'ageMillis']);
    const { token } = await tokenOf(['plain']);
    const masked = await call('POST', post, { token, body: asked });
    expect(masked.json.rows.map(({ ageMillis }: { ageMillis: unknown }) => ageMillis)).toEqual([
      [1500, null],
      [0, null],
    ]);
  });
});

describe('request ids and traces', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('of a sane client come back and stand in the log, also where the request is refused', async () => {
    const { call, lines } = await accessApi({ roles });
    for (const [token, status] of [
      ['right', 200],
      ['wrong', 401],
    ] as const) {
      const headers = { 'X-Request-Id': `checkout-42.${status}`, traceparent };
      const answer = await call('POST', post, { token, body: body(1), headers });
      expect([answer.status, answer.headers['x-request-id'], answer.headers.traceparent]).toEqual([
        status,
        `checkout-42.${status}`,
        traceparent,
      ]);
      const line = lines.map((text) => JSON.parse(text)).find(({ httpStatus }) => httpStatus === status);
      expect(line).toMatchObject({ requestId: `checkout-42.${status}`, traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
    }
  });

  it.each(['', 'a b', 'a\nb', 'a"b', '<script>', 'x'.repeat(129), 'é'])('id %j is not taken', async (id) => {
    const { call } = await accessApi({ roles });
    const { headers } = await call('POST', post, { token: 'right', body: body(1), headers: { 'x-request-id': id } });
    expect(headers['x-request-id']).toBe('0d3f5c1e-6f4b-4d0a-9a51-3a3f0a4f7a11');
  });

  it.each([
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    'x',
  ])('trace %j is not passed on', async (trace) => {
    const { call } = await accessApi({ roles });
    const { headers } = await call('POST', post, { token: 'right', body: body(1), headers: { traceparent: trace } });
    expect(headers.traceparent).toBeUndefined();
  });
});

it('tells how long parts took to callers of a role that says so, and to the administrator', async () => {
  const { call, tokenOf } = await accessApi({ roles });
  for (const [token, isTold] of [
    ['right', true],
    [(await tokenOf(['timed'])).token, true],
    [(await tokenOf(['plain'])).token, false],
  ] as const) {
    const { headers } = await call('POST', post, { token, body: body(1) });
    if (isTold)
      expect(headers['server-timing']).toMatch(
        /^auth;dur=[\d.]+, plan;dur=[\d.]+, store;dur=[\d.]+, values;dur=[\d.]+, write;dur=[\d.]+, total;dur=[\d.]+$/,
      );
    else expect(headers['server-timing']).toBeUndefined();
  }
});

describe('ETag', () => {
  it.each(['/v1/feature-views', '/v1/feature-views/orders', '/v1/feature-services/lanes', '/v1/openapi.json'])(
    'of %s answers 304 to who has it already',
    async (path) => {
      const { call } = await accessApi({ roles });
      const first = await call('GET', path, { token: 'right' });
      expect(first.headers).toMatchObject({ 'cache-control': 'private, no-cache', vary: 'authorization' });
      const etag = first.headers.etag ?? '';
      expect(etag).toMatch(/^"[\w-]{27}"$/);
      for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await call('GET', path, { token: 'right', headers: { 'If-None-Match': tags } });
        expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag]);
      }
      expect((await call('GET', path, { token: 'right', headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    },
  );

  it('of another caller is another, and a stranger gets none', async () => {
    const { call, tokenOf } = await accessApi({ roles });
    const { token } = await tokenOf(['plain']);
    const { etag = '' } = (await call('GET', '/v1/feature-views', { token: 'right' })).headers;
    expect((await call('GET', '/v1/feature-views', { token, headers: { 'if-none-match': etag } })).status).toBe(200);
    expect((await call('GET', '/v1/feature-views', { headers: { 'if-none-match': etag } })).status).toBe(401);
  });
});

it('sheds load: beyond 256 requests at one time it answers 503 at once, and takes the next when there is room', async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((done) => {
    release = done;
  });
  const routes: Route[] = [
    { method: 'GET', pattern: '/v1/wait', anonymous: true, handle: async () => gate.then(() => ({ body: '{}' })) },
  ];
  const { logger } = createTelemetry('things', { project: 'shop', stage: 'dev' });
  logger.setLogLevel('SILENT');
  const handler = createHttpHandler({ routes, identify: () => Promise.reject(new Error('not asked')), logger });
  const call = async () => (await handler(proxyEvent('GET', '/v1/wait'), lambdaContext())).statusCode;
  const held = Array.from({ length: 256 }, call);
  const refused = await handler(proxyEvent('GET', '/v1/wait'), lambdaContext());
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
  expect(JSON.parse(refused.body).code).toBe('http.overloaded');
  release();
  expect(new Set(await Promise.all(held))).toEqual(new Set([200]));
  expect(await call()).toBe(200);
});
