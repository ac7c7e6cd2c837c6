import { beforeEach, describe, expect, it } from 'vitest';
import { takeRunLock } from '#engine/materialize/run-lock.ts';
import { MemoryExecutions } from '#store/memory/executions.ts';
import { MemoryLocks } from '#store/memory/locks.ts';
import { tableViewOf } from '#test/support/manifests.ts';

const view = tableViewOf('profile', [{ name: 'name', type: 'string' }], { entity: 'driver', source: 'drivers' });
let ports: { locks: MemoryLocks; executions: MemoryExecutions };
const take = (owner: string, shared = true) => takeRunLock(ports, view, { owner, shared });
const inProgress = { code: 'materialize.runInProgress', kind: 'conflict' };

beforeEach(() => {
  ports = { locks: new MemoryLocks(), executions: new MemoryExecutions() };
  for (const execution of ['a', 'b', 'c', 'd']) ports.executions.start(execution);
});

describe('the lock of a view version', () => {
  it('gives a repeated step the same lease', async () => {
    const [one, other] = [await take('a'), await take('a')];
    expect(one).toEqual(other);
  });

  it('refuses a second run while the first goes on, with its number and execution', async () => {
    await take('a');
    await expect(take('b')).rejects.toMatchObject(inProgress);
    await expect(take('b')).rejects.toThrow(
      'run 1 of profile@1 is in progress (a); one run of a view version at a time',
    );
  });

  it('passes from an execution that has ended to the next one, under a greater number', async () => {
    await take('a');
    ports.executions.stop('a');
    expect(await take('b')).toMatchObject({ kind: 'taken', lease: { owner: 'b', fence: 2 } });
  });

  it('lets one run wait for all that come meanwhile', async () => {
    await take('a');
    await expect(take('b')).rejects.toMatchObject(inProgress);
    expect(await take('c')).toEqual({ kind: 'covered', by: 'b' });
    await expect(take('b')).rejects.toMatchObject(inProgress);
  });

  it('needs a new waiting run from the moment that the waiting one goes on', async () => {
    const first = await take('a');
    await expect(take('b')).rejects.toMatchObject(inProgress);
    if (first.kind === 'taken') await ports.locks.release(first.lease);
    expect(await take('b')).toMatchObject({ kind: 'taken' });
    await expect(take('c')).rejects.toMatchObject(inProgress);
  });

  it('does not count on a waiting run that has ended', async () => {
    await take('a');
    await expect(take('b')).rejects.toMatchObject(inProgress);
    ports.executions.stop('b');
    await expect(take('c')).rejects.toMatchObject(inProgress);
    expect(await take('d')).toEqual({ kind: 'covered', by: 'c' });
  });

  it('makes a run with an interval wait for itself, and lets nobody count on it', async () => {
    await take('a');
    await expect(take('b', false)).rejects.toMatchObject(inProgress);
    await expect(take('c')).rejects.toMatchObject(inProgress);
    await expect(take('d', false)).rejects.toMatchObject(inProgress);
  });
});
