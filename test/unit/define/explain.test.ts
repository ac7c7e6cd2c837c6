import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import {
  and,
  batchView,
  bool,
  count,
  days,
  eq,
  feature,
  float64,
  gt,
  hours,
  int64,
  isNotNull,
  max,
  mean,
  minutes,
  not,
  onDemandView,
  oneOf,
  or,
  parquetSource,
  pick,
  ratio,
  requestSource,
  tableView,
  timestamp,
} from '#define/index.ts';
import { durationText } from '#spec/duration-text.ts';
import { explainView } from '#spec/explain.ts';
import { compiled, driver, trips } from './fixture.ts';

const stats = batchView('driver_stats', {
  entity: driver,
  source: trips,
  schedule: hours(1),
  delay: minutes(10),
  ttl: days(1),
  recompute: 2,
  description: 'how a driver does',
  features: {
    trips_30d: count({ window: days(30) }),
    mean_fare_36h: mean('fare', {
      window: hours(36),
      where: and(gt('fare', 3), not(eq('status', 'lost'))),
      default: 0,
    }),
    max_seats_1d: max('seats', { window: days(1), where: or(isNotNull('fare'), oneOf('status', ['a', 'b'])) }),
    rate_30d: ratio(count({ window: days(30), where: eq('status', 'cancelled') }), count({ window: days(30) })),
  },
});

const explained = (view: Definition, name: string): string => {
  const manifest = compiled(view);
  const found = manifest.views.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no view ${name}`);
  return explainView(manifest, found);
};

describe('explain', () => {
  it('says of a batch view its ticks, bounds, visibility and formulas', () => {
    expect(explained(stats, 'driver_stats')).toBe(
      `driver_stats@1: batch view of entity driver (driver_id: int64), from source trips
  how a driver does
  owner: marketplace
  Aggregates events at every tick t, the multiples of 1h from 1970-01-01 in UTC.
  An event exactly at t counts, one exactly at the start of a window does not.
  A row is visible from 10m after its tick on; a row that replaces one already published, from its publication on.
  A row expires when its tick is more than 1d old (at exactly that age it is still visible).
  The tick after an entity's last event has left the windows writes the empty row.
  Every run computes the last 2 ticks again, for late events.
  A run reads the events of the 30d before its first tick; the source is not partitioned by day, so every run scans all of it.
  Rows are kept offline and served online.
  features:
  - trips_30d (int64): number of events in (t - 30d, t]; 0 where there is none
  - mean_fare_36h (float64): mean of fare over the events in (t - 36h, t] where fare > 3 and not status = 'lost', kept to 6 decimal digits; nulls do not count; its default 0 where no value counts
  - max_seats_1d (int32): greatest seats over the events in (t - 1d, t] where fare is not null or status is one of 'a', 'b'; nulls do not count; null where no value counts
  - rate_30d (float64): number of events in (t - 30d, t] where status = 'cancelled', divided by the number of events in (t - 30d, t]; null where the divisor's window is empty, null where the divisor is 0`,
    );
  });

  it('says of a table view when rows become visible, how they are corrected and deleted', () => {
    const rows = parquetSource('rows', {
      location: 'rows/',
      schema: { driver_id: int64(), score: float64(), at: timestamp(), made: timestamp(), gone: bool() },
      eventTime: 'at',
      createdTime: 'made',
      deleted: 'gone',
    });
    const view = tableView('scores', {
      entity: driver,
      source: rows,
      schedule: hours(6),
      online: false,
      features: { score: feature({ default: 0.5, description: 'how good' }) },
    });
    expect(explained(view, 'scores')).toBe(
      `scores@1: table view of entity driver (driver_id: int64), from source rows
  owner: marketplace
  The latest visible row of an entity counts, as a whole: nulls in it are values.
  Latest by at (UTC), then by made.
  A row is visible from its at on.
  Rows never expire.
  Where rows are corrected after the fact, --knowledge-time is the honest join: a row counts from its made on.
  A row whose gone is true hides the older rows of its entity.
  A run starts when a source file arrives, and every 6h.
  Rows are kept offline only.
  features:
  - score (float64), how good: column score; its default 0.5 where there is no row`,
    );
  });

  it('says of static rows that they never expire', () => {
    const rows = parquetSource('rows', { location: 'rows/', schema: { driver_id: int64(), score: float64() } });
    const view = tableView('scores', { entity: driver, source: rows, features: { score: feature() } });
    expect(explained(view, 'scores')).toContain('Rows are static: always visible, never expired.');
  });

  it('says of an on-demand view what it reads', () => {
    const ride = requestSource('ride', { schema: { km: float64() } });
    const view = onDemandView('ratios', {
      inputs: { stats: pick(stats, ['mean_fare_36h']), ride },
      outputs: { fare_per_km: float64() },
      owner: 'pricing',
      transform: () => ({ fare_per_km: null }),
    });
    const text = explained(view, 'ratios');
    expect(text).toContain('  - stats: mean_fare_36h of driver_stats@1\n  - ride: fields of the request source ride');
    expect(text).toContain('outputs:\n  - fare_per_km (float64)');
  });

  it.each([
    [0, '0ms'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [129_600_000, '36h'],
    [86_400_000, '1d'],
  ])('writes %d ms as %s', (millis, text) => {
    expect(durationText(millis)).toBe(text);
  });
});
