import { beforeAll, describe, expect, it } from 'vitest';
import { objectKeys, spineKeyColumn } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { trainingSetSql } from '#sql/training-set-sql.ts';
import { entityViews } from '#test/support/entity-views.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore } from '#test/support/offline-store.ts';
import { textIdSql } from '#test/support/pair-join-sql.ts';

/** What point-in-time joins of other stores are known to get wrong, each reproduced there, in one statement here. */
const hour = 3_600_000;
const at = Date.UTC(2026, 0, 10);

const keys = [
  { name: 'zone', type: 'string' },
  { name: 'slot', type: 'string' },
] as const;
const manifest: Manifest = manifestOf({
  entities: [entityOf('place', [...keys]), entityOf('user', [{ name: 'user_id', type: 'int64' }])],
  sources: [
    sourceOf(
      'levels',
      [
        ...keys,
        { name: 'at', type: 'timestamp' },
        { name: 'seen', type: 'timestamp' },
        { name: 'level', type: 'int64' },
      ],
      { eventTime: 'at', createdTime: 'seen' },
    ),
    sourceOf(
      'users',
      [
        { name: 'user_id', type: 'int64' },
        { name: 'at', type: 'timestamp' },
        { name: 'score', type: 'int64' },
      ],
      { eventTime: 'at' },
    ),
  ],
  views: [
    tableViewOf('levels', [{ name: 'level', type: 'int64' }], {
      entity: 'place',
      source: 'levels',
      ttlMillis: 24 * hour,
    }),
    tableViewOf('scores', [{ name: 'score', type: 'int64' }], { entity: 'user', source: 'users' }),
  ],
});

const levels = [
  // two places whose keys are the same text when they are joined without a separator
  { zone: '1', slot: '23', at: at - hour, seen: at - hour, level: 123n },
  { zone: '12', slot: '3', at: at - hour, seen: at - hour, level: 1203n },
  // two rows that no time tells apart
  { zone: 'tie', slot: 'a', at: at - hour, seen: at - hour, level: 7n },
  { zone: 'tie', slot: 'a', at: at - hour, seen: at - hour, level: 5n },
  // an hour old when the label is, but written an hour after it
  { zone: 'late', slot: 'a', at: at - 2 * hour, seen: at - 2 * hour, level: 1n },
  { zone: 'late', slot: 'a', at: at - hour, seen: at + hour, level: 2n },
  // of equal times of events the one that was created last
  { zone: 'fixed', slot: 'a', at: at - hour, seen: at - hour + 2, level: 20n },
  { zone: 'fixed', slot: 'a', at: at - hour, seen: at - hour + 1, level: 30n },
  // a history that has nothing within the ttl
  { zone: 'old', slot: 'a', at: at - 30 * hour, seen: at - 30 * hour, level: 9n },
  { zone: null, slot: 'a', at: at - hour, seen: at - hour, level: 99n },
];
const users = [
  { id: 2n ** 53n, score: 53n },
  { id: 2n ** 53n + 1n, score: 54n },
  { id: null, score: 99n },
];

const labels = {
  collidingA: { zone: '1', slot: '23', user: null },
  collidingB: { zone: '12', slot: '3', user: null },
  tied: { zone: 'tie', slot: 'a', user: null },
  late: { zone: 'late', slot: 'a', user: null },
  corrected: { zone: 'fixed', slot: 'a', user: null },
  twice: { zone: '1', slot: '23', user: null },
  expired: { zone: 'old', slot: 'a', user: null },
  keyless: { zone: null, slot: 'a', user: null },
  large: { zone: null, slot: null, user: 2n ** 53n },
  larger: { zone: null, slot: null, user: 2n ** 53n + 1n },
} as const;
type Label = keyof typeof labels;
// Object.keys of a literal gives its own keys
const names = Object.keys(labels) as Label[];

describe('what other point-in-time joins get wrong', () => {
  let ours: Map<Label, { level: Value; score: Value }[]>;
  let template: Map<Label, Value[]>;

  beforeAll(async () => {
    const store = await createOfflineStore(manifest);
    await store.putRows('sources/levels/all.parquet', [
      ...keys.map(({ name, type }) => ({ name, type, values: levels.map((row) => row[name]) })),
      { name: 'at', type: 'timestamp', values: levels.map((row) => row.at) },
      { name: 'seen', type: 'timestamp', values: levels.map(({ seen }) => seen) },
      { name: 'level', type: 'int64', values: levels.map(({ level }) => level) },
    ]);
    await store.putRows('sources/users/all.parquet', [
      { name: 'user_id', type: 'int64', values: users.map(({ id }) => id) },
      { name: 'at', type: 'timestamp', values: users.map(() => at - hour) },
      { name: 'score', type: 'int64', values: users.map(({ score }) => score) },
    ]);
    await store.putRows(`${objectKeys.spineParts('defects')}part=0/spine.parquet`, [
      { name: 'row_id', type: 'int64', values: names.map((_, row) => BigInt(row)) },
      { name: 'event_time_ms', type: 'int64', values: names.map(() => BigInt(at)) },
      ...keys.map(({ name, type }) => ({
        name: spineKeyColumn('place', name),
        type,
        values: names.map((label) => labels[label][name]),
      })),
      { name: spineKeyColumn('user', 'user_id'), type: 'int64', values: names.map((label) => labels[label].user) },
    ]);
    const joined = await store.select(
      trainingSetSql({
        database: store.database,
        manifest,
        views: entityViews(manifest),
        mode: 'knowledgeTime',
        lagMillis: 0,
        dataset: 'defects',
        parts: { first: 0, last: 0 },
        eventTimeRangeMillis: { min: at, max: at },
      }),
    );
    ours = byLabel(joined, (row) => ({
      level: joined.get('levels_v1__level')?.[row] ?? null,
      score: joined.get('scores_v1__score')?.[row] ?? null,
    }));
    const paired = await store.select(
      textIdSql({
        database: store.database,
        dataset: 'defects',
        parts: 1,
        entity: 'place',
        keys: keys.map(({ name }) => name),
        source: 'levels',
        eventTime: 'at',
        createdTime: 'seen',
        features: ['level'],
      }),
    );
    template = byLabel(paired, (row) => paired.get('level')?.[row] ?? null);
  });

  it('gives every label one row', () => {
    expect(names.map((name) => [name, ours.get(name)?.length])).toEqual(names.map((name) => [name, 1]));
  });

  it.each<[string, Label, bigint | null]>([
    ['keys whose texts collide are told apart', 'collidingA', 123n],
    ['keys whose texts collide are told apart, the other way', 'collidingB', 1203n],
    ['rows of equal times give one row, always the same', 'tied', 7n],
    ['a row that was written after the label is not seen', 'late', 1n],
    ['of equal event times the row that was created last counts', 'corrected', 20n],
    ['a second label of the same key and instant has its value too', 'twice', 123n],
    ['a history without a row within the ttl leaves the label there, with nothing', 'expired', null],
    ['null keys match nothing, not each other', 'keyless', null],
  ])('%s', (_, label, level) => {
    expect(ours.get(label)?.map((row) => row.level)).toEqual([level]);
  });

  it('int64 keys beyond 2^53 are told apart', () => {
    expect([ours.get('large')?.[0]?.score, ours.get('larger')?.[0]?.score]).toEqual([53n, 54n]);
  });

  it('a join by a text of the keys gets the same data wrong, so these cases would tell', () => {
    expect(template.get('collidingA')?.toSorted()).toEqual([1203n, 123n].toSorted());
    expect(template.get('tied')).toHaveLength(2);
    expect(template.get('late')).toEqual([2n]);
  });
});

function byLabel<T>(columns: ReadonlyMap<string, readonly Value[]>, of: (row: number) => T): Map<Label, T[]> {
  const found = new Map<Label, T[]>();
  for (const [row, id] of (columns.get('row_id') ?? []).entries()) {
    const name = names[Number(id)];
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), of(row)]);
  }
  return found;
}
