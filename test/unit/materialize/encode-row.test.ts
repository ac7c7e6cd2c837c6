import { expect, it } from 'vitest';
import { packedRowReader } from '#codec/packed-row.ts';
import { encodeRow, type SelectedRow } from '#engine/materialize/encode-row.ts';
import { MemoryOnlineRows } from '#store/memory/online-rows.ts';
import { entityOf, tableViewOf } from '#test/support/manifests.ts';

const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const view = tableViewOf('profile', [{ name: 'name', type: 'string' }], {
  entity: 'driver',
  source: 'drivers',
  ttlMillis: 86_400_000,
});
const row: SelectedRow = {
  eventTimeMillis: 1_700_000_000_001,
  createdTimeMillis: null,
  run: 0,
  deleted: false,
  marks: null,
  keys: [1n],
  features: ['ann'],
};

it('lets the store drop an item 7 days after its row has expired, rounded up to the second', () => {
  expect(encodeRow(view, driver, row).row.expiresAtSeconds).toBe(1_700_000_001 + 86_400 + 7 * 86_400);
});

it('keeps items of static rows and of views without ttl', () => {
  expect(encodeRow(view, driver, { ...row, eventTimeMillis: null }).row.expiresAtSeconds).toBeUndefined();
  const { ttlMillis: _ttl, ...forever } = view;
  expect(encodeRow(forever, driver, row).row.expiresAtSeconds).toBeUndefined();
});

it('empties the item of a tombstone, which older rows cannot fill again', async () => {
  const online = new MemoryOnlineRows();
  const tombstone = encodeRow(view, driver, { ...row, deleted: true }).row;
  const older = encodeRow(view, driver, { ...row, eventTimeMillis: 1_700_000_000_000 }).row;
  const newer = encodeRow(view, driver, { ...row, eventTimeMillis: 1_700_000_000_002 }).row;
  const stored = async () => {
    const [found] = await online.read([tombstone], { deadlineMillis: 0 });
    return found?.kind === 'found' ? packedRowReader([view])(found.packed) : undefined;
  };
  await online.writeNewer([older]);
  await online.writeNewer([tombstone]);
  expect(await online.writeNewer([older])).toEqual({ written: 0, older: 1 });
  expect(await stored()).toMatchObject({ row: { deleted: true, values: [null] } });
  expect(tombstone.packed).not.toContain('ann');
  await online.writeNewer([newer]);
  expect(await stored()).toMatchObject({ row: { deleted: false, values: ['ann'] } });
});

it('fails on an item beyond what DynamoDB holds, with the name of the view', () => {
  const features = ['x'.repeat(250_000)];
  expect(() => encodeRow(view, driver, { ...row, features })).toThrow(
    /^a row of view profile@1 takes \d+ bytes with its order text; allowed are 409600/,
  );
});

// F57
it('packs 200 features of the widest numbers and of texts into a twentieth of what DynamoDB holds', () => {
  const widest = [
    { type: 'int64', value: -(2n ** 63n) },
    { type: 'float64', value: -1e-300 / 3 },
    { type: 'timestamp', value: -62_135_596_799_999 },
    { type: 'string', value: 'some text of thirty characters' },
  ] as const;
  const features = Array.from({ length: 50 }, () => widest).flat();
  const wide = tableViewOf(
    'wide',
    features.map(({ type }, index) => ({ name: `feature_${index}`, type })),
    { entity: 'driver', source: 'drivers' },
  );
  const { itemBytes } = encodeRow(wide, driver, { ...row, features: features.map(({ value }) => value) });
  expect(features).toHaveLength(200);
  expect(itemBytes).toBeGreaterThan(200 * 20);
  expect(itemBytes).toBeLessThan((400 * 1024) / 20);
});

// F57
it('refuses 200 features that together are too long for an item, with the name of the view', () => {
  const names = Array.from({ length: 200 }, (_, index) => ({ name: `feature_${index}`, type: 'string' as const }));
  const wide = tableViewOf('wide', names, { entity: 'driver', source: 'drivers' });
  const features = names.map(() => 'x'.repeat(1500));
  expect(() => encodeRow(wide, driver, { ...row, features })).toThrow(
    expect.objectContaining({ code: 'codec.rowTooLarge', message: expect.stringContaining('wide') }),
  );
});
