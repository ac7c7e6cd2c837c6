import { describe, expect, it } from 'vitest';
import type { StreamRecord } from '#store/event-stream.ts';
import { FaultyItems } from '#test/support/faulty-items.ts';
import { IngestWorld, readPair } from '#test/support/ingest-world.ts';
import {
  driverKey,
  hour,
  lastRide,
  minute,
  ridesManifest,
  ridesOf,
  ridesRecords,
  start,
  windows,
} from '#test/support/rides-stream.ts';
import { type CallHook, killAt } from './mortal-ports.ts';

const source = ridesOf();
const manifest = ridesManifest([windows, lastRide], source);
const moments = ['before', 'after'] as const;
const drivers = [1, 2, 3];
const atMillis = start + 20 * minute;

/** Rides of three drivers, minute by minute; small items, so that hand-overs happen. */
const early = ridesRecords(
  Array.from({ length: 12 }, (_, index) => ({ driver: 1 + (index % 3), fare: index + 1, atMillis: index * minute })),
);
const late = ridesRecords(
  Array.from({ length: 9 }, (_, index) => ({
    driver: 1 + (index % 3),
    fare: 100 * (index + 1),
    atMillis: index * minute + 30_000,
  })),
  'shardId-000000000001',
);

/** Both batches have been applied, each ride once. */
async function expectBoth(world: IngestWorld, batches: readonly (readonly StreamRecord[])[]): Promise<void> {
  const rides = batches.flat().map(({ data }) => JSON.parse(new TextDecoder().decode(data)));
  for (const driver of drivers) {
    const own = rides.filter((ride) => ride.driver_id === driver);
    const values = [BigInt(own.length), own.reduce((sum, { fare }) => sum + BigInt(fare), 0n)];
    expect(await world.reading(world.view('ride_windows'), driverKey(driver), atMillis)).toEqual({
      kind: 'values',
      values,
      marks: '..',
    });
    const newest = own.reduce((best, ride) => (ride.at > best.at ? ride : best));
    const [row] = await world.online.read([{ entityKey: driverKey(driver), viewId: 'last_ride@1' }], {
      deadlineMillis: Number.POSITIVE_INFINITY,
    });
    expect(row).toEqual({ kind: 'found', packed: expect.stringContaining(`"${newest.fare}"`) });
  }
}

/** First items hold a tile or two before they hand over. */
async function newWorld(handOverBytes = 50): Promise<IngestWorld> {
  const world = new IngestWorld(manifest, source, { handOverBytes });
  world.nowMillis = atMillis;
  return world;
}

async function callsOf(run: (world: IngestWorld) => Promise<{ calls: number }>): Promise<number> {
  return (await run(await newWorld())).calls;
}

describe('a consumer that dies', () => {
  it('at any of its calls leaves nothing that the next delivery does not make whole', async () => {
    const calls = await callsOf(async (world) => {
      await world.consume(early.slice(0, 6));
      return (await world.consume(early)).process;
    });
    expect(calls).toBeGreaterThan(8);
    for (const moment of moments)
      for (let call = 0; call < calls; call++) {
        const world = await newWorld();
        await world.consume(early.slice(0, 6));
        const { result } = await world.consume(early, { hook: killAt(moment, call) });
        expect(result).toBe('killed');
        await world.consume(early);
        await expectBoth(world, [early]);
      }
  });

  it('at any of its calls, and again at any of the next delivery', async () => {
    for (let first = 0; first < 14; first++)
      for (let second = 0; second < 14; second++) {
        const world = await newWorld();
        await world.consume(early, { hook: killAt(moments[first % 2] ?? 'after', first) });
        await world.consume(early, { hook: killAt(moments[second % 2] ?? 'after', second) });
        await world.consume(early);
        await expectBoth(world, [early]);
      }
  });
});

describe('two consumers of one item', () => {
  it.each([
    ['the first begins, the second overtakes it', early, late],
    ['the other way round', late, early],
  ])('%s at any call', async (_, outer, inner) => {
    const calls = await callsOf(async (world) => (await world.consume(outer)).process);
    for (const moment of moments)
      for (let call = 0; call < calls; call++) {
        const world = await newWorld();
        let met = 0;
        const hook: CallHook = async (atMoment, atCall) => {
          if (atMoment !== moment || atCall !== call) return;
          met++;
          await world.consume(inner);
        };
        const { result } = await world.consume(outer, { hook });
        expect([met, result === 'killed' ? result : result.failedFrom]).toEqual([1, undefined]);
        await expectBoth(world, [early, late]);
      }
  });

  it('deliver one batch at once: the rides of the one that comes second do not count again', async () => {
    for (const moment of moments)
      for (let call = 0; call < 12; call++) {
        const world = await newWorld();
        const hook: CallHook = async (atMoment, atCall) => {
          if (atMoment === moment && atCall === call) await world.consume(early);
        };
        await world.consume(early, { hook });
        await expectBoth(world, [early]);
      }
  });
});

describe('a store that misbehaves', () => {
  it.each(['refused', 'lost', 'unsure'] as const)('%s at any call: the next delivery makes it whole', async (fault) => {
    for (let faulty = 0; faulty < 14; faulty++) {
      const world = await newWorld();
      let call = 0;
      const items = new FaultyItems(world.items, () => (call++ === faulty ? fault : undefined));
      const { result } = await world.consume(early, { items });
      if (result === 'killed') throw new Error('nobody kills here');
      const failed = early.findIndex(({ sequence }) => sequence === result.failedFrom);
      if (failed >= 0) await world.consume(early.slice(failed));
      await expectBoth(world, [early]);
    }
  });

  it('hands back from the first ride of the driver that failed, and applies the others', async () => {
    const world = await newWorld(2048);
    // The read of the three items, then their writes: the second driver's fails.
    let call = 0;
    const items = new FaultyItems(world.items, () => (call++ === 2 ? 'refused' : undefined));
    const { result } = await world.consume(early.slice(0, 6), { items });
    expect(result).toMatchObject({ failedFrom: early[1]?.sequence, counts: { applied: 6, writes: 2 } });
    expect((await world.reading(world.view('ride_windows'), driverKey(1), atMillis)).kind).toBe('values');
    const again = await world.consume(early.slice(1));
    expect(again.result).toMatchObject({ counts: { writes: 3 } });
    await expectBoth(world, [early]);
  });
});

describe('a reader between the calls of a hand-over', () => {
  it('sees the old pair or the new one, or is told to read again, whichever items it has of each moment', async () => {
    const target = windows;
    const world = await newWorld();
    const view = world.view(target.name);
    const addresses = [view.headKey, view.closedKey].map((viewId) => ({ entityKey: driverKey(1), viewId }));
    const rides = ridesRecords(
      Array.from({ length: 30 }, (_, index) => ({ driver: 1, fare: 1, atMillis: Math.floor(index / 2) * minute })),
    );
    const looks: { head: string | undefined; closed: string | undefined; rides: number }[] = [];
    const look = async (count: number): Promise<void> => {
      const [head, closed] = await world.items.read(addresses);
      looks.push({ head: head?.packed, closed: closed?.packed, rides: count });
    };
    let handOvers = 0;
    for (const [index, ride] of rides.entries()) {
      const { result } = await world.consume([ride], { hook: () => look(index) });
      handOvers += result === 'killed' ? 0 : result.counts.handOvers;
      await look(index + 1);
    }
    expect(handOvers).toBeGreaterThan(2);
    let torn = 0;
    // A reader's two reads may be of different moments: of an item before and of the other after any write.
    for (const [first, { head }] of looks.entries())
      for (const [second, { closed }] of looks.entries()) {
        const reading = readPair(view, { head, closed }, start + hour / 2);
        if (reading.kind === 'readAgain') torn++;
        else {
          const counted = Number(reading.values[0]);
          const possible = [looks[first], looks[second]].flatMap((moment) =>
            moment ? [moment.rides, moment.rides + 1] : [],
          );
          expect(possible, `item of moment ${first}, second of ${second}`).toContain(counted);
        }
      }
    expect(torn).toBeGreaterThan(0);
    for (const { head, closed, rides: count } of looks) {
      const reading = readPair(view, { head, closed }, start + hour / 2);
      if (reading.kind !== 'values') throw new Error('one moment is never torn');
      expect([count, count + 1]).toContain(Number(reading.values[0]));
    }
  });
});
