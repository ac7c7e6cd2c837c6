import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRepository } from '#define/node/load-repository.ts';
import { findEntity, findParquetSource, findView } from '#spec/find.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest, ParquetSource } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';
import { batchRowsSql } from '#sql/batch-rows-sql.ts';
import { createOfflineStore, type OfflineStore } from '../support/offline-store.ts';

type JsonRow = Readonly<Record<string, string | number | null>>;
interface Golden {
  readonly tick: string;
  /** By key: features by name. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(`examples/ride-sharing/data/${file}`, 'utf8'));
const golden = read('golden.json') as Readonly<Record<string, Golden>>; // of the two views below

let manifest: Manifest;
let store: OfflineStore;
beforeAll(async () => {
  manifest = (await loadRepository('examples/ride-sharing')).repository.manifest;
  store = await createOfflineStore(manifest);
});

/** A source's sample rows as a Parquet file of its declared types. */
async function putSource(source: ParquetSource, file: string): Promise<void> {
  const rows = read(file) as readonly JsonRow[]; // sample data of the example
  const columns = source.schema.map(({ name, type }) => ({
    name,
    type,
    values: rows.map((row): Value => {
      const value = row[name] ?? null;
      if (value === null) return null;
      if (type === 'timestamp') return Date.parse(String(value));
      return type === 'int64' ? BigInt(value) : value;
    }),
  }));
  await store.putRows(`${objectKeys.source(source.location)}${file.replace('.json', '.parquet')}`, columns);
}

describe('the ride-sharing example in Athena', () => {
  it.each([
    ['user_trip_features', 'trips.json'],
    ['customer_activity', 'transactions.json'],
  ])('%s gives the golden values of its sample rows', async (name, file) => {
    const view = findView(manifest, name);
    if (view.kind !== 'batch') throw new Error(`${name} is ${view.kind}`);
    const [source, entity] = [findParquetSource(manifest, view.source), findEntity(manifest, view.entity)];
    await putSource(source, file);
    const { tick = '', rows: expected = {} } = golden[name] ?? {};
    const toMillis = Date.parse(tick);
    const fromMillis = toMillis - view.scheduleMillis;
    const columns = await store.select(
      batchRowsSql({ database: store.database, view, source, entity, fromMillis, toMillis }),
    );
    const keys = columns.get(entity.keys[0]?.name ?? '') ?? [];
    const got = Object.fromEntries(
      keys.map((key, at) => [
        String(key),
        Object.fromEntries(
          view.features.map((feature) => {
            const value = columns.get(feature.name)?.[at] ?? null;
            return [feature.name, typeof value === 'bigint' ? Number(value) : value];
          }),
        ),
      ]),
    );
    for (const [key, features] of Object.entries(expected)) expect(got[key], key).toEqual(features);
  });
});
