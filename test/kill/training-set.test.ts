import { describe, expect, it, vi } from 'vitest';
import { TidemarkError } from '#spec/errors.ts';
import { type CallHook, killAt } from './mortal-ports.ts';
import { TrainingSetWorld } from './training-set-world.ts';

vi.setConfig({ testTimeout: 600_000 });

const undisturbed = async (): Promise<TrainingSetWorld> => {
  const world = await TrainingSetWorld.withSpine();
  await world.build();
  return world;
};

async function callsOf(): Promise<number> {
  const { process } = await (await TrainingSetWorld.withSpine()).build();
  expect(process.calls).toBeGreaterThan(50);
  return process.calls;
}

/** After every call of a build, one after the other; a fresh world for each. What dies before a call leaves what dies after the last one leaves. */
async function afterEachCall(test: (world: TrainingSetWorld, call: number) => Promise<void>): Promise<void> {
  const calls = await callsOf();
  for (let call = 0; call < calls; call += 1)
    await test(await TrainingSetWorld.withSpine(), call).catch((error: unknown) => {
      throw new Error(`killed after call ${call}`, { cause: error });
    });
}

describe('a training set', () => {
  it('is complete and listed after a build that nothing disturbs, over several parts and a worker that was lost', async () => {
    const world = await undisturbed();
    await world.expectComplete();
    expect(await world.column('driver_id')).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(await world.column('stats__trips')).toEqual([1n, 101n, 201n, 301n, 401n]);
    expect((await world.content()).bytes).toHaveLength(3);
  });

  it('is not listed before it is complete, at no call of its build', async () => {
    const world = await TrainingSetWorld.withSpine();
    const listed: boolean[] = [];
    await world.build(async () => {
      listed.push(await world.expectWholeOrUnlisted());
    });
    const first = listed.indexOf(true);
    expect(first).toBeGreaterThan(100);
    // what follows is the record's change
    expect(listed.slice(first).every(Boolean)).toBe(true);
    expect(listed.length - first).toBeLessThan(8);
  });

  it('is the same to the last byte when a build was killed at any call and another one follows', async () => {
    const expected = await (await undisturbed()).content();
    let wasComplete = 0;
    await afterEachCall(async (world, call) => {
      expect((await world.build(killAt('after', call))).dataset).toBeUndefined();
      if (await world.expectWholeOrUnlisted()) wasComplete += 1;
      await world.build();
      await world.expectComplete();
      expect(await world.content()).toEqual(expected);
    });
    expect(wasComplete).toBeGreaterThan(0);
  });

  it('is the same to the last byte when a step was killed at any call and is tried again', async () => {
    const expected = await (await undisturbed()).content();
    await afterEachCall(async (world, call) => {
      await world.buildRetrying(killAt('after', call));
      await world.expectComplete();
      expect(await world.content()).toEqual(expected);
    });
  });
});

/** Holds the process still at one call, runs something else meanwhile, then lets it go on. */
const pausedAt =
  (call: number, meanwhile: () => Promise<void>): CallHook =>
  async (moment, atCall) => {
    if (moment === 'before' && atCall === call) await meanwhile();
  };

describe('two builds of one training set', () => {
  it.each([
    ['the source', async (world: TrainingSetWorld) => world.addSourceRows()],
    ['the spine', async (world: TrainingSetWorld) => world.putSpine(7)],
  ])('leave what the other one has completed as it is, where %s has changed between them', async (_, change) => {
    const calls = await callsOf();
    for (let call = 0; call < calls; call += 1) {
      const world = await TrainingSetWorld.withSpine();
      let completed: unknown;
      const meanwhile = async (): Promise<void> => {
        const isThere = await world.expectWholeOrUnlisted();
        await change(world);
        await world.build();
        await world.expectComplete();
        completed = await world.content();
        if (isThere) expect(await world.column('driver_id')).toEqual([0n, 1n, 2n, 3n, 4n]);
      };
      await world.build(pausedAt(call, meanwhile)).catch((error: unknown) => {
        if (!(error instanceof TidemarkError)) throw new Error(`paused at call ${call}`, { cause: error });
      });
      const where = `paused at call ${call}`;
      expect(await world.expectWholeOrUnlisted(), where).toBe(true);
      expect(await world.content(), where).toEqual(completed);
    }
  });

  it('never hold labels of the one with values of the other', async () => {
    const calls = await callsOf();
    let completed = 0;
    for (let call = 0; call < calls; call += 1) {
      const world = await TrainingSetWorld.withSpine();
      const meanwhile = async (): Promise<void> => {
        await world.putSpine(7);
        await world.build(killAt('after', (call * 7) % calls));
      };
      const paused = pausedAt(call, meanwhile);
      const hook: CallHook = async (moment, atCall, name) => {
        // no other call stands between the last look at the owner and the manifest: a build is not held there for as long as a join takes
        if (!name.startsWith('objects.put datasets/t1/manifest')) await paused(moment, atCall, name);
      };
      await world.build(hook).catch((error: unknown) => {
        if (!(error instanceof TidemarkError)) throw new Error(`paused at call ${call}`, { cause: error });
      });
      if (!(await world.expectWholeOrUnlisted())) continue;
      completed += 1;
      const drivers = await world.column('driver_id');
      expect(await world.column('stats__trips'), `paused at call ${call}`).toEqual(
        drivers.map((driver) => BigInt(Number(driver)) * 100n + 1n),
      );
    }
    expect(completed).toBeGreaterThan(5);
  });
});
