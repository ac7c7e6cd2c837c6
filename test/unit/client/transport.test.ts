import { describe, expect, it } from 'vitest';
import { createClient, TidemarkProblem } from '#client/index.ts';
import { retryAfterMillis } from '#client/problem.ts';
import { type Answered, localServer } from './local-server.ts';

const request = { service: 'checkout', entities: [{ customer_id: 1n }] };
const meta = { asOf: '2026-01-31T09:30:00.000Z', service: 'checkout', version: 1, definitionHash: 'a', requestId: 'r' };
const answer: Answered = { body: JSON.stringify({ names: [], types: [], rows: [], meta }) };
const problem = (status: number, headers = {}): Answered => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({
    title: 'No',
    status,
    detail: 'not now',
    code: 'test.no',
    requestId: 'r-1',
    errors: [{ pointer: '/a', message: 'is bad' }],
  }),
});
const quick = { token: 'right', backoffMillis: 1 };

/** A server that gives these answers one after the other, the last one for ever. */
const scripted = (...answers: readonly (Answered | undefined)[]) =>
  localServer(async (_, count) => answers[Math.min(count, answers.length) - 1]);
async function problemOf(call: Promise<unknown>): Promise<TidemarkProblem> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof TidemarkProblem) return error;
  throw new Error(`no problem: ${error}`);
}

describe('a call', () => {
  it('carries the token, what a function gives for each attempt, and how long it waits', async () => {
    const { url, asked } = await scripted(problem(503), answer);
    let given = 0;
    await createClient({ ...quick, url: `${url}/`, token: async () => `t${++given}` }).onlineFeatures(request);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t2']);
    expect(asked[0]?.path).toBe('/v1/online-features');
    const millis = Number(asked[0]?.headers['x-tidemark-deadline-ms']);
    expect([millis > 3000, millis <= 4000]).toEqual([true, true]);
  });

  it('uses connections again', async () => {
    const { url, connections } = await scripted(answer);
    const client = createClient({ ...quick, url });
    for (let call = 0; call < 10; call++) await client.onlineFeatures(request);
    expect(connections()).toBeLessThan(5); // one is not yet free when the next call comes at once
  });
});

describe('what may succeed later', () => {
  it.each([429, 500, 502, 503, 504])('is tried again after %i, as often as attempts allow', async (status) => {
    const { url, asked } = await scripted(problem(status), problem(status), answer);
    await createClient({ ...quick, url }).onlineFeatures(request);
    expect(asked).toHaveLength(3);
    const failing = await scripted(problem(status));
    expect(
      await problemOf(createClient({ ...quick, url: failing.url, attempts: 2 }).onlineFeatures(request)),
    ).toMatchObject({
      status,
      code: 'test.no',
      detail: 'not now',
      requestId: 'r-1',
      errors: [{ pointer: '/a', message: 'is bad' }],
    });
    expect(failing.asked).toHaveLength(2);
  });

  it('is tried again after a connection that broke', async () => {
    const { url, asked } = await scripted(undefined, answer);
    await createClient({ ...quick, url }).onlineFeatures(request);
    expect(asked).toHaveLength(2);
  });

  it('waits as long as the server asks, and fails at once where the call has no time for that', async () => {
    const { url } = await scripted(problem(429, { 'retry-after': '1' }), answer);
    const startedAt = performance.now();
    await createClient({ ...quick, url }).onlineFeatures(request);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
    const late = await scripted(problem(429, { 'retry-after': '60' }), answer);
    const refused = await problemOf(createClient({ ...quick, url: late.url }).onlineFeatures(request));
    expect([refused.status, refused.retryAfterMillis, late.asked.length]).toEqual([429, 60_000, 1]);
  });

  it.each([400, 401, 403, 404, 409, 413])('is not what %i says: no second attempt', async (status) => {
    const { url, asked } = await scripted(problem(status), answer);
    expect((await problemOf(createClient({ ...quick, url }).onlineFeatures(request))).status).toBe(status);
    expect(asked).toHaveLength(1);
  });

  it('is not a push of which nobody knows whether it was received; one that was refused is sent again', async () => {
    for (const lost of [undefined, problem(500), problem(504)]) {
      const { url, asked } = await scripted(lost, answer);
      await problemOf(createClient({ ...quick, url }).push('orders', [{ id: 1 }]));
      expect(asked).toHaveLength(1);
    }
    const body = JSON.stringify({
      results: [],
      accepted: 0,
      rejected: 0,
      failed: 0,
      delivery: 'exactlyOnce',
      visibleWithinMillis: 5000,
    });
    const { url, asked } = await scripted(problem(503), { body });
    expect((await createClient({ ...quick, url }).push('a/b', [{ id: 1n }])).delivery).toBe('exactlyOnce');
    expect(asked.map(({ path, body: sent }) => [path, sent])[1]).toEqual(['/v1/push/a%2Fb', '{"events":[{"id":"1"}]}']);
  });
});

describe('a call that takes too long', () => {
  const silent = () => localServer(() => new Promise(() => undefined));

  it('ends after its attempts with client.timeout', async () => {
    const { url } = await silent();
    let attempts = 0;
    const counted: typeof fetch = (...call) => {
      attempts++;
      return fetch(...call);
    };
    const client = createClient({ ...quick, url, attemptMillis: 20, attempts: 2, fetch: counted });
    expect(await problemOf(client.onlineFeatures(request))).toMatchObject({ code: 'client.timeout', status: 0 });
    expect(attempts).toBe(2);
  });

  it('ends within the time of the call, whatever the attempts', async () => {
    const { url } = await silent();
    const startedAt = performance.now();
    await problemOf(createClient({ ...quick, url, attempts: 50 }).onlineFeatures(request, { timeoutMillis: 60 }));
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('ends with the reason of the caller, who may stop it in an attempt, in a pause, or before', async () => {
    const reason = new Error('enough');
    const { url, asked } = await silent();
    const inAttempt = new AbortController();
    const call = createClient({ ...quick, url }).onlineFeatures(request, { signal: inAttempt.signal });
    const poll = setInterval(() => asked.length > 0 && inAttempt.abort(reason), 1);
    await expect(call).rejects.toBe(reason);
    clearInterval(poll);

    const busy = await scripted(problem(429, { 'retry-after': '5' }));
    const inPause = new AbortController();
    const paused = createClient({ ...quick, url: busy.url }).onlineFeatures(request, { signal: inPause.signal });
    const other = setInterval(() => busy.asked.length > 0 && inPause.abort(reason), 1);
    await expect(paused).rejects.toBe(reason);
    clearInterval(other);

    const before = createClient({ ...quick, url: busy.url }).onlineFeatures(request, {
      signal: AbortSignal.abort(reason),
    });
    await expect(before).rejects.toBe(reason);
    expect(busy.asked).toHaveLength(1);
  });
});

describe('what is no answer of the API', () => {
  it.each([
    ['a page of a proxy', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' }, 502],
    ['a success that is not JSON', { body: 'hello' }, 0],
    ['JSON of something else', { body: '{"rows":3}' }, 0],
    ['null', { body: 'null' }, 0],
  ])('%s is client.badAnswer', async (_, given, status) => {
    const { url } = await scripted(given);
    expect(await problemOf(createClient({ ...quick, url }).onlineFeatures(request))).toMatchObject({
      code: 'client.badAnswer',
      status,
    });
  });

  it('a port that nobody listens at is client.network, with its cause', async () => {
    const failed = await problemOf(createClient({ ...quick, url: 'http://127.0.0.1:1' }).onlineFeatures(request));
    expect([failed.code, failed.cause instanceof Error]).toEqual(['client.network', true]);
  });
});

describe('Retry-After', () => {
  it.each([
    [null, undefined],
    ['7', 7000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 5000],
    ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
    ['soon', undefined],
  ])('%s is %s ms', (header, millis) => {
    expect(retryAfterMillis(header, Date.parse('2015-10-21T07:27:55Z'))).toBe(millis);
  });
});
