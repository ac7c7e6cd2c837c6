import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonValueReader } from '#codec/json-value.ts';
import { type AccumulatedColumn, addEvent, emptyAccumulator, finishAccumulator } from '#semantics/accumulator.ts';
import { featureValue, type Outcome, ratio } from '#semantics/aggregate.ts';
import { bigIntToFloat64, powerOfTen, toScaled } from '#semantics/scaled-sum.ts';
import type { ColumnAggregate } from '#spec/aggregation.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type { ColumnType, FeatureType, Value } from '#spec/value-type.ts';

interface GoldenCase {
  readonly aggregate: ColumnAggregate;
  readonly type: ColumnType;
  readonly scale?: number;
  readonly values?: readonly JsonValue[];
  /** A pattern of values, so many times. */
  readonly repeat?: readonly JsonValue[];
  readonly times?: number;
  readonly result: { readonly kind: 'value'; readonly value: JsonValue } | { readonly kind: 'empty' | 'error' };
}

const golden: readonly GoldenCase[] = JSON.parse(
  readFileSync(new URL('../../golden/aggregates.json', import.meta.url), 'utf8'),
).cases;

describe('golden aggregates', () => {
  it.each(golden.map((one) => [JSON.stringify(one), one] as const))('%s', (_text, one) => {
    const json = one.values ?? Array.from({ length: one.times ?? 0 }, () => one.repeat ?? []).flat();
    // An unscaled decimal stands as the digits of an integer.
    const read = jsonValueReader(one.type.startsWith('decimal') ? 'int64' : (one.type as FeatureType));
    const column: AccumulatedColumn = {
      aggregation: {
        kind: one.aggregate,
        column: 'x',
        windowMillis: 1,
        ...(one.scale === undefined ? {} : { scale: one.scale }),
      },
      type: one.type,
    };
    const state = json.reduce(
      (sum, value) => addEvent(column, sum, { atMillis: 1, value: read(value) }),
      emptyAccumulator,
    );
    const isIntegerSum = one.aggregate === 'sum' && one.type.startsWith('int');
    const expected =
      'value' in one.result
        ? { kind: 'value', value: jsonValueReader(isIntegerSum ? 'int64' : 'float64')(one.result.value) }
        : one.result;
    expect(finishAccumulator(column, state)).toEqual(expected);
  });
});

it('rounds half away from zero, once, after one multiplication', () => {
  expect([0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, -0].map((x) => toScaled(x, 0))).toEqual([
    1n,
    -1n,
    2n,
    3n,
    -3n,
    0n,
    0n,
  ]);
  expect(toScaled(1.005, 2)).toBe(100n); // 1.005 * 100 is 100.49999999999999 in float64
  expect(toScaled(1.0000005, 6)).toBe(1_000_001n);
});

it('tells ignored values from those beyond exact sums', () => {
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((x) => toScaled(x, 6))).toEqual([
    'ignored',
    'ignored',
    'ignored',
  ]);
  expect(toScaled(2 ** 53 - 1, 0)).toBe(2n ** 53n - 1n);
  expect(toScaled(-(2 ** 53), 0)).toBe('beyond');
  expect(toScaled(1e300, 12)).toBe('beyond');
});

it('converts integers below 2^63 only', () => {
  expect(bigIntToFloat64(2n ** 63n - 1n)).toBe(2 ** 63);
  expect(bigIntToFloat64(2n ** 53n + 1n)).toBe(2 ** 53);
  expect(bigIntToFloat64(2n ** 63n)).toBeUndefined();
  expect(bigIntToFloat64(-(2n ** 63n))).toBeUndefined();
});

it('takes powers of ten as literals', () => {
  expect(powerOfTen(23)).toBe(1e23);
  expect(powerOfTen(0)).toBe(1);
});

const value = (of: Value): Outcome => ({ kind: 'value', value: of });
const empty: Outcome = { kind: 'empty' };
const error: Outcome = { kind: 'error' };

it.each([
  ['divides', value(1n), value(4n), value(0.25)],
  ['is null for a denominator of 0', value(1n), value(0n), value(null)],
  ['is null for a denominator without value', value(1n), value(null), value(null)],
  ['is empty where the denominator is', value(1n), empty, empty],
  ['takes an empty count as 0', empty, value(4n), value(0)],
  ['is 0, not -0, over a negative number', value(0), value(-2.5), value(0)],
  ['is an error where the numerator is', error, empty, error],
  ['is an error where the denominator is', value(1n), error, error],
])('a ratio %s', (_what, ...[numerator, denominator, expected]) => {
  expect(ratio('count', numerator, denominator)).toStrictEqual(expected);
});

it('is null for an empty numerator that counts nothing', () => {
  expect(ratio('mean', empty, value(4n))).toEqual(value(null));
});

it.each([
  ['count', 'int64', 0n],
  ['sum', 'int64', 0n],
  ['sum', 'float64', 0],
  ['distinct', 'int64', 0n],
  ['mean', 'float64', null],
  ['min', 'string', null],
] as const)('an empty window of %s %s without default is %s', (kind, type, expected) => {
  const formula = kind === 'count' ? ({ kind, windowMillis: 1 } as const) : { kind, column: 'x', windowMillis: 1 };
  expect(featureValue({ formula, type }, empty)).toStrictEqual({ value: expected, mark: 'd' });
  expect(featureValue({ formula, type, default: 7 }, empty)).toEqual({ value: 7, mark: 'd' });
  expect(featureValue({ formula, type, default: 7 }, error)).toEqual({ value: null, mark: 'e' });
  expect(featureValue({ formula, type, default: 7 }, value(null))).toEqual({ value: null, mark: '.' });
});
