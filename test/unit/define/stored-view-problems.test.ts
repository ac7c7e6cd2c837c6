import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import {
  and,
  count,
  days,
  decimal,
  entity,
  eq,
  feature,
  gt,
  hours,
  int64,
  max,
  mean,
  minutes,
  oneOf,
  ratio,
  string,
  sum,
  timestamp,
} from '#define/index.ts';
import { batch, saidOf, source, table, unchecked, withFeature } from './fixture.ts';

const day = days(1);
const tripColumns = 'driver_id, fare, seats, status, event_timestamp, created_timestamp';

const cases: readonly (readonly [what: string, definitions: readonly Definition[], said: string])[] = [
  [
    'an aggregate of an unknown column',
    [withFeature(mean('fair', { window: day }))],
    `define.unknownColumn: feature "wrong" of view "stats": column "fair" is not in source "trips"; it has ${tripColumns}`,
  ],
  [
    'a sum of a string',
    [withFeature(sum('status', { window: day }))],
    'define.wrongType: feature "wrong" of view "stats": column "status" of source "trips" is string, and sum takes int32, int64, float32, float64, decimal',
  ],
  [
    'a filter on an unknown column',
    [withFeature(count({ window: day, where: eq('state', 'x') }))],
    `define.unknownColumn: feature "wrong" of view "stats": column "state" of a where is not in source "trips"; it has ${tripColumns}`,
  ],
  [
    'a number compared with a string column',
    [withFeature(count({ window: day, where: eq('status', 5) }))],
    'define.wrongLiteral: feature "wrong" of view "stats": value compared with column "status" (string) must be a text, got 5',
  ],
  [
    'a fraction compared with an integer column',
    [withFeature(count({ window: day, where: and(gt('seats', 1.5)) }))],
    'define.wrongLiteral: feature "wrong" of view "stats": value compared with column "seats" (int32) must be a whole number in -2^31..2^31-1, got 1.5',
  ],
  [
    'a time without offset in a filter',
    [withFeature(count({ window: day, where: gt('event_timestamp', '2024-01-01T00:00:00') }))],
    'define.wrongLiteral: feature "wrong" of view "stats": value compared with column "event_timestamp" (timestamp) invalid time "2024-01-01T00:00:00": there is no offset, so the instant is unknown; write 2024-01-01T00:00:00Z if it is UTC',
  ],
  [
    'oneOf without values',
    [withFeature(count({ window: day, where: oneOf('status', []) }))],
    'define.emptyFilter: feature "wrong" of view "stats": oneOf(\'status\', []) is never true; list at least one value',
  ],
  [
    'and() without filters',
    [withFeature(count({ window: day, where: and() }))],
    'define.emptyFilter: feature "wrong" of view "stats": and() has no filters; give it at least one',
  ],
  [
    'a window of 0',
    [withFeature(count({ window: 0 }))],
    'define.wrongDuration: feature "wrong" of view "stats": window must be a positive whole number of milliseconds, got 0; write it as days(30)',
  ],
  [
    'a scale for an integer column',
    [withFeature(mean('seats', { window: day, scale: 2 }))],
    'define.wrongScale: feature "wrong" of view "stats": scale is for sum, mean, variance and stddev of floats, got it for mean of int32; leave it out',
  ],
  [
    'a ratio of strings',
    [withFeature(ratio(max('status', { window: day }), count({ window: day })))],
    'define.wrongType: feature "wrong" of view "stats": a part of a ratio must be a number, got max(\'status\'), which is string',
  ],
  [
    'a default inside a ratio',
    [withFeature(ratio(count({ window: day, default: 1 }), count({ window: day })))],
    'define.wrongFormula: feature "wrong" of view "stats": a default of a part of a ratio is never used; give the default to ratio(..., ..., { default })',
  ],
  [
    'a default of another type',
    [withFeature(unchecked(mean('fare', unchecked({ window: day, default: 'none' }))))],
    'define.wrongDefault: default of feature "wrong" (float64) of view "stats" must be a number, got text "none"',
  ],
  [
    'a default that the type cannot hold',
    [withFeature(max('seats', { window: day, default: 2 ** 31 }))],
    'define.wrongDefault: default of feature "wrong" (int32) of view "stats" must be a whole number in -2^31..2^31-1, got 2147483648',
  ],
  [
    'a schedule of 0',
    [batch({ schedule: 0 })],
    'define.wrongDuration: schedule of view "stats" must be a positive whole number of milliseconds, got 0; write it as hours(1)',
  ],
  [
    'a negative ttl',
    [batch({ ttl: -1 })],
    'define.wrongDuration: ttl of view "stats" must be a positive whole number of milliseconds, got -1; write it as days(1)',
  ],
  [
    'a delay that is no whole number',
    [batch({ delay: 0.5 })],
    'define.wrongDuration: delay of view "stats" must be 0 or a positive whole number of milliseconds, got 0.5; write it as minutes(10)',
  ],
  [
    'ttl < schedule + delay',
    [batch({ ttl: hours(1), delay: minutes(10) })],
    'define.shortTtl: ttl of view "stats" is 3600000 ms, less than schedule + delay = 4200000 ms: values would expire before the next tick is available; raise ttl to 4200000 ms or more',
  ],
  [
    'a negative recompute',
    [batch({ recompute: -1 })],
    'define.wrongRecompute: recompute of view "stats" must be a whole number of ticks from 0 on, got -1',
  ],
  [
    'a window of more than 10,000 ticks',
    [batch({ schedule: minutes(1), features: { far: count({ window: days(30) }) } })],
    'define.tooManyTicks: view "stats" has a window of 2592000000 ms over a schedule of 60000 ms: 43200 ticks, at most 10000 are allowed; tick more rarely or shorten the window',
  ],
  [
    'windows with hardly anything in common with the schedule',
    [batch({ features: { odd: count({ window: days(30) + 1 }) } })],
    'define.tooManyCells: schedule and windows of view "stats" have only 1 ms in common, which cuts the window of 2592000001 ms into 2592000001 cells, at most 100000 are allowed; make windows multiples of a coarser step',
  ],
  [
    'an online view without owner',
    [batch({ entity: entity('driver', { keys: { driver_id: int64() } }) })],
    'define.noOwner: feature "trips_1d" of online view "stats" has no owner; give one to the feature, the view or entity "driver"',
  ],
  [
    'a view without features',
    [batch({ features: {} })],
    'define.noFeatures: view "stats" has no features; give at least one',
  ],
  [
    'a feature that is named as a key',
    [batch({ features: { driver_id: count({ window: day }) } })],
    'define.duplicateName: feature "driver_id" of view "stats" has the name of a key of entity "driver"; rename the feature',
  ],
  [
    'a feature that is named as a partition of the rows',
    [batch({ features: { dt: count({ window: day }) } })],
    'define.reservedName: "dt" of view "stats" is a partition column of its rows; use another name',
  ],
  [
    'a name with capitals',
    [batch({ features: { tripCount: count({ window: day }) } })],
    'define.wrongName: a feature of view "stats" has the name "tripCount"; names match ^[a-z][a-z0-9_]{0,62}$ (lowercase letters, digits and _, at most 63, a letter first)',
  ],
  [
    'version 0',
    [batch({ version: 0 })],
    'define.wrongVersion: version of "stats" must be a whole number from 1 on, got 0',
  ],
  [
    'a source without the key column',
    [batch({ entity: entity('rider', { keys: { rider_id: int64() }, owner: 'x' }) })],
    `define.unknownColumn: view "stats" needs key column "rider_id" of entity "rider", which is not in source "trips"; it has ${tripColumns}`,
  ],
  [
    'a key column of another type',
    [batch({ entity: entity('driver', { keys: { driver_id: string() }, owner: 'x' }) })],
    'define.wrongType: key "driver_id" of entity "driver" is string, and column "driver_id" of source "trips" is int64; view "stats" needs them equal',
  ],
  [
    'aggregates of a source without event time',
    [batch({ source: source({ eventTime: undefined }), features: { n: count({ window: day }) } })],
    'define.noEventTime: view "stats" aggregates source "events", which has no event time; declare eventTime on the source',
  ],
  [
    'aggregates of a source with deletes',
    [batch({ source: source({ deleted: 'gone' }) })],
    'define.deletedEvents: view "stats" aggregates source "events", which declares deleted: "gone"; deletes are for table views: filter with where instead',
  ],
  [
    'a table feature of an unknown column',
    [table({ features: { fair: feature() } })],
    `define.unknownColumn: feature "fair" of view "latest" reads column "fair", which is not in source "trips"; it has ${tripColumns}`,
  ],
  [
    'a table feature of a decimal',
    [table({ source: source({ schema: { driver_id: int64(), at: timestamp(), fare: decimal(10, 2) } }) })],
    'define.wrongType: feature "fare" of view "latest" reads column "fare" of type decimal(10,2), which only aggregates can read; a feature needs a type that can be stored',
  ],
  [
    'a table schedule of 0',
    [table({ schedule: 0 })],
    'define.wrongDuration: schedule of view "latest" must be a positive whole number of milliseconds, got 0; write it as hours(1)',
  ],
];

describe('compile refuses', () => {
  it.each(cases)('%s', (_, definitions, said) => {
    expect(saidOf(...definitions)).toContain(said);
  });

  it('more than 200 features of a view', () => {
    const features = Object.fromEntries(
      Array.from({ length: 201 }, (_, index) => [`f${index}`, count({ window: day })]),
    );
    expect(saidOf(batch({ features }))).toEqual([
      'define.tooManyFeatures: view "stats" has 201 features, at most 200 are allowed; split it into views of the same entity',
    ]);
  });
});
