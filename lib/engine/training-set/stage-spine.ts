import { TidemarkError } from '#spec/errors.ts';
import type { ObjectInfo } from '#store/objects.ts';
import { logsHold } from './await-logs.ts';
import { claimTrainingSet } from './claim.ts';
import { findDatasetManifest } from './dataset-manifest.ts';
import { plannedJoins } from './join-plan.ts';
import { openSpine } from './open-spine.ts';
import { emptySpine } from './placed-rows.ts';
import type { TrainingSetPorts } from './ports.ts';
import { planOfRequest, requestHash, type TrainingSetRequest } from './request.ts';
import { beginReads } from './settle-reads.ts';
import { stageParts } from './stage-parts.ts';
import { updateTrainingSetRecord } from './training-set-record.ts';

type StagePorts = Pick<
  TrainingSetPorts,
  'repository' | 'objects' | 'openBucket' | 'records' | 'archivedThrough' | 'clock'
>;

/** The archive's batching window and its work. */
const logWaitSeconds = 5;

export interface StageStep {
  readonly request: TrainingSetRequest;
  /** The state machine's execution. */
  readonly execution: string;
  /** When it is this late (epoch milliseconds), staging stops after the part at hand, to be called again. */
  readonly untilMillis: number;
  /** Most rows of a part; fewer where memory asks for it. @default 100000 */
  readonly maximumPartRows?: number;
}

/** `stage`: call again. `wait`: call again after `waitSeconds`, as an event log is behind. `join`: run the joins (numbers; none where no view is read by entity). `complete`: the dataset is there already. */
export type StageOutcome =
  | { readonly next: 'stage' | 'complete' }
  | { readonly next: 'wait'; readonly waitSeconds: number }
  | { readonly next: 'join'; readonly joins: readonly number[]; readonly rows: number };

/**
 * The first step: checks the spine against the features that are asked for, before any query is paid for, numbers its rows from 0 and
 * writes it in parts: keys and times for the join, and all columns untouched for the dataset. Memory is bounded by a part. Called again,
 * it goes on where it stopped. An export then waits until the event logs have come to its instant. Throws trainingSet.badSpine, badCsv,
 * noSpine, emptySpine, idTaken, spineChanged, futureInstant, archiveBehind and errors of planFeatures.
 */
export async function stageSpine(ports: StagePorts, step: StageStep): Promise<StageOutcome> {
  const { request, execution } = step;
  const plan = planOfRequest(ports.repository.manifest, request);
  const present = await findDatasetManifest(ports.objects, request.id);
  if (present?.requestHash === requestHash(request)) return { next: 'complete' };
  if (present)
    throw new TidemarkError(
      'trainingSet.idTaken',
      `training set ${request.id} exists and was built from another request; choose another id`,
      { kind: 'conflict' },
    );
  await claimTrainingSet(ports.objects, { id: request.id, execution });
  const nowMillis = ports.clock();
  const running = { state: 'running', step: 'staging', execution, nowMillis } as const;
  await updateTrainingSetRecord(ports.records, request, running);
  const object = await spineObject(ports, request);
  const opened = await openSpine(ports, { request, plan, object, maximumPartRows: step.maximumPartRows });
  const staged = await stageParts(ports, { ...opened, plan, untilMillis: step.untilMillis });
  if (!staged.isComplete) return { next: 'stage' };
  if (!(await logsHold(ports, plan, opened.staging))) return { next: 'wait', waitSeconds: logWaitSeconds };
  await beginReads(ports, { id: request.id, execution }, { staging: opened.staging, parts: staged.parts });
  const rows = staged.parts.reduce((sum, part) => sum + part.rows, 0);
  const change = { step: 'building', rows, parts: staged.parts.length, nowMillis } as const;
  await updateTrainingSetRecord(ports.records, request, change);
  return { next: 'join', joins: [...plannedJoins(plan, staged.parts).keys()], rows };
}

async function spineObject({ objects }: StagePorts, { spine }: TrainingSetRequest): Promise<ObjectInfo> {
  const found = await objects.head(spine);
  if (!found)
    throw new TidemarkError('trainingSet.noSpine', `there is no spine at ${objects.uri(spine)}; upload it first`, {
      kind: 'notFound',
    });
  if (found.sizeBytes === 0) throw emptySpine();
  return found;
}
