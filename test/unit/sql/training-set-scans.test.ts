import { describe, expect, it } from 'vitest';
import { tableNames } from '#spec/layout.ts';
import type { EntityView, Manifest } from '#spec/manifest.ts';
import { queryShape } from '#sql/query-shape.ts';
import { spineScansOf, trainingSetScans } from '#sql/training-set-scans.ts';
import { type TrainingSetSqlOptions, trainingSetSql } from '#sql/training-set-sql.ts';
import { batchViewOf, entityOf, manifestOf, sourceOf, streamSourceOf, tableViewOf } from '#test/support/manifests.ts';
import { streamManifest } from '#test/support/stream-manifest.ts';

const day = 86_400_000;
const at = (date: string): number => Date.parse(`${date}T12:00:00Z`);

const rides = sourceOf(
  'rides',
  [
    { name: 'driver_id', type: 'int64' },
    { name: 'at', type: 'timestamp' },
    { name: 'seen', type: 'timestamp' },
    { name: 'fare', type: 'float64' },
    { name: 'unread', type: 'string' },
  ],
  { eventTime: 'at', createdTime: 'seen', partitionedBy: { column: 'dt', of: 'at' } },
);
const moves = streamSourceOf('moves', [...rides.schema, { name: 'gone', type: 'bool' }], {
  eventTime: 'at',
  deleted: 'gone',
  history: {
    location: 'old/',
    untilMillis: at('2026-03-01'),
    latencyMillis: 0,
    partitionedBy: { column: 'd', of: 'at' },
  },
});
const manifest: Manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [rides, moves],
  views: [
    batchViewOf('daily', [{ name: 'rides_1d', type: 'int64', formula: { kind: 'count', windowMillis: day } }], {
      entity: 'driver',
      source: 'rides',
      scheduleMillis: day,
      ttlMillis: 3 * day,
    }),
    tableViewOf('latest', [{ name: 'fare', type: 'float64' }], { entity: 'driver', source: 'rides' }),
    tableViewOf('moved', [{ name: 'fare', type: 'float64' }], {
      entity: 'driver',
      source: 'moves',
      ttlMillis: 2 * day,
    }),
  ],
});

const entityViews = (of: Manifest): EntityView[] =>
  of.views.flatMap((view): EntityView[] => (view.kind === 'onDemand' ? [] : [view]));
const optionsOf = (of: Manifest, options: Partial<TrainingSetSqlOptions> = {}): TrainingSetSqlOptions => ({
  database: 'db',
  manifest: of,
  views: entityViews(of).map((view) => ({ view, features: view.features.map(({ name }) => name) })),
  mode: 'asServed',
  lagMillis: 0,
  dataset: 'd',
  parts: { first: 0, last: 0 },
  eventTimeRangeMillis: { min: at('2026-03-10'), max: at('2026-03-12') },
  ...options,
});
const cases: [string, TrainingSetSqlOptions][] = [
  ['stored views', optionsOf(manifest)],
  ['stored views with lag', optionsOf(manifest, { lagMillis: 5 * day })],
  ['stored views by event time', optionsOf(manifest, { mode: 'eventTime' })],
  ['stored views by knowledge time', optionsOf(manifest, { mode: 'knowledgeTime' })],
  ['windows of a stream', optionsOf(streamManifest())],
  ['windows of a stream by event time', optionsOf(streamManifest(), { mode: 'eventTime' })],
];

describe('what a training set scans', () => {
  it.each(cases)('%s: the dates are those of the statement', (_, options) => {
    for (const selection of options.views) {
      const own = { ...options, views: [selection] };
      const sql = trainingSetSql(own);
      const dates = trainingSetScans(own).flatMap(({ tables }) =>
        tables.flatMap(({ partition }) => [partition?.dates.first, partition?.dates.last]),
      );
      const said = [...sql.matchAll(/[<>]= '(\d{4}-\d{2}-\d{2})'/g)].map(([, date]) => date);
      expect(new Set(dates.filter((date) => date !== undefined))).toEqual(new Set(said));
    }
  });

  it.each(cases)('%s: every column that is said is read, and no other', (_, options) => {
    for (const selection of options.views) {
      const own = { ...options, views: [selection] };
      const sql = trainingSetSql(own);
      const said = new Set(trainingSetScans(own).flatMap(({ tables }) => tables.flatMap(({ columns }) => columns)));
      for (const column of said) expect(sql).toContain(`"${column}"`);
      const source = options.manifest.sources.find(({ name }) => name === selection.view.source);
      const partitions = ['dt', 'd'];
      for (const { name } of source?.schema ?? [])
        if (!partitions.includes(name) && !said.has(name)) expect(sql).not.toContain(`"${name}"`);
    }
  });

  it('prunes to the ttl before the first label, and to the last label, less the lag', () => {
    const [daily, latest, moved] = trainingSetScans(optionsOf(manifest, { lagMillis: day }));
    expect(daily?.tables.map(({ table, partition }) => [table, partition])).toEqual([
      ['rows_daily_v1', { column: 'dt', dates: { first: '2026-03-06', last: '2026-03-11' } }],
      ['published_daily_v1', undefined],
    ]);
    expect(latest?.tables[0]?.partition).toEqual({ column: 'dt', dates: { last: '2026-03-11' } });
    expect(moved?.tables.map(({ of, partition }) => [of, partition?.dates])).toEqual([
      ['history', { first: '2026-03-07', last: '2026-03-01' }],
      ['events', { first: '2026-03-07', last: '2026-03-11' }],
    ]);
  });

  it('counts scans as common tables are written out', () => {
    const shape = queryShape({
      tables: [
        { name: 'a', query: 'SELECT x FROM "db"."t" WHERE y = \'a\'' },
        { name: 'b', query: 'SELECT x, sum(x) OVER (PARTITION BY k ORDER BY x) FROM a UNION ALL SELECT x FROM a' },
      ],
      select: 'SELECT * FROM b b1 JOIN b b2 ON b1.x = b2.x JOIN a ON a.x = b1.x',
    });
    expect([shape.scansOf('"db"."t"'), shape.sortedPasses]).toEqual([5, 2]);
  });

  it('sorts twice for a stored view: all rows in plain columns, then the few that labels may see', () => {
    const options = optionsOf(manifest);
    const [daily] = trainingSetScans(options);
    expect([daily?.sortedPasses, daily?.tables.map(({ scans }) => scans)]).toEqual([2, [1, 1]]);
    expect(spineScansOf({ ...options, views: options.views.slice(0, 1) })).toBe(4);
    expect(tableNames.spines).toBe('training_spines');
  });
});
