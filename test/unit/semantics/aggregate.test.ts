import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonValueReader } from '#codec/json-value.ts';
import { featureValue, type Outcome, ratio } from '#semantics/aggregate.ts';
import { addWhole, powerOfTen, squareOf, toFloat64, toScaled, whole } from '#semantics/scaled-sum.ts';
import { finishWindows } from '#semantics/stream/finish-windows.ts';
import { planWindows } from '#semantics/stream/window-plan.ts';
import { addEvents, emptyState } from '#semantics/stream/window-state.ts';
import type { ColumnAggregate } from '#spec/aggregation.ts';
import type { JsonValue } from '#spec/json-value.ts';
import type { ColumnType, FeatureType, Value } from '#spec/value-type.ts';
import { streamSourceOf, streamViewOf } from '#test/support/manifests.ts';

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
    const isIntegerSum = one.aggregate === 'sum' && one.type.startsWith('int');
    const type = isIntegerSum ? 'int64' : 'float64';
    const scale = one.scale === undefined ? {} : { scale: one.scale };
    const formula = { kind: one.aggregate, column: 'x', windowMillis: 10, hopMillis: 1, ...scale };
    const view = streamViewOf('v', [{ name: 'f', type, formula, default: isIntegerSum ? '-77' : -77 }], {
      entity: 'e',
      source: 's',
    });
    const plan = planWindows(view, streamSourceOf('s', [{ name: 'x', type: one.type }], { eventTime: 't' }));
    const events = json.map((value) => ({
      row: { x: read(value) },
      eventTimeMillis: 1,
      arrivalMillis: 1,
      hashes: {},
    }));
    const { values, marks } = finishWindows(plan, [addEvents(plan, emptyState, events)], 1);
    const expected = {
      value:
        'value' in one.result
          ? jsonValueReader(type)(one.result.value)
          : one.result.kind === 'error'
            ? null
            : undefined,
      marks: { value: null, empty: 'd', error: 'e' }[one.result.kind],
    };
    if (expected.value === undefined) expected.value = isIntegerSum ? -77n : -77; // the declared default
    expect({ value: values[0], marks }).toEqual(expected);
  });
});

it('rounds half away from zero, once, after one multiplication', () => {
  expect([0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, -0].map((x) => toScaled(x, 0))).toEqual([
    1, -1, 2, 3, -3, 0, 0,
  ]);
  expect(toScaled(1.005, 2)).toBe(100); // 1.005 * 100 is 100.49999999999999 in float64
  expect(toScaled(1.0000005, 6)).toBe(1_000_001);
});

it('keeps whole numbers exact beyond 2^53, in one form', () => {
  const most = Number.MAX_SAFE_INTEGER;
  expect(addWhole(most, 1)).toBe(2n ** 53n);
  expect(addWhole(2n ** 53n, -1)).toBe(most);
  expect(addWhole(-most, -1)).toBe(-(2n ** 53n));
  expect(squareOf(94_906_265)).toBe(9_007_199_136_250_225);
  expect(squareOf(-94_906_267)).toBe(9_007_199_515_875_289n);
  expect([whole(2n ** 53n - 1n), whole(2n ** 53n), whole(-(2n ** 53n))]).toEqual([most, 2n ** 53n, -(2n ** 53n)]);
});

it('converts integers below 2^63 only', () => {
  expect(toFloat64(2n ** 63n - 1n)).toBe(2 ** 63);
  expect(toFloat64(2n ** 53n + 1n)).toBe(2 ** 53);
  expect(toFloat64(2n ** 63n)).toBeUndefined();
  expect(toFloat64(-(2n ** 63n))).toBeUndefined();
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
