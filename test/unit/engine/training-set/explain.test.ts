import { describe, expect, it } from 'vitest';
import { writeParquet } from '#codec/parquet-write.ts';
import { encodePublished } from '#codec/published-file.ts';
import { planFeatures } from '#engine/feature-plan.ts';
import { athenaCostEstimate } from '#engine/materialize/run-cost.ts';
import {
  explainTrainingSet,
  type TrainingSetExplanation,
  tablesToList,
} from '#engine/training-set/explain-training-set.ts';
import { refuseCost } from '#engine/training-set/refuse-cost.ts';
import { refuseUnmatched, unmatchedViews } from '#engine/training-set/refuse-unmatched.ts';
import { parseTrainingSetRequest, selectionOf, type TrainingSetInput } from '#engine/training-set/request.ts';
import { type StoredTable, storedTable } from '#engine/training-set/scanned-tables.ts';
import { surveySpine } from '#engine/training-set/survey-spine.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import {
  batchViewOf,
  entityOf,
  manifestOf,
  sourceOf,
  streamSourceOf,
  streamViewOf,
  tableViewOf,
} from '#test/support/manifests.ts';

const day = 86_400_000;
const schema = [
  { name: 'driver_id', type: 'int64' },
  { name: 'at', type: 'timestamp' },
  { name: 'fare', type: 'float64' },
  { name: 'note', type: 'string' },
] as const;
const rides = sourceOf('rides', schema, { eventTime: 'at', partitionedBy: { column: 'dt', of: 'at' } });
const names = sourceOf('names', [schema[0], schema[3]], { location: 's3://elsewhere/names' });
const daily = batchViewOf(
  'daily',
  [{ name: 'rides_1d', type: 'int64', formula: { kind: 'count', windowMillis: day } }],
  { entity: 'driver', source: 'rides', scheduleMillis: day, delayMillis: 3_600_000, ttlMillis: 2 * day },
);
const manifest: Manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [names, streamSourceOf('pings', schema, { eventTime: 'at' }), rides],
  views: [
    daily,
    tableViewOf('fares', [{ name: 'fare', type: 'float64', default: 0 }], {
      entity: 'driver',
      source: 'rides',
      ttlMillis: 2 * day,
    }),
    streamViewOf(
      'live',
      [{ name: 'pings_1d', type: 'int64', formula: { kind: 'count', windowMillis: day, hopMillis: 3_600_000 } }],
      { entity: 'driver', source: 'pings' },
    ),
    tableViewOf('profile', [{ name: 'note', type: 'string' }], { entity: 'driver', source: 'names' }),
  ],
});

const spine = 'driver_id,event_time\n1,2026-03-10T06:00:00Z\n,2026-03-12T02:00:00+04:00\n';

interface Options {
  readonly input?: Partial<TrainingSetInput>;
  readonly spine?: string;
  readonly maximumPartRows?: number;
  readonly put?: (objects: MemoryObjects) => Promise<unknown>;
  readonly elsewhere?: MemoryObjects;
}

async function explained(features: string[], options: Options = {}): Promise<TrainingSetExplanation> {
  const objects = new MemoryObjects();
  await objects.put('spine', options.spine ?? spine);
  await options.put?.(objects);
  const request = parseTrainingSetRequest({ id: 'x', spine: 'spine', features, ...options.input });
  const plan = planFeatures(manifest, selectionOf(request));
  const object = { key: 'spine', sizeBytes: (options.spine ?? spine).length };
  const { maximumPartRows = 100_000 } = options;
  const survey = await surveySpine(objects, { request, plan, object }, { maximumPartRows });
  const openBucket = () => options.elsewhere ?? new MemoryObjects();
  const stored = new Map<string, StoredTable>();
  for (const { view, scan } of tablesToList({ manifest, request, plan, survey }))
    stored.set(scan.table, await storedTable({ objects, openBucket }, { manifest, view, scan }));
  return explainTrainingSet({ manifest, request, plan, survey, stored });
}

/** A file of half a kilobyte that is no Parquet, so that no share of its columns is known. */
const opaque = 'x'.repeat(500);
const rideDays = async (objects: MemoryObjects): Promise<void> => {
  for (const date of ['2026-03-07', '2026-03-08', '2026-03-10', '2026-03-11', '2026-03-12'])
    await objects.put(`sources/rides/dt=${date}/a.parquet`, opaque);
  await objects.put('sources/rides/dt=2026-03-10/_SUCCESS', opaque);
};

describe('explainTrainingSet', () => {
  it('reads the dates between the ttl before the first label and the last label', async () => {
    const { rows, labels, views, statements, bytesToScan, spineBytes } = await explained(['fares:fare'], {
      put: rideDays,
    });
    expect({ rows, labels, statements, spineBytes }).toEqual({
      rows: 2,
      labels: { from: '2026-03-10T06:00:00.000Z', to: '2026-03-11T22:00:00.000Z' },
      statements: 1,
      spineBytes: 64,
    });
    expect(views).toEqual([
      {
        view: 'fares@1',
        kind: 'table',
        entity: 'driver',
        features: ['fare'],
        defaults: 1,
        ttlMillis: 2 * day,
        visibility: 'a row counts from its at',
        sortedPasses: 2,
        sharesPassWith: [],
        tables: [
          {
            table: 'source_rides',
            of: 'source',
            columns: ['driver_id', 'at', 'fare'],
            partition: { column: 'dt', dates: { first: '2026-03-08', last: '2026-03-11' } },
            files: 3,
            storedBytes: 1500,
            scans: 1,
            bytesToScan: 1500,
          },
        ],
      },
    ]);
    expect(bytesToScan).toBe(1500 + 4 * 64);
  });

  it('goes back by the lag', async () => {
    const { views } = await explained(['fares:fare'], { put: rideDays, input: { lagMillis: day } });
    expect(views[0]?.tables[0]).toMatchObject({
      partition: { dates: { first: '2026-03-07', last: '2026-03-10' } },
      files: 3,
    });
  });

  it('counts the columns that are read, by the footer of the largest file', async () => {
    const ids = Array.from({ length: 5000 }, (_, row) => BigInt(row * 7919));
    const file = writeParquet([
      { name: 'driver_id', type: 'int64', values: ids },
      { name: 'at', type: 'timestamp', values: ids.map(Number) },
      { name: 'fare', type: 'float64', values: ids.map(Number) },
      { name: 'note', type: 'string', values: ids.map((id) => `a note on ${id} that nobody reads, ${id * id}`) },
    ]);
    const put = async (objects: MemoryObjects): Promise<unknown> =>
      await objects.put('sources/rides/dt=2026-03-10/a.parquet', file);
    const {
      columnShare = 1,
      storedBytes,
      bytesToScan,
    } = (await explained(['fares:fare'], { put })).views[0]?.tables[0] ?? {};
    expect(storedBytes).toBe(file.byteLength);
    expect(columnShare).toBeGreaterThan(0.1);
    expect(columnShare).toBeLessThan(0.7);
    expect(bytesToScan).toBe(Math.round(file.byteLength * columnShare));
  });

  it('counts published rows of a batch view only', async () => {
    const put = async (objects: MemoryObjects): Promise<void> => {
      for (const [run, date] of [
        [1, '2026-03-10'],
        [1, '2026-03-01'],
        [2, '2026-03-10'],
        [3, '2026-03-10'],
      ] as const)
        await objects.put(`${objectKeys.chunkRows(daily, run, 'a')}dt=${date}/0.parquet`, opaque);
      const partitions = [1, 2].map((run) => ({ dt: '2026-03-10', run, publishedAtMillis: 0 }));
      await objects.put(
        objectKeys.published(daily),
        encodePublished({
          fence: 2,
          last: undefined,
          partitions: [...partitions, { dt: '2026-03-01', run: 1, publishedAtMillis: 0 }],
        }),
      );
    };
    const { views } = await explained(['daily:rides_1d'], { put });
    expect(views[0]?.visibility).toBe('a row counts from 1h after its tick, a replacing one from its publication');
    expect(views[0]?.tables.map(({ table, files }) => [table, files])).toEqual([
      ['rows_daily_v1', 2],
      ['published_daily_v1', 1],
    ]);
  });

  it('counts a compacted day of an event log once', async () => {
    const put = async (objects: MemoryObjects): Promise<void> => {
      await objects.put('events/pings/dt=2026-03-10/shard/1.parquet', opaque);
      await objects.put('events/pings/dt=2026-03-11/shard/2.parquet', opaque);
      await objects.put('events-compacted/pings/dt=2026-03-10/plan.json', opaque);
      await objects.put('events-compacted/pings/dt=2026-03-10/generation=1/0.parquet', opaque);
      await objects.put('events-compacted/pings/dt=2026-03-10/generation=2/0.parquet', opaque);
    };
    const [table] = (await explained(['live:pings_1d'], { put })).views[0]?.tables ?? [];
    expect([table?.of, table?.files, table?.storedBytes]).toEqual(['events', 2, 1000]);
    expect(table?.bytesToScan).toBe(1000 * (table?.scans ?? 0));
  });

  it('finds sources in other buckets, and says what no date prunes', async () => {
    const elsewhere = new MemoryObjects();
    await elsewhere.put('names/all.parquet', opaque);
    const { views } = await explained(['profile:note'], { elsewhere });
    expect(views[0]).toMatchObject({ visibility: 'rows are static: always visible' });
    expect(views[0]?.tables[0]).toMatchObject({ files: 1, bytesToScan: 500 });
    expect(views[0]?.tables[0]?.partition).toBeUndefined();
  });

  it('counts a statement for each 90 parts, each with the dates of its own labels', async () => {
    const start = Date.UTC(2026, 2, 8);
    const lines = Array.from(
      { length: 91 },
      (_, row) => `1,${new Date(start + (row < 90 ? 0 : 4 * day)).toISOString()}`,
    );
    const { statements, views, costEstimate } = await explained(['fares:fare'], {
      spine: `driver_id,event_time\n${lines.join('\n')}\n`,
      maximumPartRows: 1,
      put: rideDays,
    });
    expect(statements).toBe(2);
    // the first reads 7 and 8 March, the second 10 to 12 March
    expect(views[0]?.tables[0]).toMatchObject({ files: 5, bytesToScan: 2500 });
    expect(costEstimate).toBe(athenaCostEstimate([0, 0]));
  });

  it('says which views share a pass, and of which entity no label has a key', async () => {
    const { views, entitiesWithoutKeys } = await explained(['fares:fare', 'profile:note', 'live:pings_1d'], {
      spine: 'driver_id,event_time\n,2026-03-10T06:00:00Z\n',
    });
    expect(views.map(({ view, sharesPassWith }) => [view, sharesPassWith])).toEqual([
      ['fares@1', ['profile@1']],
      ['profile@1', ['fares@1']],
      ['live@1', []],
    ]);
    expect(entitiesWithoutKeys).toEqual(['driver']);
  });

  it('checks the spine as staging does', async () => {
    await expect(explained(['fares:fare'], { spine: 'driver_id,event_time\n1,2026-03-10 06:00:00\n' })).rejects.toThrow(
      /there is no offset, so the instant is unknown.* in row 0/,
    );
    await expect(explained(['fares:fare'], { spine: 'driver_id,event_time\n' })).rejects.toThrow(
      'the spine has no rows',
    );
  });
});

describe('refuseUnmatched', () => {
  const keyless = 'driver_id,event_time\n,2026-03-10T06:00:00Z\n';

  it('refuses labels without keys, in a sentence', async () => {
    const plan = await explained(['fares:fare'], { put: rideDays, spine: keyless });
    expect(() => refuseUnmatched(plan)).toThrow(
      expect.objectContaining({
        code: 'trainingSet.noMatch',
        message: 'no label would get a value: fares@1 matches no label, since none has the keys of entity driver',
      }),
    );
  });

  it('refuses labels of a time without rows', async () => {
    const spine = 'driver_id,event_time\n1,2025-03-10T06:00:00Z\n';
    const plan = await explained(['fares:fare'], { put: rideDays, spine });
    expect(() => refuseUnmatched(plan)).toThrow(
      /^no label would get a value: fares@1 has no rows that labels from 2025-03-10T06:00:00.000Z to 2025-03-10T06:00:00.000Z can see/,
    );
  });

  it('only warns where another view matches', async () => {
    const plan = await explained(['fares:fare', 'profile:note'], { put: rideDays });
    expect(() => refuseUnmatched(plan)).not.toThrow();
    expect(unmatchedViews(plan)).toEqual([expect.stringMatching(/^profile@1 has no rows/)]);
  });

  it('takes event times of mixed offsets as the instants they are', async () => {
    const spine =
      'driver_id,event_time\n1,2026-03-10T23:30:00-05:00\n1,2026-03-10T05:00:00+09:00\n1,2026-03-10T12:00:00Z\n';
    expect((await explained(['fares:fare'], { spine })).labels).toEqual({
      from: '2026-03-09T20:00:00.000Z',
      to: '2026-03-11T04:30:00.000Z',
    });
  });

  it('needs nothing of what reads no view', async () => {
    const plan = await explained(['fares:fare'], { put: rideDays, spine: keyless });
    expect(() => refuseUnmatched({ ...plan, views: [] })).not.toThrow();
  });
});

describe('refuseCost', () => {
  it('refuses what costs more than is allowed, and nothing that costs as much', async () => {
    const plan = await explained(['fares:fare'], { put: rideDays });
    expect(() => refuseCost(plan, plan.costEstimate)).not.toThrow();
    expect(() => refuseCost(plan, plan.costEstimate / 2)).toThrow(
      expect.objectContaining({
        code: 'trainingSet.tooCostly',
        message: expect.stringMatching(
          /^the training set would cost about 0\.000048 USD of Athena \(0\.00 GB in 1 statement\), more than the 0\.000024 USD allowed/,
        ),
      }),
    );
  });
});
