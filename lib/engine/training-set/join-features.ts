import { unloadedFiles } from '#engine/materialize/unloaded-files.ts';
import { readJson, readStepJson } from '#engine/stored-json.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Manifest } from '#spec/manifest.ts';
import { trainingSetSql } from '#sql/training-set-sql.ts';
import { unloadSql } from '#sql/unload-sql.ts';
import type { QueryStatus } from '#store/sql-engine.ts';
import { type PlannedJoin, plannedJoins, viewSelections } from './join-plan.ts';
import type { TrainingSetPorts } from './ports.ts';
import { planOfRequest, type TrainingSetRequest } from './request.ts';
import {
  type FinishedJoin,
  readsSchema,
  type Staged,
  type StagedPart,
  type StagingPlan,
  stagedSchema,
  stagingPlanSchema,
  workFiles,
} from './work-files.ts';

const maximumTries = 3;
const longestWaitSeconds = 15;

/** One statement of a training set: number `join` of plannedJoins. */
export interface JoinStep {
  readonly id: string;
  /** The state machine's execution. */
  readonly execution: string;
  readonly join: number;
  /** Absent before the first try is started. */
  readonly started?: { readonly queryId: string; readonly attempt: string; readonly tries: number } | undefined;
  readonly waitSeconds?: number | undefined;
}

/** `wait`: call again with this after `waitSeconds`. `done`: its result is written down. */
export interface JoinOutcome extends JoinStep {
  readonly started: NonNullable<JoinStep['started']>;
  readonly waitSeconds: number;
  readonly next: 'wait' | 'done';
}

/**
 * Moves one statement on: starts it, looks at it, starts it again after a passing fault, writes its result down. Called again until it is
 * done. Repeating a call starts nothing twice. Throws trainingSet.queryFailed, trainingSet.definitionsChanged.
 */
export async function joinFeatures(
  ports: Pick<TrainingSetPorts, 'repository' | 'database' | 'objects' | 'sql'>,
  step: JoinStep,
): Promise<JoinOutcome> {
  const { started } = step;
  if (!started) return start(ports, step, 1);
  const status = await ports.sql.status(started.queryId);
  if (status.state === 'running') {
    const waitSeconds = Math.min(longestWaitSeconds, Math.ceil((step.waitSeconds ?? 1) * 1.5));
    return { ...step, started, waitSeconds, next: 'wait' };
  }
  if (status.state === 'succeeded') {
    const finished: FinishedJoin = {
      join: step.join,
      execution: step.execution,
      pass: await passOf(ports.objects, step),
      attempt: started.attempt,
      queryId: started.queryId,
      bytesScanned: status.bytesScanned,
      millis: status.millis,
      files: filesByPart(await unloadedFiles(ports.objects, status.manifestUri)),
    };
    await ports.objects.put(workFiles(step.id).join(step.join), JSON.stringify(finished));
    return { ...step, started, waitSeconds: 0, next: 'done' };
  }
  if (status.state === 'failed' && started.tries < maximumTries && isPassing(status))
    return start(ports, step, started.tries + 1);
  throw new TidemarkError(
    'trainingSet.queryFailed',
    `the point-in-time join of training set ${step.id} ${status.state === 'failed' ? 'failed' : 'was cancelled'} in Athena: ${status.reason ?? 'no reason given'} (query ${started.queryId})`,
    { kind: 'failed', details: { id: step.id, join: step.join, queryId: started.queryId } },
  );
}

/** The pass over what the joins read (settle-reads.ts) that an execution is in. */
async function passOf(
  objects: Pick<TrainingSetPorts['objects'], 'get'>,
  { id, execution }: Pick<JoinStep, 'id' | 'execution'>,
): Promise<number> {
  const reads = (await readJson(objects, workFiles(id).reads, readsSchema))?.value;
  return reads?.execution === execution ? reads.pass : 1;
}

function filesByPart(files: readonly { readonly key: string }[]): Record<string, string[]> {
  const byPart: Record<string, string[]> = {};
  for (const { key } of files) {
    const part = /\/part=(\d+)\//.exec(key)?.[1] ?? '';
    const keys = byPart[part] ?? [];
    keys.push(key);
    byPart[part] = keys;
  }
  return byPart;
}

/** Faults of the service, as Athena words them; a wrong statement fails in the same way each time. */
const isPassing = ({ reason }: QueryStatus): boolean =>
  /internal|throttl|slow ?down|exhausted|time[ds]? ?out|unavailable|no_nodes|too many|reset|cannot_open_split/i.test(
    reason ?? '',
  );

async function start(
  ports: Pick<TrainingSetPorts, 'repository' | 'database' | 'objects' | 'sql'>,
  { id, execution, join }: JoinStep,
  tries: number,
): Promise<JoinOutcome> {
  const files = workFiles(id);
  const plan = await readStepJson(ports.objects, files.plan, stagingPlanSchema);
  const { manifest } = ports.repository;
  checkDefinitions(manifest, plan);
  const staged = await readStepJson(ports.objects, files.staged, stagedSchema);
  const pass = await passOf(ports.objects, { id, execution });
  const attempt = hashOf([id, execution, pass, join, tries]).slice(0, 20);
  const sql = unloadSql({
    select: joinSql({ ...ports, manifest, request: plan.request, ...joinOf(manifest, plan, { staged, join }) }),
    uri: ports.objects.uri(files.joined(attempt)),
    partitionedBy: ['part'],
  });
  await ports.objects.put(files.statement(attempt), sql);
  // the bucket makes the token one of this deployment
  const queryId = await ports.sql.start(sql, hashOf([ports.objects.uri(''), attempt]));
  return { id, execution, join, started: { queryId, attempt, tries }, waitSeconds: 1, next: 'wait' };
}

/** Throws trainingSet.definitionsChanged when other definitions have been deployed since staging. */
export function checkDefinitions(manifest: Manifest, plan: { readonly manifestHash: string }): void {
  if (manifest.hash === plan.manifestHash) return;
  throw new TidemarkError(
    'trainingSet.definitionsChanged',
    'the definitions were deployed anew while the training set was being built; build it again with a new id',
    { kind: 'conflict' },
  );
}

function joinOf(
  manifest: Manifest,
  { request }: StagingPlan,
  { staged, join }: { readonly staged: Staged; readonly join: number },
): PlannedJoin<StagedPart> {
  const planned = plannedJoins(planOfRequest(manifest, request), staged.parts)[join];
  if (planned) return planned;
  throw new TidemarkError('trainingSet.missingFile', `training set ${request.id} has no join ${join}`, {
    kind: 'failed',
    details: { id: request.id, join },
  });
}

interface JoinSqlOptions extends PlannedJoin<StagedPart> {
  readonly database: string;
  readonly manifest: Manifest;
  readonly request: TrainingSetRequest;
}

/** The SELECT of one join. */
function joinSql({ database, manifest, request, reads, parts }: JoinSqlOptions): string {
  const numbers = parts.map(({ part }) => part);
  return trainingSetSql({
    database,
    manifest,
    views: viewSelections(reads),
    mode: request.mode,
    lagMillis: request.lagMillis,
    dataset: request.id,
    parts: { first: Math.min(...numbers), last: Math.max(...numbers) },
    eventTimeRangeMillis: {
      min: Math.min(...parts.map(({ minEventMillis }) => minEventMillis)),
      max: Math.max(...parts.map(({ maxEventMillis }) => maxEventMillis)),
    },
  });
}
