import * as z from 'zod/mini';
import { viewId } from '#spec/find.ts';
import type { Records } from '#store/records.ts';
import type { Versioned } from './run-files.ts';

export const runStates = ['running', 'succeeded', 'failed', 'nothingToDo'] as const;
/** What a running run is doing; a finished one keeps the step that it ended in. */
export const runSteps = [
  'planning',
  'waiting',
  'computing',
  'publishing',
  'selecting',
  'writing',
  'finishing',
] as const;
const count = z.int().check(z.nonnegative());

/** The durable record of a run: what `tidemark runs` and the progress bar show. Instants are epoch milliseconds. */
export const runRecordSchema = z.strictObject({
  /** `name@version`. */
  view: z.string(),
  /** Of the view; runs of a stream view are its backfills. */
  kind: z.enum(['batch', 'table', 'stream']),
  run: z.int(),
  state: z.enum(runStates),
  step: z.enum(runSteps),
  /** ARN of the execution. */
  execution: z.string(),
  /** The interval that was asked for: fromMillis exclusive, toMillis inclusive. */
  requested: z.strictObject({
    fromMillis: z.optional(z.int()),
    toMillis: z.optional(z.int()),
    rebuild: z.optional(z.boolean()),
  }),
  startedAtMillis: z.int(),
  finishedAtMillis: z.optional(z.int()),
  seconds: z.optional(z.number()),
  /** Batch views: ticks computed, the bounds of them, and the statements that compute them. */
  ticks: z.optional(count),
  fromMillis: z.optional(z.int()),
  toMillis: z.optional(z.int()),
  chunks: z.optional(count),
  /** Batch views: feature rows published. */
  featureRows: z.optional(count),
  /** Table views: source objects that were new or changed. */
  newObjects: z.optional(count),
  /** Backfills of stream views: the run of the view's cut, and the cut itself: the last arrival that is not the live stream's. */
  cutRun: z.optional(count),
  cutMillis: z.optional(z.int()),
  /** Items of the map that writes the online store. */
  items: z.optional(count),
  /** Rows selected for the online store; of these read, written, not written because a greater one stood, failed. */
  rowsSelected: z.optional(count),
  rowsRead: z.optional(count),
  rowsWritten: z.optional(count),
  rowsOlder: z.optional(count),
  rowsFailed: z.optional(count),
  bytesScanned: z.optional(count),
  /** US dollars; see run-cost.ts for the formula. */
  costEstimate: z.optional(z.number()),
  /** Why it failed, as a sentence; `code` is `room.problem` where it is an error of Tidemark. */
  error: z.optional(z.strictObject({ code: z.string(), message: z.string() })),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Group and sort of a run's record: greatest run first in lists. */
export const runRecordGroup = (view: Versioned): string => `run#${viewId(view)}`;
export const runRecordSort = (run: number): string => String(run).padStart(12, '0');

export async function putRunRecord(records: Pick<Records, 'put'>, view: Versioned, record: RunRecord): Promise<void> {
  await records.put({ group: runRecordGroup(view), sort: runRecordSort(record.run), body: record });
}

/** Undefined for a run that has none. */
export async function getRunRecord(
  records: Pick<Records, 'get'>,
  view: Versioned,
  run: number,
): Promise<RunRecord | undefined> {
  const found = await records.get(runRecordGroup(view), runRecordSort(run));
  return found && z.parse(runRecordSchema, found.body);
}

/** Runs of a view version, newest first. */
export async function listRunRecords(
  records: Pick<Records, 'list'>,
  view: Versioned,
  limit: number,
): Promise<readonly RunRecord[]> {
  const found = await records.list(runRecordGroup(view), limit);
  return found.map(({ body }) => z.parse(runRecordSchema, body));
}

/** Changes members of a run's record; a run without one (it ended before its plan) is left without. */
export async function updateRunRecord(
  records: Pick<Records, 'get' | 'put'>,
  view: Versioned,
  change: Partial<RunRecord> & { readonly run: number },
): Promise<RunRecord | undefined> {
  const present = await getRunRecord(records, view, change.run);
  if (!present) return undefined;
  const next = { ...present, ...change };
  await putRunRecord(records, view, next);
  return next;
}
