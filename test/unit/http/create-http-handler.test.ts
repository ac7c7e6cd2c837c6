import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import { problemSchema } from '#lambdas/http/problem.ts';
import type { Route } from '#lambdas/http/router.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { TidemarkError } from '#spec/errors.ts';
import { lambdaContext, proxyEvent } from './proxy-events.ts';

const nowMillis = 1_760_000_000_000;
const routes: readonly Route[] = [
  { method: 'GET', pattern: '/v1/deadline', handle: ({ deadlineMillis }) => ({ body: String(deadlineMillis) }) },
  { method: 'GET', pattern: '/v1/health', anonymous: true, handle: () => ({ body: '{"status":"ok"}' }) },
  {
    method: 'GET',
    pattern: '/v1/things/{name}',
    handle: ({ parameters, query }) => ({ body: JSON.stringify({ parameters, query }), log: { things: 1 } }),
  },
  {
    method: 'POST',
    pattern: '/v1/things',
    maxBodyBytes: 20,
    handle: ({ body }) => ({ status: 202, headers: { location: '/v1/things/1' }, body }),
  },
  {
    method: 'DELETE',
    pattern: '/v1/things/{name}',
    handle: ({ parameters }) => {
      const fault = parameters.name;
      if (fault === 'boom') throw new Error('secret value 42 at /var/task/index.mjs:10:3');
      if (fault === 'slow') return new Promise(() => undefined);
      if (fault === 'failed') throw new TidemarkError('store.broken', 'table arn:aws:x is gone', { kind: 'failed' });
      throw new TidemarkError('things.bad', 'two faults', {
        details: { errors: [{ pointer: '/name', message: 'is bad' }], hidden: 'no' },
      });
    },
  },
];

const token = { authorization: 'Bearer right' };
const lines: string[] = [];
let handler: ReturnType<typeof createHttpHandler>;

beforeEach(() => {
  lines.length = 0;
  vi.stubEnv('POWERTOOLS_DEV', 'true'); // makes Powertools print through the global console, which is watched here
  for (const method of ['log', 'info', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => lines.push(line));
  handler = createHttpHandler({
    routes,
    identify: createIdentify({ checkToken: async (given) => given === 'right', clock: Date.now, stage: 'dev' }),
    clock: () => nowMillis,
    logger: createTelemetry('things', { project: 'shop', stage: 'dev' }).logger,
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const call = (method: string, path: string, request: Parameters<typeof proxyEvent>[2] = { headers: token }) =>
  handler(proxyEvent(method, path, request), lambdaContext());
const problemIn = (result: { body: string }) => problemSchema.parse(JSON.parse(result.body));

describe('HTTP handler', () => {
  it('answers an anonymous route without a token', async () => {
    const result = await call('GET', '/v1/health', {});
    expect(result).toMatchObject({ statusCode: 200, body: '{"status":"ok"}' });
    expect(result.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  });

  it('hands path parts decoded, and the query, to the route', async () => {
    const result = await call('GET', '/v1/things/a%20b/', { headers: token, query: { limit: '3' } });
    expect(JSON.parse(result.body)).toEqual({ parameters: { name: 'a b' }, query: { limit: '3' } });
  });

  it('keeps status and headers of the route', async () => {
    const result = await call('POST', '/v1/things', { headers: token, body: '{}' });
    expect(result).toMatchObject({ statusCode: 202, body: '{}' });
    expect(result.headers.location).toBe('/v1/things/1');
  });

  it('takes the token whatever the case of header and scheme', async () => {
    expect((await call('GET', '/v1/things/x', { headers: { Authorization: 'bearer right' } })).statusCode).toBe(200);
  });

  it.each([
    [{}, /no token/],
    [{ authorization: 'right' }, /another form/],
    [{ authorization: 'Basic right' }, /another form/],
    [{ authorization: 'Bearer wrong' }, /not valid/],
  ])('answers 401 with WWW-Authenticate for %o', async (headers, detail) => {
    const result = await call('GET', '/v1/things/x', { headers });
    expect(result.statusCode).toBe(401);
    expect(result.headers['www-authenticate']).toBe('Bearer realm="tidemark"');
    expect(problemIn(result).detail).toMatch(detail);
  });

  it('tells nobody without a token which routes exist', async () => {
    expect((await call('GET', '/v1/nothing', {})).statusCode).toBe(401);
  });

  it('answers 404 for an unknown path and 405 with Allow for a wrong method', async () => {
    expect((await call('GET', '/v1/nothing')).statusCode).toBe(404);
    const wrong = await call('PUT', '/v1/things/x');
    expect(wrong.statusCode).toBe(405);
    expect(wrong.headers.allow).toBe('GET, DELETE');
  });

  it('answers 413 for a body over the bytes of its route, counting UTF-8', async () => {
    expect((await call('POST', '/v1/things', { headers: token, body: 'x'.repeat(20) })).statusCode).toBe(202);
    expect((await call('POST', '/v1/things', { headers: token, body: 'x'.repeat(21) })).statusCode).toBe(413);
    expect((await call('POST', '/v1/things', { headers: token, body: 'é'.repeat(11) })).statusCode).toBe(413);
  });

  it('decodes a base64 body', async () => {
    const event = { ...proxyEvent('POST', '/v1/things', { headers: token, body: 'e30=' }), isBase64Encoded: true };
    expect((await handler(event, lambdaContext())).body).toBe('{}');
  });

  it('lists the faults of a request with their pointers, and no other detail', async () => {
    const result = await call('DELETE', '/v1/things/bad');
    expect(result.statusCode).toBe(400);
    expect(result.headers['content-type']).toBe('application/problem+json');
    expect(problemIn(result)).toMatchObject({
      status: 400,
      code: 'things.bad',
      errors: [{ pointer: '/name', message: 'is bad' }],
    });
    expect(result.body).not.toContain('hidden');
  });

  it.each(['boom', 'failed'])('says nothing of the cause of a 500 but logs it (%s)', async (name) => {
    const result = await call('DELETE', `/v1/things/${name}`);
    expect(result.statusCode).toBe(500);
    expect(result.body).not.toMatch(/secret|42|\/var\/task|arn:|at /);
    expect(problemIn(result).requestId).toBe('0d3f5c1e-6f4b-4d0a-9a51-3a3f0a4f7a11');
    expect(lines.join('\n')).toMatch(/request failed/);
  });

  it('answers 503 just before the function would be stopped', async () => {
    const result = await handler(proxyEvent('DELETE', '/v1/things/slow', { headers: token }), lambdaContext(80));
    expect(result.statusCode).toBe(503);
    expect(problemIn(result).code).toBe('http.timeout');
    expect(result.headers['retry-after']).toBe('1');
  });

  it('gives routes no longer than the function has left, however long the client would wait', async () => {
    for (const [remaining, asked, expected] of [
      [2000, '60000', 1750],
      [2000, '100', 100],
      [100, '60000', 0],
    ] as const) {
      const event = proxyEvent('GET', '/v1/deadline', { headers: { ...token, 'x-tidemark-deadline-ms': asked } });
      expect((await handler(event, lambdaContext(remaining))).body).toBe(String(nowMillis + expected));
    }
  });

  it('answers 400 for an event that is no proxy event', async () => {
    expect((await handler({ Records: [] }, lambdaContext())).statusCode).toBe(400);
  });

  it('logs route, status and counts, and no header, path part or body', async () => {
    await call('GET', '/v1/things/k3y-of-somebody');
    const line = lines.map((text) => JSON.parse(text)).find(({ message }) => message === 'request');
    expect(line).toMatchObject({ method: 'GET', route: '/v1/things/{name}', httpStatus: 200, things: 1, stage: 'dev' });
    expect(lines.join('\n')).not.toMatch(/k3y-of-somebody|right/);
  });
});
