import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import type { Lease } from '#store/locks.ts';
import { lockName, type RunReference, type Versioned, waiterName } from './run-files.ts';
import type { RunPorts } from './run-ports.ts';

type LockPorts = Pick<RunPorts, 'locks' | 'executions'>;

export interface LockRequest {
  /** ARN of the execution. */
  readonly owner: string;
  /**
   * True for a run that asks for no interval but for whatever is new: one that waits stands for all that come while it waits, since
   * it plans after them.
   */
  readonly shared: boolean;
}

/** `covered`: a run that waits for the lock will do this run's work. */
export type LockOutcome =
  | { readonly kind: 'taken'; readonly lease: Lease }
  | { readonly kind: 'covered'; readonly by: string };

/**
 * Takes the lock of a view version for an execution: free, its own (a repeated step), or left by an execution that no longer
 * runs. Throws materialize.runInProgress while another one does: the caller tries again later.
 */
export async function takeRunLock(ports: LockPorts, view: Versioned, request: LockRequest): Promise<LockOutcome> {
  const { owner, shared } = request;
  const { acquired, lease } = await ports.locks.acquire(lockName(view), owner);
  const taken = acquired ? lease : await takeOver(ports, lease, owner);
  if (taken) {
    if (shared) await leaveWaiting(ports, view, owner);
    return { kind: 'taken', lease: taken };
  }
  const waiter = shared ? await waitingRun(ports, view, owner) : owner;
  if (waiter !== owner) return { kind: 'covered', by: waiter };
  throw new TidemarkError(
    'materialize.runInProgress',
    `run ${lease.fence} of ${viewId(view)} is in progress (${lease.owner}); one run of a view version at a time: wait for it or stop it`,
    { kind: 'conflict', details: { view: viewId(view), run: lease.fence, owner: lease.owner } },
  );
}

/** The lock, when its owner no longer runs and nobody else was quicker. */
const takeOver = async (ports: LockPorts, stale: Lease, owner: string): Promise<Lease | undefined> =>
  (await ports.executions.isRunning(stale.owner)) ? undefined : ports.locks.takeOver(stale, owner);

/** The execution that waits for the lock of a view version on behalf of all: this one, when no other does. */
async function waitingRun(ports: LockPorts, view: Versioned, owner: string): Promise<string> {
  const { acquired, lease } = await ports.locks.acquire(waiterName(view), owner);
  if (acquired) return owner;
  return (await takeOver(ports, lease, owner)) ? owner : lease.owner;
}

/** From now on a run that comes finds nobody waiting: this one plans next, perhaps before what the other comes for is there. */
async function leaveWaiting(ports: LockPorts, view: Versioned, owner: string): Promise<void> {
  const { acquired, lease } = await ports.locks.acquire(waiterName(view), owner);
  if (acquired) await ports.locks.release(lease);
}

/** A later run has taken over: this one may write nothing more. */
export const superseded = (view: Versioned, run: number): TidemarkError =>
  new TidemarkError(
    'materialize.superseded',
    `run ${run} of ${viewId(view)} lost its lock: a later run has taken over; nothing of it is published from now on`,
    { kind: 'conflict', details: { view: viewId(view), run } },
  );

/** Throws materialize.superseded when the run's lease has been taken over or freed. */
export async function checkLease(ports: Pick<RunPorts, 'locks'>, view: Versioned, run: RunReference): Promise<void> {
  if (!(await ports.locks.holds(run.lease))) throw superseded(view, run.lease.fence);
}
