import { expect, it } from 'vitest';
import { orderKey } from '#codec/order-key.ts';
import type { FeatureType, Value } from '#spec/value-type.ts';

const ascendingOf = (type: FeatureType, values: readonly Value[]): string[] =>
  values.map((value) => orderKey({ kind: 'table', features: [{ type }] }, { eventTimeMillis: 0, values: [value] }));

const list: FeatureType = 'list<int32>';

it.each<[FeatureType, Value[]]>([
  ['int32', [null, -(2 ** 31), -1, 0, 1, 2 ** 31 - 1]],
  ['int64', [null, -(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n]],
  ['float64', [null, Number.NEGATIVE_INFINITY, -1, -5e-324, 0, 5e-324, 1, Number.POSITIVE_INFINITY, Number.NaN]],
  ['string', [null, '', '\u0000', '\u0000a', '\u0001', 'a', 'a\u0000', 'a\u0001', 'ab', 'b', 'é', '\uffff', '😀']],
  ['bool', [null, false, true]],
  ['bytes', [null, [], [0], [0, 0], [1], [127], [128], [255], [255, 0]].map((b) => b && Uint8Array.from(b))],
  [list, [null, [], [null], [null, null], [-1], [0], [0, null], [0, 0], [1]]],
])('sorts %s upwards', (type, values) => {
  const keys = ascendingOf(type, values);
  const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(sorted).toEqual(keys);
  expect(new Set(keys).size).toBe(keys.length);
});

it('reads -0 as 0', () => {
  const [zero, negative] = ascendingOf('float64', [0, -0]);
  expect(negative).toBe(zero);
});

it('puts the tombstone last among equals, and ends a batch row at its run', () => {
  const view = { kind: 'table', features: [] } as const;
  expect(orderKey(view, { eventTimeMillis: 1 }) < orderKey(view, { eventTimeMillis: 1, deleted: true })).toBe(true);
  const batch = { kind: 'batch', features: [{ type: 'int32' }] } as const;
  const key = orderKey(batch, { eventTimeMillis: 1, run: 2, values: [7], deleted: true });
  expect(key).toBe(orderKey(batch, { eventTimeMillis: 1, run: 2, values: [8] }));
  expect(key < orderKey(batch, { eventTimeMillis: 1, run: 3 })).toBe(true);
});

it('refuses times and runs that have no key', () => {
  const view = { kind: 'batch', features: [] } as const;
  for (const eventTimeMillis of [2 ** 52, -(2 ** 52) - 1, 0.5, Number.NaN])
    expect(() => orderKey(view, { eventTimeMillis })).toThrow('no order key');
});
