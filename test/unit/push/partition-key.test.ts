import { expect, it } from 'vitest';
import { partitionKeys } from '#engine/ingest/partition-key.ts';
import { streamSourceOf } from '#test/support/manifests.ts';

const source = streamSourceOf(
  'rides',
  [
    { name: 'driver', type: 'int64' },
    { name: 'city', type: 'string' },
    { name: 'zone', type: 'string' },
    { name: 'fare', type: 'float64' },
    { name: 'at', type: 'timestamp' },
  ],
  { eventTime: 'at', partitionBy: ['driver', 'city', 'zone'] },
);
const key = partitionKeys(source);
const ride = { driver: 1n, city: 'a', zone: 'bc', fare: 1, at: 0 };

it('is 32 hexadecimal digits, whatever the values hold', () => {
  expect(key({ ...ride, city: 'ü'.repeat(10_000) })).toMatch(/^[0-9a-f]{32}$/);
});

it('is the same for events that differ in other columns only', () => {
  expect(key({ ...ride, fare: 2, at: 9 })).toBe(key(ride));
});

it('tells values apart that concatenation would not', () => {
  const keys = [
    ride,
    { ...ride, city: 'ab', zone: 'c' },
    { ...ride, city: null },
    { ...ride, zone: null },
    { ...ride, city: 'null' },
    { ...ride, driver: 11n },
  ].map(key);
  expect(new Set(keys).size).toBe(keys.length);
});

it('is the same on every machine: producers outside may compute it', () => {
  expect(key(ride)).toMatchInlineSnapshot(`"076a149c95ecdbd63768dd6d2156339b"`);
});
