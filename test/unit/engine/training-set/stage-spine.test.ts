import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RawColumn } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { readStepJson } from '#engine/stored-json.ts';
import type { TrainingSetInput } from '#engine/training-set/request.ts';
import { type StageOutcome, stageSpine } from '#engine/training-set/stage-spine.ts';
import { getTrainingSetRecord } from '#engine/training-set/training-set-record.ts';
import { stagedSchema, stagingPlanSchema, workFiles } from '#engine/training-set/work-files.ts';
import { manifest, nowMillis, readAll, requestOf, spineKey, type World, world } from './world.ts';

const files = workFiles('t1');

interface StageOptions {
  readonly at?: World;
  readonly input?: Partial<TrainingSetInput>;
  readonly untilMillis?: number;
}

async function stage(
  spine: string | Uint8Array,
  options: StageOptions = {},
): Promise<{ at: World; outcome: StageOutcome }> {
  const { at = world(), input, untilMillis = nowMillis + 60_000 } = options;
  await at.objects.put(spineKey, spine);
  const outcome = await stageSpine(at, { request: requestOf(input), execution: 'e1', untilMillis });
  return { at, outcome };
}

const parquet = (columns: readonly (TypedColumn | RawColumn)[]): Uint8Array => writeParquet(columns);
const times = (...millis: number[]): TypedColumn => ({ name: 'event_timestamp', type: 'timestamp', values: millis });
const drivers = (...ids: (bigint | null)[]): TypedColumn => ({ name: 'driver_id', type: 'int64', values: ids });
const fares = (...values: number[]): TypedColumn => ({ name: 'fare', type: 'float64', values });
const micros = (name: string, ...values: bigint[]): RawColumn => ({
  name,
  elements: [{ name, type: 'INT64', repetition_type: 'OPTIONAL', converted_type: 'TIMESTAMP_MICROS' }],
  values,
});
const goodCsv = 'driver_id,event_timestamp,fare,label\n1,2026-01-01T00:00:00Z,2.5,1\n';

describe('stageSpine', () => {
  it('numbers rows and writes keys and times for the join', async () => {
    const { at, outcome } = await stage(
      parquet([times(2000, 1000, 3000), drivers(7n, null, 2n ** 60n), fares(1, 2, 3)]),
    );
    expect(outcome).toEqual({ next: 'join', joins: [0], rows: 3 });
    expect(await readAll(at.objects, 'training-sets/spines/dataset=t1/part=0/spine.parquet')).toEqual({
      row_id: [0n, 1n, 2n],
      event_time_ms: [2000n, 1000n, 3000n],
      driver__driver_id: [7n, null, 2n ** 60n],
    });
    const staged = await readStepJson(at.objects, files.staged, stagedSchema);
    expect(staged.parts).toEqual([{ part: 0, firstRow: 0, rows: 3, minEventMillis: 1000, maxEventMillis: 3000 }]);
    expect(JSON.parse(new TextDecoder().decode((await at.objects.get(files.items))?.body))).toEqual([{ part: 0 }]);
  });

  it('rounds event times finer than a millisecond up', async () => {
    const { at } = await stage(
      parquet([micros('event_timestamp', 1_000_001n, 2_000_000n), drivers(1n, 2n), fares(1, 2)]),
    );
    const part = await readAll(at.objects, files.joinPart(0));
    expect(part.event_time_ms).toEqual([1001n, 2000n]);
    const { at: csv } = await stage('driver_id,event_time,fare\n1,1970-01-01T01:00:01.0000001+01:00,2\n');
    expect((await readAll(csv.objects, files.joinPart(0))).event_time_ms).toEqual([1001n]);
  });

  it('writes down what the spine is: format, bytes, sha256, event-time column', async () => {
    const { at } = await stage(goodCsv);
    const plan = await readStepJson(at.objects, files.plan, stagingPlanSchema);
    expect(plan.spine).toMatchObject({
      key: spineKey,
      format: 'csv',
      sizeBytes: goodCsv.length,
      sha256: createHash('sha256').update(goodCsv).digest('hex'),
    });
    expect(plan).toMatchObject({ eventTimeColumn: 'event_timestamp', partRows: 100_000, manifestHash: manifest.hash });
    expect(await getTrainingSetRecord(at.records, 't1')).toMatchObject({ state: 'running', step: 'building', rows: 1 });
  });

  it('keeps CSV cells: inferred types, texts as written, keys as declared', async () => {
    const { at } = await stage(
      [
        'city,zone_id,event_time,big,share,ok,code,note',
        '10,3,2026-01-01T00:00:00+02:00,9007199254740993,1,true,007,"a,""b"""',
        '020,-4,2026-01-01T00:00:00Z,,0.5,false,42,',
        '',
      ].join('\r\n'),
      { input: { features: ['demand:level'] } },
    );
    expect(await readAll(at.objects, files.spinePart(0))).toEqual({
      city: ['10', '020'],
      zone_id: [3n, -4n],
      event_time: ['2026-01-01T00:00:00+02:00', '2026-01-01T00:00:00Z'],
      big: [9007199254740993n, null],
      share: [1, 0.5],
      ok: [true, false],
      code: ['007', '42'],
      note: ['a,"b"', null],
    });
    expect(await readAll(at.objects, files.joinPart(0))).toEqual({
      row_id: [0n, 1n],
      event_time_ms: [BigInt(Date.UTC(2025, 11, 31, 22)), BigInt(Date.UTC(2026, 0, 1))],
      zone__city: ['10', '020'],
      zone__zone_id: [3, -4],
    });
  });

  it('cuts a long spine into parts and goes on where it was stopped', async () => {
    const rows = 250_001;
    const ids = Array.from({ length: rows }, (_, row) => BigInt(row % 97));
    const spine = parquet([
      { name: 'event_time', type: 'timestamp', values: ids.map((_, row) => 5_000_000 - row) },
      { name: 'driver_id', type: 'int64', values: ids },
      { name: 'fare', type: 'float64', values: ids.map(Number) },
    ]);
    const at = world();
    const next: string[] = [];
    for (let calls = 0; next.at(-1) !== 'join' && calls < 10; calls++)
      next.push((await stage(spine, { at, untilMillis: nowMillis })).outcome.next);
    expect(next).toEqual(['stage', 'stage', 'stage', 'join']);
    const { parts } = await readStepJson(at.objects, files.staged, stagedSchema);
    expect(parts.map(({ firstRow, rows: count }) => [firstRow, count])).toEqual([
      [0, 100_000],
      [100_000, 100_000],
      [200_000, 50_001],
    ]);
    expect(parts[2]).toMatchObject({ minEventMillis: 5_000_000 - 250_000, maxEventMillis: 5_000_000 - 200_000 });
    const last = await readAll(at.objects, files.joinPart(2));
    expect([last.row_id?.[0], last.row_id?.at(-1)]).toEqual([200_000n, 250_000n]);
    expect(last.driver__driver_id).toEqual(ids.slice(200_000));
  });

  it('cuts a CSV spine the same way', async () => {
    const lines = Array.from(
      { length: 100_002 },
      (_, row) => `${row},1970-01-01T00:00:00.${String(row % 1000).padStart(3, '0')}Z,1`,
    );
    const spine = `driver_id,event_time,fare\n${lines.join('\n')}`;
    const at = world();
    await stage(spine, { at, untilMillis: nowMillis });
    const { outcome } = await stage(spine, { at });
    expect(outcome).toEqual({ next: 'join', joins: [0], rows: 100_002 });
    expect(await readAll(at.objects, files.joinPart(1))).toEqual({
      row_id: [100_000n, 100_001n],
      event_time_ms: [0n, 1n],
      driver__driver_id: [100_000n, 100_001n],
    });
  });

  it('takes a column without any cell as what it is used as', async () => {
    const { at } = await stage('driver_id,event_time,fare,label\n,2026-01-01T00:00:00Z,,\n');
    expect(await readAll(at.objects, files.joinPart(0))).toMatchObject({ driver__driver_id: [null] });
    expect(await readAll(at.objects, files.spinePart(0))).toMatchObject({ fare: [null], label: [null] });
  });

  it('stages anew when the spine has been replaced since', async () => {
    const at = world();
    await stage(parquet([times(1000, 2000), drivers(1n, 2n), fares(1, 2)]), { at });
    await stage(parquet([times(5000), drivers(9n), fares(1)]), { at });
    const { parts } = await readStepJson(at.objects, files.staged, stagedSchema);
    expect(parts).toEqual([{ part: 0, firstRow: 0, rows: 1, minEventMillis: 5000, maxEventMillis: 5000 }]);
  });

  it('needs no join where only request fields are read', async () => {
    const free = {
      ...manifest,
      views: manifest.views.map((view) =>
        view.kind === 'onDemand' ? { ...view, inputs: view.inputs.slice(1) } : view,
      ),
    };
    const at = { ...world(), repository: { manifest: free, transforms: {} } };
    await at.objects.put(spineKey, 'event_time,fare\n2026-01-01T00:00:00Z,2\n');
    const request = requestOf({ features: ['ratio:fare_per_trip'] });
    expect(await stageSpine(at, { request, execution: 'e1', untilMillis: nowMillis + 1 })).toEqual({
      next: 'join',
      joins: [],
      rows: 1,
    });
    expect(await at.objects.head(files.joinPart(0))).toBeUndefined();
  });

  describe('refuses, in one sentence, before any query', () => {
    const csv = (text: string, input: Partial<TrainingSetInput> = {}) => ({ spine: text, input });
    it.each<[string, { spine: string | Uint8Array; input?: Partial<TrainingSetInput> }, string]>([
      [
        'a missing key column',
        csv('driverid,event_time,fare\n1,2026-01-01T00:00:00Z,1\n'),
        'the spine has no column driver_id (int64), a key of entity driver; it has driverid, event_time, fare; did you mean driverid?',
      ],
      [
        'a missing request field',
        csv('driver_id,event_time\n1,2026-01-01T00:00:00Z\n'),
        'the spine has no column fare (float64), a field of request source trip; it has driver_id, event_time',
      ],
      [
        'text in a key of numbers',
        csv('driver_id,event_time,fare\n1,2026-01-01T00:00:00Z,1\n007,2026-01-01T00:00:00Z,1\n'),
        'column driver_id of the spine is string (row 1 is no integer), but it is a key of entity driver and must be int64',
      ],
      [
        'a key of another Parquet type',
        { spine: parquet([times(1), { name: 'driver_id', type: 'float64', values: [1] }, fares(1)]) },
        'column driver_id of the spine is float64, but it is a key of entity driver and must be int64',
      ],
      [
        'a key beyond its type',
        csv('city,zone_id,event_time\na,1,2026-01-01T00:00:00Z\na,2147483648,2026-01-01T00:00:00Z\n', {
          features: ['demand:level'],
        }),
        'column zone_id of the spine, a key of entity zone, is beyond the range of int32 in row 1 (the first is row 0)',
      ],
      [
        'no event time',
        csv('driver_id,fare\n1,1\n'),
        'the spine has no event time: neither event_timestamp nor event_time is among its columns driver_id, fare; say which column holds it',
      ],
      [
        'an event-time column that is not there',
        csv(goodCsv, { eventTimeColumn: 'event_timestmp' }),
        'the spine has no column event_timestmp (timestamp), the event time; it has driver_id, event_timestamp, fare, label; did you mean event_timestamp?',
      ],
      [
        'a label that is no column',
        csv(goodCsv, { label: 'labl' }),
        'neither the spine nor the features have a column labl, the label; the spine has driver_id, event_timestamp, fare, label; did you mean label?',
      ],
      [
        'a label of lists',
        {
          spine: parquet([times(1), drivers(1n), fares(1), { name: 'tags', type: 'list<int32>', values: [[1]] }]),
          input: { label: 'tags' },
        },
        'column tags is list<int32>, but it is the label and must be a number, a text, a bool or a time',
      ],
      [
        'an event time of numbers',
        { spine: parquet([{ name: 'event_time', type: 'int64', values: [1n] }, drivers(1n), fares(1)]) },
        'column event_time of the spine is int64, but it is the event time and must be a timestamp or an ISO 8601 text with an offset',
      ],
      [
        'an event time without offset',
        csv('driver_id,event_time,fare\n1,2026-01-01T00:00:00Z,1\n1,2026-01-01 00:00:00,1\n'),
        'column event_time of the spine, the event time, is no instant: invalid time "2026-01-01 00:00:00": there is no offset, so the instant is unknown; write 2026-01-01 00:00:00Z if it is UTC in row 1 (the first is row 0)',
      ],
      [
        'a null event time',
        csv('driver_id,event_time,fare\n1,2026-01-01T00:00:00Z,1\n1,,1\n'),
        'column event_time of the spine, the event time, is null; every label needs one in row 1 (the first is row 0)',
      ],
      [
        'an event time beyond the calendar',
        { spine: parquet([micros('event_time', 10n ** 18n), drivers(1n), fares(1)]) },
        'column event_time of the spine, the event time, is not in years 0001..9999 in row 0 (the first is row 0)',
      ],
      [
        'a column twice',
        csv('driver_id,event_time,fare,fare\n1,2026-01-01T00:00:00Z,1,1\n'),
        'the spine has more than one column "fare"; rename or drop all but one',
      ],
      [
        'a column that is named like a result',
        csv('driver_id,event_time,fare,price\n1,2026-01-01T00:00:00Z,1,1\n'),
        'the spine has a column price, which is the name of a feature in the result; rename or drop it, or give the feature an alias in a service',
      ],
      [
        'a request field that no float holds',
        { spine: parquet([times(1), drivers(1n), { name: 'fare', type: 'int64', values: [2n ** 53n + 1n] }]) },
        'column fare of the spine, a field of request source trip, is an integer that no float holds exactly in row 0 (the first is row 0)',
      ],
      ['an empty file', csv(''), 'the spine has no rows; it needs at least one label'],
      ['a header only', csv('driver_id,event_time,fare\n'), 'the spine has no rows; it needs at least one label'],
      [
        'Parquet without rows',
        { spine: parquet([times(), drivers(), fares()]) },
        'the spine has no rows; it needs at least one label',
      ],
      [
        'an empty first line',
        csv('\ndriver_id,event_time\n'),
        'the spine begins with an empty line; its first line must name the columns',
      ],
      [
        'a column without name',
        csv('driver_id,,fare\n1,2,3\n'),
        'column 2 of the spine has no name; the first line must name every column',
      ],
      [
        'a row of another width',
        csv('driver_id,event_time,fare\n1,2026-01-01T00:00:00Z,1\n1,2026-01-01T00:00:00Z\n'),
        'row 1 of the spine (the first is row 0) has 2 cells, but its header names 3 columns',
      ],
      [
        'gzip',
        { spine: new Uint8Array([0x1f, 0x8b, 8, 0]) },
        'the spine is a compressed archive; unpack it first: allowed are Parquet and plain CSV',
      ],
      [
        'an unknown service',
        csv(goodCsv, { service: 'prcing' }),
        'unknown feature service "prcing", known: pricing; did you mean "pricing"?',
      ],
    ])('%s', async (_, { spine, input }, message) => {
      await expect(stage(spine, input ? { input } : {})).rejects.toThrow(expect.objectContaining({ message }));
    });

    it('a spine that is not there', async () => {
      const request = requestOf({ spine: 'training-sets/none.csv' });
      await expect(stageSpine(world(), { request, execution: 'e1', untilMillis: nowMillis })).rejects.toThrow(
        'there is no spine at s3://memory/training-sets/none.csv; upload it first',
      );
    });

    it('several problems at once', async () => {
      await expect(stage('a,b\n1,2\n')).rejects.toThrow(
        /no event time.*; the spine has no column driver_id.*; the spine has no column fare/,
      );
    });
  });
});
