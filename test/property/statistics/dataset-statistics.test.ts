import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatasetStatistics, MergedStatistics, partStatistics } from '#engine/statistics/dataset-statistics.ts';
import { tallyColumns } from '#engine/statistics/tally-columns.ts';
import { compareTexts, isList } from '#semantics/value.ts';
import { type FeatureType, isListType, type Value } from '#spec/value-type.ts';
import { distinctEstimate } from '../../oracle/sketches.ts';
import { columnOf, exactQuantile } from '../../oracle/statistics.ts';
import { featureTypesArbitrary, nullableOf } from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

interface Column {
  readonly type: FeatureType;
  readonly values: readonly Value[];
}

/** So many different values of a type: beyond 1,000 they are no longer kept one by one. */
const spread: Partial<Record<FeatureType, (index: number) => Value>> = {
  int32: (index) => index * 7 - 3000,
  int64: (index) => 2n ** 53n + BigInt(index),
  float64: (index) => (index - 400) / 8,
  string: (index) => `text ${index}`,
};

const columns: fc.Arbitrary<Column> = featureTypesArbitrary.chain((type) =>
  fc
    .record({
      values: fc.array(nullableOf(type), { maxLength: 40 }),
      more: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(960, 1001, 1400)),
    })
    .map(({ values, more }) => ({
      type,
      values: [...values, ...Array.from({ length: more }, (_, index) => spread[type]?.(index) ?? null)],
    })),
);

/** Statistics of a column whose rows came in the given pieces, each of which was written down and read again. */
function merged(type: FeatureType, pieces: readonly (readonly Value[])[]): DatasetStatistics {
  const statistics = new MergedStatistics('x');
  for (const values of pieces) {
    const part = partStatistics(tallyColumns([{ name: 'x', type, values }]));
    statistics.add(JSON.parse(JSON.stringify(part)));
  }
  return statistics.statistics();
}

/** Pieces in which a column's rows are dealt out, and those pieces in another order. */
const dealt = fc.record({
  column: columns,
  pieces: fc.integer({ min: 1, max: 5 }),
  owner: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
  isReversed: fc.boolean(),
});

describe('statistics of a column', () => {
  it('are the same in one pass and merged from any pieces in any order', () => {
    fc.assert(
      fc.property(dealt, ({ column: { type, values }, pieces, owner, isReversed }) => {
        const piles: Value[][] = Array.from({ length: pieces }, () => []);
        for (const [row, value] of values.entries()) piles[(owner[row % owner.length] ?? 0) % pieces]?.push(value);
        if (isReversed) piles.reverse();
        expect(JSON.stringify(merged(type, piles))).toBe(JSON.stringify(merged(type, [values])));
      }),
      propertySettings(300),
    );
  });

  it('are those of plain loops over the values', () => {
    fc.assert(
      fc.property(columns, ({ type, values }) => {
        const { columns: found, rows } = merged(type, [values]);
        const [column] = found;
        const oracle = columnOf(values);
        expect(rows).toBe(values.length);
        expect(column).toMatchObject({ rows: values.length, nulls: oracle.nulls });
        expect([column?.nans ?? 0, column?.infinities ?? 0]).toEqual([oracle.nans, oracle.infinities]);
        checkDistinct(type, column?.distinct, values);
        if (type === 'bool' && values.length > oracle.nulls)
          expect(column?.trueShare).toBe((oracle.counts.true ?? 0) / (values.length - oracle.nulls));
        if (column?.top && type === 'string') {
          const all = Object.entries(oracle.counts).sort(([a, m], [b, n]) => n - m || compareTexts(a, b));
          expect(column.top.map(({ value, count }) => [value, count])).toEqual(all.slice(0, 20));
        }
        const lengths = values.flatMap((value) => (value !== null && isList(value) ? [value.length] : []));
        if (isListType(type) && lengths.length > 0)
          expect(column?.lengths).toEqual({ min: Math.min(...lengths), max: Math.max(...lengths) });
        const { sorted } = oracle;
        if (!['int32', 'int64', 'float32', 'float64'].includes(type) || sorted.length === 0) return;
        const [least = 0, greatest = 0] = [sorted[0], sorted.at(-1)];
        expect([Number(column?.min), Number(column?.max)]).toEqual([least + 0, greatest + 0]);
        checkQuantiles(column?.quantiles ?? {}, sorted, new Set(sorted).size <= 500);
        if (column?.histogram) expect(column.histogram.reduce((sum, bin) => sum + bin, 0)).toBe(sorted.length);
        const size = Math.max(Math.abs(least), Math.abs(greatest));
        if (size > 1e100) return; // squares leave the range of plain loops
        expect(Math.abs((column?.mean ?? 0) - oracle.mean)).toBeLessThanOrEqual(size * 1e-12);
        if (sorted.length > 1)
          expect(Math.abs((column?.stddev ?? 0) - oracle.deviation)).toBeLessThanOrEqual(size * 1e-7);
      }),
      propertySettings(300),
    );
  });
});

function checkDistinct(
  type: FeatureType,
  found: { readonly count: number; readonly isExact: boolean } | undefined,
  values: readonly Value[],
): void {
  const counted = values.filter(
    (value) => value !== null && !isList(value) && (typeof value !== 'number' || Number.isFinite(value)),
  );
  const different = new Set(counted.map((value) => (value === 0 ? '0' : String(value)))).size;
  if (counted.length === 0) expect(found).toBeUndefined();
  else if (different <= 1000) expect(found).toEqual({ count: different, isExact: true });
  else {
    const present = values.filter((value) => value !== null).length;
    const estimate = Math.min(Number(distinctEstimate(type, counted)), present);
    expect(found).toEqual({ count: estimate, isExact: false });
  }
}

/** Exact for few different values; else within 1 % of the true value of that rank; 0 stands for magnitudes below 2^-30, and the extremes for those of 2^63 and more. */
function checkQuantiles(found: Readonly<Record<string, number>>, sorted: readonly number[], isExact: boolean): void {
  expect(Object.keys(found)).toHaveLength(7);
  for (const [rank, value] of Object.entries(found)) {
    const exact = exactQuantile(sorted, Number(rank));
    if (isExact) expect(value).toBe(exact + 0);
    else if (Math.abs(exact) >= 2 ** 63) expect([sorted[0], sorted.at(-1)]).toContain(value);
    else expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(0.0100001 * Math.abs(exact), 2 ** -30));
  }
}
