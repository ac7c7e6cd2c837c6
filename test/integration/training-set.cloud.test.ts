import { beforeAll, describe, expect, it } from 'vitest';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { diffDatasets } from '#engine/training-set/diff-datasets.ts';
import { joinFeatures } from '#engine/training-set/join-features.ts';
import type { TrainingSetPorts } from '#engine/training-set/ports.ts';
import { parseTrainingSetRequest } from '#engine/training-set/request.ts';
import { stageSpine } from '#engine/training-set/stage-spine.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Value } from '#spec/value-type.ts';
import { buildInProcess, datasetColumns, trainingSetPorts } from '#test/support/drive-training-set.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const described = { description: '', tags: {} };
const hash = '0'.repeat(64);

const stats = tableViewOf(
  'stats',
  [
    { name: 'trips', type: 'int64', default: '-1' },
    { name: 'rating', type: 'float32' },
    { name: 'tags', type: 'list<string>' },
  ],
  { entity: 'driver', source: 'rides', ttlMillis: 24 * hour, delayMillis: hour },
);
const profile = tableViewOf('profile', [{ name: 'name', type: 'string' }], { entity: 'driver', source: 'drivers' });
const repository = {
  manifest: {
    ...manifestOf({
      entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' as const }])],
      sources: [
        sourceOf('drivers', [
          { name: 'driver_id', type: 'int64' },
          { name: 'name', type: 'string' },
        ]),
        sourceOf(
          'rides',
          [
            { name: 'driver_id', type: 'int64' },
            { name: 'at', type: 'timestamp' },
            { name: 'trips', type: 'int64' },
            { name: 'rating', type: 'float32' },
            { name: 'tags', type: 'list<string>' },
          ],
          { eventTime: 'at' },
        ),
        { kind: 'request' as const, name: 'trip', schema: [{ name: 'fare', type: 'float64' as const }], ...described },
      ],
      views: [
        {
          kind: 'onDemand' as const,
          name: 'price',
          version: 1,
          definitionHash: hash,
          transformHash: hash,
          inputs: [
            { kind: 'view' as const, name: 'stats', view: 'stats', version: 1, features: ['trips'] },
            { kind: 'request' as const, name: 'trip', source: 'trip' },
          ],
          features: [{ name: 'per_trip', type: 'float64' as const, ...described }],
          ...described,
        },
        profile,
        stats,
      ],
    }),
    services: [
      {
        name: 'pricing',
        version: 1,
        definitionHash: hash,
        features: [
          { view: 'price', version: 1, feature: 'per_trip', name: 'per_trip' },
          { view: 'stats', version: 1, feature: 'tags', name: 'stats__tags' },
          { view: 'stats', version: 1, feature: 'trips', name: 'stats__trips' },
          { view: 'profile', version: 1, feature: 'name', name: 'driver_name' },
          { view: 'stats', version: 1, feature: 'rating', name: 'stats__rating' },
        ],
        ...described,
      },
    ],
  },
  transforms: {
    'price@1': ({
      stats: { trips } = {},
      trip: { fare } = {},
    }: Readonly<Record<string, Readonly<Record<string, Value>>>>) => ({
      per_trip: typeof trips === 'bigint' && typeof fare === 'number' ? fare / Number(trips) : null,
    }),
  },
};

describe('training set over S3 and Athena', () => {
  let store: OfflineStore;
  let ports: TrainingSetPorts;

  beforeAll(async () => {
    store = await createOfflineStore(repository.manifest);
    ports = trainingSetPorts(store, repository);
    // driver 1 has a row an hour for ten hours, driver 2 one row, driver 2^53 + 1 another, driver 3 none
    const rows = [
      ...Array.from({ length: 10 }, (_, step) => ({ id: 1n, at: start + step * hour, trips: BigInt(step + 1) })),
      { id: 2n, at: start, trips: 50n },
      { id: 2n ** 53n + 1n, at: start, trips: 7n },
    ];
    await store.putRows('sources/rides/all.parquet', [
      { name: 'driver_id', type: 'int64', values: rows.map(({ id }) => id) },
      { name: 'at', type: 'timestamp', values: rows.map(({ at }) => at) },
      { name: 'trips', type: 'int64', values: rows.map(({ trips }) => trips) },
      { name: 'rating', type: 'float32', values: rows.map(({ trips }) => Number(trips) / 4) },
      { name: 'tags', type: 'list<string>', values: rows.map(({ trips }) => [`t${trips}`, null]) },
    ]);
    await store.putRows('sources/drivers/all.parquet', [
      { name: 'driver_id', type: 'int64', values: [1n, 2n] },
      { name: 'name', type: 'string', values: ['Ada', 'Żółw 🐢'] },
    ]);
  });

  const labels = [
    { driver: 1n, at: start + 5.5 * hour, fare: 10 }, // the row of 04:00 is the newest that is available (delay 1 h)
    { driver: 1n, at: start + 2 * hour, fare: null }, // exactly when the row of 01:00 becomes available
    { driver: 1n, at: start + 2 * hour - 1, fare: 4 }, // a millisecond before
    { driver: 2n, at: start + 24 * hour, fare: 100 }, // exactly as old as the ttl
    { driver: 2n, at: start + 24 * hour + 1, fare: 100 }, // a millisecond older
    { driver: 3n, at: start + hour, fare: 1 },
    { driver: null, at: start + hour, fare: 1 },
    { driver: 2n ** 53n + 1n, at: start + 3 * hour, fare: 1 },
    { driver: 2n ** 53n, at: start + 3 * hour, fare: 1 },
    { driver: 1n, at: start + 30 * hour, fare: Number.NaN },
  ];
  const expected = {
    per_trip: [2, null, 4, 2, -100, -1, -1, 1 / 7, -1, Number.NaN],
    stats__tags: [
      ['t5', null],
      ['t2', null],
      ['t1', null],
      ['t50', null],
      null,
      null,
      null,
      ['t7', null],
      null,
      ['t10', null],
    ],
    stats__trips: [5n, 2n, 1n, 50n, -1n, -1n, -1n, 7n, -1n, 10n],
    driver_name: ['Ada', 'Ada', 'Ada', 'Żółw 🐢', 'Żółw 🐢', null, null, null, null, 'Ada'],
    stats__rating: [1.25, 0.5, 0.25, 12.5, null, null, null, 1.75, null, 2.5],
  };
  const spine: TypedColumn[] = [
    { name: 'label', type: 'string', values: labels.map((_, row) => `label ${row}`) },
    { name: 'driver_id', type: 'int64', values: labels.map(({ driver }) => driver) },
    { name: 'event_time', type: 'timestamp', values: labels.map(({ at }) => at) },
    { name: 'fare', type: 'float64', values: labels.map(({ fare }) => fare) },
  ];

  it.each([3, 100])(
    'joins an unsorted spine in parts of %i rows: rows, order, labels and features exact',
    async (partRows) => {
      const id = `parquet-${partRows}`;
      await store.objects.put('training-sets/spine.parquet', writeParquet(spine));
      const dataset = await buildInProcess(
        ports,
        { id, spine: 'training-sets/spine.parquet', service: 'pricing' },
        partRows,
      );
      expect(Object.fromEntries(await datasetColumns(store.objects, dataset))).toEqual({
        ...Object.fromEntries(spine.map(({ name, values }) => [name, values])),
        ...expected,
      });
      expect(dataset.files).toHaveLength(Math.ceil(labels.length / partRows));
      expect(dataset.rows).toBe(labels.length);
      expect(dataset.bytesScanned).toBeGreaterThan(0);
      expect(dataset.views['stats@1']?.states).toEqual({ present: 6, absent: 4, deleted: 0 });
      expect(dataset.queries[0]?.sql).toContain('UNLOAD');
    },
  );

  it('gives the same features for the same labels in CSV', async () => {
    const lines = labels.map(({ driver, at, fare }, row) =>
      [row, driver ?? '', new Date(at).toISOString(), fare ?? ''].join(','),
    );
    await store.objects.put('training-sets/spine.csv', `label,driver_id,event_time,fare\r\n${lines.join('\r\n')}\r\n`);
    const dataset = await buildInProcess(
      ports,
      { id: 'csv', spine: 'training-sets/spine.csv', service: 'pricing' },
      100,
    );
    const columns = await datasetColumns(store.objects, dataset);
    for (const [name, values] of Object.entries(expected)) expect([name, columns.get(name)]).toEqual([name, values]);
    expect(columns.get('label')).toEqual(labels.map((_, row) => BigInt(row)));
  });

  it('gives every split its own rows, those at the cut to the later one, and a sample the rows it keeps', async () => {
    await store.objects.put('training-sets/spine.parquet', writeParquet(spine));
    const input = { spine: 'training-sets/spine.parquet', service: 'pricing' };
    const rowsOf = (values: readonly Value[], rows: readonly number[]) => rows.map((row) => values[row]);
    const byTime = { kind: 'time' as const, cutsMillis: [start + 2 * hour] };
    const split = await buildInProcess(ports, { ...input, id: 'split', split: byTime }, 2);
    expect(split.splits?.map(({ name, rows, files }) => [name, rows, files])).toEqual([
      ['train', 3, 2],
      ['test', 7, 4],
    ]);
    const inOrder = [2, 5, 6, 0, 1, 3, 4, 7, 8, 9];
    const columns = await datasetColumns(store.objects, split);
    for (const [name, values] of Object.entries(expected))
      expect([name, columns.get(name)]).toEqual([name, rowsOf(values, inOrder)]);
    expect(columns.get('label')).toEqual(inOrder.map((row) => `label ${row}`));

    const sample = { share: 0.6, by: 'driver', seed: 1 };
    const sampled = await datasetColumns(
      store.objects,
      await buildInProcess(ports, { ...input, id: 'sampled', sample }, 2),
    );
    const kept = (sampled.get('label') ?? []).map((label) => Number(String(label).slice('label '.length)));
    expect([kept.length > 0, kept.length < labels.length]).toEqual([true, true]);
    expect(kept).toEqual([...kept].sort((one, other) => one - other));
    for (const [name, values] of Object.entries(expected))
      expect([name, sampled.get(name)]).toEqual([name, rowsOf(values, kept)]);
  });

  it('writes CSV of the same values', async () => {
    await store.objects.put('training-sets/spine.parquet', writeParquet(spine));
    const input = { id: 'as-csv', spine: 'training-sets/spine.parquet', service: 'pricing', format: 'csv' } as const;
    const dataset = await buildInProcess(ports, input, 100);
    const stored = await store.objects.get(`${objectKeys.dataset('as-csv')}${dataset.files[0]?.name}`);
    const lines = new TextDecoder().decode(stored?.body).split('\r\n');
    expect(lines[0]).toBe(
      'label,driver_id,event_time,fare,per_trip,stats__tags,stats__trips,driver_name,stats__rating',
    );
    expect(lines[1]).toBe('label 0,1,2026-01-01T05:30:00.000Z,10,2,"[""t5"",null]",5,Ada,1.25');
    expect(lines[7]).toBe('label 6,,2026-01-01T01:00:00.000Z,1,-1,,-1,,');
    expect(lines[10]).toBe('label 9,1,2026-01-02T06:00:00.000Z,NaN,NaN,"[""t10"",null]",10,Ada,2.5');
    expect(lines.slice(11)).toEqual(['']);
  });

  it('looks back by the lag, and at event times alone', async () => {
    await store.objects.put('training-sets/spine.parquet', writeParquet(spine));
    const input = { spine: 'training-sets/spine.parquet', features: ['stats:trips'] };
    const lagged = await buildInProcess(ports, { ...input, id: 'lagged', lagMillis: hour }, 100);
    expect((await datasetColumns(store.objects, lagged)).get('stats__trips')).toEqual([
      4n,
      1n,
      -1n,
      50n,
      50n,
      -1n,
      -1n,
      7n,
      -1n,
      10n,
    ]);
    const classic = await buildInProcess(ports, { ...input, id: 'classic', mode: 'eventTime' }, 100);
    expect((await datasetColumns(store.objects, classic)).get('stats__trips')).toEqual([
      6n,
      3n,
      2n,
      50n,
      -1n,
      -1n,
      -1n,
      7n,
      -1n,
      10n,
    ]);
  });

  it('ends as well when it was killed after any step before', async () => {
    const input = { id: 'killed', spine: 'training-sets/spine.parquet', service: 'pricing' };
    await store.objects.put(input.spine, writeParquet(spine));
    const request = parseTrainingSetRequest(input);
    const first = { request, execution: 'killed-1', untilMillis: 0, maximumPartRows: 3 };
    expect(await stageSpine(ports, first)).toEqual({ next: 'stage' });
    await joinFeatures(ports, { id: 'killed', execution: 'killed-1', join: 0 }); // its statement goes on
    const dataset = await buildInProcess(ports, input, 3);
    expect((await datasetColumns(store.objects, dataset)).get('per_trip')).toEqual(expected.per_trip);
    expect(await buildInProcess(ports, input, 3)).toEqual(dataset);
  });

  it('gives equal ids and bytes for equal inputs, and a new content only where a late row changed a value', async () => {
    const input = { spine: 'training-sets/spine.parquet', features: ['stats:trips', 'profile:name'] };
    await store.objects.put(input.spine, writeParquet(spine));
    const first = await buildInProcess(ports, { ...input, id: 'first' }, 4);
    const second = await buildInProcess(ports, { ...input, id: 'second' }, 4);
    expect(first.pinned).toBe(true);
    expect([second.requestId, second.datasetId, second.files]).toEqual([first.requestId, first.datasetId, first.files]);
    const putName = (file: string, id: bigint) =>
      store.putRows(`sources/drivers/${file}.parquet`, [
        { name: 'driver_id', type: 'int64', values: [id] },
        { name: 'name', type: 'string', values: ['Zoe'] },
      ]);
    await putName('unseen', 99n);
    const unchanged = await buildInProcess(ports, { ...input, id: 'unchanged' }, 4);
    expect(unchanged.requestId).not.toBe(first.requestId);
    expect(unchanged.datasetId).toBe(first.datasetId);
    await putName('seen', 3n);
    const changed = await buildInProcess(ports, { ...input, id: 'changed' }, 4);
    expect(changed.datasetId).not.toBe(first.datasetId);
    const compared = { first: unchanged, second: changed, maximumExamples: 5 };
    expect(await diffDatasets(store.objects, compared)).toMatchObject({
      changed: [{ column: 'profile__name', rows: 1 }],
      examples: [{ row: 5, column: 'profile__name', first: null, second: 'Zoe' }],
    });
    await store.objects.delete(['sources/drivers/unseen.parquet', 'sources/drivers/seen.parquet']);
  });

  it('says why a statement has failed', async () => {
    const input = { id: 'broken', spine: 'training-sets/spine.parquet', features: ['stats:trips'] };
    await store.objects.put(input.spine, writeParquet(spine));
    await expect(buildInProcess({ ...ports, database: 'no_such_database' }, input, 100)).rejects.toThrow(
      /the point-in-time join of training set broken failed in Athena: .*no_such_database/,
    );
  });
});
