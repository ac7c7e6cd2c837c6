import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '#spec/manifest.ts';
import { type FeatureType, type ScalarType, scalarTypes, type Value } from '#spec/value-type.ts';
import { selectionColumns } from '#sql/newest-rows.ts';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { isGreater, type OracleRow } from '../oracle/point-in-time.ts';
import type { OracleValue } from '../oracle/values.ts';

const { seed, cases, again } = randomSettings(1000);
const start = Date.UTC(2026, 2, 1);
/** NaN often: its place among nulls and infinities is what engines differ on. */
const floats = [
  0,
  -0,
  1.5,
  -1.5,
  Number.NaN,
  Number.NaN,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const pools: Readonly<Record<ScalarType, readonly OracleValue[]>> = {
  int32: [0, -1, 1, 2 ** 31 - 1, -(2 ** 31)],
  int64: [0n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  float32: floats,
  float64: [...floats, 0.1],
  string: ['', 'a', 'ab', 'é', '\uffff', '\u{10000}'],
  bool: [false, true],
  timestamp: [0, -1, start, start + 1],
  bytes: [new Uint8Array(), new Uint8Array([1]), new Uint8Array([1, 0]), new Uint8Array([255])],
};
const types: readonly FeatureType[] = [...scalarTypes, ...scalarTypes.map((type): FeatureType => `list<${type}>`)];
const nameOf = (type: FeatureType): string => `a_${type.replace('<', '_').replace('>', '')}`;

const view = tableViewOf(
  'every_type',
  types.map((type) => ({ name: nameOf(type), type })),
  { entity: 'thing', source: 'things' },
);
const entity = entityOf('thing', [{ name: 'id', type: 'int64' }]);
const source = sourceOf(
  'things',
  [
    { name: 'id', type: 'int64' },
    { name: 'seen_at', type: 'timestamp' },
    { name: 'made_at', type: 'timestamp' },
    { name: 'gone', type: 'bool' },
    ...types.map((type) => ({ name: nameOf(type), type })),
  ],
  { eventTime: 'seen_at', createdTime: 'made_at', deleted: 'gone' },
);
const manifest: Manifest = manifestOf({ entities: [entity], sources: [source], views: [view] });

function randomValue(random: Random, type: FeatureType): OracleValue {
  if (random.chance(0.2)) return null;
  const scalar = type.replace(/list<(.*)>/, '$1') as ScalarType; // a feature type is a scalar or a list of one
  if (scalar === type) return random.pick(pools[scalar]);
  return Array.from({ length: random.integer(0, 3) }, () => (random.chance(0.2) ? null : random.pick(pools[scalar])));
}

/** What decides, in order: event time, created time, the features, the tombstone. */
const positions = types.length + 3;

function rowOf(random: Random, key: string): OracleRow {
  const eventTime = start + random.integer(0, 2);
  return {
    key,
    eventTime,
    createdTime: random.chance(0.3) ? null : start + random.integer(0, 3),
    run: 0,
    availableAt: eventTime,
    deleted: random.chance(0.3),
    values: types.map((type) => randomValue(random, type)),
  };
}

/** A row that agrees with another in everything before a position, so that deep positions decide as often as the first. */
function rival(random: Random, row: OracleRow, position: number): OracleRow {
  const other = rowOf(random, row.key);
  const kept = <T>(at: number, mine: T, theirs: T): T => (at < position ? mine : theirs);
  return {
    ...other,
    eventTime: kept(0, row.eventTime, other.eventTime),
    createdTime: kept(1, row.createdTime, other.createdTime),
    deleted: kept(positions - 1, row.deleted, position === positions - 1 ? !row.deleted : other.deleted),
    values: types.map((_, at) => kept(at + 2, row.values[at] ?? null, other.values[at] ?? null)),
  };
}

/** Text of a value; adding 0 turns -0 into what it is read as, 0. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return `${member}n`;
    if (typeof member === 'number') return String(member + 0);
    return member instanceof Uint8Array ? [...member] : (member ?? null);
  });

describe(`the latest row in SQL, over every type, on ${cases} pairs (${again})`, () => {
  let store: OfflineStore;
  const rows: OracleRow[] = [];
  const coverage = new Coverage();

  beforeAll(async () => {
    const random = new Random(seed);
    for (let id = 0; id < cases; id++) {
      const first = rowOf(random, String(id));
      const position = id % positions;
      const second = rival(random, first, position);
      rows.push(...(random.chance(0.5) ? [first, second] : [second, first]));
      coverage.case({
        'tombstone against its own row': position === positions - 1,
        'created time against none': first.createdTime === null && second.createdTime !== null,
      });
    }
    store = await createOfflineStore(manifest);
    const columns = {
      id: rows.map(({ key }) => BigInt(key)),
      seen_at: rows.map(({ eventTime }) => eventTime),
      made_at: rows.map(({ createdTime }) => createdTime),
      gone: rows.map(({ deleted }) => deleted),
      ...Object.fromEntries(types.map((type, at) => [nameOf(type), rows.map(({ values }) => values[at] ?? null)])),
    } as Readonly<Record<string, readonly Value[]>>; // the pools follow the types
    await store.putRows(
      'sources/things/all.parquet',
      source.schema.map(({ name, type }) => ({ name, type, values: columns[name] ?? [] })),
    );
  });

  it('covers what it claims', () => {
    const nullAgainstNaN = Array.from({ length: cases }, (_, id) => {
      const decisive = (id % positions) - 2;
      const values = rows.slice(2 * id, 2 * id + 2).map((row) => row.values[decisive]);
      return values.includes(null) && values.some(Number.isNaN);
    }).filter(Boolean);
    expect(nullAgainstNaN.length).toBeGreaterThan(0);
    expect(coverage.thin).toEqual([]);
  });

  it('equals the oracle', async () => {
    const options = { database: store.database, view, source, entity };
    const select = tableSelectionSql({
      ...options,
      newObjects: 'all',
      visibleAfterMillis: null,
      nowMillis: start + 1000,
    });
    const columns = await store.select(select);
    const at = (name: string, row: number): Value => columns.get(name)?.[row] ?? null;
    const got = (columns.get('id') ?? []).map(
      (id, row) =>
        [
          String(id),
          plain([
            Number(at(selectionColumns.eventMillis, row)),
            at(selectionColumns.deleted, row),
            view.features.map(({ name }) => at(name, row)),
          ]),
        ] as const,
    );
    const greatest = new Map<string, OracleRow>();
    for (const row of rows) {
      const best = greatest.get(row.key);
      if (!best || isGreater(row, best)) greatest.set(row.key, row);
    }
    const wanted = new Map([...greatest].map(([key, row]) => [key, plain([row.eventTime, row.deleted, row.values])]));
    expect(got.length).toBe(cases);
    expect(got.filter(([key, text]) => wanted.get(key) !== text).slice(0, 5)).toEqual([]);
  });
});
