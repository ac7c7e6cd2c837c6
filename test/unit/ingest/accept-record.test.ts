import { expect, it } from 'vitest';
import { fingerprintOf, valueHash } from '#codec/value-hash.ts';
import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import { sequenceText } from '#semantics/stream/sequence.ts';
import type { StreamSource } from '#spec/manifest.ts';
import { entityOf, manifestOf, streamSourceOf } from '#test/support/manifests.ts';

const minute = 60_000;
const arrivalMillis = Date.UTC(2024, 2, 1, 12);
const happened = '2024-03-01T11:59:00Z';
const driver = entityOf('driver', [{ name: 'driver_id', type: 'int64' }]);
const leg = entityOf('leg', [
  { name: 'from_place', type: 'string' },
  { name: 'to_place', type: 'string' },
]);
const cell = entityOf('cell', [{ name: 'position', type: 'float64' }]);

const sourceOf = (options: Partial<StreamSource> = {}): StreamSource =>
  streamSourceOf(
    'rides',
    [
      { name: 'ride_id', type: 'string' },
      { name: 'driver_id', type: 'int64' },
      { name: 'from_place', type: 'string' },
      { name: 'to_place', type: 'string' },
      { name: 'position', type: 'float64' },
      { name: 'fare', type: 'decimal(10,2)' },
      { name: 'happened_at', type: 'timestamp' },
    ],
    {
      eventTime: 'happened_at',
      partitionBy: ['driver_id'],
      entities: ['driver', 'leg'],
      hashed: ['from_place', 'position'],
      allowedSkewMillis: minute,
      ...options,
    },
  );

function accept(fields: Record<string, unknown> | string, options: Partial<StreamSource> = {}) {
  const source = sourceOf(options);
  const manifest = manifestOf({ entities: [driver, leg, cell], sources: [source], views: [] });
  const data = Buffer.from(typeof fields === 'string' ? fields : JSON.stringify(fields));
  return recordAcceptor(manifest, source)({ shard: 'shard-0', sequence: sequenceText(1n), arrivalMillis, data });
}

it('accepts an event with its times, its hashes and its values as sent', () => {
  expect(
    accept({
      ride_id: 'r1',
      driver_id: '7',
      from_place: 'A',
      position: 'NaN',
      fare: '1.5',
      happened_at: happened,
      more: 1,
    }),
  ).toEqual({
    kind: 'accepted',
    event: {
      row: {
        ride_id: 'r1',
        driver_id: 7n,
        from_place: 'A',
        to_place: null,
        position: Number.NaN,
        fare: 150n,
        happened_at: arrivalMillis - minute,
      },
      eventTimeMillis: arrivalMillis - minute,
      arrivalMillis,
      hashes: { from_place: valueHash('string', 'A'), position: null },
    },
  });
});

it('takes the arrival for the time of an event that is ahead within the skew, and keeps what was sent', () => {
  const at = accept({ driver_id: 7, happened_at: arrivalMillis + minute });
  expect(at).toMatchObject({
    event: { eventTimeMillis: arrivalMillis, row: { happened_at: arrivalMillis + minute } },
  });
});

it('gives events of equal values one fingerprint, whatever their text', () => {
  const options = { eventId: 'ride_id', deduplicateBy: { field: 'ride_id', withinMillis: 10 * minute } };
  const fingerprint = (text: string): bigint | undefined => {
    const acceptance = accept(text, options);
    return acceptance.kind === 'accepted' ? acceptance.event.fingerprint : undefined;
  };
  const one = fingerprint('{"ride_id":"r","driver_id":7,"fare":"1.50","happened_at":"2024-03-01T11:59:00Z"}');
  expect(one).toBe(
    fingerprintOf('{"driver_id":7,"fare":"1.50","happened_at":"2024-03-01T11:59:00.000Z","ride_id":"r"}'),
  );
  expect(
    fingerprint(
      '{ "happened_at": 1709294340000, "fare": "1.5", "driver_id": "7", "ride_id": "r", "to_place": null, "x": 1 }',
    ),
  ).toBe(one);
  expect(fingerprint('{"ride_id":"r","driver_id":7,"fare":"1.51","happened_at":"2024-03-01T11:59:00Z"}')).not.toBe(one);
});

it('accepts an event that one of the entities can use', () => {
  expect(accept({ from_place: 'A', to_place: 'B', happened_at: happened }).kind).toBe('accepted');
  expect(accept({ driver_id: 7, from_place: 'A', happened_at: happened }).kind).toBe('accepted');
  expect(accept({ happened_at: happened }, { entities: [] }).kind).toBe('accepted');
});

const deduplicated = { eventId: 'ride_id', deduplicateBy: { field: 'ride_id', withinMillis: 10 * minute } };

it.each<[string, Record<string, unknown> | string, Partial<StreamSource>, string, RegExp]>([
  ['what is no JSON', 'ride 7', {}, 'notJson', /JSON object/],
  ['a wrong type', { driver_id: 'x', happened_at: happened }, {}, 'wrongType', /field driver_id must/],
  ['an event without a time', { driver_id: 7 }, {}, 'missingEventTime', /field happened_at/],
  [
    'an event without its id',
    { driver_id: 7, happened_at: happened },
    { eventId: 'ride_id' },
    'missingEventId',
    /ride_id/,
  ],
  [
    'an event without what tells copies apart',
    { driver_id: 7, happened_at: happened },
    { deduplicateBy: deduplicated.deduplicateBy },
    'missingEventId',
    /ride_id/,
  ],
  [
    'an event of no entity',
    { from_place: 'A', happened_at: happened },
    {},
    'missingKeys',
    /driver_id, from_place, to_place/,
  ],
  [
    'a key beyond 2,048 bytes',
    { from_place: 'A'.repeat(2048), to_place: 'B', happened_at: happened },
    {},
    'invalidKey',
    /2048/,
  ],
  [
    'a long key beside a good one',
    { driver_id: 7, from_place: 'A'.repeat(2048), to_place: 'B', happened_at: happened },
    {},
    'invalidKey',
    /leg/,
  ],
  ['a key that is NaN', { position: 'NaN', happened_at: happened }, { entities: ['cell'] }, 'invalidKey', /NaN/],
  [
    'an event a millisecond beyond the skew',
    { driver_id: 7, happened_at: arrivalMillis + minute + 1 },
    {},
    'tooFarAhead',
    /60000 ms ahead/,
  ],
  [
    'an event a millisecond too late for deduplication',
    { ride_id: 'r', driver_id: 7, happened_at: arrivalMillis - 10 * minute - 1 },
    deduplicated,
    'afterDeduplication',
    /600000 ms/,
  ],
])('quarantines %s', (...[, fields, options, reason, detail]) => {
  expect(accept(fields, options)).toEqual({ kind: 'quarantined', reason, detail: expect.stringMatching(detail) });
});

it('accepts at both bounds of time', () => {
  const at = (happened_at: number) => accept({ ride_id: 'r', driver_id: 7, happened_at }, deduplicated).kind;
  expect([arrivalMillis + minute, arrivalMillis - 10 * minute].map(at)).toEqual(['accepted', 'accepted']);
});
