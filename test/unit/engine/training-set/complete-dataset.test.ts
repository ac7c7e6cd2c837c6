import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { writeParquet } from '#codec/parquet-write.ts';
import { completeDataset } from '#engine/training-set/complete-dataset.ts';
import { findDatasetStatistics } from '#engine/training-set/dataset-statistics.ts';
import { listTrainingSets, readDatasetManifest } from '#engine/training-set/datasets.ts';
import { failTrainingSet } from '#engine/training-set/fail-training-set.ts';
import { finishPart } from '#engine/training-set/finish-part.ts';
import { planOfRequest, type TrainingSetInput } from '#engine/training-set/request.ts';
import { settleReads } from '#engine/training-set/settle-reads.ts';
import { stageSpine } from '#engine/training-set/stage-spine.ts';
import { getTrainingSetRecord } from '#engine/training-set/training-set-record.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { vectorHashOf } from '#engine/vector-hash.ts';
import { manifest, nowMillis, putJoin, requestOf, spineKey, type World, world } from './world.ts';

const files = workFiles('t1');
const rows = 103;
const ids = Array.from({ length: rows }, (_, row) => row);
const spine = writeParquet([
  { name: 'driver_id', type: 'int64', values: ids.map(BigInt) },
  { name: 'event_time', type: 'timestamp', values: ids },
  { name: 'fare', type: 'float64', values: ids },
]);

const stage = (at: World, execution = 'e1', input: Partial<TrainingSetInput> = {}) =>
  stageSpine(at, { request: requestOf(input), execution, untilMillis: nowMillis + 60_000, maximumPartRows: 100 });
const part = (at: World, number: number, execution = 'e1') => finishPart(at, { id: 't1', execution, part: number });
const complete = (at: World, execution = 'e1') => completeDataset(at, { id: 't1', execution });

async function joined(at: World, execution = 'e1', input: Partial<TrainingSetInput> = {}): Promise<World> {
  await at.objects.put(spineKey, spine);
  await stage(at, execution, input);
  const row = (rowId: number) => ({ rowId, trips: rowId % 10 === 0 ? null : BigInt(rowId), rating: 1 });
  await putJoin(at, 0, { execution, files: [ids.slice(0, 100).map(row)] });
  await putJoin(at, 1, { execution, files: [ids.slice(100).map(row)] });
  await settleReads(at, { id: 't1', execution });
  return at;
}

async function finished(at: World, execution = 'e1', input: Partial<TrainingSetInput> = {}): Promise<World> {
  await joined(at, execution, input);
  for (const number of [0, 1]) await part(at, number, execution);
  return at;
}

describe('completeDataset', () => {
  it('describes the dataset: definitions, spine, query, counts, files', async () => {
    const at = await finished(world());
    await complete(at);
    const dataset = await readDatasetManifest(at.objects, 't1');
    expect(dataset).toMatchObject({
      id: 't1',
      project: 'test',
      createdAtMillis: nowMillis,
      definitionsHash: manifest.hash,
      vectorHash: vectorHashOf(planOfRequest(manifest, requestOf())),
      service: { name: 'pricing', version: 1 },
      mode: 'asServed',
      lagMillis: 0,
      rows,
      spine: { key: spineKey, format: 'parquet', sizeBytes: spine.length, eventTimeColumn: 'event_time' },
      queries: [{ id: 'q1', sql: 'UNLOAD (SELECT 1)', bytesScanned: 1000, millis: 5 }],
      bytesScanned: 1000,
    });
    expect(dataset.features).toEqual([
      { name: 'price', ref: 'ratio@1:fare_per_trip', type: 'float64', nulls: 11, nullShare: 11 / rows },
      { name: 'stats__rating', ref: 'stats@1:rating', type: 'float32', nulls: 0, nullShare: 0 },
      { name: 'stats__trips', ref: 'stats@1:trips', type: 'int64', nulls: 11, nullShare: 11 / rows },
      { name: 'ratio__as_of', ref: 'ratio@1:as_of', type: 'timestamp', nulls: 0, nullShare: 0 },
    ]);
    expect(dataset.views).toMatchObject({
      'stats@1': { states: { present: rows, absent: 0, deleted: 0 } },
      'ratio@1': { transformErrors: 0 },
    });
    expect(dataset.files.map(({ name, rows: count }) => [name, count])).toEqual([
      ['part-00000.parquet', 100],
      ['part-00001.parquet', 3],
    ]);
    expect(dataset.costEstimate).toBeCloseTo((10 / 1024 / 1024) * 5, 10); // the least that Athena bills
    expect(await getTrainingSetRecord(at.records, 't1')).toMatchObject({
      state: 'succeeded',
      step: 'complete',
      rows,
      parts: 2,
    });
  });

  it('writes the statistics of all parts before the manifest, which has their hash', async () => {
    const at = await finished(world());
    const put = vi.spyOn(at.objects, 'put');
    const dataset = await complete(at);
    expect(put.mock.calls.map(([key]) => key)).toEqual(['datasets/t1/statistics.json', 'datasets/t1/manifest.json']);
    const bytes = (await at.objects.get(files.statistics))?.body ?? new Uint8Array();
    expect(dataset.statisticsFile).toEqual({
      name: 'statistics.json',
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    const statistics = await findDatasetStatistics(at.objects, dataset);
    expect(statistics?.rows).toBe(rows);
    expect(statistics?.columns.map(({ name, nulls }) => [name, nulls])).toEqual([
      ['driver_id', 0],
      ['event_time', 0],
      ['fare', 0],
      ...dataset.features.map(({ name, nulls }) => [name, nulls]),
    ]);
    expect(statistics?.columns[2]).toMatchObject({ min: 0, max: 102, mean: 51, quantiles: { '0.5': 51 } });
    expect(statistics).not.toHaveProperty('label');
  });

  it('counts the classes of the label that the request names', async () => {
    const at = await finished(world(), 'e1', { label: 'stats__rating' });
    const dataset = await complete(at);
    expect(dataset.label).toBe('stats__rating');
    expect((await findDatasetStatistics(at.objects, dataset))?.label).toEqual({
      column: 'stats__rating',
      balance: { rows, nulls: 0, classes: [{ value: '1', count: rows, share: 1 }] },
    });
  });

  it('gives the data the same ids whatever the label is', async () => {
    const plain = await complete(await finished(world()));
    const labelled = await complete(await finished(world(), 'e1', { label: 'fare' }));
    expect([labelled.requestId, labelled.datasetId]).toEqual([plain.requestId, plain.datasetId]);
    expect(labelled.requestHash).not.toBe(plain.requestHash);
  });

  it('fails when another run has overwritten the statistics of a part', async () => {
    const at = await finished(world());
    await at.objects.put(files.partStatistics(1), JSON.stringify({ columns: [] }));
    await expect(complete(at)).rejects.toThrow(/another run of training set t1 is writing the same files/);
    expect(await at.objects.head(files.manifest)).toBeUndefined();
  });

  it('lists a dataset only once it is complete', async () => {
    const at = await finished(world());
    expect(await listTrainingSets(at.objects)).toEqual([]);
    await expect(readDatasetManifest(at.objects, 't1')).rejects.toThrow('there is no complete training set "t1"');
    await complete(at);
    expect((await listTrainingSets(at.objects)).map(({ id }) => id)).toEqual(['t1']);
  });

  it('fails when a part has not been finished, and says why', async () => {
    const at = await joined(world());
    await part(at, 0);
    await expect(complete(at)).rejects.toThrow('part 1 of training set t1 was not finished');
    await putJoin(at, 1, { execution: 'e1', files: [] });
    await expect(part(at, 1)).rejects.toThrow();
    await expect(complete(at)).rejects.toThrow(
      'part 1 of training set t1 was not finished: the join of part 1 lost or doubled rows: row 100 did not come out of it',
    );
    expect(await at.objects.head(files.manifest)).toBeUndefined();
  });

  it('fails when a part is that of an earlier run', async () => {
    const at = await finished(world(), 'e0');
    await expect(complete(at, 'e1')).rejects.toThrow('part 0 of training set t1 was not finished');
  });

  it('fails when another run has overwritten a file', async () => {
    const at = await finished(world());
    await at.objects.put(files.datasetPart(1), 'other bytes');
    await expect(complete(at)).rejects.toThrow(/another run of training set t1 is writing the same files/);
  });

  it('removes what an earlier, longer attempt has left in the folder', async () => {
    const at = await finished(world());
    await at.objects.put(files.datasetPart(2), 'stale');
    await complete(at);
    expect(await at.objects.head(files.datasetPart(2))).toBeUndefined();
    expect(await at.objects.head(files.datasetPart(1))).toBeDefined();
  });

  it('ends well when it is run again after any step', async () => {
    const at = await finished(world());
    await joined(at, 'e2'); // killed after the join
    await finished(at, 'e3'); // killed before completion
    await finished(at, 'e4');
    const first = await complete(at, 'e4');
    expect(await complete(at, 'e4')).toEqual(first);
    expect(await stage(at, 'e5')).toEqual({ next: 'complete' });
    expect(await complete(at, 'e5')).toEqual(first);
    expect(first.rows).toBe(rows);
  });

  it('refuses another request under the id of a complete dataset, and leaves its record alone', async () => {
    const at = await finished(world());
    await complete(at);
    const other = requestOf({ lagMillis: 5 });
    const stagedAgain = stageSpine(at, { request: other, execution: 'e9', untilMillis: nowMillis });
    const message = 'training set t1 exists and was built from another request; choose another id';
    await expect(stagedAgain).rejects.toThrow(message);
    await failTrainingSet(at, { input: other, execution: 'e9', error: { code: 'trainingSet.idTaken', message } });
    expect(await getTrainingSetRecord(at.records, 't1')).toMatchObject({ state: 'succeeded' });
    await expect(part(at, 0, 'e9')).rejects.toThrow('training set t1 has been completed by another run');
  });
});

describe('failTrainingSet', () => {
  it('records the reason', async () => {
    const at = await joined(world());
    const error = { code: 'trainingSet.queryFailed', message: 'the join failed' };
    expect((await failTrainingSet(at, { input: requestOf(), execution: 'e1', error })).error).toEqual(error);
    expect(await getTrainingSetRecord(at.records, 't1')).toMatchObject({ state: 'failed', error, execution: 'e1' });
  });

  it('finds the reason of a failed part, where the map only counts failures', async () => {
    const at = await joined(world());
    await putJoin(at, 1, { execution: 'e1', files: [] });
    await expect(part(at, 1)).rejects.toThrow();
    const error = {
      code: 'States.ExceedToleratedFailureThreshold',
      message: 'The specified tolerated failure threshold was exceeded',
    };
    const failed = await failTrainingSet(at, { input: requestOf(), execution: 'e1', error });
    expect(failed.error).toEqual({
      code: 'trainingSet.partFailed',
      message: 'part 1 could not be finished: the join of part 1 lost or doubled rows: row 100 did not come out of it',
    });
  });

  it('hands the error on for an input that is no request', async () => {
    const error = { code: 'trainingSet.badRequest', message: 'bad training-set request: id: missing' };
    expect(await failTrainingSet(world(), { input: { spine: 1 }, execution: 'e1', error })).toEqual({ error });
  });
});
