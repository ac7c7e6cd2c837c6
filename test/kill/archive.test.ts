import { describe, expect, it, vi } from 'vitest';
import { settleMillis } from '#engine/ingest/compact-events.ts';
import type { StreamRecord } from '#store/event-stream.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { ArchiveWorld, day, minute } from './archive-world.ts';
import { type CallHook, killAt } from './mortal-ports.ts';

vi.setConfig({ testTimeout: 600_000 });

const moments = ['before', 'after'] as const;

/** A shard's records over a midnight, with bad ones, and a batch of nothing else at its start. */
async function midnightWorld(): Promise<{ readonly world: ArchiveWorld; readonly records: StreamRecord[] }> {
  const world = new ArchiveWorld(1);
  const random = new Random(1);
  await world.putRides(3, { random, oneBadIn: 1 });
  await world.putRides(8, { random, oneBadIn: 4 });
  world.nowMillis = Date.parse('2024-03-02T00:00:00Z') - 40;
  await world.putRides(16, { random, oneBadIn: 5 });
  const [shard = ''] = await world.stream.shards();
  const records = await world.recordsOf(shard);
  const dates = new Set(records.map(({ arrivalMillis }) => new Date(arrivalMillis).toISOString().slice(0, 10)));
  expect(dates.size).toBe(2);
  return { world, records };
}

describe('the archive', () => {
  it('keeps each event once and puts aside exactly what can never be read', async () => {
    const { world, records } = await midnightWorld();
    const { archive } = world.consumer();
    expect(await world.isArchived(), 'before').toBe(false);
    const first = await archive(records);
    expect(first).toMatchObject({ archived: world.good.size, files: 2, repeated: 0 });
    expect(Object.values(first.quarantined).reduce((sum, count) => sum + count, 0)).toBe(world.bad.size);
    await world.expectComplete();
    expect(await archive(records)).toEqual({
      archived: 0,
      quarantined: {},
      files: 0,
      bytes: 0,
      repeated: records.length,
    });
    await world.expectComplete();
  });

  it('takes a batch of which nothing is accepted, so that no other consumer takes it again with more', async () => {
    const { world, records } = await midnightWorld();
    const stale = world.consumer(async (moment, call) => {
      // It has read its checkpoint; meanwhile others archive all, in other batches.
      if (moment !== 'after' || call !== 0) return;
      const { archive } = world.consumer();
      expect(await archive(records.slice(0, 3))).toMatchObject({ archived: 0, files: 1 });
      await archive(records.slice(3));
    });
    expect(await stale.archive(records.slice(0, 9))).toMatchObject({ archived: 0, files: 0, repeated: 9 });
    await world.expectComplete();
  });

  it('loses and doubles nothing when a consumer dies at any call and its batch comes again in another cut', async () => {
    const whole = await midnightWorld();
    const counted = whole.world.consumer();
    await counted.archive(whole.records);
    expect(counted.process.calls).toBeGreaterThan(10);
    for (const moment of moments)
      for (let call = 0; call < counted.process.calls; call++)
        for (const size of [5, 40]) {
          const { world, records } = await midnightWorld();
          const { archive, process } = world.consumer(killAt(moment, call));
          await archive(records).catch(() => undefined);
          expect(process.dead, `killed ${moment} call ${call}`).toBe(true);
          await world.expectNoneTwice();
          const next = world.consumer();
          for (let start = 0; start < records.length; start += size)
            await next.archive(records.slice(start, start + size));
          await world.expectComplete();
        }
  });

  it('lets two consumers of one shard race at any call', async () => {
    const { world: first, records: all } = await midnightWorld();
    const counted = first.consumer();
    await counted.archive(all);
    for (let call = 0; call < counted.process.calls; call++)
      for (const [mine, theirs] of [
        [11, 27],
        [27, 11],
        [27, 27],
        [3, 7],
      ] as const) {
        const { world, records } = await midnightWorld();
        const meanwhile: CallHook = async (moment, at) => {
          if (moment !== 'before' || at !== call) return;
          await world.consumer().archive(records.slice(0, theirs));
        };
        await world.consumer(meanwhile).archive(records.slice(0, mine));
        await world.expectNoneTwice();
        await world.consumer().archive(records);
        await world.expectComplete();
      }
  });

  const { seed, cases, again } = randomSettings(150);
  it(`survives random redeliveries, deaths and races over shards that split (${again})`, async () => {
    for (let number = 0; number < cases; number++) {
      const random = new Random(seed + number);
      const world = new ArchiveWorld(random.integer(1, 3));
      await randomHistory(world, random).catch((error: unknown) => {
        throw new Error(`case ${number}: TIDEMARK_SEED=${seed + number} TIDEMARK_CASES=1`, { cause: error });
      });
    }
  });
});

async function randomHistory(world: ArchiveWorld, random: Random): Promise<void> {
  const positions = new Map<string, number>();
  for (let step = random.integer(3, 14); step > 0; step--) {
    await world.putRides(random.integer(0, 12), { random, oneBadIn: random.pick([2, 8]) });
    if (random.chance(0.15)) world.stream.reshard(random.integer(1, 3));
    if (random.chance(0.2)) world.nowMillis += random.pick([minute, day - 3 * minute, 3 * minute]);
    const shard = random.pick(await world.stream.shards());
    const records = await world.recordsOf(shard);
    const start = positions.get(shard) ?? 0;
    const end = start + random.integer(1, 15);
    const racing: CallHook = async (moment, call) => {
      if (moment === 'before' && call === random.integer(0, 5))
        await world.consumer().archive(records.slice(start, start + random.integer(1, 15)));
    };
    const hook = random.pick([killAt(random.pick(moments), random.integer(0, 12)), racing, async () => undefined]);
    const { archive, process } = world.consumer(hook);
    try {
      await archive(records.slice(start, end));
      if (random.chance(0.8)) positions.set(shard, Math.min(end, records.length));
    } catch (error) {
      if (!process.dead) throw error;
    }
    await world.expectNoneTwice();
    if (random.chance(0.2)) await world.compact(killAt(random.pick(moments), random.integer(0, 40)));
    await world.expectNoneTwice();
  }
  for (const shard of await world.stream.shards())
    await world.consumer().archive((await world.recordsOf(shard)).slice(positions.get(shard) ?? 0));
  await world.expectComplete();
  world.nowMillis += 2 * day;
  await world.compact();
  await world.expectComplete();
  world.nowMillis += day;
  await world.compact();
  await world.expectComplete();
  expect(await world.keysOf('events')).toEqual([]);
}

describe('how far the archive has come', () => {
  it('is known to the record: it waits for what is at or before the instant, and for nothing later', async () => {
    const { world, records } = await midnightWorld();
    const { archive } = world.consumer();
    await archive(records.slice(0, 20));
    const [next, last] = [records[20]?.arrivalMillis ?? 0, records[19]?.arrivalMillis ?? 0];
    expect(last).toBeLessThan(next);
    expect(await world.isArchived(last)).toBe(true);
    expect(await world.isArchived(next - 1)).toBe(true);
    expect(await world.isArchived(next)).toBe(false);
  });

  it('is not held up by shards that are closed or silent', async () => {
    const world = new ArchiveWorld(3);
    const random = new Random(3);
    await world.putRides(20, { random, oneBadIn: 99 });
    world.stream.reshard(2);
    await world.deliverAll(random);
    world.nowMillis += 30 * day;
    expect(await world.isArchived()).toBe(true);
    await world.putRides(1, { random, oneBadIn: 99 });
    expect(await world.isArchived(world.nowMillis - minute)).toBe(true);
    expect(await world.isArchived()).toBe(false);
  });
});

/** Three days of archived events, the second of them with nothing but bad records. */
async function archivedWorld(): Promise<ArchiveWorld> {
  const world = new ArchiveWorld(2);
  const random = new Random(7);
  await world.putRides(12, { random, oneBadIn: 5 });
  world.nowMillis += day;
  await world.putRides(4, { random, oneBadIn: 1 });
  world.nowMillis += day;
  await world.putRides(9, { random, oneBadIn: 5 });
  await world.deliverAll(random);
  await world.expectComplete();
  world.nowMillis = Date.parse('2024-03-03T00:00:00Z') + settleMillis + 1;
  return world;
}

describe('compaction', () => {
  it('joins the days that are over, keeps the rest, and deletes the old files only after their time', async () => {
    const world = await archivedWorld();
    const before = await world.keysOf('events');
    expect(before.length).toBeGreaterThan(6);
    await world.compact();
    await world.expectComplete();
    expect(await world.keysOf('events')).toEqual(before);
    expect(await world.keysOf('compacted')).toEqual([
      'events-compacted/rides/dt=2024-03-01/generation=1/part-00000.parquet',
      'events-compacted/rides/dt=2024-03-01/plan.json',
      'events-compacted/rides/dt=2024-03-02/plan.json',
    ]);
    world.nowMillis += 5 * 3_600_000;
    await world.compact();
    expect(await world.keysOf('events')).toEqual(before);
    world.nowMillis += 2 * 3_600_000;
    await world.compact();
    expect(await world.keysOf('events')).toEqual(before.filter((key) => key.includes('dt=2024-03-03')));
    await world.expectComplete();
  });

  it('waits for the archive of every shard', async () => {
    const world = new ArchiveWorld(2);
    const random = new Random(5);
    await world.putRides(20, { random, oneBadIn: 99 });
    const shards = await world.stream.shards();
    const { archive } = world.consumer();
    await archive(await world.recordsOf(shards[0] ?? ''));
    world.nowMillis += 2 * day;
    await world.compact();
    expect(await world.keysOf('compacted')).toEqual([]);
    await archive(await world.recordsOf(shards[1] ?? ''));
    await world.compact();
    expect(await world.keysOf('compacted')).toHaveLength(2);
    await world.expectComplete();
  });

  it('joins a file that appears after its day was joined, and again shows each row once', async () => {
    const world = await archivedWorld();
    await world.compact();
    world.nowMillis += day;
    const arrivals = world.nowMillis;
    world.nowMillis = Date.parse('2024-03-01T22:00:00Z'); // the clock of Kinesis
    await world.putRides(5, { random: new Random(9), oneBadIn: 99 });
    world.nowMillis = arrivals;
    await world.deliverAll(new Random(9));
    await world.expectNoneTwice();
    await world.compact();
    await world.expectComplete();
    world.nowMillis += day;
    await world.compact();
    await world.expectComplete();
    expect(await world.keysOf('events')).toEqual([]);
    expect((await world.keysOf('compacted')).filter((key) => key.includes('dt=2024-03-01'))).toEqual([
      'events-compacted/rides/dt=2024-03-01/generation=2/part-00000.parquet',
      'events-compacted/rides/dt=2024-03-01/plan.json',
    ]);
  });

  it('shows each row once at every call, and ends the same when it dies anywhere and is repeated', async () => {
    const looking =
      (world: ArchiveWorld): CallHook =>
      async (moment) => {
        if (moment === 'after') await world.expectComplete();
      };
    const watched = await archivedWorld();
    const calls: number[] = [];
    for (const hours of [0, 7]) {
      watched.nowMillis += hours * 3_600_000;
      calls.push((await watched.compact(looking(watched))).calls);
    }
    expect(calls[0]).toBeGreaterThan(20);
    for (const [run, count] of calls.entries())
      for (const moment of moments)
        for (let call = 0; call < count; call++) {
          const world = await archivedWorld();
          if (run === 1) await world.compact();
          world.nowMillis += run * 7 * 3_600_000;
          expect((await world.compact(killAt(moment, call))).dead).toBe(true);
          await world.expectComplete();
          await world.compact();
          await world.expectComplete();
          world.nowMillis += 7 * 3_600_000;
          await world.compact();
          await world.expectComplete();
          expect((await world.keysOf('events')).filter((key) => !key.includes('dt=2024-03-03'))).toEqual([]);
        }
  });

  it('may run twice at once', async () => {
    const { calls } = await (await archivedWorld()).compact();
    for (let call = 0; call < calls; call++) {
      const world = await archivedWorld();
      await world.compact(async (moment, at) => {
        if (moment === 'before' && at === call) await world.compact();
      });
      await world.expectComplete();
      world.nowMillis += 7 * 3_600_000;
      await world.compact();
      await world.expectComplete();
    }
  });
});
