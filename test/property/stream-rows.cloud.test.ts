import { beforeAll, describe, expect, it } from 'vitest';
import { eventColumns, objectKeys, tableNames } from '#spec/layout.ts';
import type { TableView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { entityKeysSql } from '#sql/entity-keys-sql.ts';
import { selectionColumns } from '#sql/newest-rows.ts';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import { marksColumn, rowStates, stateColumn, trainingSetSql, valueColumn } from '#sql/training-set-sql.ts';
import { manifestOf, streamViewOf, tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { isGreater, type OracleRow, pointInTime } from '../oracle/point-in-time.ts';
import { countedEvents, type OracleRecord } from '../oracle/stream-view.ts';
import type { OracleValue } from '../oracle/values.ts';
import { dataset, putHistory, putLabels, putLog, type StreamLabel } from './stream-store.ts';
import { entity, oracleStreams, recordsOf, type SourceName, sources, start, streamViewCases } from './stream-world.ts';

const { seed, cases, again } = randomSettings(500);
const [minute, hour] = [60_000, 3_600_000];
const ttlMillis = 3 * hour;
const sourceNames = ['seamed', 'deduplicated'] as const;

/** The streams of the world with a created time and tombstones. */
const tableSources = {
  seamed: { ...sources.seamed, createdTime: 'at', deleted: 'flag' },
  deduplicated: { ...sources.deduplicated, createdTime: 'at', deleted: 'flag' },
};
const features = [
  { name: 'big', type: 'int64' },
  { name: 'wide', type: 'float64' },
  { name: 'word', type: 'string' },
] as const;
const tableOf = (name: SourceName, delayMillis: number): TableView =>
  tableViewOf(`newest_${name}`, features, { entity: entity.name, source: name, delayMillis, ttlMillis });
const views = { seamed: tableOf('seamed', 20 * minute), deduplicated: tableOf('deduplicated', 0) };
const manifest = manifestOf({
  entities: [entity],
  sources: Object.values(tableSources),
  views: [...Object.values(views), ...streamViewCases.map(({ view }) => view)],
});

const same = (a: OracleValue | undefined, b: Value | undefined): boolean => a === b || Object.is(a, b);

const rowsOf = (records: readonly OracleRecord[], name: SourceName): OracleRow[] =>
  countedEvents(records, oracleStreams[name], 'all').flatMap(({ key, at, from, row }) =>
    key === null
      ? []
      : [
          {
            key,
            eventTime: at,
            createdTime: row.at as number | null, // the world's type of the column
            run: 0,
            availableAt: from + views[name].delayMillis,
            deleted: row.flag === true,
            values: features.map((feature) => row[feature.name] ?? null),
          },
        ],
  );

describe(`rows of streams: ${cases} random logs (${again})`, () => {
  let store: OfflineStore;
  let labels: StreamLabel[];
  let rows: Record<SourceName, OracleRow[]>;

  beforeAll(async () => {
    const random = new Random(seed);
    store = await createOfflineStore(manifest);
    labels = [];
    const records: Record<SourceName, OracleRecord[]> = { seamed: [], deduplicated: [] };
    for (let caseId = 0; caseId < cases; caseId++) {
      for (const name of sourceNames) records[name].push(...recordsOf(random, caseId, name));
      for (let left = 3; left > 0; left--) {
        const part = random.pick(['', 'x', 'ü:1', 'x', null]);
        labels.push({ caseId, part, t: start + random.integer(-8 * hour, 14 * hour) });
      }
    }
    rows = { seamed: rowsOf(records.seamed, 'seamed'), deduplicated: rowsOf(records.deduplicated, 'deduplicated') };
    for (const name of sourceNames)
      for (const row of rows[name].filter(() => random.chance(0.3))) {
        const [caseId, part] = JSON.parse(row.key) as [number, string]; // keys are made so
        labels.push({ caseId, part, t: (row.availableAt ?? 0) + random.pick([-1, 0, ttlMillis, ttlMillis + 1]) });
      }
    for (const name of sourceNames) {
      await putLog(store, tableSources[name], records[name]);
      await putHistory(store, tableSources[name], records[name]);
    }
    await putLabels(store, entity.name, labels);
  });

  for (const mode of ['asServed', 'eventTime', 'knowledgeTime'] as const)
    it(`${mode}: labels see the row that the oracle says`, async () => {
      const times = labels.map(({ t }) => t);
      const columns = await store.select(
        trainingSetSql({
          database: store.database,
          manifest,
          views: sourceNames.map((name) => ({ view: views[name], features: features.map((feature) => feature.name) })),
          mode,
          lagMillis: 0,
          dataset,
          parts: { first: 0, last: 0 },
          eventTimeRangeMillis: { min: Math.min(...times), max: Math.max(...times) },
          exactStates: true,
        }),
      );
      const at = new Map((columns.get('row_id') ?? []).map((rowId, position) => [Number(rowId), position]));
      expect(at.size).toBe(labels.length);
      const coverage = new Coverage();
      const own = new Map(sourceNames.map((name) => [name, Map.groupBy(rows[name], ({ key }) => key)]));
      const differences = labels.flatMap((label, index) => {
        const key = label.part === null ? null : JSON.stringify([label.caseId, label.part]);
        const position = at.get(index) ?? -1;
        const answers = sourceNames.map((name) => ({
          name,
          answer: pointInTime(
            own.get(name)?.get(key ?? '') ?? [],
            { key, eventTime: label.t },
            { mode, lag: 0, ttl: ttlMillis, defaults: features.map(() => undefined) },
          ),
        }));
        const kinds = answers.flatMap(({ name, answer }) =>
          ['present', 'missing', 'expired', 'deleted'].map((state) => [`${name} ${state}`, answer.state === state]),
        );
        coverage.case(Object.fromEntries(kinds));
        return answers.flatMap(({ name, answer }) => {
          const state = columns.get(stateColumn(views[name]))?.[position];
          const values = features.map((feature) => columns.get(valueColumn(views[name], feature.name))?.[position]);
          const isSame = state === rowStates[answer.state] && values.every((value, i) => same(answer.values[i], value));
          return isSame
            ? []
            : [`${name} ${JSON.stringify(label)}: ${state} ${values}, want ${answer.state} ${answer.values}`];
        });
      });
      expect(differences.slice(0, 10)).toEqual([]);
      expect(coverage.thin).toEqual([]);
    });

  it('the newest visible row of each entity is selected for the online store', async () => {
    const nowMillis = start + 4 * hour;
    for (const name of sourceNames) {
      const columns = await store.select(
        tableSelectionSql({
          database: store.database,
          view: views[name],
          source: tableSources[name],
          entity,
          newObjects: 'all',
          visibleAfterMillis: null,
          nowMillis,
        }),
      );
      const selected = (columns.get('case_id') ?? []).map((caseId, position) => {
        const value = (column: string) => columns.get(column)?.[position];
        const key = JSON.stringify([Number(caseId), value('part')]);
        const values = features.map((feature) => value(feature.name));
        return [key, value(selectionColumns.eventMillis), value(selectionColumns.deleted), ...values].map(String);
      });
      const expected = [...Map.groupBy(rows[name], ({ key }) => key)].flatMap(([key, own]) => {
        const visible = own.filter(({ availableAt = 0 }) => availableAt <= nowMillis);
        // a row that hides all others stands for itself, deleted or not
        const newest = visible.find((row) => visible.every((other) => other === row || !isGreater(other, row)));
        return newest ? [[key, newest.eventTime, newest.deleted, ...newest.values].map(String)] : [];
      });
      expect(expected.length).toBeGreaterThan(cases / 10);
      expect(selected.sort()).toEqual(expected.sort());
    }
  });

  it('the entities of stream views and of tables over streams are those whose events count', async () => {
    for (const name of sourceNames) {
      const own = [views[name], ...streamViewCases.filter((one) => one.sourceName === name).map(({ view }) => view)];
      const on = { database: store.database, source: tableSources[name], entity };
      const columns = await store.select(
        entityKeysSql(
          entity,
          own.map((view) => ({ ...on, view })),
        ),
      );
      const listed = (columns.get('case_id') ?? []).map((caseId, position) =>
        JSON.stringify([Number(caseId), columns.get('part')?.[position]]),
      );
      expect(listed.sort()).toEqual([...new Set(rows[name].map(({ key }) => key))].sort());
    }
  });
});

describe('values without a hash', () => {
  const view = streamViewOf(
    'unhashed',
    [
      {
        name: 'words',
        type: 'int64',
        formula: { kind: 'distinct', column: 'word', exactUpTo: 8, windowMillis: hour, hopMillis: minute },
      },
      { name: 'n', type: 'int64', formula: { kind: 'count', windowMillis: hour, hopMillis: minute } },
    ],
    { entity: entity.name, source: 'seamed' },
  );
  const unhashed = manifestOf({ entities: [entity], sources: [sources.seamed], views: [view] });

  it('make the window an error until they have left it; null values have none and count nowhere', async () => {
    const store = await createOfflineStore(unhashed);
    const at = start + 2 * hour;
    const events = [
      { part: 'known', word: 'a', hash: 2n ** 56n + 1n, at },
      { part: 'known', word: null, hash: null, at },
      { part: 'unknown', word: 'a', hash: null, at },
      { part: 'unknown', word: 'b', hash: 2n ** 56n + 2n, at: at + minute },
    ];
    const dt = new Date(at).toISOString().slice(0, 10);
    const folder = `${objectKeys.events(sources.seamed)}dt=${dt}/`;
    await store.partitions.register(tableNames.events(sources.seamed), [
      { values: [dt], location: store.objects.uri(folder) },
    ]);
    const times = events.map((event) => event.at);
    await store.putRows(`${folder}s/1.parquet`, [
      { name: 'case_id', type: 'int64', values: events.map(() => 1n) },
      { name: 'part', type: 'string', values: events.map(({ part }) => part) },
      { name: 'word', type: 'string', values: events.map(({ word }) => word) },
      { name: eventColumns.hash('word'), type: 'int64', values: events.map(({ hash }) => hash) },
      { name: eventColumns.eventTime, type: 'timestamp', values: times },
      { name: eventColumns.arrivalTime, type: 'timestamp', values: times },
      { name: eventColumns.shard, type: 'string', values: events.map(() => 's') },
      { name: eventColumns.sequence, type: 'string', values: events.map((_, index) => String(index)) },
    ]);
    const labels = [
      { caseId: 1, part: 'known', t: at + minute },
      { caseId: 1, part: 'unknown', t: at + minute },
      { caseId: 1, part: 'unknown', t: at + hour },
    ];
    await putLabels(store, entity.name, labels);
    const columns = await store.select(
      trainingSetSql({
        database: store.database,
        manifest: unhashed,
        views: [{ view, features: ['words', 'n'] }],
        mode: 'asServed',
        lagMillis: 0,
        dataset,
        parts: { first: 0, last: 0 },
        eventTimeRangeMillis: { min: at, max: at + 2 * hour },
        withMarks: true,
      }),
    );
    const answers = (columns.get('row_id') ?? []).map((rowId, position) => [
      Number(rowId),
      columns.get(valueColumn(view, 'words'))?.[position],
      columns.get(valueColumn(view, 'n'))?.[position],
      columns.get(marksColumn(view))?.[position],
    ]);
    expect(answers.sort()).toEqual([
      [0, 1n, 2n, null],
      [1, null, 2n, 'e.'],
      [2, 1n, 1n, null],
    ]);
  });
});
