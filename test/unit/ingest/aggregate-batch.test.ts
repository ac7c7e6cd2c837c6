import { describe, expect, it } from 'vitest';
import { unpackProgress } from '#codec/progress.ts';
import { mergeHistory } from '#engine/backfill/merge-history.ts';
import { aggregateBatch } from '#engine/ingest/aggregate-batch.ts';
import { cutAgain, readCuts } from '#engine/ingest/cuts.ts';
import { addEvents, emptyState } from '#semantics/stream/window-state.ts';
import { objectKeys } from '#spec/layout.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import type { WindowItem } from '#store/window-items.ts';
import { IngestWorld } from '#test/support/ingest-world.ts';
import {
  driverKey,
  hour,
  lastRide,
  minute,
  notes,
  ridesManifest,
  ridesOf,
  ridesRecords,
  start,
  windows,
} from '#test/support/rides-stream.ts';

const day = 24 * hour;
const source = ridesOf();
const shard = 'shardId-000000000000';

function newWorld(
  views: Parameters<typeof ridesManifest>[0] = [windows],
  options: { handOverBytes?: number } = {},
): IngestWorld {
  const world = new IngestWorld(ridesManifest(views, source), source, options);
  world.nowMillis = start;
  return world;
}

async function consumed(world: IngestWorld, records: readonly StreamRecord[]) {
  const { result } = await world.consume(records);
  if (result === 'killed') throw new Error('nobody kills here');
  return result;
}

const headOf = async (world: IngestWorld, view = 'ride_windows'): Promise<WindowItem> => {
  const [head] = await world.items.read([{ entityKey: driverKey(1), viewId: `${view}@1` }]);
  if (!head) throw new Error('no item');
  return head;
};
const readAt = (world: IngestWorld, atMillis: number, view = 'ride_windows') =>
  world.reading(world.view(view), driverKey(1), atMillis);

describe('a batch', () => {
  it('writes each entity of each view once, however many events it holds', async () => {
    const world = newWorld([windows, notes]);
    const rides = Array.from({ length: 300 }, (_, index) => ({
      driver: index % 3,
      fare: 1,
      atMillis: index * 1000,
      note: 'n',
    }));
    const { counts, failedFrom } = await consumed(world, ridesRecords(rides));
    expect([counts.writes, counts.events, counts.applied, failedFrom]).toEqual([6, 300, 300, undefined]);
  });

  it('counts what it left out and why', async () => {
    const historic = ridesOf({ history: { location: 'rides/', untilMillis: start, latencyMillis: 1 } });
    const world = new IngestWorld(ridesManifest([windows], historic), historic);
    const first = [
      { driver: 1, fare: 1, atMillis: -10_000, arrivalMillis: 0 },
      { driver: 1, fare: 2, atMillis: 0, arrivalMillis: 1 },
      { driver: 1, fare: 4, atMillis: -2 * day, arrivalMillis: 2 },
      { driver: 1, fare: 8, atMillis: hour, arrivalMillis: 3 },
    ];
    const garbage = { shard, sequence: '5'.padStart(56, '0'), arrivalMillis: start + 4, data: new Uint8Array([123]) };
    const records = [...ridesRecords(first), garbage];
    world.nowMillis = start + 5001;
    expect(await consumed(world, records)).toEqual({
      counts: {
        events: 5,
        applied: 1,
        duplicates: 0,
        late: 1,
        notOurs: 1,
        quarantined: 2,
        hottestItemEvents: 1,
        conflicts: 0,
        writes: 1,
        handOvers: 0,
        itemsTooLarge: 0,
        lagMillis: 5000,
      },
    });
    expect((await consumed(world, records)).counts).toMatchObject({
      applied: 0,
      duplicates: 1,
      writes: 0,
      lagMillis: 0,
    });
    expect(await readAt(world, start + minute)).toMatchObject({ values: [1n, 2n] });
  });

  it('shows that the stream has been consumed, even where no view needs its events: longer windows may come later', async () => {
    const world = newWorld();
    await consumed(world, ridesRecords([{ driver: 1, fare: 1, atMillis: -3 * day, arrivalMillis: 0 }]));
    expect(Object.keys(await readCuts(world.objects, source))).toEqual(['ride_windows@1']);
  });

  it('is nothing without records', async () => {
    expect(await consumed(newWorld(), [])).toMatchObject({ counts: { events: 0, writes: 0 } });
  });

  it('begins nothing after its deadline, and hands back from the first event that is left', async () => {
    const world = newWorld([windows, lastRide]);
    const records = ridesRecords([
      { driver: 1, fare: 1, atMillis: 0 },
      { driver: 2, fare: 1, atMillis: 0 },
    ]);
    const result = await aggregateBatch(world.ports(), { records, deadlineMillis: world.nowMillis });
    expect(result).toMatchObject({ failedFrom: records[0]?.sequence, counts: { applied: 0 } });
    expect(world.items.all()).toEqual([]);
  });

  it('is handed back whole while the cuts cannot be read', async () => {
    const world = newWorld();
    const ports = {
      ...world.ports(),
      cuts: { current: () => Promise.reject(new Error('no S3')), again: () => Promise.reject(new Error()) },
    };
    const records = ridesRecords([{ driver: 1, fare: 1, atMillis: 0 }]);
    const result = await aggregateBatch(ports, { records, deadlineMillis: Number.POSITIVE_INFINITY });
    expect(result).toMatchObject({ failedFrom: records[0]?.sequence, failure: new Error('no S3') });
  });

  it('folds 10,000 events of one key into one write', async () => {
    const world = newWorld();
    const rides = Array.from({ length: 10_000 }, (_, index) => ({ driver: 1, fare: 1, atMillis: index * 100 }));
    const { counts } = await consumed(world, ridesRecords(rides));
    expect(counts).toMatchObject({ applied: 10_000, hottestItemEvents: 10_000, conflicts: 0, itemsTooLarge: 0 });
    expect(counts.writes).toBeLessThanOrEqual(2);
    expect(await readAt(world, start + 20 * minute)).toMatchObject({ values: [10_000n, 10_000n] });
  });
});

describe('a rebuild', () => {
  it('begins each item anew with the first event beyond the cut, and keeps what it has seen of the stream', async () => {
    const world = newWorld();
    const first = ridesRecords([
      { driver: 1, fare: 1, atMillis: 0 },
      { driver: 1, fare: 2, atMillis: 1000 },
    ]);
    await consumed(world, first);
    await cutAgain(world.objects, source, { view: 'ride_windows@1', cutMillis: start + minute });
    const next = ridesRecords(
      [
        { driver: 1, fare: 4, atMillis: minute - 2000, arrivalMillis: minute },
        { driver: 1, fare: 8, atMillis: minute - 2000, arrivalMillis: minute + 1 },
      ],
      shard,
      3,
    );
    // Until then the item stays fresh in the run that it is of.
    expect((await consumed(world, next.slice(0, 1))).counts).toMatchObject({ notOurs: 0, applied: 1, writes: 1 });
    expect(await readAt(world, start + 2 * minute)).toMatchObject({ values: [3n, 7n] });
    await consumed(world, [...first, ...next]);
    // What it had is not there until the backfill brings it, and nobody is served a part for the whole.
    expect(await readAt(world, start + 2 * minute)).toMatchObject({ values: [null, null], marks: 'ee' });
    expect(await readAt(world, start + 3 * day)).toMatchObject({ marks: 'dd' });
    expect(unpackProgress((await headOf(world)).progress)).toMatchObject({ run: 2, hasHistory: false });
  });

  it('leaves what arrived up to the cut to the backfill once the item is of the new run', async () => {
    const world = newWorld();
    const records = ridesRecords([
      { driver: 1, fare: 1, atMillis: 0, arrivalMillis: minute },
      { driver: 1, fare: 2, atMillis: 0, arrivalMillis: minute + 1 },
    ]);
    await world.ports().cuts.current();
    await cutAgain(world.objects, source, { view: 'ride_windows@1', cutMillis: start + minute });
    expect((await consumed(world, records)).counts).toMatchObject({ notOurs: 1, applied: 1 });
    const behind = ridesRecords([{ driver: 1, fare: 4, atMillis: 0, arrivalMillis: minute }], 'shardId-000000000001');
    expect((await consumed(world, behind)).counts).toMatchObject({ notOurs: 1, applied: 0 });
    expect(await readAt(world, start + 2 * minute)).toMatchObject({ values: [1n, 2n] });
  });

  it('is met by a consumer that still knows the old cut: it reads the cuts again', async () => {
    const world = newWorld();
    const stale = world.ports();
    await stale.cuts.current();
    await cutAgain(world.objects, source, { view: 'ride_windows@1', cutMillis: start });
    await consumed(world, ridesRecords([{ driver: 1, fare: 1, atMillis: 0 }]));
    const records = ridesRecords([{ driver: 1, fare: 2, atMillis: 1000 }], shard, 2);
    const result = await aggregateBatch(stale, { records, deadlineMillis: Number.POSITIVE_INFINITY });
    expect(result.counts).toMatchObject({ applied: 1, conflicts: 1 });
    expect(await readAt(world, start + minute)).toMatchObject({ values: [2n, 3n] });
  });
});

describe('an item that grows too large', () => {
  const long = (length: number, index: number) => String(index).padEnd(length, 'x');

  it('gives its tiles up: windows are errors until they no longer reach back to what was lost', async () => {
    const world = newWorld([notes]);
    const rides = Array.from({ length: 40 }, (_, index) => ({
      driver: 1,
      fare: 1,
      atMillis: index * 1000,
      note: long(9000, index),
    }));
    const { counts } = await consumed(world, ridesRecords(rides));
    expect(counts).toMatchObject({ applied: 40, itemsTooLarge: 1, handOvers: 0 });
    const lost = start + 40_000;
    const later = ridesRecords([{ driver: 1, fare: 1, atMillis: 2 * minute, note: 'short' }], shard, 41);
    expect((await consumed(world, later)).counts).toMatchObject({ itemsTooLarge: 0, applied: 1 });
    const until = Math.ceil(lost / minute) * minute + hour;
    expect(await readAt(world, until - 1, 'ride_notes')).toMatchObject({ values: [null], marks: 'e' });
    expect(await readAt(world, until, 'ride_notes')).toMatchObject({ values: [['short']], marks: '.' });
    // It is forgotten once no reader can ask for it.
    await consumed(world, ridesRecords([{ driver: 1, fare: 1, atMillis: 2 * hour, note: 'new' }], shard, 42));
    expect((await headOf(world, 'ride_notes')).packed).toMatch(/^11111111\[0,null,null,/);
  });

  it('keeps what later batches bring, each of them counted once', async () => {
    const world = newWorld([notes]);
    const rides = Array.from({ length: 40 }, (_, index) => ({
      driver: 1,
      fare: 1,
      atMillis: index * 1000,
      note: long(9000, index),
    }));
    await consumed(world, ridesRecords(rides));
    expect((await consumed(world, ridesRecords(rides))).counts).toMatchObject({ duplicates: 40, writes: 0 });
  });

  it('takes a record of a megabyte for an entity that has lost its tiles, and applies the other entities', async () => {
    const world = newWorld([notes, lastRide]);
    const records = ridesRecords([
      { driver: 2, fare: 1, atMillis: 0, note: 'fine' },
      { driver: 1, fare: 1, atMillis: 0, note: long(1_000_000, 0) },
    ]);
    const result = await consumed(world, records);
    expect(result).toMatchObject({ counts: { applied: 2, itemsTooLarge: 2, quarantined: 0 } });
    expect(result.failedFrom).toBeUndefined();
    expect(await readAt(world, start + minute, 'ride_notes')).toMatchObject({ marks: 'e' });
    expect(await world.reading(world.view('ride_notes'), driverKey(2), start + minute)).toMatchObject({
      values: [['fine']],
    });
  });

  it('forgets fingerprints too where they alone are too much, and serves no value that could count a copy twice', async () => {
    const deduplicated = ridesOf({ deduplicateBy: { field: 'id', withinMillis: day }, eventId: 'id' });
    const world = new IngestWorld(ridesManifest([windows], deduplicated), deduplicated);
    const rides = Array.from({ length: 20_000 }, (_, index) => ({
      driver: 1,
      fare: 1,
      atMillis: index,
      arrivalMillis: 30_000,
    }));
    const { counts } = await consumed(world, ridesRecords(rides));
    expect(counts).toMatchObject({ applied: 20_000, itemsTooLarge: 1 });
    const head = await headOf(world);
    expect(head.progress.length).toBeLessThan(200);
    const lost = start + 30_000 + deduplicated.allowedSkewMillis;
    const until = Math.ceil(lost / minute) * minute + hour;
    expect(await readAt(world, until - 1)).toMatchObject({ marks: 'ee' });
    expect(await readAt(world, until)).toMatchObject({ values: [0n, null], marks: 'de' });
  });
});

describe('an item that has forgotten fingerprints of what a backfill brings', () => {
  const cut = { run: 2, cutMillis: start + minute };
  it.each([
    { of: 'a view that came later', cut, counts: { notOurs: 20_000, itemsTooLarge: 1 } },
    {
      of: 'a rebuild',
      cut: { ...cut, previous: { run: 1, cutMillis: 0 } },
      counts: { applied: 20_000, itemsTooLarge: 1 },
    },
  ])('serves no value that could count a copy twice, though the history is merged: $of', async (one) => {
    const deduplicated = ridesOf({ deduplicateBy: { field: 'id', withinMillis: day }, eventId: 'id' });
    const world = new IngestWorld(ridesManifest([windows], deduplicated), deduplicated);
    world.nowMillis = start;
    const cuts = { views: { 'ride_windows@1': one.cut } };
    await world.objects.put(objectKeys.cuts(deduplicated), JSON.stringify(cuts));
    const rides = Array.from({ length: 20_000 }, (_, index) => ({ driver: 1, fare: 1, atMillis: index }));
    const before = ridesRecords(rides);
    expect((await consumed(world, before)).counts).toMatchObject(one.counts);
    const target = world.view('ride_windows');
    const { accept, rules } = world.ports();
    const events = before.map(accept).flatMap((one) => (one.kind === 'accepted' ? [one.event] : []));
    const merge = { target, rules, cut, historyUntilMillis: cut.cutMillis };
    const entity = { entityKey: driverKey(1), item: await headOf(world) };
    await mergeHistory(world.items, merge, { ...entity, history: addEvents(target.plan, emptyState, events) });
    const copy = { driver: 1, fare: 1, atMillis: 0, arrivalMillis: 2 * minute, id: 'ride 0' };
    await consumed(world, ridesRecords([copy], shard, 20_001));
    expect(await readAt(world, start + 3 * minute)).toMatchObject({ marks: 'ee' });
  });
});

describe('the second item', () => {
  const everyMinute = (from: number, count: number) =>
    ridesRecords(
      Array.from({ length: count }, (_, index) => ({ driver: 1, fare: 1, atMillis: (from + index) * minute })),
      shard,
      from + 1,
    );
  const closed = { entityKey: driverKey(1), viewId: 'ride_windows@1/closed' };

  it('is not asked for, and not missed, once it has expired', async () => {
    const world = newWorld([windows], { handOverBytes: 0 });
    await consumed(world, everyMinute(0, 3));
    world.items.expire(closed);
    expect((await consumed(world, everyMinute(3 * 24 * 60, 5))).counts).toMatchObject({
      handOvers: 1,
      itemsTooLarge: 0,
    });
    expect(await readAt(world, start + 3 * day + 10 * minute)).toMatchObject({ values: [5n, 5n], marks: '..' });
  });

  it('that is gone while windows need it makes them errors, not smaller', async () => {
    const world = newWorld([windows], { handOverBytes: 0 });
    await consumed(world, everyMinute(0, 3));
    world.items.expire(closed);
    expect(await readAt(world, start + 4 * minute)).toEqual({ kind: 'readAgain' });
    expect((await consumed(world, everyMinute(3, 1))).counts).toMatchObject({ handOvers: 0, itemsTooLarge: 1 });
    expect(await readAt(world, start + 4 * minute)).toMatchObject({ marks: 'ee' });
  });

  it('of a former life of the entity gives its number to nobody', async () => {
    const world = newWorld([windows], { handOverBytes: 0 });
    for (const from of [0, 1, 2]) await consumed(world, everyMinute(from, 1));
    const [before] = await world.items.read([closed]);
    world.items.expire({ entityKey: driverKey(1), viewId: 'ride_windows@1' });
    const later = ridesRecords([{ driver: 1, fare: 5, atMillis: 3 * day }], shard, 10);
    await consumed(world, later);
    const [after] = await world.items.read([closed]);
    expect([before?.packed, after?.packed].map((packed) => packed?.slice(8, 11))).toEqual(['[3,', '[4,']);
    expect(await readAt(world, start + 3 * day + minute)).toMatchObject({ values: [1n, 5n] });
  });

  it('outlives no window: both items may be dropped a day after the last of them', async () => {
    const world = newWorld([windows], { handOverBytes: 0 });
    await consumed(world, everyMinute(0, 3));
    const [second] = await world.items.read([closed]);
    const until = Math.ceil((start + 2 * minute) / (15 * minute)) * 15 * minute + day;
    const expected = (until + day) / 1000;
    expect([(await headOf(world)).expiresAtSeconds, second?.expiresAtSeconds]).toEqual([expected, expected]);
  });
});

describe('a table view over the stream', () => {
  const row = async (world: IngestWorld) =>
    (
      await world.online.read([{ entityKey: driverKey(1), viewId: 'last_ride@1' }], {
        deadlineMillis: Number.POSITIVE_INFINITY,
      })
    )[0];

  it('keeps the newest event of an entity, whatever comes later', async () => {
    const world = newWorld([lastRide]);
    const rides = [
      { driver: 1, fare: 2, atMillis: 2000 },
      { driver: 1, fare: 3, atMillis: 3000 },
      { driver: 1, fare: 1, atMillis: 1000 },
    ];
    expect((await consumed(world, ridesRecords(rides))).counts).toMatchObject({ applied: 3 });
    await consumed(world, ridesRecords([{ driver: 1, fare: 0, atMillis: 500 }], shard, 4));
    expect(await row(world)).toEqual({ kind: 'found', packed: `00000000[${start + 3000},0,null,"3",null]` });
  });

  it('is emptied by a tombstone, which older events do not fill again', async () => {
    const world = newWorld([lastRide]);
    await consumed(world, ridesRecords([{ driver: 1, fare: 2, atMillis: 2000, gone: true }]));
    await consumed(world, ridesRecords([{ driver: 1, fare: 1, atMillis: 1000 }], shard, 2));
    expect(await row(world)).toEqual({ kind: 'found', packed: `00000000[${start + 2000},1,null]` });
  });

  it('shows an event that was ahead of its arrival at its arrival', async () => {
    const world = newWorld([lastRide]);
    await consumed(world, ridesRecords([{ driver: 1, fare: 2, atMillis: 2000, arrivalMillis: 1000 }]));
    expect(await row(world)).toMatchObject({ packed: expect.stringContaining(`[${start + 1000},`) });
  });
});
