import { type RunReference, runFiles } from '#engine/materialize/run-files.ts';
import { checkLease } from '#engine/materialize/run-lock.ts';
import type { RunRecord } from '#engine/materialize/run-record.ts';
import { reconcileItems, recordOfRun, settleRun } from '#engine/materialize/settle-run.ts';
import { readStepJson } from '#engine/stored-json.ts';
import { backfillPlanSchema } from './backfill-plan.ts';
import type { BackfillPorts } from './backfill-ports.ts';
import { setMergedRun } from './backfill-state.ts';
import { findBackfilledView } from './backfilled-view.ts';

/**
 * Last step of a backfill: every selected entity has been merged, or had been before; then the history of the cut's run counts as
 * merged, the record says so and the lock is free. Repeating it is harmless. Throws materialize.rowsLost, materialize.rowsFailed,
 * materialize.superseded; then nothing is committed.
 */
export async function finishBackfill(
  ports: Pick<BackfillPorts, 'manifest' | 'objects' | 'locks' | 'records' | 'clock'>,
  run: RunReference,
): Promise<RunRecord> {
  const { view } = findBackfilledView(ports.manifest, run.view);
  const record = await recordOfRun(ports, view, run);
  if (record.state === 'succeeded') {
    // A repetition: the first call got as far as the record, perhaps not to the lock.
    await ports.locks.release(run.lease);
    return record;
  }
  await checkLease(ports, view, run);
  const plan = await readStepJson(ports.objects, runFiles(view, run.lease.fence).plan, backfillPlanSchema);
  const counts = await reconcileItems(ports, view, run);
  if (view.kind === 'stream') await setMergedRun(ports.objects, view, plan.cutRun);
  return await settleRun(ports, view, { run, record, counts });
}
