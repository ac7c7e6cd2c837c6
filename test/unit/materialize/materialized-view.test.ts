import { describe, expect, it } from 'vitest';
import { findMaterializedView, isMaterialized } from '#engine/materialize/materialized-view.ts';
import {
  batchViewOf,
  entityOf,
  manifestOf,
  sourceOf,
  streamSourceOf,
  streamViewOf,
  tableViewOf,
} from '#test/support/manifests.ts';

const schema = [
  { name: 'driver_id', type: 'int64' as const },
  { name: 'at', type: 'timestamp' as const },
];
const on = { entity: 'driver', source: 'pings' };
const count = {
  name: 'pings_1h',
  type: 'int64' as const,
  formula: { kind: 'count' as const, windowMillis: 3_600_000 },
};
const manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [sourceOf('trips', schema, { eventTime: 'at' }), streamSourceOf('pings', schema, { eventTime: 'at' })],
  views: [
    batchViewOf('hourly', [count], { entity: 'driver', source: 'trips', scheduleMillis: 3_600_000 }),
    streamViewOf('live', [count], { ...on, version: 2 }),
    tableViewOf('newest_ping', [{ name: 'at', type: 'timestamp' }], on),
    tableViewOf('profile', [{ name: 'at', type: 'timestamp' }], { entity: 'driver', source: 'trips' }),
  ],
});

describe('views that runs materialize', () => {
  it('are those whose source is not a stream', () => {
    expect(manifest.views.filter((view) => isMaterialized(manifest, view)).map(({ name }) => name)).toEqual([
      'hourly',
      'profile',
    ]);
    expect(findMaterializedView(manifest, 'profile').kind).toBe('table');
  });

  it.each([
    ['live', 'live@2'],
    ['newest_ping', 'newest_ping@1'],
  ])('refuses %s, which its stream brings online, and says what to run instead', (name, id) => {
    expect(() => findMaterializedView(manifest, name)).toThrow(
      expect.objectContaining({
        code: 'materialize.fromStream',
        message: expect.stringContaining(`tidemark backfill ${id}`),
      }),
    );
  });
});
