import { describe, expect, it } from 'vitest';
import type { Definition } from '#define/definition.ts';
import { decimal, entity, float64, int64, requestSource, timestamp } from '#define/index.ts';
import { saidOf, source, unchecked } from './fixture.ts';

const cases: readonly (readonly [what: string, definitions: readonly Definition[], said: string])[] = [
  [
    'a float key',
    [entity('place', { keys: unchecked({ lat: float64() }) })],
    'define.wrongType: key "lat" of entity "place" is float64, which has no dependable equality; allowed are int32, int64, string, bool, timestamp, bytes',
  ],
  [
    'an entity without keys',
    [entity('nobody', { keys: {} })],
    'define.noKeys: entity "nobody" has no keys; give at least one, as keys: { nobody_id: int64() }',
  ],
  [
    'an event time that is no timestamp',
    [source({ eventTime: 'note' })],
    'define.wrongType: eventTime of source "events" must be a timestamp, got column "note" of type string',
  ],
  [
    'a created time that does not exist',
    [source({ createdTime: 'made' })],
    'define.unknownColumn: createdTime of source "events" names column "made", which is not in its schema; it has driver_id, at, gone, note',
  ],
  [
    'a deleted column that is no bool',
    [source({ deleted: 'note' })],
    'define.wrongType: deleted of source "events" must be a bool, got column "note" of type string',
  ],
  [
    'partitions by another column than the event time',
    [source({ partitionedBy: { dt: 'created' } })],
    'define.wrongPartition: partitionedBy of source "events" must be the day of its event time, got "created"; write { dt: \'at\' }',
  ],
  [
    'a partition column in the schema',
    [source({ partitionedBy: { note: 'at' } })],
    'define.duplicateName: folder column "note" of source "events" is in its schema too; it is not in the files: leave it out of the schema',
  ],
  [
    'a location outside the bucket',
    [source({ location: '../events/' })],
    'define.wrongLocation: location of source "events" must be a folder as "trips/" or an URI as "s3://bucket/trips/", each ending in a slash, got "../events/"',
  ],
  [
    'a decimal that does not exist',
    [source({ schema: { driver_id: int64(), at: timestamp(), fare: decimal(39, 2) } })],
    'define.wrongType: column "fare" of source "events" is "decimal(39,2)", which is no type; decimal(p,s) has 1 <= p <= 38 and 0 <= s <= p',
  ],
  [
    'a request without fields',
    [requestSource('empty', { schema: {} })],
    'define.noColumns: request source "empty" has no fields; give at least one, as schema: { amount: float64() }',
  ],
  [
    'a request field of a source type',
    [requestSource('money', { schema: unchecked({ amount: decimal(10, 2) }) })],
    'define.wrongType: field "amount" of request source "money" is "decimal(10,2)", which is a type of source columns only',
  ],
];

describe('compile refuses', () => {
  it.each(cases)('%s', (_, definitions, said) => {
    expect(saidOf(...definitions)).toContain(said);
  });
});
