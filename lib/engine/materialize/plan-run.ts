import { viewId } from '#spec/find.ts';
import type { StoredView } from '#spec/manifest.ts';
import { closeAbandoned } from './close-abandoned.ts';
import { draftRun, type RunDraft } from './draft-run.ts';
import { hullOf } from './intervals.ts';
import { findMaterializedView } from './materialized-view.ts';
import { claimPublished, readPublished, withPublication } from './published.ts';
import { type RunReference, runFiles } from './run-files.ts';
import { takeRunLock } from './run-lock.ts';
import type { RunPlan } from './run-plan.ts';
import type { RunPorts } from './run-ports.ts';
import { putRunRecord, type RunRecord } from './run-record.ts';
import { batchState, type RunState, readState, updateState } from './run-state.ts';

export interface RunRequest {
  /** `name[@version]`. */
  readonly view: string;
  /** Exclusive, epoch milliseconds. */
  readonly fromMillis?: number | undefined;
  /** Inclusive, epoch milliseconds. */
  readonly toMillis?: number | undefined;
  /** ARN of the execution: the owner of the lock. */
  readonly execution: string;
}

/**
 * What the state machine does next: `compute` chunks, `select` rows for the online store, or end: there is `nothing` to do, or the
 * run is `covered` by one that waits for the lock.
 */
export type PlannedRun =
  | {
      readonly next: 'compute' | 'select' | 'nothing';
      readonly run: RunReference;
      readonly chunks: readonly { readonly number: number }[];
    }
  | { readonly next: 'covered'; readonly by: string };

export type PlanPorts = Pick<
  RunPorts,
  'manifest' | 'database' | 'objects' | 'openBucket' | 'locks' | 'executions' | 'records' | 'clock'
>;

/**
 * First step of a run: takes the lock, claims the files that runs replace, decides what to do and writes it down. Repeating it for
 * the same execution is harmless. Throws materialize.fromStream, materialize.runInProgress, materialize.badInterval,
 * materialize.tooManyChunks, spec errors.
 */
export async function planRun(ports: PlanPorts, request: RunRequest): Promise<PlannedRun> {
  const view = findMaterializedView(ports.manifest, request.view);
  const requested = requestedOf(request);
  const shared = Object.keys(requested).length === 0;
  const lock = await takeRunLock(ports, view, { owner: request.execution, shared });
  if (lock.kind === 'covered') return { next: 'covered', by: lock.by };
  const { lease } = lock;
  // Read only now: a run that stands for others must see all that they came for.
  const nowMillis = ports.clock();
  await closeAbandoned(ports, view, lease);
  const run: RunReference = { view: viewId(view), lease };
  const draft = (state: RunState): Promise<RunDraft | undefined> =>
    draftRun(ports, { view, state, run: lease.fence, execution: request.execution, requested, nowMillis });

  // Looked at before anything is claimed: a scheduled run that finds nothing to do leaves the files alone.
  const drafted =
    (await draft(await currentState(ports, view))) && (await draft(await claimState(ports, view, lease.fence)));
  const record = newRecord(view, run, { requested, nowMillis });
  if (!drafted) {
    const finishedAtMillis = ports.clock();
    const seconds = (finishedAtMillis - nowMillis) / 1000;
    await putRunRecord(ports.records, view, { ...record, state: 'nothingToDo', finishedAtMillis, seconds });
    await ports.locks.release(lease);
    return { next: 'nothing', run, chunks: [] };
  }
  await writeDraft(ports, view, drafted);
  const { plan } = drafted;
  const chunks = plan.kind === 'batch' ? plan.chunks.map(({ number }) => ({ number })) : [];
  const next = chunks.length > 0 ? 'compute' : 'select';
  const step = next === 'compute' ? 'computing' : 'selecting';
  await putRunRecord(ports.records, view, { ...record, step, ...summaryOf(plan) });
  return { next, run, chunks };
}

const requestedOf = ({ fromMillis, toMillis }: RunRequest): RunPlan['requested'] => ({
  ...(fromMillis === undefined ? {} : { fromMillis }),
  ...(toMillis === undefined ? {} : { toMillis }),
});

/** The state as the next run has to see it: with a publication that its run did not live to count in. */
async function currentState(ports: Pick<RunPorts, 'objects'>, view: StoredView): Promise<RunState> {
  const state = await readState(ports.objects, view);
  if (view.kind !== 'batch') return state;
  return withPublication(batchState(state), await readPublished(ports.objects, view));
}

/** Claims what runs replace, published rows first: after it no earlier run, even one still acting, can publish or change state. */
async function claimState(ports: Pick<RunPorts, 'objects'>, view: StoredView, run: number): Promise<RunState> {
  if (view.kind !== 'batch') return updateState(ports.objects, { view, run, change: (state) => state });
  const published = await claimPublished(ports.objects, view, run);
  return updateState(ports.objects, { view, run, change: (state) => withPublication(batchState(state), published) });
}

async function writeDraft(ports: Pick<RunPorts, 'objects'>, view: StoredView, draft: RunDraft): Promise<void> {
  const files = runFiles(view, draft.plan.run);
  await Promise.all([...draft.statements].map(([query, sql]) => ports.objects.put(files.statement(query), sql)));
  await ports.objects.put(files.plan, JSON.stringify(draft.plan));
}

function newRecord(
  view: StoredView,
  run: RunReference,
  { requested, nowMillis }: Pick<RunPlan, 'requested' | 'nowMillis'>,
): RunRecord {
  return {
    view: run.view,
    kind: view.kind,
    run: run.lease.fence,
    state: 'running',
    step: 'planning',
    execution: run.lease.owner,
    requested,
    startedAtMillis: nowMillis,
  };
}

function summaryOf(plan: RunPlan): Partial<RunRecord> {
  if (plan.kind === 'table') return { newObjects: plan.newObjects };
  return { ticks: plan.tickCount, chunks: plan.chunks.length, ...hullOf(plan.ticks) };
}
