import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import {
  approxQuantile,
  count,
  days,
  distinct,
  entity,
  feature,
  float64,
  hours,
  int64,
  lastN,
  list,
  max,
  mean,
  minutes,
  ratio,
  seconds,
  string,
  timestamp,
} from '#define/index.ts';
import { batch, live, problemsOf, saidOf, stream, table, trips, unchecked, withFeature } from './fixture.ts';

const columns = 'driver_id, order_id, rider_id, total, seats, city, paid, gone, at, made';
const window = hours(1);
const rider = entity('rider', { keys: { rider_id: int64() }, owner: 'growth' });
const until = '2024-01-01T00:00:00Z';
const withFormula = (formula: unknown, changes: object = {}) => live({ features: { wrong: formula }, ...changes });

const cases: readonly (readonly [what: string, definitions: readonly Definition[], said: string])[] = [
  [
    'a batch view of a stream',
    [batch({ source: stream() })],
    'define.streamSource: view "stats" is a batch view of source "orders", which is a stream; define it with streamView(\'stats\', { entity, source, features }), without schedule, delay and ttl',
  ],
  [
    'a stream view of Parquet files',
    [live({ source: trips })],
    'define.notStream: view "live" is a stream view of source "trips", which is Parquet files; define it with batchView, or the source with streamSource',
  ],
  [
    'aggregates of a stream with deletes',
    [live({ source: stream({ deleted: 'gone' }) })],
    'define.deletedEvents: view "live" aggregates source "orders", which declares deleted: "gone"; deletes are for table views: filter with where instead',
  ],
  [
    'a schedule of a table view of a stream',
    [table({ source: stream(), features: { total: feature() }, schedule: hours(1) })],
    'define.noSchedule: view "latest" has a schedule, but its source "orders" is a stream, whose events are written as they arrive; leave schedule out',
  ],
  [
    'a delay of a table view of a stream',
    [table({ source: stream(), features: { total: feature() }, delay: minutes(1) })],
    'define.noDelay: view "latest" has a delay, but its source "orders" is a stream, whose events are visible from their arrival on; leave delay out',
  ],
  [
    'a hop that is longer than its window',
    [withFormula(count({ window, hop: hours(2) }))],
    'define.wrongHop: feature "wrong" of view "live": hop is 2h, longer than its window of 1h; make it at most the window',
  ],
  [
    'more than 1,000 hops in a window',
    [withFormula(count({ window, hop: seconds(3) }))],
    'define.wrongHop: feature "wrong" of view "live": window of 1h has 1200 hops of 3s, at most 1000 are allowed; make the hop 3600ms or longer',
  ],
  [
    'a window that is too long for any default hop',
    [withFormula(count({ window: days(10_000) }))],
    'define.wrongHop: feature "wrong" of view "live": window of 10000d has 1429 hops of 7d, at most 1000 are allowed; make the hop 10d or longer',
  ],
  [
    'a hop that is no whole number',
    [withFormula(count({ window, hop: 0.5 }))],
    'define.wrongDuration: feature "wrong" of view "live": hop must be a positive whole number of milliseconds, got 0.5; write it as minutes(5)',
  ],
  [
    'hops with hardly anything in common',
    [live({ features: { a_1h: count({ window, hop: minutes(1) }), b_2h: count({ window: hours(2), hop: 121_001 }) } })],
    'define.tooManyTiles: hops of view "live" of the window of 1h and of longer ones have only 1ms in common, which cuts the window into 3600000 tiles, at most 1000 are allowed; make each hop a multiple of the shorter ones',
  ],
  [
    'a hop of an exact view',
    [withFormula(count({ window, hop: 1000 }), { exact: true })],
    'define.wrongHop: feature "wrong" of view "live": windows of an exact view are exact to the millisecond, got hop 1000; leave it out',
  ],
  [
    'a hop of a batch view',
    [withFeature(count({ window, hop: minutes(1) }))],
    'define.wrongHop: feature "wrong" of view "stats": windows of a batch view are exact to the millisecond, got hop 60000; leave it out',
  ],
  [
    'maxEvents of a view that keeps no events',
    [live({ maxEvents: 10 })],
    'define.wrongMaxEvents: maxEvents of view "live" is for exact views, which keep events; add exact: true or leave it out',
  ],
  [
    'more events than an item can hold',
    [live({ exact: true, maxEvents: 5001 })],
    'define.wrongMaxEvents: maxEvents of view "live" must be a whole number from 1 to 5000, got 5001; entities with more events need hops',
  ],
  [
    'the last values in a batch view',
    [withFeature(unchecked(lastN('status', { window, limit: 2 })))],
    'define.streamOnly: feature "wrong" of view "stats": lastN is for stream views only; a batch view has first, last, min, max, mean and stddev',
  ],
  [
    'a quantile in a ratio of a batch view',
    [withFeature(ratio(approxQuantile('fare', { window, quantile: 0.5 }), count({ window })))],
    'define.streamOnly: feature "wrong" of view "stats": approxQuantile is for stream views only; a batch view has first, last, min, max, mean and stddev',
  ],
  [
    'an estimate in a batch view',
    [withFeature(distinct('status', { window, exactUpTo: 10 }))],
    'define.streamOnly: feature "wrong" of view "stats": exactUpTo is for stream views only: a batch view counts different values exactly; leave it out',
  ],
  [
    'more last values than are kept',
    [withFormula(lastN('city', { window, limit: 101 }))],
    'define.wrongOption: feature "wrong" of view "live": limit must be a whole number from 1 to 100, got 101',
  ],
  [
    'last values without a limit',
    [withFormula(lastN('city', unchecked({ window })))],
    'define.wrongOption: feature "wrong" of view "live": limit must be a whole number from 1 to 100, got undefined',
  ],
  [
    'more exact values than are kept',
    [withFormula(distinct('city', { window, exactUpTo: 1001 }))],
    'define.wrongOption: feature "wrong" of view "live": exactUpTo must be a whole number from 1 to 1000, got 1001',
  ],
  [
    'a quantile beyond 1',
    [withFormula(approxQuantile('total', { window, quantile: 50 }))],
    'define.wrongOption: feature "wrong" of view "live": quantile must be a number from 0 to 1, got 50',
  ],
  [
    'a relative error of nothing',
    [withFormula(approxQuantile('total', { window, quantile: 0.5, relativeError: 0 }))],
    'define.wrongOption: feature "wrong" of view "live": relativeError must be a number from 0.001 to 0.25, got 0',
  ],
  [
    'a quantile of texts',
    [withFormula(approxQuantile('city', { window, quantile: 0.5 }))],
    'define.wrongType: feature "wrong" of view "live": column "city" of source "orders" is string, and approxQuantile takes int32, int64, float32, float64, decimal',
  ],
  [
    'a list in a ratio',
    [withFormula(ratio(unchecked(lastN('seats', { window, limit: 2 })), count({ window })))],
    'define.wrongType: feature "wrong" of view "live": a part of a ratio must be a number, got lastN(\'seats\'), which is list<int32>',
  ],
  [
    'an aggregate of an unknown column of a stream',
    [withFormula(max('fare', { window }))],
    `define.unknownColumn: feature "wrong" of view "live": column "fare" is not in source "orders"; it has ${columns}`,
  ],
  [
    'a stream without the key column',
    [
      live({
        entity: entity('user', { keys: { user_id: int64() }, owner: 'x' }),
        source: stream({ partitionBy: 'city' }),
      }),
    ],
    `define.unknownColumn: view "live" needs key column "user_id" of entity "user", which is not in source "orders"; it has ${columns}`,
  ],
  [
    'a stream view without owner',
    [live({ entity: entity('driver', { keys: { driver_id: int64() } }) })],
    'define.noOwner: feature "orders_1h" of online view "live" has no owner; give one to the feature, the view or entity "driver"',
  ],
  [
    'a stream of several entities that does not say what chooses the shard',
    (() => {
      const source = stream();
      return [live({ source }), live({ source, version: 2, entity: rider })];
    })(),
    'define.noPartition: source "orders" is read by the entities driver, rider, so its shard does not follow from one of them; declare partitionBy: the keys of the entity with the most events, as partitionBy: "driver_id"',
  ],
  [
    'a stream that nobody reads and whose events have no id',
    [stream({ eventId: undefined })],
    'define.noPartition: source "orders" is read by no view and has no eventId, so nothing chooses the shard of an event; declare partitionBy or eventId',
  ],
  [
    'no column that chooses the shard',
    [stream({ partitionBy: [] })],
    'define.noPartition: partitionBy of source "orders" names no column; name one or leave it out',
  ],
  [
    'an unknown column that chooses the shard',
    [stream({ partitionBy: 'region' })],
    `define.unknownColumn: partitionBy of source "orders" names column "region", which is not in its schema; it has ${columns}`,
  ],
  [
    'a float that chooses the shard',
    [stream({ partitionBy: ['city', 'total'] })],
    'define.wrongType: partitionBy of source "orders" names column "total" of type float64, which has no dependable equality; name one that is neither a float nor a list',
  ],
  [
    'an event id that is a list',
    [stream({ schema: { driver_id: int64(), at: timestamp(), ids: list(string()) }, eventId: 'ids' })],
    'define.wrongType: eventId of source "orders" names column "ids" of type list<string>, which has no dependable equality; name one that is neither a float nor a list',
  ],
  [
    'an event time that is no timestamp',
    [stream({ eventTime: 'city' })],
    'define.wrongType: eventTime of source "orders" must be a timestamp, got column "city" of type string',
  ],
  [
    'a column that is a partition of the event log',
    [stream({ schema: { ...stream().schema, dt: string() } })],
    'define.reservedName: column "dt" of source "orders" is the partition of its event log; use another name',
  ],
  [
    'a negative skew',
    [stream({ allowedSkew: -1 })],
    'define.wrongDuration: allowedSkew of source "orders" must be 0 or a positive whole number of milliseconds, got -1; write it as minutes(5)',
  ],
  [
    'shards that are no number',
    [stream({ shards: 0 })],
    'define.wrongShards: shards of source "orders" must be a whole number from 1 to 500, got 0; leave it out for a stream on demand',
  ],
  [
    'deduplication of events without id',
    [stream({ eventId: undefined, partitionBy: 'city', deduplicateBy: { within: hours(1) } })],
    'define.noEventId: deduplicateBy of source "orders" has no field; declare eventId, or write deduplicateBy: { field, within }',
  ],
  [
    'deduplication by a float',
    [stream({ deduplicateBy: { field: 'total', within: hours(1) } })],
    'define.wrongType: deduplicateBy of source "orders" names column "total" of type float64, which has no dependable equality; name one that is neither a float nor a list',
  ],
  [
    'deduplication for ever',
    [stream({ deduplicateBy: { within: days(7) + 1 } })],
    'define.wrongDuration: within of deduplicateBy of source "orders" must be whole milliseconds from 1 to days(7), got 604800001; each entity remembers its events for so long, so choose the longest time after which a producer repeats one, as hours(6)',
  ],
  [
    'deduplication without a time',
    [stream({ deduplicateBy: {} })],
    'define.wrongDuration: within of deduplicateBy of source "orders" must be whole milliseconds from 1 to days(7), got undefined; each entity remembers its events for so long, so choose the longest time after which a producer repeats one, as hours(6)',
  ],
  [
    'a history until a time without offset',
    [stream({ history: { location: 'old/', until: '2024-01-01T00:00:00' } })],
    'define.wrongInstant: history until of source "orders": invalid time "2024-01-01T00:00:00": there is no offset, so the instant is unknown; write 2024-01-01T00:00:00Z if it is UTC',
  ],
  [
    'a history outside the bucket',
    [stream({ history: { location: '../old/', until } })],
    'define.wrongLocation: history location of source "orders" must be a folder as "trips/" or an URI as "s3://bucket/trips/", each ending in a slash, got "../old/"',
  ],
  [
    'a history of folders by another time',
    [stream({ history: { location: 'old/', until, partitionedBy: { dt: 'made' } } })],
    'define.wrongPartition: partitionedBy of the history of source "orders" must be the day of its event time, got "made"; write { dt: \'at\' }',
  ],
  [
    'a history that was known before it happened',
    [stream({ history: { location: 'old/', until, latency: -1 } })],
    'define.wrongDuration: history latency of source "orders" must be 0 or a positive whole number of milliseconds, got -1; write it as seconds(30)',
  ],
];

describe('compile refuses', () => {
  it.each(cases)('%s', (_, definitions, said) => {
    expect(saidOf(...definitions)).toContain(said);
  });

  it('all that is wrong at once, each at the line of its definition', () => {
    const source = stream({ allowedSkew: 0.5, schema: { driver_id: int64(), total: float64(), at: timestamp() } });
    const view = live({
      source,
      maxEvents: 1,
      features: {
        a: mean('fare', { window }),
        b: count({ window, hop: days(1) }),
        c: approxQuantile('total', { window, quantile: 2, relativeError: 1 }),
      },
    });
    const problems = problemsOf(view);
    expect(problems.map(({ code }) => code).sort()).toEqual([
      'define.unknownColumn',
      'define.unknownColumn',
      'define.wrongDuration',
      'define.wrongHop',
      'define.wrongMaxEvents',
      'define.wrongOption',
      'define.wrongOption',
    ]);
    expect(problems.every(({ at }) => /fixture\.ts:\d+$/.test(at))).toBe(true);
  });
});
