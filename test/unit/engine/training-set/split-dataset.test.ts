import { describe, expect, it } from 'vitest';
import type { RawColumn } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import { readStepJson } from '#engine/stored-json.ts';
import { completeDataset } from '#engine/training-set/complete-dataset.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { findDatasetStatistics } from '#engine/training-set/dataset-statistics.ts';
import { finishPart } from '#engine/training-set/finish-part.ts';
import type { TrainingSetInput } from '#engine/training-set/request.ts';
import { settleReads } from '#engine/training-set/settle-reads.ts';
import { csvColumns, surveyCsv } from '#engine/training-set/spine-file.ts';
import { stageSpine } from '#engine/training-set/stage-spine.ts';
import { type StagedPart, stagedSchema, workFiles } from '#engine/training-set/work-files.ts';
import { nowMillis, putJoin, readAll, requestOf, spineKey, type World, world } from './world.ts';

const files = workFiles('t1');
const rows = 200;
/** Times in no order; every value of 0..39 five times. */
const times = Array.from({ length: rows }, (_, row) => (row * 17) % 40);
const drivers = Array.from({ length: rows }, (_, row) => BigInt(row % 25));
const fares = Array.from({ length: rows }, (_, row) => row);
const spine = writeParquet([
  { name: 'driver_id', type: 'int64', values: drivers },
  { name: 'event_time', type: 'timestamp', values: times },
  { name: 'fare', type: 'float64', values: fares },
  { name: 'note', type: 'string', values: fares.map((fare) => `n${fare}`) },
]);
const byTime = { split: { kind: 'time', cutsMillis: [25, 35] } } satisfies Partial<TrainingSetInput>;
const byDriver = {
  split: { kind: 'hash', shares: [0.6, 0.4], by: 'driver' },
} satisfies Partial<TrainingSetInput>;

/** Stages the spine, called again as often as it asks. */
async function staged(at: World, input: Partial<TrainingSetInput>, untilMillis: number): Promise<StagedPart[]> {
  await at.objects.put(spineKey, spine);
  const step = { request: requestOf(input), execution: 'e1', untilMillis, maximumPartRows: 30 };
  let calls = 1;
  while ((await stageSpine(at, step)).next === 'stage') expect(calls++).toBeLessThan(20); // each call stages a part
  return (await readStepJson(at.objects, files.staged, stagedSchema)).parts;
}

async function built(input: Partial<TrainingSetInput>, at = world()): Promise<DatasetManifest> {
  const parts = await staged(at, input, nowMillis + 60_000);
  for (const { part, firstRow, rows: count } of parts) {
    const ids = Array.from({ length: count }, (_, row) => firstRow + row);
    await putJoin(at, part, { execution: 'e1', files: [ids.map((rowId) => ({ rowId, trips: 1n, rating: 0.5 }))] });
  }
  await settleReads(at, { id: 't1', execution: 'e1' });
  for (const { part } of parts) await finishPart(at, { id: 't1', execution: 'e1', part });
  return completeDataset(at, { id: 't1', execution: 'e1' });
}

interface Place {
  readonly folder?: string;
  readonly column: string;
}

/** The column of all files of a folder, in their order. */
async function columnOf(at: World, { files: all }: DatasetManifest, { folder = '', column }: Place) {
  const values = [];
  for (const { name } of all)
    if (name.startsWith(folder))
      values.push(...((await readAll(at.objects, `${files.datasetFolder}${name}`))[column] ?? []));
  return values;
}

describe('a dataset that is split', () => {
  it('has a folder of files per split, each in the order of the spine, and says what is in them', async () => {
    const at = world();
    const manifest = await built(byTime, at);
    expect(manifest.files.map(({ name, rows: count }) => [name, count])).toEqual([
      ['train/part-00000.parquet', 30],
      ['train/part-00001.parquet', 30],
      ['train/part-00002.parquet', 30],
      ['train/part-00003.parquet', 30],
      ['train/part-00004.parquet', 5],
      ['validation/part-00000.parquet', 30],
      ['validation/part-00001.parquet', 20],
      ['test/part-00000.parquet', 25],
    ]);
    expect(manifest.splits).toEqual([
      { name: 'train', rows: 125, files: 5, minEventMillis: 0, maxEventMillis: 24 },
      { name: 'validation', rows: 50, files: 2, minEventMillis: 25, maxEventMillis: 34 },
      { name: 'test', rows: 25, files: 1, minEventMillis: 35, maxEventMillis: 39 },
    ]);
    expect(manifest.split).toEqual(byTime.split);
    const isIn = {
      train: (at: number) => at < 25,
      validation: (at: number) => at >= 25 && at < 35,
      test: (at: number) => at >= 35,
    };
    for (const [folder, includes] of Object.entries(isIn)) {
      const expected = fares.filter((row) => includes(times[row] ?? -1));
      expect(await columnOf(at, manifest, { folder, column: 'fare' })).toEqual(expected);
      expect(await columnOf(at, manifest, { folder, column: 'note' })).toEqual(expected.map((row) => `n${row}`));
    }
    expect(await columnOf(at, manifest, { column: 'stats__trips' })).toEqual(new Array(rows).fill(1n));
  });

  it('has the balance of the label in each split, and the statistics of all rows', async () => {
    const at = world();
    const manifest = await built({ ...byTime, label: 'event_time' }, at);
    const statistics = await findDatasetStatistics(at.objects, manifest);
    expect(statistics?.columns.map(({ name, rows: count }) => [name, count])).toContainEqual(['fare', rows]);
    const { balance, splits = {} } = statistics?.label ?? {};
    expect(balance).toMatchObject({ rows, nulls: 0 });
    expect(Object.entries(splits).map(([name, { rows: count, classes }]) => [name, count, classes?.length])).toEqual([
      ['train', 125, 25],
      ['validation', 50, 10],
      ['test', 25, 5],
    ]);
    const inTest = splits.test?.classes?.map(({ value, share }) => [Number(value), share]);
    expect(inTest).toEqual([35, 36, 37, 38, 39].map((time) => [time, 0.2]));
  });

  it('keeps all labels of an entity together', async () => {
    const at = world();
    const manifest = await built(byDriver, at);
    const [train, test] = [
      new Set(await columnOf(at, manifest, { folder: 'train', column: 'driver_id' })),
      new Set(await columnOf(at, manifest, { folder: 'test', column: 'driver_id' })),
    ];
    expect([...train].filter((driver) => test.has(driver))).toEqual([]);
    expect(train.size + test.size).toBe(25);
    expect(manifest.rows).toBe(rows);
  });

  it('is staged alike however often it is stopped', async () => {
    for (const input of [byTime, byDriver, { ...byDriver, sample: { share: 0.5 } }]) {
      const [once, stopped] = [world(), world()];
      const parts = await staged(once, input, nowMillis + 60_000);
      expect(await staged(stopped, input, nowMillis)).toEqual(parts);
      for (const { part } of parts)
        for (const key of [files.spinePart(part), files.joinPart(part)])
          expect(await stopped.objects.get(key)).toEqual(await once.objects.get(key));
    }
  });

  it('samples before the join, and a sample has the rows of the spine in their order', async () => {
    const at = world();
    const manifest = await built({ sample: { share: 0.4, by: 'driver', seed: 3 } }, at);
    expect(manifest.sample).toEqual({ share: 0.4, by: 'driver', seed: 3 });
    expect(manifest.rows).toBeLessThan(rows);
    expect(manifest.files.map(({ name }) => name)).toContain('part-00000.parquet');
    const kept = new Set(await columnOf(at, manifest, { column: 'driver_id' }));
    expect(await columnOf(at, manifest, { column: 'fare' })).toEqual(
      fares.filter((row) => kept.has(drivers[row] ?? -1n)),
    );
    const staging = await readStepJson(at.objects, files.staged, stagedSchema);
    expect(staging.parts.reduce((sum, part) => sum + part.rows, 0)).toBe(manifest.rows);
  });

  it('has ids of its own for every option, and the same ids for the same ones', async () => {
    const options: Partial<TrainingSetInput>[] = [
      {},
      byTime,
      byDriver,
      { split: { ...byDriver.split, seed: 1 } },
      { sample: { share: 0.4 } },
      { sample: { share: 0.4, seed: 1 } },
      { sample: { share: 0.4, by: 'driver' } },
      { fileRows: 1000 },
      { format: 'csv' },
    ];
    const ids = [];
    for (const input of options) ids.push((await built(input)).requestId);
    expect(new Set(ids).size).toBe(options.length);
    expect((await built({ format: 'parquet' })).requestId).toBe(ids[0]);
    const [first, again] = [await built(byTime), await built(byTime)];
    expect([again.requestId, again.datasetId]).toEqual([first.requestId, first.datasetId]);
  });

  it('refuses a split or a sample without rows before any query is paid for', async () => {
    const staging = (input: Partial<TrainingSetInput>) => staged(world(), input, nowMillis + 60_000);
    await expect(staging({ split: { kind: 'time', cutsMillis: [100] } })).rejects.toThrow(
      'no label falls into test: the labels are from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.039Z, cut at 1970-01-01T00:00:00.100Z; move the cuts',
    );
    await expect(staging({ split: { kind: 'hash', shares: [0.999, 0.001], by: 'driver' } })).rejects.toThrow(
      'no label falls into test: there are too few of entity driver; take greater shares or another seed',
    );
    await expect(staging({ sample: { share: 0.0001, by: 'driver' } })).rejects.toThrow(
      'a sample of 0.0001 by entity driver keeps no row of the spine; take a greater share or another seed',
    );
  });

  it('cuts files to the rows that are asked for, as far as memory holds them', async () => {
    const long = 2500;
    const at = world();
    const numbers = Array.from({ length: long }, (_, row) => row);
    await at.objects.put(
      spineKey,
      writeParquet([
        { name: 'driver_id', type: 'int64', values: numbers.map(BigInt) },
        { name: 'event_time', type: 'timestamp', values: numbers },
        { name: 'fare', type: 'float64', values: numbers },
      ]),
    );
    const step = { execution: 'e1', untilMillis: nowMillis + 60_000 };
    await stageSpine(at, { ...step, request: requestOf({ fileRows: 1000 }) });
    const { parts } = await readStepJson(at.objects, files.staged, stagedSchema);
    expect(parts.map((part) => part.rows)).toEqual([1000, 1000, 500]);
    await expect(
      stageSpine({ ...world(), objects: at.objects }, { ...step, request: requestOf({ fileRows: 1_000_000 }) }),
    ).rejects.toThrow(
      /^files of 1000000 rows do not fit memory with the columns of this dataset; ask for at most \d+ rows$/,
    );
  });

  it.each<[string, Partial<TrainingSetInput>, RegExp]>([
    ['shares that do not sum to 1', { split: { kind: 'hash', shares: [0.8, 0.1], by: 'driver' } }, /sum is 1/],
    ['cuts that do not ascend', { split: { kind: 'time', cutsMillis: [2, 2] } }, /must be ascending/],
    ['too many cuts', { split: { kind: 'time', cutsMillis: [1, 2, 3] } }, /cutsMillis/],
    ['a sample of everything', { sample: { share: 1 } }, /sample\.share/],
    ['files of some rows', { fileRows: 999 }, /fileRows/],
    ['a split by time of rows without times', { ...byTime, asOf: 'now' }, /a split by time/],
  ])('refuses %s', (_, input, message) => {
    expect(() => requestOf(input)).toThrow(message);
  });
});

async function* chunks(bytes: Uint8Array = new Uint8Array()): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('a dataset of CSV files', () => {
  it('holds the spine untouched in meaning, then the features, and is read again as a spine', async () => {
    const at = world();
    const manifest = await built({ format: 'csv', ...byTime }, at);
    expect([manifest.format, manifest.files[0]?.name]).toEqual(['csv', 'train/part-00000.csv']);
    const first = (await at.objects.get(`${files.datasetFolder}train/part-00000.csv`))?.body;
    const text = new TextDecoder().decode(first);
    expect(text.split('\r\n').slice(0, 3)).toEqual([
      'driver_id,event_time,fare,note,price,stats__rating,stats__trips,ratio__as_of',
      '0,1970-01-01T00:00:00.000Z,0,n0,0,0.5,1,1970-01-01T00:00:00.000Z',
      '1,1970-01-01T00:00:00.017Z,1,n1,1,0.5,1,1970-01-01T00:00:00.017Z',
    ]);
    const types = csvColumns(await surveyCsv(chunks(first)), new Map()).map(({ type }) => type);
    expect(types).toEqual(['int64', 'string', 'int64', 'string', 'int64', 'float64', 'int64', 'string']);
  });

  it('refuses columns without a text before any query is paid for', async () => {
    const at = world();
    const time: RawColumn = {
      name: 'clock',
      elements: [
        { name: 'clock', type: 'INT64', logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MICROS' } },
      ],
      values: [1n],
    };
    await at.objects.put(
      spineKey,
      writeParquet([
        { name: 'driver_id', type: 'int64', values: [1n] },
        { name: 'event_time', type: 'timestamp', values: [1] },
        { name: 'fare', type: 'float64', values: [1] },
        time,
      ]),
    );
    const step = { request: requestOf({ format: 'csv' }), execution: 'e1', untilMillis: nowMillis };
    await expect(stageSpine(at, step)).rejects.toThrow(
      'column clock of the spine is of a type that features do not have and has no text in CSV; drop it, or build Parquet',
    );
  });
});
