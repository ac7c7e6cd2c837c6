import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { readStepJson } from '#engine/stored-json.ts';
import { completeDataset } from '#engine/training-set/complete-dataset.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { finishPart } from '#engine/training-set/finish-part.ts';
import { type JoinOutcome, type JoinStep, joinFeatures } from '#engine/training-set/join-features.ts';
import type { TrainingSetPorts } from '#engine/training-set/ports.ts';
import {
  parseTrainingSetRequest,
  type TrainingSetInput,
  type TrainingSetRequest,
} from '#engine/training-set/request.ts';
import { settleReads } from '#engine/training-set/settle-reads.ts';
import { type StageOutcome, stageSpine } from '#engine/training-set/stage-spine.ts';
import { stagedSchema, workFiles } from '#engine/training-set/work-files.ts';
import type { Repository } from '#spec/transform.ts';
import type { Value } from '#spec/value-type.ts';
import { MemoryRecords } from '#store/memory/records.ts';
import type { Objects } from '#store/objects.ts';
import { createS3Client, S3Objects } from '#store/s3/objects.ts';
import type { OfflineStore } from '#test/support/offline-store.ts';

/** How each state is carried out: with the ports of a process that may die. Returns its result or rejects. */
export type TrainingSetStep = <TResult>(
  state: string,
  work: (ports: TrainingSetPorts) => Promise<TResult>,
) => Promise<TResult>;

export interface DrivenTrainingSet {
  readonly request: TrainingSetRequest;
  readonly execution: string;
  readonly maximumPartRows: number;
  /** Staging stops after each part and is called again. */
  readonly stagesPartByPart?: boolean;
  /** @default 20 */
  readonly pollMillis?: number;
}

/** The states of a training set in order, as the state machine joins them (training-sets-definition.ts), in this process. */
export async function driveTrainingSet(step: TrainingSetStep, driven: DrivenTrainingSet): Promise<DatasetManifest> {
  const { execution } = driven;
  const { id } = driven.request;
  const complete = (): Promise<DatasetManifest> =>
    step('Complete', (ports) => completeDataset(ports, { id, execution }));
  const untilMillis = driven.stagesPartByPart ? 0 : Number.POSITIVE_INFINITY;
  const stage = (): Promise<StageOutcome> => step('Stage', (ports) => stageSpine(ports, { ...driven, untilMillis }));
  let staged = await stage();
  while (staged.next === 'stage') staged = await stage();
  if (!('joins' in staged)) return complete();
  let joins: readonly number[] | undefined = staged.joins;
  while (joins) {
    for (const join of joins) await joinOne(step, { id, execution, join }, driven.pollMillis ?? 20);
    const settled = await step('Settle', (ports) => settleReads(ports, { id, execution }));
    joins = settled.next === 'join' ? settled.joins : undefined;
  }
  // the map's own reading of its items is the service's, not a process that can be killed
  const { parts } = await step('Items', ({ objects }) => readStepJson(objects, workFiles(id).staged, stagedSchema));
  for (const { part } of parts) await step(`FinishPart ${part}`, (ports) => finishPart(ports, { id, execution, part }));
  return complete();
}

async function joinOne(step: TrainingSetStep, first: JoinStep, pollMillis: number): Promise<void> {
  let asked = first;
  for (;;) {
    const now = asked;
    const outcome: JoinOutcome = await step(`Join ${first.join}`, (ports) => joinFeatures(ports, now));
    if (outcome.next === 'done') return;
    asked = outcome;
    if (pollMillis > 0) await wait(pollMillis);
  }
}

/** Ports over a store's bucket and Athena; its event logs are taken to be complete. */
export function trainingSetPorts(store: OfflineStore, repository: Repository): TrainingSetPorts {
  const ports = {
    repository,
    database: store.database,
    objects: store.objects,
    openBucket: (bucket: string) => new S3Objects(createS3Client(), bucket),
    records: new MemoryRecords(),
    archivedThrough: async () => true,
    sql: store.sql,
    clock: Date.now,
  };
  return ports;
}

/** Builds a training set that nothing disturbs, from beginning to end. */
export const buildInProcess = (
  ports: TrainingSetPorts,
  input: TrainingSetInput,
  maximumPartRows: number,
): Promise<DatasetManifest> =>
  driveTrainingSet((_, work) => work(ports), {
    request: parseTrainingSetRequest(input),
    execution: `execution-${randomInt(2 ** 40)}`,
    maximumPartRows,
  });

/** All rows of a dataset, column by column in the order of its files. */
export async function datasetColumns(
  objects: Pick<Objects, 'get'>,
  dataset: Pick<DatasetManifest, 'id' | 'files'>,
): Promise<Map<string, Value[]>> {
  const columns = new Map<string, Value[]>();
  for (const { name } of dataset.files) {
    const stored = await objects.get(`${workFiles(dataset.id).datasetFolder}${name}`);
    const file = await openParquet(bytesSource(stored?.body ?? new Uint8Array()));
    const values = await readColumns(file, file.columns);
    for (const [position, column] of file.columns.entries())
      columns.set(column.name, [...(columns.get(column.name) ?? []), ...(values[position] ?? [])]);
  }
  return columns;
}
