import { closeAbandoned } from '#engine/materialize/close-abandoned.ts';
import { type RunReference, runFiles } from '#engine/materialize/run-files.ts';
import { takeRunLock } from '#engine/materialize/run-lock.ts';
import { putRunRecord, type RunRecord } from '#engine/materialize/run-record.ts';
import { readJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { viewId } from '#spec/find.ts';
import { backfillCut } from './backfill-cut.ts';
import { type BackfillPlan, backfillPlanSchema } from './backfill-plan.ts';
import type { BackfillPorts } from './backfill-ports.ts';
import { type BackfilledView, findBackfilledView } from './backfilled-view.ts';

export interface BackfillRequest {
  /** `name[@version]`. */
  readonly view: string;
  /** Build every item again from the log, under a new cut. @default false */
  readonly rebuild?: boolean | undefined;
  /** ARN of the execution: the owner of the lock. */
  readonly execution: string;
}

/** `wait` for the cut and the archive, or end: there is `nothing` to do. */
export interface PlannedBackfill {
  readonly next: 'wait' | 'nothing';
  readonly run: RunReference;
}

export type PlanBackfillPorts = Pick<
  BackfillPorts,
  'manifest' | 'objects' | 'locks' | 'executions' | 'records' | 'clock' | 'cutAheadMillis'
>;

/**
 * First step of a backfill: takes the lock of the view version, decides up to which arrival it reaches and writes that down. Repeating it for
 * the same execution is harmless. Throws backfill.notOverStream, backfill.notOnline, backfill.noRebuild, materialize.runInProgress,
 * spec errors.
 */
export async function planBackfill(ports: PlanBackfillPorts, request: BackfillRequest): Promise<PlannedBackfill> {
  const { execution, rebuild = false } = request;
  const backfilled = findBackfilledView(ports.manifest, request.view);
  const { view } = backfilled;
  if (rebuild && view.kind === 'table') throw noRebuild(backfilled);
  const lock = await takeRunLock(ports, view, { owner: execution, shared: false });
  // Never `covered`: a backfill waits for nobody else.
  if (lock.kind === 'covered') throw new TypeError('a backfill is not shared');
  const { lease } = lock;
  const nowMillis = ports.clock();
  await closeAbandoned(ports, view, lease);
  const run: RunReference = { view: viewId(view), lease };
  const record: RunRecord = {
    view: run.view,
    kind: view.kind,
    run: lease.fence,
    state: 'running',
    step: 'waiting',
    execution,
    requested: rebuild ? { rebuild } : {},
    startedAtMillis: nowMillis,
  };
  const plan = await planOf(ports, { backfilled, run, rebuild, nowMillis });
  if (!plan) {
    const finishedAtMillis = ports.clock();
    const seconds = (finishedAtMillis - nowMillis) / 1000;
    await putRunRecord(ports.records, view, { ...record, state: 'nothingToDo', finishedAtMillis, seconds });
    await ports.locks.release(lease);
    return { next: 'nothing', run };
  }
  const cut = view.kind === 'stream' ? { cutRun: plan.cutRun, cutMillis: plan.cutMillis } : {};
  await putRunRecord(ports.records, view, { ...record, startedAtMillis: plan.nowMillis, ...cut });
  return { next: 'wait', run };
}

interface PlanOptions {
  readonly backfilled: BackfilledView;
  readonly run: RunReference;
  readonly rebuild: boolean;
  readonly nowMillis: number;
}

/** The plan that stands, when the step is repeated, so that a rebuild claims one run; else a new one. */
async function planOf(
  ports: PlanBackfillPorts,
  { backfilled, run, rebuild, nowMillis }: PlanOptions,
): Promise<BackfillPlan | undefined> {
  const { view } = backfilled;
  const { fence, owner } = run.lease;
  const key = runFiles(view, fence).plan;
  const stands = await readJson(ports.objects, key, backfillPlanSchema);
  if (stands) return stands.value;
  const cut = await backfillCut(ports, { ...backfilled, rebuild, nowMillis });
  if (!cut) return undefined;
  const plan: BackfillPlan = { kind: view.kind, view: run.view, run: fence, execution: owner, nowMillis, ...cut };
  await ports.objects.put(key, JSON.stringify(plan));
  return plan;
}

const noRebuild = ({ view }: BackfilledView): TidemarkError =>
  new TidemarkError(
    'backfill.noRebuild',
    `${viewId(view)} is a table view: a row is only ever replaced by a newer one, so a backfill without --rebuild restores all that can be; rebuilt are the items of stream views`,
    { details: { view: viewId(view) } },
  );
