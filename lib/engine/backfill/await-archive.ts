import { archivedThrough } from '#engine/ingest/archive-progress.ts';
import { type RunReference, runFiles, selectionQuery } from '#engine/materialize/run-files.ts';
import { checkLease } from '#engine/materialize/run-lock.ts';
import { updateRunRecord } from '#engine/materialize/run-record.ts';
import { readStepJson } from '#engine/stored-json.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { lastArrivalMillis } from './backfill-cut.ts';
import { type BackfillPlan, backfillPlanSchema } from './backfill-plan.ts';
import type { BackfillPorts } from './backfill-ports.ts';
import { type BackfilledView, findBackfilledView } from './backfilled-view.ts';
import { historySelectionSql } from './history-selection.ts';

/** `wait`: look again. `select`: the statement is written down. */
export interface AwaitedArchive {
  readonly next: 'wait' | 'select';
  readonly run: RunReference;
  /** How long to wait before the next look, at least 1. */
  readonly waitSeconds: number;
}

export type AwaitPorts = Pick<
  BackfillPorts,
  'manifest' | 'database' | 'objects' | 'locks' | 'records' | 'checkpoints' | 'openStream' | 'clock'
>;

/** Once the cut has come the archive is behind by its batching window and a few seconds. */
const archiveWaitSeconds = 10;
/** An archive that is behind for so long is stuck: the alarm of its age has been raised, and the backfill would only hold its lock. */
export const archivePatienceMillis = 2 * 3_600_000;

/**
 * Looks whether the log holds all that the backfill applies: the cut has passed, and so has the archive. Then it writes the statement down,
 * once however often it is called. Throws backfill.archiveBehind, materialize.superseded.
 */
export async function awaitArchive(ports: AwaitPorts, run: RunReference): Promise<AwaitedArchive> {
  const backfilled = findBackfilledView(ports.manifest, run.view);
  const { view, source } = backfilled;
  await checkLease(ports, view, run);
  const files = runFiles(view, run.lease.fence);
  const plan = await readStepJson(ports.objects, files.plan, backfillPlanSchema);
  const nowMillis = ports.clock();
  const readyMillis = lastArrivalMillis(plan, source) + 1;
  if (nowMillis < readyMillis) {
    // At once to the end, however far: each look takes a few of the events that an execution may have.
    return { next: 'wait', run, waitSeconds: Math.ceil((readyMillis - nowMillis) / 1000) };
  }
  if (plan.cutMillis > 0 && !(await archivedThrough(archiveOf(ports, backfilled), source, plan.cutMillis))) {
    if (nowMillis > readyMillis + archivePatienceMillis) throw archiveBehind(backfilled, plan);
    return { next: 'wait', run, waitSeconds: archiveWaitSeconds };
  }
  // Only the first writer's instant counts: the statement may have been started since.
  const sql = historySelectionSql(ports, backfilled, { plan, nowMillis });
  await ports.objects.put(files.statement(selectionQuery), sql, { ifAbsent: true });
  await updateRunRecord(ports.records, view, { run: run.lease.fence, step: 'selecting' });
  return { next: 'select', run, waitSeconds: 1 };
}

const archiveOf = ({ checkpoints, openStream }: AwaitPorts, { source }: BackfilledView) => ({
  checkpoints,
  stream: openStream(source),
});

const archiveBehind = ({ source }: BackfilledView, { view, cutMillis }: BackfillPlan): TidemarkError =>
  new TidemarkError(
    'backfill.archiveBehind',
    `the event log of ${source.name} has not come to ${formatInstant(cutMillis)}, up to which ${view} is to be filled from it: its archive-events function is stuck; see its log, cure it and run the backfill again`,
    { kind: 'failed', details: { view, source: source.name, cutMillis } },
  );
