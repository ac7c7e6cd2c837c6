import { expect, it } from 'vitest';
import { entityOf, manifestOf, streamSourceOf, streamViewOf } from '#test/support/manifests.ts';
import { changesOf, refuseChangedViews } from '../../../cli/deploy/changed-views.ts';

const hour = 3_600_000;
const rides = streamViewOf(
  'rides',
  [{ name: 'rides_1h', type: 'int64', formula: { kind: 'count', windowMillis: hour, hopMillis: 60_000 } }],
  { entity: 'driver', source: 'events', definitionHash: 'a'.repeat(64) },
);
const manifest = manifestOf({
  entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
  sources: [streamSourceOf('events', [{ name: 'at', type: 'timestamp' }], { eventTime: 'at' })],
  views: [rides],
});

it('lets views come and go', () => {
  const deployed = new Map([['gone@1', 'b'.repeat(64)]]);
  expect(changesOf(manifest, deployed)).toEqual([
    { change: 'added', view: 'rides@1' },
    { change: 'removed', view: 'gone@1' },
  ]);
  expect(() => refuseChangedViews(manifest, deployed)).not.toThrow();
  expect(() => refuseChangedViews(manifest, new Map([['rides@1', rides.definitionHash]]))).not.toThrow();
});

it('refuses a view that changes under its version, by name', () => {
  const deployed = new Map([['rides@1', 'b'.repeat(64)]]);
  expect(() => refuseChangedViews(manifest, deployed)).toThrow(
    expect.objectContaining({
      code: 'cli.changedViews',
      kind: 'conflict',
      message: expect.stringMatching(/^rides@1 is/),
    }),
  );
});
