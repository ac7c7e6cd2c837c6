import type * as z from 'zod/mini';
import { readJson, readStepJson } from '#engine/stored-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Objects } from '#store/objects.ts';
import { type RowCounts, reconcile } from './reconcile.ts';
import { runCostEstimate } from './run-cost.ts';
import { type RunReference, runFiles, type Versioned } from './run-files.ts';
import type { RunPorts } from './run-ports.ts';
import { attemptFolder, type QueryResult, queryResultSchema } from './run-query.ts';
import { getRunRecord, putRunRecord, type RunRecord } from './run-record.ts';
import { selectionSchema } from './split-rows.ts';
import { rowItemResultSchema } from './write-rows.ts';

/** The record of a run that is about to finish. Throws materialize.missingRecord. */
export async function recordOfRun(
  ports: Pick<RunPorts, 'records'>,
  view: Versioned,
  run: RunReference,
): Promise<RunRecord> {
  const record = await getRunRecord(ports.records, view, run.lease.fence);
  if (record) return record;
  throw new TidemarkError('materialize.missingRecord', `run ${run.lease.fence} of ${run.view} has no record`, {
    kind: 'failed',
  });
}

/** Counts of the run's items, none of them lost. Throws materialize.rowsLost, materialize.rowsFailed, engine.missingFile. */
export async function reconcileItems(
  ports: Pick<RunPorts, 'objects'>,
  view: Versioned,
  run: RunReference,
): Promise<RowCounts> {
  const files = runFiles(view, run.lease.fence);
  const selected = await readStepJson(ports.objects, files.selection, selectionSchema);
  const results = await readAll(ports.objects, files.itemResultFolder, rowItemResultSchema);
  return reconcile(run.view, selected, results);
}

export interface SettledRun {
  readonly run: RunReference;
  /** As it stands. */
  readonly record: RunRecord;
  /** Absent: the run wrote nothing online. */
  readonly counts: RowCounts | undefined;
}

/** Ends a run whose work is committed: removes what failed attempts left, writes the record, frees the lock. May be repeated. */
export async function settleRun(
  ports: Pick<RunPorts, 'objects' | 'locks' | 'records' | 'clock'>,
  view: Versioned,
  { run, record, counts }: SettledRun,
): Promise<RunRecord> {
  const folder = runFiles(view, run.lease.fence).queryResultFolder;
  const queries = await readAll(ports.objects, folder, queryResultSchema);
  await deleteLostAttempts(ports, view, { run, queries });
  const finished = finishedRecord(record, { counts, queries, nowMillis: ports.clock() });
  await putRunRecord(ports.records, view, finished);
  await ports.locks.release(run.lease);
  return finished;
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
  view: Versioned,
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
