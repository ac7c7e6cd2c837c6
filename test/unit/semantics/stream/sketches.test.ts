import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonValueReader } from '#codec/json-value.ts';
import { fingerprintOf, valueHash } from '#codec/value-hash.ts';
import { bucketOf, bucketValue, partsPerPower, powersOfTwo, quantileValue } from '#semantics/stream/ddsketch.ts';
import {
  addHash,
  emptyRegisters,
  estimateDistinct,
  estimateNumerator,
  linearCounts,
  mergeRegisters,
  rankOf,
  rankUnit,
} from '#semantics/stream/hyperloglog.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type { ColumnType, FeatureType, Value } from '#spec/value-type.ts';

interface Golden {
  readonly hashes: readonly { readonly type: ColumnType; readonly value: JsonValue; readonly hash: string }[];
  readonly estimates: readonly { readonly upTo: number; readonly estimate: string }[];
  readonly buckets: readonly { readonly relativeError: number; readonly x: number; readonly value: number }[];
  readonly quantiles: readonly { readonly quantile: number; readonly relativeError: number; readonly value: number }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL('../../../golden/sketches.json', import.meta.url), 'utf8'));

describe('hashes', () => {
  /** Of the column types that features do not have. */
  const read = (type: ColumnType, json: JsonValue): Value =>
    type === 'date'
      ? Number(json)
      : jsonValueReader(type.startsWith('decimal') ? 'int64' : (type as FeatureType))(json);

  it.each(golden.hashes)('of $type $value', ({ type, value, hash }) => {
    expect(valueHash(type, read(type, value))).toBe(BigInt(hash));
  });

  it('of values that do not count are null', () => {
    const none = [null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ['a']];
    expect(none.map((value) => valueHash('float64', value))).toEqual([null, null, null, null, null]);
    expect(valueHash('float64', -0)).toBe(valueHash('float64', 0));
  });

  it('have ranks of 1 to 52 and fit into 62 bits', () => {
    for (let n = 0; n < 2000; n++) {
      const hash = valueHash('int32', n) ?? 0n;
      expect(rankOf(hash)).toBeGreaterThanOrEqual(1);
      expect(rankOf(hash)).toBeLessThanOrEqual(52);
      expect(hash % rankUnit).toBeLessThan(2n ** 56n);
    }
  });

  it('of texts as fingerprints are below 2^62', () => {
    // sha256("") = e3b0c44298fc1c14..., sha256("a") = ca978112ca1bbdca...
    expect(fingerprintOf('')).toBe(0xe3b0c44298fc1c14n >> 2n);
    expect(fingerprintOf('a')).toBe(0xca978112ca1bbdcan >> 2n);
  });
});

describe('estimates of different values', () => {
  const registersOf = (from: number, to: number) => {
    const registers = emptyRegisters();
    for (let n = from; n < to; n++) addHash(registers, valueHash('int64', BigInt(n)) ?? 0n);
    return registers;
  };

  it.each(golden.estimates)('of $upTo', ({ upTo, estimate }) => {
    expect(estimateDistinct(registersOf(0, upTo))).toBe(BigInt(estimate));
  });

  it('are the same for merged registers', () => {
    const merged = registersOf(0, 1500);
    mergeRegisters(merged, registersOf(1000, 2900));
    expect(merged).toEqual(registersOf(0, 2900));
  });

  it('reach from none to every register at its greatest rank', () => {
    expect(estimateDistinct(emptyRegisters())).toBe(0n);
    const full = emptyRegisters().fill(52);
    expect(estimateDistinct(full)).toBe(BigInt(estimateNumerator / 1024));
  });

  it('count empty registers only while there are some', () => {
    const ones = emptyRegisters().fill(1);
    expect(estimateDistinct(ones)).toBe(1476n); // E = 0.72054 * 1024 * 2, below 2.5 m, but no register is empty
    ones[0] = 0;
    expect(estimateDistinct(ones)).toBe(7098n); // round(1024 * ln(1024))
    expect([linearCounts[1024], linearCounts[1023], linearCounts[512], linearCounts[1]]).toEqual([0, 1, 710, 7098]);
  });
});

describe('quantiles', () => {
  it.each(golden.buckets)('$x at $relativeError has the bucket of $value', ({ x, relativeError, value }) => {
    const parts = partsPerPower(relativeError);
    expect(bucketValue(bucketOf(x, parts), parts)).toBe(value);
  });

  it.each(golden.quantiles)('$quantile at $relativeError', ({ quantile, relativeError, value }) => {
    const parts = partsPerPower(relativeError);
    const counts = new Map<number, number>();
    for (let n = -20; n <= 80; n++) counts.set(bucketOf(n, parts), (counts.get(bucketOf(n, parts)) ?? 0) + 1);
    expect(quantileValue(counts, { quantile, parts })).toBe(value);
  });

  it('buckets keep the order of values and are as near as promised', () => {
    const magnitudes = fc
      .tuple(fc.integer({ min: -31, max: 62 }), fc.double({ min: 1, max: 2, noNaN: true }))
      .map(([exponent, mantissa]) => Math.min(mantissa, 2 - 2 ** -52) * 2 ** exponent);
    const numbers = fc.tuple(magnitudes, fc.constantFrom(-1, 1)).map(([magnitude, sign]) => sign * magnitude);
    fc.assert(
      fc.property(numbers, numbers, fc.constantFrom(0.001, 0.01, 0.013, 0.25), (x, y, relativeError) => {
        const parts = partsPerPower(relativeError);
        if (x < y) expect(bucketOf(x, parts)).toBeLessThanOrEqual(bucketOf(y, parts));
        const value = bucketValue(bucketOf(x, parts), parts);
        expect(bucketOf(-x, parts)).toBe(-bucketOf(x, parts) + 0);
        if (Math.abs(x) < 2 ** -30) expect(value).toBe(0);
        else expect(Math.abs(value - x)).toBeLessThanOrEqual(Math.abs(x) * relativeError * (1 + 1e-12));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('find their power in the table that SQL compares with', () => {
    expect([powersOfTwo[0], powersOfTwo.at(-1), powersOfTwo.length]).toEqual([2 ** -30, 2 ** 63, 94]);
    for (const [index, power] of powersOfTwo.slice(0, -1).entries()) {
      expect(bucketOf(power, 50)).toBe(index * 50 + 1);
      expect(bucketOf(power - power * 2 ** -53, 50)).toBe(index * 50);
    }
  });

  it.each([
    [0.49, 1],
    [0.5, 1],
    [0.99, 1],
    [1, 2],
  ])('take the lower of two values but at the end: %d', (quantile, nearest) => {
    const counts = new Map([1, 2].map((x) => [bucketOf(x, 50), 1]));
    expect(quantileValue(counts, { quantile, parts: 50 })).toBe(bucketValue(bucketOf(nearest, 50), 50));
  });

  it('are nothing without values', () => {
    expect(quantileValue(new Map(), { quantile: 0.5, parts: 50 })).toBeUndefined();
  });
});
