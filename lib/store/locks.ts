/** A lock held by an owner. `fence` grows with every acquisition of the same name. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

/** Mutual exclusion by name, with takeover decided by the caller (is the owner still running?). */
export interface Locks {
  /** Takes a free lock, or returns its present lease. The same owner gets its own lease again. */
  acquire(name: string, owner: string): Promise<{ readonly acquired: boolean; readonly lease: Lease }>;
  /** Takes the lock over from exactly this lease; undefined when it has changed hands meanwhile. */
  takeOver(stale: Lease, owner: string): Promise<Lease | undefined>;
  /** True while the lease stands. */
  holds(lease: Lease): Promise<boolean>;
  /** Frees the lock if the lease still stands; otherwise does nothing. */
  release(lease: Lease): Promise<void>;
}
