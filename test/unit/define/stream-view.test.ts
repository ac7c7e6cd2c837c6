import { describe, expect, it } from 'vitest';
import { defaultHopMillis } from '#define/compile/hops.ts';
import {
  approxQuantile,
  bytes,
  count,
  days,
  decimal,
  distinct,
  entity,
  eq,
  feature,
  float32,
  hours,
  int64,
  lastN,
  mean,
  minutes,
  ratio,
  seconds,
  string,
  sum,
  tableView,
  timestamp,
} from '#define/index.ts';
import { aggregationsOf } from '#spec/aggregation.ts';
import { manifestSchema, type StreamSource, type StreamView } from '#spec/manifest.ts';
import { compiled, live, stream, viewOf } from './fixture.ts';

const compiledView = (changes: Readonly<Record<string, unknown>> = {}): StreamView =>
  viewOf('live', live(changes)) as StreamView;
const formulaOf = (formula: unknown, changes: object = {}) =>
  compiledView({ features: { it: formula }, ...changes }).features[0];
const compiledSource = (changes: Readonly<Record<string, unknown>>, ...readers: readonly object[]): StreamSource => {
  const source = stream(changes);
  const manifest = compiled(source, ...readers.map((more, index) => live({ source, version: index + 1, ...more })));
  return manifest.sources[0] as StreamSource; // the only one
};

describe('a stream view in the manifest', () => {
  it('has the form of its schema, and the owner of its entity', () => {
    const manifest = compiled(live());
    expect(() => manifestSchema.parse(manifest)).not.toThrow();
    expect(manifest.views[0]).toMatchObject({
      kind: 'stream',
      name: 'live',
      version: 1,
      entity: 'driver',
      source: 'orders',
      online: true,
      owner: 'marketplace',
      features: [
        { name: 'orders_1h', type: 'int64', formula: { kind: 'count', windowMillis: 3_600_000, hopMillis: 60_000 } },
      ],
    });
    expect(manifest.views[0]).not.toHaveProperty('exact');
    expect(manifest.views[0]).not.toHaveProperty('delayMillis');
  });

  it.each([
    [hours(1), minutes(1)],
    [hours(24), minutes(15)],
    [days(7), hours(3)],
    [days(30), hours(12)],
    [days(90), days(1)],
    [days(365), days(7)],
    [minutes(10), seconds(5)],
    [seconds(30), 500],
    [50, 1],
    [49, 1],
    [1, 1],
  ])('a window of %d ms has a hop of %d ms unless it says otherwise', (windowMillis, hopMillis) => {
    expect(defaultHopMillis(windowMillis)).toBe(hopMillis);
    expect(formulaOf(count({ window: windowMillis }))?.formula).toMatchObject({ windowMillis, hopMillis });
  });

  it('has the hop that is declared, also in the parts of a ratio', () => {
    const share = ratio(
      count({ window: hours(1), hop: minutes(5), where: eq('paid', true) }),
      count({ window: hours(24), hop: hours(24) }),
    );
    const formula = formulaOf(share)?.formula;
    expect(formula && aggregationsOf(formula).map(({ hopMillis }) => hopMillis)).toEqual([minutes(5), hours(24)]);
  });

  it('keeps 1,000 events where it is exact, or as many as it says, and every hop is a millisecond', () => {
    const features = {
      share: ratio(count({ window: hours(1), where: eq('paid', true) }), count({ window: days(7) })),
      total: sum('total', { window: hours(1) }),
    };
    const exact = compiledView({ exact: true, features });
    expect(exact.exact).toEqual({ maxEvents: 1000 });
    expect(exact.features.flatMap(({ formula }) => aggregationsOf(formula).map(({ hopMillis }) => hopMillis))).toEqual([
      1, 1, 1,
    ]);
    expect(compiledView({ exact: true, maxEvents: 5000, features }).exact).toEqual({ maxEvents: 5000 });
  });

  it('may be kept offline only', () => {
    expect(compiledView({ online: false }).online).toBe(false);
  });
});

describe('the aggregates of streams', () => {
  const window = hours(1);
  it.each([
    ['city', 'list<string>'],
    ['at', 'list<timestamp>'],
    ['paid', 'list<bool>'],
    ['seats', 'list<int32>'],
    ['order', 'list<bytes>'],
    ['tip', 'list<float32>'],
    ['price', 'list<float64>'],
  ])('the last values of %s are a %s', (column, type) => {
    const source = stream({
      schema: { ...stream().schema, order: bytes(), tip: float32(), price: decimal(12, 2) },
    });
    const found = formulaOf(lastN(column, { window, limit: 3, default: [] }), { source });
    expect(found).toMatchObject({ type, default: [], formula: { kind: 'lastN', column, limit: 3 } });
  });

  it('a quantile is a float64 that is off by a hundredth at most unless it says otherwise', () => {
    expect(formulaOf(approxQuantile('seats', { window, quantile: 0.5 }))).toMatchObject({
      type: 'float64',
      formula: { kind: 'approxQuantile', column: 'seats', quantile: 0.5, relativeError: 0.01 },
    });
    expect(formulaOf(approxQuantile('total', { window, quantile: 1, relativeError: 0.05 }))?.formula).toMatchObject({
      quantile: 1,
      relativeError: 0.05,
    });
  });

  it('different values are counted exactly up to 64, up to what is said, or as far as an exact view keeps events', () => {
    const city = distinct('city', { window });
    expect(formulaOf(city)?.formula).toMatchObject({ kind: 'distinct', exactUpTo: 64 });
    expect(formulaOf(distinct('city', { window, exactUpTo: 1000 }))?.formula).toMatchObject({ exactUpTo: 1000 });
    expect(formulaOf(city, { exact: true, maxEvents: 200 })?.formula).toMatchObject({ exactUpTo: 200 });
    expect(formulaOf(city, { exact: true, maxEvents: 2000 })?.formula).toMatchObject({ exactUpTo: 1000 });
  });

  it('can be divided by each other', () => {
    const spread = ratio(
      approxQuantile('total', { window, quantile: 0.9 }),
      approxQuantile('total', { window, quantile: 0.5 }),
    );
    expect(formulaOf(spread)).toMatchObject({ type: 'float64', formula: { kind: 'ratio' } });
  });
});

describe('a stream source in the manifest', () => {
  it('allows a skew of five minutes and counts every record unless it says otherwise', () => {
    const source = compiledSource({}, {});
    expect(source).toMatchObject({ kind: 'stream', eventTime: 'at', eventId: 'order_id', allowedSkewMillis: 300_000 });
    for (const absent of ['deduplicateBy', 'history', 'shards', 'createdTime', 'deleted'])
      expect(source).not.toHaveProperty(absent);
  });

  it('says what is declared, by default with the event id as what tells events apart', () => {
    const source = compiledSource(
      {
        createdTime: 'made',
        allowedSkew: 0,
        deduplicateBy: { within: hours(6) },
        shards: 4,
        history: { location: 'old-orders/', partitionedBy: { dt: 'at' }, until: '2024-01-01T02:00:00+02:00' },
      },
      {},
    );
    expect(source).toMatchObject({
      createdTime: 'made',
      allowedSkewMillis: 0,
      deduplicateBy: { field: 'order_id', withinMillis: hours(6) },
      shards: 4,
      history: {
        location: 'old-orders/',
        partitionedBy: { column: 'dt', of: 'at' },
        untilMillis: Date.UTC(2024, 0, 1),
        latencyMillis: 1,
      },
    });
    const other = compiledSource({ deduplicateBy: { field: 'rider_id', within: 1 } }, {});
    expect(other.deduplicateBy).toEqual({ field: 'rider_id', withinMillis: 1 });
  });

  it('knows which entities read it, and of which columns different values are counted', () => {
    const rider = entity('rider', { keys: { rider_id: int64() }, owner: 'growth' });
    const window = hours(1);
    const source = compiledSource(
      { partitionBy: 'driver_id' },
      {
        features: {
          n: count({ window }),
          share: ratio(distinct('city', { window }), distinct('order_id', { window })),
        },
      },
      { entity: rider, features: { cities_1h: distinct('city', { window }) } },
    );
    expect(source.entities).toEqual(['driver', 'rider']);
    expect(source.hashed).toEqual(['city', 'order_id']);
  });

  it('cuts its stream by the keys of its entity, by what is declared, or by event id while nobody reads it', () => {
    const place = entity('place', { keys: { city: string(), rider_id: int64() }, owner: 'growth' });
    expect(compiledSource({}, {}).partitionBy).toEqual(['driver_id']);
    expect(compiledSource({}, { entity: place }).partitionBy).toEqual(['city', 'rider_id']);
    expect(compiledSource({ partitionBy: 'city' }, {}).partitionBy).toEqual(['city']);
    expect(compiledSource({ partitionBy: ['city', 'paid'] }, {}).partitionBy).toEqual(['city', 'paid']);
    expect(compiledSource({}).partitionBy).toEqual(['order_id']);
  });

  it('cuts its stream by keys that all of its entities have', () => {
    const chauffeur = entity('chauffeur', { keys: { driver_id: int64() }, owner: 'growth' });
    expect(compiledSource({}, {}, { entity: chauffeur }).partitionBy).toEqual(['driver_id']);
  });
});

describe('a table view of a stream', () => {
  it('holds the latest event of an entity, and what deletes it', () => {
    const driverKey = entity('driver', { keys: { driver_id: int64() }, owner: 'marketplace' });
    const source = stream({ deleted: 'gone', createdTime: 'made' });
    const view = tableView('latest', { entity: driverKey, source, ttl: days(1), features: { total: feature() } });
    const manifest = compiled(view);
    expect(manifest.views[0]).toMatchObject({ kind: 'table', source: 'orders', delayMillis: 0, ttlMillis: days(1) });
    expect(manifest.sources[0]).toMatchObject({ kind: 'stream', deleted: 'gone', entities: ['driver'], hashed: [] });
  });
});

describe('hashes of a stream view', () => {
  const window = hours(1);
  const layoutOf = (changes: object): string => compiledView({ ...changes }).layout;
  const base = layoutOf({});

  it('of its layout change with all that its state depends on', () => {
    const features = { orders_1h: count({ window }) };
    const layouts = [
      layoutOf({ features: { orders_1h: count({ window, hop: minutes(5) }) } }),
      layoutOf({ features: { orders_1h: count({ window: hours(2) }) } }),
      layoutOf({ features: { orders_1h: count({ window, where: eq('paid', true) }) } }),
      layoutOf({ features: { orders_1h: distinct('city', { window }) } }),
      layoutOf({ features: { orders_1h: distinct('city', { window, exactUpTo: 9 }) } }),
      layoutOf({ features: { orders: count({ window }) } }),
      layoutOf({ exact: true, features }),
      layoutOf({ exact: true, maxEvents: 9, features }),
    ];
    expect(new Set([base, ...layouts]).size).toBe(9);
    expect(layoutOf({ online: false, description: 'x' })).toBe(base);
  });

  it('of its layout change with the types of the columns that it aggregates, for states hold their digits', () => {
    const layoutWith = (schema: object): string =>
      layoutOf({
        source: stream({ schema: { ...stream().schema, ...schema } }),
        features: { paid: mean('price', { window }) },
      });
    const cents = layoutWith({ price: decimal(10, 2) });
    expect(layoutWith({ price: decimal(10, 4) })).not.toBe(cents);
    expect(layoutWith({ price: decimal(10, 2), more: int64() })).toBe(cents);
  });

  it('of its definition change with what its source accepts, not with who else reads it or how it is cut', () => {
    const hashOf = (changes: Readonly<Record<string, unknown>>): string | undefined =>
      compiled(live({ source: stream(changes) })).views[0]?.definitionHash;
    const plain = hashOf({});
    expect(hashOf({ partitionBy: 'city', shards: 9, description: 'x' })).toBe(plain);
    const source = stream();
    const both = compiled(
      live({ source }),
      live({ source, version: 2, features: { n: distinct('city', { window }) } }),
    );
    expect(both.views[0]?.definitionHash).toBe(plain);
    const others = [
      hashOf({ allowedSkew: 0 }),
      hashOf({ deduplicateBy: { within: 1 } }),
      hashOf({ history: { location: 'old/', until: '2024-01-01T00:00:00Z' } }),
      hashOf({ schema: { ...stream().schema, more: timestamp() } }),
    ];
    expect(new Set([plain, ...others]).size).toBe(5);
  });
});
