import { expect, it } from 'vitest';
import { writeParquet } from '#codec/parquet-write.ts';
import { type RowItemResult, writeRows } from '#engine/materialize/write-rows.ts';
import type { Value } from '#spec/value-type.ts';
import { MemoryObjects } from '#store/memory/objects.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import type { OnlineRows } from '#store/online-rows.ts';
import { entityOf, manifestOf, sourceOf, tableViewOf } from '#test/support/manifests.ts';

const manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [sourceOf('drivers', [{ name: 'driver_id', type: 'int64' }])],
  views: [tableViewOf('profile', [{ name: 'name', type: 'string' }], { entity: 'driver', source: 'drivers' })],
});
const run = { view: 'profile@1', lease: { name: 'lock', owner: 'execution', fence: 1 } };
const rows = 5000;

async function world(nameOf: (index: number) => Value = (index) => `name ${index}`) {
  const objects = new MemoryObjects();
  const indexes = Array.from({ length: rows }, (_, index) => index);
  const file = writeParquet(
    [
      { name: 'driver_id', type: 'int64', values: indexes.map(BigInt) },
      { name: '_event_time_ms', type: 'int64', values: indexes.map((index) => BigInt(1000 + index)) },
      { name: '_created_time_ms', type: 'int64', values: indexes.map(() => 2000n) },
      { name: '_run', type: 'int64', values: indexes.map(() => 0n) },
      { name: '_deleted', type: 'bool', values: indexes.map((index) => index === 1) },
      { name: '_marks', type: 'string', values: indexes.map(() => null) },
      { name: 'name', type: 'string', values: indexes.map(nameOf) },
    ],
    { rowGroupRows: 1700 },
  );
  await objects.put('rows.parquet', file);
  return objects;
}
const item = { number: 3, rows, slices: [{ key: 'rows.parquet', rowStart: 0, rowEnd: rows }] };
const resultOf = async (objects: MemoryObjects): Promise<unknown> =>
  JSON.parse(
    new TextDecoder().decode((await objects.get('runs/profile/v1/1/results/3.json'))?.body ?? new Uint8Array()),
  );

it('writes every row of its slices, across row groups, and puts the counts where they are reconciled', async () => {
  const objects = await world();
  const counts = await writeRows({ manifest, objects, online: new MemoryOnlineRows() }, run, item);
  expect(counts).toMatchObject({ number: 3, read: rows, written: rows, older: 0, failed: 0, writeUnits: rows });
  expect(await resultOf(objects)).toEqual(counts);
});

it('reads only the rows between the bounds of its slices', async () => {
  const objects = await world();
  const seen = new Set<string>();
  const online: Pick<OnlineRows, 'writeNewer'> = {
    writeNewer: async (written) => {
      for (const { entityKey } of written) seen.add(entityKey);
      return { written: written.length, older: 0 };
    },
  };
  const slices = [
    { key: 'rows.parquet', rowStart: 1690, rowEnd: 1710 },
    { key: 'rows.parquet', rowStart: 4999, rowEnd: 5000 },
  ];
  const ports = { manifest, objects, online: { ...new MemoryOnlineRows(), ...online, read: async () => [] } };
  expect(await writeRows(ports, run, { ...item, slices })).toMatchObject({ read: 21, written: 21 });
  const expected = [...Array.from({ length: 20 }, (_, index) => 1690 + index), 4999];
  expect(seen).toEqual(new Set(expected.map((id) => `1|driver|l4:${id}|`)));
});

it('gives the same counts when it is repeated', async () => {
  const objects = await world();
  const online = new MemoryOnlineRows();
  const first = await writeRows({ manifest, objects, online }, run, item);
  expect(await writeRows({ manifest, objects, online }, run, item)).toEqual(first);
});

it('counts rows that cannot be stored, with the reason of the first, and writes the others', async () => {
  const objects = await world((index) => (index === 7 || index === 4000 ? 'x'.repeat(300_001) : 'short'));
  const counts = await writeRows({ manifest, objects, online: new MemoryOnlineRows() }, run, item);
  expect(counts).toMatchObject({ read: rows, written: rows - 2, failed: 2 });
  expect(counts.firstFailure).toMatch(/^a row of view profile@1 takes \d+ bytes; allowed are 300000/);
});

it('leaves no result when the store refuses', async () => {
  const objects = await world();
  const writeNewer = async (): Promise<never> => {
    throw new Error('throttled for too long');
  };
  const failing: Promise<RowItemResult> = writeRows(
    { manifest, objects, online: { read: async () => [], writeNewer } },
    run,
    item,
  );
  await expect(failing).rejects.toThrow('throttled for too long');
  expect(await objects.head('runs/profile/v1/1/results/3.json')).toBeUndefined();
});
