import { beforeAll, describe, expect, it } from 'vitest';
import { findEntity, findParquetSource } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StoredView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { selectionColumns } from '#sql/newest-rows.ts';
import { onlineSelectionSql } from '#sql/online-selection-sql.ts';
import { tableSelectionSql } from '#sql/table-selection-sql.ts';
import type { OfflineStore } from '#test/support/offline-store.ts';
import { randomSettings } from '#test/support/seed.ts';
import { isGreater, type OracleRow } from '../oracle/point-in-time.ts';
import { storeOf } from './point-in-time-store.ts';
import {
  columnsOf,
  countRows,
  countView,
  delayMillis,
  keyOf,
  manifest,
  randomWorld,
  readingRows,
  readingView,
  shopRows,
  shopView,
  start,
  type World,
} from './point-in-time-world.ts';

const { seed, cases, again } = randomSettings(1000);
const hour = 3_600_000;

/** The greatest row of each key among those that are visible at `now`. */
function newest(rows: readonly OracleRow[], now: number): Map<string, OracleRow> {
  const best = new Map<string, OracleRow>();
  for (const row of rows) {
    if (row.availableAt !== undefined && (row.eventTime > now || row.availableAt > now)) continue;
    const other = best.get(row.key);
    if (other === undefined || isGreater(row, other)) best.set(row.key, row);
  }
  return best;
}

const plain = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint'
      ? `${member}n`
      : Number.isNaN(member)
        ? 'NaN'
        : Object.is(member, -0)
          ? 0
          : (member ?? null),
  );

describe(`selection of rows for the online store on ${cases} random cases (${again})`, () => {
  let store: OfflineStore;
  let world: World;

  beforeAll(async () => {
    world = randomWorld(seed, cases);
    ({ store } = await storeOf(world));
  });

  const on = (view: StoredView) => ({
    database: store.database,
    source: findParquetSource(manifest, view.source),
    entity: findEntity(manifest, view.entity),
  });

  async function selected(select: string, view: StoredView): Promise<Map<string, string>> {
    const columns = await store.select(select);
    const at = (name: string, row: number): Value => columns.get(name)?.[row] ?? null;
    const count = columns.get(selectionColumns.run)?.length ?? 0;
    const rows = Array.from({ length: count }, (_, row) => {
      const key = view.entity === 'shop' ? String(at('shop_id', row)) : keyOf(at('case_id', row), at('zone', row));
      const values = view.features.map(({ name }) => at(name, row));
      return [
        key ?? '',
        plain([Number(at(selectionColumns.eventMillis, row)), at(selectionColumns.deleted, row), values]),
      ] as const;
    });
    expect(new Set(rows.map(([key]) => key)).size).toBe(rows.length);
    return new Map(rows);
  }

  const expected = (rows: Map<string, OracleRow>): Map<string, string> =>
    new Map([...rows].map(([key, row]) => [key, plain([row.eventTime, row.deleted, row.values])]));
  const sorted = (rows: Map<string, string>): string[][] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

  const readingFeatures = readingView.features.map(({ name }) => name);

  it('a table view: the newest visible row of every entity', async () => {
    const now = start + 6 * hour;
    const select = tableSelectionSql({
      ...on(readingView),
      view: readingView,
      newObjects: 'all',
      visibleAfterMillis: null,
      nowMillis: now,
    });
    const want = newest(readingRows(world, readingFeatures, delayMillis), now);
    expect(sorted(await selected(select, readingView))).toEqual(sorted(expected(want)));
    expect(want.size).toBeGreaterThan(cases / 4);
  });

  it('a table view later: new objects, and rows of known objects that have become visible', async () => {
    const [before, now] = [start + 6 * hour, start + 7 * hour];
    const source = findParquetSource(manifest, 'readings');
    const late = [
      { ...world.readings[0], case_id: 77_000_000n, zone: 'late', seen_at: start + hour, made_at: null, gone: null },
    ];
    const key = `${objectKeys.source(source.location)}late.parquet`;
    await store.putRows(key, columnsOf(source.schema, late as Parameters<typeof columnsOf>[1])); // a row of the same generator
    const select = tableSelectionSql({
      ...on(readingView),
      view: readingView,
      newObjects: [store.objects.uri(key)],
      visibleAfterMillis: before,
      nowMillis: now,
    });
    const became = readingRows(world, readingFeatures, delayMillis).filter(
      ({ availableAt = 0 }) => availableAt > before,
    );
    const want = newest(
      [...became, ...readingRows({ ...world, readings: late as World['readings'] }, readingFeatures, delayMillis)],
      now,
    );
    expect(sorted(await selected(select, readingView))).toEqual(sorted(expected(want)));
    expect(want.has(keyOf(77_000_000n, 'late') ?? '')).toBe(true);
    await store.objects.delete([key]);
  });

  it('nothing new: no row', async () => {
    const select = tableSelectionSql({
      ...on(shopView),
      view: shopView,
      newObjects: [],
      visibleAfterMillis: start,
      nowMillis: start,
    });
    expect((await selected(select, shopView)).size).toBe(0);
  });

  it('a static table: the greatest row of every entity, without event time', async () => {
    const select = tableSelectionSql({
      ...on(shopView),
      view: shopView,
      newObjects: 'all',
      visibleAfterMillis: null,
      nowMillis: start,
    });
    const want = newest(shopRows(world), start);
    expect(sorted(await selected(select, shopView))).toEqual(sorted(expected(want)));
    expect((await store.select(select)).get(selectionColumns.eventMillis)?.every((value) => value === null)).toBe(true);
  });

  it('a batch view: the newest published row among the ticks of the run, never one that is not available yet', async () => {
    for (const now of [world.publishedAt - 1, world.publishedAt]) {
      const select = onlineSelectionSql({
        ...on(countView),
        view: countView,
        fromMillis: start + hour,
        toMillis: start + 7 * hour,
        nowMillis: now,
      });
      const inRun = countRows(world).filter(
        ({ eventTime }) => eventTime > start + hour && eventTime <= start + 7 * hour,
      );
      expect(sorted(await selected(select, countView))).toEqual(sorted(expected(newest(inRun, now))));
    }
  });
});
