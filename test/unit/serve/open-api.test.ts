import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '#lambdas/serve-features/open-api.ts';
import { serveRoutes } from '#lambdas/serve-features/routes.ts';
import { trainingSetRoutes } from '#lambdas/training-sets-api/routes.ts';
import { writeRoutes } from '#lambdas/write-features/routes.ts';
import { MemoryEventStream } from '#store/memory/event-stream.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import { serveApi } from './serve-api.ts';
import { nowMillis, repository, WatchedRows } from './shop.ts';

const document = openApiDocument(repository.manifest);
/** Validators made of the published JSON Schemas themselves, not of the zod schemas that they came from. */
const schema = (name: 'OnlineFeaturesRequest' | 'OnlineFeaturesResponse' | 'Problem') =>
  z.fromJSONSchema(document.components.schemas[name] as Parameters<typeof z.fromJSONSchema>[0]); // JSON Schema by construction

it('describes every route of the API, and no other', () => {
  const routes = [
    ...serveRoutes({ repository, rows: new WatchedRows(), clock: () => nowMillis, report: () => undefined }),
    ...trainingSetRoutes({
      manifest: repository.manifest,
      objects: new MemoryObjects('bucket'),
      linkTo: async (key) => key,
      records: new MemoryRecords(),
      clock: () => nowMillis,
      executions: new MemoryExecutions(),
      executionOf: (id) => id,
      newId: () => 'id',
      start: async () => true,
    }),
    ...writeRoutes({
      manifest: repository.manifest,
      objects: new MemoryObjects('bucket'),
      online: new WatchedRows(),
      streamOf: () => new MemoryEventStream({ shards: 1, clock: () => nowMillis }),
      runs: { start: async () => 'run', settled: async () => 'succeeded' },
      report: () => undefined,
      clock: () => nowMillis,
    }),
  ];
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(routes.map((route) => `${route.method} ${route.pattern}`).sort());
});

it('is served as it is, with a token', async () => {
  const result = await serveApi().call('GET', '/v1/openapi.json');
  expect(JSON.parse(result.body)).toEqual(JSON.parse(JSON.stringify(document)));
  expect(document.openapi).toBe('3.1.0');
});

it('offers the deployed services, and an example of each that the API answers', async () => {
  const { examples } = document.paths['/v1/online-features'].post.requestBody.content['application/json'];
  expect(Object.keys(examples)).toEqual(['checkout@1', 'lanes@3']);
  const api = serveApi();
  for (const { value } of Object.values(examples)) {
    expect(schema('OnlineFeaturesRequest').safeParse(value).success).toBe(true);
    expect((await api.post(value)).statusCode).toBe(200);
  }
});

it('has schemas that hold for answers and problems, and refuse others', async () => {
  const api = serveApi();
  await api.rows.store('orders', [1n], { values: [2n ** 60n, Number.NaN, 1], marks: 'd..' });
  const answer = await api.post({
    features: ['orders:order_count', 'orders:spend', 'everything:a_list_int64'],
    entities: [{ customer_id: 1 }, { customer_id: 2 }],
    metadata: ['status', 'eventTime'],
  });
  const response = JSON.parse(answer.body);
  expect(schema('OnlineFeaturesResponse').safeParse(response).error).toBeUndefined();
  expect(schema('OnlineFeaturesResponse').safeParse({ ...response, extra: 1 }).success).toBe(false);
  expect(schema('OnlineFeaturesResponse').safeParse({ names: [], rows: [{ values: [] }] }).success).toBe(false);
  const vectors = await api.post({
    features: ['orders:spend', 'orders:ratio'],
    entities: [{ customer_id: 1 }, { customer_id: 2 }],
    format: 'vector',
    fill: -1,
  });
  const filled = JSON.parse(vectors.body);
  expect(schema('OnlineFeaturesResponse').safeParse(filled).error).toBeUndefined();
  for (const extra of [{ values: [] }, { vector: ['text', 1] }, { filled: [-1] }])
    expect(
      schema('OnlineFeaturesResponse').safeParse({ ...filled, rows: [{ ...filled.rows[0], ...extra }] }).success,
    ).toBe(false);
  const problem = JSON.parse((await api.post({})).body);
  expect(schema('Problem').safeParse(problem).error).toBeUndefined();
  expect(schema('Problem').safeParse({ ...problem, status: 'bad' }).success).toBe(false);
});

it('has schemas that agree with the handler on which requests are well formed', async () => {
  const entities = [{ customer_id: 1 }];
  const features = ['orders:spend'];
  const refused = [
    {},
    { features },
    { features: [], entities },
    { features, entities: [] },
    { features, entities, extra: 1 },
    { features, entities, metadata: ['age'] },
    { features, entities, format: 'matrix' },
    { features, entities, consistency: 'quick' },
    { features, entities, format: 'vector', fill: '0' },
    { features, entities, service: 'checkout' },
    { features, entities: Array(101).fill({ customer_id: 1 }) },
  ];
  for (const request of refused) {
    expect([request, schema('OnlineFeaturesRequest').safeParse(request).success]).toEqual([request, false]);
    expect((await serveApi().post(request)).statusCode).toBe(400);
  }
  expect(schema('OnlineFeaturesRequest').safeParse({ features, entities }).success).toBe(true);
  const vector = { features, entities, format: 'vector', fill: 0 };
  expect(schema('OnlineFeaturesRequest').safeParse(vector).success).toBe(true);
  expect((await serveApi().post(vector)).statusCode).toBe(200);
});

it('is a valid OpenAPI 3.1 document to a validator of the specification, and names every operation once', async () => {
  const published = z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(document)));
  expect(await new Validator().validate(published)).toEqual({ valid: true });
  expect((await new Validator().validate({ ...published, paths: { unrooted: {} } })).valid).toBe(false);
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
});
