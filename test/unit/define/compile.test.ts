import { describe, expect, it } from 'vitest';
import { compile } from '#define/compile.ts';
import { batchView, days, eq, hours, mean } from '#define/index.ts';
import { canonicalJson } from '#spec/canonical-json.ts';
import { type BatchView, manifestSchema, type OnDemandView, type TableView } from '#spec/manifest.ts';
import { compiled, driver, trips, viewOf } from './fixture.ts';
import { latest, model, ratios, ride, stats } from './model.ts';

describe('the manifest', () => {
  it('has the form of its schema', () => {
    expect(() => manifestSchema.parse(compiled(model))).not.toThrow();
  });

  it('holds all that the listed definitions refer to', () => {
    const { entities, sources, views, services } = compiled(model);
    const names = (items: readonly { name: string }[]): readonly string[] => items.map(({ name }) => name);
    expect([names(entities), names(sources), names(views), names(services)]).toEqual([
      ['driver'],
      ['ride', 'trips'],
      ['driver_stats', 'latest_trip', 'ratios'],
      ['fraud'],
    ]);
  });

  it('has the same bytes whatever the order of files and of definitions', () => {
    const all = [driver, trips, stats, latest, ride, ratios, model];
    const expected = canonicalJson(compiled(...all));
    let order = [...all];
    for (let turn = 0; turn < all.length; turn++) {
      order = [...order.slice(1), ...order.slice(0, 1)];
      expect(canonicalJson(compiled(...order))).toBe(expected);
      expect(canonicalJson(compiled(...order.toReversed()))).toBe(expected);
    }
    expect(canonicalJson(compiled({ model, helper: () => 1 }, { stats, ride, text: 'not a definition' }))).toBe(
      expected,
    );
  });

  it('keeps features, keys and service entries in their declared order', () => {
    const { services, views } = compiled(model);
    expect(views.find(({ name }) => name === 'driver_stats')?.features.map(({ name }) => name)).toEqual([
      'trips_30d',
      'mean_fare_30d',
      'cancelled_30d',
    ]);
    expect(services[0]?.features.map(({ name }) => name)).toEqual([
      'driver_stats__trips_30d',
      'per_km',
      'latest_trip__fare',
      'latest_trip__state',
    ]);
  });

  it('says of a batch view how each feature is computed, with inherited owners', () => {
    const view = viewOf('driver_stats', stats) as BatchView;
    expect(view).toMatchObject({
      kind: 'batch',
      version: 1,
      online: true,
      scheduleMillis: 3_600_000,
      delayMillis: 600_000,
      ttlMillis: 86_400_000,
      recomputeTicks: 0,
      owner: 'marketplace',
    });
    const month = 2_592_000_000;
    const described = { description: '', tags: {}, owner: 'marketplace' };
    expect(view.features).toEqual([
      { name: 'trips_30d', type: 'int64', ...described, formula: { kind: 'count', windowMillis: month } },
      {
        name: 'mean_fare_30d',
        type: 'float64',
        default: 0,
        description: 'mean fare',
        tags: {},
        owner: 'pricing',
        formula: { kind: 'mean', column: 'fare', windowMillis: month, scale: 6 },
      },
      {
        name: 'cancelled_30d',
        type: 'float64',
        ...described,
        formula: {
          kind: 'ratio',
          numerator: {
            kind: 'count',
            windowMillis: month,
            where: { op: 'eq', column: 'status', value: 'cancelled' },
          },
          denominator: { kind: 'count', windowMillis: month },
        },
      },
    ]);
  });

  it('says of a table view which column each feature is', () => {
    const view = viewOf('latest_trip', latest) as TableView;
    expect(
      view.features.map(({ name, column, type, default: fallback }) => ({ name, column, type, fallback })),
    ).toEqual([
      { name: 'fare', column: 'fare', type: 'float64', fallback: -1 },
      { name: 'state', column: 'status', type: 'string', fallback: undefined },
    ]);
    expect(view).not.toHaveProperty('ttlMillis');
    expect(view).not.toHaveProperty('scheduleMillis');
  });

  it('says of an on-demand view exactly what it reads', () => {
    expect((viewOf('ratios', ratios) as OnDemandView).inputs).toEqual([
      { kind: 'view', name: 'stats', view: 'driver_stats', version: 1, features: ['mean_fare_30d'] },
      { kind: 'request', name: 'ride', source: 'ride' },
    ]);
  });
});

it('refuses a project whose name cannot be part of the names of resources', () => {
  expect(() => compile([stats], { project: 'My Project' })).toThrow(
    'tidemark.config.ts  project has the name "My Project"; it must match ^[a-z][a-z0-9_]{0,62}$ and have at most 30 characters',
  );
});

it('compiles 100 features in less than 50 ms', () => {
  const features = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [
      `f${index}`,
      mean('fare', { window: days(1 + (index % 30)), where: eq('status', `s${index}`), default: 0 }),
    ]),
  );
  const wide = batchView('wide', { entity: driver, source: trips, schedule: hours(1), features });
  compiled(wide); // warm
  const millis = Math.min(
    ...Array.from({ length: 5 }, () => {
      const start = performance.now();
      compiled(wide);
      return performance.now() - start;
    }),
  );
  expect(millis).toBeLessThan(50);
});
