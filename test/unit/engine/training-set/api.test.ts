import { describe, expect, it } from 'vitest';
import { adminGrants } from '#engine/access/grants.ts';
import { newTrainingSetId, type TrainingSetRequest } from '#engine/training-set/request.ts';
import { updateTrainingSetRecord } from '#engine/training-set/training-set-record.ts';
import type { HttpRequest } from '#lambdas/http/router.ts';
import { trainingSetAnswerSchema } from '#lambdas/training-sets-api/event.ts';
import { trainingSetRoutes } from '#lambdas/training-sets-api/routes.ts';
import type { TidemarkError } from '#spec/errors.ts';
import { putDataset } from './datasets-world.ts';
import { manifest, nowMillis, requestOf, spineKey, world } from './world.ts';

async function api() {
  const { objects, records } = world();
  await objects.put(spineKey, 'driver_id\n1\n');
  const started: TrainingSetRequest[] = [];
  const routes = trainingSetRoutes({
    manifest,
    objects,
    linkTo: async (key, validSeconds) => `https://bucket/${key}?valid=${validSeconds}`,
    records,
    clock: () => nowMillis,
    executions: { isRunning: async (execution) => execution !== 'execution:stopped' },
    executionOf: (id) => `execution:${id}`,
    newId: (prefix) => newTrainingSetId(nowMillis, 'abcdef', prefix),
    start: async (request) => {
      if (started.some(({ id }) => id === request.id)) return false;
      started.push(request);
      return true;
    },
  });
  const call = async (method: 'GET' | 'POST', rest: Partial<HttpRequest>) => {
    const request: HttpRequest = {
      method,
      path: '',
      parameters: {},
      query: {},
      body: '',
      accept: undefined,
      requestId: 'r',
      principal: { id: 'admin', grants: adminGrants },
      charge: () => undefined,
      deadlineMillis: nowMillis,
      ...rest,
    };
    const response = await routes.find((route) => route.method === method)?.handle(request);
    return { status: response?.status ?? 200, answer: trainingSetAnswerSchema.parse(JSON.parse(response?.body ?? '')) };
  };
  return {
    objects,
    records,
    started,
    post: (body: unknown) => call('POST', { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    get: (id: string) => call('GET', { parameters: { id } }),
  };
}

describe('POST /v1/training-sets', () => {
  it('starts a build and answers 202 with its id', async () => {
    const { post, started } = await api();
    expect(await post({ spine: `s3://memory/${spineKey}`, service: 'pricing', lag: '2h' })).toEqual({
      status: 202,
      answer: { id: 'ts-20261122-000000-abcdef', status: 'queued' },
    });
    expect(started).toEqual([
      {
        id: 'ts-20261122-000000-abcdef',
        spine: spineKey,
        service: 'pricing',
        mode: 'asServed',
        lagMillis: 7_200_000,
      },
    ]);
  });

  it('takes a split, a sample, rows of a file and a format', async () => {
    const { post, started } = await api();
    const body = {
      spine: spineKey,
      service: 'pricing',
      sample: { share: 0.1, by: 'driver' },
      fileRows: 5000,
      format: 'csv',
    };
    await post({ ...body, id: 'a', split: { time: ['2026-01-01T00:00:00Z', '2026-02-01T01:00:00+01:00'] } });
    await post({ ...body, id: 'b', split: { hash: [0.8, 0.2], by: 'driver', seed: 7 } });
    const cut = { sample: { share: 0.1, by: 'driver', seed: 0 }, fileRows: 5000, format: 'csv' };
    expect(started[0]).toMatchObject({
      ...cut,
      split: { kind: 'time', cutsMillis: [Date.UTC(2026, 0, 1), Date.UTC(2026, 1, 1)] },
    });
    expect(started[1]).toMatchObject({ ...cut, split: { kind: 'hash', shares: [0.8, 0.2], by: 'driver', seed: 7 } });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['neither times nor shares', { split: {} }, '/split a split is by time or by hash, got neither'],
    ['both times and shares', { split: { time: [], hash: [] } }, '/split a split is by time or by hash, got both'],
    ['a time without offset', { split: { time: ['2026-01-01T00:00'] } }, '/split invalid time'],
    [
      'a time with an entity',
      { split: { time: ['2026-01-01T00:00Z'], by: 'driver' } },
      '/split a split by time has neither',
    ],
    ['shares without an entity', { split: { hash: [0.5, 0.5] } }, '/split a split by hash needs the entity'],
    [
      'shares of more than all',
      { split: { hash: [0.5, 0.6], by: 'driver' } },
      'split.shares: must be two or three shares',
    ],
    [
      'an unknown entity',
      { split: { hash: [0.5, 0.5], by: 'plane' } },
      'split by plane: the features that are asked for are of driver',
    ],
    ['a sample of all', { sample: { share: 1 } }, '/sample/share must be between 0 and 1'],
    ['a sample by an unknown entity', { sample: { share: 0.5, by: 'zone' } }, 'sample by zone'],
    ['files of few rows', { fileRows: 10 }, '/fileRows must be from 1,000 to 1,000,000'],
    ['another format', { format: 'orc' }, '/format must be one of "parquet", "csv"'],
  ])('refuses %s', async (_, members, message) => {
    const { post, started } = await api();
    await expect(post({ spine: spineKey, service: 'pricing', ...members })).rejects.toThrow(message);
    expect(started).toEqual([]);
  });

  it('takes a list of features, a mode, milliseconds of lag, an event-time column and an id', async () => {
    const { post, started } = await api();
    const body = {
      id: 'mine',
      spine: spineKey,
      features: ['stats:trips'],
      mode: 'eventTime',
      lag: 5,
      eventTimeColumn: 'at',
    };
    expect((await post(body)).answer).toEqual({ id: 'mine', status: 'queued' });
    const { lag, ...rest } = body;
    expect(started).toEqual([{ ...rest, lagMillis: lag }]);
  });

  const good = { spine: spineKey, service: 'pricing' };
  it.each<[string, unknown, TidemarkError['kind'], string]>([
    [
      'a body that is not JSON',
      '{',
      'invalid',
      "the body is not JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    ],
    ['a body without a spine', { service: 'pricing' }, 'invalid', '/spine is missing'],
    [
      'an unknown member',
      { ...good, spien: 1 },
      'invalid',
      '/spien is not known here; allowed: id, spine, service, features, mode, lag, eventTimeColumn, label, split, sample, fileRows, format, asOf',
    ],
    [
      'an unknown mode',
      { ...good, mode: 'served' },
      'invalid',
      '/mode must be one of "asServed", "eventTime", "knowledgeTime"',
    ],
    [
      'both a service and features',
      { ...good, features: ['stats:trips'] },
      'invalid',
      'name a service or a list of features, got both',
    ],
    ['neither', { spine: spineKey }, 'invalid', 'name a service or a list of features, got neither'],
    [
      'a bad lag',
      { ...good, lag: '2 hours' },
      'invalid',
      'invalid duration "2 hours"; write a number and ms, s, m, h or d, as in 2h',
    ],
    [
      'another bucket',
      { ...good, spine: 's3://other/x.csv' },
      'invalid',
      "/spine must lie in the deployment's bucket s3://memory/; copy it there",
    ],
    [
      'a folder of ours',
      { ...good, spine: 'state/x.csv' },
      'invalid',
      '/spine must lie under training-sets/, datasets/, sources/ of the bucket; copy it to training-sets/',
    ],
    [
      'a spine that is not there',
      { ...good, spine: 'training-sets/x.csv' },
      'notFound',
      'there is no spine at s3://memory/training-sets/x.csv; upload it first',
    ],
    [
      'an unknown service',
      { ...good, service: 'pricng' },
      'notFound',
      'unknown feature service "pricng", known: pricing; did you mean "pricing"?',
    ],
  ])('refuses %s', async (...[, body, kind, message]) => {
    const { post, started } = await api();
    await expect(post(body)).rejects.toThrow(expect.objectContaining({ kind, message }));
    expect(started).toEqual([]);
  });

  it('is found as queued at once, and as failed when it could not be started', async () => {
    const { post, get, started } = await api();
    await post({ ...good, id: 'mine' });
    expect((await get('mine')).answer).toMatchObject({ id: 'mine', status: 'queued' });
    started.push({ ...requestOf(), id: 'other' }); // an execution of this name exists, its record does not
    await expect(post({ ...good, id: 'other' })).rejects.toThrow(expect.objectContaining({ kind: 'conflict' }));
    expect((await get('other')).answer).toMatchObject({ status: 'failed', error: { code: 'trainingSet.notStarted' } });
  });

  it('refuses an id that is taken', async () => {
    const { post } = await api();
    await post({ ...good, id: 'mine' });
    await expect(post({ ...good, id: 'mine' })).rejects.toThrow(expect.objectContaining({ kind: 'conflict' }));
  });
});

describe('GET /v1/training-sets/{id}', () => {
  it('tells how far a build is, and why it failed', async () => {
    const { get, records } = await api();
    await updateTrainingSetRecord(records, requestOf(), { step: 'building', nowMillis });
    expect((await get('t1')).answer).toEqual({
      id: 't1',
      status: 'running',
      step: 'building',
      startedAt: '2026-11-22T00:00:00.000Z',
    });
    const error = { code: 'trainingSet.badSpine', message: 'the spine has no rows' };
    await updateTrainingSetRecord(records, requestOf(), {
      state: 'failed',
      nowMillis,
      finishedAtMillis: nowMillis + 5,
      error,
    });
    expect((await get('t1')).answer).toMatchObject({ status: 'failed', error, finishedAt: '2026-11-22T00:00:00.005Z' });
  });

  it('tells that a build whose execution was stopped has failed', async () => {
    const { post, get } = await api();
    await post({ id: 'stopped', spine: spineKey, service: 'pricing' });
    expect((await get('stopped')).answer).toMatchObject({ status: 'failed', error: { code: 'trainingSet.stopped' } });
  });

  it.each(['t2', 'no/such', ''])('answers not found for %j', async (id) => {
    const { get } = await api();
    await expect(get(id)).rejects.toThrow(expect.objectContaining({ kind: 'notFound' }));
  });

  it('links to the files of a complete dataset, in row order, for an hour', async () => {
    const { get, objects } = await api();
    const part = (...trips: bigint[]) => [{ name: 'trips', type: 'int64' as const, values: trips }];
    const { files } = await putDataset({ objects, id: 'done' }, [part(1n, 2n), part(3n)]);
    expect((await get('done')).answer.files).toEqual([
      {
        name: 'part-00000.parquet',
        url: 'https://bucket/datasets/done/part-00000.parquet?valid=3600',
        sizeBytes: files[0]?.sizeBytes,
        rows: 2,
      },
      {
        name: 'part-00001.parquet',
        url: 'https://bucket/datasets/done/part-00001.parquet?valid=3600',
        sizeBytes: files[1]?.sizeBytes,
        rows: 1,
      },
    ]);
  });

  it('tells the splits of a dataset and in which of them each file is', async () => {
    const { get, objects } = await api();
    const dataset = await putDataset({ objects, id: 'done' }, [[{ name: 'trips', type: 'int64', values: [1n] }]]);
    const files = dataset.files.map((file) => ({ ...file, name: 'train/part-00000.csv' }));
    const splits = [{ name: 'train' as const, rows: 1, files: 1, minEventMillis: 0, maxEventMillis: 1 }];
    await objects.put('datasets/done/manifest.json', JSON.stringify({ ...dataset, files, splits, format: 'csv' }));
    const { answer } = await get('done');
    expect(answer.files).toMatchObject([
      { name: 'train/part-00000.csv', url: 'https://bucket/datasets/done/train/part-00000.csv?valid=3600' },
    ]);
    expect(answer.dataset).toMatchObject({
      format: 'csv',
      splits: [{ name: 'train', rows: 1, files: 1, from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T00:00:00.001Z' }],
    });
  });

  it('links to the statistics of a dataset that has some', async () => {
    const { get, objects } = await api();
    const dataset = await putDataset({ objects, id: 'done' }, [[{ name: 'trips', type: 'int64', values: [1n] }]]);
    expect((await get('done')).answer).not.toHaveProperty('statistics');
    const statisticsFile = { name: 'statistics.json', sizeBytes: 7, sha256: 'f' };
    await objects.put('datasets/done/manifest.json', JSON.stringify({ ...dataset, statisticsFile }));
    expect((await get('done')).answer.statistics).toEqual({
      url: 'https://bucket/datasets/done/statistics.json?valid=3600',
      sizeBytes: 7,
    });
  });

  it('has no links of more files than fit an answer', async () => {
    const { get, objects } = await api();
    const dataset = await putDataset({ objects, id: 'long' }, [[{ name: 'trips', type: 'int64', values: [1n] }]]);
    const files = Array.from({ length: 1001 }, () => dataset.files[0]);
    await objects.put('datasets/long/manifest.json', JSON.stringify({ ...dataset, files }));
    const { answer } = await get('long');
    expect([answer.status, answer.files, answer.dataset?.files.length]).toEqual(['succeeded', undefined, 1001]);
  });

  it('knows no deleted training set', async () => {
    const { get, records } = await api();
    await updateTrainingSetRecord(records, requestOf(), { state: 'deleted', nowMillis });
    await expect(get('t1')).rejects.toThrow('there is no training set "t1"');
  });
});
