import { describe, expect, it } from 'vitest';
import type { TypedColumn } from '#codec/parquet-write.ts';
import { MergedStatistics, partStatistics } from '#engine/statistics/dataset-statistics.ts';
import { tallyColumns } from '#engine/statistics/tally-columns.ts';
import { datasetStatisticsText } from '../../../cli/report/dataset-statistics.ts';
import { datasetStatisticsHtml } from '../../../cli/report/dataset-statistics-html.ts';

const trips: readonly (readonly [string, readonly TypedColumn[]])[] = [
  [
    'train',
    [
      { name: 'city', type: 'string', values: ['Porto', 'Porto', 'Łódź', null] },
      { name: 'trips', type: 'int64', values: [2n ** 53n + 1n, 0n, null, null] },
      { name: 'fare', type: 'float64', values: [0, 1, Number.NaN, 20] },
      { name: 'stops', type: 'list<string>', values: [['a'], [], ['a', 'b'], null] },
      { name: 'zone', type: 'int32', values: [7, 7, 7, 7] },
      { name: 'late', type: 'bool', values: [true, false, false, null] },
    ],
  ],
  [
    'test',
    [
      { name: 'city', type: 'string', values: ['<b>&amp;\u001b[31m'] },
      { name: 'trips', type: 'int64', values: [null] },
      { name: 'fare', type: 'float64', values: [0.123456789] },
      { name: 'stops', type: 'list<string>', values: [null] },
      { name: 'zone', type: 'int32', values: [7] },
      { name: 'late', type: 'bool', values: [true] },
    ],
  ],
];

function statistics(label: string) {
  const merged = new MergedStatistics(label, ['train', 'validation', 'test']);
  for (const [split, columns] of trips) merged.add(partStatistics(tallyColumns(columns), split));
  return merged.statistics();
}

describe('statistics of a dataset for people', () => {
  it('has a line for each column, the balance of the label, and what deserves a look', () => {
    expect(`\n${datasetStatisticsText(statistics('late'))}\n`).toMatchInlineSnapshot(`
      "
      column  type          null    min  median    max               different  values
      city    string        20.0 %                                   3          Porto: 50.0 %, <b>&amp;?[31m: 25.0 %, Łódź: 25.0 %
      trips   int64         60.0 %  0    0         9007199254740993  2          █                  █
      fare    float64       0.0 %   0    0.123457  20                4          █▄                 ▄
      stops   list<string>  40.0 %                                              length 0 to 2
      zone    int32         0.0 %   7    7         7                 1          7: 100.0 %
      late    bool          20.0 %                                   2          true 50.0 %

      label late
      rows of  rows  without  false   true
      all         5        1  50.0 %  50.0 %
      train       4        1  66.7 %  33.3 %
      test        1        0  0.0 %   100.0 %

      warning: trips is null in 60.0 % of the rows
      warning: fare is NaN in 1 row
      warning: zone has the same value in every row
      "
    `);
  });

  it('has the distribution of a label with too many values', () => {
    const values = Array.from({ length: 60 }, (_, index) => index);
    const merged = new MergedStatistics('delay');
    merged.add(partStatistics(tallyColumns([{ name: 'delay', type: 'int32', values }])));
    expect(datasetStatisticsText(merged.statistics()).split('\n').slice(-3)).toEqual([
      'label delay',
      'rows of  rows  without  min  median  max  mean',
      'all        60        0  0    29      59   29.5',
    ]);
  });

  it('has the most frequent texts of a label with too many', () => {
    const values = Array.from({ length: 60 }, (_, index) => `t${Math.max(index, 29)}`);
    const merged = new MergedStatistics('kind');
    merged.add(
      partStatistics(
        tallyColumns([{ name: 'kind', type: 'string', values: [...values, ...values.map((text) => `${text}x`)] }]),
      ),
    );
    expect(datasetStatisticsText(merged.statistics()).split('\n').slice(-2)).toEqual([
      'rows of  rows  without  different  values',
      'all       120        0  62         t29: 25.0 %, t29x: 25.0 %, t30: 0.8 %',
    ]);
  });

  it('is a page of its own, in which no value is markup', () => {
    const page = datasetStatisticsHtml(['training set <t1>', '  spine'], statistics('late'));
    expect(page).toContain('<h1>training set &lt;t1&gt;</h1>');
    expect(page).toContain('&lt;b&gt;&amp;amp;');
    expect(page.match(/<svg/g)).toHaveLength(3 + 4); // the balances, and the columns that have numbers or values to count
    expect(page).not.toMatch(/<script|<link|src=|href=|url\(|NaN"|undefined/);
  });
});
