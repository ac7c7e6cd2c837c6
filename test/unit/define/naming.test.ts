import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  approxQuantile,
  batchView,
  count,
  days,
  distinct,
  entity,
  float64,
  hours,
  int64,
  lastN,
  mean,
  minutes,
  parquetSource,
  ratio,
  string,
  sum,
  timestamp,
} from '#define/index.ts';
import { nameFindings } from '#define/naming.ts';
import { loadRepository } from '#define/node/load-repository.ts';
import { compiled, live, table } from './fixture.ts';

const user = entity('user', { keys: { user_id: int64() }, owner: 'growth' });
const orders = parquetSource('orders', {
  location: 'orders/',
  schema: { user_id: int64(), purchase: float64(), city: string(), at: timestamp() },
  eventTime: 'at',
});
const [hour, day, week, month] = [hours(1), days(1), days(7), days(30)];
const purchases = mean('purchase', { window: month });
const trend = ratio(count({ window: week }), count({ window: month }));

const findingsOf = (name: string, formula: typeof purchases | typeof trend) =>
  nameFindings(
    compiled(
      batchView('user_stats', {
        entity: user,
        source: orders,
        schedule: day,
        features: { [name]: formula as typeof purchases },
      }), // either kind will do
    ),
  ).map(({ message, suggestion }) => [message, suggestion]);

describe('names of aggregated features', () => {
  it.each([
    ['purchase_30d', purchases],
    ['mean_purchase_30d', purchases],
    ['mean_purchase_720h', purchases],
    ['sprints_100m_30d', purchases],
    ['trend', trend],
    ['purchases_7d_to_30d', trend],
    ['purchases_7d_against_usual', trend],
  ])('%s keeps to the convention', (name, formula) => {
    expect(findingsOf(name, formula)).toEqual([]);
  });

  it.each([
    {
      name: 'user_30d_avg',
      formula: purchases,
      message: 'says its window 30d before the end; the window stands last',
      suggestion: 'user_avg_purchase_30d',
    },
    {
      name: 'user_id_30d',
      formula: mean('purchase', { window: day }),
      message: 'says 30d, but its window is 1d',
      suggestion: 'user_id_purchase_1d',
    },
    {
      name: 'spend_720h_avg',
      formula: purchases,
      message: 'says its window 720h before the end; the window stands last',
      suggestion: 'spend_avg_720h',
    },
    {
      name: 'avg_purchase_7d',
      formula: purchases,
      message: 'says 7d, but its window is 30d',
      suggestion: 'avg_purchase_30d',
    },
    {
      name: 'avg_7d_purchase',
      formula: purchases,
      message: 'says 7d, but its window is 30d',
      suggestion: 'avg_purchase_30d',
    },
    {
      name: 'avg_30d_purchase_7d',
      formula: purchases,
      message: 'says 7d, but its window is 30d',
      suggestion: 'avg_purchase_30d',
    },
    {
      name: 'avg_purchase',
      formula: purchases,
      message: 'does not say its window, 30d',
      suggestion: 'avg_purchase_30d',
    },
    {
      name: 'purchases_7d_to_90d',
      formula: trend,
      message: 'says 90d, but its window is 7d and 30d',
      suggestion: 'purchases_to_7d_30d',
    },
  ])('$name does not: $suggestion is suggested', ({ name, formula, message, suggestion }) => {
    expect(findingsOf(name, formula)).toEqual([[message, suggestion]]);
    expect(findingsOf(suggestion, formula)).toEqual([]);
  });

  it('are looked at one by one, with counts and distinct as they are, and the view by its id', () => {
    const manifest = compiled(
      batchView('user_stats', {
        entity: user,
        source: orders,
        version: 3,
        schedule: hour,
        features: {
          user_15m_count: count({ window: minutes(15) }),
          cities_7d: distinct('city', { window: week }),
          total: sum('purchase', { window: hour }),
        },
      }),
    );
    expect(nameFindings(manifest)).toEqual([
      {
        view: 'user_stats@3',
        feature: 'user_15m_count',
        message: 'says its window 15m before the end; the window stands last',
        suggestion: 'user_count_15m',
      },
      {
        view: 'user_stats@3',
        feature: 'total',
        message: 'does not say its window, 1h',
        suggestion: 'total_purchase_1h',
      },
    ]);
  });

  it('are looked at in stream views too', () => {
    const features = {
      orders_1h: count({ window: hour }),
      median_total: approxQuantile('total', { window: hour, quantile: 0.5 }),
      quantile_24h: approxQuantile('total', { window: day, quantile: 0.9 }),
      last_1h_cities: lastN('city', { window: hour, limit: 3 }),
    };
    expect(nameFindings(compiled(live({ features }))).map(({ feature, suggestion }) => [feature, suggestion])).toEqual([
      ['median_total', 'median_total_1h'],
      ['last_1h_cities', 'last_cities_1h'],
    ]);
  });

  it('are free in views that aggregate nothing', () => {
    expect(nameFindings(compiled(table({})))).toEqual([]);
  });

  it.each(['examples/flights', 'examples/ride-sharing'])('are kept by %s', async (folder) => {
    const { repository } = await loadRepository(resolve(folder));
    expect(repository.manifest.views.some(({ kind }) => kind === 'batch')).toBe(true);
    expect(nameFindings(repository.manifest)).toEqual([]);
  });
});
