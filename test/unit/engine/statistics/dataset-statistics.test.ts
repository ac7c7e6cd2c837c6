import { describe, expect, it } from 'vitest';
import type { RawColumn } from '#codec/parquet-read.ts';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { MergedStatistics, partStatistics } from '#engine/statistics/dataset-statistics.ts';
import { tallyColumns } from '#engine/statistics/tally-columns.ts';

type Columns = readonly (TypedColumn | RawColumn)[];
const statisticsOf = (parts: readonly Columns[], label?: string) => {
  const merged = new MergedStatistics(label, ['train', 'test']);
  for (const [at, columns] of parts.entries())
    merged.add(partStatistics(tallyColumns(columns), parts.length > 1 ? ['train', 'test'][at % 2] : undefined));
  return merged.statistics();
};
const columnOf = (column: TypedColumn | RawColumn) => statisticsOf([[column]]).columns[0];

describe('statistics of a dataset', () => {
  it('keep the digits of int64 and decimals, and tell times in ISO 8601', () => {
    const big = columnOf({ name: 'big', type: 'int64', values: [2n ** 63n - 1n, -(2n ** 53n) - 1n, null] });
    expect(big).toMatchObject({ min: '-9007199254740993', max: '9223372036854775807', nulls: 1, rows: 3 });
    const price = columnOf({ name: 'price', type: 'decimal(20,2)', values: [123456789012345678n, -5n] });
    expect(price).toMatchObject({ min: '-0.05', max: '1234567890123456.78', mean: 617283945061728.4 });
    const at = columnOf({ name: 'at', type: 'timestamp', values: [1000, 0] });
    expect(at).toMatchObject({ min: '1970-01-01T00:00:00.000Z', max: '1970-01-01T00:00:01.000Z' });
    expect(at).not.toHaveProperty('mean');
    expect(columnOf({ name: 'day', type: 'date', values: [1] })).toMatchObject({
      min: '1970-01-02',
      max: '1970-01-02',
    });
  });

  it('tell an instant beyond year 9999 as its number', () => {
    expect(columnOf({ name: 'at', type: 'timestamp', values: [1e15] })).toMatchObject({ min: 1e15, max: 1e15 });
  });

  it('count texts up to 1,000 different ones, and estimate their number beyond', () => {
    const texts = (different: number) => Array.from({ length: different }, (_, index) => `t${index}`);
    const few = columnOf({ name: 'x', type: 'string', values: [...texts(1000), 't7', 't5', 't7'] });
    expect(few?.distinct).toEqual({ count: 1000, isExact: true });
    expect(few?.top?.slice(0, 3)).toEqual([
      { value: 't7', count: 3 },
      { value: 't5', count: 2 },
      { value: 't0', count: 1 },
    ]);
    expect(few?.top).toHaveLength(20);
    const many = columnOf({ name: 'x', type: 'string', values: texts(5000) });
    expect(many?.distinct?.isExact).toBe(false);
    expect(Math.abs((many?.distinct?.count ?? 0) - 5000)).toBeLessThan(500);
    expect(many).not.toHaveProperty('top');
    expect(columnOf({ name: 'x', type: 'string', values: ['a'.repeat(101)] })).not.toHaveProperty('top');
  });

  it('put numbers into bins of equal width', () => {
    const { histogram } = columnOf({ name: 'x', type: 'float64', values: [0, 0.5, 1, 19.9, 20] }) ?? {};
    expect(histogram).toEqual([2, 1, ...new Array(17).fill(0), 2]);
  });

  it('estimate quantiles within a hundredth beyond 1,000 different values, and take the extremes beyond 2^63', () => {
    const values = Array.from({ length: 10_001 }, (_, index) => index + 1);
    const { quantiles } = columnOf({ name: 'x', type: 'float64', values: [...values, -1e300, 1e300] }) ?? {};
    expect(Math.abs((quantiles?.['0.5'] ?? 0) - 5001)).toBeLessThanOrEqual(50.01);
    const far = columnOf({ name: 'x', type: 'float64', values: values.map((value) => value * 1e30) });
    expect(far?.quantiles?.['0.01']).toBe(1.0001e34);
  });

  it.each<[string, TypedColumn, string[]]>([
    ['one value in every row', { name: 'x', type: 'int32', values: [1, 1] }, ['constant']],
    ['one value and nulls', { name: 'x', type: 'int32', values: [1, 1, null] }, []],
    ['more nulls than values', { name: 'x', type: 'int32', values: [1, null, null] }, ['mostlyNull']],
    ['as many nulls as values', { name: 'x', type: 'int32', values: [1, 2, null, null] }, []],
    ['nothing but nulls', { name: 'x', type: 'int32', values: [null, null] }, ['allNull']],
    [
      'NaN and infinities',
      { name: 'x', type: 'float32', values: [Number.NaN, Number.NEGATIVE_INFINITY, 1] },
      ['nan', 'infinity'],
    ],
  ])('warn of %s', (_, column, warnings) => {
    expect(columnOf(column)?.warnings).toEqual(warnings);
  });

  it('count only nulls where values cannot be read, in any part', () => {
    const text = (values: readonly (Uint8Array | null)[]): RawColumn => ({
      name: 'x',
      elements: [{ name: 'x', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }],
      values,
    });
    const good = [text([new TextEncoder().encode('ä'), null])];
    const bad = [text([new Uint8Array([0xff])])];
    expect(statisticsOf([good]).columns[0]).toMatchObject({ type: 'string', top: [{ value: 'ä', count: 1 }] });
    const told = { name: 'x', rows: 3, nulls: 1, nullShare: 1 / 3, warnings: [] };
    expect(statisticsOf([good, bad]).columns).toEqual([told]);
    expect(statisticsOf([bad, good]).columns).toEqual([told]);
  });
});

describe('class balance', () => {
  it('has the share of each class of the rows with a label, overall and by split', () => {
    const part = (values: readonly (boolean | null)[]): Columns => [{ name: 'late', type: 'bool', values }];
    const { label } = statisticsOf([part([true, false, false, null]), part([true])], 'late');
    expect(label).toEqual({
      column: 'late',
      balance: {
        rows: 5,
        nulls: 1,
        classes: [
          { value: 'false', count: 2, share: 0.5 },
          { value: 'true', count: 2, share: 0.5 },
        ],
      },
      splits: {
        test: { rows: 1, nulls: 0, classes: [{ value: 'true', count: 1, share: 1 }] },
        train: {
          rows: 4,
          nulls: 1,
          classes: [
            { value: 'false', count: 2, share: 2 / 3 },
            { value: 'true', count: 1, share: 1 / 3 },
          ],
        },
      },
    });
  });

  it('of a label with more than 50 values is its distribution', () => {
    const values = Array.from({ length: 51 }, (_, index) => index);
    const { label } = statisticsOf([[{ name: 'delay', type: 'float64', values }]], 'delay');
    expect(label?.balance).not.toHaveProperty('classes');
    expect(label?.balance.distribution).toMatchObject({ min: 0, max: 50, mean: 25, quantiles: { '0.5': 25 } });
  });

  it('takes NaN for a class of its own', () => {
    const { label } = statisticsOf([[{ name: 'y', type: 'float64', values: [Number.NaN, 1] }]], 'y');
    expect(label?.balance.classes?.map(({ value }) => value)).toEqual(['1', 'NaN']);
  });
});
