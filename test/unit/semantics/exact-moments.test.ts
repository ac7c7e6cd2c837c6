import { describe, expect, it } from 'vitest';
import { deviationOf, floatUnit, floatUnits, meanOf, nearestQuotient } from '#semantics/exact-moments.ts';

function momentsOf(values: readonly number[]) {
  const units = values.map(floatUnits);
  return {
    count: values.length,
    sum: units.reduce((sum, n) => sum + n, 0n),
    squares: units.reduce((sum, n) => sum + n * n, 0n),
  };
}

describe('exact moments', () => {
  it.each<[string, number[], number]>([
    ['small values beside great ones that cancel out', [1e16, 1, -1e16], 1 / 3],
    ['values whose sum is beyond float64', [Number.MAX_VALUE, Number.MAX_VALUE], Number.MAX_VALUE],
    ['the smallest values', [5e-324, 5e-324], 5e-324],
    ['opposite values', [1.5, -1.5], 0],
    ['negative values', [-0.1, -0.2], -0.15000000000000002],
  ])('the mean of %s is the nearest float', (_, values, mean) => {
    expect(meanOf(momentsOf(values), floatUnit)).toBe(mean);
  });

  it('rounds a quotient half to even, and never twice', () => {
    const half = 2n ** 53n + 1n; // halfway between two floats, the lower one even
    expect(nearestQuotient(half, 1n)).toBe(2 ** 53);
    expect(nearestQuotient(half * 2n ** 60n + 1n, 2n ** 60n)).toBe(2 ** 53 + 2); // a trace above half
    expect(nearestQuotient(1n, 3n)).toBe(1 / 3);
    expect(nearestQuotient(-1n, 10n)).toBe(-0.1);
    expect(nearestQuotient(2n ** 1100n, 1n)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each<[string, number[], number]>([
    ['a sample', [2, 4, 4, 4, 5, 5, 7, 9], Math.sqrt(32 / 7)],
    ['equal values', [0.1, 0.1, 0.1], 0],
    ['values far from zero', [1e15, 1e15 + 1, 1e15 + 2], 1],
    ['squares beyond float64', [-1e300, 1e300], Math.SQRT2 * 1e300],
    ['squares below float64', [-1e-300, 1e-300], Math.SQRT2 * 1e-300],
  ])('the deviation of %s is right', (_, values, deviation) => {
    const found = deviationOf(momentsOf(values), floatUnit) ?? Number.NaN;
    expect(Math.abs(found - deviation)).toBeLessThanOrEqual(deviation * 4e-16);
  });

  it('has no mean of nothing and no deviation of one value', () => {
    expect(meanOf(momentsOf([]), floatUnit)).toBeUndefined();
    expect(deviationOf(momentsOf([1]), floatUnit)).toBeUndefined();
  });
});
