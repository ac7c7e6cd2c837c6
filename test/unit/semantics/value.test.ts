import { expect, it } from 'vitest';
import { checkValue, compareValues, isInt32, isInt64, toFloat32 } from '#semantics/value.ts';
import type { ColumnType, Value } from '#spec/value-type.ts';

it.each<[string, Value[]]>([
  ['floats', [null, Number.NEGATIVE_INFINITY, -1.5, 0, 5e-324, 1, Number.POSITIVE_INFINITY, Number.NaN]],
  ['int64', [null, -(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n]],
  ['texts, by code points and not by UTF-16 units', [null, '', 'Z', 'a', 'ab', 'b', 'é', '\uffff', '😀', '😁']],
  ['bools', [null, false, true]],
  ['bytes, unsigned', [null, [], [0], [0, 1], [127], [128]].map((bytes) => bytes && Uint8Array.from(bytes))],
  ['lists', [null, [], [null], [null, 1], [1], [1, null], [1, 2], [2]]],
])('orders %s', (_what, ascending) => {
  for (const [i, a] of ascending.entries())
    for (const [j, b] of ascending.entries())
      expect(compareValues(a, b) + 0, `${a} and ${b}`).toBe(Math.sign(i - j) + 0);
});

it('reads -0 as 0', () => {
  expect(compareValues(-0, 0) + 0).toBe(0);
  expect(compareValues([-0], [0]) + 0).toBe(0);
});

it('refuses to compare values of different types', () => {
  expect(() => compareValues(1, 1n)).toThrow('no order');
  expect(() => compareValues([1], 1)).toThrow('no order');
});

it('knows the bounds of integers and the rounding of float32', () => {
  expect([2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 1.5].map(isInt32)).toEqual([
    true,
    false,
    true,
    false,
    false,
  ]);
  expect([2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n].map(isInt64)).toEqual([true, false, true, false]);
  expect(toFloat32(0.1)).toBe(0.10000000149011612);
  expect(toFloat32(16_777_217)).toBe(16_777_216);
  expect(toFloat32(1e39)).toBe(Number.POSITIVE_INFINITY);
});

it.each<[ColumnType, unknown, string]>([
  ['int32', 2 ** 31, 'must be a whole number in -2^31..2^31-1, got 2147483648'],
  ['int64', 5, 'must be a bigint in -2^63..2^63-1, got 5'],
  ['int64', 2n ** 63n, 'got 9223372036854775808n'],
  ['float32', 0.1, 'must be a number that float32 holds exactly, got 0.1'],
  ['float64', '1', 'must be a number, got text "1"'],
  ['string', '\ud83d', 'valid Unicode'],
  ['string', undefined, 'got undefined'],
  ['bool', 0, 'must be true or false, got 0'],
  ['timestamp', 1.5, 'years 0001..9999'],
  ['bytes', [1], 'must be a Uint8Array, got a list of 1'],
  ['list<int32>', 5, 'must be a list, got 5'],
  ['list<int32>', [1, null, 'x'], 'item 2 must be a whole number'],
  ['decimal(4,2)', 10_000n, 'at most 4 digits (scaled by 10^2)'],
  ['date', 1.5, 'whole epoch days'],
])('says what is wrong with %s %s', (type, value, problem) => {
  expect(checkValue(type, value)).toContain(problem);
});

it.each<[ColumnType, unknown]>([
  ['float64', Number.NaN],
  ['float32', Number.NaN],
  ['float32', -0],
  ['list<int64>', [1n, null]],
  ['decimal(4,2)', -9999n],
  ['date', -1],
  ['string', null],
  ['list<string>', null],
])('finds nothing wrong with %s %s', (type, value) => {
  expect(checkValue(type, value)).toBeUndefined();
});
