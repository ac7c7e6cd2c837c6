import type { Lease, Locks } from '../locks.ts';

/** Locks of one process. For tests. */
export class MemoryLocks implements Locks {
  readonly #locks = new Map<string, { owner: string | undefined; fence: number }>();

  async acquire(name: string, owner: string): Promise<{ acquired: boolean; lease: Lease }> {
    const present = this.#locks.get(name);
    if (present?.owner !== undefined)
      return { acquired: present.owner === owner, lease: { name, owner: present.owner, fence: present.fence } };
    return { acquired: true, lease: this.#grant(name, owner) };
  }

  async takeOver(stale: Lease, owner: string): Promise<Lease | undefined> {
    return (await this.holds(stale)) ? this.#grant(stale.name, owner) : undefined;
  }

  async holds(lease: Lease): Promise<boolean> {
    const present = this.#locks.get(lease.name);
    return present?.owner === lease.owner && present.fence === lease.fence;
  }

  async release(lease: Lease): Promise<void> {
    if (await this.holds(lease)) this.#locks.set(lease.name, { owner: undefined, fence: lease.fence });
  }

  #grant(name: string, owner: string): Lease {
    const fence = (this.#locks.get(name)?.fence ?? 0) + 1;
    this.#locks.set(name, { owner, fence });
    return { name, owner, fence };
  }
}
