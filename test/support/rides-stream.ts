import { encodeEntityKey } from '#codec/entity-key.ts';
import type { StreamSource, StreamView } from '#spec/manifest.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { entityOf, manifestOf, streamSourceOf, streamViewOf, tableViewOf } from './manifests.ts';

export const minute = 60_000;
export const hour = 60 * minute;
/** Divided by no hop of the views below. */
export const start = Date.UTC(2026, 0, 10, 0, 7);

export const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
export const ridesOf = (options: Partial<StreamSource> = {}): StreamSource =>
  streamSourceOf(
    'rides',
    [
      { name: 'driver_id', type: 'int64' },
      { name: 'id', type: 'string' },
      { name: 'fare', type: 'int64' },
      { name: 'note', type: 'string' },
      { name: 'gone', type: 'bool' },
      { name: 'at', type: 'timestamp' },
    ],
    { eventTime: 'at', deleted: 'gone', partitionBy: ['driver_id'], entities: ['driver'], ...options },
  );

/** Rides and fares of an hour (by minutes) and of a day (by quarters). */
export const windows: StreamView = streamViewOf(
  'ride_windows',
  [
    { name: 'rides_1h', type: 'int64', formula: { kind: 'count', windowMillis: hour, hopMillis: minute } },
    {
      name: 'fares_24h',
      type: 'int64',
      formula: { kind: 'sum', column: 'fare', windowMillis: 24 * hour, hopMillis: 15 * minute },
    },
  ],
  { entity: 'driver', source: 'rides' },
);
/** The last notes of an hour: an item that grows as its texts do. */
export const notes: StreamView = streamViewOf(
  'ride_notes',
  [
    {
      name: 'notes_1h',
      type: 'list<string>',
      formula: { kind: 'lastN', column: 'note', limit: 100, windowMillis: hour, hopMillis: minute },
    },
  ],
  { entity: 'driver', source: 'rides', layout: '11111111' },
);
export const lastRide = tableViewOf(
  'last_ride',
  [
    { name: 'fare', type: 'int64' },
    { name: 'note', type: 'string' },
  ],
  { entity: 'driver', source: 'rides' },
);

export const ridesManifest = (views: readonly (StreamView | typeof lastRide)[], source = ridesOf()) =>
  manifestOf({ entities: [driver], sources: [source], views: [...views] });

export interface Ride {
  readonly driver: number;
  readonly fare: number;
  /** After `start`. */
  readonly atMillis: number;
  readonly arrivalMillis?: number;
  readonly id?: string;
  readonly note?: string;
  readonly gone?: boolean;
}

export const driverKey = (id: number): string => encodeEntityKey(driver, [BigInt(id)]);

/** A shard's records of rides; those without an arrival come a second after they happened. */
export const ridesRecords = (
  rides: readonly Ride[],
  shard = 'shardId-000000000000',
  firstSequence = 1,
): StreamRecord[] =>
  rides.map(({ driver: id, fare, atMillis, arrivalMillis, ...rest }, index) => {
    const row = { driver_id: id, fare, at: new Date(start + atMillis).toISOString(), id: `ride ${index}`, ...rest };
    return {
      shard,
      sequence: String(firstSequence + index).padStart(56, '0'),
      arrivalMillis: start + (arrivalMillis ?? atMillis + 1000),
      data: new TextEncoder().encode(JSON.stringify(row)),
    };
  });
