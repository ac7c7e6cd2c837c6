import { randomBytes } from 'node:crypto';
import { vi } from 'vitest';
import { apiTokenRandomBytes } from '#codec/api-token.ts';
import { createApiToken } from '#engine/access/api-tokens.ts';
import type { TrainingSetRequest } from '#engine/training-set/request.ts';
import { createHttpHandler } from '#lambdas/http/create-http-handler.ts';
import { createIdentify, type IdentifyOptions } from '#lambdas/http/identity/identify.ts';
import { pushRoute } from '#lambdas/push-events/push-route.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { createTelemetry } from '#lambdas/telemetry.ts';
import { trainingSetRoutes } from '#lambdas/training-sets-api/routes.ts';
import { writeRoutes } from '#lambdas/write-features/routes.ts';
import { type AccessInput, accessSchema } from '#spec/access.ts';
import type { ParquetSource } from '#spec/manifest.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { streamManifest } from '#test/support/stream-manifest.ts';
import { lambdaContext, proxyEvent } from '#test/unit/http/proxy-events.ts';
import { nowMillis, repository, WatchedRows } from '#test/unit/serve/shop.ts';

export const spine = 'training-sets/labels.csv';

interface ApiCall {
  readonly body?: unknown;
  /** Bearer token. */
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** What API Gateway says of who signed the request. */
  readonly identity?: Record<string, string>;
}

/**
 * The whole API of the shop over one handler, with a stream source `orders` to push to and a row of customer 7; the deployment's own
 * token is `right`. Time moves only by `state`; every log line is kept.
 */
export async function accessApi(accessInput: AccessInput, options: Partial<IdentifyOptions> = {}) {
  const state = { nowMillis, broken: false, reads: 0 };
  const clock = (): number => state.nowMillis;
  const access = accessSchema.parse(accessInput);
  const { sources, entities } = streamManifest();
  const { manifest: shop } = repository;
  const manifest = {
    ...shop,
    entities: [...shop.entities, ...entities],
    sources: [...shop.sources, ...sources, orderEvents],
  };
  const rows = new WatchedRows();
  await rows.store('orders', [7n], { values: [3n, 12.5, 0.25] });
  await rows.store('everything', [7n], { values: [1, 2n, 0.5, 1.5, 'secret-profile', true, nowMillis, 'AAEC', [1n]] });
  const records = new MemoryRecords();
  const objects = new MemoryObjects();
  for (const key of [spine, 'sources/profiles/all.csv', 'datasets/other/part.csv'])
    await objects.put(key, 'customer_id\n7\n');
  const stream = new MemoryEventStream({ shards: 1, clock });
  const started: TrainingSetRequest[] = [];
  const runs: string[] = [];
  const lines: string[] = [];
  vi.stubEnv('POWERTOOLS_DEV', 'true'); // makes Powertools print through the global console, which is watched here
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((line: string) => lines.push(line));
  const handler = createHttpHandler({
    routes: [
      ...serveRoutes({ repository: { ...repository, manifest, access }, rows, clock, report: () => undefined }),
      ...writeRoutes({
        manifest,
        objects,
        online: rows,
        streamOf: () => stream,
        runs: { start: async ({ view }) => `run-${runs.push(view)}`, settled: async () => 'succeeded' },
        clock,
        report: () => undefined,
      }),
      pushRoute({ manifest, streamOf: () => stream, clock, report: () => undefined }),
      ...trainingSetRoutes({
        manifest,
        objects,
        linkTo: async (key) => `https://bucket/${key}`,
        records,
        clock,
        newId: () => `ts-${started.length}`,
        executions: { isRunning: async () => true },
        executionOf: (id) => `execution:${id}`,
        start: async (request) => started.push(request) > 0,
      }),
    ],
    identify: createIdentify({
      access,
      checkToken: async (token) => token === 'right',
      records: {
        get: async (group, sort) => {
          state.reads++;
          if (state.broken) throw new Error('the table is gone');
          return records.get(group, sort);
        },
      },
      clock,
      stage: 'dev',
      ...options,
    }),
    clock,
    logger: createTelemetry('shop', { project: 'shop', stage: 'dev' }).logger,
  });
  const call = async (method: string, path: string, { body, token, headers, identity }: ApiCall = {}) => {
    const event = proxyEvent(method, path, {
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const requestContext = { ...event.requestContext, identity: { ...event.requestContext.identity, ...identity } };
    const result = await handler({ ...event, requestContext }, lambdaContext());
    return { status: result.statusCode, headers: result.headers, text: result.body, json: parsed(result.body) };
  };
  return {
    state,
    rows,
    records,
    started,
    /** Views whose runs were started. */
    runs,
    lines,
    call,
    /** A new API token of these roles. */
    tokenOf: async (roles: readonly string[], lifetimeMillis = 3_600_000) => {
      const { token, stored } = await createApiToken(records, {
        name: 'of a test',
        roles,
        lifetimeMillis,
        nowMillis: state.nowMillis,
        random: randomBytes(apiTokenRandomBytes),
      });
      return { token, id: stored.id };
    },
  };
}

const parsed = (text: string) => (text === '' ? undefined : JSON.parse(text));

/** What the view `orders` is computed from. */
const orderEvents: ParquetSource = {
  kind: 'parquet',
  name: 'order_events',
  location: 'order-events/',
  schema: [
    { name: 'customer_id', type: 'int64' },
    { name: 'at', type: 'timestamp' },
  ],
  eventTime: 'at',
  description: '',
  tags: {},
};

/** An event that the source `orders` takes. */
export const order = {
  user_id: 7,
  order_id: 'o-1',
  total: 12.5,
  items: 2,
  price: '12.50',
  city: 'Kyoto',
  paid: true,
  at: new Date(nowMillis - 1000).toISOString(),
};
