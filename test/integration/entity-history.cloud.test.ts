import { beforeAll, describe, expect, it } from 'vitest';
import { rowsAsOf } from '#engine/as-of.ts';
import { entityAt, entityHistory } from '#engine/entity-history.ts';
import type { OfflinePorts } from '#engine/verify/offline-rows.ts';
import { findRowSource } from '#spec/find.ts';
import type { EntityView, TableView } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { analystsViewSql } from '#sql/analysts-view-sql.ts';
import { entityOf, manifestOf, sourceOf, streamSourceOf, streamViewOf, tableViewOf } from '#test/support/manifests.ts';
import { createOfflineStore, type OfflineStore } from '#test/support/offline-store.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const at = (hours: number): number => start + hours * hour;
const shop = entityOf('shop', [
  { name: 'city', type: 'string' },
  { name: 'number', type: 'int32' },
]);
const scores = tableViewOf('scores', [{ name: 'score', type: 'int64', default: '-1' }], {
  entity: 'shop',
  source: 'scores',
  delayMillis: hour,
  ttlMillis: 6 * hour,
});
const sales = streamViewOf(
  'sales',
  [{ name: 'sales_2h', type: 'int64', formula: { kind: 'count', windowMillis: 2 * hour, hopMillis: 1 } }],
  { entity: 'shop', source: 'sold' },
);
const lastSale = tableViewOf('last_sale', [{ name: 'amount', type: 'float64' }], { entity: 'shop', source: 'sold' });
const manifest = manifestOf({
  entities: [shop],
  sources: [
    sourceOf(
      'scores',
      [
        ...shop.keys,
        { name: 'at', type: 'timestamp' },
        { name: 'made', type: 'timestamp' },
        { name: 'gone', type: 'bool' },
        { name: 'score', type: 'int64' },
      ],
      { eventTime: 'at', createdTime: 'made', deleted: 'gone' },
    ),
    streamSourceOf('sold', [...shop.keys, { name: 'at', type: 'timestamp' }, { name: 'amount', type: 'float64' }], {
      eventTime: 'at',
      history: { location: 'sold/', untilMillis: at(1000), latencyMillis: 60_000 },
    }),
  ],
  views: [lastSale, sales, scores],
});
const mine = { city: "Val-d'Or", number: 7 };
const other = { city: "Val-d'Or", number: 8 };

describe('rows of the offline store', () => {
  let ports: OfflinePorts;
  let store: OfflineStore;
  beforeAll(async () => {
    store = await createOfflineStore(manifest);
    ports = { manifest, database: store.database, objects: store.objects, sql: store.sql };
    const rows = [
      { ...mine, at: at(3), made: at(3), gone: true, score: null },
      { ...mine, at: at(1), made: at(5), gone: false, score: 2n ** 60n },
      { ...mine, at: at(1), made: at(1), gone: false, score: 5n },
      { ...other, at: at(2), made: null, gone: null, score: 9n },
    ];
    await store.putRows('sources/scores/all.parquet', [
      { name: 'city', type: 'string', values: rows.map(({ city }) => city) },
      { name: 'number', type: 'int32', values: rows.map(({ number }) => number) },
      { name: 'at', type: 'timestamp', values: rows.map((row) => row.at) },
      { name: 'made', type: 'timestamp', values: rows.map(({ made }) => made) },
      { name: 'gone', type: 'bool', values: rows.map(({ gone }) => gone) },
      { name: 'score', type: 'int64', values: rows.map(({ score }) => score) },
    ]);
    const sold = [
      { ...mine, at: at(1), amount: 1.5 },
      { ...mine, at: at(2), amount: 2.5 },
      { ...other, at: at(2.5), amount: 4 },
    ];
    await store.putRows('sources/sold/all.parquet', [
      { name: 'city', type: 'string', values: sold.map(({ city }) => city) },
      { name: 'number', type: 'int32', values: sold.map(({ number }) => number) },
      { name: 'at', type: 'timestamp', values: sold.map((sale) => sale.at) },
      { name: 'amount', type: 'float64', values: sold.map(({ amount }) => amount) },
    ]);
  });

  it('of one entity: every row with its times, corrections and tombstones too, within the bounds', async () => {
    const row = { eventMillis: at(1), availableMillis: at(2), run: 0, deleted: false };
    expect(await entityHistory(ports, { view: scores, keys: mine, id: 'all' }, {})).toEqual([
      { ...row, createdMillis: at(1), values: { score: 5n } },
      { ...row, createdMillis: at(5), values: { score: 2n ** 60n } },
      {
        ...row,
        eventMillis: at(3),
        availableMillis: at(4),
        createdMillis: at(3),
        deleted: true,
        values: { score: null },
      },
    ]);
    const bounds = { minEventMillis: at(2), maxEventMillis: at(2) };
    expect(await entityHistory(ports, { view: lastSale, keys: mine, id: 'stream' }, bounds)).toEqual([
      { ...row, eventMillis: at(2), availableMillis: at(2) + 60_000, createdMillis: at(2), values: { amount: 2.5 } },
    ]);
  });

  it('of one entity at instants: what serving had then, rows and windows', async () => {
    const asked = [at(2) - 1, at(2), at(4)];
    expect(await entityAt(ports, { view: scores, keys: mine, id: 'rows' }, asked)).toEqual([
      { atMillis: asked[0], state: 'missing', values: { score: -1n } },
      { atMillis: asked[1], state: 'present', values: { score: 2n ** 60n } },
      { atMillis: asked[2], state: 'deleted', values: { score: -1n } },
    ]);
    const windows = await entityAt(ports, { view: sales, keys: mine, id: 'windows' }, [at(2), at(2) + 60_000, at(3)]);
    expect(windows.map(({ values }) => values.sales_2h)).toEqual([1n, 2n, 1n]);
  });

  async function asOf(view: EntityView, atMillis: number): Promise<Record<string, Value>[]> {
    const columns = await rowsAsOf(ports, { view, atMillis, id: `${view.name}-${atMillis}` });
    return (columns[0]?.values ?? [])
      .map((_, row) => Object.fromEntries(columns.map(({ name, values }) => [name, values[row] ?? null])))
      .sort((a, b) => Number(a.number) - Number(b.number));
  }

  it('of all entities at an instant: the newest that serving had, without tombstones and expired rows', async () => {
    const rows = (event: number, available: number) => ({ _event_time: event, _available_at: available });
    const [three, five, eight, late, windows] = await Promise.all([
      asOf(scores, at(3)),
      asOf(scores, at(5)),
      asOf(scores, at(8) + 1),
      asOf(lastSale, at(2.5)),
      asOf(sales, at(2.5) + 60_000),
    ]);
    expect(three).toEqual([
      { ...mine, score: 2n ** 60n, ...rows(at(1), at(2)) },
      { ...other, score: 9n, ...rows(at(2), at(3)) },
    ]);
    expect(five).toEqual([{ ...other, score: 9n, ...rows(at(2), at(3)) }]);
    expect(eight).toEqual([]);
    expect(late).toEqual([{ ...mine, amount: 2.5, ...rows(at(2), at(2) + 60_000) }]);
    expect(windows).toEqual([
      { ...mine, sales_2h: 2n },
      { ...other, sales_2h: 1n },
    ]);
  });

  it('for analysts: every row that is no tombstone, with its times and date', async () => {
    const analysts = async (view: TableView): Promise<Record<string, Value>[]> => {
      const source = findRowSource(manifest, view.source);
      const { sql } = analystsViewSql({ database: store.database, view, source, entity: shop });
      const columns = [...(await store.select(sql))];
      return (columns[0]?.[1] ?? [])
        .map((_, row) => Object.fromEntries(columns.map(([name, values]) => [name, values[row] ?? null])))
        .sort((a, b) => Number(a.score ?? a.amount) - Number(b.score ?? b.amount));
    };
    const times = (event: number, available: number) => ({
      _event_time: event,
      _available_at: available,
      _marks: null,
      dt: '2026-01-01',
    });
    expect(await analysts(scores)).toEqual([
      { ...mine, score: 5n, ...times(at(1), at(2)) },
      { ...other, score: 9n, ...times(at(2), at(3)) },
      { ...mine, score: 2n ** 60n, ...times(at(1), at(2)) },
    ]);
    expect(await analysts(lastSale)).toEqual([
      { ...mine, amount: 1.5, ...times(at(1), at(1) + 60_000) },
      { ...mine, amount: 2.5, ...times(at(2), at(2) + 60_000) },
      { ...other, amount: 4, ...times(at(2.5), at(2.5) + 60_000) },
    ]);
  });
});
