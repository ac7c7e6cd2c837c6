import * as z from 'zod/mini';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import { unloadSql } from '#sql/unload-sql.ts';
import type { QueryStatus } from '#store/sql-engine.ts';
import { entityViewOfRun, type RunReference, runFiles, selectionQuery, type Versioned } from './run-files.ts';
import { checkLease } from './run-lock.ts';
import type { RunPorts } from './run-ports.ts';
import { unloadedFiles } from './unloaded-files.ts';

/** Tries of one statement before the run fails. */
const maximumAttempts = 3;
const longestWaitSeconds = 60;

/** One try of a statement of a run; `query` names its text (run-files.ts), attempts count from 1. */
export interface QueryAttempt {
  readonly run: RunReference;
  readonly query: string;
  readonly attempt: number;
}

export interface StartedQuery extends QueryAttempt {
  readonly queryId: string;
  /** How long to wait before the next look. */
  readonly waitSeconds: number;
}

/** `wait`: look again. `again`: start the next attempt. `done`: its result is written down. */
export interface CheckedQuery extends StartedQuery {
  readonly next: 'wait' | 'again' | 'done';
}

/** What a statement that succeeded wrote: files of Parquet with their rows. */
export const queryResultSchema = z.strictObject({
  query: z.string(),
  attempt: z.int(),
  queryId: z.string(),
  bytesScanned: z.int(),
  millis: z.int(),
  files: z.array(z.strictObject({ key: z.string(), rows: z.int() })),
});
export type QueryResult = z.infer<typeof queryResultSchema>;

/** Folder that an attempt unloads into: its own, so that what a failed one left behind is never taken for rows. */
export function attemptFolder(view: Versioned, { run, query, attempt }: QueryAttempt): string {
  const number = run.lease.fence;
  if (query === selectionQuery) return runFiles(view, number).selectionRows(attempt);
  return objectKeys.chunkRows(view, number, `${query}-${attempt}`);
}

type StartPorts = Pick<RunPorts, 'manifest' | 'objects' | 'locks' | 'sql'>;

/** Starts a statement of the run once, however often it is called for the same attempt. Throws materialize.superseded. */
export async function startQuery(ports: StartPorts, asked: QueryAttempt): Promise<StartedQuery> {
  const view = entityViewOfRun(ports.manifest, asked.run);
  await checkLease(ports, view, asked.run);
  const key = runFiles(view, asked.run.lease.fence).statement(asked.query);
  const statement = await ports.objects.get(key);
  if (!statement)
    throw new TidemarkError('materialize.missingFile', `${key} is missing: the run has no such statement`, {
      kind: 'failed',
      details: { key },
    });
  const sql = unloadSql({
    select: new TextDecoder().decode(statement.body),
    uri: ports.objects.uri(attemptFolder(view, asked)),
    ...(asked.query === selectionQuery ? {} : { partitionedBy: ['dt'] }),
  });
  // The owner, an execution's ARN, makes the token one of this deployment and run.
  const queryId = await ports.sql.start(sql, JSON.stringify([asked.run, asked.query, asked.attempt]));
  return { ...asked, queryId, waitSeconds: 1 };
}

/** Looks at a started statement and, once it has succeeded, writes its result down. Throws materialize.queryFailed. */
export async function checkQuery(
  ports: Pick<RunPorts, 'manifest' | 'objects' | 'sql'>,
  started: StartedQuery,
): Promise<CheckedQuery> {
  const view = entityViewOfRun(ports.manifest, started.run);
  const status = await ports.sql.status(started.queryId);
  if (status.state === 'running') {
    const waitSeconds = Math.min(longestWaitSeconds, Math.ceil(started.waitSeconds * 1.5));
    return { ...started, waitSeconds, next: 'wait' };
  }
  if (status.state !== 'succeeded') return { ...started, ...nextAttempt(started, status) };
  const result: QueryResult = {
    query: started.query,
    attempt: started.attempt,
    queryId: started.queryId,
    bytesScanned: status.bytesScanned,
    millis: status.millis,
    files: await unloadedFiles(ports.objects, status.manifestUri),
  };
  await ports.objects.put(runFiles(view, started.run.lease.fence).queryResult(started.query), JSON.stringify(result));
  return { ...started, next: 'done' };
}

/** Faults of the service, which may pass, as Athena words them; a wrong statement fails in the same way each time. */
const passing =
  /internal|throttl|slow ?down|exhausted|time[ds]? ?out|unavailable|no_nodes|too many|reset|cannot_open_split/i;

function nextAttempt(
  { run, query, attempt, queryId }: StartedQuery,
  { state, reason }: QueryStatus,
): { readonly next: 'again'; readonly attempt: number } {
  if (state === 'failed' && attempt < maximumAttempts && passing.test(reason ?? ''))
    return { next: 'again', attempt: attempt + 1 };
  throw new TidemarkError(
    'materialize.queryFailed',
    `statement ${query} of run ${run.lease.fence} of ${run.view} ${state === 'failed' ? 'failed' : 'was cancelled'} in Athena: ${reason ?? 'no reason given'} (query ${queryId})`,
    { kind: 'failed', details: { view: run.view, run: run.lease.fence, query, attempt, queryId } },
  );
}
