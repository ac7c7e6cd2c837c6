import { expect, it } from 'vitest';
import { decodeEntityKey, encodeEntityKey, type KeyedEntity } from '#codec/entity-key.ts';
import type { ScalarType } from '#spec/value-type.ts';

const entityOf = (...types: ScalarType[]): KeyedEntity => ({
  name: 'driver',
  keys: types.map((type, index) => ({ name: `key_${index}`, type })),
});

it('keeps numbers, texts and other splits of the same characters apart', () => {
  const keys = [
    encodeEntityKey(entityOf('int64'), [1001n]),
    encodeEntityKey(entityOf('int32'), [1001]),
    encodeEntityKey(entityOf('string'), ['1001']),
    encodeEntityKey(entityOf('string', 'string'), ['a', 'bc']),
    encodeEntityKey(entityOf('string', 'string'), ['ab', 'c']),
    // Texts that hold what ends a key and begins the next one.
    encodeEntityKey(entityOf('string', 'string'), ['a|sb', 'c']),
    encodeEntityKey(entityOf('string', 'string'), ['a', 'b|sc']),
    encodeEntityKey(entityOf('string', 'string'), ['a|s1:b', 'c']),
    encodeEntityKey(entityOf('string', 'string'), ['a', 'b|s1:c']),
    encodeEntityKey(entityOf('string'), ['abc']),
    encodeEntityKey({ ...entityOf('string'), name: 'rider' }, ['abc']),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

it.each([
  ['a null', [null], 'must have one value'],
  ['a list', [['a']], 'must have one value'],
  ['a number for a text', [5], 'must be a string'],
  ['half a surrogate pair', ['\ud83d'], 'valid Unicode'],
])('refuses %s', (_what, values, problem) => {
  expect(() => encodeEntityKey(entityOf('string'), values)).toThrow(problem);
});

it.each([
  ['int32', 2 ** 31],
  ['int32', 1.5],
  ['int64', 2n ** 63n],
  ['int64', 5],
  ['float64', Number.NaN],
  ['timestamp', 8.64e15],
  ['bool', 'true'],
  ['bytes', 'AA=='],
] as const)('refuses as %s: %s', (type, value) => {
  expect(() => encodeEntityKey(entityOf(type), [value])).toThrow(/key key_0 of entity driver must/);
});

it('refuses another number of keys, and names them', () => {
  expect(() => encodeEntityKey(entityOf('int64', 'string'), [1n])).toThrow('2 keys (key_0, key_1), got 1 values');
});

it('reads -0 as 0', () => {
  expect(encodeEntityKey(entityOf('float64'), [-0])).toBe(encodeEntityKey(entityOf('float64'), [0]));
});

it('takes keys of exactly 2,048 bytes and refuses one more, counting UTF-8 bytes', () => {
  const overhead = encodeEntityKey(entityOf('string'), ['x'.repeat(2000)]).length - 2000;
  expect(encodeEntityKey(entityOf('string'), ['x'.repeat(2048 - overhead)])).toHaveLength(2048);
  expect(() => encodeEntityKey(entityOf('string'), ['x'.repeat(2049 - overhead)])).toThrow(
    'take 2049 bytes; allowed are 2048',
  );
  expect(() => encodeEntityKey(entityOf('string'), ['é'.repeat(1024)])).toThrow('allowed are 2048');
});

it.each([
  '',
  '1|driver|',
  '1|rider|l1:1|',
  '2|driver|l1:1|',
  '1|driver|s1:1|',
  '1|driver|l2:1|',
  '1|driver|l1:1|l1:1|',
  '1|driver|l1:1',
  '1|driver|l:1|',
  '1|driver|l1:x|',
])('refuses to read %j as a key of one int64', (text) => {
  expect(() => decodeEntityKey(entityOf('int64'), text)).toThrow();
});
