import { readJson, readStepJson } from '#engine/stored-json.ts';
import { hashOf } from '#spec/canonical-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import type { Manifest } from '#spec/manifest.ts';
import { plannedJoins } from './join-plan.ts';
import type { TrainingSetPorts } from './ports.ts';
import { listReads } from './reads.ts';
import { planOfRequest } from './request.ts';
import {
  finishedJoinSchema,
  type ReadFolder,
  type Reads,
  readsSchema,
  type StagedPart,
  type StagingPlan,
  stagedSchema,
  stagingPlanSchema,
  workFiles,
} from './work-files.ts';

/** The joins run once more when what they read has changed meanwhile, and not again. */
const maximumPasses = 2;

type ReadsPorts = Pick<TrainingSetPorts, 'repository' | 'objects' | 'openBucket'>;
interface Step {
  readonly id: string;
  /** The state machine's execution. */
  readonly execution: string;
}

const currentReads = (
  ports: ReadsPorts,
  staging: StagingPlan,
  parts: readonly StagedPart[],
): ReturnType<typeof listReads> => {
  const { manifest } = ports.repository;
  const plan = planOfRequest(manifest, staging.request);
  const maxEventMillis = parts.reduce((max, part) => Math.max(max, part.maxEventMillis), Number.NEGATIVE_INFINITY);
  return listReads(ports, { manifest, plan, request: staging.request, maxEventMillis });
};

/** Writes down what the joins are going to read; called again by the same execution, it changes nothing. */
export async function beginReads(
  ports: ReadsPorts,
  { id, execution }: Step,
  { staging, parts }: { readonly staging: StagingPlan; readonly parts: readonly StagedPart[] },
): Promise<void> {
  const key = workFiles(id).reads;
  const known = (await readJson(ports.objects, key, readsSchema))?.value;
  if (known?.execution === execution) return;
  const reads: Reads = { execution, pass: 1, folders: await currentReads(ports, staging, parts) };
  await ports.objects.put(key, JSON.stringify(reads));
}

/** `join`: run these joins again. `finish`: go on to the parts. */
export type SettleOutcome =
  | { readonly id: string; readonly next: 'join'; readonly joins: readonly number[] }
  | { readonly id: string; readonly next: 'finish' };

/**
 * After the joins: has anything that they read changed since before them? The first time, they run again over what is there now; the
 * second time, the dataset is marked as not pinned. Repeating a call decides nothing anew. Throws trainingSet.overwritten.
 */
export async function settleReads(ports: ReadsPorts, { id, execution }: Step): Promise<SettleOutcome> {
  const files = workFiles(id);
  const reads = await readReads(ports.objects, { id, execution });
  const staging = await readStepJson(ports.objects, files.plan, stagingPlanSchema);
  const { parts } = await readStepJson(ports.objects, files.staged, stagedSchema);
  const joins = [...plannedJoins(planOfRequest(ports.repository.manifest, staging.request), parts).keys()];
  if (reads.pinned !== undefined) return { id, next: 'finish' };
  for (const join of joins) {
    const { pass } = await readStepJson(ports.objects, files.join(join), finishedJoinSchema);
    // this step has been repeated: it had asked for another pass, which has not run yet
    if (pass < reads.pass) return { id, next: 'join', joins };
  }
  const folders = await currentReads(ports, staging, parts);
  const pinned = hashOf(folders) === hashOf(reads.folders);
  const isSeen = seenBy(ports.repository.manifest, staging);
  const isChanged = hashOf(folders.filter(isSeen)) !== hashOf(reads.folders.filter(isSeen));
  if (isChanged && reads.pass < maximumPasses) {
    const again: Reads = { execution, pass: reads.pass + 1, folders };
    await ports.objects.put(files.reads, JSON.stringify(again));
    return { id, next: 'join', joins };
  }
  await ports.objects.put(files.reads, JSON.stringify({ ...reads, pinned } satisfies Reads));
  return { id, next: 'finish' };
}

/**
 * Folders of which changes can change rows. An export begins to read once the event logs hold all that had arrived by its instant: what
 * comes into them while it reads counts for none of its rows.
 */
function seenBy({ sources }: Manifest, { asOfMillis }: StagingPlan): (read: ReadFolder) => boolean {
  if (asOfMillis === undefined) return () => true;
  const streams = sources.filter((source) => source.kind === 'stream');
  const logs = new Set(streams.flatMap((source) => [objectKeys.events(source), objectKeys.eventsCompacted(source)]));
  return ({ folder }) => !logs.has(folder);
}

/** What an execution's joins read; throws trainingSet.overwritten when another execution has begun since. */
export async function readReads(objects: Pick<TrainingSetPorts['objects'], 'get'>, step: Step): Promise<Reads> {
  const reads = await readStepJson(objects, workFiles(step.id).reads, readsSchema);
  if (reads.execution === step.execution) return reads;
  throw new TidemarkError(
    'trainingSet.overwritten',
    `another run of training set ${step.id} is joining it; wait for it, or build with a new id`,
    { kind: 'conflict' },
  );
}
