import { beforeAll, describe, expect, it } from 'vitest';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { findRows } from '#engine/leakage/find-rows.ts';
import type { Leak } from '#engine/leakage/leak.ts';
import { objectKeys, systemColumns, tableNames } from '#spec/layout.ts';
import type { Value } from '#spec/value-type.ts';
import { datasetOf } from '#test/support/leaky-dataset.ts';
import {
  batchViewOf,
  entityOf,
  manifestOf,
  sourceOf,
  streamSourceOf,
  streamViewOf,
  tableViewOf,
} from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const at = (hours: number): number => start + hours * hour;
const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const eventColumns = [
  { name: 'driver_id', type: 'int64' },
  { name: 'at', type: 'timestamp' },
  { name: 'fare', type: 'float64' },
] as const;
const sum = { kind: 'sum', column: 'fare', scale: 2, windowMillis: 24 * hour } as const;
const feature = { name: 'fare_24h', type: 'float64' } as const;

const scores = tableViewOf('scores', [{ name: 'score', type: 'int64', default: '-1' }], {
  entity: 'driver',
  source: 'scores',
  delayMillis: hour,
});
const outcome = tableViewOf('outcome', [{ name: 'fare', type: 'float64' }], { entity: 'driver', source: 'trips' });
const profile = tableViewOf('profile', [{ name: 'name', type: 'string' }], { entity: 'driver', source: 'drivers' });
const hourly = batchViewOf('hourly', [{ ...feature, formula: sum }], {
  entity: 'driver',
  source: 'trips',
  scheduleMillis: hour,
});
const live = streamViewOf('live', [{ ...feature, formula: { ...sum, hopMillis: 1 } }], {
  entity: 'driver',
  source: 'live_trips',
});
const manifest = manifestOf({
  entities: [driver],
  sources: [
    sourceOf('drivers', [eventColumns[0], { name: 'name', type: 'string' }]),
    streamSourceOf('live_trips', eventColumns, {
      eventTime: 'at',
      history: { location: 'live/', untilMillis: at(1000), latencyMillis: 0 },
    }),
    sourceOf(
      'scores',
      [eventColumns[0], eventColumns[1], { name: 'corrected_at', type: 'timestamp' }, { name: 'score', type: 'int64' }],
      { eventTime: 'at', createdTime: 'corrected_at' },
    ),
    sourceOf('trips', eventColumns, { eventTime: 'at' }),
  ],
  views: [hourly, live, outcome, profile, scores],
});
const views = Object.fromEntries(
  manifest.views.map((view) => [`${view.name}@1`, { definitionHash: view.definitionHash }]),
);

/** Labels: trips of driver 1 at 10:00 and 10:30, of driver 2 at 10:00 without a trip in the sources; one without a driver. */
const labels = [
  { driver: 1n, at: at(10) },
  { driver: 1n, at: at(10.5) },
  { driver: 2n, at: at(10) },
  { driver: null, at: at(10) },
];
const spine: TypedColumn[] = [
  { name: 'driver_id', type: 'int64', values: labels.map((label) => label.driver) },
  { name: 'event_time', type: 'timestamp', values: labels.map((label) => label.at) },
];

describe('feature rows of a training set', () => {
  let store: OfflineStore;
  beforeAll(async () => {
    store = await createOfflineStore(manifest);
    const trips = [
      { id: 1n, at: at(9), fare: 1 },
      { id: 1n, at: at(10), fare: 20 },
      { id: 2n, at: at(9.75), fare: 5 },
    ];
    const tripColumns: TypedColumn[] = [
      { name: 'driver_id', type: 'int64', values: trips.map(({ id }) => id) },
      { name: 'at', type: 'timestamp', values: trips.map((trip) => trip.at) },
      { name: 'fare', type: 'float64', values: trips.map(({ fare }) => fare) },
    ];
    await store.putRows('sources/trips/all.parquet', tripColumns);
    await store.putRows('sources/live/all.parquet', tripColumns);
    await store.putRows('sources/drivers/all.parquet', [
      { name: 'driver_id', type: 'int64', values: [1n] },
      { name: 'name', type: 'string', values: ['Ada'] },
    ]);
    // driver 1: a row of 05:00, corrected at 20:00; driver 2: a row known at once, and one of 09:30, which nobody had by 10:00
    const rows = [
      { id: 1n, at: at(5), corrected: at(5), score: 3n },
      { id: 1n, at: at(5), corrected: at(20), score: 30n },
      { id: 2n, at: at(4), corrected: at(4), score: 7n },
      { id: 2n, at: at(9.5), corrected: at(9.5), score: 8n },
    ];
    await store.putRows('sources/scores/all.parquet', [
      { name: 'driver_id', type: 'int64', values: rows.map(({ id }) => id) },
      { name: 'at', type: 'timestamp', values: rows.map((row) => row.at) },
      { name: 'corrected_at', type: 'timestamp', values: rows.map(({ corrected }) => corrected) },
      { name: 'score', type: 'int64', values: rows.map(({ score }) => score) },
    ]);
    const ticks = [
      { id: 1n, at: at(10), fare: 21 },
      { id: 2n, at: at(10), fare: 5 },
    ];
    const folder = `${objectKeys.chunkRows(hourly, 1, 'a1')}dt=2026-01-01/`;
    await store.putRows(`${folder}rows.parquet`, [
      { name: 'driver_id', type: 'int64', values: ticks.map(({ id }) => id) },
      { name: 'fare_24h', type: 'float64', values: ticks.map(({ fare }) => fare) },
      { name: systemColumns.eventTime, type: 'timestamp', values: ticks.map((tick) => tick.at) },
      { name: systemColumns.replaces, type: 'bool', values: ticks.map(() => false) },
      { name: systemColumns.marks, type: 'string', values: ticks.map(() => null) },
    ]);
    await store.partitions.register(tableNames.rows(hourly), [
      { values: ['2026-01-01', '1'], location: store.objects.uri(folder) },
    ]);
    await store.putRows(objectKeys.published(hourly), [
      { name: 'dt', type: 'string', values: ['2026-01-01'] },
      { name: 'run', type: 'int64', values: [1n] },
      { name: 'published_at', type: 'timestamp', values: [at(11)] },
    ]);
  });

  interface Asked {
    readonly ref: string;
    readonly type: TypedColumn['type'];
    readonly values: readonly Value[];
    readonly mode?: 'asServed' | 'eventTime' | 'knowledgeTime';
    readonly lagMillis?: number;
  }
  let asked = 0;
  async function leaksOf({ ref, type, values, ...options }: Asked): Promise<readonly Leak[]> {
    const columns: TypedColumn[] = [...spine, { name: 'x', type, values }];
    const dataset = datasetOf({ columns, features: { x: ref }, views, fileRows: 3, ...options });
    const ports = { manifest, database: store.database, objects: store.objects, sql: store.sql };
    const report = await findRows(ports, dataset, { sampleRows: 100, id: `t${asked++}` });
    expect(report.rows).toBe(labels.length);
    return report.leaks;
  }
  const scoresAsServed = { ref: 'scores@1:score', type: 'int64', values: [30n, 30n, 7n, -1n] } as const;

  it('finds the value of a row that was corrected after the label, and what it was before', async () => {
    const [leak, ...others] = await leaksOf(scoresAsServed);
    expect(others).toEqual([]);
    expect(leak).toMatchObject({ kind: 'createdAfterLabel', features: ['x'], rows: 2, ofRows: 4 });
    expect(leak?.examples[1]).toEqual({
      row: 1,
      labelMillis: at(10.5),
      entity: { driver_id: 1n },
      eventMillis: at(5),
      createdMillis: at(20),
      feature: 'x',
      value: 30n,
      expected: 3n,
    });
    const known = { ...scoresAsServed, values: [3n, 3n, 8n, -1n], mode: 'knowledgeTime' } as const;
    expect(await leaksOf(known)).toEqual([]);
  });

  it('finds rows that serving did not have yet, where rows were joined by their event time alone', async () => {
    const classic = { ...scoresAsServed, values: [30n, 30n, 8n, -1n], mode: 'eventTime' } as const;
    const leaks = (await leaksOf(classic)).filter(({ kind }) => kind === 'notYetAvailable');
    expect(leaks).toHaveLength(1);
    expect(leaks[0]).toMatchObject({ features: ['x'], rows: 1, examples: [{ row: 2, eventMillis: at(9.5) }] });
  });

  it('finds the row of the label itself, the event of it in a window and in a window of a stream', async () => {
    const own = [{ row: 0, eventMillis: at(10), entity: { driver_id: 1n } }];
    const planted: Asked[] = [
      { ref: 'outcome@1:fare', type: 'float64', values: [20, 20, 5, null] },
      { ref: 'hourly@1:fare_24h', type: 'float64', values: [21, 21, 5, null] },
      { ref: 'live@1:fare_24h', type: 'float64', values: [21, 21, 5, null] },
    ];
    for (const leaks of await Promise.all(planted.map(leaksOf)))
      expect(leaks).toMatchObject([{ kind: 'ownEvent', features: ['x'], rows: 1, examples: own }]);
    const lagged = { ref: 'outcome@1:fare', type: 'float64', values: [1, 1, null, null], lagMillis: hour } as const;
    expect(await leaksOf(lagged)).toEqual([]);
  });

  it('finds values that are none of the join', async () => {
    const [leak, ...others] = await leaksOf({
      ref: 'profile@1:name',
      type: 'string',
      values: ['Ada', 'Bob', null, null],
    });
    expect(others).toEqual([]);
    expect(leak).toMatchObject({ kind: 'notAsJoined', rows: 1, examples: [{ row: 1, value: 'Bob', expected: 'Ada' }] });
  });
});
