import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import {
  approxQuantile,
  count,
  days,
  distinct,
  eq,
  feature,
  hours,
  lastN,
  mean,
  minutes,
  ratio,
  tableView,
} from '#define/index.ts';
import { explainView } from '#spec/explain.ts';
import { compiled, driver, live, stream } from './fixture.ts';

const explained = (definition: Definition): string => {
  const manifest = compiled(definition);
  const [view] = manifest.views;
  if (!view) throw new Error('no view');
  return explainView(manifest, view);
};

const features = {
  orders_1h: count({ window: hours(1), description: 'orders taken' }),
  paid_share_1h: ratio(count({ window: hours(1), where: eq('paid', true) }), count({ window: hours(1) })),
  mean_total_1h: mean('total', { window: hours(1), hop: minutes(30), scale: 2, default: 0 }),
  last_cities_24h: lastN('city', { window: hours(24), limit: 3 }),
  cities_7d: distinct('city', { window: days(7) }),
  median_total_24h: approxQuantile('total', { window: hours(24), quantile: 0.5 }),
};

describe('explain', () => {
  it('says of a stream view each window with its bound, what is accepted, and how near sketches are', () => {
    const source = stream({
      deduplicateBy: { within: hours(6) },
      history: { location: 'old-orders/', until: '2024-01-01T00:00:00Z' },
    });
    expect(explained(live({ source, features, description: 'what a driver is doing' }))).toBe(
      `live@1: stream view of entity driver (driver_id: int64), from source orders
  what a driver is doing
  owner: marketplace
  Aggregates events at the instant t of the request or of the label; an event exactly at t counts.
  windows:
  - 1h, hop 1m: covers (floor((t - 1h) / 1m) * 1m, t], at most one hop (1m) too long, never too short
  - 1h, hop 30m: covers (floor((t - 1h) / 30m) * 30m, t], at most one hop (30m) too long, never too short
  - 1d, hop 15m: covers (floor((t - 1d) / 15m) * 15m, t], at most one hop (15m) too long, never too short
  - 7d, hop 3h: covers (floor((t - 7d) / 3h) * 3h, t], at most one hop (3h) too long, never too short
  An event counts from its arrival on, at its event time; one that arrives when no window reaches back to it any more is only kept in the log.
  An event that is ahead of its arrival by at most 5m counts as of its arrival; one further ahead is quarantined, as is one that cannot be read or lacks at or order_id.
  Events of one entity, order_id and payload count once; one that arrives more than 6h after its event time is quarantined.
  History: the rows under old-orders/ whose at + 1ms is at most 2024-01-01T00:00:00.000Z; the stream's events count when they arrive after that.
  Windows are kept online and computed offline from the log.
  features:
  - orders_1h (int64), orders taken: number of events in (t - 1h, t] by hops of 1m; 0 where there is none
  - paid_share_1h (float64): number of events in (t - 1h, t] by hops of 1m where paid = true, divided by the number of events in (t - 1h, t] by hops of 1m; null where the divisor's window is empty, null where the divisor is 0
  - mean_total_1h (float64): mean of total over the events in (t - 1h, t] by hops of 30m, kept to 2 decimal digits; nulls do not count; its default 0 where no value counts
  - last_cities_24h (list<string>): last 3 values, oldest first, of city over the events in (t - 1d, t] by hops of 15m; nulls do not count; null where no value counts
  - cities_7d (int64): number of different values of city over the events in (t - 7d, t] by hops of 3h, exact up to 64, beyond it an estimate with a standard error of 3.25 %; nulls do not count; 0 where no value counts
  - median_total_24h (float64): quantile 0.5 of total over the events in (t - 1d, t] by hops of 15m, off by at most 1 % of itself; nulls do not count; null where no value counts`,
    );
  });

  it('says of an exact view how many events are kept, and of a source without deduplication that all count', () => {
    const text = explained(
      live({ exact: true, maxEvents: 2000, online: false, source: stream({ allowedSkew: 0, eventId: undefined }) }),
    );
    expect(text).toContain('\n  - 1h: (t - 1h, t], exact\n');
    expect(text).toContain('kept, at most 2,000: a window of more is null with status ERROR.');
    expect(text).toContain('An event ahead of its arrival is quarantined, as is one that cannot be read or lacks at.');
    expect(text).toContain('Every record counts: what a producer puts twice counts twice.');
    expect(text).toContain('Windows are computed offline only.');
    expect(text).toContain('number of events in (t - 1h, t]; 0 where there is none');
  });

  it('says of a table view of a stream that rows are visible as they arrive', () => {
    const source = stream({ createdTime: 'made', deleted: 'gone', deduplicateBy: { within: hours(1) } });
    const view = tableView('latest', { entity: driver, source, ttl: days(1), features: { total: feature() } });
    expect(explained(view)).toBe(
      `latest@1: table view of entity driver (driver_id: int64), from source orders
  owner: marketplace
  The latest visible row of an entity counts, as a whole: nulls in it are values.
  Latest by at (UTC), then by made.
  A row is visible from the arrival of its event on.
  A row expires when its row is more than 1d old (at exactly that age it is still visible).
  An event that is ahead of its arrival by at most 5m counts as of its arrival; one further ahead is quarantined, as is one that cannot be read or lacks at or order_id.
  Events of one entity, order_id and payload count once; one that arrives more than 1h after its event time is quarantined.
  A row whose gone is true hides the older rows of its entity.
  Events are written as they arrive; there are no runs.
  Rows are kept offline and served online.
  features:
  - total (float64): column total; null where there is no row`,
    );
  });
});
