import { describe, expect, it } from 'vitest';
import { compile } from '#define/compile.ts';
import type { Definitions } from '#define/config.ts';
import {
  alias,
  and,
  batchView,
  bool,
  bytes,
  count,
  date,
  days,
  decimal,
  distinct,
  entity,
  eq,
  feature,
  featureService,
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
  minutes,
  ne,
  not,
  onDemandView,
  oneOf,
  or,
  parquetSource,
  pick,
  ratio,
  requestSource,
  stddev,
  string,
  sum,
  tableView,
  timestamp,
  variance,
} from '#define/index.ts';
import { canonicalJson } from '#spec/canonical-json.ts';
import { type BatchView, manifestSchema, type OnDemandView, type TableView, type View } from '#spec/manifest.ts';
import { compiled, driver, trips } from './fixture.ts';

const day = days(1);
const stats = batchView('driver_stats', {
  entity: driver,
  source: trips,
  schedule: hours(1),
  delay: minutes(10),
  ttl: day,
  features: {
    trips_30d: count({ window: days(30) }),
    mean_fare_30d: mean('fare', { window: days(30), default: 0, description: 'mean fare', owner: 'pricing' }),
    cancelled_30d: ratio(count({ window: days(30), where: eq('status', 'cancelled') }), count({ window: days(30) })),
  },
});
const latest = tableView('latest_trip', {
  entity: driver,
  source: trips,
  version: 2,
  features: { fare: feature({ default: -1 }), state: feature('status') },
});
const ride = requestSource('ride', { schema: { km: float64() } });
const ratios = onDemandView('ratios', {
  inputs: { stats: pick(stats, ['mean_fare_30d']), ride },
  outputs: { fare_per_km: float64() },
  owner: 'pricing',
  transform: ({ stats: { mean_fare_30d }, ride: { km } }) => ({
    fare_per_km: mean_fare_30d === null || km === null ? null : mean_fare_30d / km,
  }),
});
const model = featureService('fraud', [stats.features.trips_30d, alias('per_km', ratios.features.fare_per_km), latest]);

const viewOf = (name: string, ...definitions: Definitions): View => {
  const view = compiled(...definitions).views.find((candidate) => candidate.name === name);
  if (!view) throw new Error(`no view ${name}`);
  return view;
};

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

describe('hashes', () => {
  const variant = (changes: object): ReturnType<typeof viewOf> =>
    viewOf(
      'v',
      batchView('v', {
        entity: driver,
        source: trips,
        schedule: hours(1),
        features: { n: count({ window: day }) },
        ...changes,
      }),
    );
  const base = variant({});

  it('of a definition change with what a value depends on', () => {
    const { schema } = trips;
    const moved = parquetSource('trips', { location: 'other/', schema, eventTime: 'event_timestamp' });
    const others = [
      variant({ ttl: days(2) }),
      variant({ schedule: hours(2) }),
      variant({ delay: 1 }),
      variant({ features: { n: count({ window: days(2) }) } }),
      variant({ source: moved }),
    ];
    expect(new Set([base, ...others].map(({ definitionHash }) => definitionHash)).size).toBe(6);
  });

  it('of a definition do not change with what is said of it', () => {
    const described = variant({ description: 'x', owner: 'y', tags: { team: 'z' } });
    expect(described.definitionHash).toBe(base.definitionHash);
    expect(compiled(stats).hash).not.toBe(
      compiled(batchView('driver_stats', { ...stats.options, description: 'x' } as never)).hash,
    );
  });

  it('of a definition change with its entity and its inputs', () => {
    const renamed = entity('chauffeur', { keys: { driver_id: int64() }, owner: 'marketplace' });
    expect(variant({ entity: renamed }).definitionHash).not.toBe(base.definitionHash);
    const shorter = batchView('driver_stats', { ...stats.options, ttl: hours(5) } as never);
    const { transform } = ratios;
    const reread = onDemandView('ratios', {
      inputs: { stats: pick(shorter, ['mean_fare_30d'] as never), ride },
      outputs: { fare_per_km: float64() },
      owner: 'pricing',
      transform: transform as never,
    });
    expect(viewOf('ratios', reread).definitionHash).not.toBe(viewOf('ratios', ratios).definitionHash);
  });

  it('of an on-demand view change with the hash of its code', () => {
    const withCode = (hash: string): string | undefined =>
      compile([ratios], { project: 'demo', transformHashes: { 'ratios@1': hash.repeat(64) } }).views.find(
        ({ name }) => name === 'ratios',
      )?.definitionHash;
    expect(withCode('a')).not.toBe(withCode('b'));
    expect(withCode('a')).toBe(withCode('a'));
  });

  it('of a layout change with names, types and order of features only', () => {
    const layout = (changes: object): string | undefined => {
      const view = variant(changes);
      return view.kind === 'onDemand' ? undefined : view.layout;
    };
    const [a, b] = [count({ window: day }), mean('fare', { window: day })];
    expect(layout({ ttl: days(9) })).toBe(layout({}));
    expect(layout({ features: { n: count({ window: days(3) }) } })).toBe(layout({}));
    expect(layout({ features: { a, b } })).not.toBe(layout({ features: { b, a } }));
    expect(layout({ features: { a, b } })).not.toBe(layout({ features: { a, b: a } }));
  });
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
