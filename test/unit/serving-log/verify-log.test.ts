import { describe, expect, it, vi } from 'vitest';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';
import { compareLogged, differingRows } from '#engine/serving-log/compare-logged.ts';
import { loggedService } from '#engine/serving-log/recompute.ts';
import { verifyLog } from '#engine/serving-log/verify-log.ts';
import type { VerifyRow } from '#engine/verify/verify.ts';
import { findStoredView, viewId } from '#spec/find.ts';
import { spineKeyColumn } from '#spec/layout.ts';
import { servingLogSource } from '#spec/serving-log.ts';
import type { Value } from '#spec/value-type.ts';
import { marksColumn, rowStates, stateColumn, valueColumn } from '#sql/training-set-sql.ts';
import { ScriptedSql } from '#test/kill/scripted-sql.ts';
import { hourMillis, nowMillis } from '#test/unit/serve/shop.ts';
import { LoggedShop, repository } from './logged-shop.ts';

const range = { fromMillis: nowMillis - hourMillis, toMillis: nowMillis + hourMillis, limit: 1000 };

/** What the offline store knows: orders of customers 1 to 3, and the lane from a to b. */
const spends = new Map<Value, number>([
  [1n, 0.1 + 0.2],
  [2n, Number.NaN],
  [3n, -0],
]);
/** As the join's SQL gives values. */
const positiveZero = (value: Value): Value => (value === 0 ? 0 : value);
const known: Readonly<Record<string, (key: Value) => readonly Value[] | undefined>> = {
  'orders@1': (customer) => (spends.has(customer) ? [2n ** 60n + 1n, spends.get(customer) ?? null, 0.25] : undefined),
  'lane_stats@1': (origin) => (origin === 'a' ? [7] : undefined),
};

/** A shop that serves what its offline store knows, and statements that answer for the keys staged for them from that store. */
async function world() {
  const shop = new LoggedShop();
  for (const customer of spends.keys())
    await shop.rows.store('orders', [customer], { values: known['orders@1']?.(customer) ?? [] });
  await shop.rows.store('lane_stats', ['a', 'b'], { values: [7] });
  const joined = async (folder: string): Promise<readonly TypedColumn[]> => {
    const [, id = '', entity = ''] = /verify\/(.+)\/(\w+)-rows-\d+\/$/.exec(folder) ?? [];
    const spine = await shop.objects.get(`training-sets/spines/dataset=verify-${id}-${entity}/part=0/spine.parquet`);
    const [view, key] = entity === 'lane' ? ['lane_stats', 'origin'] : ['orders', 'customer_id'];
    const file = await openParquet(bytesSource(spine?.body ?? new Uint8Array()));
    const [rowIds = [], keys = []] = await readColumns(file, [
      { name: 'row_id' },
      { name: spineKeyColumn(entity, key) },
    ]);
    const of = findStoredView(repository.manifest, view);
    const rows = keys.map((value) => known[viewId(of)]?.(value));
    return [
      { name: 'row_id', type: 'int64', values: rowIds },
      {
        name: stateColumn(of),
        type: 'int32',
        values: rows.map((row) => (row ? rowStates.present : rowStates.missing)),
      },
      { name: marksColumn(of), type: 'string', values: rows.map(() => null) },
      ...of.features.map(({ name, type }, at) => ({
        name: valueColumn(of, name),
        type,
        values: rows.map(
          (row) => positiveZero(row?.[at] ?? null) ?? (name === 'order_count' ? 0n : name === 'ratio' ? 0.5 : null),
        ),
      })),
    ];
  };
  const sql = new ScriptedSql({
    objects: shop.objects,
    files: async (folder) => [{ key: `${folder}part-0`, body: writeParquet(await joined(folder)) }],
    fails: () => false,
  });
  const ports = {
    repository,
    database: 'tidemark_shop_dev',
    objects: shop.objects,
    sql,
    archivedThrough: async () => true,
    clock: () => nowMillis,
    progress: () => undefined,
  };
  const verified = (over: Partial<typeof ports> = {}) =>
    verifyLog({ ...ports, ...over }, { ...range, id: 'v1', maximumWaitMillis: 1000 });
  return { shop, verified };
}

async function asked(shop: LoggedShop): Promise<void> {
  const request = [{ amount: 3, voucher: '9007199254740993', sizes: [] }];
  const entities = [1, 2, 3, 4].map((customer_id) => ({ customer_id }));
  await shop.post('/v1/online-features', { service: 'checkout', entities, request });
  const lanes = [1, 4].flatMap((customer_id) => ['a', 'c'].map((origin) => ({ origin, target: 'b', customer_id })));
  await shop.post('/v1/online-features', { service: 'lanes', entities: lanes });
  await vi.waitFor(() => expect(shop.counts.logged).toBe(8));
  await shop.archive(100);
}

describe('verification from the serving log', () => {
  it('recomputes every value at its instant, of several entities, with request fields and transforms, and finds all equal', async () => {
    const { shop, verified } = await world();
    await asked(shop);
    const report = await verified();
    expect(report).toMatchObject({ found: 8, compared: 8, lost: 0, repeated: 0, skipped: [] });
    expect(report.services['checkout@1']).toMatchObject({ rows: 4, checked: 12, mismatchCount: 0, mismatches: [] });
    expect(report.services['lanes@3']).toMatchObject({ rows: 4, checked: 8, mismatchCount: 0, lateCount: 0 });
    expect(report.services['lanes@3']?.statuses).toEqual({ PRESENT: 4, MISSING: 4 });
  });

  it.each([
    ['a value', 'lanes', '"spend":0.30000000000000004', '"spend":0.3', 'spend', 0.3, 0.1 + 0.2],
    [
      'the last digit of an int64',
      'checkout',
      '1152921504606846977',
      '1152921504606846976',
      'orders__order_count',
      2n ** 60n,
      2n ** 60n + 1n,
    ],
    ['what a transform made', 'checkout', '"risky":true', '"risky":false', 'risky', false, true],
  ])(
    'finds %s that was planted, with its entity, feature and request',
    async (...[, service, right, wrong, feature, logged, recomputed]) => {
      const { shop, verified } = await world();
      await asked(shop);
      await plant(shop, { customer: 1, service, right, wrong });
      const { services } = await verified();
      const found = Object.values(services).flatMap(({ mismatches }) => mismatches);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        feature,
        asOfMillis: nowMillis,
        requestId: service === 'checkout' ? 'request-0' : 'request-1',
        logged: { value: logged, status: 'PRESENT' },
        recomputed: { value: recomputed, status: 'PRESENT' },
      });
      expect(found[0]?.entity).toMatchObject({ customer_id: 1n });
      expect(services[service === 'checkout' ? 'checkout@1' : 'lanes@3']?.mismatchCount).toBe(1);
    },
  );

  it('skips rows of a definition that is not deployed any more, and says so', async () => {
    const { shop, verified } = await world();
    await asked(shop);
    const services = repository.manifest.services.map((service) =>
      service.name === 'lanes' ? { ...service, definitionHash: 'f'.repeat(64) } : service,
    );
    const report = await verified({ repository: { ...repository, manifest: { ...repository.manifest, services } } });
    expect(report.skipped).toEqual([{ service: 'lanes@3', definitionHash: 'd'.repeat(64), rows: 4 }]);
    expect(Object.keys(report.services)).toEqual(['checkout@1']);
    expect(report.compared).toBe(4);
  });

  it('counts what an answer said it could not read, and compares the rest of it', async () => {
    const { shop, verified } = await world();
    shop.rows.failing.add('lane_stats@1 1|lane|s1:a|s1:b|');
    await asked(shop);
    const { services } = await verified();
    expect(services['lanes@3']).toMatchObject({ unreadCount: 2, checked: 6, mismatchCount: 0 });
  });

  it('refuses a row that no log of the service holds', async () => {
    const { shop, verified } = await world();
    await asked(shop);
    await plant(shop, { customer: 1, service: 'lanes', right: '"spend":', wrong: '"spent":' });
    await expect(verified()).rejects.toMatchObject({ code: 'verify.badLogRow', kind: 'failed' });
  });
});

/** Changes the text of a value in the log, of the rows of a customer and service that hold it. */
async function plant(
  { objects }: LoggedShop,
  { customer, service, right, wrong }: { customer: number; service: string; right: string; wrong: string },
): Promise<void> {
  let planted = 0;
  for await (const { key } of objects.list('events/serving.log/')) {
    const file = await openParquet(bytesSource((await objects.get(key))?.body ?? new Uint8Array()));
    const columns = await readColumns(file, servingLogSource.schema);
    const at = (name: string): readonly Value[] =>
      columns[servingLogSource.schema.findIndex((column) => column.name === name)] ?? [];
    const features = at('features').map((text, row) => {
      const isMeant = at('service')[row] === service && String(at('entity')[row]).includes(`"customer_id":${customer}`);
      if (!isMeant || planted > 0 || !String(text).includes(right)) return text;
      planted++;
      return String(text).replace(right, wrong);
    });
    const changed = servingLogSource.schema.map(({ name, type }, column) => ({
      name,
      type,
      values: name === 'features' ? features : (columns[column] ?? []),
    }));
    await objects.put(key, writeParquet(changed));
  }
  expect(planted).toBe(1);
}

describe('differences of values over streams', () => {
  const service = { ...loggedService(repository, 'checkout@1'), followers: new Set(['orders@1']) };
  const row = (count: bigint, status = 'PRESENT'): VerifyRow & { requestId: string; partial: boolean } => ({
    entity: { customer_id: 1n },
    request: { amount: 3, voucher: 1n, sizes: [] },
    asOfMillis: nowMillis,
    requestId: 'r',
    partial: false,
    offline: { 'orders@1': { state: rowStates.present, marks: null, values: { order_count: 2n, spend: 1, ratio: 0 } } },
    served: { values: [true, count, 3], status: ['PRESENT', status, 'PRESENT'] },
  });
  const compared = (rows: readonly ReturnType<typeof row>[], near: readonly number[], of = service) =>
    compareLogged(of, rows, { differing: differingRows(of.plan, rows), near: new Set(near) });

  it('are late where events had arrived in the minute before, and wrong elsewhere', () => {
    const rows = [row(2n), row(3n), row(4n)];
    expect(compared(rows, [1])).toMatchObject({ rows: 3, checked: 9, mismatchCount: 1, lateCount: 1 });
    expect(compared(rows, [1]).late.map(({ logged }) => logged.value)).toEqual([3n]);
    expect(compared(rows, [1]).mismatches.map(({ logged }) => logged.value)).toEqual([4n]);
  });

  it('are wrong where the view follows no stream, whatever arrived', () => {
    const unmoved = { ...service, followers: new Set<string>() };
    expect(compared([row(3n)], [0], unmoved)).toMatchObject({ mismatchCount: 1, lateCount: 0 });
  });

  it('are none of a value that stands in for one that could not be read', () => {
    expect(compared([row(3n, 'FALLBACK')], [])).toMatchObject({ checked: 2, unreadCount: 1, mismatchCount: 0 });
  });

  it('are none of a value that its caller could not read', () => {
    expect(compared([row(3n, 'MASKED')], [])).toMatchObject({ checked: 2, maskedCount: 1, mismatchCount: 0 });
  });
});
