import { describe, expect, it, vi } from 'vitest';
import { readState, type TableState, tableState } from '#engine/materialize/run-state.ts';
import { Random } from '#test/support/random.ts';
import { randomSettings } from '#test/support/seed.ts';
import { type CallHook, killAt, neverKilled } from './mortal-ports.ts';
import { hour, RunWorld, tableView } from './run-world.ts';

// Thousands of runs: on a machine that does other things at once they take minutes.
vi.setConfig({ testTimeout: 600_000 });

const start = Date.parse('2024-03-01T18:00:00Z');
const moments = ['before', 'after'] as const;
const batch = { view: 'driver_stats' };
const recompute = { view: 'driver_stats', fromMillis: start };
const table = { view: 'last_trip' };

/** A deployment with some ticks computed and online, and six more due over a midnight. */
async function batchWorld(): Promise<RunWorld> {
  const world = new RunWorld();
  expect((await world.run(recompute)).outcome).toBe('succeeded');
  world.nowMillis += 6 * hour;
  // Athena loses a worker in the first attempt of a chunk, after half of its files.
  world.failingAttempt = /run=2\/chunk-0-1\//;
  world.corrections += 1;
  return world;
}

/** A deployment that has read two objects; since then a late one has come, and a row of the first is visible by now. */
async function tableWorld(): Promise<RunWorld> {
  const world = new RunWorld();
  const at = (minutes: number): number => world.nowMillis + minutes * 60_000;
  await world.addObject('a.parquet', [
    { driver: 1, eventMillis: at(-60), value: 1 },
    { driver: 2, eventMillis: at(-50), value: 2 },
    { driver: 1, eventMillis: at(-2), value: 3 },
  ]);
  await world.addObject('b.parquet', [{ driver: 3, eventMillis: at(-30), value: 4 }]);
  expect((await world.run(table)).outcome).toBe('succeeded');
  await world.expectTableOnline();
  await world.addObject('late.parquet', [
    { driver: 4, eventMillis: at(-6000), value: 5 },
    { driver: 3, eventMillis: at(-7000), value: 6 },
  ]);
  world.nowMillis += hour;
  return world;
}

async function callsOf(world: RunWorld, request: Parameters<RunWorld['run']>[0]): Promise<number> {
  const { outcome, process } = await world.run(request, neverKilled);
  expect(outcome).toBe('succeeded');
  expect(process.calls).toBeGreaterThan(20);
  return process.calls;
}

/** Every boundary of a run, one after the other; a fresh world for each. */
async function atEachBoundary(
  calls: number,
  test: (moment: 'before' | 'after', call: number) => Promise<void>,
): Promise<void> {
  for (const moment of moments)
    for (let call = 0; call < calls; call += 1)
      await test(moment, call).catch((error: unknown) => {
        throw new Error(`killed ${moment} call ${call}`, { cause: error });
      });
}

/** Holds the process still at one call, runs something else meanwhile, then lets it go on. */
const pausedAt =
  (call: number, meanwhile: () => Promise<void>): CallHook =>
  async (moment, atCall) => {
    if (moment === 'before' && atCall === call) await meanwhile();
  };

describe('a batch view', () => {
  it('is complete after a run that nothing disturbs', async () => {
    const world = await batchWorld();
    await callsOf(world, batch);
    await world.expectComplete(start);
    expect((await world.visibleRows()).length).toBeGreaterThan(10);
    expect((await world.run(batch)).outcome, 'run again').toBe('nothing');
  });

  it('loses and doubles no row when a run is killed at any call and the next one runs', async () => {
    const calls = await callsOf(await batchWorld(), batch);
    await atEachBoundary(calls, async (moment, call) => {
      const world = await batchWorld();
      expect((await world.run(batch, killAt(moment, call))).outcome).toBe('killed');
      await world.expectWholeRuns();
      expect((await world.run(batch)).outcome).toMatch(/succeeded|nothing/);
      await world.expectComplete(start);
    });
  });

  it('goes on where a step was killed at any call and is tried again in the same execution', async () => {
    const calls = await callsOf(await batchWorld(), batch);
    await atEachBoundary(calls, async (moment, call) => {
      const world = await batchWorld();
      expect(await world.runRetrying(batch, killAt(moment, call))).toMatch(/succeeded|nothing/);
      await world.expectComplete(start);
    });
  });

  it('does not let a run that was taken over change anything, wherever it wakes up again', async () => {
    const calls = await callsOf(await batchWorld(), batch);
    for (let call = 0; call < calls; call += 1) {
      const world = await batchWorld();
      const meanwhile = async (): Promise<void> => {
        world.executions.stop('execution-1');
        world.nowMillis += 2 * hour;
        expect((await world.run(batch)).outcome, `after call ${call}`).toMatch(/succeeded|nothing/);
        await world.expectWholeRuns();
      };
      await world.run(batch, pausedAt(call, meanwhile)).catch((error: unknown) => {
        throw new Error(`paused at call ${call}`, { cause: error });
      });
      await world.athena.settle();
      expect((await world.run(batch)).outcome, 'the next run finds all done').toBe('nothing');
      await world.expectComplete(start);
    }
  });

  it('keeps older rows of ticks that are computed again, and writes the newer ones online, killed or not', async () => {
    const upToDate = async (): Promise<RunWorld> => {
      const world = await batchWorld();
      expect((await world.run(batch)).outcome).toBe('succeeded');
      world.corrections += 1;
      return world;
    };
    const calls = await callsOf(await upToDate(), recompute);
    await atEachBoundary(calls, async (moment, call) => {
      const world = await upToDate();
      const before = await world.visibleRows();
      await world.run(recompute, killAt(moment, call));
      await world.expectWholeRuns();
      expect((await world.run(batch)).outcome).toMatch(/succeeded|nothing/);
      await world.expectComplete(start, { recomputed: true });
      expect(await world.visibleRows()).toEqual(expect.arrayContaining(before));
    });
  });
});

it('does not let a run wake up that was taken over, whatever the later run is at', async () => {
  const calls = await callsOf(await batchWorld(), batch);
  for (let first = 0; first < calls; first += 1)
    for (let second = first % 9; second < calls; second += 9) {
      const world = await batchWorld();
      await world
        .runInterleaved({ request: batch, call: first }, { request: batch, call: second })
        .catch((error: unknown) => {
          throw new Error(`asleep at call ${first}, awake at call ${second}`, { cause: error });
        });
      expect((await world.run(batch)).outcome).toBe('nothing');
      await world.expectComplete(start).catch((error: unknown) => {
        throw new Error(`asleep at call ${first}, awake at call ${second}`, { cause: error });
      });
    }
});

describe('a table view', () => {
  it('reads late objects and rows that became visible since, and nothing else', async () => {
    const world = await tableWorld();
    await callsOf(world, table);
    await world.expectTableOnline();
  });

  it('loses no row when a run is killed at any call and the next one runs', async () => {
    const calls = await callsOf(await tableWorld(), table);
    await atEachBoundary(calls, async (moment, call) => {
      const world = await tableWorld();
      expect((await world.run(table, killAt(moment, call))).outcome).toBe('killed');
      world.nowMillis += hour;
      expect((await world.run(table)).outcome).toMatch(/succeeded|nothing/);
      await world.expectTableOnline();
    });
  });

  it('goes on where a step was killed at any call and is tried again in the same execution', async () => {
    const calls = await callsOf(await tableWorld(), table);
    await atEachBoundary(calls, async (moment, call) => {
      const world = await tableWorld();
      expect(await world.runRetrying(table, killAt(moment, call))).toMatch(/succeeded|nothing/);
      await world.expectTableOnline();
    });
  });

  it('does not let a run that was taken over set the state back, wherever it wakes up again', async () => {
    const calls = await callsOf(await tableWorld(), table);
    for (let call = 0; call < calls; call += 1) {
      const world = await tableWorld();
      let achieved: TableState | undefined;
      await world.run(
        table,
        pausedAt(call, async () => {
          world.executions.stop('execution-1');
          await world.addObject('later.parquet', [{ driver: 5, eventMillis: world.nowMillis - hour, value: 7 }]);
          expect((await world.run(table)).outcome).toBe('succeeded');
          achieved = tableState(await readState(world.objects, tableView));
        }),
      );
      const { visibleMillis } = tableState(await readState(world.objects, tableView));
      expect(visibleMillis).toBeGreaterThanOrEqual(achieved?.visibleMillis ?? Number.NaN);
      expect((await world.run(table)).outcome).toMatch(/succeeded|nothing/);
      await world.expectTableOnline();
    }
  });
});

it('refuses a run while another one of the view goes on, and not one of another view', async () => {
  const world = await batchWorld();
  const outcomes: string[] = [];
  const meanwhile = async (): Promise<void> => {
    outcomes.push((await world.run(batch)).outcome, (await world.run(table)).outcome);
  };
  expect((await world.run(batch, pausedAt(12, meanwhile))).outcome).toBe('succeeded');
  expect(outcomes).toEqual(['failed', 'nothing']);
  await world.expectComplete(start);
});

it('fails a run whose map lost an item without a word, and writes its rows in the next one', async () => {
  const world = await batchWorld();
  world.losesItems = true;
  expect((await world.run(batch)).outcome).toBe('failed');
  world.losesItems = false;
  expect((await world.run(batch)).outcome).toBe('succeeded');
  await world.expectComplete(start);
});

const { seed, cases, again } = randomSettings(300);

it(`survives random histories of kills, interleaved runs and corrections (${again})`, async () => {
  for (let number = 0; number < cases; number += 1) {
    const random = new Random(seed + number);
    await randomHistory(random).catch((error: unknown) => {
      throw new Error(`case ${number}: TIDEMARK_SEED=${seed + number} TIDEMARK_CASES=1`, { cause: error });
    });
  }
});

async function randomHistory(random: Random): Promise<void> {
  const world = new RunWorld();
  let objects = 0;
  expect((await world.run(recompute)).outcome).toBe('succeeded');
  for (let steps = random.integer(1, 5); steps > 0; steps -= 1) {
    world.nowMillis += random.integer(0, 5) * hour;
    if (random.chance(0.3)) world.corrections += 1;
    if (random.chance(0.5))
      await world.addObject(`${objects++}.parquet`, [
        {
          driver: random.integer(0, 5),
          eventMillis: world.nowMillis - random.integer(-60, 600) * 60_000,
          value: objects,
        },
      ]);
    // Commonly at the last calls too, where runs publish and commit.
    const call = (): number => random.integer(0, 70);
    const request = random.pick([batch, batch, recompute, table]);
    const kind = random.pick(['kill', 'kill', 'retry', 'interleave', 'interleave', 'whole'] as const);
    if (kind === 'kill') await world.run(request, killAt(random.pick(moments), call()));
    else if (kind === 'retry') await world.runRetrying(request, killAt(random.pick(moments), call()));
    else if (kind === 'interleave')
      await world.runInterleaved({ request, call: call() }, { request: random.pick([request, batch]), call: call() });
    else await world.run(request);
    await world.expectWholeRuns();
  }
  if (random.chance(0.5)) await world.athena.settle();
  expect((await world.run(batch)).outcome).toMatch(/succeeded|nothing/);
  await world.expectComplete(start, { recomputed: true });
  if (objects > 0) {
    expect((await world.run(table)).outcome).toMatch(/succeeded|nothing/);
    await world.expectTableOnline();
  }
}
