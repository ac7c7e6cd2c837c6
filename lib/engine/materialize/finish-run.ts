import type * as z from 'zod/mini';
import { readJson, readStepJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { StoredView } from '#spec/manifest.ts';
import type { Objects } from '#store/objects.ts';
import { without } from './intervals.ts';
import { type RowCounts, reconcile } from './reconcile.ts';
import { runCostEstimate } from './run-cost.ts';
import { type RunReference, runFiles, viewOfRun } from './run-files.ts';
import { checkLease } from './run-lock.ts';
import { type RunPlan, runPlanSchema } from './run-plan.ts';
import type { RunPorts } from './run-ports.ts';
import { attemptFolder, type QueryResult, queryResultSchema } from './run-query.ts';
import { getRunRecord, putRunRecord, type RunRecord } from './run-record.ts';
import { batchState, type RunState, tableState, updateState } from './run-state.ts';
import { selectionSchema } from './split-rows.ts';
import { rowItemResultSchema } from './write-rows.ts';

type FinishPorts = Pick<RunPorts, 'manifest' | 'objects' | 'locks' | 'records' | 'clock'>;

/**
 * Last step of a run: reconciles the rows, commits what the run has achieved, writes the record, frees the lock. Repeating it is
 * harmless. Throws materialize.rowsLost, materialize.rowsFailed, materialize.superseded; then nothing is committed.
 */
export async function finishRun(ports: FinishPorts, run: RunReference): Promise<RunRecord> {
  const view = viewOfRun(ports.manifest, run);
  const number = run.lease.fence;
  const record = await getRunRecord(ports.records, view, number);
  if (!record)
    throw new TidemarkError('materialize.missingRecord', `run ${number} of ${run.view} has no record`, {
      kind: 'failed',
    });
  if (record.state === 'succeeded') {
    // A repetition: the first call got as far as the record, perhaps not to the lock.
    await ports.locks.release(run.lease);
    return record;
  }
  await checkLease(ports, view, run);
  const files = runFiles(view, number);
  const plan = await readStepJson(ports.objects, files.plan, runPlanSchema);
  const writesOnline = plan.kind === 'table' || plan.selection !== undefined;
  const counts = writesOnline ? await reconcileItems(ports, view, run) : undefined;
  await updateState(ports.objects, { view, run: number, change: (state) => achieved(plan, state) });

  const queries = await readAll(ports.objects, files.queryResultFolder, queryResultSchema);
  await deleteLostAttempts(ports, view, { run, queries });
  const finished = finishedRecord(record, { counts, queries, nowMillis: ports.clock() });
  await putRunRecord(ports.records, view, finished);
  await ports.locks.release(run.lease);
  return finished;
}

async function reconcileItems(
  ports: Pick<RunPorts, 'objects'>,
  view: StoredView,
  run: RunReference,
): Promise<RowCounts> {
  const files = runFiles(view, run.lease.fence);
  const selected = await readStepJson(ports.objects, files.selection, selectionSchema);
  const results = await readAll(ports.objects, files.itemResultFolder, rowItemResultSchema);
  return reconcile(run.view, selected, results);
}

/** The state once the run's rows are where they belong. */
function achieved(plan: RunPlan, state: RunState): RunState {
  if (plan.kind === 'table') return { ...tableState(state), objects: plan.objects, visibleMillis: plan.nowMillis };
  if (!plan.selection) return state;
  const batch = batchState(state);
  return { ...batch, onlinePending: without(batch.onlinePending, [plan.selection]) };
}

/** Every JSON file of a folder, by key; read a few at a time. */
async function readAll<TSchema extends z.ZodMiniType>(
  objects: Pick<Objects, 'get' | 'list'>,
  folder: string,
  schema: TSchema,
): Promise<z.output<TSchema>[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(folder)) keys.push(key);
  const values: z.output<TSchema>[] = [];
  const readers = Array.from({ length: 16 }, async (_, reader) => {
    for (let index = reader; index < keys.length; index += 16) {
      const found = await readJson(objects, keys[index] ?? '', schema);
      if (found) values.push(found.value);
    }
  });
  await Promise.all(readers);
  return values;
}

/** Files that earlier attempts of the run's statements left: registered nowhere, read by nobody. */
async function deleteLostAttempts(
  ports: Pick<RunPorts, 'objects'>,
  view: StoredView,
  { run, queries }: { readonly run: RunReference; readonly queries: readonly QueryResult[] },
): Promise<void> {
  for (const { query, attempt } of queries)
    for (let lost = 1; lost < attempt; lost += 1) {
      const keys: string[] = [];
      const folder = attemptFolder(view, { run, query, attempt: lost });
      for await (const { key } of ports.objects.list(folder)) keys.push(key);
      if (keys.length > 0) await ports.objects.delete(keys);
    }
}

function finishedRecord(
  record: RunRecord,
  {
    counts,
    queries,
    nowMillis,
  }: { readonly counts: RowCounts | undefined; readonly queries: readonly QueryResult[]; readonly nowMillis: number },
): RunRecord {
  const scanned = queries.map(({ bytesScanned }) => bytesScanned);
  return {
    ...record,
    state: 'succeeded',
    step: 'finishing',
    finishedAtMillis: nowMillis,
    seconds: (nowMillis - record.startedAtMillis) / 1000,
    bytesScanned: scanned.reduce((sum, bytes) => sum + bytes, 0),
    costEstimate: runCostEstimate({ bytesScanned: scanned, writeUnits: counts?.writeUnits ?? 0 }),
    ...(counts
      ? { rowsRead: counts.read, rowsWritten: counts.written, rowsOlder: counts.older, rowsFailed: counts.failed }
      : {}),
  };
}
