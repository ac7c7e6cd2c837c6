import { Agent, request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { type HttpServer, startHttpServer } from '#lambdas/http/http-server.ts';
import { createIdentify } from '#lambdas/http/identity/identify.ts';
import type { HttpRequest, Route } from '#lambdas/http/router.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';

let server: HttpServer;
let seen: HttpRequest | undefined;
/** Ends the answer to GET /v1/slow; resolves `begun` when that has been asked for. */
let endSlow: () => void;
let begun: Promise<void>;

beforeEach(async () => {
  seen = undefined;
  let begin: () => void = () => undefined;
  begun = new Promise((resolve) => {
    begin = resolve;
  });
  const slow = new Promise<void>((resolve) => {
    endSlow = resolve;
  });
  const routes: readonly Route[] = [
    {
      method: 'POST',
      pattern: '/v1/things/{name}',
      maxBodyBytes: 20 * 1024 * 1024,
      handle: (given) => {
        seen = given;
        return { status: 202, headers: { 'x-thing': 'one' }, body: '{"é":"😀"}' };
      },
    },
    {
      method: 'GET',
      pattern: '/v1/slow',
      handle: async () => {
        begin();
        await slow;
        return { body: '{"slow":true}' };
      },
    },
  ];
  const { logger } = createTelemetry('things', { project: 'shop', stage: 'dev' });
  logger.setLogLevel('SILENT');
  const identify = createIdentify({ checkToken: async (token) => token === 'right', clock: Date.now, stage: 'dev' });
  server = await startHttpServer(createHttpHandler({ routes, identify, logger }), { host: '127.0.0.1', port: 0 });
});
afterEach(() => server.stop());

const call = (method: string, path: string, { body, token = 'right' }: { body?: string; token?: string } = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
    ...(body === undefined ? {} : { body }),
  });

it('gives a route what was sent, and the caller what the route answers', async () => {
  const answer = await call('POST', '/v1/things/a%20b?x=1&y=%C3%A9', { body: '{"text":"ü😀"}' });
  expect(answer.status).toBe(202);
  expect(answer.headers.get('x-thing')).toBe('one');
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await answer.json()).toEqual({ é: '😀' });
  expect(seen).toMatchObject({
    method: 'POST',
    parameters: { name: 'a b' },
    query: { x: '1', y: 'é' },
    body: '{"text":"ü😀"}',
    principal: { id: 'admin' },
  });
});

it('answers as behind API Gateway where a request is wrong', async () => {
  expect((await call('POST', '/v1/things/a', { token: 'wrong' })).status).toBe(401);
  expect((await call('GET', '/v1/nothing')).status).toBe(404);
  expect((await call('DELETE', '/v1/slow')).status).toBe(405);
  expect(seen).toBeUndefined();
});

it('refuses a body of more than 10 MB whatever the route takes', async () => {
  const answer = await call('POST', '/v1/things/a', { body: 'x'.repeat(10 * 1024 * 1024 + 1) });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ code: 'http.tooLarge', status: 413 });
  expect(seen).toBeUndefined();
});

it('answers one request after the other on one connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const reused: boolean[] = [];
  for (let at = 0; at < 3; at++)
    await new Promise<void>((resolve, reject) => {
      const options = { agent, port: server.port, path: '/v1/nothing' };
      const sent = request(options, (response) => response.resume().on('end', resolve)).on('error', reject);
      sent.end();
      sent.on('close', () => reused.push(sent.reusedSocket));
    });
  agent.destroy();
  expect(reused).toEqual([false, true, true]);
});

it('ends what is being answered when it stops, and takes nothing more', async () => {
  const answering = call('GET', '/v1/slow');
  await begun;
  const stopped = server.stop();
  await expect(call('GET', '/v1/slow')).rejects.toThrow('fetch failed');
  endSlow();
  expect(await (await answering).json()).toEqual({ slow: true });
  await stopped;
});

it('says which address is taken', async () => {
  const again = startHttpServer(async () => ({ statusCode: 200, headers: {}, body: '' }), {
    host: '127.0.0.1',
    port: server.port,
  });
  await expect(again).rejects.toThrow(
    `cannot listen on 127.0.0.1:${server.port} (EADDRINUSE); choose another port or address`,
  );
});
