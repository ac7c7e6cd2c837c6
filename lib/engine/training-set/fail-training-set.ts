import { readJson } from '#engine/stored-json.ts';
import { findDatasetManifest } from './dataset-manifest.ts';
import type { TrainingSetPorts } from './ports.ts';
import { requestHash, trainingSetRequestSchema } from './request.ts';
import { getTrainingSetRecord, type TrainingSetRecord, updateTrainingSetRecord } from './training-set-record.ts';
import { partResultSchema, workFiles } from './work-files.ts';

export interface StepError {
  /** `room.problem`. */
  readonly code: string;
  readonly message: string;
}

export interface FailedTrainingSet {
  /** The execution's input, whatever it was. */
  readonly input: unknown;
  readonly execution: string;
  readonly error: StepError;
}

/**
 * Ends a training set that cannot go on: writes the reason into its record. A record that belongs to a complete dataset of another request
 * is left alone. Returns the reason: that of the first failed part, where the map over parts only says that some failed.
 */
export async function failTrainingSet(
  ports: Pick<TrainingSetPorts, 'objects' | 'records' | 'clock'>,
  failed: FailedTrainingSet,
): Promise<{ readonly error: StepError; readonly record?: TrainingSetRecord }> {
  const parsed = trainingSetRequestSchema.safeParse(failed.input);
  if (!parsed.success) return { error: failed.error };
  const request = parsed.data;
  const error = await failureOf(ports, request.id, failed);
  const manifest = await findDatasetManifest(ports.objects, request.id);
  const present = await getTrainingSetRecord(ports.records, request.id);
  const isOthers = (manifest && manifest.requestHash !== requestHash(request)) || present?.state === 'succeeded';
  if (isOthers) return { error };
  const nowMillis = ports.clock();
  const record = await updateTrainingSetRecord(ports.records, request, {
    state: 'failed',
    execution: failed.execution,
    nowMillis,
    finishedAtMillis: nowMillis,
    error,
  });
  return { error, record };
}

async function failureOf(
  { objects }: Pick<TrainingSetPorts, 'objects'>,
  id: string,
  { execution, error }: FailedTrainingSet,
): Promise<StepError> {
  if (error.code !== mapFailureCode) return error;
  const { resultFolder } = workFiles(id);
  for await (const { key } of objects.list(resultFolder)) {
    const result = (await readJson(objects, key, partResultSchema))?.value;
    if (result?.kind === 'failed' && result.execution === execution)
      return { code: 'trainingSet.partFailed', message: `part ${result.part} could not be finished: ${result.error}` };
  }
  return error;
}

/** What Step Functions says when an item of a Distributed Map has failed, without saying why. */
const mapFailureCode = 'States.ExceedToleratedFailureThreshold';
