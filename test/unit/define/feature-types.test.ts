import { describe, expect, it } from 'vitest';
import {
  and,
  batchView,
  bool,
  bytes,
  count,
  date,
  days,
  decimal,
  distinct,
  eq,
  feature,
  first,
  float32,
  float64,
  ge,
  hours,
  int32,
  int64,
  isNotNull,
  last,
  list,
  lt,
  max,
  mean,
  min,
  ne,
  not,
  oneOf,
  or,
  parquetSource,
  ratio,
  stddev,
  string,
  sum,
  tableView,
  timestamp,
  variance,
} from '#define/index.ts';
import type { BatchView, TableView } from '#spec/manifest.ts';
import { driver, viewOf } from './fixture.ts';

const day = days(1);

describe('the type of a feature follows from its aggregate and column', () => {
  const everything = parquetSource('everything', {
    location: 'everything/',
    schema: {
      driver_id: int64(),
      i: int32(),
      l: int64(),
      f: float32(),
      d: float64(),
      m: decimal(10, 2),
      s: string(),
      b: bool(),
      t: timestamp(),
      y: date(),
      x: bytes(),
    },
    eventTime: 't',
  });
  const window = day;
  const view = viewOf(
    'types',
    batchView('types', {
      entity: driver,
      source: everything,
      schedule: hours(1),
      features: {
        count: count({ window }),
        sum_i: sum('i', { window }),
        sum_l: sum('l', { window }),
        sum_f: sum('f', { window }),
        sum_m: sum('m', { window }),
        mean_i: mean('i', { window }),
        variance_d: variance('d', { window, scale: 3 }),
        stddev_l: stddev('l', { window }),
        min_i: min('i', { window }),
        max_f: max('f', { window }),
        max_m: max('m', { window }),
        min_t: min('t', { window }),
        max_s: max('s', { window }),
        first_b: first('b', { window }),
        last_x: last('x', { window }),
        distinct_y: distinct('y', { window }),
        rate: ratio(sum('i', { window }), sum('l', { window }), { default: 0.5 }),
      },
    }),
  ) as BatchView;

  it.each([
    ['count', 'int64', undefined],
    ['sum_i', 'int64', undefined],
    ['sum_l', 'int64', undefined],
    ['sum_f', 'float64', 6],
    ['sum_m', 'float64', undefined],
    ['mean_i', 'float64', undefined],
    ['variance_d', 'float64', 3],
    ['stddev_l', 'float64', undefined],
    ['min_i', 'int32', undefined],
    ['max_f', 'float32', undefined],
    ['max_m', 'float64', undefined],
    ['min_t', 'timestamp', undefined],
    ['max_s', 'string', undefined],
    ['first_b', 'bool', undefined],
    ['last_x', 'bytes', undefined],
    ['distinct_y', 'int64', undefined],
    ['rate', 'float64', undefined],
  ])('%s is %s with scale %s', (name, type, scale) => {
    const compiledFeature = view.features.find((candidate) => candidate.name === name);
    expect(compiledFeature?.type).toBe(type);
    expect(compiledFeature?.formula).toHaveProperty('kind');
    expect('scale' in (compiledFeature?.formula ?? {})).toBe(scale !== undefined);
    if (scale !== undefined) expect(compiledFeature?.formula).toMatchObject({ scale });
  });

  it.each([
    [eq('l', 9_007_199_254_740_993n), { op: 'eq', column: 'l', value: '9007199254740993' }],
    [eq('l', 5), { op: 'eq', column: 'l', value: '5' }],
    [lt('m', 12.5), { op: 'lt', column: 'm', value: '12.5' }],
    [ge('m', '-0012.50'), { op: 'ge', column: 'm', value: '-12.5' }],
    [eq('m', -0), { op: 'eq', column: 'm', value: '0' }],
    [ge('t', '2024-01-01T02:00:00+02:00'), { op: 'ge', column: 't', value: 1_704_067_200_000 }],
    [lt('y', '2024-02-29'), { op: 'lt', column: 'y', value: '2024-02-29' }],
    [ne('b', true), { op: 'ne', column: 'b', value: true }],
    [oneOf('s', ['a', 'b']), { op: 'in', column: 's', values: ['a', 'b'] }],
    [isNotNull('x'), { op: 'isNotNull', column: 'x' }],
    [
      or(not(eq('i', 1)), and(eq('f', 0.5))),
      {
        op: 'or',
        of: [
          { op: 'not', of: { op: 'eq', column: 'i', value: 1 } },
          { op: 'and', of: [{ op: 'eq', column: 'f', value: 0.5 }] },
        ],
      },
    ],
  ])('a filter is stored in the form of its column: %#', (where, stored) => {
    const filtered = batchView('filtered', {
      entity: driver,
      source: everything,
      schedule: hours(1),
      features: { n: count({ window, where: where as ReturnType<typeof isNotNull<'x'>> }) }, // each case has its own columns
    });
    expect((viewOf('filtered', filtered) as BatchView).features[0]?.formula).toMatchObject({ where: stored });
  });
});

describe('defaults are stored in the JSON form of their type', () => {
  const rows = parquetSource('rows', {
    location: 'rows/',
    schema: {
      driver_id: int64(),
      l: int64(),
      f: float32(),
      d: float64(),
      x: bytes(),
      ls: list(int64()),
      t: timestamp(),
    },
  });
  it.each([
    ['l', 7, '7'],
    ['l', 9_007_199_254_740_993n, '9007199254740993'],
    ['f', 0.1, 0.10000000149011612],
    ['d', Number.NaN, 'NaN'],
    ['d', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['x', Uint8Array.of(1, 255), 'Af8='],
    ['ls', [1, null, 2n], ['1', null, '2']],
    ['t', 0, 0],
  ] as const)('%s %#', (column, value, stored) => {
    const view = tableView('defaults', {
      entity: driver,
      source: rows,
      features: { v: feature(column, { default: value }) },
    });
    expect((viewOf('defaults', view) as TableView).features[0]?.default).toEqual(stored);
  });
});
