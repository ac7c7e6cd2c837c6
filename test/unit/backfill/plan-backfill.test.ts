import { describe, expect, it } from 'vitest';
import { archivePatienceMillis } from '#engine/backfill/await-archive.ts';
import { findBackfilledView } from '#engine/backfill/backfilled-view.ts';
import { claimCuts } from '#engine/ingest/cuts.ts';
import { listRunRecords } from '#engine/materialize/run-record.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StreamView } from '#spec/manifest.ts';
import { IngestWorld } from '#test/support/ingest-world.ts';
import {
  batchViewOf,
  entityOf,
  manifestOf,
  sourceOf,
  streamSourceOf,
  streamViewOf,
  tableViewOf,
} from '#test/support/manifests.ts';
import { BackfillWorld } from '../../kill/backfill-world.ts';
import {
  historyUntil,
  skewMillis,
  start,
  manifest as streamManifest,
  streamViewCases,
  withinMillis,
} from '../../property/stream-world.ts';

const minute = 60_000;
const view = streamViewCases.find((one) => one.view.name === 'seamed_tiled')?.view as StreamView; // of the world
const record = {
  shard: 'shardId-000000000000',
  sequence: '1'.padStart(56, '0'),
  arrivalMillis: start,
  data: new Uint8Array(),
};
const worldOf = (sourceName: 'seamed' | 'deduplicated', shards: readonly (typeof record)[][] = []): BackfillWorld => {
  const world = new BackfillWorld({ sourceName, records: [], shards });
  world.nowMillis = Math.max(historyUntil, start) + 10 * minute;
  return world;
};

describe('which views a backfill fills', () => {
  const rides = streamSourceOf('rides', [{ name: 'at', type: 'timestamp' }], { eventTime: 'at' });
  const trips = sourceOf('trips', [{ name: 'at', type: 'timestamp' }], { eventTime: 'at' });
  const manifest = manifestOf({
    entities: [entityOf('driver', [{ name: 'driver_id', type: 'int64' }])],
    sources: [rides, trips],
    views: [
      batchViewOf('stats', [], { entity: 'driver', source: 'trips', scheduleMillis: minute }),
      streamViewOf('live', [], { entity: 'driver', source: 'rides' }),
      streamViewOf('offline', [], { entity: 'driver', source: 'rides', online: false }),
      tableViewOf('latest', [], { entity: 'driver', source: 'rides' }),
    ],
  });

  it('are stream and table views over a stream', () => {
    expect(findBackfilledView(manifest, 'live').source.name).toBe('rides');
    expect(findBackfilledView(manifest, 'latest@1').view.kind).toBe('table');
  });

  it('are not those that runs compute, nor those that are not served', () => {
    expect(() => findBackfilledView(manifest, 'stats')).toThrow(/reads no stream.*tidemark materialize stats@1/);
    expect(() => findBackfilledView(manifest, 'offline')).toThrow(/not online/);
    expect(() => findBackfilledView(manifest, 'nothing')).toThrow(/unknown feature view/);
  });
});

describe('the cut of a backfill', () => {
  it('is 0 where nobody has consumed the source yet: only its history is missing, which is waited for', async () => {
    const world = worldOf('seamed');
    world.nowMillis = historyUntil - minute;
    let waited = 0;
    world.whileWaiting = async () => {
      waited++;
    };
    expect((await world.backfill({ view: view.name })).outcome).toBe('succeeded');
    expect(waited).toBe(1);
    expect(world.nowMillis).toBeGreaterThan(historyUntil);
    expect((await world.cuts())['seamed_tiled@1']).toEqual({ run: 1, cutMillis: 0 });
    expect((await world.cuts())['seamed_exact@1']).toEqual({ run: 1, cutMillis: 0 });
  });

  it('needs no backfill where the live stream has had everything', async () => {
    const world = worldOf('deduplicated');
    expect((await world.backfill({ view: 'deduplicated_tiled' })).outcome).toBe('nothing');
    await world.expectIdle('deduplicated_tiled');
  });

  it('lies a margin ahead of a view that comes later, and of a rebuild, and further where copies may come', async () => {
    const world = worldOf('deduplicated');
    await world.objects.put(objectKeys.cuts(world.source), JSON.stringify({ views: {} }));
    const claimedMillis = world.nowMillis;
    const first = await world.backfill({ view: 'deduplicated_tiled' });
    expect(first.outcome).toBe('succeeded');
    const margin = 5 * minute + withinMillis + skewMillis;
    expect((await world.cuts())['deduplicated_tiled@1']).toEqual({ run: 1, cutMillis: claimedMillis + margin });
    expect(world.nowMillis).toBeGreaterThan(claimedMillis + margin);

    world.cutAheadMillis = 2000;
    const againMillis = world.nowMillis;
    expect((await world.backfill({ view: 'deduplicated_tiled', rebuild: true })).outcome).toBe('succeeded');
    const cutMillis = againMillis + 2000 + withinMillis + skewMillis;
    expect((await world.cuts())['deduplicated_tiled@1']).toMatchObject({ run: 2, cutMillis });
  });

  it('is given up when the archive does not come to it', async () => {
    const world = worldOf('seamed', [[record]]);
    await world.cut(start + minute);
    world.archivedMillis = 0;
    const beganMillis = world.nowMillis;
    expect((await world.backfill({ view: view.name })).outcome).toBe('failed');
    expect(world.nowMillis - beganMillis).toBeLessThanOrEqual(archivePatienceMillis + 15_000);
    const [failed] = await listRunRecords(world.runRecords, view, 1);
    expect(failed?.error).toMatchObject({ code: 'backfill.archiveBehind' });
    await world.expectIdle(view.name);

    world.archivedMillis = Number.POSITIVE_INFINITY;
    expect((await world.backfill({ view: view.name })).outcome).toBe('succeeded');
  });
});

describe('a map that loses an item', () => {
  it('fails the backfill, and the next one merges what is missing', async () => {
    const key = JSON.stringify([1, 'x']);
    const row = {
      case_id: 1n,
      part: 'x',
      t: start,
      big: 1n,
      small: 1,
      wide: 1,
      narrow: 1,
      word: 'a',
      flag: true,
      at: start,
      id: '1',
    };
    const world = new BackfillWorld({
      sourceName: 'seamed',
      records: [{ key, sentAt: historyUntil - minute, row }],
      shards: [],
    });
    world.nowMillis = historyUntil + minute;
    expect((await world.backfill({ view: view.name, losesItems: true })).outcome).toBe('failed');
    const [failed] = await listRunRecords(world.runRecords, view, 1);
    expect(failed?.error).toMatchObject({ code: 'materialize.rowsLost' });
    expect(world.items.all()).toEqual([]);
    expect((await world.backfill({ view: view.name })).outcome).toBe('succeeded');
    expect(world.items.all().length).toBeGreaterThan(0);
  });
});

describe('a stream view that comes to a source whose events only table views had', () => {
  it('is cut ahead, so that the backfill brings what arrived before', async () => {
    const { source } = worldOf('seamed');
    const latest = tableViewOf('latest', [{ name: 'word', type: 'string' }], { entity: 'log', source: source.name });
    const before = new IngestWorld({ ...streamManifest, views: [latest] }, source);
    before.nowMillis = historyUntil + minute;
    const { result } = await before.consume([{ ...record, arrivalMillis: before.nowMillis }]);
    expect(result).not.toHaveProperty('failedFrom');
    const cuts = await claimCuts(before.objects, source, { views: ['seamed_tiled@1'], nowMillis: before.nowMillis });
    expect(cuts['seamed_tiled@1']?.cutMillis).toBeGreaterThan(before.nowMillis);
  });
});
