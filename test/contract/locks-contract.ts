import { expect, it } from 'vitest';
import type { Locks } from '#store/locks.ts';

/** What every store of locks does. */
export function locksContract(create: () => Promise<Locks>): void {
  it('gives a free lock to the first owner and shows the others who holds it', async () => {
    const locks = await create();
    const first = await locks.acquire('view@1', 'run 1');
    expect(first).toMatchObject({ acquired: true, lease: { name: 'view@1', owner: 'run 1' } });
    expect(await locks.acquire('view@1', 'run 2')).toEqual({ acquired: false, lease: first.lease });
    expect(await locks.holds(first.lease)).toBe(true);
  });

  it('gives an owner its own lease again', async () => {
    const locks = await create();
    const first = await locks.acquire('view@1', 'run 1');
    expect(await locks.acquire('view@1', 'run 1')).toEqual(first);
  });

  it('keeps locks of different names apart', async () => {
    const locks = await create();
    expect((await locks.acquire('a', 'run 1')).acquired).toBe(true);
    expect((await locks.acquire('b', 'run 2')).acquired).toBe(true);
  });

  it('frees a lock, and its fence grows with every owner', async () => {
    const locks = await create();
    const fences: number[] = [];
    for (const owner of ['run 1', 'run 2', 'run 1']) {
      const { acquired, lease } = await locks.acquire('view@1', owner);
      expect(acquired).toBe(true);
      fences.push(lease.fence);
      await locks.release(lease);
      expect(await locks.holds(lease)).toBe(false);
    }
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });

  it('hands a lock over once: a second one who saw the same stale lease gets nothing', async () => {
    const locks = await create();
    const { lease } = await locks.acquire('view@1', 'dead run');
    const taken = await locks.takeOver(lease, 'run 2');
    expect(taken).toMatchObject({ owner: 'run 2' });
    expect(taken?.fence).toBeGreaterThan(lease.fence);
    expect(await locks.takeOver(lease, 'run 3')).toBeUndefined();
    expect(await locks.holds(lease)).toBe(false);
    expect((await locks.acquire('view@1', 'run 3')).lease).toEqual(taken);
  });

  it('does nothing when a lease is released that no longer stands', async () => {
    const locks = await create();
    const { lease } = await locks.acquire('view@1', 'dead run');
    const taken = await locks.takeOver(lease, 'run 2');
    await locks.release(lease);
    expect(taken && (await locks.holds(taken))).toBe(true);
    expect(await locks.takeOver({ ...lease, name: 'never locked' }, 'run 3')).toBeUndefined();
    await locks.release({ ...lease, name: 'never locked' });
    expect((await locks.acquire('never locked', 'run 4')).acquired).toBe(true);
  });

  it('lets one of many owners at once win', async () => {
    const locks = await create();
    const owners = Array.from({ length: 16 }, (_, index) => `run ${index}`);
    const answers = await Promise.all(owners.map((owner) => locks.acquire('view@1', owner)));
    const winners = answers.filter(({ acquired }) => acquired);
    expect(winners).toHaveLength(1);
    for (const { lease } of answers) expect(lease).toEqual(winners[0]?.lease);
  });
}
