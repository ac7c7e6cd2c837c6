import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bytesSource, openParquet, type RawColumn, readRawColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { finishPart } from '#engine/training-set/finish-part.ts';
import type { TrainingSetInput } from '#engine/training-set/request.ts';
import { stageSpine } from '#engine/training-set/stage-spine.ts';
import { workFiles } from '#engine/training-set/work-files.ts';
import { rowStates } from '#sql/training-set-sql.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { type JoinedRow, nowMillis, putJoin, readAll, requestOf, spineKey, type World, world } from './world.ts';

const files = workFiles('t1');
const finish = (at: World, execution = 'e1') => finishPart(at, { id: 't1', execution, part: 0 });

async function staged(
  columns: readonly (TypedColumn | RawColumn)[],
  input: Partial<TrainingSetInput> = {},
): Promise<World> {
  const at = world();
  await at.objects.put(spineKey, writeParquet(columns));
  await stageSpine(at, { request: requestOf(input), execution: 'e1', untilMillis: nowMillis + 1 });
  return at;
}

const spine: TypedColumn[] = [
  { name: 'driver_id', type: 'int64', values: [1n, null, 3n, 4n] },
  { name: 'event_time', type: 'timestamp', values: [4000, 3000, 2000, 1000] },
  { name: 'fare', type: 'float64', values: [10, 20, null, 40] },
  { name: 'label', type: 'bool', values: [true, false, true, null] },
];
/** Two files, no order. */
const joined: JoinedRow[][] = [
  [
    { rowId: 3, trips: 0n, rating: 0.5 },
    { rowId: 0, trips: 4n, rating: Number.NaN },
  ],
  [
    { rowId: 1, trips: null, state: rowStates.missing },
    { rowId: 2, trips: 2n, rating: null, state: rowStates.deleted },
  ],
];

describe('finishPart', () => {
  it('writes the spine, then the features in the order of the service, rows in spine order', async () => {
    const at = await staged(spine, { lagMillis: 500 });
    await putJoin(at, 0, { execution: 'e1', files: joined });
    const finished = await finish(at);
    const dataset = await readAll(at.objects, files.datasetPart(0));
    expect(Object.keys(dataset)).toEqual([
      'driver_id',
      'event_time',
      'fare',
      'label',
      'price',
      'stats__rating',
      'stats__trips',
      'ratio__as_of',
    ]);
    expect(dataset).toEqual({
      driver_id: [1n, null, 3n, 4n],
      event_time: [4000, 3000, 2000, 1000],
      fare: [10, 20, null, 40],
      label: [true, false, true, null],
      price: [2.5, null, null, null],
      stats__rating: [Number.NaN, null, null, 0.5],
      stats__trips: [4n, null, 2n, 0n],
      ratio__as_of: [3500, 2500, 1500, null],
    });
    expect(finished.counts).toEqual({
      rows: 4,
      nulls: { price: 3, stats__rating: 2, stats__trips: 1, ratio__as_of: 1 },
      states: { 'stats@1': { present: 2, absent: 1, deleted: 1 } },
      transformErrors: { 'ratio@1': 1 },
    });
    expect(finished.firstTransformError).toBe('transform of ratio@1 threw Error: no trips');
    const bytes = (await at.objects.get(files.datasetPart(0)))?.body ?? new Uint8Array();
    expect(finished.file).toMatchObject({
      key: 'datasets/t1/part-00000.parquet',
      rows: 4,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
  });

  it('leaves every spine column exactly as it was', async () => {
    const leaf = (
      name: string,
      element: Omit<RawColumn['elements'][0], 'name'>,
      values: RawColumn['values'],
    ): RawColumn => ({
      name,
      elements: [{ name, repetition_type: 'OPTIONAL', ...element }],
      values,
    });
    const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
    const columns: RawColumn[] = [
      leaf('event_time', { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' }, [1_000_001n, 2_000_000n]),
      leaf('driver_id', { type: 'INT32' }, [1, null]),
      leaf(
        'fare',
        { type: 'FLOAT' },
        [0.1, null].map((value) => value && Math.fround(value)),
      ),
      leaf('big', { type: 'INT64' }, [2n ** 63n - 1n, -(2n ** 63n)]),
      leaf('special', { type: 'DOUBLE' }, [Number.NaN, -0]),
      leaf('money', { type: 'INT64', converted_type: 'DECIMAL', precision: 18, scale: 4 }, [
        123_456_789_012_345_678n,
        null,
      ]),
      leaf('wide', { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 3 }, [bytes(1, 2, 3), bytes(0xff, 0, 0x80)]),
      leaf('day', { type: 'INT32', converted_type: 'DATE' }, [20_000, -1]),
      leaf('text', { type: 'BYTE_ARRAY', converted_type: 'UTF8' }, [new TextEncoder().encode('zażółć'), null]),
      leaf('nanos', { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } }, [
        1n,
        null,
      ]),
    ];
    const at = await staged(columns);
    await putJoin(at, 0, {
      execution: 'e1',
      files: [
        [
          { rowId: 1, trips: null },
          { rowId: 0, trips: 1n },
        ],
      ],
    });
    await finish(at);
    const raw = async (key: string, names: readonly string[]) => {
      const stored = await at.objects.get(key);
      return readRawColumns(await openParquet(bytesSource(stored?.body ?? new Uint8Array())), names);
    };
    const names = columns.map(({ name }) => name);
    const after = await raw(files.datasetPart(0), names);
    expect(after).toEqual(await raw(spineKey, names));
    expect(after.map(({ values }) => [...values])).toEqual(columns.map(({ values }) => [...values]));
    expect(Object.is(after[4]?.values[1], -0)).toBe(true);
  });

  it('keeps the texts of a CSV spine', async () => {
    const at = world();
    const times = ['2026-01-01T00:00:00.123456+02:00', '2025-01-01T00:00Z'];
    await at.objects.put(spineKey, `driver_id,event_time,fare,label\n1,${times[0]},2,0\n2,${times[1]},3,1\n`);
    await stageSpine(at, { request: requestOf(), execution: 'e1', untilMillis: nowMillis + 1 });
    await putJoin(at, 0, {
      execution: 'e1',
      files: [
        [
          { rowId: 0, trips: 1n },
          { rowId: 1, trips: 2n },
        ],
      ],
    });
    await finish(at);
    const dataset = await readAll(at.objects, files.datasetPart(0));
    expect(dataset).toMatchObject({
      driver_id: [1n, 2n],
      event_time: times,
      fare: [2n, 3n],
      label: [0n, 1n],
      price: [2, 1.5],
    });
    expect(dataset.ratio__as_of?.[0]).toBe(Date.UTC(2025, 11, 31, 22, 0, 0, 124));
  });

  const all = joined.flat();
  it.each<[string, JoinedRow[][], string]>([
    ['a row is missing', [all.slice(1)], 'row 3 did not come out of it'],
    ['a row came twice', [all, [{ rowId: 2, trips: 2n }]], 'row 2 came out of it more than once'],
    [
      'a row of another part came',
      [all, [{ rowId: 4, trips: 1n }]],
      'row 4 came out of it, but the part has rows 0 to 3',
    ],
    ['no file came', [], 'row 0 did not come out of it'],
  ])('fails when %s', async (_, rows, problem) => {
    const at = await staged(spine);
    await putJoin(at, 0, { execution: 'e1', files: rows });
    const message = `the join of part 0 lost or doubled rows: ${problem}`;
    await expect(finish(at)).rejects.toThrow(expect.objectContaining({ message, code: 'trainingSet.badJoin' }));
    const result = JSON.parse(new TextDecoder().decode((await at.objects.get(files.result(0)))?.body));
    expect(result).toEqual({ kind: 'failed', execution: 'e1', part: 0, error: message });
    expect(await at.objects.head(files.datasetPart(0))).toBeUndefined();
  });

  it('holds the rows of its part alone, on-demand features too, however long the spine is', async () => {
    const read: string[] = [];
    class Observed extends MemoryObjects {
      override async get(key: string): Promise<{ body: Uint8Array; etag: string } | undefined> {
        if (key.includes('part-') || key.includes('part=')) read.push(key);
        return super.get(key);
      }
    }
    const at = { ...world(), objects: new Observed() };
    const rowIds = Array.from({ length: 60 }, (_, row) => row);
    const long = writeParquet([
      { name: 'driver_id', type: 'int64', values: rowIds.map(BigInt) },
      { name: 'event_time', type: 'timestamp', values: rowIds },
      { name: 'fare', type: 'float64', values: rowIds },
    ]);
    await at.objects.put(spineKey, long);
    const untilMillis = nowMillis + 1;
    await stageSpine(at, { request: requestOf(), execution: 'e1', untilMillis, maximumPartRows: 4 });
    for (let part = 0; part < 15; part++) {
      const own = rowIds.slice(part * 4, part * 4 + 4);
      await putJoin(at, part, { execution: 'e1', files: [own.map((rowId) => ({ rowId, trips: BigInt(rowId + 1) }))] });
    }
    read.length = 0;
    const finished = await finishPart(at, { id: 't1', execution: 'e1', part: 9 });
    expect(read.sort()).toEqual([`${files.joined('a1')}part=9/file-0`, files.spinePart(9)].sort());
    expect(finished.counts).toMatchObject({ rows: 4, transformErrors: { 'ratio@1': 0 } });
    const { price } = await readAll(at.objects, files.datasetPart(9));
    expect(price).toEqual([36 / 37, 37 / 38, 38 / 39, 39 / 40]);
  });

  it('fails when the join is that of an earlier run', async () => {
    const at = await staged(spine);
    await putJoin(at, 0, { execution: 'e0', files: joined });
    await expect(finish(at)).rejects.toThrow('a join of part 0 is that of another run');
  });

  it('fails when other definitions have been deployed since staging', async () => {
    const at = await staged(spine);
    await putJoin(at, 0, { execution: 'e1', files: joined });
    const { repository } = at;
    const changed = {
      ...at,
      repository: { ...repository, manifest: { ...repository.manifest, hash: 'f'.repeat(64) } },
    };
    await expect(finish(changed)).rejects.toThrow(/definitions were deployed anew/);
  });
});
