import { readStepJson } from '#engine/stored-json.ts';
import { without } from './intervals.ts';
import { type RunReference, runFiles, viewOfRun } from './run-files.ts';
import { checkLease } from './run-lock.ts';
import { type RunPlan, runPlanSchema } from './run-plan.ts';
import type { RunPorts } from './run-ports.ts';
import type { RunRecord } from './run-record.ts';
import { batchState, type RunState, tableState, updateState } from './run-state.ts';
import { reconcileItems, recordOfRun, settleRun } from './settle-run.ts';

export type FinishPorts = Pick<RunPorts, 'manifest' | 'objects' | 'locks' | 'records' | 'clock'>;

/**
 * Last step of a run: reconciles the rows, commits what the run has achieved, writes the record, frees the lock. Repeating it is
 * harmless. Throws materialize.rowsLost, materialize.rowsFailed, materialize.superseded; then nothing is committed.
 */
export async function finishRun(ports: FinishPorts, run: RunReference): Promise<RunRecord> {
  const view = viewOfRun(ports.manifest, run);
  const record = await recordOfRun(ports, view, run);
  if (record.state === 'succeeded') {
    // A repetition: the first call got as far as the record, perhaps not to the lock.
    await ports.locks.release(run.lease);
    return record;
  }
  await checkLease(ports, view, run);
  const number = run.lease.fence;
  const plan = await readStepJson(ports.objects, runFiles(view, number).plan, runPlanSchema);
  const writesOnline = plan.kind === 'table' || plan.selection !== undefined;
  const counts = writesOnline ? await reconcileItems(ports, view, run) : undefined;
  await updateState(ports.objects, { view, run: number, change: (state) => achieved(plan, state) });
  return await settleRun(ports, view, { run, record, counts });
}

/** The state once the run's rows are where they belong. */
function achieved(plan: RunPlan, state: RunState): RunState {
  if (plan.kind === 'table') return { ...tableState(state), objects: plan.objects, visibleMillis: plan.nowMillis };
  if (!plan.selection) return state;
  const batch = batchState(state);
  return { ...batch, onlinePending: without(batch.onlinePending, [plan.selection]) };
}
