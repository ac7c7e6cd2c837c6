import { describe, expect, it } from 'vitest';
import { bytesSource, openParquet } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { adminGrants } from '#engine/access/grants.ts';
import { sampleLabels } from '#engine/leakage/sample-labels.ts';
import { completeDataset } from '#engine/training-set/complete-dataset.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { finishPart } from '#engine/training-set/finish-part.ts';
import { parseTrainingSetRequest, type TrainingSetInput } from '#engine/training-set/request.ts';
import { settleReads } from '#engine/training-set/settle-reads.ts';
import { type StageOutcome, stageSpine } from '#engine/training-set/stage-spine.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { readRequest } from '#lambdas/training-sets-api/read-request.ts';
import { manifest as streams } from '#test/unit/serve/stream-world.ts';
import { manifest, nowMillis, putJoin, readAll, requestOf, spineKey, type World, world } from './world.ts';

const files = workFiles('t1');
const step = { id: 't1', execution: 'e1' };
const minute = 60_000;
const hour = 60 * minute;

const entities: TypedColumn[] = [
  { name: 'driver_id', type: 'int64', values: [1n, null, 2n ** 60n] },
  { name: 'fare', type: 'float64', values: [10, 20, 30] },
  { name: 'event_time', type: 'string', values: ['yesterday', null, ''] },
];

async function stage(
  at: World,
  input: Partial<TrainingSetInput>,
  columns: readonly TypedColumn[] = entities,
): Promise<StageOutcome> {
  await at.objects.put(spineKey, writeParquet(columns));
  return stageSpine(at, { request: requestOf(input), execution: 'e1', untilMillis: at.clock() + 1 });
}

async function build(at: World, input: Partial<TrainingSetInput>): Promise<DatasetManifest> {
  await stage(at, input);
  const rows = [0, 1, 2].map((rowId) => ({ rowId, trips: BigInt(rowId + 1), rating: 1 }));
  await putJoin(at, 0, { execution: 'e1', files: [rows] });
  await settleReads(at, step);
  await finishPart(at, { ...step, part: 0 });
  return completeDataset(at, step);
}

describe('an export', () => {
  it('evaluates every row at one instant, without event times, and leaves the columns as they are', async () => {
    const at = world();
    const dataset = await build(at, { asOf: nowMillis - hour });
    expect((await readAll(at.objects, files.joinPart(0))).event_time_ms).toEqual(
      new Array(3).fill(BigInt(nowMillis - hour)),
    );
    expect(await readAll(at.objects, files.datasetPart(0))).toEqual({
      driver_id: [1n, null, 2n ** 60n],
      fare: [10, 20, 30],
      event_time: ['yesterday', null, ''],
      price: [10, 10, 10],
      stats__rating: [1, 1, 1],
      stats__trips: [1n, 2n, 3n],
      ratio__as_of: new Array(3).fill(nowMillis - hour),
    });
    expect(dataset).toMatchObject({ asOfMillis: nowMillis - hour, mode: 'asServed', rows: 3, pinned: true });
    expect(dataset.spine.eventTimeColumn).toBeUndefined();
  });

  it('fixes now once: called again later, the build keeps its instant', async () => {
    let millis = nowMillis;
    const at: World = { ...world(), clock: () => millis };
    const dataset = await build(at, { asOf: 'now' });
    expect(dataset.asOfMillis).toBe(nowMillis);

    const again: World = { ...world(), clock: () => millis };
    await stage(again, { asOf: 'now' });
    millis += hour;
    await stage(again, { asOf: 'now' });
    const kept = await readAll(again.objects, files.joinPart(0));
    expect(kept.event_time_ms?.[0]).toBe(BigInt(nowMillis));
  });

  it('is the same request for the same instant, and another one for another', async () => {
    const requestIds = await Promise.all(
      [nowMillis, 'now' as const, nowMillis - 1].map(async (asOf) => (await build(world(), { asOf })).requestId),
    );
    expect(requestIds[1]).toBe(requestIds[0]);
    expect(requestIds[2]).not.toBe(requestIds[0]);
  });

  it('takes a CSV file without any time', async () => {
    const at = world();
    await at.objects.put(spineKey, 'driver_id,fare\n7,2.5\n');
    const request = requestOf({ asOf: 'now' });
    await stageSpine(at, { request, execution: 'e1', untilMillis: nowMillis + 1 });
    expect(await readAll(at.objects, files.joinPart(0))).toEqual({
      row_id: [0n],
      event_time_ms: [BigInt(nowMillis)],
      driver__driver_id: [7n],
    });
  });

  it('refuses an instant that has not come, before anything is staged', async () => {
    const at = world();
    await expect(stage(at, { asOf: nowMillis + 1 })).rejects.toThrow(
      expect.objectContaining({
        code: 'trainingSet.futureInstant',
        message:
          'values as of 2026-11-22T00:00:00.001Z are not known yet: it is 2026-11-22T00:00:00.000Z; name an instant that has passed, or now',
      }),
    );
    expect(await at.objects.get(files.staged)).toBeUndefined();
  });

  it.each<[Partial<TrainingSetInput>, string]>([
    [{ lagMillis: 5 }, 'lagMillis'],
    [{ mode: 'eventTime' }, 'mode eventTime'],
    [{ eventTimeColumn: 'at', mode: 'knowledgeTime' }, 'eventTimeColumn and mode knowledgeTime'],
  ])('refuses %j beside the instant', (other, what) => {
    expect(() => parseTrainingSetRequest({ id: 'x', spine: 's', service: 'pricing', asOf: 'now', ...other })).toThrow(
      `asOf evaluates every row at one instant as served, and does not go with ${what}; leave one out`,
    );
  });

  it.each([[1.5], ['today'], [1e17]])('refuses an instant that is none: %j', (asOf) => {
    expect(() => parseTrainingSetRequest({ id: 'x', spine: 's', service: 'pricing', asOf })).toThrow('asOf');
  });
});

describe('POST /v1/training-sets with asOf', () => {
  const context = {
    grants: adminGrants,
    manifest,
    bucketUri: 's3://memory/',
    clock: () => nowMillis,
    newId: (prefix: string) => `${prefix}-1`,
  };
  const read = (asOf: unknown, more = {}) =>
    readRequest(JSON.stringify({ service: 'pricing', spine: spineKey, asOf, ...more }), context);

  it('fixes now at the request, and takes an instant with its offset', () => {
    expect(read('now')).toMatchObject({ id: 'ex-1', asOf: nowMillis, mode: 'asServed', lagMillis: 0 });
    expect(read('2026-11-21T13:30:00+01:00')).toMatchObject({ asOf: Date.UTC(2026, 10, 21, 12, 30) });
  });

  it.each([
    ['2026-11-22T00:00:00.001Z', {}, 'values as of 2026-11-22T00:00:00.001Z are not known yet'],
    ['yesterday', {}, '"yesterday"'],
    [5, {}, '/asOf must be a string'],
    ['now', { lag: '2h' }, 'does not go with lagMillis'],
  ])('refuses %j with %j', (asOf, more, message) => {
    expect(() => read(asOf, more)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});

it('has no labels whose leakage could be checked', async () => {
  const at = world();
  const dataset = await build(at, { asOf: 'now' });
  const open = async (name: string) =>
    openParquet(bytesSource((await at.objects.get(`${files.datasetFolder}${name}`))?.body ?? new Uint8Array()));
  await expect(sampleLabels({ manifest: dataset, open }, manifest.entities.slice(0, 1), 10)).rejects.toThrow(
    expect.objectContaining({ code: 'leakage.noLabels' }),
  );
});

describe('an export of views over streams', () => {
  const features = ['live:rides_1h', 'newest:fare'];
  const keys = entities.slice(0, 1);
  const overStreams = (archived: (source: string, millis: number) => boolean, clock = () => nowMillis): World => ({
    ...world(),
    repository: { manifest: streams, transforms: {} },
    archivedThrough: async ({ name }, millis) => archived(name, millis),
    clock,
  });

  it('waits until the event log has come to its instant', async () => {
    const asked: [string, number][] = [];
    const at = overStreams((source, millis) => asked.push([source, millis]) > 2);
    const input = { features, asOf: nowMillis - 5 };
    expect(await stage(at, input, keys)).toEqual({ next: 'wait', waitSeconds: 5 });
    expect(await stage(at, input, keys)).toEqual({ next: 'wait', waitSeconds: 5 });
    expect(await at.objects.get(files.reads), 'nothing is taken as read before the log is there').toBeUndefined();
    expect(await stage(at, input, keys)).toEqual({ next: 'join', joins: [0], rows: 3 });
    const source = streams.sources.find(({ kind }) => kind === 'stream')?.name;
    expect(asked).toEqual(new Array(3).fill([source, nowMillis - 5]));
  });

  it('gives up after a quarter of an hour, with the source and where to look', async () => {
    let millis = nowMillis;
    const at = overStreams(
      () => false,
      () => millis,
    );
    await stage(at, { features, asOf: 'now' }, keys);
    millis += 15 * minute + 1;
    await expect(stage(at, { features, asOf: 'now' }, keys)).rejects.toThrow(
      expect.objectContaining({
        code: 'trainingSet.archiveBehind',
        kind: 'unavailable',
        message: expect.stringMatching(/has not come to 2026-11-22T00:00:00.000Z.* within 15 minutes.*archive-events/),
      }),
    );
  });

  it('waits for no log where rows have times of their own', async () => {
    const at = overStreams(() => {
      throw new Error('asked');
    });
    const times: TypedColumn = { name: 'event_time', type: 'timestamp', values: [1, 2, 3] };
    expect(await stage(at, { features }, [...keys, times])).toMatchObject({ next: 'join' });
  });

  async function settledAfter(change: string): Promise<{ next: string; pinned: unknown }> {
    const at = overStreams(() => true);
    await stage(at, { features, asOf: 'now' }, keys);
    await putJoin(at, 0, { execution: 'e1', files: [] });
    await at.objects.put(change, 'new');
    const { next } = await settleReads(at, step);
    const { pinned } = JSON.parse(new TextDecoder().decode((await at.objects.get(files.reads))?.body));
    return { next, pinned };
  }

  it('does not join again for events that came meanwhile, which count for none of its rows; the dataset is not pinned', async () => {
    const source = streams.sources.find(({ kind }) => kind === 'stream')?.name;
    const log = `events/${source}/dt=2026-11-22/shard/0.parquet`;
    expect(await settledAfter(log)).toEqual({ next: 'finish', pinned: false });
    expect(await settledAfter('elsewhere/x')).toEqual({ next: 'finish', pinned: true });
  });
});
